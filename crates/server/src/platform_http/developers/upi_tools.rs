//! The tools of account payment: they read, make and judge what is handed to them. Nothing of it is kept, and they see
//! nobody's data. What they answer is what `paiza upi` prints with `--json`.

use super::call::{Call, Reply};
use super::merchants::CATEGORY;
use super::shape::{Field, Form, Kind, Shape};
use super::table::{Answer, Body, Route};
use crate::platform_http::problem::Trouble;
use crypto::{pem, rsa_signature};
use developers::Scope;
use sandbox::upi::{directory::UpiDirectory, keys};
use serde::Serialize;
use serde_json::{Value, json};
use upi::address::Address;
use upi::bharat::{self, BharatParts};
use upi::link::{self, LinkParts};
use upi::messages::{Finding, Profile};
use upi::signature::{self, KeyRing, Organisation, PinnedKey};
use upi::tools;
use values::{Currency, Timestamp};

const GROUP: &str = "Account payment tools";

/// What a camera read, as it is.
static CODE: Form = Form {
    word: "string",
    expected: "1 to 4096 characters",
    schema: || json!({"type": "string", "minLength": 1, "maxLength": 4096}),
    holds: |text| (1..=4096).contains(&text.chars().count()),
};
/// The longest document that is read, and more than it: so that the tools say themselves what is too long.
static DOCUMENT: Form = Form {
    word: "string",
    expected: "1 to 300000 characters",
    schema: || json!({"type": "string", "minLength": 1, "maxLength": 300_000}),
    holds: |text| (1..=300_000).contains(&text.chars().count()),
};
pub(super) static PEM: Form = Form {
    word: "PEM",
    expected: "1 to 4096 characters",
    schema: || json!({"type": "string", "minLength": 1, "maxLength": 4096}),
    holds: |text| (1..=4096).contains(&text.chars().count()),
};
/// What a code says, whatever it says.
static SAID: Form =
    Form { word: "string", expected: "a text", schema: || json!({"type": "string"}), holds: |_| true };
static ORGANISATION: Form = Form {
    word: "organisation",
    expected: "1 to 35 letters, digits, `_` and `-`",
    schema: || json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,35}$"}),
    holds: |text| Organisation::parse(text).is_some(),
};

const TEXT: Kind = Kind::Form(&SAID);
const PAISE: Kind = Kind::Whole { least: 0, most: i64::MAX };
const PLACE: Kind = Kind::Whole { least: 0, most: i64::MAX };

/// A member that only some answers have.
const fn told(name: &'static str, kind: Kind, says: &'static str) -> Field {
    Field::absent_or_null(name, kind, says)
}

const OK: Field = Field::required("ok", Kind::Flag, "Whether it is as it should be.");
const WHY_CODE: Field =
    told("code", TEXT, "The rule that was broken: a stable name, or the code a switch answers with.");
const WHY_AT: Field = told("at", PLACE, "The byte at which it was broken, where there is one.");
const WHY: Field = told("refused", TEXT, "The same in a sentence.");

static PARSE: Shape = Shape {
    name: "CodeToParse",
    says: "A text that a camera read.",
    fields: &[
        Field::required(
            "text",
            Kind::Form(&CODE),
            "The text of the code or link, every byte as it was read.",
        ),
        Field::optional(
            "key",
            Kind::Form(&PEM),
            "A public key of P-256 (PEM) with which a link's signature is checked.",
        ),
    ],
};

