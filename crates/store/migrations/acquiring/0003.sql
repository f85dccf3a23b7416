-- A merchant's payments by their names towards people, which sort by time: for lists and look-ups.
CREATE INDEX payments_of_merchant ON payments (merchant, id);
