-- Webhooks are signed with a key pair too, and carry their objects, where an endpoint wants that.
ALTER TABLE webhook_endpoints ADD COLUMN asymmetric INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_endpoints ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_endpoints ADD COLUMN full INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN snapshot TEXT;
