//! Test helpers: the clock and the faults of a sandbox, for the operator's key.
//!
//! They leave no trace in the records: a city whose clock was moved day by day is the same as one whose clock was moved a
//! year at once. So requests are remembered in memory here, as long as the city runs, and nothing is told as an event.

use super::call::{Call, Reply, rendered};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::shape::{Field, Kind, Shape};
use super::time;
use crate::platform_http::problem::Trouble;
use crate::test_mode::{ClockRefusal, Fault, FaultError, Leg, Listed, Moved, Shown, TestTools, Waiting};
use developers::answer::differences;
use developers::{Part, Rendered, Tenant};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use values::{Id, id::kinds};

pub(super) static CLOCK: Shape =
    Shape { name: "TestClock", says: "The one clock of a sandbox.", fields: CLOCK_FIELDS };

const CLOCK_FIELDS: &[Field] = &[
    Field::required("now", Kind::Time, "What it shows."),
    Field::required("state", Kind::Word(&["running", "frozen"]), "Whether it stands still."),
    Field::required("real", Kind::Flag, "Whether it runs with the machine's own time."),
    Field::required(
        "ahead_ms",
        Kind::Whole { least: i64::MIN, most: i64::MAX },
        "How far it is ahead of the machine, in milliseconds; below zero behind it.",
    ),
];

pub(super) static MOVED: Shape = Shape {
    name: "MovedTestClock",
    says: "The clock after it was moved, and what is not done.",
    fields: &[
        CLOCK_FIELDS[0],
        CLOCK_FIELDS[1],
        CLOCK_FIELDS[2],
        CLOCK_FIELDS[3],
        Field::required(
            "waiting",
            Kind::List(&Kind::Text { least: 1, most: 200 }),
            "What was due by then and is still tried: party, what about, tries, and when next.",
        ),
    ],
};

pub(super) static ADVANCE: Shape = Shape {
    name: "ClockAdvance",
    says: "How far the clock is moved.",
    fields: &[Field::required(
        "by_seconds",
        Kind::Whole { least: 1, most: 10 * 366 * 86_400 },
        "Seconds; at most ten years.",
    )],
};

pub(super) static GO_TO: Shape = Shape {
    name: "ClockGoTo",
    says: "To where the clock is moved.",
    fields: &[Field::optional("to", Kind::Time, "The moment; the machine's own time unless said otherwise.")],
};

pub(super) static FAULT: Shape = Shape {
    name: "Fault",
    says: "Something that goes wrong on the wires.",
    fields: &[
        Field::required("id", Kind::Id("flt"), "Its identifier."),
        Field::required("leg", Kind::Text { least: 1, most: 64 }, "From one party to another."),
        Field::required("what", Kind::Text { least: 1, most: 100 }, "What happens there, as it was written."),
        Field::required(
            "struck",
            Kind::Whole { least: 0, most: i64::MAX },
            "How many messages it has struck.",
        ),
        Field::required("created_at", Kind::Time, "Since when."),
    ],
};

pub(super) static NEW_FAULT: Shape = Shape {
    name: "NewFault",
    says: "What is to go wrong.",
    fields: &[
        Field::required(
            "leg",
            Kind::Text { least: 1, most: 64 },
            "terminal-acquirer, acquirer-network, network-gateway, gateway-issuer, platform-network, network-issuer, platform-telephone, issuer-telephone, issuer-events, webhooks or settlement-files; where there is one for each bank, a colon and its short name may follow.",
        ),
        Field::required(
            "what",
            Kind::Text { least: 1, most: 100 },
            "latency=20s, drop, duplicate, reorder, corrupt, answer=96 (over HTTP answer=503) or partial; then, after commas, p=0.3 (how probably), on=answers (which way) and seed=7 (from which the dice are thrown).",
        ),
    ],
};

pub(super) static DELETED: Shape = Shape {
    name: "FaultDeleted",
    says: "A fault that is off.",
    fields: &[Field::required("id", Kind::Id("flt"), "Which it was.")],
};

pub(super) static CLEARED: Shape = Shape {
    name: "FaultsDeleted",
    says: "The wires are whole.",
    fields: &[Field::required(
        "deleted",
        Kind::Whole { least: 0, most: i64::MAX },
        "How many faults there were.",
    )],
};

pub(super) const LIST: &[Field] = &[LIMIT, AFTER, BEFORE];

/// Where what is asked is done with the tools of a sandbox, one after another.
pub(super) const PATHS: &[&str] = &["/v1/test_helpers/clock", "/v1/test_helpers/faults"];

/// Answers remembered at a time.
const REMEMBERED_MOST: usize = 1000;

/// A request that was carried out: its name, what it said, and its answer.
type CarriedOut = (String, Vec<Part>, Rendered);

/// The tools of a sandbox, and what was done with them.
pub(super) struct Helpers {
    tools: TestTools,
    done: Mutex<VecDeque<CarriedOut>>,
}

impl Helpers {
    pub(super) fn new(tools: TestTools) -> Helpers {
        Helpers { tools, done: Mutex::default() }
    }
}

/// The tools, for the operator's key.
fn helpers(call: &Call) -> Result<&Helpers, Trouble> {
    if *call.tenant() != Tenant::Platform {
        return Err(Trouble::not_found());
    }
    let only = "This platform runs no sandbox.";
    call.api.0.helpers.get().ok_or_else(|| Trouble::of("test_mode_only", only))
}

