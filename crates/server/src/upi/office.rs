//! A party's office: the port at which messages come in, and the couriers that carry its own out.
//!
//! What comes in is verified with pinned keys before anything in it is believed, checked against the profile, taken once by
//! the party in one commit, and only then acknowledged. What goes out is signed when it leaves and posted until there is a
//! signed Ack; the same message is the same bytes every time.

use super::AddressBook;
use super::mailroom::{Carry, Lane, Mailroom};
use super::tls::{self, ByBook, Caller, Tls};
use crate::defences::{Defence, Defences};
use crate::trace::{Watch, Wire, show};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use crypto::rsa_signature::SigningKey;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Arrival, Backoff, Deliverer, Outcome, Store};
use tokio::runtime::Handle;
use upi::ids::MessageId;
use upi::mail::{self, Envelope, Party, Refused, TOLERANCE_SECONDS, Take, Wake};
use upi::messages::{Acknowledgement, Finding, Message};
use upi::signature::{KeyRing, Organisation, sign, sign_tree};
use upi::xml;
use values::{Outbound, Timestamp};

/// How long an Ack is waited for.
const ACK_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// A party with its records and keys. Clones are the same office.
pub struct Office<P>(Arc<Inside<P>>);

impl<P> Clone for Office<P> {
    fn clone(&self) -> Self {
        Office(Arc::clone(&self.0))
    }
}

struct Inside<P> {
    party: P,
    store: Store,
    seal: Seal,
    name_of: fn(&str) -> String,
    lines: Lines,
    client: Posting,
    watch: Watch,
}

/// Where the others are, and how they are spoken to.
pub struct Lines {
    /// Where each organisation listens.
    pub book: AddressBook,
    /// What is shown and asked for under TLS; no TLS if absent.
    pub tls: Option<Tls>,
    /// Which checks of the door stand.
    pub doors: Defences,
}

impl Lines {
    /// Whether who called may speak for an organisation: under TLS whoever shows its certificate, and without it whoever signs as it.
    fn may_speak(&self, caller: Option<&Caller>, organisation: &str) -> bool {
        caller.is_none_or(|caller| caller.is(organisation)) || !self.doors.stands(Defence::CallerCertificate)
    }
}

/// Posts messages.
enum Posting {
    Plain(Client<HttpConnector, Body>),
    Locked(Client<HttpsConnector<HttpConnector<ByBook>>, Body>),
}

impl Posting {
    fn new(lines: &Lines) -> Posting {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(KEPT_FOR).pool_timer(TokioTimer::new());
        match &lines.tls {
            None => {
                let mut connector = HttpConnector::new();
                connector.set_nodelay(true);
                connector.set_connect_timeout(Some(ACK_WITHIN));
                Posting::Plain(builder.build(connector))
            }
            Some(Tls { client, .. }) => {
                let mut connector = tls::connector(&lines.book);
                connector.set_nodelay(true);
                connector.set_connect_timeout(Some(ACK_WITHIN));
                connector.enforce_http(false);
                let locked = HttpsConnectorBuilder::new().with_tls_config(ClientConfig::clone(client));
                Posting::Locked(builder.build(locked.https_only().enable_http1().wrap_connector(connector)))
            }
        }
    }

    /// What an organisation's address begins with.
    fn authority(&self, organisation: &Organisation, at: SocketAddr) -> String {
        match self {
            Posting::Plain(_) => format!("http://{at}"),
            Posting::Locked(_) => format!("https://{}:{}", tls::name_of(organisation.as_str()), at.port()),
        }
    }

    async fn post(&self, request: Request<Body>) -> Result<Response<Incoming>, String> {
        let answered = match self {
            Posting::Plain(client) => client.request(request).await,
            Posting::Locked(client) => client.request(request).await,
        };
        answered.map_err(|error| error.to_string())
    }
}

/// How it is known who sent a message.
pub enum Seal {
    /// By signatures.
    Keys(Keys),
    /// By nothing: to measure what all the rest costs, on one machine, with nobody else there. No configuration asks for it.
    /// Only lists of keys are signed, which go on to phones.
    UnsignedForMeasuring(SigningKey),
}

/// The keys of a party: its own, and those of all others as it has them pinned.
pub struct Keys {
    /// With which it signs.
    pub own: SigningKey,
    /// With which it checks.
    pub ring: KeyRing,
}

impl<P: Party> Office<P> {
    /// An office over a party's records. `name_of` says for people what an organisation is called.
    pub fn new(
        party: P,
        store: Store,
        seal: Seal,
        name_of: fn(&str) -> String,
        lines: Lines,
        watch: Watch,
    ) -> Office<P> {
        let client = Posting::new(&lines);
        Office(Arc::new(Inside { party, store, seal, name_of, lines, client, watch }))
    }

