//! Messages of every kind, written, checked and read; broken rules with their codes; samples of the world.

use crate::support::{NOW, PAYMENT, sample};
use upi::address::{AccountNumber, Address, Ifsc};
use upi::ids::{MessageId, TransactionId};
use upi::messages::{
    Account, Acknowledgement, Confirmation, Credential, Device, Head, ListedAccount, Message, Party,
    PartyKind, Profile, Registration, Response, Settled, Transaction, lint,
};
use upi::xml::{Document, Element, canonical, read};
use values::{Currency, Money};

fn head() -> Head {
    let message = MessageId::parse("PZA11111111111111111111111111111111").unwrap();
    Head { version: "2.0".to_owned(), at: NOW, organisation: "700001".to_owned(), message }
}

fn transaction(kind: &str) -> Transaction {
    let id = TransactionId::parse("PZA22222222222222222222222222222222").unwrap();
    Transaction {
        mode: Some("00".to_owned()),
        purpose: Some("00".to_owned()),
        ..Transaction::new(id, kind, NOW)
    }
}

fn rupees(text: &str) -> Money {
    Money::parse(text, Currency::INR).unwrap()
}

fn credential(kind: &str, subtype: &str) -> Credential {
    let some = |text: &str| Some(text.to_owned());
    let (code, key_index) = (some("NPCI"), some("20150822"));
    Credential {
        kind: kind.to_owned(),
        subtype: subtype.to_owned(),
        code,
        key_index,
        data: "MjAuMA==".to_owned(),
    }
}

fn payer() -> Party {
    let tags = [("MOBILE", "919876543210"), ("ID", "device-1"), ("TYPE", "MOB"), ("OS", "ANDROID14")];
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (ifsc, number) = (Ifsc::parse("ABCD0000001").unwrap(), AccountNumber::parse("00000012345").unwrap());
    Party {
        name: Some("Asha".to_owned()),
        kind: Some(PartyKind::Person),
        category: Some("0000".to_owned()),
        device: Some(Device(tags.to_vec())),
        account: Some(Account::Number { ifsc, number, kind: Some("SAVINGS".to_owned()) }),
        credentials: vec![credential("PIN", "MPIN")],
        amount: Some(rupees("30.00")),
        ..Party::new(Address::parse("asha@paiza").unwrap())
    }
}

fn payee() -> Party {
    Party {
        kind: Some(PartyKind::Entity),
        category: Some("5814".to_owned()),
        amount: Some(rupees("30.00")),
        ..Party::new(Address::parse("chai@paiza").unwrap())
    }
}

fn response(result: &str, code: Option<&str>) -> Response {
    let settled =
        Settled::new("PAYER", &Address::parse("asha@paiza").unwrap(), rupees("30.00"), "00", "123456");
    Response {
        to: head().message,
        result: result.to_owned(),
        code: code.map(str::to_owned),
        approval: None,
        settled: if code.is_some() { Vec::new() } else { vec![settled] },
        more: Vec::new(),
        rest: Vec::new(),
    }
}