static PARSED: Shape = Shape {
    name: "ParsedCode",
    says: "What a link or a Bharat QR says, or why it is refused. Members are there as its kind has them; amounts are paise.",
    fields: &[
        OK,
        WHY_CODE,
        WHY_AT,
        WHY,
        told(
            "kind",
            Kind::Word(&["pay", "mandate", "bharat"]),
            "A link to pay, a link to make a mandate, or a Bharat QR.",
        ),
        told("text", TEXT, "The text as it was read; only this is launched or verified."),
        told("pa", TEXT, "Payee's address, of a link."),
        told("pn", TEXT, "Payee's name, of a link: a hint, never proof."),
        told("am_paise", PAISE, "The amount."),
        told("mam_paise", PAISE, "The least amount, where the payer may change it."),
        told("amount_is_open", Kind::Flag, "Whether the payer may choose the amount."),
        told("mc", TEXT, "Merchant category, of a link."),
        told("tid", TEXT, "Transaction id."),
        told("tr", TEXT, "Merchant's reference."),
        told("tn", TEXT, "Note."),
        told("mode", TEXT, "How the payment begins."),
        told("purpose", TEXT, "What it is for."),
        told("orgid", TEXT, "Who signed."),
        told("url", TEXT, "A bill to look at; https alone."),
        told("expires", TEXT, "Until when it is good."),
        told("mandate", Kind::Object(&MANDATE), "What a link asks for that makes a mandate."),
        told(
            "signature",
            Kind::Word(&["absent", "unchecked", "verified"]),
            "What is known of the signature of a link.",
        ),
        told("signed", Kind::Flag, "Whether a link has a signature."),
        told("cautions", Kind::List(&TEXT), "What is odd and still taken."),
        told(
            "pairs",
            Kind::List(&Kind::List(&TEXT)),
            "All parameters of a link, name and value, in their order.",
        ),
        told("poi", Kind::Word(&["11", "12"]), "11: printed once. 12: made for one payment. Of a Bharat QR."),
        told("vpa", TEXT, "Payee's address, of a Bharat QR."),
        told("mcc", TEXT, "Merchant category, of a Bharat QR."),
        told("name", TEXT, "Merchant's name, of a Bharat QR: a hint."),
        told("city", TEXT, "Its city."),
        told("pin", TEXT, "Its postal code."),
        told("ifsc", TEXT, "Branch of the account that a Bharat QR names."),
        told("account", TEXT, "Number of that account."),
        told("currency", TEXT, "356: rupees."),
    ],
};

static MANDATE: Shape = Shape {
    name: "LinkMandate",
    says: "What a link asks for that makes a mandate.",
    fields: &[
        told("action", TEXT, "CREATE, UPDATE or REVOKE."),
        told("name", TEXT, "Its name."),
        told("starts", TEXT, "Its first day."),
        told("ends", TEXT, "Its last day."),
        told("amount_rule", TEXT, "MAX or EXACT."),
        told("recurrence", TEXT, "How often."),
        told("recurrence_day", Kind::Whole { least: 1, most: 31 }, "On which day."),
        told("recurrence_rule", TEXT, "BEFORE, ON or AFTER that day."),
        told("revocable", Kind::Flag, "Whether the payer may revoke it."),
        told("shared", Kind::Flag, "Whether the payee learns of it."),
        told("blocked", Kind::Flag, "Whether the amount is set aside."),
        told("number", TEXT, "Its number, where there is one already."),
        told("first_paise", PAISE, "The first debit."),
    ],
};

pub(super) const PARSE_CODE: Route = Route {
    method: "POST",
    path: "/v1/upi/codes/parse",
    operation: "parse_upi_code",
    group: GROUP,
    title: "Read a code",
    says: "Reads a link `upi://...` or a Bharat QR. What would mislead a payer is refused with the rule and the byte: letters that only look like others, amounts with an exponent, a parameter that says two things, a signature that is not the last.",
    scope: Scope::UpiTools,
    query: &[],
    body: Body::Question(&PARSE),
    answer: Answer::One(200, &PARSED),
    problems: &["upi_key_refused"],
    example: r#"{"text": "upi://pay?pa=chai.corner@paiza&pn=Chai%20Corner&am=30.00&cu=INR"}"#,
    work: parse,
};

