-- An endpoint hears what happened since it was set up: the last fact of each database at that time.
ALTER TABLE webhook_endpoints ADD COLUMN set_up_after TEXT NOT NULL DEFAULT '{}';
-- What was not taken at any try is counted.
CREATE INDEX webhook_deliveries_parked ON webhook_deliveries (state) WHERE state = 'parked';