/// A legal message of every kind there is in the catalogue, but for the acknowledgement.
// long: one arm per kind
fn every_message() -> Vec<Message> {
    let profile = Profile::public();
    let base = |name: &str, kind: &str| Message::new(name, head(), transaction(kind));
    let answer = |mut message: Message| {
        message.response = Some(response("SUCCESS", None));
        if !matches!(
            message.name.as_str(),
            "RespPay" | "RespAuthDetails" | "RespTxnConfirmation" | "RespChkTxn"
        ) {
            message.response.as_mut().unwrap().settled.clear();
        }
        message
    };
    let paid = |mut message: Message| {
        message.payer = Some(payer());
        message.payees = vec![payee()];
        message
    };
    let mandate = || {
        Element::new("Mandate")
            .with("name", "gym")
            .with("revokeable", "Y")
            .with_child(Element::new("Validity").with("start", "01012027").with("end", "31122027"))
            .with_child(Element::new("Amount").with("value", "1200.00").with("rule", "MAX"))
            .with_child(Element::new("Recurrence").with("pattern", "MONTHLY"))
    };
    let confirmation = Confirmation {
        status: "SUCCESS".to_owned(),
        code: None,
        kind: None,
        note: None,
        settled: Vec::new(),
    };
    profile
        .messages()
        .filter(|name| *name != "Ack")
        .map(|name| {
            let api = name.trim_start_matches("Req").trim_start_matches("Resp");
            let kind = match api {
                "Pay" | "AuthDetails" | "TxnConfirmation" => "PAY",
                "Mandate" | "AuthMandate" | "MandateConfirmation" => "CREATE",
                "Complaint" => "COMPLAINT",
                "RegMob" => "ReqRegMob",
                "BalEnq" | "ChkTxn" | "ListAccount" | "Otp" | "SetCre" | "ValAdd" | "ListPsp"
                | "ListAccPvd" | "ListKeys" | "ListVae" | "ManageVae" | "PendingMsg" | "Hbt" => api,
                _ => "PAY",
            };
            let mut message = base(name, kind);
            if name.starts_with("Resp") {
                message = answer(message);
            }
            match name {
                "ReqPay" | "ReqAuthDetails" | "RespAuthDetails" => message = paid(message),
                "ReqMandate" | "ReqAuthMandate" | "RespAuthMandate" => {
                    message = paid(message);
                    message.rest.push(mandate());
                }
                "RespMandate" => message.rest.push(mandate()),
                "ReqTxnConfirmation" | "ReqMandateConfirmation" => {
                    message.confirmation = Some(confirmation.clone())
                }
                "ReqChkTxn" => {
                    message.transaction.original = Some(message.transaction.id.clone());
                    message.transaction.original_at = Some(NOW);
                }
                "ReqComplaint" => message.rest.push(Element::new("Complaint").with("reqAdjFlag", "PBRB")),
                "ReqListAccount" => {
                    message.payer = Some(payer());
                    message.link = Some(("MOBILE".to_owned(), "919876543210".to_owned()));
                }
                "RespListAccount" => message.accounts.push(ListedAccount {
                    reference: "REF1".to_owned(),
                    masked: "XXXXXXX2345".to_owned(),
                    ifsc: Ifsc::parse("ABCD0000001").unwrap(),
                    kind: Some("SAVINGS".to_owned()),
                    name: Some("Asha".to_owned()),
                    has_pin: true,
                    credentials: vec![("PIN".to_owned(), "MPIN".to_owned(), Some(6))],
                }),
                "ReqRegMob" => {
                    message.payer = Some(payer());
                    let details = vec![
                        ("MOBILE".to_owned(), "919876543210".to_owned()),
                        ("CARDDIGITS".to_owned(), "123456".to_owned()),
                    ];
                    let credentials = vec![credential("OTP", "SMS"), credential("PIN", "MPIN")];
                    message.registration =
                        Some(Registration { format: Some("FORMAT1".to_owned()), details, credentials });
                }
                "ReqOtp" | "ReqBalEnq" => message.payer = Some(payer()),
                "ReqSetCre" => {
                    message.payer =
                        Some(Party { new_credentials: vec![credential("PIN", "MPIN")], ..payer() })
                }
                "ReqValAdd" => {
                    message.payer = Some(Party::new(Address::parse("asha@paiza").unwrap()));
                    message.payees = vec![Party::new(Address::parse("chai@paiza").unwrap())];
                }
                "RespValAdd" => {
                    let more = [
                        ("maskName", "CHAI CORNER"),
                        ("code", "5814"),
                        ("type", "ENTITY"),
                        ("IFSC", "ABCD0000001"),
                        ("accType", "CURRENT"),
                    ];
                    message.response.as_mut().unwrap().more =
                        more.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
                }
                "ReqManageVae" => message.rest.push(Element::new("VaeList")),
                "ReqPendingMsg" => message
                    .rest
                    .push(Element::new("ReqMsg").with("type", "MOBILE").with("value", "919876543210")),
                "ReqHbt" => message.rest.push(Element::new("HbtMsg").with("type", "ALIVE")),
                _ => {}
            }
            message
        })
        .collect()
}

