CREATE TABLE counters (
    bucket INTEGER NOT NULL,
    id INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE pages (
    bucket INTEGER NOT NULL,
    book TEXT NOT NULL,
    number INTEGER NOT NULL,
    text TEXT,
    digest BLOB NOT NULL,
    mood TEXT NOT NULL,
    torn INTEGER NOT NULL,
    PRIMARY KEY (bucket, book, number)
) STRICT, WITHOUT ROWID;