fn parse(call: &Call) -> Result<Reply, Trouble> {
    let key = call.text("key").map(|text| link_key(text).ok_or_else(|| no_key("/key"))).transpose()?;
    match tools::scan(call.text("text").unwrap_or_default(), key.as_ref()) {
        Ok(scanned) => Ok(Reply::ok(&scanned.row())),
        Err(why) => Ok(Reply::ok(&why)),
    }
}

/// A public key in PEM.
fn public(text: &str) -> Option<values::SecretBytes> {
    pem::read(text).filter(|(label, _)| *label == "PUBLIC KEY").map(|(_, bytes)| bytes)
}

fn link_key(text: &str) -> Option<crypto::p256::VerifyingKey> {
    crypto::p256::VerifyingKey::from_spki(public(text)?.expose()).ok()
}

fn no_key(place: &str) -> Trouble {
    Trouble::of("upi_key_refused", "This is not a public key in PEM of the kind that is needed.").at(place)
}

static PARAMETER: Shape = Shape {
    name: "LinkParameter",
    says: "A parameter of a link.",
    fields: &[
        Field::required("name", Kind::Text { least: 1, most: 20 }, "Its name: letters and digits."),
        Field::required("value", Kind::Text { least: 1, most: 1024 }, "What it says; it is escaped here."),
    ],
};

static MAKE: Shape = Shape {
    name: "CodeToMake",
    says: "What a link or a Bharat QR is to say.",
    fields: &[
        Field::required("payee", Kind::Text { least: 1, most: 255 }, "Whom to pay: name@handle."),
        Field::optional(
            "name",
            Kind::Text { least: 1, most: 99 },
            "Payee's name; a Bharat QR has at most 23 characters of it.",
        ),
        Field::optional("amount", Kind::Money, "How much; without it the payer chooses. Rupees."),
        Field::optional(
            "category",
            Kind::Form(&CATEGORY),
            "Merchant category, four digits; 0000 is a person.",
        ),
        Field::optional("reference", Kind::Text { least: 1, most: 35 }, "Your reference."),
        Field::optional("note", Kind::Text { least: 1, most: 50 }, "A note, of a link."),
        Field::optional(
            "parameters",
            Kind::List(&Kind::Object(&PARAMETER)),
            "Any other parameters of a link, in their order.",
        ),
        Field::optional("mandate", Kind::Flag, "A link that makes a mandate."),
        Field::optional(
            "sign",
            Kind::Flag,
            "Signed with the public test key of the organisation that `orgid` names, of the sandbox's provider where it names none. In a sandbox alone.",
        ),
        Field::optional(
            "city",
            Kind::Text { least: 1, most: 15 },
            "Makes a Bharat QR of this city; it needs `name` and `category`.",
        ),
    ],
};

static MADE: Shape = Shape {
    name: "MadeCode",
    says: "A code, read back before it was answered.",
    fields: &[
        Field::required("text", TEXT, "What to show as a QR code, or to open."),
        told("key", TEXT, "The public key (PEM) of the signature, where there is one."),
    ],
};

pub(super) const MAKE_CODE: Route = Route {
    method: "POST",
    path: "/v1/upi/codes/make",
    operation: "make_upi_code",
    group: GROUP,
    title: "Make a code",
    says: "Makes a link to pay or to make a mandate, signed where that is wished, or a Bharat QR. Nothing is made that would be refused by who reads it.",
    scope: Scope::UpiTools,
    query: &[],
    body: Body::Question(&MAKE),
    answer: Answer::One(200, &MADE),
    problems: &["test_mode_only", "upi_code_refused"],
    example: r#"{"payee": "chai.corner@paiza", "name": "Chai Corner", "amount": {"value": 3000, "currency": "INR"}, "category": "5814", "reference": "ORD42", "sign": true}"#,
    work: make,
};

