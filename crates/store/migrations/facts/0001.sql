CREATE TABLE facts (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    repeat_key BLOB,
    fingerprint BLOB,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE links (
    last INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE anchor (
    last INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO anchor (last, hash) VALUES (0, zeroblob(32));
