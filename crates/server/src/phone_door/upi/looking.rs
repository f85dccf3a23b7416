//! Looking: the balance behind the PIN, a payment as it stands, what was paid, the own code.

use super::super::visit::{Asked, Reply, Visit, nothing};
use super::super::{held, view};
use super::paying::Approval;
use super::{Place, Trouble, rupees, tail};
use crate::phone::PhoneError;
use crate::picture;
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, PinView, ReceiveView, RowView, Slip, StepView, UpiReceiptView};
use crate::screens::tablet::code_panel;
use crate::upi::app::Shown;
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use ::upi::link::LinkMaker;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use psp::records::{Direction, LinkedAccount, Payment, PaymentState};
use serde::Deserialize;
use values::time::{Civil, Zone};
use values::{Currency, Money, Timestamp};

impl Visit {
    fn balance_page(
        &self,
        upi: &UpiPhone,
        place: Place,
        account: &LinkedAccount,
        trouble: Option<String>,
    ) -> String {
        let view = PinView {
            account: self.account_view(upi, place.0.saturating_sub(1), account),
            length: usize::from(account.pin_length),
            payment: None,
            again: None,
            approves: account.reference.clone(),
            action: format!("/upi/balance/{place}"),
            back: "/upi",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// Asks for the PIN before the balance.
pub(in super::super) async fn ask_balance(asked: Asked, Path(place): Path<Place>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, _)) = visit.account_at(upi, place)? else {
                    return Ok(Reply::To("/upi".to_owned()));
                };
                if !account.has_pin {
                    return Ok(Reply::To(format!("/upi/pin/{place}")));
                }
                Ok(Reply::Page(visit.balance_page(upi, place, &account, None)))
            })
        })
        .await
}

/// Shows the balance, once: it is written nowhere.
pub(in super::super) async fn balance(
    asked: Asked,
    Path(place): Path<Place>,
    Form(approval): Form<Approval>,
) -> Response {
    let (approves, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, shown)) = visit.account_at(upi, place)? else {
                    return Ok(Reply::To("/upi".to_owned()));
                };
                // The order of accounts may have changed since the page was made.
                if approves != account.reference {
                    return Ok(Reply::To(format!("/upi/balance/{place}")));
                }
                let again = |trouble| visit.balance_page(upi, place, &account, Some(trouble));
                Ok(visit.by_pin((&account, &pin), again, |pin| upi.balance(&account, pin))?.map_or_else(
                    |reply| reply,
                    |balance| {
                        let sum = Money::parse(&balance, Currency::INR).map(rupees).unwrap_or_default();
                        Reply::Page(screens::upi_balance(&visit.page, &shown, &sum))
                    },
                ))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Wish {
    #[serde(default)]
    amount: String,
    /// Which of the owner's addresses, counted from 1.
    #[serde(default)]
    address: Place,
}

/// Shows the owner's own code, for an amount if one is wished.
pub(in super::super) async fn receive(asked: Asked, Query(wish): Query<Wish>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let mine = visit.mine(upi)?;
                let wanted = mine.addresses.get(wish.address.0.saturating_sub(1));
                let address = wanted.or(mine.addresses.first());
                let (Some(address), Some(account)) = (address, mine.accounts.first()) else {
                    return Ok(Reply::To("/upi".to_owned()));
                };
                let typed = wish.amount.trim();
                let wished = Money::parse(typed, Currency::INR).ok().filter(|amount| !amount.is_zero());
                let name = &account.holder;
                let maker = LinkMaker::pay().with("pa", address).with("pn", name);
                let maker = match wished {
                    Some(amount) => maker.with("am", &amount.to_decimal()).with("cu", "INR"),
                    None => maker,
                };
                let link = maker.with("mode", "01").finish();
                let drawn = link.ok().and_then(|link| Some((picture::draw(link.text())?, link)));
                let Some((drawing, link)) = drawn else { return Ok(nothing(&visit.page)?) };
                let label = visit.page.language.say_text("upi-receive-label", "name", name);
                let view = ReceiveView {
                    name: name.clone(),
                    address: address.clone(),
                    place: mine.addresses.iter().position(|own| own == address).unwrap_or_default() + 1,
                    account: visit.account_view(upi, 0, account),
                    panel: code_panel(&drawing, &label),
                    text: link.text().to_owned(),
                    amount: wished.map(rupees),
                    typed: typed.to_owned(),
                    wrong: (wished.is_none() && !typed.is_empty())
                        .then(|| visit.page.language.say("scan-wrong-amount")),
                };
                Ok(Reply::Page(screens::upi_receive(&visit.page, &view)))
            })
        })
        .await
}

