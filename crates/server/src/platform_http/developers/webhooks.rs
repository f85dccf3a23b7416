//! Webhook endpoints: set up by callers, called by us.

use super::call::{Call, Reply, rendered};
use super::events::{KINDS, view as event_view};
use super::paging::{AFTER, BEFORE, LIMIT};
use super::shape::{Field, Kind, Shape};
use super::{Api, time};
use crate::platform_http::problem::Trouble;
use crate::test_mode::{self, Struck};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::vault::{Envelope, open, seal};
use developers::webhook::{AddEndpoint, Attempted, RemoveEndpoint, TOPIC, Tried, named, tag};
use developers::{DeliveryState, Endpoint, Event};
use serde::Serialize;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;
use store::{Arrival, Deliverer, Outcome};
use values::{Id, Outbound, Records, Secret, SecretBytes, id::kinds};

pub(super) static ENDPOINT: Shape = Shape {
    name: "WebhookEndpoint",
    says: "An address to which events are sent.",
    fields: &[
        Field::required("id", Kind::Id("whe"), "Its identifier."),
        Field::required("url", Kind::Text { least: 1, most: 500 }, "The address."),
        Field::required(
            "events",
            Kind::List(&Kind::Text { least: 1, most: 60 }),
            "The types that are sent; `*` is all.",
        ),
        Field::required("status", Kind::Word(&["enabled", "disabled"]), "One that answers 410 is disabled."),
        Field::required("created_at", Kind::Time, "When it was set up."),
    ],
};

pub(super) static NEW_ENDPOINT: Shape = Shape {
    name: "NewWebhookEndpoint",
    says: "What is said of a new endpoint.",
    fields: &[
        Field::required(
            "url",
            Kind::Text { least: 1, most: 500 },
            "Where to: in this sandbox an http address of this machine.",
        ),
        Field::optional(
            "events",
            Kind::List(&Kind::Text { least: 1, most: 60 }),
            "The types to be sent; all unless said otherwise.",
        ),
    ],
};

pub(super) static SECRET: Shape = Shape {
    name: "WebhookSecret",
    says: "The secret with which an endpoint's events are signed.",
    fields: &[Field::required(
        "secret",
        Kind::Text { least: 38, most: 38 },
        "`whsec_` and base64 (Standard Webhooks).",
    )],
};

pub(super) static REMOVED: Shape = Shape {
    name: "WebhookEndpointRemoved",
    says: "An endpoint that is no more.",
    fields: &[Field::required("id", Kind::Id("whe"), "Which it was.")],
};

pub(super) const LIST: &[Field] = &[LIMIT, AFTER, BEFORE];

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// What a sealed secret is bound to, before the endpoint's name.
const CONTEXT: &str = "webhook endpoint ";
/// How long connecting, and each word of the answer, may take.
const WAIT: Duration = Duration::from_secs(5);
/// The most of an answer that is read.
const ANSWER_MOST: u64 = 64 * 1024;

#[derive(Serialize)]
struct View {
    id: String,
    url: String,
    events: Vec<String>,
    status: &'static str,
    created_at: String,
}

fn view(endpoint: &Endpoint) -> View {
    View {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.kinds.clone(),
        status: if endpoint.enabled { "enabled" } else { "disabled" },
        created_at: time::write(endpoint.created_at),
    }
}

fn own(call: &Call) -> Result<Vec<Endpoint>, Trouble> {
    let mut all = call.api.store().read(|records| records.all::<Endpoint>())?;
    all.retain(|endpoint| endpoint.tenant == *call.tenant());
    Ok(all)
}

