CREATE INDEX upi_mandate_tries_by_number ON upi_mandate_tries (number, sequence);

-- Legs of purses alone, whose numbers have 18 digits.
CREATE INDEX upi_legs_of_purses ON upi_legs (account, at) WHERE length(account) = 18;

CREATE INDEX upi_mandate_debits_by_number ON upi_mandate_debits (number, sequence);