/// A payment for a list of everything that was paid.
pub(in super::super) struct Paid {
    pub(in super::super) at: Timestamp,
    pub(in super::super) row: RowView,
    /// By what it was paid.
    pub(in super::super) how: String,
    /// The address of the person on the other side; nothing for shops, and for payments with a card.
    pub(in super::super) person: Option<String>,
}

impl Visit {
    /// The last payments from and into the accounts, newest first; only those in which a text occurs, if it is not empty.
    pub(super) fn upi_rows(&self, upi: &UpiPhone, text: &str) -> Result<Vec<Paid>, Trouble> {
        let payments = if text.is_empty() { upi.payments()? } else { upi.payments_with(text)? };
        let mut rows: Vec<Paid> = payments.iter().map(|shown| self.paid(shown)).collect();
        if text.is_empty() {
            held(&self.door.0.upi).heard = payments;
        }
        rows.sort_by_key(|paid| std::cmp::Reverse(paid.at));
        Ok(rows)
    }

    /// The same for whoever shows more than that: nothing where there is no account, an error where nobody answers.
    pub(in super::super) fn paid_by_account(&self, text: &str) -> Result<Vec<Paid>, PhoneError> {
        let asked = self.upi_phone().map_err(Trouble::from).and_then(|phone| match phone {
            Some(upi) if self.door.0.settings.upi.is_some() => self.upi_rows(&upi, text),
            _ => Ok(Vec::new()),
        });
        match asked {
            Ok(rows) => Ok(rows),
            Err(Trouble::Upi(UpiPhoneError::Client(error))) => Err(PhoneError::Client(error)),
            Err(Trouble::Phone(error)) => Err(error),
            // Whatever else is wrong with the account, the cards' payments are shown.
            Err(Trouble::Upi(error)) => {
                tracing::info!(%error, "no payments by account");
                Ok(Vec::new())
            }
        }
    }

    /// The last payments from and into the accounts, as they were heard of last; asks nobody.
    pub(in super::super) fn heard_by_account(&self) -> Vec<Paid> {
        held(&self.door.0.upi).heard.iter().map(|shown| self.paid(shown)).collect()
    }

    fn paid(&self, shown: &Shown) -> Paid {
        let payment = &shown.payment;
        let how = self.page.language.say(if payment.is_from_purse() { "row-by-purse" } else { "row-by-upi" });
        let row = RowView {
            href: format!("/upi/payments/{}", payment.id),
            name: payment.other_name.clone().unwrap_or_else(|| payment.other.clone()),
            second: format!("{}, {how}", view::time_or_day(&self.page, payment.at, self.door.now())),
            amount: rupees(payment.amount()),
            state: match (payment.state, payment.direction) {
                (PaymentState::Success, Direction::Sent) => "paid",
                (PaymentState::Success, Direction::Received) => "received",
                (PaymentState::Failed, _) => "not-paid",
                (PaymentState::Pending | PaymentState::Deemed, _) => "checked",
            },
        };
        let is_person = payment.category.as_ref().is_none_or(|category| category == "0000");
        let person = (is_person && payment.other != payment.own).then(|| payment.other.clone());
        Paid { at: payment.at, row, how, person }
    }

