CREATE TABLE psp_merchant_accounts (
    bucket INTEGER NOT NULL,
    merchant TEXT NOT NULL,
    mobile TEXT NOT NULL,
    address TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, merchant)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_account_owners (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    merchant TEXT NOT NULL,
    PRIMARY KEY (bucket, mobile)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_merchant_payments (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    mobile TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    direction TEXT NOT NULL,
    code TEXT,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_merchant_payments_by_merchant ON psp_merchant_payments (merchant, direction, id);

CREATE TABLE psp_merchant_codes (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    mobile TEXT NOT NULL,
    address TEXT NOT NULL,
    paise INTEGER NOT NULL,
    note TEXT,
    text TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    payment TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
