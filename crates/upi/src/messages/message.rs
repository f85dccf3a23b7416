//! A message as values: what it is about, who takes part, how it ended.

use super::lint::{Finding, lint};
use super::parts::{Confirmation, Head, ListedAccount, Party, Registration, Response, Transaction};
use super::profile::{Profile, VALIDATION};
use crate::ids::MessageId;
use crate::signature::SignedDocument;
use crate::xml::{Declaration, Document, Element};
use values::Timestamp;

/// A message of any kind. Which parts it has is the profile's to say; those without a type of their own are kept as
/// they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The root's name: `ReqPay`.
    pub name: String,
    /// `Head`.
    pub head: Head,
    /// `Txn`.
    pub transaction: Transaction,
    /// `Resp`.
    pub response: Option<Response>,
    /// `Payer`.
    pub payer: Option<Party>,
    /// `Payees/Payee`, or `Payee` alone.
    pub payees: Vec<Party>,
    /// `TxnConfirmation`.
    pub confirmation: Option<Confirmation>,
    /// `Link`: type and value, such as MOBILE.
    pub link: Option<(String, String)>,
    /// `RegDetails`.
    pub registration: Option<Registration>,
    /// `AccountList/Account`.
    pub accounts: Vec<ListedAccount>,
    /// Everything else: `Meta`, `Mandate`, `Complaint`, `keyList` and so on.
    pub rest: Vec<Element>,
}

impl Message {
    /// A message with head and transaction.
    pub fn new(name: &str, head: Head, transaction: Transaction) -> Message {
        Message {
            name: name.to_owned(),
            head,
            transaction,
            response: None,
            payer: None,
            payees: Vec::new(),
            confirmation: None,
            link: None,
            registration: None,
            accounts: Vec::new(),
            rest: Vec::new(),
        }
    }

    /// Reads a signed message; every broken rule, if there is one.
    pub fn read(signed: &SignedDocument, profile: &Profile) -> Result<Message, Vec<Finding>> {
        Message::read_unsigned(signed.document(), profile)
    }

    /// Reads a document of which nobody says who sent it: for tools, and for tests with signatures off.
    pub fn read_unsigned(document: &Document, profile: &Profile) -> Result<Message, Vec<Finding>> {
        let findings = lint(document, profile);
        if !findings.is_empty() {
            return Err(findings);
        }
        Message::parts(&document.root)
            .ok_or_else(|| vec![not_a(&document.root, "a message with Head and Txn")])
    }

    fn parts(root: &Element) -> Option<Message> {
        const KNOWN: [&str; 8] =
            ["Head", "Txn", "Resp", "Payer", "Payees", "TxnConfirmation", "Link", "RegDetails"];
        let holder = root.child("Payees").unwrap_or(root);
        let link = root.child("Link");
        let listed = root.child("AccountList");
        let other = |child: &&Element| {
            !KNOWN.contains(&child.name.as_str())
                && child.namespace.is_empty()
                && !matches!(child.name.as_str(), "Payee" | "AccountList")
        };
        Some(Message {
            name: root.name.clone(),
            head: Head::read(root.child("Head")?)?,
            transaction: Transaction::read(root.child("Txn")?)?,
            response: root.child("Resp").and_then(Response::read),
            payer: root.child("Payer").and_then(Party::read),
            payees: holder.children_named("Payee").filter_map(Party::read).collect(),
            confirmation: root.child("TxnConfirmation").and_then(Confirmation::read),
            link: link
                .and_then(|l| Some((l.attribute("type")?.to_owned(), l.attribute("value")?.to_owned()))),
            registration: root.child("RegDetails").map(Registration::read),
            accounts: listed
                .into_iter()
                .flat_map(|list| list.children_named("Account"))
                .filter_map(ListedAccount::read)
                .collect(),
            rest: root.elements().filter(other).cloned().collect(),
        })
    }

    /// The document, its elements in the order of the profile.
    pub fn to_document(&self, profile: &Profile) -> Document {
        let mut children = vec![self.head.element(), self.transaction.element()];
        children.extend(self.response.as_ref().map(Response::element));
        children.extend(self.payer.as_ref().map(|payer| payer.element("Payer")));
        let payees = self.payees.iter().map(|payee| payee.element("Payee"));
        let rule = profile.message(&self.name).map(|(_, rule)| rule);
        let place =
            |name: &str| rule.and_then(|rule| rule.children.iter().position(|child| child.name == name));
        if place("Payee").is_some() {
            children.extend(payees);
        } else if !self.payees.is_empty() {
            children.push(payees.fold(Element::new("Payees"), Element::with_child));
        }
        children.extend(self.confirmation.as_ref().map(Confirmation::element));
        let link =
            |(kind, value): &(String, String)| Element::new("Link").with("type", kind).with("value", value);
        children.extend(self.link.as_ref().map(link));
        children.extend(self.registration.as_ref().map(Registration::element));
        if !self.accounts.is_empty() {
            let list = self.accounts.iter().map(ListedAccount::element);
            children.push(list.fold(Element::new("AccountList"), Element::with_child));
        }
        children.extend(self.rest.iter().cloned());
        children.sort_by_key(|child| place(&child.name).unwrap_or(usize::MAX));
        children.into_iter().fold(root(&self.name, profile), Element::with_child).into()
    }
}

/// What every call is answered with at once: received and well formed, or why not. It says nothing about money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// `api`: the message that came, such as `ReqPay`.
    pub api: String,
    /// `reqMsgId`: its name.
    pub to: MessageId,
    /// `errCode`, or `err`.
    pub error: Option<String>,
    /// `ts`.
    pub at: Timestamp,
}

impl Acknowledgement {
    /// Reads one; every broken rule, if there is one.
    pub fn read(document: &Document, profile: &Profile) -> Result<Acknowledgement, Vec<Finding>> {
        let root = &document.root;
        let mut findings = lint(document, profile);
        let read = || {
            let text = |name: &str| root.attribute(name).map(str::to_owned);
            Some(Acknowledgement {
                api: text("api").filter(|_| root.name == "Ack")?,
                to: MessageId::parse(root.attribute("reqMsgId")?)?,
                error: text("errCode").or(text("err")),
                at: crate::time::parse(root.attribute("ts")?)?,
            })
        };
        match read() {
            Some(acknowledgement) if findings.is_empty() => Ok(acknowledgement),
            Some(_) => Err(findings),
            None => {
                findings.extend(findings.is_empty().then(|| not_a(root, "an Ack")));
                Err(findings)
            }
        }
    }

    /// The document.
    pub fn to_document(&self, profile: &Profile) -> Document {
        let ack = root("Ack", profile).with("api", &self.api).with("reqMsgId", self.to.as_str());
        let ack = self.error.iter().fold(ack, |ack, code| ack.with("errCode", code));
        ack.with("ts", &crate::time::write(self.at)).into()
    }
}

fn not_a(root: &Element, what: &str) -> Finding {
    let path = format!("/{}", root.name);
    Finding { code: VALIDATION.to_owned(), path, at: root.at, problem: format!("not {what}") }
}

fn root(name: &str, profile: &Profile) -> Element {
    let mut root = Element::new(name);
    root.prefix = "upi".to_owned();
    root.namespace.clone_from(&profile.namespace);
    root.declarations.push(Declaration { prefix: "upi".to_owned(), uri: profile.namespace.clone() });
    root
}

impl From<Element> for Document {
    fn from(root: Element) -> Document {
        Document { root }
    }
}
