//! Hosts among one another: settlement, restarts, issuers and their tokens, foreign clients.

mod settlement;
mod street;
