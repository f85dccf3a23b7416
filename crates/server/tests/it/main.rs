//! Hosts among one another: settlement, restarts, issuers and their tokens, foreign clients.

mod api;
mod api_docs;
mod api_events;
mod api_limits;
mod api_payments;
mod api_webhooks;
mod consoles;
mod contact;
mod foreign;
mod issuers;
mod notices;
mod operators;
mod phone_passkeys;
mod phone_repeats;
mod phone_screens;
mod phones;
mod replaced;
mod restart;
mod screens;
mod settlement;
mod small_city;
mod street;
mod test_helpers;
mod test_mode;
mod tills;
