//! The token service: enrolment, tokens, domain controls, keys, vault.