    /// Where what was claimed of a payment is shown, or what may be, and what that is called; nowhere for what came and nobody claims.
    fn dispute_link(&self, upi: &UpiPhone, payment: &Payment) -> Result<Option<(String, String)>, Trouble> {
        let path = format!("/upi/payments/{}/dispute", payment.id);
        if payment.direction == Direction::Sent {
            let is_own = payment.original.is_none();
            return Ok(is_own.then(|| (path, self.page.language.say("dispute-open"))));
        }
        match upi.dispute(&payment.id) {
            Ok(_) => Ok(Some((path, self.page.language.say("dispute-received")))),
            Err(error) if super::code_of(&error) == Some("not_found") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What happens next, and whom to ask if it does not.
    fn next(&self, shown: &Shown) -> String {
        let language = self.page.language;
        match &shown.pending {
            Some(pending) => format!("{} {}", language.of(&shown.next), language.of(&pending.ask)),
            None => language.of(&shown.next),
        }
    }

    /// Where the money of a payment is whose end nobody knows.
    fn steps(&self, shown: &Shown) -> Vec<StepView> {
        let payment = &shown.payment;
        let sent = payment.direction == Direction::Sent;
        let Some(pending) = shown.pending.as_ref().filter(|_| sent) else { return Vec::new() };
        let (page, say) = (&self.page, |name: &str| self.page.language.say(name));
        let step = |stands, what: &str, when: String| StepView { stands, what: say(what), when };
        let mut steps =
            vec![step("yes", "upi-step-approved", view::exact_time_in(Zone::Kolkata, payment.at))];
        if let Some(asked) = payment.checks.last() {
            steps.push(step("yes", "upi-step-asked", view::exact_time_in(Zone::Kolkata, *asked)));
        }
        let place = page.language.of(&pending.place);
        steps.push(step("now", "upi-step-waiting", format!("{place} {}", say("upi-step-keeps"))));
        if let Some(day) = ::upi::time::parse(&pending.back_by).map(|by| last_day(page, by)) {
            steps.push(step("later", "upi-step-end", page.language.say_text("upi-step-by", "day", &day)));
        }
        steps
    }
}

/// The last day that ends by this moment, in India.
pub(super) fn last_day(page: &Page, by: Timestamp) -> String {
    let before = Timestamp::from_millis(by.millis().saturating_sub(1));
    let Civil { year, month, day, .. } = before.civil(Zone::Kolkata);
    page.language.date(year, month, day)
}

/// One payment as it stands now.
pub(in super::super) async fn receipt(asked: Asked, Path(transaction): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| match visit.receipt_of(upi, &transaction)? {
                Some(view) => Ok(Reply::Page(screens::upi_receipt(&visit.page, &view))),
                None => Ok(nothing(&visit.page)?),
            })
        })
        .await
}

/// The same to be handed on: the page that shows what would be, its text, or its paper.
pub(in super::super) async fn hand_on(
    asked: Asked,
    Path((transaction, file)): Path<(String, String)>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| match visit.receipt_of(upi, &transaction)? {
                Some(view) => {
                    Ok(visit.hand_on(&Slip::by_account(&visit.page, &view), &view.row.href, &file)?)
                }
                None => Ok(nothing(&visit.page)?),
            })
        })
        .await
}

impl Visit {
    /// A payment as its receipt shows it, if there is one of this name.
    fn receipt_of(&self, upi: &UpiPhone, transaction: &str) -> Result<Option<UpiReceiptView>, Trouble> {
        // What is no name of a transaction is asked of nobody.
        if ::upi::ids::TransactionId::parse(transaction).is_none() {
            return Ok(None);
        }
        let shown = match upi.payment(transaction) {
            Err(error) if super::code_of(&error) == Some("not_found") => return Ok(None),
            shown => shown?,
        };
        held(&self.door.0.upi).hear(&shown);
        let mine = self.mine(upi)?;
        let payment = &shown.payment;
        let account = mine.accounts.iter().find(|account| account.reference == payment.account);
        let bank = account.map_or_else(String::new, |account| self.bank(upi, &account.ifsc));
        let line = account.map_or_else(String::new, |one| format!("{bank} ••\u{a0}{}", tail(one)));
        let page = &self.page;
        let received = payment.state == PaymentState::Success && payment.direction == Direction::Received;
        let success = payment.state == PaymentState::Success;
        let cause = payment.cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
        let nothing_moved = payment.advice().says_nothing_moved();
        let again =
            payment.state == PaymentState::Failed && payment.direction == Direction::Sent && nothing_moved;
        Ok(Some(UpiReceiptView {
            row: self.paid(&shown).row,
            said: match received {
                true => page.language.say("upi-received-said"),
                false => page.language.of(&shown.said),
            },
            next: if success { String::new() } else { self.next(&shown) },
            steps: self.steps(&shown),
            address: payment.other.clone(),
            when: view::when(page, payment.at, Some(Zone::Kolkata)),
            account: line,
            note: payment.note.clone(),
            reference: payment.reference.clone(),
            code: if success { String::new() } else { format!("{}{cause}", payment.code) },
            ask: page.language.say_text("upi-ask-bank", "bank", &bank),
            waits: payment.state == PaymentState::Pending,
            dispute: self.dispute_link(upi, payment)?,
            again: again.then(|| format!("/upi/pay?to={}", payment.other)),
        }))
    }
}
