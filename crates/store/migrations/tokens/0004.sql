-- Payments by a code on the phone's screen have limits of their own; 0 until they are set.
ALTER TABLE controls ADD COLUMN code_payment_max INTEGER NOT NULL DEFAULT 0;
ALTER TABLE controls ADD COLUMN code_daily_max INTEGER NOT NULL DEFAULT 0;
CREATE TABLE code_days (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    day INTEGER NOT NULL,
    spent_minor INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;
