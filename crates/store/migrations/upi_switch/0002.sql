CREATE TABLE upi_disputes (
    bucket INTEGER NOT NULL,
    payment TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    paise INTEGER NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    origin_message TEXT NOT NULL,
    payer_bank TEXT NOT NULL,
    payee_bank TEXT NOT NULL,
    paid_at INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    due_at INTEGER,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, payment)
) STRICT, WITHOUT ROWID;

CREATE INDEX upi_disputes_by_time ON upi_disputes (at, payment);

CREATE TABLE upi_dispute_steps (
    bucket INTEGER NOT NULL,
    payment TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    act TEXT,
    "by" TEXT NOT NULL,
    code TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, payment, number)
) STRICT, WITHOUT ROWID;
