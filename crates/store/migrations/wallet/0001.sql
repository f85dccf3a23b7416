CREATE TABLE cards (
    bucket INTEGER NOT NULL,
    token TEXT NOT NULL,
    number INTEGER NOT NULL,
    expiry TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    aid TEXT NOT NULL,
    label TEXT NOT NULL,
    last_four INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    art TEXT NOT NULL,
    nickname TEXT,
    state TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    suspended_here INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    key_index INTEGER NOT NULL,
    profile TEXT NOT NULL,
    currency INTEGER NOT NULL,
    country INTEGER NOT NULL,
    service_code INTEGER NOT NULL,
    requestor TEXT NOT NULL,
    par TEXT NOT NULL,
    limit_per_tap INTEGER,
    limit_cumulative INTEGER,
    certificates TEXT,
    PRIMARY KEY (bucket, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE taps (
    bucket INTEGER NOT NULL,
    token TEXT NOT NULL,
    atc INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    merchant TEXT,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (bucket, token, atc)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    "text" TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_slots (
    bucket INTEGER NOT NULL,
    token TEXT NOT NULL,
    atc INTEGER NOT NULL,
    device_part TEXT NOT NULL,
    user_part TEXT,
    good_until INTEGER,
    PRIMARY KEY (bucket, token, atc)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    bucket INTEGER NOT NULL,
    token TEXT NOT NULL,
    atc INTEGER NOT NULL,
    issued_through INTEGER NOT NULL,
    keys_left INTEGER NOT NULL,
    last_online INTEGER NOT NULL,
    spent_minor INTEGER NOT NULL,
    PRIMARY KEY (bucket, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone (
    bucket INTEGER NOT NULL,
    device TEXT NOT NULL,
    customer TEXT NOT NULL,
    number TEXT NOT NULL,
    server TEXT NOT NULL,
    lock TEXT,
    tries INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    ticket_spent INTEGER NOT NULL,
    cards TEXT NOT NULL,
    default_card TEXT,
    PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;
