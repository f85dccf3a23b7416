-- Requests to the interface and what they were answered, beside the records they changed.
CREATE TABLE answers (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    operation TEXT NOT NULL,
    parts TEXT NOT NULL,
    at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    plan TEXT NOT NULL,
    status INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;
