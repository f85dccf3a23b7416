//! Looking at pages in every way, with a judge.

use crate::browser::{Browser, Look, by_name, root};
use crate::house::Door;
use crate::judging::Judged;
use crate::pseudo;
use serde_json::json;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every width in every theme; from one look to the next only one of them changes.
pub(crate) const LOOKS: [Look; 8] = [
    Look { width: 320, theme: "light" },
    Look { width: 320, theme: "dark" },
    Look { width: 390, theme: "dark" },
    Look { width: 390, theme: "light" },
    Look { width: 768, theme: "light" },
    Look { width: 768, theme: "dark" },
    Look { width: 1280, theme: "dark" },
    Look { width: 1280, theme: "light" },
];
/// A phone and a desk, of which pictures are kept.
const PHONE: u32 = 390;
const DESK: u32 = 1280;
const LANGUAGES: [&str; 3] = ["en", "hi", "zh"];

/// Somebody who looks.
pub(crate) struct See<'a> {
    pub(crate) browser: &'a Browser,
    /// The origins that may be asked.
    pub(crate) own: Vec<String>,
}

impl See<'_> {
    /// Sees a page once, as it comes; what is wrong with it.
    pub(crate) async fn glance(&self, door: &str, at: SocketAddr, page: &str) -> Vec<String> {
        self.speak(at, LANGUAGES[0]).await;
        self.browser.look(Look { width: DESK, theme: "light" }).await;
        self.browser.client.goto(&format!("{}{page}", by_name(at))).await.unwrap();
        let mut found = self.wrongs(&mut Vec::new()).await;
        found.extend(self.browser.complaints().await);
        noted(found.into_iter().map(|wrong| format!("{door}-{}: {wrong}", file_name(page))).collect())
    }

    /// Sees these pages of a door in every way, with pictures; what is wrong with them.
    pub(crate) async fn pages(&self, door: &str, at: SocketAddr, pages: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        for page in pages {
            wrong.extend(self.page(door, at, page).await);
        }
        // As it was for whoever goes on from here.
        self.speak(at, "en").await;
        self.browser.look(Look { width: 390, theme: "light" }).await;
        wrong
    }

    async fn speak(&self, at: SocketAddr, language: &str) {
        let kept = json!({ "name": "paiza-language", "value": language, "url": by_name(at) });
        self.browser.tell("Network.setCookie", kept).await;
    }

    async fn page(&self, door: &str, at: SocketAddr, page: &str) -> Vec<String> {
        let pictures = root().join("target/screens");
        std::fs::create_dir_all(&pictures).unwrap();
        let (mut wrong, mut marks) = (Vec::new(), Vec::new());
        for language in LANGUAGES {
            self.speak(at, language).await;
            self.browser.client.goto(&format!("{}{page}", by_name(at))).await.unwrap();
            let seen = format!("{door}-{}-{language}", file_name(page));
            for look in LOOKS {
                self.browser.look(look).await;
                let Look { theme, width } = look;
                let found = self.wrongs(&mut marks).await;
                wrong.extend(found.into_iter().map(|wrong| format!("{seen}-{theme}-{width}: {wrong}")));
                if is_pictured(language, look) {
                    let name = format!("{seen}-{theme}-{width}.jpg");
                    std::fs::write(pictures.join(name), self.browser.picture().await).unwrap();
                }
            }
            let said = self.browser.complaints().await;
            wrong.extend(said.into_iter().map(|said| format!("{seen}: {said}")));
        }
        // What is for those who read English is written in English alone.
        if !is_english(page) {
            wrong.extend(self.without_room(door, at, page).await);
        }
        noted(wrong)
    }

    /// Sees a page in the pseudo-locale where room is least: on the narrowest phone, and on a desk at 200 %, which has half its
    /// width in which to show all of it (WCAG 2.2, 1.4.4 and 1.4.10).
    async fn without_room(&self, door: &str, at: SocketAddr, page: &str) -> Vec<String> {
        self.speak(at, pseudo::TAG).await;
        self.browser.look(LOOKS[0]).await;
        self.browser.client.goto(&format!("{}{page}", by_name(at))).await.unwrap();
        let mut wrong = Vec::new();
        for (at, times) in [("narrow", None), ("at 200 %", Some(2.0))] {
            if let Some(times) = times {
                self.browser.look(Look { width: DESK, theme: "light" }).await;
                self.browser.enlarge(times).await;
            }
            let wider = self.browser.wider().await;
            let mut found = self.browser.plain().await;
            if wider > 0 {
                found.push(format!("{wider} pixels wider than the window"));
            }
            wrong.extend(found.into_iter().map(|found| format!("{door} {page} {at}: {found}")));
        }
        // Every look here asks for less motion.
        let moves = self.browser.moves().await;
        wrong.extend(moves.into_iter().map(|moving| format!("{door} {page}: {moving} moves")));
        self.browser.enlarge(1.0).await;
        wrong
    }

    /// Everything that is wrong with the page as it is looked at now; `marks` are those of the looks at it before.
    async fn wrongs(&self, marks: &mut Vec<String>) -> Vec<String> {
        let Judged { mut wrong, wider, origins } = self.browser.judge(marks).await;
        if wider > 0 {
            wrong.push(format!("{wider} pixels wider than the window"));
        }
        let foreign = origins.into_iter().filter(|origin| !self.own.contains(origin));
        wrong.extend(foreign.map(|origin| format!("asked {origin}")));
        wrong
    }
}

