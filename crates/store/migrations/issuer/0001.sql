CREATE TABLE authorisations (
    bucket INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    card TEXT NOT NULL,
    token INTEGER,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    posted INTEGER NOT NULL,
    given_back INTEGER NOT NULL,
    original TEXT,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    stan INTEGER NOT NULL,
    merchant TEXT NOT NULL,
    at INTEGER NOT NULL,
    settled_on INTEGER NOT NULL,
    reversed_on INTEGER NOT NULL,
    PRIMARY KEY (bucket, "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE bank_cards (
    bucket INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    last_four INTEGER NOT NULL,
    prefix INTEGER NOT NULL,
    expiry TEXT NOT NULL,
    product TEXT NOT NULL,
    state TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    phone TEXT NOT NULL,
    language TEXT NOT NULL,
    limit_single INTEGER NOT NULL,
    limit_daily INTEGER NOT NULL,
    limit_count INTEGER NOT NULL,
    PRIMARY KEY (bucket, "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE card_uses (
    bucket INTEGER NOT NULL,
    card TEXT NOT NULL,
    day INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (bucket, card)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_links (
    bucket INTEGER NOT NULL,
    token INTEGER NOT NULL,
    card TEXT NOT NULL,
    expiry TEXT NOT NULL,
    stopped INTEGER NOT NULL,
    PRIMARY KEY (bucket, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE card_tokens (
    bucket INTEGER NOT NULL,
    card TEXT NOT NULL,
    tokens TEXT NOT NULL,
    PRIMARY KEY (bucket, card)
) STRICT, WITHOUT ROWID;

CREATE TABLE card_enrolments (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    card TEXT NOT NULL,
    device TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    condition TEXT,
    state TEXT NOT NULL,
    token INTEGER,
    requestor TEXT,
    account_reference TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    bucket INTEGER NOT NULL,
    subject TEXT NOT NULL,
    recent TEXT NOT NULL,
    added TEXT NOT NULL,
    cooling_until INTEGER,
    PRIMARY KEY (bucket, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE code_challenges (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    code TEXT NOT NULL,
    tries_left INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    checked_by TEXT,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE code_sends (
    bucket INTEGER NOT NULL,
    card TEXT NOT NULL,
    sent TEXT NOT NULL,
    PRIMARY KEY (bucket, card)
) STRICT, WITHOUT ROWID;

CREATE TABLE risk_rules (
    bucket INTEGER NOT NULL,
    condition TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    threshold INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (bucket, condition)
) STRICT, WITHOUT ROWID;
