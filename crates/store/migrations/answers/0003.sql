-- What callers wrote onto things, beside the things; and the same word by word, by which things are found.
CREATE TABLE metadata (
    bucket INTEGER NOT NULL,
    object TEXT NOT NULL,
    members TEXT NOT NULL,
    PRIMARY KEY (bucket, object)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_members (
    bucket INTEGER NOT NULL,
    object TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (bucket, object, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX metadata_by_word ON metadata_members (name, value, object);
