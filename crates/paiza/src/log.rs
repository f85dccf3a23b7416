//! The process's log, on stderr: text for whoever sits at a terminal, JSON Lines for whoever collects it.
//!
//! A line of JSON has listed members alone. What somebody adds to an event and not to the list is not written, so nothing gets
//! into logs by accident.

mod spool;

use serde_json::{Map, Value, json};
use spool::{Spool, Writing};
use std::fmt;
use std::io::IsTerminal as _;
use store::Clock as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, fmt as subscriber};
use tracing_subscriber::registry::LookupSpan;

/// What an event may tell, beside when it happened, how grave it is and where it comes from.
const LISTED: [&str; 15] = [
    "message",
    "request_id",
    "trace_id",
    "tenant",
    "object_id",
    "code",
    "latency_ms",
    "method",
    "route",
    "status",
    "error",
    "endpoint",
    "event",
    "tries",
    "bank",
];

/// Warnings and errors go to stderr; `RUST_LOG` asks for more. Lines are written until what is handed back is dropped.
pub(crate) fn to_stderr() -> Writing {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    let (spool, writing) = Spool::to(std::io::stderr(), left_out);
    let log = subscriber().with_env_filter(filter).with_writer(move || spool.clone());
    match std::io::stderr().is_terminal() {
        true => log.init(),
        false => log.event_format(Lines).init(),
    }
    writing
}

/// What is said of lines that came faster than they could be written.
fn left_out(lines: u64) -> String {
    let at = server::platform_http::developers::time::write(store::SystemClock.now());
    let line = json!({"ts": at, "level": "WARN", "target": "paiza::log", "message": format!("{lines} lines were left out")});
    format!("{line}\n")
}

/// An event as a line of JSON.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Line::default();
        let at = server::platform_http::developers::time::write(store::SystemClock.now());
        line.0.insert("ts".to_owned(), Value::from(at));
        line.0.insert("level".to_owned(), Value::from(event.metadata().level().as_str()));
        line.0.insert("target".to_owned(), Value::from(event.metadata().target()));
        event.record(&mut line);
        writeln!(to, "{}", Value::Object(line.0))
    }
}

#[derive(Default)]
struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, field: &Field, value: Value) {
        if LISTED.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Line {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::from(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_not_listed_is_not_logged() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = subscriber().event_format(Lines).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, || {
            tracing::error!(code = "not_found", status = 404, pan = "6216600100000000016", "answered");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "level", "message", "status", "target", "ts"]);
        assert!(!text.contains("6216600100000000016"), "{text}");
    }
}
