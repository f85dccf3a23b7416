-- Events, how far they were read from the facts, and where they are sent.
CREATE TABLE events (
    bucket INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bucket, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX events_in_order ON events (number, tenant);
CREATE INDEX events_of_tenant ON events (tenant, number);
CREATE INDEX events_by_name ON events (id);

CREATE TABLE event_subjects (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_readings (
    bucket INTEGER NOT NULL,
    source TEXT NOT NULL,
    fact INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    PRIMARY KEY (bucket, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_endpoints (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    sealed BLOB NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    bucket INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    event INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_status INTEGER,
    begun_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, endpoint, event)
) STRICT, WITHOUT ROWID;
