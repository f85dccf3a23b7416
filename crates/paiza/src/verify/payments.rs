//! Payments followed from the acquirer's books to the issuers', as far as these lie in one directory: what each party
//! counts of a payment is the same, so none is lost and none counts twice.
//!
//! Parties may disagree for as long as something travels: an answer, a reversal, a refund that is repeated. Then the
//! difference is under way, and must be gone once everything has arrived.

use acquiring::records::PaymentKind;
use acquiring::{Institution, Merchant, Payment};
use sandbox::Digest;
use sandbox::directory::Directory;
use sandbox::issuer::{Authorisation, Kind, State};
use sandbox::network::{Settled, SwitchState, Switched};
use server::city::{Waits, acquiring_institution};
use server::hosts::settlement::{due, name_of};
use std::collections::{BTreeMap, BTreeSet};
use store::{Message, Workspace};
use tokens::records::{Outcome, Passage};
use values::Records;

/// Minor units by a payment's name, above zero towards the acquirer.
type Nets = BTreeMap<Digest, i64>;
/// Sum and number of what was paid with each token.
type Paid = BTreeMap<String, (i64, u64)>;

/// What was read so far of the parties' books.
#[derive(Default)]
pub(super) struct Followed {
    acquirer: Option<Acquired>,
    network: Option<Netted>,
    gateway: Option<Paid>,
    /// By institution code.
    issuers: BTreeMap<String, Nets>,
    under_way: BTreeSet<&'static str>,
    /// Those of account payment.
    pub(super) account_payments: super::account_payments::Followed,
    /// What provider and billers say of bills.
    pub(super) bills: super::bills::Followed,
    /// What providers and banks say of mandates and purses.
    pub(super) mandates: super::mandates::Followed,
    /// What the switch and the banks say of disputes.
    pub(super) disputes: super::disputes::Followed,
}

/// The acquirer's books.
struct Acquired {
    nets: Nets,
    references: BTreeMap<Digest, String>,
    /// Of these nobody knows yet.
    open: BTreeSet<Digest>,
    paid: Paid,
}

/// The network's: what it settled with the acquirer, and with each issuer by its code.
struct Netted {
    acquirer: Nets,
    issuers: BTreeMap<String, Nets>,
}

/// How far payments could be followed.
pub(super) struct Report {
    /// Payments that every party counts alike.
    pub(super) agreed: usize,
    /// Payments of which somebody still waits to hear.
    pub(super) under_way: usize,
}

fn institution() -> Institution {
    acquiring_institution(Waits::FIELD.acquirer)
}

fn minor(amount: u64) -> i64 {
    // Amounts on the wire have twelve digits.
    i64::try_from(amount).unwrap_or(i64::MAX)
}

impl Followed {
    /// Reads what a database has to say of payments.
    pub(super) fn read(&mut self, name: &str, records: &mut Workspace<'_>) {
        match name {
            "platform/acquirer" => self.acquirer(records),
            "platform/tokens" => self.gateway(records),
            "network/network" => self.network(records),
            name => {
                let banks = &Directory::sandbox().institutions;
                if let Some(bank) = banks.iter().find(|bank| name == format!("issuer-{}/issuer", bank.id)) {
                    self.issuers.insert(bank.code.clone(), issuer(records));
                } else {
                    self.account_payments.read(name, records);
                    self.bills.read(name, records);
                    self.mandates.read(name, records);
                    self.disputes.read(name, records);
                }
            }
        }
    }

    fn acquirer(&mut self, records: &mut Workspace<'_>) {
        let mut books = Acquired {
            nets: Nets::new(),
            references: BTreeMap::new(),
            open: BTreeSet::new(),
            paid: Paid::new(),
        };
        let institution = institution();
        for payment in records.all::<Payment>() {
            let Some(merchant) = records.find::<Merchant>(&payment.merchant) else { continue };
            let name = name_of(&payment, &merchant, &institution);
            books.references.insert(name, payment.reference.to_string());
            let Some(net) = due(&payment) else {
                books.open.insert(name);
                self.under_way.insert("acquirer");
                continue;
            };
            books.nets.insert(name, net);
            if net != 0 && payment.kind != PaymentKind::PreAuthorisation {
                let token = payment.token.map(|token| token.digits().to_string());
                count(&mut books.paid, token.unwrap_or_default(), net);
            }
        }
        self.acquirer = Some(books);
    }

    fn gateway(&mut self, records: &mut Workspace<'_>) {
        let mut paid = Paid::new();
        for passage in records.all::<Passage>() {
            let amount = minor(passage.amount.minor());
            let net = match passage.kind {
                tokens::records::Kind::Purchase | tokens::records::Kind::Completion => amount,
                tokens::records::Kind::Refund => -amount,
                tokens::records::Kind::PreAuthorisation | tokens::records::Kind::Void => 0,
            };
            match passage.outcome {
                Outcome::Approved if net != 0 => {
                    count(&mut paid, passage.number.digits().to_string(), net);
                }
                Outcome::Pending | Outcome::Unknown => drop(self.under_way.insert("token gateway")),
                _ => {}
            }
        }
        self.gateway = Some(paid);
    }

