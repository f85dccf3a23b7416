//! What is kept of requests: a line of each of the last, and how long those of each route took.
//!
//! A line has the members that are listed in [`Line`] and no others, so nothing else of a request can be logged: no body,
//! no query, no header.

use super::problem::Trouble;
use super::trace_context::TraceContext;
use axum::extract::MatchedPath;
use axum::http::Request;
use axum::response::Response;
use developers::Tenant;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use values::{Id, Timestamp, id::kinds};

/// The name of a request: in its answer, in problems, in the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestName(Option<Id<kinds::Request>>);

impl RequestName {
    pub(crate) fn new(name: Id<kinds::Request>) -> RequestName {
        RequestName(Some(name))
    }
}

impl fmt::Display for RequestName {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| name.fmt(text))
    }
}

/// Who asked and about what, as the one who answered knows it.
#[derive(Clone, Debug)]
pub(crate) struct Concerns {
    pub(crate) tenant: Tenant,
    pub(crate) object: Option<String>,
}

/// What the log says of a request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    /// Counts the lines from 1.
    number: u64,
    /// When it was answered, RFC 3339.
    ts: String,
    level: &'static str,
    target: &'static str,
    request_id: String,
    /// The caller's trace, if it named one.
    trace_id: Option<String>,
    /// Whose key it was; none if there was none.
    tenant: Option<String>,
    /// The first thing that the path names, as its answer knows it.
    object_id: Option<String>,
    method: &'static str,
    /// The route, with names in place of identifiers.
    route: String,
    status: u16,
    /// The code of the problem that was answered.
    code: Option<String>,
    latency_ms: u64,
}

/// The same as it is kept: most lines are never read, so none is written out before it is.
#[derive(Clone)]
struct Entry {
    number: u64,
    at: Timestamp,
    asked: Asked,
    concerns: Option<Concerns>,
    status: u16,
    code: Option<String>,
    took: Duration,
}

