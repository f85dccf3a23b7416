//! The pages on which the clock and the faults of a sandbox are worked, and the banner that says on every page of the console
//! that one of them is not as in life.

use super::console::{Frame, Table};
use super::pages::{Page, made};
use askama::Template;
use std::time::Duration;

/// The sections of the rail that only a sandbox has: name, path, icon.
pub const TEST_SECTIONS: &[(&str, &str, &str)] =
    &[("test-clock", "/clock", "clock"), ("test-faults", "/faults", "alert")];

/// How the clock and the wires are.
pub struct TestState {
    /// What the clock shows, UTC.
    pub now: String,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether it runs with the machine's own time.
    pub real: bool,
    /// How many faults are on.
    pub faults: usize,
}

// What templates call.
impl TestState {
    pub(super) fn sections(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        TEST_SECTIONS
    }

    /// What is not as in life: where it is worked, and a sentence.
    pub(super) fn odd(&self, page: &Page) -> Vec<(&'static str, String)> {
        let mut odd = Vec::new();
        if !self.real {
            let name = if self.frozen { "test-banner-frozen" } else { "test-banner-moved" };
            odd.push(("/clock", page.language.say_text(name, "now", &self.now)));
        }
        if self.faults > 0 {
            odd.push(("/faults", page.language.say_count("test-banner-faults", "count", self.faults)));
        }
        odd
    }
}

/// What the page of the clock shows.
pub struct ClockShown<'a> {
    /// What it shows, UTC.
    pub now: &'a str,
    /// Whether it stands still.
    pub frozen: bool,
    /// How far it is ahead of the machine, in milliseconds; below zero behind it.
    pub ahead_ms: i64,
    /// What was typed: by how much, to where.
    pub typed: (&'a str, &'a str),
    /// Why nothing was done.
    pub trouble: Option<String>,
    /// What was due and is not done.
    pub waiting: &'a Table,
}

#[derive(Template)]
#[template(path = "console/clock.html")]
struct Clock<'a> {
    page: &'a Page,
    frame: &'a Frame,
    shown: &'a ClockShown<'a>,
    ahead: String,
}

/// The page of the clock.
pub fn clock(page: &Page, frame: &Frame, shown: &ClockShown<'_>) -> String {
    made(Clock { page, frame, shown, ahead: ahead(page, shown.ahead_ms) })
}

/// How far the clock is ahead, in the two largest units that matter.
fn ahead(page: &Page, ahead_ms: i64) -> String {
    let seconds = Duration::from_millis(ahead_ms.unsigned_abs()).as_secs();
    if seconds == 0 {
        return page.say("test-real");
    }
    let parts = [
        ("test-span-days", seconds / 86_400),
        ("test-span-hours", seconds / 3600 % 24),
        ("test-span-minutes", seconds / 60 % 60),
        ("test-span-seconds", seconds % 60),
    ];
    let said = parts.iter().skip_while(|(_, count)| *count == 0).take(2).filter(|(_, count)| *count > 0);
    let said: Vec<String> =
        said.map(|(name, count)| page.language.say_count(name, "count", *count as usize)).collect();
    let name = if ahead_ms < 0 { "test-behind" } else { "test-ahead-by" };
    page.language.say_text(name, "span", &said.join(" "))
}

/// A fault in the list.
pub struct FaultRow {
    /// Its name.
    pub id: String,
    /// Where.
    pub leg: String,
    /// What happens there.
    pub what: String,
    /// How many messages it struck.
    pub struck: u64,
    /// Since when, UTC.
    pub since: String,
}

/// What the page of faults shows.
pub struct FaultsShown<'a> {
    /// Those that are on.
    pub on: &'a [FaultRow],
    /// Every leg that can be chosen: as it is written, and whether it is that of all banks.
    pub legs: &'a [(String, bool)],
    /// What was chosen and typed.
    pub typed: (&'a str, &'a str),
    /// Why nothing was done.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "console/faults.html")]
struct Faults<'a> {
    page: &'a Page,
    frame: &'a Frame,
    shown: &'a FaultsShown<'a>,
}

/// The page of faults.
pub fn faults(page: &Page, frame: &Frame, shown: &FaultsShown<'_>) -> String {
    made(Faults { page, frame, shown })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::console::Cell;
    use crate::screens::words::{LANGUAGES, Language};

    const HOSTILE: &str = "<b>\"'&";

    fn frame(frozen: bool, real: bool, faults: usize) -> Frame {
        let test = TestState { now: "2027-01-31 09:30:00".to_owned(), frozen, real, faults };
        Frame { section: "/clock", search: String::new(), last: None, who: String::new(), test: Some(test) }
    }

    fn page(language: Language) -> Page {
        Page { language, theme: None, path: "/clock".to_owned(), zone: values::time::Zone::Utc }
    }

    #[test]
    fn screens_keep_the_policy_of_content() {
        for language in LANGUAGES {
            let (page, frame) = (page(language), frame(true, false, 1));
            let waiting = Table {
                title: HOSTILE.to_owned(),
                columns: vec![(HOSTILE.to_owned(), "")],
                rows: vec![vec![Cell::text(HOSTILE)]],
                empty: String::new(),
                next: None,
            };
            let trouble = Some(HOSTILE.to_owned());
            let shown = ClockShown {
                now: HOSTILE,
                frozen: true,
                ahead_ms: i64::MIN,
                typed: (HOSTILE, HOSTILE),
                trouble: trouble.clone(),
                waiting: &waiting,
            };
            let text = || HOSTILE.to_owned();
            let row = FaultRow { id: text(), leg: text(), what: text(), struck: u64::MAX, since: text() };
            let legs = [(text(), true), (text(), false)];
            let faulty = FaultsShown { on: &[row], legs: &legs, typed: (HOSTILE, HOSTILE), trouble };
            for html in [clock(&page, &frame, &shown), faults(&page, &frame, &faulty)] {
                for never in ["<b>", "=\"\"'", " style=", "<style", "http://", "https://", "onclick"] {
                    assert!(!html.contains(never), "{never} in {html}");
                }
                assert!(html.matches("<script").count() <= 1, "our own alone");
                assert_eq!((html.matches("<h1").count(), html.matches("<main").count()), (1, 1), "{html}");
                assert!(!html.contains(">test-"), "every sentence has words: {html}");
            }
        }
    }

    #[test]
    fn the_banner_says_what_is_not_as_in_life() {
        let page = page(Language::English);
        let said = |frozen, real, faults| -> Vec<String> {
            let frame = frame(frozen, real, faults);
            frame.test.expect("a sandbox").odd(&page).into_iter().map(|(_, sentence)| sentence).collect()
        };
        assert_eq!(said(false, true, 0), Vec::<String>::new());
        let [moved, one] = &said(false, false, 1)[..] else { panic!("two sentences") };
        assert!(moved.contains("2027-01-31") && one.contains("One fault"), "{moved} {one}");
        assert!(said(true, false, 0)[0].contains("stands still"));
        let plain = |text: String| text.replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(plain(ahead(&page, 90_061_000)), "1 day 1 hour");
        assert_eq!(plain(ahead(&page, -60_000)), "1 minute behind");
        assert_eq!(plain(ahead(&page, 86_460_000)), "1 day");
        assert_eq!(ahead(&page, 10), "none");
    }
}
