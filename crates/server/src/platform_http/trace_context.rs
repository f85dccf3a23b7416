//! The trace that a caller's request belongs to (W3C Trace Context, level 1): read from `traceparent`, written into the log,
//! and handed on to the webhooks that tell what came of it.
//!
//! What is handed on names the caller's trace and a span of our own. Which thing a trace was about is kept in memory alone:
//! after a restart its webhooks go without one.

use axum::http::{HeaderMap, HeaderValue};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

/// The longest `tracestate` that is handed on (3.3.1.5: at least 512 characters).
const STATE_MOST: usize = 512;
/// Things whose trace is remembered.
const FOLLOWED_MOST: usize = 10_000;

/// A caller's trace, and our part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// That of a request, with this as the name of our span; nothing where there is none, or none that can be read, which
    /// is as if there were none (3.2.2.3).
    pub(crate) fn of(headers: &HeaderMap, span: [u8; 8]) -> Option<TraceContext> {
        let mut lines = headers.get_all("traceparent").iter();
        let (first, None) = (lines.next()?, lines.next()) else { return None };
        let (trace, flags) = read(first.to_str().ok()?)?;
        let states: Option<Vec<&str>> =
            headers.get_all("tracestate").iter().map(|line| line.to_str().ok()).collect();
        let state = states.map(|lines| lines.join(",")).unwrap_or_default();
        let fits = !state.is_empty() && state.len() <= STATE_MOST;
        Some(TraceContext { trace, span, flags, state: fits.then(|| Arc::from(state)) })
    }

    /// The name of the trace.
    pub(crate) fn trace_id(&self) -> String {
        hex::encode(self.trace)
    }

    /// As an answer's `traceresponse`, or as `traceparent` of what follows from the request.
    pub(crate) fn value(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("hexadecimal digits and hyphens fit a header")
    }

    /// The headers of a call that follows from the request, in a span of this name.
    pub(crate) fn lines(&self, span: [u8; 8]) -> String {
        let parent = TraceContext { span, ..self.clone() };
        let state = self.state.as_ref().map_or_else(String::new, |state| format!("tracestate: {state}\r\n"));
        format!("traceparent: {parent}\r\n{state}")
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", hex::encode(self.trace), hex::encode(self.span), self.flags)
    }
}

/// Trace and flags of a `traceparent` (3.2.2). Of a version we do not know, what it has in common with ours is read (4.3).
fn read(text: &str) -> Option<([u8; 16], u8)> {
    let (known, rest) = text.split_at_checked(55)?;
    let parts: Vec<&str> = known.split('-').collect();
    let [version, trace, parent, flags] = parts[..] else { return None };
    let longer = rest.is_empty() || (version != "00" && rest.starts_with('-'));
    let small = known.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !longer || !small || version.len() != 2 || version == "ff" {
        return None;
    }
    let trace: [u8; 16] = hex::decode(trace).ok()?.try_into().ok()?;
    let parent: [u8; 8] = hex::decode(parent).ok()?.try_into().ok()?;
    let [flags]: [u8; 1] = hex::decode(flags).ok()?.try_into().ok()?;
    // Only the first flag means something: whether the caller records the trace.
    (trace != [0; 16] && parent != [0; 8]).then_some((trace, flags & 1))
}

/// Which trace last changed a thing.
#[derive(Default)]
pub(crate) struct Traces(Mutex<Followed>);

#[derive(Default)]
struct Followed {
    of: HashMap<String, TraceContext>,
    order: VecDeque<String>,
}

impl Traces {
    /// Something was done with a thing in this trace.
    pub(crate) fn follow(&self, thing: &str, trace: &TraceContext) {
        let mut followed = self.0.lock().expect("no holder of this lock panics");
        if followed.of.insert(thing.to_owned(), trace.clone()).is_none() {
            followed.order.push_back(thing.to_owned());
        }
        if followed.order.len() > FOLLOWED_MOST
            && let Some(oldest) = followed.order.pop_front()
        {
            followed.of.remove(&oldest);
        }
    }

    /// The trace of a thing, if it is remembered.
    pub(crate) fn of(&self, thing: &str) -> Option<TraceContext> {
        self.0.lock().expect("no holder of this lock panics").of.get(thing).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(lines: &[(&'static str, &str)]) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, line.parse().unwrap());
        }
        TraceContext::of(&headers, [0x11; 8])
    }

    /// The example of the specification (3.2.2.4), and what is none.
    #[test]
    fn a_trace_is_read_or_passed_over() {
        let known = of(&[("traceparent", PARENT)]).unwrap();
        assert_eq!(known.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(known.to_string(), "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01");
        let newer = PARENT.replacen("00-", "cc-", 1) + "-more";
        assert_eq!(of(&[("traceparent", newer.as_str())]), Some(known));
        for wrong in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "0-00af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(of(&[("traceparent", wrong)]), None, "{wrong}");
        }
        assert_eq!(of(&[("traceparent", PARENT), ("traceparent", PARENT)]), None, "twice is none");
    }

    #[test]
    fn what_follows_names_the_trace_and_a_span_of_its_own() {
        let state = [("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")];
        let lines = of(&state).unwrap().lines([0x22; 8]);
        assert_eq!(
            lines,
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-2222222222222222-01\r\ntracestate: a=1,b=2\r\n"
        );
        let long = "x=".to_owned() + &"y".repeat(STATE_MOST);
        let lines = of(&[("traceparent", PARENT), ("tracestate", long.as_str())]).unwrap().lines([0x22; 8]);
        assert!(!lines.contains("tracestate"), "{lines}");
    }

    #[test]
    fn the_oldest_things_are_forgotten() {
        let (traces, trace) = (Traces::default(), of(&[("traceparent", PARENT)]).unwrap());
        (0..=FOLLOWED_MOST).for_each(|number| traces.follow(&format!("pay_{number}"), &trace));
        assert_eq!((traces.of("pay_0"), traces.of("pay_1")), (None, Some(trace)));
    }
}
