//! Counterparties to test against: network, issuing banks, telephone network.