impl Entry {
    fn line(&self) -> Line {
        let concerns = self.concerns.as_ref();
        Line {
            number: self.number,
            ts: super::developers::time::write(self.at),
            level: if self.status >= 500 { "ERROR" } else { "INFO" },
            target: "paiza::requests",
            request_id: self.asked.name.to_string(),
            trace_id: self.asked.trace.as_ref().map(TraceContext::trace_id),
            tenant: concerns.map(|concerns| concerns.tenant.to_string()),
            object_id: concerns.and_then(|concerns| concerns.object.clone()),
            method: self.asked.method,
            route: self.asked.route().to_owned(),
            status: self.status,
            code: self.code.clone(),
            latency_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Lines that are kept.
const KEPT: usize = 1000;
/// Upper ends of the classes into which latencies are counted, in milliseconds.
const CLASSES: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30_000];

/// How long the requests of a route took.
#[derive(Clone, Default)]
struct Latencies {
    /// How many took at most as long as each class says, and no less than the one before; the last took longer.
    counts: [u64; CLASSES.len() + 1],
    total: Duration,
}

impl Latencies {
    fn count(&mut self, took: Duration) {
        let class = CLASSES.iter().position(|most| took <= Duration::from_millis(*most));
        self.counts[class.unwrap_or(CLASSES.len())] += 1;
        self.total += took;
    }
}

#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    last: u64,
    /// By route, then by method and status.
    latencies: BTreeMap<String, BTreeMap<(&'static str, u16), Latencies>>,
}

/// The last requests of a door. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Kept>>);

/// What is known of a request before it is answered.
#[derive(Clone)]
pub(crate) struct Asked {
    name: RequestName,
    trace: Option<TraceContext>,
    method: &'static str,
    route: Option<MatchedPath>,
}

/// Anybody may make methods up; as labels they would have no end.
const METHODS: [&str; 7] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];

impl Asked {
    pub(crate) fn of<B>(name: RequestName, trace: Option<TraceContext>, request: &Request<B>) -> Asked {
        let method = METHODS.into_iter().find(|known| *known == request.method().as_str());
        let route = request.extensions().get::<MatchedPath>().cloned();
        Asked { name, trace, method: method.unwrap_or("OTHER"), route }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl Requests {
    /// Keeps what is to be known of a request that was answered.
    pub(crate) fn answered(&self, asked: Asked, answer: &Response, at: Timestamp, took: Duration) {
        let mut entry = Entry {
            number: 0,
            at,
            asked,
            concerns: answer.extensions().get::<Concerns>().cloned(),
            status: answer.status().as_u16(),
            code: answer.extensions().get::<Trouble>().map(|trouble| trouble.problem().code.clone()),
            took,
        };
        if tracing::enabled!(target: "paiza::requests", tracing::Level::INFO) {
            entry.line().tell();
        }
        let mut kept = self.0.lock().expect("no holder of this lock panics");
        kept.last += 1;
        entry.number = kept.last;
        let (key, route) = ((entry.asked.method, entry.status), entry.asked.route());
        match kept.latencies.get_mut(route) {
            Some(known) => known.entry(key).or_default().count(took),
            None => kept.latencies.entry(route.to_owned()).or_default().entry(key).or_default().count(took),
        }
        if kept.entries.len() == KEPT {
            kept.entries.pop_front();
        }
        kept.entries.push_back(entry);
    }

    /// The lines after this number that are still there, oldest first, at most so many.
    pub(crate) fn after(&self, number: u64, most: usize) -> Vec<Line> {
        let found: Vec<Entry> = {
            let kept = self.0.lock().expect("no holder of this lock panics");
            let first = kept.entries.partition_point(|entry| entry.number <= number);
            kept.entries.iter().skip(first).take(most).cloned().collect()
        };
        found.iter().map(Entry::line).collect()
    }

    /// The number of the last line.
    pub(crate) fn last(&self) -> u64 {
        self.0.lock().expect("no holder of this lock panics").last
    }

    /// How long requests took, as Prometheus reads it (text format 0.0.4).
    pub(crate) fn write_metrics(&self, text: &mut String) {
        let latencies = self.0.lock().expect("no holder of this lock panics").latencies.clone();
        text.push_str("# HELP paiza_http_request_seconds How long requests took until their answers.\n");
        text.push_str("# TYPE paiza_http_request_seconds histogram\n");
        for (route, of_route) in latencies {
            for ((method, status), latencies) in of_route {
                let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
                latencies.write(&labels, text);
            }
        }
    }
}

impl Latencies {
    fn write(&self, labels: &str, text: &mut String) {
        let mut count = 0;
        for (most, counted) in CLASSES.iter().zip(self.counts) {
            count += counted;
            let most = *most as f64 / 1000.0;
            let _ = writeln!(text, "paiza_http_request_seconds_bucket{{{labels},le=\"{most}\"}} {count}");
        }
        count += self.counts[CLASSES.len()];
        let _ = writeln!(text, "paiza_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}");
        let total = self.total.as_secs_f64();
        let _ = writeln!(text, "paiza_http_request_seconds_sum{{{labels}}} {total}");
        let _ = writeln!(text, "paiza_http_request_seconds_count{{{labels}}} {count}");
    }
}

impl Line {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Hands the line to whoever keeps the process's log.
    fn tell(&self) {
        let (tenant, object, code) =
            (self.tenant.as_deref(), self.object_id.as_deref(), self.code.as_deref());
        tracing::info!(
            target: "paiza::requests",
            request_id = self.request_id,
            trace_id = self.trace_id.as_deref(),
            tenant,
            object_id = object,
            method = self.method,
            route = self.route,
            status = self.status,
            code,
            latency_ms = self.latency_ms,
            "answered"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::response::IntoResponse;

    const AT: Timestamp = Timestamp::from_millis(1_795_320_000_123);

    fn asked(name: u128) -> Asked {
        let request = Request::builder().method("BREW").uri("/v1/payments?secret=1").body(Body::empty());
        Asked::of(RequestName::new(Id::from_u128(name)), None, &request.unwrap())
    }

    #[test]
    fn lines_are_counted_and_the_oldest_are_forgotten() {
        let requests = Requests::default();
        for number in 1..=KEPT + 5 {
            let answer = Trouble::not_found().into_response();
            requests.answered(asked(number as u128), &answer, AT, Duration::from_millis(3));
        }
        assert_eq!(requests.last(), KEPT as u64 + 5);
        assert_eq!(requests.after(0, 10_000).len(), KEPT);
        let last = requests.after(KEPT as u64 + 3, 10);
        let names: Vec<String> = last.iter().map(|line| line.request_id.clone()).collect();
        assert_eq!(names, [1004, 1005].map(|name| Id::<kinds::Request>::from_u128(name).to_string()));
        let line = serde_json::to_value(&last[0]).unwrap();
        assert_eq!(
            (&line["method"], &line["route"], &line["code"]),
            (&"OTHER".into(), &"none".into(), &"not_found".into())
        );
        assert!(!line.to_string().contains("secret"), "nothing of a query is kept");
    }

    #[test]
    fn latencies_are_counted_into_classes_that_hold_one_another() {
        let requests = Requests::default();
        for millis in [1, 3, 3, 40_000] {
            let answer = Trouble::not_found().into_response();
            requests.answered(asked(1), &answer, AT, Duration::from_millis(millis));
        }
        let mut text = String::new();
        requests.write_metrics(&mut text);
        let labels = "route=\"none\",method=\"OTHER\",status=\"404\"";
        for (end, count) in [("0.001", 1), ("0.002", 1), ("0.005", 3), ("30", 3), ("+Inf", 4)] {
            let line = format!("paiza_http_request_seconds_bucket{{{labels},le=\"{end}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains(&format!("paiza_http_request_seconds_count{{{labels}}} 4\n")), "{text}");
    }
}