    fn network(&mut self, records: &mut Workspace<'_>) {
        let own = institution().id.as_str().to_owned();
        let mut netted = Netted { acquirer: Nets::new(), issuers: BTreeMap::new() };
        // A reversal is a leg of its own, the other way.
        for leg in records.all::<Settled>() {
            let amount = minor(leg.amount);
            let (issuer, net) = match (leg.creditor == own, leg.debtor == own) {
                (true, false) => (leg.debtor, amount),
                (false, true) => (leg.creditor, -amount),
                // Another acquirer's: its books are elsewhere.
                _ => continue,
            };
            *netted.acquirer.entry(leg.message).or_default() += net;
            *netted.issuers.entry(issuer).or_default().entry(leg.message).or_default() += net;
        }
        let travels = !records.all::<Message>().is_empty();
        if travels || records.all::<Switched>().iter().any(|known| known.state == SwitchState::InFlight) {
            self.under_way.insert("network");
        }
        self.network = Some(netted);
    }

    /// Compares them; the first payment of which two parties say different things.
    pub(super) fn compare(&self) -> Result<Option<Report>, String> {
        let (Some(acquirer), Some(network)) = (&self.acquirer, &self.network) else { return Ok(None) };
        let mut differences = Vec::new();
        let told = |name: &Digest| {
            acquirer.references.get(name).map_or_else(|| "of an unknown reference".to_owned(), String::clone)
        };
        let mut differ = |name: &Digest, who: [&str; 2], nets: [i64; 2]| {
            if nets[0] != nets[1] && !acquirer.open.contains(name) {
                let [one, other] = [0, 1].map(|side| format!("{} counts {}", who[side], nets[side]));
                differences.push(format!("payment {}: {one}, {other}", told(name)));
            }
        };
        for (name, [mine, theirs]) in paired(&acquirer.nets, &network.acquirer) {
            differ(name, ["the acquirer", "the network"], [mine, theirs]);
        }
        for (code, books) in &self.issuers {
            let settled = network.issuers.get(code);
            for (name, nets) in paired(settled.unwrap_or(&Nets::new()), books) {
                differ(name, ["the network", &format!("issuer {code}")], nets);
            }
        }
        let gateway = self.gateway.as_ref().filter(|_| acquirer.open.is_empty());
        if let Some(gateway) = gateway.filter(|gateway| **gateway != acquirer.paid) {
            let tokens = acquirer.paid.keys().chain(gateway.keys());
            let differs = tokens.filter(|token| acquirer.paid.get(*token) != gateway.get(*token));
            for token in differs.collect::<BTreeSet<_>>() {
                let [one, other] = [&acquirer.paid, gateway].map(|paid| {
                    let (sum, number) = paid.get(token).copied().unwrap_or_default();
                    format!("{sum} in {number} payments")
                });
                let last = &token[token.len().saturating_sub(4)..];
                differences
                    .push(format!("token ****{last}: the acquirer counts {one}, the token gateway {other}"));
            }
        }
        let under_way = acquirer.open.len() + differences.len();
        match differences.into_iter().next() {
            Some(first) if self.under_way.is_empty() => Err(first),
            _ => Ok(Some(Report { agreed: acquirer.references.len().saturating_sub(under_way), under_way })),
        }
    }
}

fn issuer(records: &mut Workspace<'_>) -> Nets {
    let mut nets = Nets::new();
    for known in records.all::<Authorisation>() {
        // Without the network's date it came from a foreign host, past the network.
        let counts = known.settled_on != 0 && known.kind != Kind::PreAuthorisation;
        if !counts || known.state == State::Reversed {
            continue;
        }
        let posted = minor(known.posted);
        let net = if known.kind == Kind::GiveBack { -posted } else { posted };
        *nets.entry(known.key).or_default() += net;
    }
    nets
}

fn count(paid: &mut Paid, token: String, net: i64) {
    let (sum, number) = paid.entry(token).or_default();
    *sum += net;
    *number += 1;
}

/// Every name on either side with what both say of it; who does not know it says 0.
fn paired<'a>(one: &'a Nets, other: &'a Nets) -> impl Iterator<Item = (&'a Digest, [i64; 2])> {
    let names: BTreeSet<&Digest> = one.keys().chain(other.keys()).collect();
    let of = |nets: &Nets, name: &Digest| nets.get(name).copied().unwrap_or(0);
    names.into_iter().map(move |name| (name, [of(one, name), of(other, name)]))
}