#[test]
fn every_kind_is_written_checked_and_read() {
    let profile = Profile::public();
    let all = every_message();
    assert_eq!(all.len() + 1, profile.messages().count());
    for message in all {
        let bytes = message.to_document(profile).to_bytes();
        let document = read(&bytes).unwrap();
        let findings = lint(&document, profile);
        assert!(findings.is_empty(), "{}: {findings:?}", message.name);
        let again = Message::read_unsigned(&document, profile).unwrap();
        assert_eq!(
            canonical(&again.to_document(profile).root),
            canonical(&document.root),
            "{}",
            message.name
        );
        assert_eq!((again.head, again.transaction), (message.head, message.transaction));
        assert_eq!(
            (again.accounts, again.link, again.registration),
            (message.accounts, message.link, message.registration)
        );
        assert_eq!((again.payer, again.payees), (message.payer, message.payees));
    }
}

#[test]
fn acknowledgements() {
    let profile = Profile::public();
    let to = head().message;
    for error in [None, Some("U01".to_owned())] {
        let ack = Acknowledgement { api: "ReqPay".to_owned(), to: to.clone(), error, at: NOW };
        let document = read(&ack.to_document(profile).to_bytes()).unwrap();
        assert_eq!(Acknowledgement::read(&document, profile), Ok(ack));
        assert!(Message::read_unsigned(&document, profile).is_err());
    }
    let payment = read(PAYMENT.as_bytes()).unwrap();
    assert!(Acknowledgement::read(&payment, profile).is_err());
}

fn pay() -> String {
    let all = every_message();
    let message = all.iter().find(|message| message.name == "ReqPay").unwrap();
    String::from_utf8(message.to_document(Profile::public()).to_bytes()).unwrap()
}

/// The codes and paths of what is wrong with a text.
fn found(text: &str) -> Vec<(String, String)> {
    let document = read(text.as_bytes()).unwrap_or_else(|why| panic!("{why}\n{text}"));
    lint(&document, Profile::public()).into_iter().map(|finding| (finding.code, finding.path)).collect()
}

