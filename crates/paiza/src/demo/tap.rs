//! Tapping: unlocked, locked, declined, taken back; then the day is closed and settled.

use super::stage::{PASSCODE, Stage, test_card};
use crate::output::Failure;
use crate::phone::failure;
use server::city::Side;
use server::phone::{Added, Phone, Presentation};
use server::pos::{Ended, Pos, Verdict};
use server::vpcd::ReaderEnd;
use std::time::{Duration, Instant};
use values::id::kinds;
use values::{Currency, Id, Money};
use wallet::card::Profile;

pub(super) fn run(stage: &Stage) -> Result<(), Failure> {
    stage.say("A phone with two cards: one with money, one with 8 yuan.");
    let (mut phone, _) = stage.phone("chen-jie", "+8613800000001")?;
    let rich = add(&mut phone, "6216600100000000016")?;
    let (mut poor_phone, _) = stage.phone("zhang-wei", "+8613800000003")?;
    let poor = add(&mut poor_phone, "6216600100000000032")?;
    let mut pos = stage.terminal("counter-1", "PZ000001")?;
    let mut reader = ReaderEnd::listen("127.0.0.1:0").map_err(Failure::configuration)?;

    stage.say("CNY 12.50 at PAIZA NOODLES. The counter is durable before the cryptogram leaves the phone.");
    let sale = tap(stage, &mut pos, &mut reader, "12.50", &[Holder::unlocked(&phone, rich)])?;
    stage.expect("the sale is approved", sale.verdict == Verdict::Approved)?;
    stage.expect("one counter was used", phone.counter(rich).map_err(failure)?.atc == 1)?;
    stage.expect("the bank's text message came", text_arrives(&mut phone, "12.50"))?;

    stage.say("The same phone, locked: the terminal says to look at the phone. Unlocked, it pays.");
    let holders = [Holder::locked(&phone, rich), Holder::unlocked(&phone, rich)];
    let second = tap(stage, &mut pos, &mut reader, "3.00", &holders)?;
    stage.expect("the second presentation is approved", second.verdict == Verdict::Approved)?;
    stage.expect("the locked one used no counter", phone.counter(rich).map_err(failure)?.atc == 2)?;

    stage.say("CNY 9.00 on a card that holds 8: the issuer declines.");
    let poorly = tap(stage, &mut pos, &mut reader, "9.00", &[Holder::unlocked(&poor_phone, poor)])?;
    let code = poorly.response_code.map(|code| code.to_string());
    stage.expect("declined with 51, no funds", code.as_deref() == Some("51"))?;

    stage
        .say("The cashier takes the first payment back: a reversal goes to the issuer until it is answered.");
    let reference =
        sale.reference.ok_or_else(|| Failure::business("expected: a reference on the receipt"))?;
    let void = pos.void(reference).map_err(crate::pos::failure)?;
    stage.expect("the void is accepted", void.verdict == Verdict::Approved)?;
    stage.expect("the bank's text message says so", text_arrives(&mut phone, "冲正"))?;

    stage.say("The batch is closed, the network cuts over and settles net.");
    let closed = pos.close_batch().map_err(crate::pos::failure)?;
    stage.expect("terminal and acquirer count the same", closed.balanced)?;
    settle(stage)?;

    stage.say("Every chain, table and sum is recomputed.");
    for (party, store) in stage.city.stores() {
        let report = store.verify().map_err(Failure::integrity)?;
        stage.expect(&format!("{party}: {} facts agree with the tables", report.facts), report.is_ok())?;
    }
    Ok(())
}

fn settle(stage: &Stage) -> Result<(), Failure> {
    let settled = stage.city.cut_over().map_err(crate::up::failure)?;
    let mut sum = 0i128;
    for institution in &settled {
        let (net, side) = (institution.net, institution.side);
        stage.output.line(format!("    {} {}: {net} {}", institution.code, institution.name, side.word()));
        let agrees = institution.differences.is_empty();
        stage.expect(&format!("{} checked its own file", institution.name), agrees)?;
        let minor = i128::from(net.minor());
        sum += if side == Side::Debit { -minor } else { minor };
    }
    stage.expect(
        "at least two institutions settle, and their positions sum to zero",
        settled.len() > 1 && sum == 0,
    )
}

pub(super) fn add(phone: &mut Phone, number: &str) -> Result<Id<kinds::Token>, Failure> {
    match phone.add_card(&test_card(number)?, None).map_err(failure)? {
        Added::Active(token) => Ok(token),
        Added::Declined { reason } => {
            Err(Failure::business(format!("expected: the card is added, not {reason}")))
        }
    }
}

/// Somebody who holds a phone against the reader.
struct Holder<'a> {
    phone: &'a Phone,
    card: Id<kinds::Token>,
    unlocked: bool,
}

impl<'a> Holder<'a> {
    fn unlocked(phone: &'a Phone, card: Id<kinds::Token>) -> Holder<'a> {
        Holder { phone, card, unlocked: true }
    }

    fn locked(phone: &'a Phone, card: Id<kinds::Token>) -> Holder<'a> {
        Holder { phone, card, unlocked: false }
    }
}

/// A sale at the terminal while phones are held against its reader, one after another.
fn tap(
    stage: &Stage,
    pos: &mut Pos,
    reader: &mut ReaderEnd,
    amount: &str,
    holders: &[Holder<'_>],
) -> Result<Ended, Failure> {
    let amount = Money::parse(amount, Currency::CNY).map_err(Failure::configuration)?;
    let at = reader.address().map_err(Failure::configuration)?;
    let (output, watch) = (stage.output, stage.watch.clone());
    let ended = std::thread::scope(|scope| {
        let presenting = scope.spawn(move || {
            for holder in holders {
                let how = Presentation {
                    reader: at,
                    answer_to_reset: None,
                    profile: Profile::Contactless,
                    card: Some(holder.card),
                    taps: 1,
                    watch: watch.clone(),
                };
                let verify = || if holder.unlocked { holder.phone.unlock(PASSCODE).ok() } else { None };
                let shown = |notice: wallet::application::Notice| {
                    output.line(format!("    the phone shows: {notice}"))
                };
                holder.phone.present(&how, verify, shown).map_err(Failure::business)?;
            }
            Ok::<(), Failure>(())
        });
        let ended = pos.sale(amount, reader).map_err(crate::pos::failure);
        let presented = presenting.join().map_err(|_| Failure::business("a phone failed"))?;
        presented?;
        ended
    })?;
    for line in &ended.receipt {
        stage.output.line(format!("    | {line}"));
    }
    Ok(ended)
}

/// Waits for a text message that says this, some seconds at most.
pub(super) fn text_arrives(phone: &mut Phone, says: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        let found = phone.fetch_texts().is_ok()
            && phone.texts().is_ok_and(|texts| texts.iter().any(|text| text.text.contains(says)));
        if found {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
