//! `paiza listen`: events as they happen, handed on to a port of one's own.

use super::caller::Caller;
use super::{Interface, Listen};
use crate::output::{Failure, Output};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use developers::webhook::tag;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::time::Duration;
use store::{Clock, SystemClock};

/// Before it is tried again to listen.
const AGAIN: Duration = Duration::from_secs(1);

pub(crate) fn run(what: &Listen, output: Output) -> Result<(), Failure> {
    let secret: [u8; 24] = crypto::random::bytes();
    if let Some(to) = &what.forward_to {
        if !to.starts_with("http://") {
            return Err(Failure::usage("--forward-to is an http address of a port of yours"));
        }
        let shown = format!("whsec_{}", STANDARD.encode(secret));
        output.line(format!("Events go to {to}, signed with {shown}"));
        output.row(&json!({"event": "listening", "secret": shown}));
    }
    let (mut seen, mut count) = (None::<String>, 0);
    loop {
        let stream = open(&what.interface, seen.as_deref())?;
        let mut id = String::new();
        for line in stream.lines() {
            // A stream that breaks off is taken up again after the last event.
            let Ok(line) = line else { break };
            if let Some(name) = line.strip_prefix("id: ") {
                id = name.to_owned();
            }
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let event: Value =
                serde_json::from_str(data).map_err(|_| Failure::malformed("an event is no JSON"))?;
            let answered = what.forward_to.as_ref().map(|to| forward(to, &secret, &id, data.as_bytes()));
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            let object = event["object"].as_str().unwrap_or_default();
            match &answered {
                None => output.line(format!("{kind:<20} {object}  {id}")),
                Some(Ok(status)) => output.line(format!("{kind:<20} {object}  {id}  answered {status}")),
                Some(Err(why)) => output.line(format!("{kind:<20} {object}  {id}  not taken: {why}")),
            }
            output.row(&json!({"event": event, "answered": answered.and_then(Result::ok)}));
            seen = Some(id.clone());
            count += 1;
            if what.count.is_some_and(|most| count >= most) {
                output.summary(json!({"events": count}));
                return Ok(());
            }
        }
        std::thread::sleep(AGAIN);
    }
}

fn open(interface: &Interface, after: Option<&str>) -> Result<impl BufRead + use<>, Failure> {
    // The stream is as long as somebody listens, so nothing bounds it.
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(None).http_status_as_error(false).build().into();
    let mut request = agent
        .get(format!("http://{}/v1/events/stream", interface.at))
        .header("authorization", Caller(interface).bearer());
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let answer =
        request.call().map_err(|why| Failure::unreachable(format!("nobody answers there ({why})")))?;
    match answer.status().as_u16() {
        200 => Ok(BufReader::new(answer.into_body().into_reader())),
        401 => Err(Failure::business("this key opens nothing")),
        403 => Err(Failure::business("this key may not listen")),
        status => Err(Failure::business(format!("the interface answered {status}"))),
    }
}

/// Sends an event as a webhook would be sent.
fn forward(to: &str, secret: &[u8], id: &str, body: &[u8]) -> Result<u16, String> {
    let seconds = SystemClock.now().millis().div_euclid(1000);
    let signature = format!("v1,{}", STANDARD.encode(tag(secret, id, seconds, body)));
    let request = server::client::agent()
        .post(to)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature);
    request.send(body).map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
}
