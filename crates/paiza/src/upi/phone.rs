//! `paiza upi register`, `link`, `pin`, `pay` and so on: a phone in account payment, by hand.

mod addresses;
mod bills;
mod splits;

use crate::output::{Failure, Output};
use crate::passcode::ask;
use crate::phone::address;
use clap::{Args, Subcommand};
use psp::payments::Begun;
use psp::records::{Direction, LinkedAccount, PaymentState};
use serde_json::json;
use server::client::ClientError;
use server::upi::app::{NewPayment, Shown};
use server::upi::phone::{NewUpiPhone, UpiPhone, UpiPhoneError, Vouched, begun_by};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{Clock, SystemClock};
use upi::link::{Caution, Kind, Link};
use values::{Currency, Money, SecretBytes};

/// How long the person looks at the screen while a payment is on its way.
const LOOKS: Duration = Duration::from_secs(60);

/// What a phone does.
#[derive(Subcommand)]
pub(crate) enum Handled {
    /// Bind this phone to its number, by a text that it sends
    Register {
        #[command(flatten)]
        phone: PhoneDir,
        /// Number of its SIM
        #[arg(long)]
        number: String,
        /// The provider
        #[arg(long, default_value = "127.0.0.1:8090")]
        provider: String,
        /// The telephone network
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
    },
    /// The banks whose accounts can be linked
    Banks {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Linked accounts and addresses, or those that the number has at a bank
    Accounts {
        #[command(flatten)]
        phone: PhoneDir,
        /// First four letters of the bank's branch codes, such as AMBR
        #[arg(long)]
        bank: Option<String>,
    },
    /// Link the accounts that the number has at a bank
    Link {
        #[command(flatten)]
        phone: PhoneDir,
        /// First four letters of the bank's branch codes, such as AMBR
        #[arg(long)]
        bank: String,
    },
    /// Set the PIN of a linked account with its debit card; the one-time password is read from the inbox
    Pin {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        account: WhichAccount,
        /// Last six digits of the debit card
        #[arg(long)]
        card: String,
        /// Its last month, MMYY
        #[arg(long)]
        expiry: String,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Set another PIN
    ChangePin {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
        /// The PIN that is to be; asked for if absent
        #[arg(long)]
        new_pin: Option<String>,
    },
    /// Make an address that leads to a linked account
    Address {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address, such as asha@paiza
        address: String,
        #[command(flatten)]
        account: WhichAccount,
    },
    /// Pay from and into this account first
    Default {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        account: WhichAccount,
    },
    /// Whose an address is
    Resolve {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address
        address: String,
    },
    /// What may still leave an account
    Balance {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Pay an address; whose it is is looked up first
    Pay {
        #[command(flatten)]
        phone: PhoneDir,
        /// Who is paid
        #[arg(long, required_unless_present = "link")]
        to: Option<String>,
        /// Pay what this link asks for: the text of a code that was scanned
        #[arg(long, conflicts_with = "to")]
        link: Option<String>,
        /// The public key (PEM) of the organisation that signed the link: what is not signed with it is not paid
        #[arg(long, requires = "link")]
        link_key: Option<PathBuf>,
        /// Rupees, such as 30.00; what the link says if absent
        #[arg(long)]
        amount: Option<String>,
        /// What the payee reads
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Take payments as a merchant; wants a current account as the first one
    Merchant {
        #[command(flatten)]
        phone: PhoneDir,
        /// The name that payers see
        #[arg(long)]
        name: String,
        /// Merchant category, four digits
        #[arg(long)]
        category: String,
    },
    /// Ask somebody for money, as a merchant
    Collect {
        #[command(flatten)]
        phone: PhoneDir,
        /// Who is asked
        #[arg(long)]
        from: String,
        /// Rupees, such as 30.00
        #[arg(long)]
        amount: String,
        /// What for
        #[arg(long)]
        note: Option<String>,
        /// How long the payer may wait
        #[arg(long, default_value_t = 30)]
        minutes: u32,
    },
    /// What merchants ask for
    Requests {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Pay what a merchant asks for
    Approve {
        #[command(flatten)]
        phone: PhoneDir,
        /// The transaction
        transaction: String,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Do not pay what a merchant asks for
    Decline {
        #[command(flatten)]
        phone: PhoneDir,
        /// The transaction
        transaction: String,
    },
    /// Give back what a payment brought, or a part of it
    Refund {
        #[command(flatten)]
        phone: PhoneDir,
        /// The payment that was received, by its transaction
        transaction: String,
        /// Rupees, such as 30.00; what is left of the payment if absent
        #[arg(long)]
        amount: Option<String>,
        /// What the payer reads
        #[arg(long)]
        note: Option<String>,
    },
    /// The last payments, or one of them as it stands now
    History {
        #[command(flatten)]
        phone: PhoneDir,
        /// The transaction
        transaction: Option<String>,
        /// Only those in whose name, address, note or reference this text occurs
        #[arg(long, conflicts_with = "transaction")]
        find: Option<String>,
    },
    /// Texts that came to the phone's number
    Inbox {
        #[command(flatten)]
        phone: PhoneDir,
    },
    #[command(flatten)]
    Addressed(addresses::Addressed),
    #[command(flatten)]
    Billed(bills::Billed),
    #[command(flatten)]
    Shared(splits::Shared),
}

/// Where the phone lies.
#[derive(Args)]
pub(crate) struct PhoneDir {
    /// The phone's data directory
    #[arg(long, default_value = "paiza-phone")]
    pub(super) data: PathBuf,
}

/// One of the linked accounts.
#[derive(Args)]
pub(crate) struct WhichAccount {
    /// Which linked account, counted from 1
    #[arg(long, default_value_t = 1)]
    account: usize,
}

/// A PIN, typed or given.
#[derive(Args)]
pub(crate) struct TypedPin {
    /// The PIN; asked for if absent
    #[arg(long)]
    pin: Option<String>,
}

impl TypedPin {
    pub(super) fn read(&self) -> Result<SecretBytes, Failure> {
        typed(self.pin.as_ref(), "PIN")
    }
}

fn typed(given: Option<&String>, question: &str) -> Result<SecretBytes, Failure> {
    let text = given.map_or_else(|| ask(question), |given| Ok(given.clone()))?;
    Ok(SecretBytes::new(text.into_bytes()))
}

pub(crate) fn failure(error: UpiPhoneError) -> Failure {
    match error {
        UpiPhoneError::Client(ClientError::Unreachable(why)) => Failure::unreachable(why),
        UpiPhoneError::Telephone(why) => Failure::unreachable(why),
        UpiPhoneError::File { .. } => Failure::configuration(error),
        UpiPhoneError::Declined { ref code, .. } => {
            let code = json!({ "code": code });
            Failure::business(&error).with(code)
        }
        UpiPhoneError::Client(ref client) => {
            let code = json!({ "code": client.code() });
            Failure::business(&error).with(code)
        }
        error => Failure::business(error),
    }
}

pub(super) fn open(phone: &PhoneDir) -> Result<UpiPhone, Failure> {
    UpiPhone::open(&phone.data, Arc::new(SystemClock), None).map_err(failure)
}

pub(super) fn linked(phone: &UpiPhone, which: &WhichAccount) -> Result<LinkedAccount, Failure> {
    let mine = phone.mine().map_err(failure)?;
    let place = which.account.checked_sub(1);
    let account = place.and_then(|place| mine.accounts.into_iter().nth(place));
    account.ok_or_else(|| Failure::usage(format!("there is no linked account {}", which.account)))
}

fn done(output: Output, text: &str) -> Result<(), Failure> {
    output.line(text);
    output.summary(json!({}));
    Ok(())
}

pub(crate) fn run(what: &Handled, output: Output) -> Result<(), Failure> {
    match what {
        Handled::Register { phone, number, provider, telephone } => {
            let (provider, telephone) = (address(provider)?, address(telephone)?);
            let new = NewUpiPhone { directory: &phone.data, number, provider, telephone, watch: None };
            UpiPhone::register(&new, Arc::new(SystemClock)).map_err(failure)?;
            done(output, &format!("This phone acts for {number} now."))
        }
        Handled::Banks { phone } => banks(&open(phone)?, output),
        Handled::Accounts { phone, bank } => accounts(&open(phone)?, bank.as_deref(), output),
        Handled::Link { phone, bank } => link(&open(phone)?, bank, output),
        Handled::Pin { phone, account, card, expiry, typed } => {
            let phone = open(phone)?;
            let account = linked(&phone, account)?;
            phone.set_pin(&account, (card, expiry), &typed.read()?).map_err(failure)?;
            done(output, &format!("The PIN of {} is set.", account.masked))
        }
        Handled::ChangePin { phone, account, typed: old, new_pin } => {
            let phone = open(phone)?;
            let account = linked(&phone, account)?;
            let (old, new) = (old.read()?, typed(new_pin.as_ref(), "New PIN")?);
            phone.change_pin(&account, &old, &new).map_err(failure)?;
            done(output, &format!("The PIN of {} is another one now.", account.masked))
        }
        Handled::Address { phone, address, account } => {
            let phone = open(phone)?;
            let account = linked(&phone, account)?;
            phone.make_address(address, &account.reference).map_err(failure)?;
            done(output, &format!("{address} leads to {}.", account.masked))
        }
        Handled::Default { phone, account } => {
            let phone = open(phone)?;
            let account = linked(&phone, account)?;
            phone.set_default(&account.reference).map_err(failure)?;
            done(output, &format!("{} is the first one now.", account.masked))
        }
        Handled::Resolve { phone, address } => {
            let name = open(phone)?.resolve(address).map_err(failure)?;
            output.line(format!("{address} is {name}"));
            output.summary(json!({ "address": address, "name": name }));
            Ok(())
        }
        Handled::Balance { phone, account, typed } => {
            let phone = open(phone)?;
            let account = linked(&phone, account)?;
            let balance = phone.balance(&account, &typed.read()?).map_err(failure)?;
            output.line(format!("{}: INR {balance}", account.masked));
            output.summary(json!({ "account": account.masked, "balance": balance }));
            Ok(())
        }
        Handled::Pay { phone, to, link, link_key, amount, note, account, typed } => {
            // Whose signature does not fit needs no phone.
            let link = link.as_deref().map(|link| signed_by(link, link_key.as_deref())).transpose()?;
            let phone = open(phone)?;
            let asked = match link {
                Some(link) => Asked::by_link(link, &phone, output)?,
                None => Asked::by_hand(to.as_deref().unwrap_or_default()),
            };
            let asked = asked.with(amount.as_deref(), note.as_deref())?;
            pay(&phone, &asked, (account, typed), output)
        }
        Handled::Merchant { phone, name, category } => {
            open(phone)?.become_merchant(name, category).map_err(failure)?;
            done(output, &format!("{name} takes payments now."))
        }
        Handled::Collect { phone, from, amount, note, minutes } => {
            let amount = Money::parse(amount, Currency::INR);
            let amount = amount.map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))?;
            let asked = open(phone)?.collect(from, amount, note.as_deref(), *minutes).map_err(failure)?;
            output
                .line(format!("{from} is asked for {amount}; see `paiza upi history {}`", asked.payment.id));
            output.summary(summary(&asked));
            Ok(())
        }
        Handled::Requests { phone } => requests(&open(phone)?, output),
        Handled::Approve { phone, transaction, account, typed } => {
            approve(&open(phone)?, transaction, (account, typed), output)
        }
        Handled::Decline { phone, transaction } => {
            open(phone)?.decline(transaction).map_err(failure)?;
            done(output, "Declined.")
        }
        Handled::Refund { phone, transaction, amount, note } => {
            refund(&open(phone)?, transaction, (amount.as_deref(), note.as_deref()), output)
        }
        Handled::History { phone, transaction: Some(transaction), .. } => {
            let shown = open(phone)?.payment(transaction).map_err(failure)?;
            show_payment(&shown, output);
            output.summary(summary(&shown));
            Ok(())
        }
        Handled::History { phone, find, .. } => history(&open(phone)?, find.as_deref(), output),
        Handled::Inbox { phone } => inbox(&open(phone)?, output),
        Handled::Addressed(what) => addresses::run(what, output),
        Handled::Billed(what) => bills::run(what, output),
        Handled::Shared(what) => splits::run(what, output),
    }
}

fn inbox(phone: &UpiPhone, output: Output) -> Result<(), Failure> {
    let texts = phone.texts().map_err(failure)?;
    for text in &texts {
        output.line(format!("{}: {}", text.from, text.text));
        output.row(&json!({ "from": text.from, "text": text.text }));
    }
    output.summary(json!({ "texts": texts.len() }));
    Ok(())
}

fn banks(phone: &UpiPhone, output: Output) -> Result<(), Failure> {
    let banks = phone.banks().map_err(failure)?;
    for (name, code) in &banks {
        output.line(format!("{code}  {name}"));
        output.row(&json!({ "bank": code, "name": name }));
    }
    output.summary(json!({ "banks": banks.len() }));
    Ok(())
}

fn show_account(account: &LinkedAccount, output: Output) {
    let pin = if account.has_pin { "PIN is set" } else { "no PIN yet" };
    output.line(format!("{}  {} {}, {} ({pin})", account.masked, account.ifsc, account.kind, account.holder));
    output.row(&json!({
        "reference": account.reference, "masked": account.masked, "ifsc": account.ifsc, "kind": account.kind,
        "holder": account.holder, "has_pin": account.has_pin, "pin_length": account.pin_length,
    }));
}

fn accounts(phone: &UpiPhone, bank: Option<&str>, output: Output) -> Result<(), Failure> {
    if let Some(bank) = bank {
        let (_, found) = phone.accounts(bank).map_err(failure)?;
        found.iter().for_each(|account| show_account(account, output));
        output.summary(json!({ "accounts": found.len() }));
        return Ok(());
    }
    let mine = phone.mine().map_err(failure)?;
    mine.accounts.iter().for_each(|account| show_account(account, output));
    for address in &mine.addresses {
        output.line(format!("address {address}"));
    }
    output.summary(json!({ "accounts": mine.accounts.len(), "addresses": mine.addresses }));
    Ok(())
}

fn link(phone: &UpiPhone, bank: &str, output: Output) -> Result<(), Failure> {
    let (question, found) = phone.accounts(bank).map_err(failure)?;
    for account in &found {
        phone.link(&question, &account.reference).map_err(failure)?;
        show_account(account, output);
    }
    output.summary(json!({ "linked": found.len() }));
    Ok(())
}

/// Whether the organisation that a link names signed it, by the keys that the phone's provider knows; a link that is forged is refused.
pub(super) fn is_vouched(phone: &UpiPhone, link: &Link) -> Result<bool, Failure> {
    match phone.vouched(link).map_err(failure)? {
        Vouched::Yes => Ok(true),
        Vouched::No => Ok(false),
        Vouched::Forged => Err(Failure::business("the organisation that this link names did not sign it so")),
    }
}

/// A link, and whether a key was given that signed it.
fn signed_by(text: &str, key: Option<&Path>) -> Result<(Link, bool), Failure> {
    let link = Link::parse(text).map_err(Failure::malformed)?;
    let Some(key) = key else { return Ok((link, false)) };
    let signed = link.verify(&super::parse::public_key(key)?).map_err(Failure::business)?;
    Ok((signed.link().clone(), true))
}

/// What is to be paid.
struct Asked {
    to: String,
    amount: Option<Money>,
    note: Option<String>,
    begun: Begun,
    /// Whether the link says the amount, so that nobody changes it.
    fixed: bool,
}

impl Asked {
    fn by_hand(to: &str) -> Asked {
        Asked { to: to.to_owned(), amount: None, note: None, begun: Begun::default(), fixed: false }
    }

    /// What a link asks for. What is odd about it is said; whose the address is is asked all the same. A signature that was not checked with a
    /// key is checked with those that the phone's provider knows.
    fn by_link((link, is_checked): (Link, bool), phone: &UpiPhone, output: Output) -> Result<Asked, Failure> {
        let is_checked = is_checked || is_vouched(phone, &link)?;
        let request = &link.request;
        if request.kind != Kind::Pay {
            return Err(Failure::business("this link makes a mandate: `paiza upi mandate make --link` does"));
        }
        if link.is_expired(SystemClock.now()) {
            return Err(Failure::business("this link is good no more"));
        }
        for caution in &link.cautions {
            output.line(format!("  careful: {}", caution.code()));
        }
        let is_signed = !link.cautions.contains(&Caution::Unsigned);
        if is_signed && !is_checked {
            output.line("  careful: signature_not_checked");
        }
        Ok(Asked {
            to: request.payee.as_str().to_owned(),
            amount: request.amount,
            note: request.note.clone(),
            begun: begun_by(&link, is_checked),
            fixed: request.amount.is_some() && !link.amount_is_open(),
        })
    }

    fn with(self, amount: Option<&str>, note: Option<&str>) -> Result<Asked, Failure> {
        let typed = amount.map(|text| Money::parse(text, Currency::INR)).transpose();
        let typed = typed.map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))?;
        if self.fixed && typed.is_some() && typed != self.amount {
            return Err(Failure::usage("the link says the amount"));
        }
        let note = note.map(str::to_owned).or(self.note.clone());
        Ok(Asked { amount: typed.or(self.amount), note, ..self })
    }
}

fn pay(
    phone: &UpiPhone,
    asked: &Asked,
    (which, typed): (&WhichAccount, &TypedPin),
    output: Output,
) -> Result<(), Failure> {
    let amount = asked.amount.ok_or_else(|| Failure::usage("--amount is needed"))?;
    let account = linked(phone, which)?;
    let name = phone.resolve(&asked.to).map_err(failure)?;
    output.line(format!("{amount} to {name} ({}) from {}", asked.to, account.masked));
    let (pin, whom) = (typed.read()?, (asked.to.as_str(), Some(name.as_str())));
    let order = phone.order(&account, whom, amount, asked.note.as_deref(), &pin).map_err(failure)?;
    let order = NewPayment { begun: asked.begun.clone(), ..order };
    phone.pay(&order).map_err(failure)?;
    concluded(phone, &order.transaction, output)
}

fn approve(
    phone: &UpiPhone,
    transaction: &str,
    (account, typed): (&WhichAccount, &TypedPin),
    output: Output,
) -> Result<(), Failure> {
    let account = linked(phone, account)?;
    let all = phone.requests().map_err(failure)?;
    let request = all.iter().find(|request| request.id == *transaction);
    let request = request.ok_or_else(|| Failure::business("nobody asks for that"))?;
    phone.approve(request, &account, &typed.read()?).map_err(failure)?;
    concluded(phone, transaction, output)
}

fn refund(
    phone: &UpiPhone,
    transaction: &str,
    (amount, note): (Option<&str>, Option<&str>),
    output: Output,
) -> Result<(), Failure> {
    let amount = amount.map(|amount| Money::parse(amount, Currency::INR)).transpose();
    let amount = amount.map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))?;
    let refund = phone.refund(transaction, amount, note).map_err(failure)?;
    concluded(phone, &refund.payment.id, output)
}

