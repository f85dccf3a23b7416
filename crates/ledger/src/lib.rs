//! Books: accounts and transfers that always sum to zero.
