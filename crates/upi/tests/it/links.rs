//! Links: what is refused and why, and attacks that succeed where their defence is taken away.

use crypto::p256::SigningKey;
use proptest::prelude::*;
use upi::address::AddressError;
use upi::defences::{Defence, Defences};
use upi::link::{Caution, Link, LinkMaker, Refused, sign};

const SHOP: &str =
    "upi://pay?ver=01&mode=05&pa=chai@paiza&pn=Chai%20Corner&mc=5814&tr=ORD42&am=30.00&cu=INR&orgid=700001";

#[test]
fn what_is_refused_is_named_with_its_place() {
    let value = |at, key, expected| Refused::Value { at, key, expected };
    let amount = "an amount of rupees above zero with at most two decimals";
    for (text, expected) in [
        ("", Refused::NotALink),
        ("https://pay?pa=a@b", Refused::NotALink),
        ("upi:pay?pa=a@b", Refused::NotALink),
        ("upi://pay", Refused::NotALink),
        ("upi://refund?pa=a@b", Refused::NotALink),
        ("upi://collect?pa=a@b", Refused::Collect),
        ("upi://pay?pn=x", Refused::NoPayee),
        ("upi://pay?pa=", Refused::NoPayee),
        ("upi://pay?pa=null", Refused::NoPayee),
        ("upi://pay?pa=chai", Refused::Payee { at: 10, why: AddressError::Parts }),
        (
            "upi://pay?pn=x&pa=ch\u{430}i@paiza",
            Refused::Payee { at: 15, why: AddressError::Imitation { place: 3, found: 'а', like: 'a' } },
        ),
        (
            "upi://pay?pa=ch%D0%B0i@paiza",
            Refused::Payee { at: 10, why: AddressError::Imitation { place: 3, found: 'а', like: 'a' } },
        ),
        ("upi://pay?pa=a@b&pn=%", Refused::Escape { at: 20 }),
        ("upi://pay?pa=a@b&pn=x%4", Refused::Escape { at: 21 }),
        ("upi://pay?pa=a@b&pn=%+1", Refused::Escape { at: 20 }),
        ("upi://pay?pa=a@b&pn=%FF", Refused::Escape { at: 20 }),
        ("upi://pay?pa=a@b&pn=a%00b", Refused::Hidden { at: 17, key: "pn" }),
        ("upi://pay?pa=a@b&pn=a%E2%80%AEb", Refused::Hidden { at: 17, key: "pn" }),
        ("upi://pay?pa=a@b&tn=a\u{200b}b", Refused::Hidden { at: 17, key: "tn" }),
        ("upi://pay?pa=a@b&am=1&am=2", Refused::Repeated { at: 22, key: "am" }),
        ("upi://pay?pa=a@b&PA=c@d", Refused::Repeated { at: 17, key: "pa" }),
        ("upi://pay?pa=a@b&am=&am=2", Refused::Repeated { at: 21, key: "am" }),
        ("upi://pay?pa=a@b&am=0", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=0.00", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=-1", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=+1", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=1e3", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=1.005", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=1.", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=.5", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=1,000", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=%E0%A5%A7", value(17, "am", amount)),
        ("upi://pay?pa=a@b&am=1000000000000000", value(17, "am", amount)),
        ("upi://pay?pa=a@b&cu=USD", value(17, "cu", "INR")),
        ("upi://pay?pa=a@b&mc=581", value(17, "mc", "four digits")),
        ("upi://pay?pa=a@b&orgid=12", value(17, "orgid", "so many digits")),
        ("upi://pay?pa=a@b&QRexpire=tomorrow", value(17, "QRexpire", "a time with its offset")),
        ("upi://pay?pa=a@b&sign=AAAA", value(17, "sign", "a signature in strict base64")),
        ("upi://mandate?pa=a@b&recurvalue=32", value(21, "recurvalue", "a day, 1 to 31")),
        ("upi://mandate?pa=a@b&validityend=31022027", value(21, "validityend", "a date, ddmmyyyy")),
        ("upi://mandate?pa=a@b&amrule=LEAST", value(21, "amrule", "one of the words it may be")),
    ] {
        assert_eq!(Link::parse(text).map(drop), Err(expected), "{text}");
    }
    let long = |length: usize| Link::parse(&format!("{SHOP}&x={}", "y".repeat(length - SHOP.len() - 3)));
    assert!(long(2048).is_ok());
    assert_eq!(long(2049), Err(Refused::TooLong));
}

#[test]
fn what_is_taken_is_kept_as_it_is() {
    for (text, cautions) in [
        ("UPI://PAY?pa=a@b", vec![Caution::Unsigned]),
        ("upi://pay/?pa=a@b&&", vec![Caution::Unsigned]),
        ("upi://pay?pa=a@b&cu=INR&cu=INR", vec![Caution::Unsigned]),
        ("upi://pay?pa=a@b&x=1&x=2", vec![Caution::Unsigned]),
        ("upi://pay?pa=a@b&url=http://x.example", vec![Caution::UrlNotHttps, Caution::Unsigned]),
        ("upi://pay?pa=a@b&tid=short", vec![Caution::TransactionIdUnusable, Caution::Unsigned]),
        ("upi://pay?pa=a@b&am=5&mam=5.00", vec![Caution::LeastAmountUseless, Caution::Unsigned]),
        ("phonepe://pay?pa=a@b", vec![Caution::AppScheme, Caution::Unsigned]),
        (
            "intent://pay?pa=a@b&am=1#Intent;scheme=upi;package=com.app;end",
            vec![Caution::AppScheme, Caution::Unsigned],
        ),
        ("upi://pay?pa=a@b&pn=%E0%A4%86%E2%80%8D%E0%A4%B6%E0%A4%BE", vec![Caution::Unsigned]),
    ] {
        let link = Link::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!((link.text(), &link.cautions), (text, &cautions));
    }
    let intent = Link::parse("intent://pay?pa=a@b&am=1#Intent;scheme=upi;end").unwrap();
    assert_eq!(intent.request.amount.unwrap().minor(), 100);
    let open = |text: &str| Link::parse(text).unwrap().amount_is_open();
    assert!(open("upi://pay?pa=a@b") && open("upi://pay?pa=a@b&am=5&mam=1"));
    assert!(!open("upi://pay?pa=a@b&am=5") && !open("upi://pay?pa=a@b&am=5&mam=5"));
    let link = Link::parse("upi://pay?pa=a@b&QRexpire=2026-11-21T18:05:00%2B05:30").unwrap();
    let at = |text| upi::time::parse(text).unwrap();
    assert!(
        !link.is_expired(at("2026-11-21T18:05:00+05:30"))
            && link.is_expired(at("2026-11-21T18:05:00.001+05:30"))
    );
}

#[test]
fn attacks_on_links_fall_with_their_defence() {
    let key = SigningKey::generate();
    let signed = sign(SHOP, &key).unwrap();
    assert!(signed.clone().verify(&key.public()).is_ok());
    assert!(signed.clone().verify(&SigningKey::generate().public()).is_err());
    let text = signed.text().to_owned();
    // Amount, payee, a space written another way: the merchant signed something else.
    for (from, to) in
        [("30.00", "3.00"), ("chai@", "chal@"), ("Chai%20", "Chai "), ("upi://pay", "UPI://pay")]
    {
        let edited = Link::parse(&text.replacen(from, to, 1)).unwrap();
        assert!(edited.clone().verify(&key.public()).is_err(), "{to}");
        let without = Defences::ALL.danger_without(Defence::LinkSignature);
        assert!(edited.verify_with(&key.public(), without).is_ok(), "{to}");
    }
    for (what, text, defence) in [
        ("something after the signature", format!("{text}&am=1.00"), Defence::OneValue),
        ("a bill after the signature", format!("{text}&url=https://evil.example"), Defence::SignatureLast),
        ("a second amount", format!("{SHOP}&am=30000.00"), Defence::OneValue),
        ("a look-alike", SHOP.replace("chai@", "ch\u{430}i@"), Defence::PlainAddresses),
        ("a look-alike, escaped", SHOP.replace("chai@", "ch%D0%B0i@"), Defence::PlainAddresses),
        ("an exponent", SHOP.replace("30.00", "3e3"), Defence::PlainAmounts),
        ("a third decimal", SHOP.replace("30.00", "30.009"), Defence::PlainAmounts),
    ] {
        assert!(Link::parse(&text).is_err(), "{what}");
        let without = Defences::ALL.danger_without(defence);
        let without =
            if what.contains("after") { without.danger_without(Defence::SignatureLast) } else { without };
        assert!(
            Link::parse_with(&text, without).is_ok(),
            "{what} without {defence:?}: {:?}",
            Link::parse_with(&text, without)
        );
    }
    assert!(matches!(sign(&text, &key), Err(Refused::AfterSignature { .. })), "signed already");
    // A lax decoder of base64 swallows what is appended to the value itself.
    let appended = Link::parse(&format!("{text}AAAA"));
    assert!(matches!(appended, Err(Refused::Value { key: "sign", .. })));
}

proptest! {
    #[test]
    fn any_text_gives_an_answer_and_keeps_itself(text in "(upi://(pay|mandate)\\?)?((pa|am|pn|sign|mc|recur|QRts)=[a-b@0-9.%+ =]{0,9}&?){0,8}\\PC{0,9}") {
        if let Ok(link) = Link::parse(&text) {
            prop_assert_eq!(link.text(), text.as_str());
        }
    }

    #[test]
    fn what_is_made_says_what_it_was_given(note in "[ -~é₹अ-ह]{1,40}", paise in 1u64..1_000_000_000) {
        let amount = values::Money::new(paise, values::Currency::INR).unwrap();
        let maker = LinkMaker::pay().with("pa", "asha@paiza").with("tn", &note).with("am", &amount.to_decimal());
        let link = maker.finish().unwrap();
        let expected = Some(note.trim().to_owned()).filter(|note| !note.is_empty() && note != "null");
        prop_assert_eq!(&link.request.note, &expected);
        prop_assert_eq!(link.request.amount, Some(amount));
        let key = SigningKey::generate();
        let signed = sign(link.text(), &key).unwrap();
        prop_assert!(signed.verify(&key.public()).is_ok());
    }
}