/// Looks at a payment until it has ended, and shows how.
pub(super) fn concluded(phone: &UpiPhone, transaction: &str, output: Output) -> Result<(), Failure> {
    let shown = phone.see_end(transaction, LOOKS).map_err(failure)?;
    show_payment(&shown, output);
    let summary = summary(&shown);
    match shown.payment.state {
        PaymentState::Failed => Err(Failure::business(&shown.said[0]).with(summary)),
        _ => {
            output.summary(summary);
            Ok(())
        }
    }
}

fn requests(phone: &UpiPhone, output: Output) -> Result<(), Failure> {
    let all = phone.requests().map_err(failure)?;
    for request in &all {
        let amount = Money::new(request.paise, Currency::INR).map_err(Failure::integrity)?;
        let (name, until) = (&request.payee_name, upi::time::write(request.expires_at));
        output.line(format!("{name} ({}) asks for {amount} until {until}", request.payee));
        output.line(format!("  transaction {}", request.id));
        output.row(&json!({
            "transaction": request.id, "payee": request.payee, "name": name, "amount": amount.to_decimal(),
            "note": request.note, "until": until,
        }));
    }
    output.summary(json!({ "requests": all.len() }));
    Ok(())
}

fn history(phone: &UpiPhone, find: Option<&str>, output: Output) -> Result<(), Failure> {
    let payments =
        find.map_or_else(|| phone.payments(), |text| phone.payments_with(text)).map_err(failure)?;
    for shown in &payments {
        show_payment(shown, output);
        output.row(&summary(shown));
    }
    output.summary(json!({ "payments": payments.len() }));
    Ok(())
}

