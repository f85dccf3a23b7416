CREATE TABLE controls (
    bucket INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    modes TEXT NOT NULL,
    categories_allowed TEXT NOT NULL,
    categories_denied TEXT NOT NULL,
    currency INTEGER NOT NULL,
    country INTEGER,
    payment_max INTEGER NOT NULL,
    unverified_max INTEGER NOT NULL,
    transit_max INTEGER NOT NULL,
    daily_max INTEGER NOT NULL,
    daily_count_max INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    phone TEXT NOT NULL,
    devices TEXT NOT NULL,
    tokens TEXT NOT NULL,
    pending TEXT NOT NULL,
    default_token TEXT,
    recovery TEXT,
    recovery_tries TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE detokenisations (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE operator_days (
    bucket INTEGER NOT NULL,
    operator TEXT NOT NULL,
    opened TEXT NOT NULL,
    PRIMARY KEY (bucket, operator)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    customer TEXT,
    name TEXT NOT NULL,
    keys TEXT NOT NULL,
    state TEXT NOT NULL,
    tokens TEXT NOT NULL,
    pending TEXT NOT NULL,
    attempts TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolments (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    pan TEXT NOT NULL,
    last_four INTEGER NOT NULL,
    programme INTEGER NOT NULL,
    state TEXT NOT NULL,
    methods TEXT NOT NULL,
    chosen TEXT,
    reason TEXT,
    token TEXT,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_batches (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    device TEXT NOT NULL,
    issued INTEGER NOT NULL,
    PRIMARY KEY (bucket, number, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE retired_numbers (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE cards (
    bucket INTEGER NOT NULL,
    digest TEXT NOT NULL,
    par TEXT,
    attempts TEXT NOT NULL,
    holdings TEXT NOT NULL,
    PRIMARY KEY (bucket, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE passages (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    counter INTEGER,
    cryptogram TEXT,
    amount TEXT NOT NULL,
    category INTEGER NOT NULL,
    mode TEXT NOT NULL,
    verified INTEGER NOT NULL,
    refusal TEXT,
    purpose TEXT,
    original TEXT,
    outcome TEXT NOT NULL,
    followed_minor INTEGER NOT NULL,
    counted INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE forestalled (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone_confirmations (
    bucket INTEGER NOT NULL,
    phone TEXT NOT NULL,
    customer TEXT,
    code TEXT,
    sends TEXT NOT NULL,
    sent_today TEXT NOT NULL,
    PRIMARY KEY (bucket, phone)
) STRICT, WITHOUT ROWID;

CREATE TABLE programmes (
    bucket INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    token_prefix INTEGER NOT NULL,
    requestor TEXT NOT NULL,
    par_controller TEXT NOT NULL,
    aid TEXT NOT NULL,
    algorithm INTEGER NOT NULL,
    dki INTEGER NOT NULL,
    controls INTEGER NOT NULL,
    zone TEXT NOT NULL,
    validity_months INTEGER NOT NULL,
    art TEXT NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_states (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    spent_minor INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    issued_through INTEGER NOT NULL,
    revoked_through INTEGER NOT NULL,
    recent TEXT NOT NULL,
    day INTEGER NOT NULL,
    programme INTEGER NOT NULL,
    controls INTEGER NOT NULL,
    expiry TEXT NOT NULL,
    standing TEXT NOT NULL,
    psn INTEGER NOT NULL,
    spent_count INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    number INTEGER NOT NULL,
    expiry TEXT NOT NULL,
    psn INTEGER NOT NULL,
    par TEXT NOT NULL,
    requestor TEXT NOT NULL,
    issuer TEXT NOT NULL,
    programme INTEGER NOT NULL,
    controls INTEGER NOT NULL,
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    enrolment TEXT NOT NULL,
    pan TEXT NOT NULL,
    last_four INTEGER NOT NULL,
    assurance TEXT NOT NULL,
    standing TEXT NOT NULL,
    nickname TEXT,
    art TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE vault (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    reference TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;
