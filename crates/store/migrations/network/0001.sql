CREATE TABLE participants (
    bucket INTEGER NOT NULL,
    code TEXT NOT NULL,
    signed_on INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (bucket, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement_days (
    bucket INTEGER NOT NULL,
    date INTEGER NOT NULL,
    state TEXT NOT NULL,
    in_flight INTEGER NOT NULL,
    PRIMARY KEY (bucket, date)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_day (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    date INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement_positions (
    bucket INTEGER NOT NULL,
    date INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    institution TEXT NOT NULL,
    debit_count INTEGER NOT NULL,
    debit INTEGER NOT NULL,
    credit_count INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    PRIMARY KEY (bucket, date, currency, institution)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled (
    bucket INTEGER NOT NULL,
    date INTEGER NOT NULL,
    message TEXT NOT NULL,
    leg TEXT NOT NULL,
    debtor TEXT NOT NULL,
    creditor TEXT NOT NULL,
    currency INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (bucket, date, message, leg)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement_acquirers (
    bucket INTEGER NOT NULL,
    date INTEGER NOT NULL,
    codes TEXT NOT NULL,
    PRIMARY KEY (bucket, date)
) STRICT, WITHOUT ROWID;

CREATE TABLE switched (
    bucket INTEGER NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    counted INTEGER NOT NULL,
    advice INTEGER NOT NULL,
    direction TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    acquirer TEXT NOT NULL,
    issuer TEXT NOT NULL,
    reference TEXT NOT NULL,
    original TEXT,
    given_back INTEGER NOT NULL,
    date INTEGER NOT NULL,
    answer TEXT,
    essence BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, message)
) STRICT, WITHOUT ROWID;
