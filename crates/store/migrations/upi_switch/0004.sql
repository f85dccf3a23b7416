-- The console lists the newest.
CREATE INDEX upi_payments_by_time ON upi_payments (at, id);