fn word(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Pending => "pending",
        PaymentState::Success => "paid",
        PaymentState::Failed => "failed",
        PaymentState::Deemed => "pending, the banks are finding out",
    }
}

/// The result page: how it stands, and where it is not paid what was said and what happens next.
fn show_payment(shown: &Shown, output: Output) {
    let payment = &shown.payment;
    let way = if payment.direction == Direction::Sent { "to" } else { "from" };
    let name = payment.other_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    output.line(format!("{}: {} {way} {}{name}", word(payment.state), payment.amount(), payment.other));
    output.line(format!("  reference {}  transaction {}", payment.reference, payment.id));
    if payment.state != PaymentState::Success {
        let cause = payment.cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
        output.line(format!("  {} ({}{cause})", shown.said[0], payment.code));
        output.line(format!("  {}", shown.next[0]));
    }
    if let Some(pending) = &shown.pending {
        output.line(format!("  {}", pending.place[0]));
        output.line(format!("  It is settled by {}. {}", pending.back_by, pending.ask[0]));
    }
}

fn summary(shown: &Shown) -> serde_json::Value {
    let payment = &shown.payment;
    json!({
        "transaction": payment.id, "reference": payment.reference, "state": payment.state,
        "direction": payment.direction, "other": payment.other, "amount": payment.amount().to_decimal(),
        "code": payment.code, "cause": payment.cause, "said": shown.said[0], "next": shown.next[0],
        "pending": shown.pending,
    })
}
