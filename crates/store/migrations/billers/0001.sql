CREATE TABLE biller_payments (
    bucket INTEGER NOT NULL,
    "transaction" TEXT NOT NULL,
    biller TEXT NOT NULL,
    parameters TEXT NOT NULL,
    subject TEXT NOT NULL,
    paise INTEGER NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, "transaction")
) STRICT, WITHOUT ROWID;

CREATE TABLE biller_paid_bills (
    bucket INTEGER NOT NULL,
    biller TEXT NOT NULL,
    number TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    PRIMARY KEY (bucket, biller, number)
) STRICT, WITHOUT ROWID;
