CREATE TABLE operators (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    sandbox INTEGER NOT NULL,
    created INTEGER NOT NULL,
    invitation TEXT,
    passkeys TEXT NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE operator_passkeys (
    bucket INTEGER NOT NULL,
    credential TEXT NOT NULL,
    operator TEXT NOT NULL,
    public TEXT NOT NULL,
    counter INTEGER NOT NULL,
    added INTEGER NOT NULL,
    PRIMARY KEY (bucket, credential)
) STRICT, WITHOUT ROWID;

CREATE TABLE operator_count (
    bucket INTEGER NOT NULL,
    active INTEGER NOT NULL,
    PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE operator_tries (
    bucket INTEGER NOT NULL,
    subject TEXT NOT NULL,
    wrong INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    PRIMARY KEY (bucket, subject)
) STRICT, WITHOUT ROWID;

-- What one operator asked for and another decides on.
CREATE TABLE proposals (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    changes TEXT NOT NULL,
    reason TEXT NOT NULL,
    asker TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    decider TEXT,
    decided_at INTEGER,
    result TEXT,
    asker_secret TEXT,
    approver_secret TEXT,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposals_by_id ON proposals (id);

-- One line for each act, chained.
CREATE TABLE audit_entries (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    who TEXT,
    name TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    result TEXT NOT NULL,
    place TEXT NOT NULL,
    request TEXT NOT NULL,
    proposal TEXT,
    chain TEXT NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_entries_by_number ON audit_entries (number);

CREATE TABLE audit_head (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;
