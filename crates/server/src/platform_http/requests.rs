//! What is kept of requests: a line of each of the last, and how long those of each route took.
//!
//! A line has the members that are listed in [`Line`] and no others, so nothing else of a request can be logged: no body,
//! no query, no header.

use super::problem::Trouble;
use axum::extract::MatchedPath;
use axum::http::Request;
use axum::response::Response;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The name of a request: in its answer, in problems, in the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestName(Arc<str>);

impl RequestName {
    pub(crate) fn new(name: &str) -> RequestName {
        RequestName(Arc::from(name))
    }
}

impl fmt::Display for RequestName {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(&self.0)
    }
}

/// Who asked and about what, as the one who answered knows it.
#[derive(Clone, Debug)]
pub(crate) struct Concerns {
    pub(crate) tenant: String,
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
    /// Whose key it was; none if there was none.
    tenant: Option<String>,
    /// The first thing that the path names, as its answer knows it.
    object_id: Option<String>,
    method: String,
    /// The route, with names in place of identifiers.
    route: String,
    status: u16,
    /// The code of the problem that was answered.
    code: Option<String>,
    latency_ms: u64,
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

#[derive(Default)]
struct Kept {
    lines: VecDeque<Line>,
    last: u64,
    latencies: BTreeMap<(String, String, u16), Latencies>,
}

/// The last requests of a door. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Kept>>);

/// What is known of a request before it is answered.
pub(crate) struct Asked {
    name: String,
    method: String,
    route: String,
}

impl Asked {
    pub(crate) fn of<B>(name: &str, request: &Request<B>) -> Asked {
        let matched = request.extensions().get::<MatchedPath>();
        Asked {
            name: name.to_owned(),
            // Anybody may make methods up; as labels they would have no end.
            method: match request.method().as_str() {
                known @ ("GET" | "POST" | "PATCH" | "PUT" | "DELETE" | "HEAD" | "OPTIONS") => {
                    known.to_owned()
                }
                _ => "OTHER".to_owned(),
            },
            route: matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned()),
        }
    }
}

impl Requests {
    /// Keeps what is to be known of a request that was answered.
    pub(crate) fn answered(&self, asked: Asked, answer: &Response, at: String, took: Duration) {
        let concerns = answer.extensions().get::<Concerns>();
        let status = answer.status().as_u16();
        let mut line = Line {
            number: 0,
            ts: at,
            level: if status >= 500 { "ERROR" } else { "INFO" },
            target: "paiza::requests",
            request_id: asked.name,
            tenant: concerns.map(|concerns| concerns.tenant.clone()),
            object_id: concerns.and_then(|concerns| concerns.object.clone()),
            method: asked.method,
            route: asked.route,
            status,
            code: answer.extensions().get::<Trouble>().map(|trouble| trouble.problem().code.clone()),
            latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        line.tell();
        let mut kept = self.0.lock().expect("no holder of this lock panics");
        kept.last += 1;
        line.number = kept.last;
        let route = (line.route.clone(), line.method.clone(), status);
        let latencies = kept.latencies.entry(route).or_default();
        let class = CLASSES.iter().position(|most| took <= Duration::from_millis(*most));
        latencies.counts[class.unwrap_or(CLASSES.len())] += 1;
        latencies.total += took;
        if kept.lines.len() == KEPT {
            kept.lines.pop_front();
        }
        kept.lines.push_back(line);
    }

    /// The lines after this number that are still there, oldest first, at most so many.
    pub(crate) fn after(&self, number: u64, most: usize) -> Vec<Line> {
        let kept = self.0.lock().expect("no holder of this lock panics");
        let first = kept.lines.partition_point(|line| line.number <= number);
        kept.lines.iter().skip(first).take(most).cloned().collect()
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
        for ((route, method, status), latencies) in latencies {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            let mut count = 0;
            for (most, counted) in CLASSES.iter().zip(latencies.counts) {
                count += counted;
                let most = *most as f64 / 1000.0;
                let _ = writeln!(text, "paiza_http_request_seconds_bucket{{{labels},le=\"{most}\"}} {count}");
            }
            count += latencies.counts[CLASSES.len()];
            let _ = writeln!(text, "paiza_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}");
            let total = latencies.total.as_secs_f64();
            let _ = writeln!(text, "paiza_http_request_seconds_sum{{{labels}}} {total}");
            let _ = writeln!(text, "paiza_http_request_seconds_count{{{labels}}} {count}");
        }
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

    fn asked(name: &str) -> Asked {
        let request = Request::builder().method("BREW").uri("/v1/payments?secret=1").body(Body::empty());
        Asked::of(name, &request.unwrap())
    }

    #[test]
    fn lines_are_counted_and_the_oldest_are_forgotten() {
        let requests = Requests::default();
        for number in 1..=KEPT + 5 {
            let answer = Trouble::not_found().into_response();
            requests.answered(
                asked(&format!("req_{number}")),
                &answer,
                String::new(),
                Duration::from_millis(3),
            );
        }
        assert_eq!(requests.last(), KEPT as u64 + 5);
        assert_eq!(requests.after(0, 10_000).len(), KEPT);
        let last = requests.after(KEPT as u64 + 3, 10);
        let names: Vec<&str> = last.iter().map(|line| line.request_id.as_str()).collect();
        assert_eq!(names, ["req_1004", "req_1005"]);
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
            requests.answered(asked("req"), &answer, String::new(), Duration::from_millis(millis));
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
