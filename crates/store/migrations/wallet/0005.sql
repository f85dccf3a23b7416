-- By which name a payment is spoken of: on the shop's receipt, and between hosts.
ALTER TABLE taps ADD COLUMN reference TEXT;
ALTER TABLE taps ADD COLUMN original TEXT;
