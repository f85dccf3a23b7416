CREATE TABLE outbox (
    bucket INTEGER NOT NULL,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    due INTEGER NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (bucket, topic, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE repeats (
    key BLOB NOT NULL PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    at INTEGER NOT NULL,
    answer BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX repeats_by_age ON repeats (at);
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO marks (name, value) VALUES ('folded', 0), ('readable_from', 0);
