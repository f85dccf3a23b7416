-- A replaced card keeps its account under another number.
ALTER TABLE bank_cards ADD COLUMN account TEXT NOT NULL DEFAULT '';
UPDATE bank_cards SET account = "key";
ALTER TABLE bank_cards ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;

CREATE TABLE card_replacements (
    bucket INTEGER NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    last_four INTEGER NOT NULL,
    expiry TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    number TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, old)
) STRICT, WITHOUT ROWID;

-- Where tokens stand at the token service.
CREATE TABLE token_standings (
    bucket INTEGER NOT NULL,
    token INTEGER NOT NULL,
    card TEXT NOT NULL,
    account_reference TEXT NOT NULL,
    condition TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, token)
) STRICT, WITHOUT ROWID;
