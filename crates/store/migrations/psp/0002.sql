CREATE TABLE psp_disputes (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    payment TEXT NOT NULL,
    message TEXT NOT NULL,
    number TEXT,
    reason TEXT NOT NULL,
    paise INTEGER NOT NULL,
    told TEXT NOT NULL,
    refused TEXT,
    due_at INTEGER,
    asked TEXT NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, payment)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_disputes_by_customer ON psp_disputes (mobile, at);
