-- Exports: long work in slices, what was written, and how many are under way.
CREATE TABLE exports (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    what TEXT NOT NULL,
    format TEXT NOT NULL,
    merchant TEXT,
    since INTEGER NOT NULL,
    before INTEGER NOT NULL,
    state TEXT NOT NULL,
    last_row TEXT,
    row_count INTEGER NOT NULL,
    total INTEGER,
    pieces INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    failure TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    expires_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX exports_of_tenant ON exports (tenant, id);

CREATE TABLE export_pieces (
    bucket INTEGER NOT NULL,
    export TEXT NOT NULL,
    number INTEGER NOT NULL,
    text BLOB NOT NULL,
    PRIMARY KEY (bucket, export, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE export_counts (
    bucket INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    under_way INTEGER NOT NULL,
    PRIMARY KEY (bucket, tenant)
) STRICT, WITHOUT ROWID;
