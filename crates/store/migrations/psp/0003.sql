-- A complaint about a payment that has not ended is a dispute like every other.
DROP TABLE psp_complaints;

CREATE TABLE psp_received_disputes (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    payment TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    paise INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, payment)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_received_disputes_by_customer ON psp_received_disputes (mobile, at);
