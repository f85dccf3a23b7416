-- The passkey of the phone's owner, beside the passcode.
CREATE TABLE passkey (
    bucket INTEGER NOT NULL,
    credential TEXT NOT NULL,
    public TEXT NOT NULL,
    counter INTEGER NOT NULL,
    salt TEXT NOT NULL,
    lock TEXT,
    added INTEGER NOT NULL,
    PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;