    /// The party's records.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The party's port.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/upi/{api}/{version}/{transaction}", post(receive::<P>))
            .layer(DefaultBodyLimit::max(xml::LONGEST))
            .with_state(self.clone())
    }

    /// Carries messages to whom they are for.
    pub(crate) fn mailroom(&self, backoff: Backoff, runtime: &Handle) -> std::io::Result<Mailroom> {
        let office = self.clone();
        let carry: Carry = Box::new(move |outbound| {
            let office = office.clone();
            Box::pin(async move { office.deliver(&outbound).await })
        });
        Mailroom::open(&self.0.store, backoff, runtime, lane_of, carry)
    }

    /// Wakes the party when it asked for it.
    pub fn alarm(&self) -> (String, Deliverer) {
        let office = self.clone();
        let ring: Deliverer = Box::new(move |outbound| {
            let (party, what) = (office.0.party.clone(), outbound.key.clone());
            let woken = office.0.store.call(Wake { party, what, entropy: crypto::random::bytes() });
            if woken.is_ok() { Arrival::Delivered } else { Arrival::Retry }
        });
        (mail::ALARM.to_owned(), ring)
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }

    /// What is signed, and by whom, before anything else.
    fn verified(&self, api: &str, bytes: &[u8]) -> Result<Message, String> {
        let (now, profile) = (self.now(), self.0.party.identity().profile);
        let message = match &self.0.seal {
            Seal::Keys(Keys { ring, .. }) => {
                let signed = ring.verify(bytes, now).map_err(|refused| refused.code().to_owned())?;
                Message::read(&signed, profile).map_err(code_of)?
            }
            Seal::UnsignedForMeasuring(_) => {
                let document = xml::read(bytes).map_err(|_| "U05".to_owned())?;
                Message::read_unsigned(&document, profile).map_err(code_of)?
            }
        };
        if message.name != api {
            return Err("U05".to_owned());
        }
        let (sent, now) = (message.head.at, now);
        let apart = if sent > now { sent.since(now) } else { now.since(sent) };
        if apart.as_secs() > TOLERANCE_SECONDS {
            return Err("H03".to_owned());
        }
        Ok(message)
    }

    /// Takes a message that is verified; the code of its Ack if it was not taken, and nothing if nobody can say now.
    async fn take(&self, message: Message, bytes: &[u8]) -> Option<Result<(), String>> {
        let (party, entropy) = (self.0.party.clone(), crypto::random::bytes());
        let take = Take { party, message, document: bytes.to_vec(), entropy };
        match self.0.store.call_async(take).await {
            Ok(Outcome::Done(error) | Outcome::Repeated(error)) => Some(error.map_or(Ok(()), Err)),
            Ok(Outcome::Refused(never)) => match never {},
            Ok(Outcome::Mismatch) | Err(_) => None,
        }
    }

    fn acknowledgement(&self, api: &str, to: MessageId, outcome: Result<(), String>) -> Vec<u8> {
        let ack = Acknowledgement { api: api.to_owned(), to, error: outcome.err(), at: self.now() };
        let document = ack.to_document(self.0.party.identity().profile);
        match &self.0.seal {
            Seal::Keys(Keys { own, .. }) => sign_tree(document, own),
            Seal::UnsignedForMeasuring(_) => document.to_bytes(),
        }
    }

    async fn deliver(&self, outbound: &Outbound) -> Arrival {
        let Some(envelope) = Envelope::read(&outbound.body) else {
            tracing::error!(message = outbound.key, "a message of our own cannot be read");
            return Arrival::Delivered;
        };
        let to = Organisation::parse(&envelope.to).zip(self.0.lines.book.find(&envelope.to));
        let Some((receiver, at)) = to else {
            tracing::error!(to = envelope.to, "nobody knows where this organisation listens");
            return self.refused(outbound, "U17").await;
        };
        let signed = match &self.0.seal {
            Seal::Keys(Keys { own, .. }) => sign(&envelope.document, own),
            Seal::UnsignedForMeasuring(own) if envelope.api == "RespListKeys" => {
                sign(&envelope.document, own)
            }
            Seal::UnsignedForMeasuring(_) => Ok(envelope.document.clone()),
        };
        let Ok(signed) = signed else {
            tracing::error!(message = outbound.key, "a message of our own cannot be signed");
            return self.refused(outbound, "U05").await;
        };
        match self.post(at, &receiver, &envelope, &outbound.key, signed).await {
            Ok(None) => Arrival::Delivered,
            Ok(Some(code)) => self.refused(outbound, &code).await,
            Err(error) => {
                tracing::warn!(to = envelope.to, api = envelope.api, error, "not acknowledged");
                Arrival::Retry
            }
        }
    }

    /// The code of the Ack if the message was not taken; an error if nobody knows whether it was.
    async fn post(
        &self,
        at: SocketAddr,
        receiver: &Organisation,
        envelope: &Envelope,
        name: &str,
        signed: Vec<u8>,
    ) -> Result<Option<String>, String> {
        let path = format!("/upi/{}/2.0/urn:txnid:{}", envelope.api, envelope.transaction);
        let own = (self.0.name_of)(self.0.party.identity().organisation.as_str());
        let other = (self.0.name_of)(receiver.as_str());
        show(&self.0.watch, &own, &other, Wire::Http, &format!("POST {path}"), &signed);
        let address = format!("{}{path}", self.0.client.authority(receiver, at));
        let answered = tokio::time::timeout(ACK_WITHIN, self.exchange(&address, signed));
        let body = answered.await.map_err(|_| "no Ack came in time".to_owned())??;
        // An Ack counts from who was called, and for the message that was posted.
        let document = match &self.0.seal {
            Seal::Keys(Keys { ring, .. }) => {
                let signed = ring.verify_from(&body, receiver, self.now());
                signed.map_err(|error| error.to_string())?.into_document()
            }
            Seal::UnsignedForMeasuring(_) => xml::read(&body).map_err(|error| error.to_string())?,
        };
        let profile = self.0.party.identity().profile;
        let ack = Acknowledgement::read(&document, profile).map_err(|_| "not an Ack".to_owned())?;
        show(&self.0.watch, &other, &own, Wire::Http, &format!("Ack {}", envelope.api), &body);
        if ack.to.as_str() != name || ack.api != envelope.api {
            return Err("the Ack is of another message".to_owned());
        }
        Ok(ack.error)
    }

    /// Posts bytes; the bytes of the answer.
    async fn exchange(&self, at: &str, bytes: Vec<u8>) -> Result<Bytes, String> {
        let request = Request::post(at).header(header::CONTENT_TYPE, "application/xml");
        let request = request.body(Body::from(bytes)).map_err(|error| error.to_string())?;
        let answer = self.0.client.post(request).await?;
        let status = answer.status();
        let body = to_bytes(Body::new(answer.into_body()), xml::LONGEST).await;
        let body = body.map_err(|error| error.to_string())?;
        if status == StatusCode::OK { Ok(body) } else { Err(format!("answered {status}")) }
    }

    async fn refused(&self, outbound: &Outbound, code: &str) -> Arrival {
        tracing::warn!(message = outbound.key, code, "a message was refused");
        let (party, message) = (self.0.party.clone(), outbound.key.clone());
        let told = Refused { party, message, code: code.to_owned(), entropy: crypto::random::bytes() };
        if self.0.store.call_async(told).await.is_ok() { Arrival::Delivered } else { Arrival::Retry }
    }
}

