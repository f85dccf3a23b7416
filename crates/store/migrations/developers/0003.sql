-- While a webhook's secret is changed, the old one signs beside the new one.
ALTER TABLE webhook_endpoints ADD COLUMN previous BLOB;
ALTER TABLE webhook_endpoints ADD COLUMN previous_until INTEGER;
-- Events of a span of time are sent again.
CREATE INDEX events_by_time ON events (at, tenant);
