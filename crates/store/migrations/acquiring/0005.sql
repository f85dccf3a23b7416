-- A terminal's batches: for a payment, whether its batch is closed.
CREATE INDEX batches_of_terminal ON batches (terminal, number, state);
