-- The last month of the card itself, shown to its holder.
ALTER TABLE cards ADD COLUMN card_expiry TEXT;
