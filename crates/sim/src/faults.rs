//! What goes wrong on wires and with parties.

use crate::dice::Dice;
use std::time::Duration;
use upi::messages::Message;

/// How often what goes wrong, in ten thousand tries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// A message does not arrive this time.
    pub lost: u64,
    /// It arrives, and its Ack does not: it comes again.
    pub ack_lost: u64,
    /// It is held up for up to a minute; a tenth of these for up to an hour.
    pub held: u64,
    /// Its receiver crashes, before or after it took the message; down for up to a minute, one in fifty of these for up to hours.
    pub crash: u64,
}

impl Weather {
    /// A day on which enough goes wrong to be a test, and enough goes well for payments to come through.
    pub const ROUGH: Weather = Weather { lost: 400, ack_lost: 400, held: 200, crash: 8 };
}

/// One thing that goes wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The first try is lost.
    Lost,
    /// No try arrives, ever.
    Silent,
    /// It arrives, its Ack does not, and it comes again.
    Twice,
    /// It arrives a minute late: nobody waits for it any more.
    Late,
    /// It arrives ten minutes late: nobody takes it any more.
    TooLate,
    /// It arrives after whatever else there is to deliver.
    Overtaken,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 6] =
        [Fault::Lost, Fault::Silent, Fault::Twice, Fault::Late, Fault::TooLate, Fault::Overtaken];
}

/// What goes wrong with all messages of one leg.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The leg, as [`leg_of`] names it.
    pub leg: String,
    /// What.
    pub fault: Fault,
}

/// What becomes of a try to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, and so does its Ack.
    Arrives,
    /// It is lost, and tried again after a while.
    Lost,
    /// It arrives, and its Ack is lost.
    AckLost,
    /// It is held up before it is tried.
    Held(Duration),
    /// Its receiver crashes for so long; whether it took the message first.
    Crash(Duration, bool),
}

/// The name of a message's leg: `ReqPay DEBIT`, `RespPay REVERSAL CREDIT`, `ReqChkTxn` of a provider or `ReqChkTxn CREDIT` of the
/// switch.
pub fn leg_of(message: &Message) -> String {
    let transaction = &message.transaction;
    let kind = transaction.kind.as_deref().unwrap_or_default();
    let subtype = transaction.subtype.as_deref().unwrap_or_default();
    match (message.name.as_str(), kind) {
        (name @ ("ReqChkTxn" | "RespChkTxn"), _) => format!("{name} {subtype}").trim_end().to_owned(),
        (name @ ("ReqPay" | "RespPay"), "REVERSAL") => format!("{name} REVERSAL {subtype}"),
        (name @ ("ReqPay" | "RespPay"), _) => format!("{name} {kind}"),
        (name, _) => name.to_owned(),
    }
}

impl Weather {
    /// What becomes of the next try.
    pub fn fate(&self, dice: &mut Dice) -> Fate {
        let place = dice.below(10_000);
        let mut reached = 0;
        let mut falls = |share: u64| {
            reached += share;
            place < reached
        };
        if falls(self.lost) {
            return Fate::Lost;
        }
        if falls(self.ack_lost) {
            return Fate::AckLost;
        }
        if falls(self.held) {
            let longest = if dice.happens(100) { 3_600 } else { 60 };
            return Fate::Held(Duration::from_secs(1 + dice.below(longest)));
        }
        if falls(self.crash) {
            let longest = if dice.happens(20) { 4 * 3_600 } else { 60 };
            let down = Duration::from_secs(1 + dice.below(longest));
            return Fate::Crash(down, dice.happens(500));
        }
        Fate::Arrives
    }
}
