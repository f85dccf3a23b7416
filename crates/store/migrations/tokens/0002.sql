-- The last month of the card itself, shown to its holder.
ALTER TABLE tokens ADD COLUMN card_expiry TEXT;
