//! Whom, how much, the PIN, and the order.

use super::super::held;
use super::super::visit::{Asked, Reply, Visit};
use super::set_up::is_pin;
use super::{Place, Trouble, code_of, declined, no, rupees, to};
use crate::client::ClientError;
use crate::phone::PhoneError;
use crate::picture;
use crate::screens::phone::{self as screens, ConfirmView, PinView, WhomView};
use crate::upi::app::{NewPayment, Shown};
use crate::upi::phone::purse::FromPurse;
use crate::upi::phone::{UpiPhone, UpiPhoneError, Vouched, Whose, begun_by};
use ::emv::qr::offer::Offer;
use ::upi::address::{Address, AddressError};
use ::upi::bharat::BharatCode;
use ::upi::link::{Caution, Kind, Link, Refused};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, Query};
use axum::http::StatusCode;
use axum::response::Response;
use psp::payments::Begun;
use psp::records::{Direction, LinkedAccount, PaymentState};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use values::{Currency, Money, SecretBytes};

/// How long the end of a payment is waited for before its page is shown; most have ended by then.
const LOOKS: Duration = Duration::from_millis(2500);

/// What is to be paid.
#[derive(Clone)]
pub(in super::super) struct Draft {
    payee: String,
    whose: Whose,
    /// What the link asks for, and whether nobody may change it.
    amount: Option<Money>,
    fixed: bool,
    note: Option<String>,
    begun: Begun,
    /// Whether nobody vouches for a shop's code.
    unsigned: bool,
    /// What was decided on the page that shows all of it.
    decided: Option<Decided>,
}

#[derive(Clone)]
struct Decided {
    /// Names this decision: the PIN's form carries it.
    name: String,
    amount: Money,
    note: Option<String>,
    /// The account's name at its bank.
    account: String,
}

/// What was scanned, pasted or typed asks for.
struct Wanted {
    payee: String,
    amount: Option<Money>,
    fixed: bool,
    note: Option<String>,
    begun: Begun,
    scanned: bool,
    /// The link, if it was one.
    link: Option<Link>,
}

#[derive(Deserialize)]
pub(in super::super) struct Whom {
    #[serde(default)]
    to: String,
}

/// Asks whom to pay.
pub(in super::super) async fn whom(asked: Asked, Query(typed): Query<Whom>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let mine = visit.mine(upi)?;
                if mine.addresses.is_empty() {
                    return to("/upi");
                }
                let view = WhomView { typed: typed.to.trim().to_owned(), ..WhomView::default() };
                Ok(Reply::Page(screens::upi_whom(&visit.page, &view)))
            })
        })
        .await
}

/// Why an address is not paid, as the name of a sentence.
fn wrong_address(error: AddressError) -> &'static str {
    match error {
        AddressError::Imitation { .. } | AddressError::NotAscii { .. } => "upi-whom-letters",
        _ => "upi-whom-wrong",
    }
}

/// Looks up whose the typed address is.
pub(in super::super) async fn by_address(asked: Asked, Form(typed): Form<Whom>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let text = typed.to.trim();
                let wrong = |wrong: String| {
                    let view = WhomView { typed: text.to_owned(), wrong: Some(wrong), trouble: None };
                    no(screens::upi_whom(&visit.page, &view))
                };
                if let Err(error) = Address::parse(text) {
                    return wrong(visit.page.language.say(wrong_address(error)));
                }
                let wanted = Wanted {
                    payee: text.to_owned(),
                    amount: None,
                    fixed: false,
                    note: None,
                    begun: Begun::default(),
                    scanned: false,
                    link: None,
                };
                visit.draft(upi, wanted).or_else(|trouble| wrong(visit.not_found(trouble)?))
            })
        })
        .await
}

