-- What was between phone and shop: a tap, a code it showed, or one it scanned.
ALTER TABLE taps ADD COLUMN paid_by TEXT NOT NULL DEFAULT 'tap';
