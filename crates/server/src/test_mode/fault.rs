//! A fault as it is written and read: `gateway-issuer:boc latency=20s,p=0.3`.

use sandbox::directory::Directory;
use std::fmt;
use std::time::Duration;

/// What travels on a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegKind {
    /// Host messages, on a connection that stays open.
    Host,
    /// Requests over HTTP, which a courier repeats until they are taken.
    Http,
    /// Files that are handed out.
    Files,
}

/// The legs of a city: name, what travels there, whether one of several banks may be named.
const LEGS: &[(&str, LegKind, bool)] = &[
    ("terminal-acquirer", LegKind::Host, false),
    ("acquirer-network", LegKind::Host, false),
    ("network-gateway", LegKind::Host, false),
    ("gateway-issuer", LegKind::Host, true),
    ("platform-network", LegKind::Host, false),
    ("network-issuer", LegKind::Host, true),
    ("platform-telephone", LegKind::Http, false),
    ("issuer-telephone", LegKind::Http, true),
    ("issuer-events", LegKind::Http, true),
    ("webhooks", LegKind::Http, false),
    ("settlement-files", LegKind::Files, false),
];

/// A leg of the wires: from one party to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    name: &'static str,
    kind: LegKind,
    bank: Option<String>,
}

impl Leg {
    /// Reads `network-gateway`, or `gateway-issuer:boc` where several banks have one.
    pub fn parse(text: &str) -> Result<Leg, FaultError> {
        let (name, bank) = text.split_once(':').map_or((text, None), |(name, bank)| (name, Some(bank)));
        let (name, kind, banks) =
            LEGS.iter().find(|(known, ..)| *known == name).ok_or(FaultError::NoSuchLeg)?;
        let known = |bank: &str| *banks && Directory::sandbox().institution(bank).is_some();
        if bank.is_some_and(|bank| !known(bank)) {
            return Err(FaultError::NoSuchBank);
        }
        Ok(Leg { name, kind: *kind, bank: bank.map(str::to_owned) })
    }

    /// One of the legs, of this bank where there is one for each.
    pub(crate) fn of(name: &str, bank: Option<&str>) -> Leg {
        let text = bank.map_or_else(|| name.to_owned(), |bank| format!("{name}:{bank}"));
        Leg::parse(&text).expect("the city names legs and banks that there are")
    }

    /// What travels there.
    pub fn kind(&self) -> LegKind {
        self.kind
    }

    /// The names of all legs, without banks.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LEGS.iter().map(|(name, ..)| *name)
    }

    /// Every leg that can be written, and whether it is that of all banks.
    pub fn all() -> Vec<(String, bool)> {
        let mut all = Vec::new();
        for (name, _, of_banks) in LEGS {
            all.push(((*name).to_owned(), *of_banks));
            let banks = Directory::sandbox().institutions.iter().filter(|_| *of_banks);
            all.extend(banks.map(|bank| (format!("{name}:{}", bank.id), false)));
        }
        all
    }

    /// Whether a fault on this leg is one on that: a leg without a bank is that of all banks.
    pub(crate) fn covers(&self, other: &Leg) -> bool {
        self.name == other.name && (self.bank.is_none() || self.bank == other.bank)
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bank {
            Some(bank) => write!(f, "{}:{bank}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// What happens to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It arrives so much later, as the machine counts: who waits for it waits as the machine counts, too.
    Latency(Duration),
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It arrives after the message that follows it.
    Reorder,
    /// It arrives broken: a bit of a host message is another, of a body half is missing.
    Corrupt,
    /// It never arrives, and is answered all the same: with this DE 39, or with this status over HTTP.
    Answer(String),
    /// Of a file the first half arrives.
    Partial,
}

impl What {
    /// Every word there is.
    pub const WORDS: [&'static str; 7] =
        ["latency", "drop", "duplicate", "reorder", "corrupt", "answer", "partial"];

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            What::Latency(_) => "latency",
            What::Drop => "drop",
            What::Duplicate => "duplicate",
            What::Reorder => "reorder",
            What::Corrupt => "corrupt",
            What::Answer(_) => "answer",
            What::Partial => "partial",
        }
    }
}

/// Which of two ways a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// From who asks.
    Requests,
    /// From who answers.
    Answers,
}

impl On {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            On::Requests => "requests",
            On::Answers => "answers",
        }
    }
}

/// Something that goes wrong on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub leg: Leg,
    /// What.
    pub what: What,
    /// To which messages.
    pub on: On,
    /// How probably to each of them, in millionths, 1 to 1,000,000.
    pub per_million: u32,
    /// From which the dice are thrown: the same seed strikes the same messages.
    pub seed: u64,
}

