CREATE TABLE upi_received (
    bucket INTEGER NOT NULL,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    digest BLOB NOT NULL,
    error TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, sender, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_payments (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    origin TEXT NOT NULL,
    origin_message TEXT NOT NULL,
    beginning TEXT NOT NULL,
    state TEXT NOT NULL,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    paise INTEGER NOT NULL,
    note TEXT,
    reference TEXT,
    mode TEXT,
    purpose TEXT,
    merchant_reference TEXT,
    credentials TEXT NOT NULL,
    cause TEXT,
    told TEXT,
    steps INTEGER NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER,
    mandate TEXT,
    original TEXT,
    refunded INTEGER NOT NULL,
    checks TEXT NOT NULL,
    settled_at INTEGER,
    returned_at INTEGER,
    due_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_steps (
    bucket INTEGER NOT NULL,
    payment TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    sent TEXT,
    late INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, payment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_exchanges (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    api TEXT NOT NULL,
    asked TEXT NOT NULL,
    about TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_bank_health (
    bucket INTEGER NOT NULL,
    bank TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    silences INTEGER NOT NULL,
    alone_until INTEGER,
    alone_seconds INTEGER NOT NULL,
    PRIMARY KEY (bucket, bank)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_positions (
    bucket INTEGER NOT NULL,
    cycle TEXT NOT NULL,
    bank TEXT NOT NULL,
    pays INTEGER NOT NULL,
    gets INTEGER NOT NULL,
    payments INTEGER NOT NULL,
    PRIMARY KEY (bucket, cycle, bank)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mandate_orders (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    origin_message TEXT NOT NULL,
    by_payer INTEGER NOT NULL,
    payer_provider TEXT NOT NULL,
    payee_provider TEXT NOT NULL,
    bank TEXT NOT NULL,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    category TEXT,
    number TEXT,
    standing TEXT,
    state TEXT NOT NULL,
    document BLOB NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    due_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
