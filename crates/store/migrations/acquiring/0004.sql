-- Payments that merchants' systems want, before and after a terminal took them.
CREATE TABLE intents (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    terminal TEXT,
    card INTEGER,
    state TEXT NOT NULL,
    reference TEXT,
    failure TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

-- Lists show an intent as long as no payment of its name does.
CREATE INDEX intents_without_payment ON intents (merchant, id) WHERE reference IS NULL;

CREATE TABLE expected_payments (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    intent TEXT NOT NULL,
    PRIMARY KEY (bucket, terminal)
) STRICT, WITHOUT ROWID;
