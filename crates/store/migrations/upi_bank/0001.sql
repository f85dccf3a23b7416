CREATE TABLE upi_received (
    bucket INTEGER NOT NULL,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    digest BLOB NOT NULL,
    error TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, sender, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_accounts (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    reference TEXT NOT NULL,
    ifsc TEXT NOT NULL,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    mobile TEXT NOT NULL,
    card TEXT NOT NULL,
    expiry TEXT NOT NULL,
    pin_digest BLOB,
    tries_left INTEGER NOT NULL,
    registered_at INTEGER,
    books TEXT NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_account_names (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mobiles (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    numbers TEXT NOT NULL,
    PRIMARY KEY (bucket, mobile)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_passwords (
    bucket INTEGER NOT NULL,
    account TEXT NOT NULL,
    digest BLOB NOT NULL,
    tries_left INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_legs (
    bucket INTEGER NOT NULL,
    "transaction" TEXT NOT NULL,
    leg TEXT NOT NULL,
    state TEXT NOT NULL,
    account TEXT NOT NULL,
    paise INTEGER NOT NULL,
    other TEXT NOT NULL,
    reference TEXT NOT NULL,
    code TEXT NOT NULL,
    measured_by TEXT NOT NULL,
    category TEXT NOT NULL,
    subtype TEXT NOT NULL,
    original TEXT,
    refunded INTEGER NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, "transaction", leg)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_spending (
    bucket INTEGER NOT NULL,
    account TEXT NOT NULL,
    recent TEXT NOT NULL,
    PRIMARY KEY (bucket, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_used_credentials (
    bucket INTEGER NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mandates (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    account TEXT NOT NULL,
    terms TEXT NOT NULL,
    state TEXT NOT NULL,
    newest INTEGER NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mandate_orders (
    bucket INTEGER NOT NULL,
    "transaction" TEXT NOT NULL,
    digest BLOB NOT NULL,
    code TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, "transaction")
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mandate_debits (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    made TEXT,
    before INTEGER NOT NULL,
    PRIMARY KEY (bucket, number, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_mandate_tries (
    bucket INTEGER NOT NULL,
    "transaction" TEXT NOT NULL,
    number TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (bucket, "transaction")
) STRICT, WITHOUT ROWID;

CREATE TABLE upi_purses (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    account TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;
