-- The settlement date (DE 15) of an approved payment, MMDD.
ALTER TABLE payments ADD COLUMN settled_on INTEGER;
