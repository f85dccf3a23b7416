CREATE TABLE device (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    acceptor TEXT NOT NULL,
    last_trace INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    bucket INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    token INTEGER,
    last_four INTEGER NOT NULL,
    entry_mode TEXT NOT NULL,
    card_sequence INTEGER,
    original TEXT,
    reference TEXT,
    approval_code TEXT,
    response_code TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, batch, trace)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_names (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE owed (
    bucket INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    reason TEXT,
    sent INTEGER NOT NULL,
    PRIMARY KEY (bucket, batch, trace)
) STRICT, WITHOUT ROWID;
