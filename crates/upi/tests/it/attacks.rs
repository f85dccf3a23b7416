//! Attacks on signed messages, each refused as things are and successful where its defence is taken away.

use crate::support::{KEY, NOW, OTHER_KEY, PAYMENT, ring, signed_payment};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::hash::sha256;
use crypto::rsa_signature::SigningKey;
use upi::defences::{Defence, Defences};
use upi::signature::{Refused, SignedDocument};
use upi::xml::{self, Canonical, Reason, XmlError};
use values::Timestamp;

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A signature as a general library would make it, over whatever it was told.
struct Forged<'a> {
    /// With `@` where the signature goes.
    document: &'a str,
    uri: &'a str,
    canonicalisation: &'a str,
    method: &'a str,
    digest: &'a str,
    transforms: &'a [&'a str],
    key: &'a SigningKey,
}

impl Default for Forged<'_> {
    fn default() -> Self {
        Forged {
            document: "",
            uri: "",
            canonicalisation: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            digest: "http://www.w3.org/2001/04/xmlenc#sha256",
            transforms: &["http://www.w3.org/2000/09/xmldsig#enveloped-signature"],
            key: &KEY,
        }
    }
}

impl Forged<'_> {
    fn make(&self) -> String {
        let bare = xml::read(self.document.replace('@', "").as_bytes()).unwrap().root;
        let digest = STANDARD.encode(sha256(&xml::canonical(&bare)));
        let transforms: String =
            self.transforms.iter().map(|uri| format!("<Transform Algorithm=\"{uri}\"/>")).collect();
        let number = |bytes: &[u8]| STANDARD.encode(bytes);
        let signature = format!(
            "<Signature xmlns=\"{DSIG}\"><SignedInfo><CanonicalizationMethod Algorithm=\"{}\"/><SignatureMethod \
             Algorithm=\"{}\"/><Reference URI=\"{}\"><Transforms>{transforms}</Transforms><DigestMethod \
             Algorithm=\"{}\"/><DigestValue>{digest}</DigestValue></Reference></SignedInfo><SignatureValue>VALUE\
             </SignatureValue><KeyInfo><KeyValue><RSAKeyValue><Modulus>{}</Modulus><Exponent>{}</Exponent>\
             </RSAKeyValue></KeyValue></KeyInfo></Signature>",
            self.canonicalisation,
            self.method,
            self.uri,
            self.digest,
            number(self.key.public().modulus()),
            number(self.key.public().exponent()),
        );
        let unsigned = self.document.replace('@', &signature);
        let root = xml::read(unsigned.as_bytes()).unwrap().root;
        let all = root.walk();
        let signature = all
            .iter()
            .find(|e| e.namespace == DSIG && e.name == "Signature" && !e.children.is_empty())
            .unwrap();
        let info = signature.elements().next().unwrap();
        let text = Canonical { element: info, around: &[&root, signature], without: None }.to_bytes();
        unsigned.replace("VALUE", &STANDARD.encode(self.key.sign(&text)))
    }
}

/// The payment with `@` where the signature usually goes.
fn payment() -> String {
    PAYMENT.replace("asha@paiza", "asha-at-paiza").replace("</upi:ReqPay>", "@</upi:ReqPay>")
}

fn verify(document: &str, off: &[Defence], now: Timestamp) -> Result<SignedDocument, Refused> {
    let defences = off.iter().fold(Defences::ALL, |defences, defence| defences.danger_without(*defence));
    ring().with_defences(defences).verify(document.as_bytes(), now)
}

/// Refused as this, and taken where the defence is away.
fn falls_with(what: &str, document: &str, defence: Defence, refused: &dyn Fn(&Refused) -> bool) {
    let why = verify(document, &[], NOW).map(drop).expect_err(what);
    assert!(refused(&why), "{what}: {why:?}");
    assert!(why.code().starts_with('U'));
    let taken = verify(document, &[defence], NOW);
    assert!(taken.is_ok(), "{what}, without {defence:?}: {:?}", taken.map(drop));
}

#[test]
fn what_is_as_it_should_be_is_taken() {
    assert!(verify(&signed_payment(), &[], NOW).is_ok());
    let forged = Forged { document: &payment(), ..Forged::default() }.make();
    assert!(verify(&forged, &[], NOW).is_ok(), "so that what follows is refused for its own reason");
    let both = ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", Forged::default().canonicalisation];
    let forged = Forged { document: &payment(), transforms: &both, ..Forged::default() }.make();
    assert!(verify(&forged, &[], NOW).is_ok());
}

#[test]
fn document_types_and_entities() {
    let bomb = "<!DOCTYPE upi:ReqPay [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>";
    let signed = signed_payment();
    let with_type = signed.replacen("<upi:ReqPay", &format!("{bomb}<upi:ReqPay"), 1);
    falls_with("a document type", &with_type, Defence::DocumentType, &|why| {
        matches!(why, Refused::Xml(XmlError { at: 38, reason: Reason::DocumentType }))
    });
    // Even then nothing is expanded.
    let used = with_type.replacen("note=\"tea\"", "note=\"&b;\"", 1);
    let why = verify(&used, &[Defence::DocumentType], NOW).map(drop).unwrap_err();
    assert!(matches!(why, Refused::Xml(XmlError { reason: Reason::Entity, .. })));
}

