//! Home, and one card.

use super::looking_back::{self, Lately};
use super::upi::looking::Paid;
use super::view;
use super::visit::{Asked, Reply, Visit, nothing};
use crate::client::ClientError;
use crate::phone::PhoneError;
use crate::screens::phone::{self as screens, DetailView, HomeView, KnownView};
use ::wallet::card::Card;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use serde::Deserialize;
use values::Id;
use values::id::kinds;

/// So many payments are shown on the first page and with a card.
const RECENT: usize = 3;

/// So many people and shops are shown on the first page: a row of them.
const KNOWN: usize = 5;

impl Visit {
    /// Texts that came after its owner last looked.
    pub(super) fn unread(&self) -> Result<usize, PhoneError> {
        let seen = self.phone.texts_seen();
        Ok(self.phone.texts()?.iter().filter(|text| text.at > seen).count())
    }

    /// The card of this name, if it is on the phone.
    pub(super) fn card(&self, token: &str) -> Result<Option<Card>, PhoneError> {
        let (cards, _) = self.phone.cards()?;
        Ok(cards.into_iter().find(|card| card.token.to_string() == token))
    }
}

/// The first page.
pub(super) async fn home(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let cards = view::cards(&visit.phone)?;
            let Lately { pending, all } = looking_back::lately(visit)?;
            let recent = all.iter().take(RECENT).map(|paid| paid.row.clone()).collect();
            let known = known(visit, &all);
            let account = visit.account_at_home();
            let home = HomeView { pending, known, recent, unread: visit.unread()?, cards, account };
            Reply::page(screens::home(&visit.page, &home))
        })
        .await
}

/// Whom this phone paid or was paid by last, each once: a person leads to paying them again, a shop to what was paid there.
fn known(visit: &Visit, all: &[Paid]) -> Vec<KnownView> {
    let nobody = visit.page.language.say("tap-no-shop");
    let mut known: Vec<KnownView> = Vec::new();
    for paid in all.iter().filter(|paid| paid.row.name != nobody) {
        let one = KnownView { name: paid.row.name.clone(), address: paid.person.clone() };
        if known.len() < KNOWN && !known.contains(&one) {
            known.push(one);
        }
    }
    known
}

#[derive(Deserialize)]
pub(super) struct Note {
    #[serde(default)]
    note: String,
}

/// What may be said about what was just done: the words are ours, never those of an address.
const NOTES: [&str; 7] = ["paused", "resumed", "first", "named", "moved", "later", "refused"];

/// One card.
pub(super) async fn card(asked: Asked, Path(token): Path<String>, Query(note): Query<Note>) -> Response {
    asked
        .owner(move |visit| {
            let Some(card) = visit.card(&token)? else { return nothing(&visit.page) };
            let page = &visit.page;
            let cards = view::cards(&visit.phone)?;
            let place = cards.iter().position(|known| known.token == token).unwrap_or_default();
            let now = visit.door.now();
            let taps = visit.phone.payments()?;
            let paid = taps.iter().rev().filter(|tap| tap.token == card.token).take(RECENT);
            let paid = paid.map(|tap| view::row(page, tap, &[], now)).collect();
            let note = NOTES.iter().find(|known| **known == note.note);
            let detail = DetailView {
                card: cards[place].clone(),
                nickname: card.nickname.clone().unwrap_or_default(),
                keys_left: visit.phone.counter(card.token)?.keys_left,
                can_move_up: place > 0,
                valid_until: card.card_expiry.map(|expiry| {
                    let yymm = expiry.to_yymm();
                    format!("{}/{}", &yymm[2..], &yymm[..2])
                }),
                paid,
                note: note.map(|note| page.language.say(&format!("card-note-{note}"))),
            };
            Reply::page(screens::card(page, &detail))
        })
        .await
}

/// The card is on the phone.
pub(super) async fn added(asked: Asked, Path(token): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            let Some(card) = visit.card(&token)? else { return nothing(&visit.page) };
            Reply::page(screens::added(&visit.page, &view::card(&card, None)))
        })
        .await
}

/// What is done to a card, then says `note` on its page.
async fn act(
    asked: Asked,
    token: String,
    note: &'static str,
    work: impl FnOnce(&Visit, Id<kinds::Token>) -> Result<(), PhoneError> + Send + 'static,
) -> Response {
    asked
        .owner(move |visit| {
            let Some(card) = visit.card(&token)? else { return nothing(&visit.page) };
            let note = match work(visit, card.token) {
                Ok(()) => note,
                // It counts on the phone already; the others hear of it later.
                Err(PhoneError::Client(ClientError::Unreachable(_))) => "later",
                Err(PhoneError::Refused(_) | PhoneError::Client(ClientError::Problem(_))) => "refused",
                Err(error) => return Err(error),
            };
            Reply::to(&format!("/cards/{token}?note={note}"))
        })
        .await
}

/// Tapped first from now on.
pub(super) async fn first(asked: Asked, Path(token): Path<String>) -> Response {
    act(asked, token, "first", |visit, token| visit.phone.set_default(token)).await
}

#[derive(Deserialize)]
pub(super) struct Nickname {
    #[serde(default)]
    nickname: String,
}

/// Gives it a name.
pub(super) async fn name(asked: Asked, Path(token): Path<String>, Form(typed): Form<Nickname>) -> Response {
    act(asked, token, "named", move |visit, token| visit.phone.rename(token, typed.nickname.trim())).await
}

/// One place up in the list.
pub(super) async fn up(asked: Asked, Path(token): Path<String>) -> Response {
    act(asked, token, "moved", |visit, token| {
        let (cards, _) = visit.phone.cards()?;
        let mut order: Vec<_> = cards.iter().map(|card| card.token).collect();
        match order.iter().position(|known| *known == token) {
            Some(place) if place > 0 => order.swap(place, place - 1),
            _ => return Ok(()),
        }
        visit.phone.reorder(order)
    })
    .await
}

/// Stops it on this phone.
pub(super) async fn pause(asked: Asked, Path(token): Path<String>) -> Response {
    act(asked, token, "paused", |visit, token| {
        visit.phone.suspend(token)?;
        visit.phone.sync().map(drop)
    })
    .await
}

/// Lets it pay again.
pub(super) async fn resume(asked: Asked, Path(token): Path<String>) -> Response {
    act(asked, token, "resumed", |visit, token| {
        visit.phone.resume(token)?;
        visit.phone.sync().map(drop)
    })
    .await
}

/// Asks once more.
pub(super) async fn ask_to_remove(asked: Asked, Path(token): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            let Some(card) = visit.card(&token)? else { return nothing(&visit.page) };
            Reply::page(screens::remove(&visit.page, &view::card(&card, None)))
        })
        .await
}

/// Removes it for ever, with or without a network.
pub(super) async fn remove(asked: Asked, Path(token): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            let Some(card) = visit.card(&token)? else { return nothing(&visit.page) };
            visit.phone.delete(card.token)?;
            if let Err(error) = visit.phone.sync() {
                tracing::info!(%error, "the platform is told later");
            }
            Reply::to("/")
        })
        .await
}