impl Visit {
    /// Takes up what was scanned, a payment or a mandate, unless its signature is not that of whoever it names; then the name of
    /// the sentence that says so.
    fn begin(&self, upi: &UpiPhone, mut wanted: Wanted) -> Result<Result<Reply, &'static str>, Trouble> {
        let Some(link) = wanted.link.take() else { return self.draft(upi, wanted).map(Ok) };
        let vouched = match upi.vouched(&link)? {
            Vouched::Forged => return Ok(Err("upi-link-forged")),
            vouched => vouched == Vouched::Yes,
        };
        if link.request.kind == Kind::Mandate {
            return self.propose(upi, &link, vouched);
        }
        if vouched {
            (wanted.begun, wanted.scanned) = (begun_by(&link, true), false);
        }
        self.draft(upi, wanted).map(Ok)
    }

    /// Takes up what is wanted once it is known whose the address is.
    fn draft(&self, upi: &UpiPhone, wanted: Wanted) -> Result<Reply, Trouble> {
        let whose = upi.look_up(&wanted.payee)?;
        let draft = Draft {
            unsigned: wanted.scanned && whose.category != "0000",
            payee: wanted.payee,
            whose,
            amount: wanted.amount,
            fixed: wanted.fixed,
            note: wanted.note,
            begun: wanted.begun,
            decided: None,
        };
        held(&self.door.0.upi).draft = Some(Arc::new(draft));
        to("/upi/pay/confirm")
    }

    /// The sentence for an address that nobody has, or that its provider does not tell about.
    fn not_found(&self, trouble: Trouble) -> Result<String, Trouble> {
        match trouble {
            Trouble::Upi(UpiPhoneError::Declined { code, .. }) if code == "ZH" || code == "UX" => {
                Ok(self.page.language.say("upi-whom-nobody"))
            }
            Trouble::Upi(UpiPhoneError::Declined { code, .. }) => Ok(declined(&self.page, &code)),
            trouble => match &trouble {
                Trouble::Upi(error) if code_of(error) == Some("address_invalid") => {
                    Ok(self.page.language.say("upi-whom-wrong"))
                }
                Trouble::Upi(error) if code_of(error) == Some("address_blocked") => {
                    Ok(self.page.language.say("blocked-by-you"))
                }
                _ => Err(trouble),
            },
        }
    }
}

/// What a scanned text asks for, or the name of the sentence that says why it is not paid.
fn wanted(text: &str, now: values::Timestamp) -> Result<Wanted, &'static str> {
    let text = text.trim();
    if text.starts_with("000201") {
        return bharat(text);
    }
    let link = Link::parse(text).map_err(|refused| match refused {
        Refused::Collect => "upi-link-collect",
        Refused::Hidden { .. } => "upi-link-hidden",
        Refused::Payee { why, .. } => wrong_address(why),
        _ => "upi-link-broken",
    })?;
    if link.is_expired(now) {
        return Err("upi-link-over");
    }
    let request = &link.request;
    Ok(Wanted {
        payee: request.payee.as_str().to_owned(),
        amount: request.amount,
        fixed: request.amount.is_some() && !link.amount_is_open(),
        note: request.note.clone(),
        begun: begun_by(&link, false),
        scanned: link.cautions.contains(&Caution::Unsigned) || request.organisation.is_some(),
        link: Some(link),
    })
}

/// The same of a shop's Bharat QR.
fn bharat(text: &str) -> Result<Wanted, &'static str> {
    let code = BharatCode::parse(text).map_err(|_| "upi-link-broken")?;
    let by_account = code.account.as_ref().map(|(ifsc, number)| Address::of_account(number, ifsc));
    let payee = code.payee.clone().or(by_account).ok_or("upi-link-broken")?;
    let least = code.least.filter(|least| code.amount.is_none_or(|amount| least.minor() < amount.minor()));
    Ok(Wanted {
        payee: payee.as_str().to_owned(),
        amount: code.amount,
        fixed: code.amount.is_some() && least.is_none(),
        note: None,
        begun: Begun { mode: Some("01".to_owned()), purpose: None, reference: code.reference.clone() },
        scanned: true,
        link: None,
    })
}

impl Visit {
    /// Whether what was scanned is paid from an account and by no card: a link of account payment, or a shop's code that names an
    /// account and no terminal for cards.
    pub(in super::super) fn is_for_account(&self, text: &str) -> bool {
        let text = text.trim();
        let is_link = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("upi:"));
        let pays_account = |code: BharatCode| code.payee.is_some() || code.account.is_some();
        let is_shops = || Offer::parse(text).is_err() && BharatCode::parse(text).is_ok_and(pays_account);
        self.account_at_home().is_some() && (is_link || is_shops())
    }

    /// Takes up what a code or a link asks for.
    pub(in super::super) fn scan_by_account(&self, text: &str) -> Result<Reply, PhoneError> {
        self.upi(|upi| match wanted(text, self.door.now()) {
            Ok(wanted) => match self.begin(upi, wanted) {
                Ok(Ok(reply)) => Ok(reply),
                Ok(Err(name)) => self.not_taken(self.page.language.say(name)),
                Err(trouble) => self.not_taken(self.not_found(trouble)?),
            },
            Err(name) => self.not_taken(self.page.language.say(name)),
        })
    }

    fn not_taken(&self, trouble: String) -> Result<Reply, Trouble> {
        let view = WhomView { trouble: Some(trouble), ..WhomView::default() };
        no(screens::upi_whom(&self.page, &view))
    }
}

