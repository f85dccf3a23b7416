CREATE TABLE upi_received (
    bucket INTEGER NOT NULL,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    digest BLOB NOT NULL,
    error TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, sender, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_devices (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    "key" BLOB NOT NULL,
    state TEXT NOT NULL,
    mobile TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_binding_tokens (
    bucket INTEGER NOT NULL,
    digest BLOB NOT NULL,
    device TEXT NOT NULL,
    sender TEXT,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_mailboxes (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    read INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_customers (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    device TEXT NOT NULL,
    accounts TEXT NOT NULL,
    addresses TEXT NOT NULL,
    listed TEXT NOT NULL,
    merchant TEXT,
    balances TEXT NOT NULL,
    passwords TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_addresses (
    bucket INTEGER NOT NULL,
    address TEXT NOT NULL,
    mobile TEXT NOT NULL,
    reference TEXT NOT NULL,
    removed_at INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_questions (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    api TEXT NOT NULL,
    mobile TEXT NOT NULL,
    about TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_key_lists (
    bucket INTEGER NOT NULL,
    organisation TEXT NOT NULL,
    document BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, organisation)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_payments (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    id TEXT NOT NULL,
    direction TEXT NOT NULL,
    own TEXT NOT NULL,
    other TEXT NOT NULL,
    other_name TEXT,
    account TEXT NOT NULL,
    paise INTEGER NOT NULL,
    note TEXT,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    cause TEXT,
    category TEXT,
    original TEXT,
    refunded INTEGER NOT NULL,
    checks TEXT NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, id, direction)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_transactions (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    mobile TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_payments_by_customer ON psp_payments (mobile, at);

CREATE TABLE psp_collects (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    id TEXT NOT NULL,
    message TEXT NOT NULL,
    own TEXT NOT NULL,
    payee TEXT NOT NULL,
    payee_name TEXT NOT NULL,
    category TEXT NOT NULL,
    paise INTEGER NOT NULL,
    note TEXT,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    mandate TEXT,
    expires_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_collects_by_customer ON psp_collects (mobile, at);

CREATE TABLE psp_complaints (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    number TEXT,
    state TEXT NOT NULL,
    result TEXT,
    asked TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, "transaction")
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_blocked (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    address TEXT NOT NULL,
    reported INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_blocked_by_customer ON psp_blocked (mobile, at);

CREATE TABLE psp_reported (
    bucket INTEGER NOT NULL,
    address TEXT NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (bucket, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_bills (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    mobile TEXT NOT NULL,
    terms TEXT NOT NULL,
    payee TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_bill_payments (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    bill TEXT NOT NULL,
    terms TEXT NOT NULL,
    paise INTEGER NOT NULL,
    state TEXT NOT NULL,
    receipt TEXT,
    reason TEXT,
    refund TEXT,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile, "transaction")
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_bill_payments_by_customer ON psp_bill_payments (mobile, at);

CREATE TABLE psp_bill_claims (
    bucket INTEGER NOT NULL,
    biller TEXT NOT NULL,
    number TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    PRIMARY KEY (bucket, biller, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_splits (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    mobile TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    note TEXT NOT NULL,
    paise INTEGER NOT NULL,
    shares TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_splits_by_customer ON psp_splits (mobile, at);

CREATE TABLE psp_split_references (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    split TEXT NOT NULL,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_mandates (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    side TEXT NOT NULL,
    mobile TEXT NOT NULL,
    number TEXT,
    own TEXT NOT NULL,
    other TEXT NOT NULL,
    other_name TEXT,
    account TEXT NOT NULL,
    terms TEXT NOT NULL,
    state TEXT NOT NULL,
    refused TEXT,
    standing TEXT,
    message TEXT NOT NULL,
    newest INTEGER NOT NULL,
    expires_at INTEGER,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id, side)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_mandates_by_customer ON psp_mandates (mobile, at);

CREATE TABLE psp_mandate_numbers (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (bucket, number, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_mandate_debits (
    bucket INTEGER NOT NULL,
    number TEXT NOT NULL,
    side TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    paise INTEGER NOT NULL,
    notice TEXT,
    tries INTEGER NOT NULL,
    "transaction" TEXT,
    state TEXT NOT NULL,
    code TEXT,
    due INTEGER,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, number, side, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX psp_mandate_debits_by_number ON psp_mandate_debits (number, sequence);

CREATE TABLE psp_mandate_tries (
    bucket INTEGER NOT NULL,
    "transaction" TEXT NOT NULL,
    side TEXT NOT NULL,
    number TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (bucket, "transaction", side)
) STRICT, WITHOUT ROWID;

CREATE TABLE psp_purses (
    bucket INTEGER NOT NULL,
    mobile TEXT NOT NULL,
    purse TEXT NOT NULL,
    ifsc TEXT NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    pending TEXT,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, mobile)
) STRICT, WITHOUT ROWID;
