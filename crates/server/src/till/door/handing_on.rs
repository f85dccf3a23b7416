//! The slip handed on: as a text, or as a paper for people.

use super::{Counter, entry_of, to_screen};
use crate::paper::{Fonts, Paper, PaperError, Part, Sheet};
use crate::screens::door::page_of;
use crate::screens::pages::Page;
use crate::till::face::Face;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

/// What the slip is asked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Pdf,
}

impl Kind {
    /// The kind of a file of this name, if there is one.
    fn of(file: &str) -> Option<Kind> {
        match file {
            "receipt.txt" => Some(Kind::Text),
            "receipt.pdf" => Some(Kind::Pdf),
            _ => None,
        }
    }
}

/// The slip of the last payment.
pub(super) async fn last(
    State(counter): State<Counter>,
    Path(file): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Face::Ended(ended) = counter.till.view().face else { return to_screen() };
    match Kind::of(&file).filter(|_| !ended.receipt.is_empty()) {
        Some(kind) => counter.hand_on(&headers, &uri, &ended.receipt, kind),
        None => to_screen(),
    }
}

/// The slip of an earlier payment.
pub(super) async fn earlier(
    State(counter): State<Counter>,
    Path((batch, trace, file)): Path<(u32, String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    match (entry_of(&counter, batch, &trace).await, Kind::of(&file)) {
        (Some(entry), Some(kind)) => counter.hand_on(&headers, &uri, &counter.till.slip(&entry), kind),
        _ => Redirect::to("/payments").into_response(),
    }
}

impl Counter {
    /// A slip as a file.
    fn hand_on(&self, headers: &HeaderMap, uri: &Uri, lines: &[String], kind: Kind) -> Response {
        let page = page_of(headers, uri);
        file(&page, lines, kind).unwrap_or_else(|error| {
            tracing::warn!(%error, "no paper");
            let text = match error {
                PaperError::NoFont(_) | PaperError::Font(_) => "paper-no-font",
                PaperError::Write(_) => "wrong-text",
            };
            self.not_done(headers, uri, &[page.language.say(text)])
        })
    }
}

/// The slip as a file, or why this machine cannot write it.
fn file(page: &Page, lines: &[String], kind: Kind) -> Result<Response, PaperError> {
    let (media, name, bytes) = match kind {
        Kind::Text => {
            let text: String = lines.iter().map(|line| line.trim_end().to_owned() + "\n").collect();
            ("text/plain; charset=utf-8", "paiza-receipt.txt", text.into_bytes())
        }
        Kind::Pdf => {
            ("application/pdf", "paiza-receipt.pdf", paper(page, lines).pdf(Fonts::of_this_machine())?)
        }
    };
    let attached = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, attached.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}

/// The slip as a paper. It was made for a printer whose letters are all of one width: what stands in two columns there is a
/// name and what it is.
fn paper(page: &Page, lines: &[String]) -> Paper {
    let title = page.language.say("till-receipt");
    let mut parts = vec![Part::Heading(title.clone())];
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        match (line.split_once("  "), parts.last_mut()) {
            (Some((name, what)), Some(Part::Facts(facts))) => {
                facts.push((name.to_owned(), what.trim().to_owned()));
            }
            (Some((name, what)), _) => {
                parts.push(Part::Facts(vec![(name.to_owned(), what.trim().to_owned())]));
            }
            (None, _) => parts.push(Part::Words(line.to_owned())),
        }
    }
    Paper { title, language: page.language.tag(), sheet: Sheet::A5, parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::words::Language;
    use values::time::Zone;

    #[test]
    fn columns_of_the_slip_are_facts_of_the_paper() {
        let page = Page { language: Language::English, theme: None, path: "/".to_owned(), zone: Zone::Utc };
        let lines = ["PAIZA NOODLES", "SALE        12.50 CNY", "TRACE       000001", "", "  THANK YOU "];
        let paper = paper(&page, &lines.map(str::to_owned));
        let facts = [("SALE", "12.50 CNY"), ("TRACE", "000001")];
        let facts = facts.map(|(name, what)| (name.to_owned(), what.to_owned())).to_vec();
        let words = |text: &str| Part::Words(text.to_owned());
        let heading = Part::Heading("Receipt".to_owned());
        assert_eq!(paper.parts, [heading, words("PAIZA NOODLES"), Part::Facts(facts), words("THANK YOU")]);
    }
}