/// Why a text names no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The leg.
    #[error("there is no such leg")]
    NoSuchLeg,
    /// The bank after the leg.
    #[error("this leg has no such bank")]
    NoSuchBank,
    /// What happens.
    #[error("what happens is latency=20s, drop, duplicate, reorder, corrupt, answer=96 or partial")]
    NotAFault,
    /// What happens, on a leg where it cannot.
    #[error("this cannot happen there")]
    NotThere,
    /// `latency=`
    #[error("latency is 1ms to 60s, such as 500ms or 20s")]
    Latency,
    /// `answer=`
    #[error("answer is two letters or digits (DE 39) of a host, or a status from 500 to 599 over HTTP")]
    Answer,
    /// `p=`
    #[error("p is above 0 and at most 1, with at most six decimals")]
    Probability,
    /// `on=`
    #[error("on is requests or answers")]
    On,
    /// `seed=`
    #[error("seed is a whole number")]
    Seed,
    /// Something else.
    #[error("beside what happens there are p, on and seed, each once")]
    Unknown,
}

impl FaultError {
    /// The word of the text that is wrong.
    pub fn part(self) -> &'static str {
        match self {
            FaultError::NoSuchLeg | FaultError::NoSuchBank => "leg",
            FaultError::NotAFault | FaultError::NotThere | FaultError::Unknown => "what",
            FaultError::Latency => "latency",
            FaultError::Answer => "answer",
            FaultError::Probability => "p",
            FaultError::On => "on",
            FaultError::Seed => "seed",
        }
    }
}

/// The longest a message is held back.
const LATENCY_MOST: Duration = Duration::from_secs(60);
/// What a probability is counted in.
pub(crate) const MILLION: u32 = 1_000_000;

impl Fault {
    /// Reads a leg, and what happens there: `latency=20s,p=0.3`.
    pub fn parse(leg: &str, text: &str) -> Result<Fault, FaultError> {
        let leg = Leg::parse(leg)?;
        let mut parts = text.split(',').map(str::trim);
        let what = what(parts.next().unwrap_or_default(), leg.kind)?;
        let (mut on, mut per_million, mut seed) = (None, None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("p", value)) if per_million.is_none() => per_million = Some(probability(value)?),
                Some(("on", value)) if on.is_none() => {
                    let known = [On::Requests, On::Answers].into_iter().find(|on| on.word() == value);
                    on = Some(known.ok_or(FaultError::On)?);
                }
                Some(("seed", value)) if seed.is_none() => {
                    seed = Some(value.parse().map_err(|_| FaultError::Seed)?);
                }
                _ => return Err(FaultError::Unknown),
            }
        }
        let fault = Fault {
            leg,
            what,
            on: on.unwrap_or(On::Requests),
            per_million: per_million.unwrap_or(MILLION),
            seed: seed.unwrap_or(1),
        };
        if fault.is_possible() { Ok(fault) } else { Err(FaultError::NotThere) }
    }

    /// Whether such a thing can happen on such a leg, and money still be right: a made-up answer in place of a bank's
    /// own would say no to what the bank booked, which no party could ever find out.
    fn is_possible(&self) -> bool {
        let asked = self.on == On::Requests;
        match (self.leg.kind, &self.what) {
            (LegKind::Files, What::Partial) | (LegKind::Http, What::Answer(_)) => asked,
            (LegKind::Files, _) | (_, What::Partial) => false,
            (LegKind::Host, What::Answer(_)) => asked,
            (LegKind::Host, _) => true,
            (LegKind::Http, What::Latency(_) | What::Drop) => true,
            (LegKind::Http, _) => asked,
        }
    }
}

fn what(text: &str, kind: LegKind) -> Result<What, FaultError> {
    let (word, value) = text.split_once('=').map_or((text, None), |(word, value)| (word, Some(value)));
    Ok(match (word, value) {
        ("latency", Some(value)) => What::Latency(duration(value).ok_or(FaultError::Latency)?),
        ("latency", None) => return Err(FaultError::Latency),
        ("drop", None) => What::Drop,
        ("duplicate", None) => What::Duplicate,
        ("reorder", None) => What::Reorder,
        ("corrupt", None) => What::Corrupt,
        ("partial", None) => What::Partial,
        ("answer", value) => What::Answer(answer(value.unwrap_or_default(), kind).ok_or(FaultError::Answer)?),
        _ => return Err(FaultError::NotAFault),
    })
}

fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = match text.strip_suffix("ms") {
        Some(digits) => (digits, Duration::from_millis(1)),
        None => (text.strip_suffix('s')?, Duration::from_secs(1)),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u32 = Some(digits).filter(|_| plain)?.parse().ok()?;
    let wait = unit.checked_mul(count)?;
    (Duration::from_millis(1)..=LATENCY_MOST).contains(&wait).then_some(wait)
}

