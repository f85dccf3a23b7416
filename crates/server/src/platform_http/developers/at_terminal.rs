//! What a terminal of the test shop does for a request: once, also when the process dies in the middle of it.
//!
//! The terminal marks a trace number first, and the mark is remembered with the request. The next request of the
//! terminal has the number after it, so a repeat after a crash finds in the terminal's journal and in the acquirer's
//! records what became of the first try, and only where nothing did begins anew.

use super::call::{Call, Reply, refused};
use super::test_shop::TestShop;
use super::things::{One, stale};
use super::{merchants, terminals};
use crate::platform_http::problem::Trouble;
use crate::pos::{Ended, Pos, PosError};
use acquiring::records::{Terminal, TerminalTrace};
use acquiring::{Merchant, Payment};
use developers::answer::{Plan, REMEMBERED};
use developers::{Annotate, Answer, Asked, Began, Begin, Change, Finish, LayDown, Rendered, Seen};
use iso8583::Stan;
use store::Outcome;
use values::{Records, Timestamp};

/// Which payment is told: the one that the request made, or the one that it was about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    New,
    Original,
}

/// Where something is done.
pub(super) struct At {
    pub(super) terminal: Terminal,
    pub(super) merchant: Merchant,
    pub(super) told: Told,
    /// The payment that it is about, where there is one.
    pub(super) about: Option<One>,
}

impl At {
    /// Where a payment was taken: only there can it be followed.
    pub(super) fn of(call: &Call, payment: &Payment, told: Told) -> Result<At, Trouble> {
        let terminal = terminals::find(call, payment.terminal.as_str())?;
        let merchant = merchants::find(call, payment.merchant)?;
        Ok(At { terminal, merchant, told, about: Some(One::Payment(payment.id, Some(payment.reference))) })
    }
}

/// The mark of a request, chosen before it begins.
#[derive(Clone)]
struct Mark {
    batch: u32,
    trace: Stan,
    /// The payment that is changed, as the caller saw it: looked at in the commit with which the request begins.
    seen: Option<(One, Seen)>,
}

impl Plan for Mark {
    type Refusal = Trouble;
    fn choose<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<String, Trouble> {
        if self.seen.as_ref().is_some_and(|(payment, seen)| !seen.holds(payment, records)) {
            return Err(stale());
        }
        Ok(format!("{}/{}", self.batch, self.trace))
    }
}

/// The batch and trace number of the request after the mark.
fn after(plan: &str) -> Option<(u32, Stan)> {
    let (batch, trace) = plan.split_once('/')?;
    Some((batch.parse().ok()?, Stan::new(trace.parse().ok()?)?.next()))
}

/// Has a terminal do something, once for this request, and tells the payment it is about.
pub(super) fn at_terminal(
    call: &Call,
    at: &At,
    work: impl Fn(&TestShop, &mut Pos) -> Result<Ended, Trouble>,
) -> Result<Reply, Trouble> {
    let tell = |call: &Call, (batch, trace): (u32, Stan)| match told(call, at, batch, trace)? {
        Some(body) => Ok(Some(Rendered { status: if at.told == Told::New { 201 } else { 200 }, body })),
        None => Ok(None),
    };
    carried_out(call, at, tell, |shop, pos| {
        let ended = work(shop, pos)?;
        Ok(Trouble::of("payment_refused", &ended.sentence))
    })
}

/// Closes the batch of a terminal, once for this request.
pub(super) fn settle(
    call: &Call,
    merchant: &Merchant,
    terminal: &Terminal,
    show: impl Fn(&Call, u32) -> Result<Rendered, Trouble>,
) -> Result<Reply, Trouble> {
    let at = At { terminal: terminal.clone(), merchant: merchant.clone(), told: Told::New, about: None };
    let id = terminal.id;
    let tell = |call: &Call, (batch, _): (u32, Stan)| {
        let open = call.api.acquirer().store().read(move |records| records.find::<Terminal>(&id))?;
        // A batch that is not the open one any more was closed.
        if open.is_some_and(|terminal| terminal.batch != batch) {
            show(call, batch).map(Some)
        } else {
            Ok(None)
        }
    };
    carried_out(call, &at, tell, |shop, pos| {
        shop.close_batch(pos)?;
        Ok(Trouble::of("payment_refused", "The batch was not closed."))
    })
}