// long: a table of one line per rule
#[test]
fn every_broken_rule_is_named_with_its_code_and_place() {
    let pay = pay();
    assert_eq!(found(&pay), []);
    let collect = pay.replace("type=\"PAY\"", "type=\"COLLECT\"");
    let debit = pay.replace("type=\"PAY\"", "type=\"DEBIT\" subType=\"PAY\"");
    assert_eq!(found(&debit), []);
    let reversal = pay
        .replace("type=\"PAY\"", "type=\"REVERSAL\" subType=\"PAY\" orgTxnId=\"PZA1\" orgRespCode=\"U67\"");
    assert_eq!(found(&reversal), []);
    for (text, from, to, code, path) in [
        (&pay, "http://npci.org/upi/schema/", "http://npci.org/cm/schema/", "U05", "/ReqPay"),
        (&pay, "ver=\"2.0\"", "ver=\"two\"", "H02", "/ReqPay/Head/@ver"),
        (&pay, "+05:30\" orgId", "\" orgId", "H03", "/ReqPay/Head/@ts"),
        (&pay, "msgId=\"PZA", "msgId=\"PZA0", "H06", "/ReqPay/Head/@msgId"),
        (&pay, " orgId=\"700001\"", "", "U52", "/ReqPay/Head/@orgId"),
        (&pay, "<Head", "<Head prodType=\"IMPS\"", "U07", "/ReqPay/Head/@prodType"),
        (&pay, "id=\"PZA22", "id=\"PZA-22", "T02", "/ReqPay/Txn/@id"),
        (&pay, "type=\"PAY\"", "type=\"PAY\" note=\"\"", "T03", "/ReqPay/Txn/@note"),
        (&pay, "type=\"PAY\"", "type=\"PAY\" refId=\"a b\"", "T04", "/ReqPay/Txn/@refId"),
        (&pay, "type=\"PAY\"", "type=\"PAY\" refUrl=\"bill\"", "T05", "/ReqPay/Txn/@refUrl"),
        (&pay, "type=\"PAY\"", "type=\"GIFT\"", "T07", "/ReqPay/Txn/@type"),
        (&pay, " type=\"PAY\"", "", "T07", "/ReqPay/Txn/@type"),
        (&reversal, " orgTxnId=\"PZA1\"", "", "T08", "/ReqPay/Txn/@orgTxnId"),
        (&pay, "type=\"PAY\"", "type=\"PAY\" orgTxnId=\"PZA1\"", "T09", "/ReqPay/Txn/@orgTxnId"),
        (&reversal, " orgRespCode=\"U67\"", "", "T11", "/ReqPay/Txn/@orgRespCode"),
        (&reversal, "\"U67\"", "\"U678\"", "T11", "/ReqPay/Txn/@orgRespCode"),
        (&pay, "type=\"PAY\"", "type=\"PAY\" custRef=\"1234\"", "T12", "/ReqPay/Txn/@custRef"),
        (&debit, " subType=\"PAY\"", "", "T13", "/ReqPay/Txn/@subType"),
        (&pay, "purpose=\"00\"", "purpose=\"000\"", "T14", "/ReqPay/Txn/@purpose"),
        (&debit, "subType=\"PAY\"", "subType=\"MANDATE\"", "T16", "/ReqPay/Txn/@umn"),
        (&pay, "initiationMode=\"00\"", "initiationMode=\"33\"", "IM0", "/ReqPay/Txn/@initiationMode"),
        (&pay, " initiationMode=\"00\"", "", "IM0", "/ReqPay/Txn/@initiationMode"),
        (&pay, "initiationMode=\"00\"", "initiationMode=\"11\"", "IM3", "/ReqPay/Txn/@initiationMode"),
        (&pay, "<Payer addr=\"asha@paiza\"", "<Payer addr=\"asha\"", "R02", "/ReqPay/Payer/@addr"),
        (&pay, "name=\"Asha\"", "name=\"\"", "R03", "/ReqPay/Payer/@name"),
        (
            &pay,
            "seqNum=\"1\" type=\"PERSON\"",
            "seqNum=\"1234\" type=\"PERSON\"",
            "R04",
            "/ReqPay/Payer/@seqNum",
        ),
        (&pay, "type=\"PERSON\"", "type=\"ROBOT\"", "R05", "/ReqPay/Payer/@type"),
        (&pay, "code=\"0000\"", "code=\"5814\"", "R06", "/ReqPay/Payer/@code"),
        (&pay, "<Payee addr=\"chai@paiza\"", "<Payee", "B03", "/ReqPay/Payees/Payee[1]/@addr"),
        (&pay, "code=\"5814\"", "code=\"0000\"", "B07", "/ReqPay/Payees/Payee[1]/@code"),
        (&pay, "code=\"5814\"", "code=\"581\"", "B07", "/ReqPay/Payees/Payee[1]/@code"),
        (&pay, "name=\"TYPE\"", "name=\"TELECOM\"", "D01..D13", "/ReqPay/Payer/Device/Tag"),
        (&pay, "name=\"TYPE\"", "name=\"COLOUR\"", "D01..D13", "/ReqPay/Payer/Device/Tag[3]/@name"),
        (&pay, "ABCD0000001", "ABCD000001", "A09", "/ReqPay/Payer/Ac/Detail[2]/@value"),
        (
            &pay,
            "value=\"00000012345\"",
            "value=\"1234567890123456789012345678901\"",
            "A09",
            "/ReqPay/Payer/Ac/Detail[3]/@value",
        ),
        (&pay, "subType=\"MPIN\"", "subType=\"NIP\"", "C01..C12", "/ReqPay/Payer/Creds/Cred[1]/@subType"),
        (
            &pay,
            "</Creds><Amount value=\"30.00\"",
            "</Creds><Amount value=\"29.00\"",
            "V01..V06",
            "/ReqPay/Payer/Amount/@value",
        ),
        (
            &pay,
            "</Creds><Amount value=\"30.00\"",
            "</Creds><Amount value=\"30.0\"",
            "V01..V06",
            "/ReqPay/Payer/Amount/@value",
        ),
        (
            &pay,
            "</Creds><Amount value=\"30.00\" curr=\"INR\"",
            "</Creds><Amount value=\"30.00\" curr=\"USD\"",
            "V01..V06",
            "/ReqPay/Payer/Amount/@curr",
        ),
        (
            &pay,
            "curr=\"INR\"/></Payer>",
            "curr=\"INR\"><Split name=\"PURCHASE\" value=\"1.00\"/></Amount></Payer>",
            "V01..V06",
            "/ReqPay/Payer/Amount",
        ),
        (
            &pay,
            "</Payer>",
            "<Merchant><Identifier/><Ownership/></Merchant></Payer>",
            "PM0..PM9",
            "/ReqPay/Payer/Merchant",
        ),
        (&pay, "</Payer>", "<Institution/></Payer>", "PK0", "/ReqPay/Payer/Institution"),
        (&pay, "<Txn ", "<Txn colour=\"red\" ", "U07", "/ReqPay/Txn/@colour"),
        (&pay, "</Payees>", "</Payees><Extra/>", "U07", "/ReqPay/Extra"),
        (&pay, "<Payees>", "<Payees>text", "U07", "/ReqPay/Payees"),
        (&pay, "</Payees>", "</Payees><Meta/>", "U07", "/ReqPay/Meta"),
        (&collect, "type=\"COLLECT\"", "type=\"COLLECT\" x=\"\"", "U07", "/ReqPay/Txn/@x"),
    ] {
        let broken = text.replacen(from, to, 1);
        assert_ne!(*text, broken, "{from}");
        let found = found(&broken);
        assert!(found.contains(&(code.to_owned(), path.to_owned())), "{to}: {code} {path} not in {found:?}");
    }
}