#[test]
fn comments_that_cut_a_text() {
    let document = payment().replace("@</upi", "<Data>MDB8</Data>@</upi");
    let signed = Forged { document: &document, ..Forged::default() }.make();
    let cut = signed.replacen("MDB8", "MD<!-- -->B8", 1);
    falls_with("a comment inside a text", &cut, Defence::Comments, &|why| {
        matches!(why, Refused::Xml(XmlError { reason: Reason::Comment, .. }))
    });
}

#[test]
fn signatures_stripped_doubled_and_moved() {
    let why = verify(PAYMENT, &[], NOW).map(drop).unwrap_err();
    assert_eq!((why.clone(), why.code()), (Refused::Unsigned, "U15"));
    let document = payment().replace("@</upi", &format!("@<Meta><Signature xmlns=\"{DSIG}\"/></Meta></upi"));
    let doubled = Forged { document: &document, ..Forged::default() }.make();
    falls_with("a second signature", &doubled, Defence::OneSignature, &|why| {
        matches!(why, Refused::SecondSignature { .. })
    });
    let document = payment().replace("@</upi", "<Meta>@</Meta></upi");
    let moved = Forged { document: &document, ..Forged::default() }.make();
    falls_with("a signature deep inside", &moved, Defence::SignatureInRoot, &|why| {
        matches!(why, Refused::Misplaced { .. })
    });
    // The whole signature twice, one after the other.
    let signed = signed_payment();
    let (from, to) = (signed.find("<Signature").unwrap(), signed.find("</upi:ReqPay").unwrap());
    let twice = format!("{}{}{}", &signed[..to], &signed[from..to], &signed[to..]);
    assert!(matches!(verify(&twice, &[], NOW), Err(Refused::SecondSignature { at }) if at == to));
}

/// The shapes of signature wrapping: a message is signed by its name, as general libraries do; the attacker keeps the
/// signed element somewhere and lets another be read.
#[test]
fn the_eight_shapes_of_wrapping() {
    let named = payment().replacen("<upi:ReqPay ", "<upi:ReqPay Id=\"signed\" ", 1);
    let signed = Forged { document: &named, uri: "#signed", ..Forged::default() }.make();
    assert!(verify(&signed, &[Defence::WholeDocument], NOW).is_ok(), "a general library takes it");
    let element = signed.split_once("?>").unwrap().1;
    let (before, rest) = element.split_once("<Signature").unwrap();
    let (signature, after) = rest.split_once("</Signature>").unwrap();
    let signature = format!("<Signature{signature}</Signature>");
    let original = format!("{before}{after}");
    let inside = |text: &str| signature.replace("</Signature>", &format!("{text}</Signature>"));
    // What the attacker wants read: all the money to another account.
    let evil = |text: &str| {
        let evil = payment().replace("asha-at-paiza", "mallory-at-paiza").replace("1.00", "100000.00");
        evil.replace('@', text)
    };
    let shapes = [
        ("original before the signature", evil(&format!("{original}{signature}")), true),
        ("original after the signature", evil(&format!("{signature}{original}")), true),
        ("original in an element of its own", evil(&format!("<Meta>{original}</Meta>{signature}")), true),
        ("signature and original in an element", evil(&format!("<Meta>{original}{signature}</Meta>")), true),
        ("signed message as it was", evil(element), true),
        ("signed message in an element", evil(&format!("<Meta>{element}</Meta>")), true),
        ("original inside the signature", evil(&inside(&original)), false),
        (
            "original in an object of the signature",
            evil(&inside(&format!("<Object>{original}</Object>"))),
            false,
        ),
    ];
    let lax = [Defence::WholeDocument, Defence::SignatureInRoot];
    for (what, document, a_general_library_takes_it) in shapes {
        let why = verify(&document, &[], NOW).map(drop).expect_err(what);
        assert!(
            matches!(why, Refused::Partial { .. } | Refused::Misplaced { .. } | Refused::Shape { .. }),
            "{what}: {why:?}"
        );
        match verify(&document, &lax, NOW) {
            Ok(verified) => {
                let read = verified.document().root.child("Payees").unwrap().child("Payee").unwrap();
                assert_eq!(read.attribute("addr"), Some("mallory-at-paiza"), "{what}");
                assert!(a_general_library_takes_it, "{what}");
            }
            Err(why) => assert!(!a_general_library_takes_it, "{what}: {why:?}"),
        }
    }
    falls_with("a reference by name", &signed, Defence::WholeDocument, &|why| {
        matches!(why, Refused::Partial { .. })
    });
    // Of two elements of one name the first is read and the second was signed, or the other way round.
    let same_name = evil(&format!("{original}{signature}")).replacen("<Txn ", "<Txn Id=\"signed\" ", 1);
    assert!(matches!(verify(&same_name, &[], NOW), Err(Refused::Partial { .. })));
    // The same shapes around a signature over the whole document cover something else.
    let whole = signed_payment();
    let whole = whole.split_once("?>").unwrap().1;
    assert!(matches!(verify(&evil(whole), &[], NOW), Err(Refused::Misplaced { .. })));
    assert!(matches!(verify(&evil(whole), &[Defence::SignatureInRoot], NOW), Err(Refused::Digest)));
}

