-- Codes a shop shows: bills to be paid once, and payments by phones in the order in which their terminal hears of them.
CREATE TABLE bills (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (bucket, terminal, batch, trace)
) STRICT, WITHOUT ROWID;

CREATE TABLE code_counts (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (bucket, terminal)
) STRICT, WITHOUT ROWID;

CREATE TABLE code_payments (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    number INTEGER NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (bucket, terminal, number)
) STRICT, WITHOUT ROWID;
