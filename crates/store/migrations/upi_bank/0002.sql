CREATE TABLE upi_dispute_cases (
    bucket INTEGER NOT NULL,
    payment TEXT NOT NULL,
    side TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    paise INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    is_advanced INTEGER NOT NULL,
    booked_at INTEGER,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, payment, side)
) STRICT, WITHOUT ROWID;

CREATE INDEX upi_dispute_cases_by_time ON upi_dispute_cases (at, payment);

CREATE TABLE upi_dispute_acts (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    payment TEXT NOT NULL,
    side TEXT NOT NULL,
    act TEXT NOT NULL,
    outcome TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;