fn answer(text: &str, kind: LegKind) -> Option<String> {
    let fits = match kind {
        // 00 would be an approval that no bank gave.
        LegKind::Host => {
            let plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            text.len() == 2 && plain && !matches!(text, "00" | "08" | "10" | "11" | "16")
        }
        LegKind::Http => text.parse::<u16>().is_ok_and(|status| (500..600).contains(&status)),
        LegKind::Files => false,
    };
    fits.then(|| text.to_owned())
}

/// Reads a decimal above 0 and at most 1 as millionths.
fn probability(text: &str) -> Result<u32, FaultError> {
    let wrong = FaultError::Probability;
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || whole.len() > 1 || part.len() > 6 {
        return Err(wrong);
    }
    let part: u32 = format!("{part:0<6}").parse().map_err(|_| wrong)?;
    let whole: u32 = whole.parse().map_err(|_| wrong)?;
    let millionths = whole * MILLION + part;
    if (1..=MILLION).contains(&millionths) { Ok(millionths) } else { Err(wrong) }
}

/// What happens, as it is written: `latency=20s,p=0.3`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Latency(wait) if wait.subsec_millis() == 0 => write!(f, "latency={}s", wait.as_secs())?,
            What::Latency(wait) => write!(f, "latency={}ms", wait.as_millis())?,
            What::Answer(code) => write!(f, "answer={code}")?,
            what => f.write_str(what.word())?,
        }
        if self.per_million < MILLION {
            let part = format!("{:06}", self.per_million);
            write!(f, ",p=0.{}", part.trim_end_matches('0'))?;
        }
        if self.on == On::Answers {
            f.write_str(",on=answers")?;
        }
        if self.seed != 1 {
            write!(f, ",seed={}", self.seed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_as_they_are_read() {
        for (leg, text) in [
            ("gateway-issuer:boc", "latency=20s,p=0.3"),
            ("gateway-issuer", "drop"),
            ("acquirer-network", "drop,on=answers,seed=7"),
            ("network-gateway", "answer=96,p=0.000001"),
            ("terminal-acquirer", "corrupt"),
            ("webhooks", "latency=250ms"),
            ("webhooks", "answer=503"),
            ("issuer-events:harbour", "duplicate"),
            ("settlement-files", "partial"),
            ("platform-network", "reorder"),
        ] {
            let fault = Fault::parse(leg, text).unwrap_or_else(|error| panic!("{leg} {text}: {error}"));
            assert_eq!((fault.leg.to_string().as_str(), fault.to_string().as_str()), (leg, text));
        }
        assert_eq!(Fault::parse("webhooks", "drop,p=1").unwrap().per_million, MILLION);
        assert_eq!(Fault::parse("webhooks", "drop, p=0.25").unwrap().per_million, 250_000);
    }

    #[test]
    fn whatever_is_no_fault_says_which_part_is_wrong() {
        for (leg, text, expected) in [
            ("gateway", "drop", FaultError::NoSuchLeg),
            ("gateway-issuer:nobody", "drop", FaultError::NoSuchBank),
            ("webhooks:boc", "drop", FaultError::NoSuchBank),
            ("webhooks", "explode", FaultError::NotAFault),
            ("webhooks", "drop=1", FaultError::NotAFault),
            ("webhooks", "", FaultError::NotAFault),
            ("webhooks", "latency", FaultError::Latency),
            ("webhooks", "latency=0s", FaultError::Latency),
            ("webhooks", "latency=61s", FaultError::Latency),
            ("webhooks", "latency=+1s", FaultError::Latency),
            ("webhooks", "answer=96", FaultError::Answer),
            ("webhooks", "answer=404", FaultError::Answer),
            ("gateway-issuer", "answer=00", FaultError::Answer),
            ("gateway-issuer", "answer=503", FaultError::Answer),
            ("gateway-issuer", "answer=96,on=answers", FaultError::NotThere),
            ("gateway-issuer", "partial", FaultError::NotThere),
            ("settlement-files", "drop", FaultError::NotThere),
            ("webhooks", "corrupt,on=answers", FaultError::NotThere),
            ("webhooks", "drop,p=0", FaultError::Probability),
            ("webhooks", "drop,p=1.1", FaultError::Probability),
            ("webhooks", "drop,p=0.1234567", FaultError::Probability),
            ("webhooks", "drop,p=.5", FaultError::Probability),
            ("webhooks", "drop,on=both", FaultError::On),
            ("webhooks", "drop,seed=-1", FaultError::Seed),
            ("webhooks", "drop,p=0.1,p=0.2", FaultError::Unknown),
            ("webhooks", "drop,x", FaultError::Unknown),
        ] {
            assert_eq!(Fault::parse(leg, text), Err(expected), "{leg} {text}");
        }
    }
}
