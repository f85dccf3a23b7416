CREATE TABLE api_keys (
    bucket INTEGER NOT NULL,
    digest TEXT NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    scopes TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    ends_with TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (bucket, digest)
) STRICT, WITHOUT ROWID;