/// Reads a code or a link: from a photograph, or from what was pasted.
pub(in super::super) async fn scan(asked: Asked, sent: Result<Multipart, MultipartRejection>) -> Response {
    let fields = match sent {
        Ok(sent) => picture::form(sent).await,
        Err(_) => None,
    };
    asked
        .owner(move |visit| match fields.as_ref().map(picture::code_in) {
            Some(Ok(text)) => visit.scan_by_account(&text),
            _ => visit.upi(|_| visit.not_taken(visit.page.language.say("scan-code-none"))),
        })
        .await
}

/// Whom and how much.
pub(in super::super) async fn confirm(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match visit.current() {
                Some(draft) => visit.confirming(upi, &draft, &Typed::default(), None),
                None => to("/upi/pay"),
            })
        })
        .await
}

#[derive(Default, Deserialize)]
pub(in super::super) struct Typed {
    #[serde(default)]
    amount: String,
    #[serde(default)]
    note: String,
    /// The place of an account, or the purse.
    #[serde(rename = "account", default)]
    from: String,
}

impl Typed {
    fn place(&self) -> Place {
        Place(self.from.parse().unwrap_or(0))
    }
}

/// What stands in the place of an account for the purse.
const PURSE: &str = "purse";

/// What is wrong with the form.
enum Wrong {
    Amount,
    Note,
    Purse,
}

impl Visit {
    fn current(&self) -> Option<Arc<Draft>> {
        held(&self.door.0.upi).draft.clone()
    }

    fn confirming(
        &self,
        upi: &UpiPhone,
        draft: &Draft,
        typed: &Typed,
        wrong: Option<Wrong>,
    ) -> Result<Reply, Trouble> {
        let mine = self.mine(upi)?;
        let accounts: Vec<_> =
            self.account_views(upi, &mine).into_iter().filter(|account| account.has_pin).collect();
        let chosen = accounts.iter().find(|account| account.place == typed.place().0).or(accounts.first());
        // Nothing can be paid from an account without a PIN.
        let Some(chosen) = chosen.map(|account| account.place) else { return to("/upi") };
        let paid_before = |shown: &Shown| {
            let payment = &shown.payment;
            payment.direction == Direction::Sent
                && payment.state == PaymentState::Success
                && payment.other.eq_ignore_ascii_case(&draft.payee)
        };
        let say = |name: &str| self.page.language.say(name);
        let purse = self.purse_for(upi, draft.amount.filter(|_| draft.fixed))?;
        let suggested = draft.amount.map(|amount| amount.to_decimal()).unwrap_or_default();
        let view = ConfirmView {
            name: draft.whose.name.clone(),
            address: draft.payee.clone(),
            bank: draft.whose.ifsc.as_deref().map(|ifsc| self.bank(upi, ifsc)),
            fixed: draft.amount.filter(|_| draft.fixed).map(rupees),
            typed: if typed.amount.is_empty() { suggested } else { typed.amount.clone() },
            note: draft.note.clone().unwrap_or_else(|| typed.note.clone()),
            note_fixed: draft.note.is_some(),
            purse_chosen: purse.is_some() && typed.from == PURSE,
            purse: purse.map(|kept| rupees(kept.balance())),
            accounts,
            chosen,
            unsigned: draft.unsigned,
            first_time: !upi.payments()?.iter().any(paid_before),
            wrong_amount: match wrong {
                Some(Wrong::Amount) => Some(say("scan-wrong-amount")),
                Some(Wrong::Purse) => Some(say("purse-too-much")),
                _ => None,
            },
            wrong_note: matches!(wrong, Some(Wrong::Note)).then(|| say("upi-wrong-note")),
        };
        let html = screens::upi_confirm(&self.page, &view);
        if wrong.is_some() { no(html) } else { Ok(Reply::Page(html)) }
    }
}

