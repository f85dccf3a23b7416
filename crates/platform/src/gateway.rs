//! The token gateway: the hop where a token becomes a card number, and back.
//!
//! A message comes in with a token. What needs no shared state (the cryptogram above all) is checked on the
//! thread that read it; the counter, the domain and the limits are decided by the records' one writer; only what
//! was admitted, durably, is passed on to the issuer with the card number. The answer goes home with the token.

mod message;

use crate::keys::PlatformKeys;
use crate::line::{HostAnswer, HostLine};
use crate::tidings::Tidings;
use crate::token_service::TokenService;
use iso8583::{Message, ResponseCode, Tag};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Outcome, Store, StoreError};
use tokens::gateway::{
    Admission, Admit, Admitted, IssuerAnswer, Parts, Presentment, Reversal, Reverse, Settle, TurnAway, screen,
};
use tokens::policy::Policy;
use tokens::records::{Kind, Programme, TokenState};
use tokens::refusal::Refusal;
use values::TokenNumber;

/// What is done with the answer to a message; `None` when none is sent because the outcome is unknown.
pub type Home = Box<dyn FnOnce(Option<Message>) + Send>;

/// A programme as the gateway uses it.
struct Route {
    programme: Programme,
    issuer: Arc<dyn HostLine>,
}

/// The gateway. Clones share everything.
#[derive(Clone)]
pub struct Gateway(Arc<Parties>);

struct Parties {
    store: Store,
    keys: Arc<PlatformKeys>,
    policy: Policy,
    routes: HashMap<u32, Route>,
    wait: Duration,
    tidings: Arc<Tidings>,
}

impl Gateway {
    /// A gateway over the token service's records; `issuers` are the lines to the issuers by short name.
    ///
    /// Programmes are read once: they change with a restart.
    pub fn new(
        service: &TokenService,
        issuers: &HashMap<String, Arc<dyn HostLine>>,
        wait: Duration,
    ) -> Result<Gateway, StoreError> {
        let programmes = service.store.read(|records| records.all::<Programme>())?;
        let mut routes = HashMap::new();
        for programme in programmes {
            if let Some(issuer) = issuers.get(programme.issuer.as_str()) {
                let route = Route { issuer: Arc::clone(issuer), programme };
                routes.insert(route.programme.token_prefix, route);
            }
        }
        let (store, keys) = (service.store.clone(), Arc::clone(&service.keys));
        let tidings = Arc::clone(&service.tidings);
        Ok(Gateway(Arc::new(Parties { store, keys, policy: service.policy, routes, wait, tidings })))
    }

    /// Takes a message from the network; `home` is called once, when its answer may be sent.
    pub fn take(&self, message: Message, home: Home) {
        match message.mti.class() {
            b'1' | b'2' => self.payment(message, home),
            b'4' => self.reversal(message, home),
            b'8' => home(Some(message::network_management(&message))),
            _ => home(Some(message::refuse(&message, ResponseCode::BAD_TRANSACTION, None))),
        }
    }

    fn payment(&self, message: Message, home: Home) {
        let presentment = match message::presentment(&self.0.keys, &message) {
            Ok(presentment) => presentment,
            Err(code) => return home(Some(message::refuse(&message, code, None))),
        };
        let screened = self.screen(&presentment);
        match screened {
            Ok(screened) => {
                let kind = presentment.kind;
                // Only what carries a genuine cryptogram is told on: anybody can name a token and a counter.
                let home = self.0.tidings.telling(&presentment, &message, home);
                let admit = Admit { screened, policy: self.0.policy };
                let gateway = self.clone();
                self.0.store.submit(admit, move |called| gateway.admitted(message, kind, called, home));
            }
            Err(refusal) => {
                let turned_away = TurnAway::new(&presentment, refusal);
                self.0.store.submit(turned_away, move |_| home(Some(message::refused(&message, refusal))));
            }
        }
    }