fn find(call: &Call) -> Result<Endpoint, Trouble> {
    let id: Id<kinds::WebhookEndpoint> = call.id()?;
    own(call)?.into_iter().find(|endpoint| endpoint.id == id).ok_or_else(Trouble::not_found)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let window = call.window()?;
    let all = own(call)?;
    let names = window.choose(all.iter().map(|endpoint| endpoint.id.to_string()).collect());
    let found = names.into_iter().filter_map(|name| {
        let endpoint = all.iter().find(|endpoint| endpoint.id.to_string() == name)?;
        Some((name, view(endpoint)))
    });
    Ok(window.page(call, found.collect()))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&view(&find(call)?)))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let url = call.text("url").unwrap_or_default();
    let invalid = |detail: &str, place: &str| Trouble::of("parameter_invalid", detail).at(place);
    let allowed = Target::parse(url).filter(|target| target.resolve().is_some());
    allowed
        .ok_or_else(|| invalid("In this sandbox this has to be an http address of this machine.", "/url"))?;
    let mut wanted = vec!["*".to_owned()];
    if let Some(listed) = call.body.get("events").and_then(serde_json::Value::as_array) {
        wanted = listed.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect();
        let unknown = wanted.iter().position(|kind| kind != "*" && !KINDS.contains(&kind.as_str()));
        if let Some(place) = unknown {
            return Err(invalid("There are no such events.", &format!("/events/{place}")));
        }
    }
    let id: Id<kinds::WebhookEndpoint> = Id::mint(call.now(), crypto::random::bytes());
    let secret = crypto::random::bytes::<24>();
    let sealed = seal(
        call.api.tokens().keys().vault(),
        &secret,
        format!("{CONTEXT}{id}").as_bytes(),
        &Secret::new(crypto::random::bytes()),
    );
    let endpoint = Endpoint {
        id,
        tenant: call.tenant().clone(),
        url: url.to_owned(),
        kinds: wanted,
        sealed: sealed.map_err(|_| Trouble::internal())?.as_bytes().to_vec(),
        enabled: true,
        created_at: call.now(),
    };
    let shown = rendered(201, &view(&endpoint));
    call.once(call.api.store(), AddEndpoint { endpoint }, move |()| shown.clone())
}

/// The signing secret of an endpoint.
fn secret_of(api: &Api, endpoint: &Endpoint) -> Option<SecretBytes> {
    let sealed = Envelope::from_bytes(&endpoint.sealed).ok()?;
    open(api.tokens().keys().vault(), &sealed, format!("{CONTEXT}{}", endpoint.id).as_bytes()).ok()
}

#[derive(Serialize)]
struct SecretView {
    secret: String,
}

/// The one answer with a secret. It is a question, so it is not remembered.
pub(super) fn secret(call: &Call) -> Result<Reply, Trouble> {
    let secret = secret_of(&call.api, &find(call)?).ok_or_else(Trouble::internal)?;
    Ok(Reply::ok(&SecretView { secret: format!("{PREFIX}{}", STANDARD.encode(secret.expose())) }))
}

#[derive(Serialize)]
struct Removed {
    id: String,
}

pub(super) fn remove(call: &Call) -> Result<Reply, Trouble> {
    // A repeat finds it gone and is answered from memory all the same.
    let id: Id<kinds::WebhookEndpoint> = call.id()?;
    if own(call)?.iter().all(|endpoint| endpoint.id != id) && !call.was_answered(call.api.store())? {
        return Err(Trouble::not_found());
    }
    let gone = rendered(200, &Removed { id: id.to_string() });
    call.once(call.api.store(), RemoveEndpoint { id }, move |()| gone.clone())
}

/// What carries events to endpoints.
pub(super) fn deliverers(api: &Api) -> HashMap<String, Deliverer> {
    let api = api.clone();
    let deliver: Deliverer = Box::new(move |outbound: &Outbound| deliver(&api, outbound));
    HashMap::from([(TOPIC.to_owned(), deliver)])
}

fn deliver(api: &Api, outbound: &Outbound) -> Arrival {
    let Some((id, number)) = named(&outbound.body) else { return Arrival::Delivered };
    let found = api
        .store()
        .read(move |records| Some((records.find::<Endpoint>(&id)?, records.find::<Event>(&number)?)));
    let (endpoint, event) = match found {
        Ok(Some(found)) => found,
        // The endpoint was removed.
        Ok(None) => return Arrival::Delivered,
        Err(_) => return Arrival::Retry,
    };
    if !endpoint.enabled {
        return Arrival::Delivered;
    }
    let tried = match send(api, &endpoint, &event) {
        Some(status) => Tried::Status(status),
        None => Tried::Silence,
    };
    match api.store().call(Attempted { endpoint: id, event: number, tried }) {
        Ok(Outcome::Done(DeliveryState::Pending)) | Err(_) => Arrival::Retry,
        Ok(_) => Arrival::Delivered,
    }
}

