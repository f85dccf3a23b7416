//! The drawing of one payment's way: parties as tablets, two wires between neighbours, request above, answer below.

use super::icons::icon;
use super::pages::Page;
use super::tablet::PARTY;
use std::fmt::Write;

/// What went between two neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The request: its type, or how many APDUs; none if nothing was seen there.
    pub asked: Option<String>,
    /// The answer and how long it took; none if none was seen.
    pub answered: Option<String>,
    /// Whether the message that is looked at went here.
    pub chosen: bool,
}

/// A payment's way through six parties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The hops, from the phone to the issuer.
    pub hops: [Hop; 5],
    /// The bank's name.
    pub bank: String,
    /// The last four digits of the token.
    pub token: String,
    /// Whether messages of it are kept at all.
    pub seen: bool,
}

/// Icon and name of each party, and what it sees.
const PARTIES: [(&str, &str, bool, bool); 6] = [
    ("phone", "flow-phone", true, false),
    ("terminal", "flow-terminal", true, false),
    ("store", "flow-acquirer", true, false),
    ("network", "flow-network", true, false),
    ("vault", "flow-gateway", true, true),
    ("bank", "flow-issuer", false, true),
];

/// From party to party, in units of the drawing.
const STEP: i32 = 180;

impl Flow {
    /// The drawing. The table of messages below it says the same.
    pub fn drawing(&self, page: &Page) -> String {
        let mut inside = String::new();
        for (place, hop) in self.hops.iter().enumerate() {
            wires(&mut inside, 96 + STEP * i32::try_from(place).unwrap_or(0), hop);
        }
        for (place, (picture, name, token, card)) in PARTIES.into_iter().enumerate() {
            let left = 36 + STEP * i32::try_from(place).unwrap_or(0);
            let name = if name == "flow-issuer" && !self.bank.is_empty() {
                self.bank.clone()
            } else {
                page.say(name)
            };
            let sees = match (token, card) {
                (true, true) => ("warn", page.say("flow-sees-both")),
                (true, false) => ("ok", page.language.say_text("flow-sees-token", "last", &self.token)),
                _ => ("warn", page.say("flow-sees-card")),
            };
            let before = place.checked_sub(1).and_then(|before| self.hops.get(before));
            let chosen = [before, self.hops.get(place)].into_iter().flatten().any(|hop| hop.chosen);
            let class = if chosen { " chosen" } else { "" };
            let middle = left + 28;
            let drawn =
                icon(picture, 24).replacen("<svg ", &format!("<svg x=\"{}\" y=\"80\" ", left + 16), 1);
            let _ = write!(
                inside,
                "<text class=\"who\" x=\"{middle}\" y=\"24\">{}</text>\
                 <path class=\"party{class}\" transform=\"translate({left} 44)\" fill-rule=\"evenodd\" d=\"{}\"/>{drawn}\
                 <text class=\"sees {}\" x=\"{middle}\" y=\"154\">{}</text>",
                escaped(&shortened(&name)),
                PARTY.path(),
                sees.0,
                escaped(&sees.1),
            );
        }
        let said = if self.seen { page.say("flow-said") } else { page.say("flow-unseen") };
        format!(
            "<svg class=\"flow\" viewBox=\"-24 0 1056 166\" role=\"img\" aria-label=\"{}\">{inside}</svg>",
            escaped(&said)
        )
    }
}

fn wires(out: &mut String, left: i32, hop: &Hop) {
    let (from, to, middle) = (left + 6, left + 114, left + 60);
    let class = if hop.chosen { " chosen" } else { "" };
    let state = |seen: &Option<String>| if seen.is_some() { class } else { " silent" };
    let _ = write!(
        out,
        "<path class=\"wire{}\" d=\"M{from} 76H{to}m-7 -5 7 5 -7 5\"/>\
         <path class=\"wire{}\" d=\"M{to} 102H{from}m7 -5-7 5 7 5\"/>",
        state(&hop.asked),
        state(&hop.answered),
    );
    if let Some(asked) = &hop.asked {
        let _ = write!(out, "<text class=\"asked\" x=\"{middle}\" y=\"64\">{}</text>", escaped(asked));
    }
    if let Some(answered) = &hop.answered {
        let _ = write!(out, "<text class=\"answered\" x=\"{middle}\" y=\"122\">{}</text>", escaped(answered));
    }
}

/// What fits above a tablet.
fn shortened(name: &str) -> String {
    let name = name.split(" (").next().unwrap_or(name);
    if name.chars().count() <= 20 {
        name.to_owned()
    } else {
        name.chars().take(19).chain(['\u{2026}']).collect()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