#[derive(Serialize)]
struct Made {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

fn make(call: &Call) -> Result<Reply, Trouble> {
    let amount = call.money("amount")?;
    if amount.is_some_and(|amount| amount.currency() != Currency::INR) {
        return Err(not_made("value_invalid", "an amount is in rupees").at("/amount/currency"));
    }
    let amount = amount.map(values::Money::to_decimal);
    if let Some(city) = call.text("city") {
        return bharat_code(call, city);
    }
    let mut more = parameters(call);
    let signed = flag(call, "sign").then(|| link_signer(call, &mut more)).transpose()?;
    let parts = LinkParts {
        mandate: flag(call, "mandate"),
        payee: call.text("payee").unwrap_or_default(),
        name: call.text("name"),
        category: call.text("category"),
        reference: call.text("reference"),
        note: call.text("note"),
        amount: amount.as_deref(),
        more: more.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    let made = parts.make().map_err(|why| not_made(why.code(), &why.to_string()))?;
    let Some(key) = signed else { return Ok(Reply::ok(&Made { text: made.text().to_owned(), key: None })) };
    let made = link::sign(made.text(), &key).map_err(|why| not_made(why.code(), &why.to_string()))?;
    let key = Some(pem::write("PUBLIC KEY", &key.public().to_spki()));
    Ok(Reply::ok(&Made { text: made.text().to_owned(), key }))
}

fn not_made(code: &str, why: &str) -> Trouble {
    Trouble::of("upi_code_refused", &format!("{code}: {why}."))
}

fn flag(call: &Call, name: &str) -> bool {
    call.body.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn parameters(call: &Call) -> Vec<(String, String)> {
    let list = call.body.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect()
}

/// The key of the organisation that the link names; where it names none, it is the sandbox's provider, and says so.
fn link_signer(call: &Call, more: &mut Vec<(String, String)>) -> Result<crypto::p256::SigningKey, Trouble> {
    in_a_sandbox(call)?;
    let named =
        more.iter().find(|(name, _)| name.eq_ignore_ascii_case("orgid")).map(|(_, value)| value.clone());
    let organisation = named.unwrap_or_else(|| {
        let own = UpiDirectory::sandbox().psps[0].organisation.clone();
        more.push(("orgid".to_owned(), own.clone()));
        own
    });
    keys::link_key(&organisation)
        .ok_or_else(|| not_made("organisation_unknown", "this sandbox has no key of the organisation"))
}

/// Its keys are public test keys: whoever runs anything else signs by itself.
fn in_a_sandbox(call: &Call) -> Result<(), Trouble> {
    let only = "What is signed here is signed with the test keys of a sandbox, and this platform runs none.";
    call.api.published_key().map(drop).ok_or_else(|| Trouble::of("test_mode_only", only))
}

fn bharat_code(call: &Call, city: &str) -> Result<Reply, Trouble> {
    let wanted = |name: &'static str| {
        let missing = format!("a Bharat QR has {name}");
        call.text(name).ok_or_else(|| not_made("object_missing", &missing).at(&format!("/{name}")))
    };
    for name in ["note", "parameters", "mandate", "sign"] {
        if call.body.get(name).is_some() {
            return Err(not_made("not_in_a_code", "a Bharat QR has no such part").at(&format!("/{name}")));
        }
    }
    let payee = Address::parse(wanted("payee")?);
    let code = bharat::make(&BharatParts {
        payee: &payee.map_err(|why| not_made("payee_invalid", &why.to_string()).at("/payee"))?,
        category: wanted("category")?.parse().map_err(|_| Trouble::internal())?,
        name: wanted("name")?,
        city,
        amount: call.money("amount")?,
        reference: call.text("reference"),
    });
    let code = code.map_err(|why| not_made(why.code(), &why.to_string()))?;
    Ok(Reply::ok(&Made { text: code.text().to_owned(), key: None }))
}

static MESSAGE: Shape = Shape {
    name: "UpiMessage",
    says: "A message between parties of account payment.",
    fields: &[Field::required("document", Kind::Form(&DOCUMENT), "The XML document as it is.")],
};

static FINDING: Shape = Shape {
    name: "BrokenRule",
    says: "A rule that a message breaks.",
    fields: &[
        Field::required("code", TEXT, "The code that a switch answers with; `D01..D13` is one of these."),
        Field::required("path", TEXT, "Where: `/ReqPay/Payees/Payee[1]/@addr`."),
        Field::required(
            "at",
            PLACE,
            "The byte of the element or attribute; of the element around what is missing.",
        ),
        Field::required("problem", TEXT, "What is wrong."),
    ],
};

static LINTED: Shape = Shape {
    name: "LintedMessage",
    says: "Which rules a message breaks.",
    fields: &[
        OK,
        Field::required("profile", TEXT, "Names and rules by which it was judged, with their version."),
        Field::required(
            "findings",
            Kind::List(&Kind::Object(&FINDING)),
            "Every broken rule, in the order of the document.",
        ),
    ],
};

/// A balance enquiry of the sandbox's provider.
const BALANCE: &str = r#"{"document": "<upi:ReqBalEnq xmlns:upi=\"http://npci.org/upi/schema/\"><Head ver=\"2.0\" ts=\"2026-11-22T05:30:00.000+05:30\" orgId=\"700001\" msgId=\"PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829\"/><Txn id=\"PZAa1b2c3d4e5f60718293a4b5c6d7e8f90\" ts=\"2026-11-22T05:30:00.000+05:30\" type=\"BalEnq\"/><Payer addr=\"asha@paiza\" type=\"PERSON\" code=\"0000\"/></upi:ReqBalEnq>"}"#;

pub(super) const LINT_MESSAGE: Route = Route {
    method: "POST",
    path: "/v1/upi/messages/lint",
    operation: "lint_upi_message",
    group: GROUP,
    title: "Lint a message",
    says: "Names every rule that a message breaks, with the code that a switch answers with, the path and the byte. A document type, an entity, a comment or a processing instruction is refused before anything else is read.",
    scope: Scope::UpiTools,
    query: &[],
    body: Body::Question(&MESSAGE),
    answer: Answer::One(200, &LINTED),
    problems: &[],
    example: BALANCE,
    work: lint,
};

#[derive(Serialize)]
struct Linted {
    ok: bool,
    profile: String,
    findings: Vec<Finding>,
}

fn document(call: &Call) -> &[u8] {
    call.text("document").unwrap_or_default().as_bytes()
}

fn lint(call: &Call) -> Result<Reply, Trouble> {
    let profile = Profile::public();
    let findings = tools::lint(document(call), profile);
    let profile = format!("{} {}", profile.name, profile.version);
    Ok(Reply::ok(&Linted { ok: findings.is_empty(), profile, findings }))
}

static KEY: Shape = Shape {
    name: "OrganisationKey",
    says: "A key, and whose it is.",
    fields: &[
        Field::required(
            "organisation",
            Kind::Form(&ORGANISATION),
            "The organisation: Head.orgId of what it signs.",
        ),
        Field::required("key", Kind::Form(&PEM), "Its public key of RSA, 2048 bits or more (PEM)."),
    ],
};

static VERIFY: Shape = Shape {
    name: "MessageToVerify",
    says: "A message, and by whose keys its signature is to be judged.",
    fields: &[
        Field::required("document", Kind::Form(&DOCUMENT), "The XML document as it is."),
        Field::optional(
            "keys",
            Kind::List(&Kind::Object(&KEY)),
            "The keys that count, and no others; those of the sandbox's parties where none are sent. What a message brings along is never used.",
        ),
    ],
};

static VERIFIED: Shape = Shape {
    name: "VerifiedMessage",
    says: "Who signed a message, or why it is taken for nobody's.",
    fields: &[
        OK,
        told("sender", TEXT, "The organisation that signed the whole of it."),
        WHY_CODE,
        WHY_AT,
        WHY,
    ],
};

pub(super) const VERIFY_MESSAGE: Route = Route {
    method: "POST",
    path: "/v1/upi/messages/verify",
    operation: "verify_upi_message",
    group: GROUP,
    title: "Verify a message",
    says: "Checks the signature of a message: exactly one, a child of the root, over the whole document, RSA over SHA-256 over canonical XML 1.0, with a key that was handed over beside it.",
    scope: Scope::UpiTools,
    query: &[],
    body: Body::Question(&VERIFY),
    answer: Answer::One(200, &VERIFIED),
    problems: &["test_mode_only", "upi_key_refused"],
    example: BALANCE,
    work: verify,
};

#[derive(Serialize)]
struct Verified {
    ok: bool,
    sender: String,
}

fn verify(call: &Call) -> Result<Reply, Trouble> {
    let ring = match call.body.get("keys").and_then(Value::as_array) {
        Some(keys) => key_ring(keys)?,
        None => in_a_sandbox(call).map(|()| keys::key_ring())?,
    };
    match tools::signer(document(call), &ring, Timestamp::from_millis(0)) {
        Ok(sender) => Ok(Reply::ok(&Verified { ok: true, sender })),
        Err(why) => Ok(Reply::ok(&why)),
    }
}

/// The keys of a request, in force always: whoever sends them vouches for them.
fn key_ring(keys: &[Value]) -> Result<KeyRing, Trouble> {
    let mut ring = KeyRing::new();
    for (number, pair) in keys.iter().enumerate() {
        let text = |name: &str| pair[name].as_str().unwrap_or_default();
        let organisation = Organisation::parse(text("organisation")).ok_or_else(Trouble::internal)?;
        let key =
            public(text("key")).and_then(|key| rsa_signature::VerifyingKey::from_spki(key.expose()).ok());
        let key = key.ok_or_else(|| no_key(&format!("/keys/{number}/key")))?;
        let (from, until) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        ring.pin(organisation, PinnedKey { key, from, until });
    }
    Ok(ring)
}

static SIGNED: Shape = Shape {
    name: "SignedMessage",
    says: "A message with its signature.",
    fields: &[
        Field::required("organisation", TEXT, "Whose key signed it."),
        Field::required("bytes", PLACE, "How many bytes it has."),
        Field::required(
            "document",
            TEXT,
            "The document: the signature is the last child of its root, and no other byte has changed.",
        ),
    ],
};

pub(super) const SIGN_MESSAGE: Route = Route {
    method: "POST",
    path: "/v1/upi/messages/sign",
    operation: "sign_upi_message",
    group: GROUP,
    title: "Sign a message",
    says: "Signs a message with the public test key of the sandbox's organisation that it names (Head.orgId). Such a signature proves nothing to anybody but a sandbox, and a sandbox alone makes it.",
    scope: Scope::UpiTools,
    query: &[],
    body: Body::Question(&MESSAGE),
    answer: Answer::One(200, &SIGNED),
    problems: &["test_mode_only", "upi_message_refused"],
    example: BALANCE,
    work: sign,
};

#[derive(Serialize)]
struct Signed {
    organisation: String,
    bytes: usize,
    document: String,
}

fn sign(call: &Call) -> Result<Reply, Trouble> {
    in_a_sandbox(call)?;
    let refused = |code: &str, why: &dyn ToString| {
        Trouble::of("upi_message_refused", &format!("{code}: {}.", why.to_string())).at("/document")
    };
    let read = upi::xml::read(document(call)).map_err(|why| refused("U05", &why))?;
    let sender = signature::named_sender(&read)
        .ok_or_else(|| refused("U52", &"the document names no sender (Head.orgId)"))?;
    let key = keys::signing_key(sender.as_str())
        .ok_or_else(|| refused("U17", &"this sandbox has no key of the sender (Head.orgId)"))?;
    let signed = signature::sign(document(call), &key).map_err(|why| refused("U15", &why))?;
    let (bytes, document) = (signed.len(), String::from_utf8(signed).map_err(|_| Trouble::internal())?);
    Ok(Reply::ok(&Signed { organisation: sender.to_string(), bytes, document }))
}
