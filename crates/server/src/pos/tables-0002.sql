-- Through which number the terminal has heard of payments by codes that phones scanned.
ALTER TABLE device ADD COLUMN codes_heard INTEGER NOT NULL DEFAULT 0;
