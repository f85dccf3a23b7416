//! Bills that several people share: each share is a code that its payer scans.

use super::super::visit::{Asked, Reply, Visit, nothing};
use super::{Trouble, code_of, no, rupees, to};
use crate::picture;
use crate::screens::phone::{self as screens, NewSplitView, ShareView, SplitRow};
use crate::screens::tablet::code_panel;
use crate::upi::app::SplitShown;
use crate::upi::phone::UpiPhone;
use axum::extract::{Form, Path};
use axum::response::Response;
use psp::splits::{Share, Split};
use serde::Deserialize;
use values::{Currency, Money};

fn amount(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

impl Visit {
    fn split_row(&self, split: &Split) -> SplitRow {
        let asked = split.shares.iter().filter(|share| share.reference.is_some());
        let (paid, all) = asked
            .fold((0, 0), |(paid, all), share: &Share| (paid + usize::from(share.paid.is_some()), all + 1));
        let (paid, all) = (paid.to_string(), all.to_string());
        let stands = [("paid", paid.as_str()), ("all", all.as_str())];
        SplitRow {
            id: split.id.clone(),
            note: split.note.clone(),
            stands: self.page.language.say_texts("split-stands", &stands),
            total: rupees(amount(split.paise)),
        }
    }

    fn share_view(&self, shown: &SplitShown, (place, share): (usize, &Share)) -> ShareView {
        let split = &shown.split;
        let given_back = shown.given_back.get(place).copied().unwrap_or(0);
        let (state, href) = match (&share.reference, &share.paid) {
            (None, _) => ("own", String::new()),
            (Some(_), Some(transaction)) => {
                let state = match given_back {
                    0 => "paid",
                    all if all >= share.paise => "refunded",
                    _ => "part",
                };
                (state, format!("/upi/payments/{transaction}"))
            }
            (Some(_), None) => ("open", format!("/upi/splits/{}/{}", split.id, place + 1)),
        };
        let who = if share.who.is_empty() { self.page.language.say("split-you") } else { share.who.clone() };
        ShareView { who, amount: rupees(amount(share.paise)), state, href }
    }

    /// A split of the owner's, with its links.
    fn with_split(
        &self,
        upi: &UpiPhone,
        id: &str,
        work: impl FnOnce(&SplitShown) -> Result<Reply, Trouble>,
    ) -> Result<Reply, Trouble> {
        let is_name = id
            .strip_prefix("split_")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if !is_name {
            return Ok(nothing(&self.page)?);
        }
        match upi.split(id) {
            Err(error) if code_of(&error) == Some("not_found") => Ok(nothing(&self.page)?),
            shown => work(&shown?),
        }
    }
}

/// All that were shared.
pub(in super::super) async fn list(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let rows: Vec<_> = upi.splits()?.iter().map(|split| visit.split_row(split)).collect();
                Ok(Reply::Page(screens::upi_splits(&visit.page, &rows)))
            })
        })
        .await
}

/// Asks for what, how much, and with whom.
pub(in super::super) async fn form(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                if visit.mine(upi)?.addresses.is_empty() {
                    return to("/upi");
                }
                let view = NewSplitView { with_me: true, ..NewSplitView::default() };
                Ok(Reply::Page(screens::upi_split_new(&visit.page, &view)))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Typed {
    #[serde(default)]
    note: String,
    #[serde(default)]
    total: String,
    #[serde(default)]
    people: String,
    #[serde(default)]
    with_me: String,
}

/// The people as typed, a line for each: a name, and behind it an amount if it is not an equal part. Nothing if a line has no name.
fn people(text: &str) -> Option<Vec<(String, Option<Money>)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let one = |line: &str| {
        let last = line.rsplit_once(char::is_whitespace);
        let said = last.and_then(|(who, amount)| Some((who, Money::parse(amount, Currency::INR).ok()?)));
        let (who, amount) = said.map_or((line, None), |(who, amount)| (who.trim(), Some(amount)));
        let is_amount = Money::parse(who, Currency::INR).is_ok();
        (!who.is_empty() && !is_amount).then(|| (who.to_owned(), amount))
    };
    lines.map(one).collect()
}

/// Shares a bill.
pub(in super::super) async fn make(asked: Asked, Form(typed): Form<Typed>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let again = |name: &str| {
                    let view = NewSplitView {
                        note: typed.note.clone(),
                        total: typed.total.clone(),
                        people: typed.people.clone(),
                        with_me: typed.with_me == "yes",
                        wrong: Some(visit.page.language.say(name)),
                    };
                    no(screens::upi_split_new(&visit.page, &view))
                };
                let Ok(total) = Money::parse(typed.total.trim(), Currency::INR) else {
                    return again("scan-wrong-amount");
                };
                let Some(people) = people(&typed.people) else { return again("split-wrong") };
                match upi.split_bill(typed.note.trim(), total, &people, typed.with_me == "yes") {
                    Ok(made) => to(&format!("/upi/splits/{}", made.split.id)),
                    Err(error) => match code_of(&error) {
                        Some("note_invalid") => again("split-wrong-note"),
                        Some("amount_invalid") => again("scan-wrong-amount"),
                        Some("shares_invalid") => again("split-wrong"),
                        _ => Err(error.into()),
                    },
                }
            })
        })
        .await
}

/// Who has paid.
pub(in super::super) async fn one(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_split(upi, &id, |shown| {
                    let split = &shown.split;
                    let all = split.shares.iter().enumerate();
                    let shares: Vec<_> = all.map(|share| visit.share_view(shown, share)).collect();
                    Ok(Reply::Page(screens::upi_split(&visit.page, &visit.split_row(split), &shares)))
                })
            })
        })
        .await
}

/// The code of a share.
pub(in super::super) async fn share(asked: Asked, Path((id, place)): Path<(String, String)>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_split(upi, &id, |shown| {
                    let place = place.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
                    let split = &shown.split;
                    let found = place.and_then(|place| Some((place, split.shares.get(place)?)));
                    let link = place.and_then(|place| shown.links.get(place)?.as_deref());
                    let (Some(share), Some(link)) = (found, link) else { return Ok(nothing(&visit.page)?) };
                    if let Some(transaction) = &share.1.paid {
                        return to(&format!("/upi/payments/{transaction}"));
                    }
                    let Some(drawing) = picture::draw(link) else { return Ok(nothing(&visit.page)?) };
                    let view = visit.share_view(shown, share);
                    let label = visit.page.language.say_text("split-code", "name", &view.who);
                    let panel = code_panel(&drawing, &label);
                    let row = visit.split_row(split);
                    Ok(Reply::Page(screens::upi_share(&visit.page, &row, &view, (&panel, link))))
                })
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_names_with_or_without_amounts() {
        let rupees = |text| Some(Money::parse(text, Currency::INR).unwrap());
        let named = |who: &str, amount| (who.to_owned(), amount);
        let typed = "Ravi\n\n Meera Iyer 120.50 \r\nDev 3";
        let read =
            vec![named("Ravi", None), named("Meera Iyer", rupees("120.50")), named("Dev", rupees("3"))];
        assert_eq!(people(typed), Some(read));
        assert_eq!(people(""), Some(Vec::new()));
        assert_eq!(people("Ravi\n120.50"), None, "an amount is nobody");
    }
}
