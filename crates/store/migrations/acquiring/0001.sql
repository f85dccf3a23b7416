CREATE TABLE batches (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    currency INTEGER NOT NULL,
    pending_count INTEGER NOT NULL,
    sales_count INTEGER NOT NULL,
    sales_amount INTEGER NOT NULL,
    refunds_count INTEGER NOT NULL,
    refunds_amount INTEGER NOT NULL,
    reversals_count INTEGER NOT NULL,
    reversals_amount INTEGER NOT NULL,
    corrections_count INTEGER NOT NULL,
    corrections_amount INTEGER NOT NULL,
    balanced INTEGER,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (bucket, terminal, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE merchants (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    acceptor TEXT NOT NULL,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    category INTEGER NOT NULL,
    country INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    limit_payment INTEGER NOT NULL,
    limit_daily INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE merchant_days (
    bucket INTEGER NOT NULL,
    merchant TEXT NOT NULL,
    day INTEGER NOT NULL,
    sales_amount INTEGER NOT NULL,
    PRIMARY KEY (bucket, merchant, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE terminals (
    bucket INTEGER NOT NULL,
    id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    state TEXT NOT NULL,
    last_trace INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    signed_on_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    bucket INTEGER NOT NULL,
    reference TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    merchant TEXT NOT NULL,
    terminal TEXT NOT NULL,
    batch INTEGER NOT NULL,
    terminal_trace INTEGER NOT NULL,
    stan INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    token INTEGER,
    last_four INTEGER NOT NULL,
    entry_mode TEXT NOT NULL,
    card_sequence INTEGER,
    accepted_at INTEGER NOT NULL,
    day INTEGER NOT NULL,
    response_code TEXT,
    approval_code TEXT,
    reversal_reason TEXT,
    original TEXT,
    completed_by TEXT,
    refunded INTEGER NOT NULL,
    refund_pending INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    PRIMARY KEY (bucket, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE terminal_traces (
    bucket INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    batch INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    reference TEXT,
    PRIMARY KEY (bucket, terminal, batch, trace)
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_counters (
    bucket INTEGER NOT NULL,
    institution TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (bucket, institution)
) STRICT, WITHOUT ROWID;
