-- What customers claim of payments.
CREATE TABLE card_disputes (
    bucket INTEGER NOT NULL,
    payment TEXT NOT NULL,
    card TEXT NOT NULL,
    token INTEGER NOT NULL,
    claim TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    state TEXT NOT NULL,
    credited INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (bucket, payment)
) STRICT, WITHOUT ROWID;
