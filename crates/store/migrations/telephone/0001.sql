CREATE TABLE subscribers (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    received INTEGER NOT NULL,
    read INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE text_messages (
    bucket INTEGER NOT NULL,
    "to" TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, "to", sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivered_texts (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
