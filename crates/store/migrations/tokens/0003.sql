-- The tokens of a bank's cards, by their names, which sort by time: for lists.
CREATE INDEX tokens_of_issuer ON tokens (issuer, reference);