#[test]
fn what_a_collect_and_a_credential_need() {
    let pay = pay();
    let without = |from: &str, to: &str| {
        let (start, end) = (pay.find(from).unwrap(), pay.find(to).unwrap() + to.len());
        format!("{}{}", &pay[..start], &pay[end..])
    };
    let has = |text: &str, code: &str, path: &str| found(text).contains(&(code.to_owned(), path.to_owned()));
    assert!(has(&without("<Device>", "</Device>"), "D01..D13", "/ReqPay/Payer/Device"));
    assert!(has(&without("<Ac ", "</Ac>"), "A01..A14", "/ReqPay/Payer/Ac"));
    assert!(has(&without("<Creds>", "</Creds>"), "C01..C12", "/ReqPay/Payer/Creds"));
    let approved = without("<Ac ", "</Ac>")
        .replace("type=\"PIN\" subType=\"MPIN\"", "type=\"PreApproved\" subType=\"NA\"");
    assert_eq!(found(&approved), [], "what was approved beforehand needs no account");
    // The payee who asks for money shows device and account.
    let collect = pay.replace("type=\"PAY\"", "type=\"COLLECT\"");
    assert!(has(&collect, "D01..D13", "/ReqPay/Payees/Payee[1]/Device"));
    let ruled = |minutes: &str| {
        collect.replace("refCategory", "x").replacen(
            "purpose=\"00\"/>",
            &format!("purpose=\"00\"><Rules><Rule name=\"EXPIREAFTER\" value=\"{minutes}\"/></Rules></Txn>"),
            1,
        )
    };
    for (minutes, good) in [("0", false), ("1", true), ("64800", true), ("64801", false), ("soon", false)] {
        assert_eq!(!has(&ruled(minutes), "L01..L04", "/ReqPay/Txn/Rules/Rule[1]/@value"), good, "{minutes}");
    }
    let inward = pay.replace("initiationMode=\"00\" purpose=\"00\"", "initiationMode=\"12\" purpose=\"11\"");
    for (code, path) in [
        ("IM2", "/ReqPay/Txn/@initiationMode"),
        ("T15", "/ReqPay/Txn/@purpose"),
        ("PI0", "/ReqPay/Payer/Institution"),
    ] {
        assert!(has(&inward, code, path), "{code}");
    }
    let collected = inward.replace("type=\"PAY\"", "type=\"COLLECT\"");
    assert!(has(&collected, "IM1", "/ReqPay/Txn/@initiationMode"));
    let second = pay.replace("</Payees>", "<Payee addr=\"b@paiza\"/></Payees>");
    assert!(has(&second, "B09", "/ReqPay/Payees/Payee[2]"));
}