/// The one shape of both: `tell` says what became of the request after a mark, if anything did; `work` does it, and
/// says what is wrong where nothing became of it.
fn carried_out(
    call: &Call,
    at: &At,
    tell: impl Fn(&Call, (u32, Stan)) -> Result<Option<Rendered>, Trouble>,
    work: impl Fn(&TestShop, &mut Pos) -> Result<Trouble, Trouble>,
) -> Result<Reply, Trouble> {
    let asked = call.asked()?;
    if let Some(reply) = answered(call, asked)? {
        return Ok(reply);
    }
    let shop = call.api.shop().ok_or_else(|| {
        Trouble::of(
            "terminal_not_connected",
            "This platform has no terminals of its own; take payments at yours.",
        )
    })?;
    shop.with_terminal(&at.terminal, &at.merchant, |pos| {
        loop {
            let (batch, trace) = shop.mark(pos)?;
            let seen = at.about.zip(call.seen().cloned());
            let plan = match begin(call, asked, Mark { batch, trace, seen })? {
                Began::Answered(rendered) => return Ok(Reply::replayed(rendered)),
                Began::Again(plan) => {
                    let open = Open::of(call, asked);
                    let before = after(&plan).ok_or_else(Trouble::internal)?;
                    match tell(call, before)? {
                        Some(rendered) => return open.finish(rendered),
                        // The first try did nothing, and never will: the terminal has told all it owed.
                        None => open.forget()?,
                    }
                    continue;
                }
                Began::Fresh(plan) => plan,
            };
            let open = Open::of(call, asked);
            let worked = work(shop, pos);
            let done = after(&plan).ok_or_else(Trouble::internal)?;
            return match tell(call, done)? {
                Some(rendered) => open.finish(rendered),
                None => {
                    open.forget()?;
                    Err(worked.unwrap_or_else(|trouble| trouble))
                }
            };
        }
    })
}

/// What the terminal's request made, if the acquirer took it, with what the caller wrote onto it.
fn told(call: &Call, at: &At, batch: u32, trace: Stan) -> Result<Option<String>, Trouble> {
    let (terminal, store) = (at.terminal.id, call.api.acquirer().store());
    let found = store.read(move |records| {
        let trace = records.find::<TerminalTrace>(&(terminal, batch, trace))?;
        let payment = records.find::<Payment>(&trace.reference?)?;
        Some(One::Payment(payment.id, Some(payment.reference)))
    })?;
    let (Some(thing), words) = (found, call.words()) else { return Ok(None) };
    if words.is_empty() {
        return thing.now(&call.api).map(Some);
    }
    // The same words a second time change nothing, so a repeat after a crash may write them again.
    match store.call(Change { thing, seen: None, words, inner: Annotate })? {
        Outcome::Done(told) | Outcome::Repeated(told) => Ok(told),
        Outcome::Refused(no) => Err(no.into()),
        Outcome::Mismatch => Err(Trouble::internal()),
    }
}

/// What is remembered of the request, without waiting for a terminal.
fn answered(call: &Call, asked: &Asked) -> Result<Option<Reply>, Trouble> {
    let name = asked.name.clone();
    let known = call.api.acquirer().store().read(move |records| records.find::<Answer>(&name))?;
    let recent = |known: &Answer| call.now().since(known.at) < REMEMBERED;
    let Some(known) = known.filter(recent) else { return Ok(None) };
    if known.run == call.api.run() || known.status.is_some() {
        // The operation decides; here it is known that it will not begin anything.
        let mark = Mark { batch: 0, trace: Stan::new(0).expect("six digits"), seen: None };
        if let Began::Answered(rendered) = begin(call, asked, mark)? {
            return Ok(Some(Reply::replayed(rendered)));
        }
    }
    Ok(None)
}

fn begin(call: &Call, asked: &Asked, plan: Mark) -> Result<Began, Trouble> {
    let begin = Begin { asked: asked.clone(), run: call.api.run(), plan };
    match call.api.acquirer().store().call(begin)? {
        Outcome::Done(began) | Outcome::Repeated(began) => Ok(began),
        Outcome::Refused(no) => Err(refused(no)),
        Outcome::Mismatch => Err(Trouble::internal()),
    }
}

/// A request that was begun and is not ended. Whatever ends its work before it is, an error or a panic, the request is laid
/// down: the next repeat takes it up by its mark instead of being told for ever that it still runs.
struct Open<'a> {
    call: &'a Call,
    name: &'a str,
    ended: bool,
}

impl<'a> Open<'a> {
    fn of(call: &'a Call, asked: &'a Asked) -> Open<'a> {
        Open { call, name: &asked.name, ended: false }
    }

    /// Remembers the answer.
    fn finish(mut self, rendered: Rendered) -> Result<Reply, Trouble> {
        let finish = Finish { name: self.name.to_owned(), rendered: Some(rendered.clone()) };
        self.call.api.acquirer().store().call(finish)?;
        self.ended = true;
        Ok(Reply::first(rendered))
    }

    /// Nothing came of it, and nothing is remembered.
    fn forget(mut self) -> Result<(), Trouble> {
        let finish = Finish { name: self.name.to_owned(), rendered: None };
        self.call.api.acquirer().store().call(finish)?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let lay_down = LayDown { name: self.name.to_owned() };
            self.call.api.acquirer().store().submit(lay_down, |_| ());
        }
    }
}

impl TestShop {
    /// Has a terminal ask its acquirer.
    pub(super) fn ask(
        &self,
        pos: &mut Pos,
        ask: impl FnOnce(&mut Pos) -> Result<Ended, PosError>,
    ) -> Result<Ended, Trouble> {
        ask(pos).map_err(super::test_shop::not_taken)
    }

    pub(super) fn mark(&self, pos: &mut Pos) -> Result<(u32, Stan), Trouble> {
        pos.mark().map_err(super::test_shop::not_taken)
    }

    fn close_batch(&self, pos: &mut Pos) -> Result<(), Trouble> {
        pos.close_batch().map(drop).map_err(super::test_shop::not_taken)
    }
}
