-- When a mandate's payer last said that it rests or goes on; an older word that comes later changes nothing.
ALTER TABLE upi_mandates ADD COLUMN ordered_at INTEGER;
