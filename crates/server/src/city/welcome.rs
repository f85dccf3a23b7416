//! What the start page tells of a city: who runs here, and which card of each bank to try first.

use super::Addresses;
use super::phone::PHONES;
use crate::pos::DEMO_TERMINALS;
use crate::screens::pages::{CardShown, Party, PartyKind, Screen, ScreenKind, Welcome};
use sandbox::directory::{Directory, Institution, Product};
use sandbox::keys::IssuerKeys;
use sandbox::test_cards::{TestCard, test_cards};

pub(super) fn welcome(at: &Addresses, commands: &[&str]) -> Welcome {
    let party = |kind, name: &str, address: &std::net::SocketAddr| Party {
        kind,
        name: name_of(name).to_owned(),
        address: address.to_string(),
    };
    let mut parties = vec![
        party(PartyKind::Platform, "", &at.platform),
        party(PartyKind::Acquirer, "", &at.acquirer),
        party(PartyKind::Network, "", &at.network),
        party(PartyKind::Gateway, "", &at.gateway),
    ];
    parties.extend(at.issuers.iter().map(|(bank, address)| party(PartyKind::Issuer, bank, address)));
    parties.push(party(PartyKind::Telephone, "", &at.telephone));
    parties.extend(at.desks.iter().map(|(owner, address)| match bank(owner) {
        Some(_) => party(PartyKind::BankDesk, owner, address),
        None => party(PartyKind::Desk, owner, address),
    }));
    let screen = |kind, name: &str, at: std::net::SocketAddr| Screen {
        kind,
        name: name.to_owned(),
        origin: format!("http://{at}"),
    };
    let phones = at.phones.iter().zip(PHONES);
    let mut screens: Vec<Screen> =
        phones.map(|(at, phone)| screen(ScreenKind::Phone, phone.number, *at)).collect();
    // The terminal stands beside the first phone, as that is where the two meet.
    let beside = screens.len().min(1);
    if let Some(at) = at.terminal {
        screens.insert(beside, screen(ScreenKind::Terminal, DEMO_TERMINALS[0].name, at));
    }
    let cards = Directory::sandbox().institutions.iter().filter_map(first_card).collect();
    let commands = commands.iter().map(|line| (*line).to_owned()).collect();
    Welcome {
        parties,
        screens,
        console: at.console.map(|at| format!("http://{}:{}/", crate::ceremony::RELYING_PARTY, at.port())),
        commands,
        cards,
    }
}

/// A bank's name for people; who is no bank keeps its short name.
fn name_of(id: &str) -> &str {
    bank(id).map_or(id, |bank| &bank.name)
}

fn bank(id: &str) -> Option<&'static Institution> {
    Directory::sandbox().institutions.iter().find(|bank| bank.id == id)
}

fn first_card(bank: &Institution) -> Option<CardShown> {
    let card: &TestCard = test_cards().iter().find(|card| card.bank == bank.id)?;
    let keys = IssuerKeys::sandbox(bank);
    let product = match card.product {
        Product::Debit => "Debit",
        Product::Credit => "Credit",
    };
    Some(CardShown {
        bank: bank.id.clone(),
        bank_name: bank.name.clone(),
        product: product.to_owned(),
        last_four: card.pan().last_four().to_string(),
        // Of test cards everything is printed for everybody; no other card has such a caption.
        caption: [card.grouped_number(), card.month_and_year(), card.security_code(&keys)].join("  "),
    })
}