/// Sends an event; the status of the answer, if there was one.
fn send(api: &Api, endpoint: &Endpoint, event: &Event) -> Option<u16> {
    let target = Target::parse(&endpoint.url)?;
    let secret = secret_of(api, endpoint)?;
    let body = serde_json::to_vec(&event_view(event)).expect("texts and numbers are JSON");
    let id = event.id.to_string();
    // Whoever checks it lives outside, so this is the machine's time, also where a sandbox's clock was moved.
    let seconds = api.store().clock().machine().millis().div_euclid(1000);
    let signature = STANDARD.encode(tag(secret.expose(), &id, seconds, &body));
    let go = |body: &[u8]| {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Paiza\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\nwebhook-id: {id}\r\nwebhook-timestamp: {seconds}\r\n\
             webhook-signature: v1,{signature}\r\n\r\n",
            target.path,
            target.host,
            body.len()
        );
        target.exchange(head.as_bytes(), body).ok().flatten()
    };
    let struck = |struck| match struck {
        Struck::Silence => None,
        Struck::Status(status) => Some(status),
    };
    test_mode::send(api.webhook_crossing(), &body, go, struck)
}

/// An address that may be called.
///
/// Its host is resolved once, what is resolved is checked, and that very address is called, so no second look-up can
/// lead elsewhere; redirections are not followed. In a sandbox only this machine may be called, and nothing outside
/// a sandbox is called yet.
struct Target {
    host: String,
    path: String,
}

impl Target {
    fn parse(url: &str) -> Option<Target> {
        let rest = url.strip_prefix("http://")?;
        let plain = rest.bytes().all(|byte| byte.is_ascii_graphic());
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let usable = plain && !host.is_empty() && !host.contains('@') && !host.contains('\\');
        usable.then(|| Target { host: host.to_owned(), path })
    }

    /// The address that is called.
    fn resolve(&self) -> Option<SocketAddr> {
        let named = self.host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let host = if named { self.host.clone() } else { format!("{}:80", self.host) };
        let addresses: Vec<SocketAddr> = host.to_socket_addrs().ok()?.collect();
        // One bad address among good ones is a trick.
        let all = !addresses.is_empty() && addresses.iter().all(|at| is_this_machine(at.ip()));
        addresses.first().copied().filter(|_| all)
    }

    fn exchange(&self, head: &[u8], body: &[u8]) -> std::io::Result<Option<u16>> {
        let Some(at) = self.resolve() else { return Ok(None) };
        let mut stream = TcpStream::connect_timeout(&at, WAIT)?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.set_write_timeout(Some(WAIT))?;
        stream.write_all(head)?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        let mut bounded = stream.take(ANSWER_MOST);
        let mut piece = [0; 4096];
        while !answer.contains(&b'\n') {
            match bounded.read(&mut piece)? {
                0 => break,
                read => answer.extend_from_slice(&piece[..read]),
            }
        }
        Ok(status_in(&answer))
    }
}

fn status_in(answer: &[u8]) -> Option<u16> {
    let line = str::from_utf8(answer.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

fn is_this_machine(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(ip.is_loopback(), |ip| ip.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_this_machine_is_called() {
        let called =
            |url: &str| Target::parse(url).and_then(|target| target.resolve()).map(|at| at.to_string());
        assert_eq!(called("http://127.0.0.1:9000/hook?a=b").as_deref(), Some("127.0.0.1:9000"));
        assert_eq!(called("http://[::1]:9000").as_deref(), Some("[::1]:9000"));
        assert_eq!(called("http://[::ffff:127.0.0.1]:9000").as_deref(), Some("[::ffff:127.0.0.1]:9000"));
        for wrong in [
            "https://127.0.0.1/",
            "ftp://127.0.0.1/",
            "127.0.0.1",
            "http://",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://192.168.1.1/",
            "http://0.0.0.0:80/",
            "http://2852039166/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fe80::1]/",
            "http://127.0.0.1@10.0.0.1/",
            "http://127.0.0.1\\@10.0.0.1/",
            "http://127.0.0.1:9000/\r\nHost: x",
            "http://100.64.0.1/",
        ] {
            assert_eq!(called(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_status_is_read_and_nothing_else() {
        assert_eq!(status_in(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(204));
        for wrong in [&b""[..], b"HTTP/2 200", b"HTTP/1.1", b"HTTP/1.1 x\r\n", b"\xff\xff 200\r\n"] {
            assert_eq!(status_in(wrong), None);
        }
    }
}