/// Does something once for its request key. Whoever asks again meanwhile waits for the answer.
fn once(call: &Call, work: impl FnOnce(&TestTools) -> Result<Rendered, Trouble>) -> Result<Reply, Trouble> {
    let (helpers, asked) = (helpers(call)?, call.asked()?);
    let mut done = helpers.done.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, parts, answer)) = done.iter().find(|(name, ..)| *name == asked.name) {
        let places = differences(parts, &asked.parts);
        if !places.is_empty() {
            let detail = "The key was used for a request that says something else at these places.";
            return Err(Trouble::of("idempotency_key_reused", detail).differing(places));
        }
        return Ok(Reply::replayed(answer.clone()));
    }
    let answer = work(&helpers.tools)?;
    if done.len() == REMEMBERED_MOST {
        done.pop_front();
    }
    done.push_back((asked.name.clone(), asked.parts.clone(), answer.clone()));
    Ok(Reply::first(answer))
}

#[derive(Serialize)]
struct ClockView {
    now: String,
    state: &'static str,
    real: bool,
    ahead_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Vec<String>>,
}

fn view(shown: Shown) -> ClockView {
    ClockView {
        now: time::write(shown.now),
        state: if shown.frozen { "frozen" } else { "running" },
        real: shown.real,
        ahead_ms: shown.ahead_ms,
        waiting: None,
    }
}

fn moved(moved: &Moved) -> Rendered {
    let waiting = moved.waiting.iter().map(|one: &Waiting| {
        format!(
            "{}: {}, tried {} times, next at {}",
            one.party,
            one.topic,
            one.attempts,
            time::write(one.due)
        )
    });
    rendered(200, &ClockView { waiting: Some(waiting.collect()), ..view(moved.shown) })
}

fn not_moved(refusal: ClockRefusal) -> Trouble {
    match refusal {
        ClockRefusal::Backwards { .. } => Trouble::of("clock_backwards", &sentence(&refusal)),
        ClockRefusal::TooFar => Trouble::of("parameter_invalid", &sentence(&refusal)),
        ClockRefusal::File(_) => {
            tracing::error!(%refusal, "the clock was not moved");
            Trouble::unavailable()
        }
    }
}

fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

pub(super) fn clock(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&view(helpers(call)?.tools.clockwork.shown())))
}

pub(super) fn freeze(call: &Call) -> Result<Reply, Trouble> {
    once(call, |tools| tools.clockwork.freeze().map(|shown| rendered(200, &view(shown))).map_err(not_moved))
}

pub(super) fn resume(call: &Call) -> Result<Reply, Trouble> {
    once(call, |tools| tools.clockwork.resume().map(|shown| rendered(200, &view(shown))).map_err(not_moved))
}

pub(super) fn advance(call: &Call) -> Result<Reply, Trouble> {
    let seconds = call.whole("by_seconds").and_then(|seconds| u64::try_from(seconds).ok());
    let by = Duration::from_secs(seconds.unwrap_or(0));
    once(call, |tools| tools.clockwork.advance(by).map(|done| moved(&done)).map_err(not_moved))
}

pub(super) fn go_to(call: &Call) -> Result<Reply, Trouble> {
    let invalid = || Trouble::of("parameter_invalid", "This is no moment.").at("/to");
    let to = call.text("to").map(|text| time::parse(text).ok_or_else(invalid)).transpose()?;
    once(call, |tools| {
        let done = match to {
            Some(to) => tools.clockwork.go_to(to),
            None => tools.clockwork.go_to_machine_time(),
        };
        done.map(|done| moved(&done)).map_err(not_moved)
    })
}

#[derive(Serialize)]
struct FaultView {
    id: String,
    leg: String,
    what: String,
    struck: u64,
    created_at: String,
}

fn fault_view(listed: &Listed) -> FaultView {
    FaultView {
        id: listed.id.to_string(),
        leg: listed.fault.leg.to_string(),
        what: listed.fault.to_string(),
        struck: listed.struck,
        created_at: time::write(listed.since),
    }
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let all = helpers(call)?.tools.faults.listed();
    let member = |one: &Listed, name: &str| match name {
        "leg" => Some(one.fault.leg.to_string()),
        "created_at" => Some(time::write(one.since)),
        _ => None,
    };
    let list = InMemory { all, name: |one| one.id.to_string(), member };
    list.answer(call, call.api.store(), |_, one| fault_view(one))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let (leg, what) = (call.text("leg").unwrap_or_default(), call.text("what").unwrap_or_default());
    let fault = Fault::parse(leg, what).map_err(no_fault)?;
    let now = call.now();
    once(call, |tools| Ok(rendered(201, &fault_view(&tools.faults.add(fault, now)))))
}

fn no_fault(error: FaultError) -> Trouble {
    let place = if error.part() == "leg" { "/leg" } else { "/what" };
    let mut detail = sentence(&error);
    if error == FaultError::NoSuchLeg {
        detail = format!("There are the legs {}.", Leg::names().collect::<Vec<_>>().join(", "));
    }
    Trouble::of("parameter_invalid", &detail).at(place)
}

#[derive(Serialize)]
struct Deleted {
    id: String,
}

pub(super) fn delete(call: &Call) -> Result<Reply, Trouble> {
    let id: Id<kinds::Fault> = call.id()?;
    once(call, |tools| {
        let was_on = tools.faults.remove(id);
        was_on.then(|| rendered(200, &Deleted { id: id.to_string() })).ok_or_else(Trouble::not_found)
    })
}

#[derive(Serialize)]
struct Cleared {
    deleted: usize,
}

pub(super) fn clear(call: &Call) -> Result<Reply, Trouble> {
    once(call, |tools| Ok(rendered(200, &Cleared { deleted: tools.faults.clear() })))
}