#[test]
fn other_algorithms() {
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let document = payment();
    let base = || Forged { document: &document, ..Forged::default() };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    for forged in [
        Forged { method: "http://www.w3.org/2000/09/xmldsig#rsa-sha1", ..base() },
        Forged { method: "http://www.w3.org/2000/09/xmldsig#hmac-sha1", ..base() },
        Forged { method: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ..base() },
        Forged { digest: sha1, ..base() },
        Forged { canonicalisation: exclusive, ..base() },
        Forged { canonicalisation: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", ..base() },
        Forged { transforms: &["http://www.w3.org/TR/1999/REC-xslt-19991116"], ..base() },
        Forged { transforms: &[enveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116"], ..base() },
    ] {
        falls_with("another algorithm", &forged.make(), Defence::Algorithms, &|why| {
            matches!(why, Refused::Algorithm { .. })
        });
    }
    // A key for HMAC whose length the attacker chooses, and transforms beside the two, have no place to stand.
    let short = base().make().replacen(
        "rsa-sha256\"/>",
        "rsa-sha256\"><HMACOutputLength>0</HMACOutputLength></SignatureMethod>",
        1,
    );
    for forged in [
        short,
        Forged { transforms: &[], ..base() }.make(),
        Forged { transforms: &[enveloped; 3], ..base() }.make(),
    ] {
        assert!(matches!(verify(&forged, &[Defence::Algorithms], NOW), Err(Refused::Shape { .. })));
    }
}

#[test]
fn what_was_changed_after_signing() {
    let signed = signed_payment();
    let edited = signed.replacen("1.00", "9.00", 1);
    falls_with("an edited amount", &edited, Defence::Digest, &|why| *why == Refused::Digest);
    let bare = xml::read(PAYMENT.replacen("1.00", "9.00", 1).as_bytes()).unwrap().root;
    let from = signed.find("<DigestValue>").unwrap() + 13;
    let digest = STANDARD.encode(sha256(&xml::canonical(&bare)));
    let with_digest = format!("{}{digest}{}", &edited[..from], &edited[from + 44..]);
    falls_with("an edited amount with its digest", &with_digest, Defence::SignatureValue, &|why| {
        matches!(why, Refused::Signature(_)) && why.code() == "U55"
    });
}

#[test]
fn base64_that_lax_readers_take() {
    let signed = signed_payment();
    let value = signed.find("</SignatureValue>").unwrap();
    for junk in ["QUJD", "*", "=", "==AAAA"] {
        let document = format!("{}{junk}{}", &signed[..value], &signed[value..]);
        let why = verify(&document, &[], NOW).map(drop).expect_err(junk);
        assert!(matches!(why, Refused::Base64 { element: "SignatureValue", .. }), "{junk}: {why:?}");
    }
    let document = format!("{}==AAAA{}", &signed[..value], &signed[value..]);
    falls_with("text behind the padding", &document, Defence::StrictBase64, &|why| {
        matches!(why, Refused::Base64 { .. })
    });
    let digest = signed.find("</DigestValue>").unwrap();
    let short = format!("{}{}", &signed[..digest - 4], &signed[digest..]);
    assert!(matches!(verify(&short, &[], NOW), Err(Refused::Base64 { element: "DigestValue", .. })));
}

#[test]
fn whose_key_it_is() {
    let own = SigningKey::generate();
    let brought = Forged { document: &payment(), key: &own, ..Forged::default() }.make();
    falls_with("a key the document brings along", &brought, Defence::PinnedKeys, &|why| {
        matches!(why, Refused::Signature(_))
    });
    let other = Forged { document: &payment(), key: &OTHER_KEY, ..Forged::default() }.make();
    falls_with("another organisation's key", &other, Defence::Sender, &|why| {
        matches!(why, Refused::Signature(_)) && why.code() == "U55"
    });
    let moment = |millis: i64| Timestamp::from_millis(NOW.millis() + millis);
    for (now, good) in [(-1001, false), (-1000, true), (999, true), (1000, false)] {
        assert_eq!(verify(&signed_payment(), &[], moment(now)).is_ok(), good, "{now}");
        assert!(verify(&signed_payment(), &[Defence::KeyLife], moment(now)).is_ok());
    }
    let unknown = signed_payment().replacen("orgId=\"700001\"", "orgId=\"700009\"", 1);
    let why = verify(&unknown, &[], NOW).map(drop).unwrap_err();
    assert!(matches!(why, Refused::UnknownSender(_)) && why.code() == "U17");
    let nobody = signed_payment().replacen(" orgId=\"700001\"", "", 1);
    let why = verify(&nobody, &[], NOW).map(drop).unwrap_err();
    assert!(matches!(why, Refused::NoSender) && why.code() == "U52");
}
