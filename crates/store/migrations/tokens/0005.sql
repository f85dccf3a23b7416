-- All tokens of a customer, deleted ones included: for whoever asks what is held of them.
CREATE INDEX tokens_of_customer ON tokens (customer, reference);