/// Notes are what the network writes: up to 50 letters, digits and blanks.
fn is_note(text: &str) -> bool {
    text.len() <= 50 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

/// Takes what was decided, and leads to the bank's page.
pub(in super::super) async fn decide(asked: Asked, Form(typed): Form<Typed>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(draft) = visit.current() else { return to("/upi/pay") };
                let amount = match draft.amount {
                    Some(fixed) if draft.fixed => Some(fixed),
                    _ => Money::parse(typed.amount.trim(), Currency::INR).ok(),
                };
                let Some(amount) = amount.filter(|amount| !amount.is_zero()) else {
                    return visit.confirming(upi, &draft, &typed, Some(Wrong::Amount));
                };
                let note = typed.note.trim();
                if draft.note.is_none() && !is_note(note) {
                    return visit.confirming(upi, &draft, &typed, Some(Wrong::Note));
                }
                let written = (!note.is_empty()).then(|| note.to_owned());
                if typed.from == PURSE {
                    return visit.pay_from_purse(upi, &draft, &typed, amount);
                }
                let Some((account, _)) = visit.account_at(upi, typed.place())? else {
                    return to("/upi/pay/confirm");
                };
                let decided = Decided {
                    name: hex::encode(crypto::random::bytes::<16>()),
                    amount,
                    note: draft.note.clone().or(written),
                    account: account.reference,
                };
                let draft = Draft { decided: Some(decided), ..(*draft).clone() };
                held(&visit.door.0.upi).draft = Some(Arc::new(draft));
                to("/upi/pay/pin")
            })
        })
        .await
}

impl Visit {
    /// Pays at once: a purse wants no PIN. The draft is taken away first, so that a form that is sent twice pays once.
    fn pay_from_purse(
        &self,
        upi: &UpiPhone,
        draft: &Arc<Draft>,
        typed: &Typed,
        amount: Money,
    ) -> Result<Reply, Trouble> {
        if self.purse_for(upi, Some(amount))?.is_none() {
            return self.confirming(upi, draft, typed, Some(Wrong::Purse));
        }
        {
            let mut state = held(&self.door.0.upi);
            if !state.draft.as_ref().is_some_and(|current| Arc::ptr_eq(current, draft)) {
                drop(state);
                return self.to_last();
            }
            state.draft = None;
        }
        let typed = typed.note.trim();
        let note = draft.note.as_deref().or((!typed.is_empty()).then_some(typed));
        let shown = upi.pay_from_purse(&FromPurse {
            payee: &draft.payee,
            whose: (&draft.whose.name, &draft.whose.category),
            amount,
            note,
            begun: draft.begun.clone(),
        })?;
        held(&self.door.0.upi).last = Some(shown.payment.id.clone());
        self.purse_ordered(upi, &shown)
    }

    /// The account that was decided on, and its place; nothing if it is not linked any more.
    fn decided_account(
        &self,
        upi: &UpiPhone,
        decided: &Decided,
    ) -> Result<Option<(usize, LinkedAccount)>, Trouble> {
        let mine = self.mine(upi)?;
        let mut accounts = mine.accounts.iter().cloned().enumerate();
        Ok(accounts.find(|(_, account)| account.reference == decided.account))
    }

    /// The bank's page for this decision.
    fn pin_page(
        &self,
        upi: &UpiPhone,
        (draft, decided): (&Draft, &Decided),
        (place, account): &(usize, LinkedAccount),
        trouble: Option<String>,
    ) -> String {
        let view = PinView {
            account: self.account_view(upi, *place, account),
            length: usize::from(account.pin_length),
            payment: Some((draft.whose.name.clone(), rupees(decided.amount))),
            again: None,
            approves: decided.name.clone(),
            action: "/upi/pay/pin".to_owned(),
            back: "/upi/pay/confirm",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// Asks for the PIN.
pub(in super::super) async fn pin(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let Some(draft) = visit.current() else { return to("/upi/pay") };
                let Some(decided) = &draft.decided else { return to("/upi/pay/confirm") };
                match visit.decided_account(upi, decided)? {
                    Some(at) => Ok(Reply::Page(visit.pin_page(upi, (&draft, decided), &at, None))),
                    None => to("/upi/pay/confirm"),
                }
            })
        })
        .await
}

// Holds a PIN, so it is not shown.
#[derive(Deserialize)]
pub(in super::super) struct Approval {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    approves: String,
}

impl Approval {
    /// What it approves, and the PIN.
    pub(super) fn split(self) -> (String, SecretBytes) {
        (self.approves, SecretBytes::new(self.pin.into_bytes()))
    }
}