fn lane_of(outbound: &Outbound) -> Lane {
    let (to, transaction) = match Envelope::read(&outbound.body) {
        Some(envelope) => (envelope.to, envelope.transaction),
        None => Default::default(),
    };
    Lane { to, transaction }
}

/// The code of the first broken rule; of several that are possible the first.
fn code_of(findings: Vec<Finding>) -> String {
    let code = findings.first().map_or("U07", |finding| finding.code.as_str());
    code.split(['.', '|']).next().unwrap_or("U07").to_owned()
}

/// What a document that is not taken calls itself, if it is one; nothing else in it is believed.
fn named(bytes: &[u8]) -> Option<MessageId> {
    MessageId::parse(xml::read(bytes).ok()?.root.child("Head")?.attribute("msgId")?)
}

async fn receive<P: Party>(
    State(office): State<Office<P>>,
    Path((api, _, _)): Path<(String, String, String)>,
    caller: Option<Extension<Caller>>,
    bytes: Bytes,
) -> Response {
    let (named, outcome) = match office.verified(&api, &bytes) {
        Err(code) => (named(&bytes), Err(code)),
        // Whoever carries messages of others is not let in by them.
        Ok(message) if !office.0.lines.may_speak(caller.as_deref(), &message.head.organisation) => {
            (Some(message.head.message), Err("U17".to_owned()))
        }
        Ok(message) => {
            let named = message.head.message.clone();
            let Some(outcome) = office.take(message, &bytes).await else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            (Some(named), outcome)
        }
    };
    let to = named.or_else(|| MessageId::parse("0")).expect("a digit is a name");
    let api: String = api.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let ack = office.acknowledgement(&api, to, outcome);
    ([(header::CONTENT_TYPE, "application/xml")], ack).into_response()
}