/// Whether a page is for those who read English: the description of the interface.
fn is_english(page: &str) -> bool {
    ["/reference", "/problems"].iter().any(|begin| page.starts_with(begin))
}

/// Whether a picture is kept of this look: of a phone and of a desk, in English in both themes, else in one each.
fn is_pictured(language: &str, look: Look) -> bool {
    match look {
        Look { width: PHONE, theme } => language == "en" || theme == "light",
        Look { width: DESK, theme } => language == "en" || theme == "dark",
        _ => false,
    }
}

/// Where what is wrong is written down as it is found: a run that breaks off has not looked for nothing.
pub(crate) const FINDINGS: &str = "target/screens/findings.txt";

/// Writes down what is wrong.
fn noted(wrong: Vec<String>) -> Vec<String> {
    if !wrong.is_empty() {
        let mut file =
            std::fs::OpenOptions::new().append(true).create(true).open(root().join(FINDINGS)).unwrap();
        file.write_all((wrong.join("\n") + "\n").as_bytes()).unwrap();
    }
    wrong
}

/// Begins a run: what another one found is no finding of this one.
pub(crate) fn begin() {
    let file = root().join(FINDINGS);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "").unwrap();
}

fn file_name(page: &str) -> String {
    let name: String = page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if name == "-" { "home".to_owned() } else { name.trim_matches('-').to_owned() }
}

/// Has two look at every page of every door in every way, each at another page; what is wrong with them. Whoever works at
/// one door names it in `PAIZA_DOORS` (`console,phone`) and sees no other.
pub(crate) async fn see_everything(two: [&See<'_>; 2], doors: &[Door]) -> Vec<String> {
    let wanted = std::env::var("PAIZA_DOORS").ok();
    let named =
        |door: &&Door| wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|name| name == door.name));
    let pages: Vec<(&Door, &str, bool)> = doors
        .iter()
        .filter(named)
        .flat_map(|door| {
            let whole = door.pages.iter().map(move |page| (door, page.as_str(), true));
            whole.chain(door.glances.iter().map(move |page| (door, page.as_str(), false)))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let look = async |see: &See<'_>| {
        let mut wrong = Vec::new();
        while let Some((door, page, whole)) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(match whole {
                true => see.page(door.name, door.at, page).await,
                false => see.glance(door.name, door.at, page).await,
            });
        }
        wrong
    };
    let (mut wrong, more) = tokio::join!(look(two[0]), look(two[1]));
    wrong.extend(more);
    wrong
}