/// Pays: the PIN is sealed for this payment and nothing else.
pub(in super::super) async fn pay(asked: Asked, Form(approval): Form<Approval>) -> Response {
    let (approves, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(draft) = visit.current() else { return visit.to_last() };
                // A PIN approves what its own page showed: another decision since then wants the PIN again.
                let decided = draft.decided.as_ref().filter(|decided| decided.name == approves);
                let Some(decided) = decided else { return to("/upi/pay/confirm") };
                let Some(at) = visit.decided_account(upi, decided)? else { return to("/upi/pay/confirm") };
                let account = &at.1;
                if !is_pin(&pin, account.pin_length) {
                    let length = usize::from(account.pin_length);
                    let trouble = visit.page.language.say_count("upi-pin-length", "count", length);
                    return no(visit.pin_page(upi, (&draft, decided), &at, Some(trouble)));
                }
                let whom = (draft.payee.as_str(), Some(draft.whose.name.as_str()));
                let order = upi.order(account, whom, decided.amount, decided.note.as_deref(), &pin)?;
                let payee_category = Some(draft.whose.category.clone());
                let order = NewPayment { begun: draft.begun.clone(), payee_category, ..order };
                if !visit.approve(&draft, &order) {
                    return visit.to_last();
                }
                visit.send(upi, Arc::new((order, draft.whose.name.clone())))
            })
        })
        .await
}

impl Visit {
    /// Takes the draft away, so that it is paid once: false if another request did.
    fn approve(&self, draft: &Arc<Draft>, order: &NewPayment) -> bool {
        let mut state = held(&self.door.0.upi);
        if !state.draft.as_ref().is_some_and(|current| Arc::ptr_eq(current, draft)) {
            return false;
        }
        state.draft = None;
        state.last = Some(order.transaction.clone());
        true
    }

    /// To how the last order ended: a form that is sent twice is one payment.
    fn to_last(&self) -> Result<Reply, Trouble> {
        match held(&self.door.0.upi).last.clone() {
            Some(transaction) => to(&format!("/upi/payments/{transaction}")),
            None => to("/upi/pay"),
        }
    }

    /// Sends an order. Where no answer comes nobody knows whether it arrived, so it is kept: sent again it is the same payment.
    fn send(&self, upi: &UpiPhone, sent: Arc<(NewPayment, String)>) -> Result<Reply, Trouble> {
        let (order, name) = &*sent;
        match upi.pay(order) {
            Ok(_) => {
                held(&self.door.0.upi).unsent = None;
                // However long it takes, its own page goes on looking.
                let _ = upi.see_end(&order.transaction, LOOKS);
                to(&format!("/upi/payments/{}", order.transaction))
            }
            Err(UpiPhoneError::Client(ClientError::Unreachable(_) | ClientError::Unreadable(_))) => {
                let amount = Money::parse(&order.amount, Currency::INR).map(rupees).unwrap_or_default();
                let html = screens::upi_unsent(&self.page, name, &amount);
                held(&self.door.0.upi).unsent = Some(sent);
                Ok(Reply::No(StatusCode::SERVICE_UNAVAILABLE, html))
            }
            Err(error) => {
                held(&self.door.0.upi).unsent = None;
                Err(error.into())
            }
        }
    }
}

/// Sends the same order again.
pub(in super::super) async fn send_again(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match held(&visit.door.0.upi).unsent.clone() {
                Some(unsent) => visit.send(upi, unsent),
                None => visit.to_last(),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Timestamp;

    #[test]
    fn what_is_scanned_says_whom_and_how_much_or_why_not() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let open = wanted(" upi://pay?pa=ravi@paiza&pn=Ravi ", now).ok().unwrap();
        assert_eq!((open.payee.as_str(), open.amount, open.fixed), ("ravi@paiza", None, false));
        let fixed =
            wanted("upi://pay?pa=chai.corner@paiza&am=30.00&cu=INR&tn=tea&mode=02", now).ok().unwrap();
        assert!(fixed.fixed && fixed.note.as_deref() == Some("tea"));
        assert_eq!(fixed.begun.mode, None, "nobody signed it");
        for (text, why) in [
            ("", "upi-link-broken"),
            ("https://example.com", "upi-link-broken"),
            ("upi://collect?pa=ravi@paiza&am=1", "upi-link-collect"),
            ("upi://pay?pa=r\u{430}vi@paiza", "upi-whom-letters"),
            ("upi://pay?pa=ravi@paiza&pn=%E2%80%AEx", "upi-link-hidden"),
            ("upi://pay?pa=ravi@paiza&am=1e3", "upi-link-broken"),
            ("upi://pay?pa=ravi", "upi-whom-wrong"),
            ("000201", "upi-link-broken"),
        ] {
            assert_eq!(wanted(text, now).err(), Some(why), "{text}");
        }
    }

    #[test]
    fn notes_are_what_the_network_writes() {
        assert!(is_note("") && is_note("tea for 2") && !is_note("<b>") && !is_note(&"x".repeat(51)));
    }
}
