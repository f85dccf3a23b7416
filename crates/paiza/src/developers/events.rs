//! `paiza events`: events again.

use super::Events;
use super::caller::Caller;
use crate::output::{Failure, Output};
use serde_json::json;

pub(crate) fn run(what: &Events, output: Output) -> Result<(), Failure> {
    match what {
        Events::List { interface, limit } => {
            let page = Caller(interface).get(&format!("/v1/events?limit={limit}"))?;
            for event in page["data"].as_array().into_iter().flatten() {
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                output.line(format!(
                    "{}  {:<20} {}  {}",
                    text("created"),
                    text("type"),
                    text("object"),
                    text("id")
                ));
                output.row(event);
            }
        }
        Events::Resend { interface, event } => {
            let named = event.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !named {
                return Err(Failure::usage("an event is named evt_ and 26 letters"));
            }
            let answer = Caller(interface).post(&format!("/v1/events/{event}/resend"), None)?;
            output.line(format!("{event} goes to {} endpoints again.", answer["endpoints"]));
            output.row(&answer);
        }
        Events::Replay { interface, from, to, endpoint, all } => {
            let mut wish = json!({"from": from, "to": to, "undelivered": !all});
            if let Some(endpoint) = endpoint {
                wish["webhook_endpoint"] = json!(endpoint);
            }
            let answer = Caller(interface).post("/v1/events/replay", Some(&wish))?;
            output.line(format!(
                "{} events happened; {} deliveries are made again.",
                answer["events"], answer["deliveries"]
            ));
            output.row(&answer);
        }
    }
    output.summary(json!({}));
    Ok(())
}