    /// The checks that need no shared state. Sequence number and expiry are taken as claimed; the writer
    /// compares them with the token's.
    fn screen(&self, presentment: &Presentment<'_>) -> Result<tokens::gateway::Screened, Refusal> {
        let route = self.route(presentment.number)?;
        let master = self.0.keys.master(route.programme.id).ok_or(Refusal::ProgrammeUnknown)?;
        let claimed = TokenState::claimed(
            presentment.number,
            presentment.psn.unwrap_or(0),
            presentment.expiries.iter().flatten().next().copied(),
            route.programme.id,
        );
        let parts = Parts { state: &claimed, programme: &route.programme };
        screen(presentment, parts, master, &self.0.policy, self.0.store.clock().now())
    }

    fn route(&self, number: TokenNumber) -> Result<&Route, Refusal> {
        self.0.routes.get(&number.issuer_prefix()).ok_or(Refusal::TokenUnknown)
    }

    fn admitted(
        &self,
        message: Message,
        kind: Kind,
        called: Result<Outcome<Admission, Refusal>, StoreError>,
        home: Home,
    ) {
        let refusal = match called {
            Ok(Outcome::Done(Admission::Admitted(admitted)) | Outcome::Done(Admission::Repeat(admitted))) => {
                return self.pass_on(message, Some(kind), &admitted, home);
            }
            Ok(Outcome::Done(Admission::Refused(refusal)) | Outcome::Refused(refusal)) => refusal,
            Ok(Outcome::Repeated(_) | Outcome::Mismatch) => Refusal::Stale,
            Err(_) => return home(Some(message::refuse(&message, ResponseCode::SYSTEM_TROUBLE, None))),
        };
        home(Some(message::refused(&message, refusal)));
    }

    /// Passes an admitted message on with the card number. `kind` is none for a reversal.
    fn pass_on(&self, message: Message, kind: Option<Kind>, admitted: &Admitted, home: Home) {
        let number = tokens::vault::Evidence::number(admitted);
        let opened = admitted.envelope().ok_or(()).and_then(|envelope| {
            tokens::vault::open(self.0.keys.vault(), number, envelope, admitted).map_err(|error| {
                tracing::error!(%error, "the vault did not open");
            })
        });
        let (Ok(card), Ok(route)) = (opened, self.route(number)) else {
            return home(Some(message::refuse(&message, ResponseCode::SYSTEM_TROUBLE, None)));
        };
        let outward = message::with_card(&message, &card, number);
        let (gateway, name) = (self.clone(), admitted.message());
        route.issuer.ask(
            outward,
            self.0.wait,
            Box::new(move |answer| {
                let (outcome, answer) = match answer {
                    HostAnswer::Message(answer) => {
                        (message::outcome(&answer), Some(message::with_token(&message, &answer)))
                    }
                    HostAnswer::NotSent => (
                        IssuerAnswer::Declined,
                        Some(message::refuse(&message, ResponseCode::ISSUER_UNAVAILABLE, None)),
                    ),
                    HostAnswer::Silence => (IssuerAnswer::Unknown, None),
                };
                if kind.is_none() {
                    return home(answer);
                }
                // The answer leaves when the books say what it was: a refund right behind it must find it.
                gateway.0.store.submit(Settle { message: name, answer: outcome }, move |_| home(answer));
            }),
        );
    }

    fn reversal(&self, message: Message, home: Home) {
        let (number, original) = match message::reversal(&self.0.keys, &message) {
            Ok(named) => named,
            Err(code) => return home(Some(message::refuse(&message, code, None))),
        };
        let gateway = self.clone();
        self.0.store.submit(Reverse { original, number }, move |called| match called {
            Ok(Outcome::Done(Reversal::PassOn(admitted))) => {
                gateway.0.tidings.taken_back(original);
                gateway.pass_on(message, None, &admitted, home);
            }
            // Nothing to undo, or remembered so that the original is refused if it still comes: both are done.
            Ok(Outcome::Done(Reversal::NothingToUndo | Reversal::Remembered)) => {
                home(Some(message::refuse(&message, ResponseCode::APPROVED, None)));
            }
            Ok(Outcome::Refused(refusal)) => home(Some(message::refused(&message, refusal))),
            Ok(Outcome::Repeated(_) | Outcome::Mismatch) | Err(_) => {
                home(Some(message::refuse(&message, ResponseCode::SYSTEM_TROUBLE, None)));
            }
        });
    }
}

/// What the gateway found, as it stands in DE 48 of an answer.
pub const VERDICT: Tag = Tag::TOKEN_VERDICT;
