-- When a settlement day was cut over.
ALTER TABLE settlement_days ADD COLUMN cut_at INTEGER;