#[test]
fn answers_and_status_checks() {
    let profile = Profile::public();
    let with = |result: &str, code: Option<&str>, sum: &str| {
        let mut message = Message::new("RespPay", head(), transaction("PAY"));
        let mut answer = response(result, code);
        answer.settled =
            vec![Settled::new("PAYER", &Address::parse("asha@paiza").unwrap(), rupees(sum), "U30", "123456")];
        message.response = Some(answer);
        lint(&read(&message.to_document(profile).to_bytes()).unwrap(), profile)
            .into_iter()
            .map(|f| f.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(with("SUCCESS", None, "30.00"), [""; 0]);
    assert_eq!(with("FAILURE", Some("U30"), "0.00"), [""; 0]);
    assert_eq!(with("FAILURE", None, "0.00"), ["E04"]);
    assert_eq!(with("SUCCESS", Some("U30"), "30.00"), ["E04"]);
    assert_eq!(with("FAILURE", Some("U30"), "30.00"), ["E07..E19"]);
    assert_eq!(with("MAYBE", None, "30.00"), ["E03"]);
    let check = |days: i64| {
        let mut message = Message::new("ReqChkTxn", head(), transaction("ChkTxn"));
        message.transaction.original = Some(message.transaction.id.clone());
        message.transaction.original_at =
            Some(values::Timestamp::from_millis(NOW.millis() - days * 86_400_000));
        lint(&read(&message.to_document(profile).to_bytes()).unwrap(), profile)
            .into_iter()
            .map(|f| f.code)
            .collect::<Vec<_>>()
    };
    assert_eq!((check(90), check(91), check(-1)), (vec![], vec!["X09".to_owned()], vec!["X09".to_owned()]));
    let mut bare = Message::new("ReqChkTxn", head(), transaction("ChkTxn")).to_document(profile);
    assert_eq!(
        lint(&bare, profile).into_iter().map(|f| f.code).collect::<Vec<_>>(),
        ["T08", "X08"].map(|c| if c == "T08" { "T10" } else { c })
    );
    bare.root.children.clear();
    let codes: Vec<String> = lint(&bare, profile).into_iter().map(|f| f.code).collect();
    assert_eq!(codes, ["U52", "X01"], "a missing Head is always U52");
    let strange = Document { root: Element::new("ReqGift") };
    assert_eq!(lint(&strange, profile).len(), 2, "no such message, no namespace");
}

/// What is known to be off in what was seen in the world, and nothing else.
#[test]
fn samples_of_the_world() {
    for (file, expected) in [
        ("reqpay-collect-v2.xml", vec![]),
        ("reqpay-pay-preapproved-v1.xml", vec![("B04", "/ReqPay/Payees/Payee[1]/@name")]),
        ("reqcomplaint-ret.xml", vec![]),
        ("respcomplaint-ret.xml", vec![]),
        ("resp-list-keys-2016-03-11.xml", vec![]),
        ("resp-list-keys-2015-12-31.xml", vec![]),
    ] {
        let Some(bytes) = sample(file) else { return };
        let document = read(&bytes).unwrap_or_else(|why| panic!("{file}: {why}"));
        let found: Vec<_> =
            lint(&document, Profile::public()).into_iter().map(|f| (f.code, f.path)).collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(code, path)| (code.to_owned(), path.to_owned())).collect();
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn secrets_of_a_message_do_not_print() {
    let text = format!("{:?}", payer());
    assert!(!text.contains("00000012345") && !text.contains("MjAuMA") && !text.contains("9876"), "{text}");
    assert!(text.contains("XXXXXXX2345") && text.contains("as****@paiza"), "{text}");
}
