//! A phone as a chip card in a slot: certified by its issuer, believed by the terminal, paid by the issuer.

use crate::small_city::SmallCity;
use crate::street::yuan;
use server::iso::Ends;
use server::phone::Presentation;
use server::pos::{DEMO_TERMINALS, Pos, Settings, TerminalLine, Verdict};
use server::vpcd::ReaderEnd;
use std::sync::Arc;
use terminal::configuration::CaKey;
use wallet::card::Profile;

/// A sale by contact; the terminal knows the test authority's key unless it is made to forget it.
fn sale(knows_the_authority: bool, certified: bool) -> Verdict {
    let city = SmallCity::new();
    if certified {
        city.phone.certify_contact(city.token).unwrap();
        // A second time nothing is asked for: the certificates stay.
        city.phone.certify_contact(city.token).unwrap();
    }
    let mut configuration = DEMO_TERMINALS[0].configuration();
    let key = sandbox::authority::public_key();
    configuration.ca_keys.clear();
    if knows_the_authority {
        configuration.ca_keys.push(CaKey {
            rid: key.provider,
            index: [key.index],
            modulus: key.modulus,
            exponent: key.exponent.to_bytes().to_vec(),
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let line = TerminalLine::start(
        city.city.addresses.acquirer,
        server::city::pos(),
        Ends::unwatched("terminal", "acquirer"),
    );
    let settings = Settings::new(folder.path(), configuration);
    let mut pos = Pos::open(settings, Arc::new(line.unwrap()), city.clock.clone()).unwrap();
    let mut reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
    let how = Presentation {
        reader: reader.address().unwrap(),
        answer_to_reset: None,
        profile: Profile::Contact,
        card: Some(city.token),
        taps: 1,
        watch: None,
    };
    std::thread::scope(|scope| {
        let phone = &city.phone;
        scope.spawn(move || phone.present(&how, || phone.unlock(b"135790").ok(), |_| ()));
        pos.sale(yuan("12.50"), &mut reader).unwrap().verdict
    })
}

#[test]
fn a_certified_card_is_believed_and_paid() {
    assert_eq!(sale(true, true), Verdict::Approved);
}

#[test]
fn without_certificates_the_gateway_refuses_the_profile() {
    // The card's profile says that it does no dynamic authentication; a token read by contact must.
    assert_eq!(sale(true, false), Verdict::Declined);
}
