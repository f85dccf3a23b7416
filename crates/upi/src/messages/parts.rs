//! The parts of messages as values. Reading is total: what is missing or odd is `None`; that a message keeps its rules
//! is [`super::lint`]'s word, and whoever acts on a part asks for it first.

use crate::address::{AccountNumber, Address, Ifsc};
use crate::ids::{CustomerReference, MessageId, TransactionId};
use crate::xml::Element;
use base64::Engine;
use serde::{Deserialize, Serialize};
use std::fmt;
use values::{Currency, Money, Timestamp};

/// Who says it, when, under which name (`Head`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// `ver`.
    pub version: String,
    /// `ts`.
    pub at: Timestamp,
    /// `orgId`.
    pub organisation: String,
    /// `msgId`.
    pub message: MessageId,
}

/// What it is about (`Txn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// `id`, unchanged through all legs.
    pub id: TransactionId,
    /// `type`: PAY, DEBIT, ChkTxn and so on.
    pub kind: Option<String>,
    /// `subType`.
    pub subtype: Option<String>,
    /// `ts`.
    pub at: Option<Timestamp>,
    /// `custRef`.
    pub reference: Option<CustomerReference>,
    /// `note`.
    pub note: Option<String>,
    /// `refId`.
    pub merchant_reference: Option<String>,
    /// `refUrl`.
    pub url: Option<String>,
    /// `initiationMode`.
    pub mode: Option<String>,
    /// `initiatedBy`: PAYER or PAYEE, of a mandate.
    pub initiated_by: Option<String>,
    /// `purpose`.
    pub purpose: Option<String>,
    /// `refCategory`.
    pub category: Option<String>,
    /// `orgTxnId`: the earlier transaction a reversal, refund or status check is about.
    pub original: Option<TransactionId>,
    /// `orgMsgId`.
    pub original_message: Option<MessageId>,
    /// `orgTxnDate`.
    pub original_at: Option<Timestamp>,
    /// `orgRespCode`.
    pub original_code: Option<String>,
    /// `orgRrn`.
    pub original_reference: Option<CustomerReference>,
    /// `umn`: the mandate it is under.
    pub mandate: Option<String>,
    /// `EXPIREAFTER` of a collect, minutes.
    pub expires_after_minutes: Option<u32>,
    /// `MINAMOUNT` of a collect.
    pub least: Option<Money>,
    /// `RiskScores`: as they stand.
    pub rest: Vec<Element>,
}

/// Whether a party is a person or a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyKind {
    /// A person.
    Person,
    /// A merchant or another legal person.
    Entity,
}

/// A payer or payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// `addr`.
    pub address: Address,
    /// `name`.
    pub name: Option<String>,
    /// `seqNum`.
    pub sequence: Option<String>,
    /// `type`.
    pub kind: Option<PartyKind>,
    /// `code`: merchant category, 0000 for a person.
    pub category: Option<String>,
    /// `Device`.
    pub device: Option<Device>,
    /// `Ac`.
    pub account: Option<Account>,
    /// `Creds`.
    pub credentials: Vec<Credential>,
    /// `NewCred`: the PIN that is to be.
    pub new_credentials: Vec<Credential>,
    /// `Amount`.
    pub amount: Option<Money>,
    /// `Info`, `Merchant`, `Institution`, `Consent`, `Bal`, and an `Ac` of another kind: as they stand.
    pub rest: Vec<Element>,
}

/// The device of who begins (`Device`): names and values in their order; prints without values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Device(pub Vec<(String, String)>);

impl Device {
    /// A value by its name, such as `MOBILE` or `ID`.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// An account (`Ac`).
#[derive(Clone, PartialEq, Eq)]
pub enum Account {
    /// Bank and number, with the type of account.
    Number {
        /// `IFSC`.
        ifsc: Ifsc,
        /// `ACNUM`.
        number: AccountNumber,
        /// `ACTYPE`.
        kind: Option<String>,
    },
    /// Mobile number and MMID.
    Mobile {
        /// `MOBNUM`, 12 digits.
        number: String,
        /// `MMID`, 7 digits.
        mmid: Option<String>,
    },
}

/// For logs: number and mobile masked.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Number { ifsc, number, .. } => write!(f, "{} {}", ifsc.as_str(), number.masked()),
            Account::Mobile { .. } => f.write_str("mobile ****"),
        }
    }
}

/// A credential block (`Cred`): opaque to everybody but the bank's security boundary; prints without its data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// `type`.
    pub kind: String,
    /// `subType`.
    pub subtype: String,
    /// `Data/@code`.
    pub code: Option<String>,
    /// `Data/@ki`: which key encrypted it.
    pub key_index: Option<String>,
    /// The block itself.
    pub data: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} {} ****)", self.kind, self.subtype)
    }
}

/// How it ended (`Resp`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `reqMsgId`: the message that is answered.
    pub to: MessageId,
    /// `result`: SUCCESS, FAILURE, PARTIAL, DEEMED.
    pub result: String,
    /// `errCode`.
    pub code: Option<String>,
    /// `approvalNum`.
    pub approval: Option<String>,
    /// `Ref`: each party's side of it.
    pub settled: Vec<Settled>,
    /// Its other attributes (a validated address answers in them).
    pub more: Vec<(String, String)>,
    /// `Merchant`, `FeatureSupported`: as they stand.
    pub rest: Vec<Element>,
}

/// One party's side of an ended payment (`Ref`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// `type`: PAYER or PAYEE.
    pub side: String,
    /// `addr`.
    pub address: Option<Address>,
    /// `settAmount`.
    pub amount: Option<Money>,
    /// `respCode`: the bank's own code.
    pub code: Option<String>,
    /// `reversalRespCode`.
    pub reversal_code: Option<String>,
    /// `approvalNum`.
    pub approval: Option<String>,
    /// The element, with what else stands in it.
    pub element: Element,
}

/// What the side that did not ask is told (`TxnConfirmation`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// `orgStatus`: SUCCESS, FAILURE, PENDING.
    pub status: String,
    /// `orgErrCode`.
    pub code: Option<String>,
    /// `type`.
    pub kind: Option<String>,
    /// `note`.
    pub note: Option<String>,
    /// `Ref`.
    pub settled: Vec<Settled>,
}

/// An account a bank found for a mobile number (`AccountList/Account`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    /// `accRefNumber`: the bank's name for it.
    pub reference: String,
    /// `maskedAccnumber`.
    pub masked: String,
    /// `ifsc`.
    pub ifsc: Ifsc,
    /// `accType`.
    pub kind: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `mbeba`: a PIN is set.
    pub has_pin: bool,
    /// `CredsAllowed`: type, subtype, length.
    pub credentials: Vec<(String, String, Option<u8>)>,
}

/// What proves the card, or the person, when a PIN is set (`RegDetails`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// `type`: FORMAT1 to FORMAT3.
    pub format: Option<String>,
    /// `Detail`: MOBILE, CARDDIGITS, EXPDATE.
    pub details: Vec<(String, String)>,
    /// `Creds`.
    pub credentials: Vec<Credential>,
}

pub(super) fn owned(element: &Element, name: &str) -> Option<String> {
    element.attribute(name).map(str::to_owned)
}

fn moment(element: &Element, name: &str) -> Option<Timestamp> {
    element.attribute(name).and_then(crate::time::parse)
}

pub(super) fn money(element: &Element, name: &str) -> Option<Money> {
    let text = element.attribute(name).filter(|text| super::value::is_decimal(text))?;
    Money::parse(text, Currency::INR).ok()
}

fn pairs(element: &Element, child: &str) -> Vec<(String, String)> {
    let each = |tag: &Element| Some((owned(tag, "name")?, owned(tag, "value")?));
    element.children_named(child).filter_map(each).collect()
}

impl Head {
    pub(super) fn read(element: &Element) -> Option<Head> {
        Some(Head {
            version: owned(element, "ver")?,
            at: moment(element, "ts")?,
            organisation: owned(element, "orgId")?,
            message: MessageId::parse(element.attribute("msgId")?)?,
        })
    }
}

impl Transaction {
    /// A transaction of this id and type, nothing more.
    pub fn new(id: TransactionId, kind: &str, at: Timestamp) -> Transaction {
        Transaction {
            id,
            kind: Some(kind.to_owned()),
            at: Some(at),
            subtype: None,
            reference: None,
            note: None,
            merchant_reference: None,
            url: None,
            mode: None,
            initiated_by: None,
            purpose: None,
            category: None,
            original: None,
            original_message: None,
            original_at: None,
            original_code: None,
            original_reference: None,
            mandate: None,
            expires_after_minutes: None,
            least: None,
            rest: Vec::new(),
        }
    }

    pub(super) fn read(element: &Element) -> Option<Transaction> {
        let rules = element.child("Rules");
        let rule = |name: &str| {
            rules.and_then(|rules| {
                rules.children_named("Rule").find(|rule| rule.attribute("name") == Some(name))
            })
        };
        let reference = |name: &str| element.attribute(name).and_then(CustomerReference::parse);
        Some(Transaction {
            id: TransactionId::parse(element.attribute("id")?)?,
            kind: owned(element, "type"),
            subtype: owned(element, "subType"),
            at: moment(element, "ts"),
            reference: reference("custRef"),
            note: owned(element, "note"),
            merchant_reference: owned(element, "refId"),
            url: owned(element, "refUrl"),
            mode: owned(element, "initiationMode"),
            initiated_by: owned(element, "initiatedBy"),
            purpose: owned(element, "purpose"),
            category: owned(element, "refCategory"),
            original: element.attribute("orgTxnId").and_then(TransactionId::parse),
            original_message: element.attribute("orgMsgId").and_then(MessageId::parse),
            original_at: moment(element, "orgTxnDate"),
            original_code: owned(element, "orgRespCode"),
            original_reference: reference("orgRrn"),
            mandate: owned(element, "umn"),
            expires_after_minutes: rule("EXPIREAFTER").and_then(|rule| rule.attribute("value")?.parse().ok()),
            least: rule("MINAMOUNT").and_then(|rule| money(rule, "value")),
            rest: element.elements().filter(|child| child.name != "Rules").cloned().collect(),
        })
    }
}

impl Party {
    /// A party known by its address alone.
    pub fn new(address: Address) -> Party {
        Party {
            address,
            name: None,
            sequence: Some("1".to_owned()),
            kind: None,
            category: None,
            device: None,
            account: None,
            credentials: Vec::new(),
            new_credentials: Vec::new(),
            amount: None,
            rest: Vec::new(),
        }
    }

    pub(super) fn read(element: &Element) -> Option<Party> {
        let account = element.child("Ac").and_then(Account::read);
        // An account named in a way of its own stays as it stands.
        let known = |name: &str| match name {
            "Ac" => account.is_some(),
            name => matches!(name, "Device" | "Creds" | "NewCred" | "Amount"),
        };
        let rest = element.elements().filter(|child| !known(&child.name)).cloned().collect();
        Some(Party {
            address: Address::parse(element.attribute("addr")?).ok()?,
            name: owned(element, "name"),
            sequence: owned(element, "seqNum"),
            kind: match element.attribute("type") {
                Some("PERSON") => Some(PartyKind::Person),
                Some("ENTITY") => Some(PartyKind::Entity),
                _ => None,
            },
            category: owned(element, "code"),
            device: element.child("Device").map(|device| Device(pairs(device, "Tag"))),
            account,
            credentials: Credential::all(element.child("Creds")),
            new_credentials: Credential::all(element.child("NewCred")),
            amount: element.child("Amount").and_then(|amount| money(amount, "value")),
            rest,
        })
    }
}

impl Account {
    fn read(element: &Element) -> Option<Account> {
        let details = pairs(element, "Detail");
        let detail =
            |name: &str| details.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        if let (Some(ifsc), Some(number)) = (detail("IFSC"), detail("ACNUM")) {
            let (ifsc, number) = (Ifsc::parse(&ifsc)?, AccountNumber::parse(&number)?);
            return Some(Account::Number { ifsc, number, kind: detail("ACTYPE") });
        }
        Some(Account::Mobile { number: detail("MOBNUM")?, mmid: detail("MMID") })
    }
}

impl Credential {
    fn all(holder: Option<&Element>) -> Vec<Credential> {
        holder
            .into_iter()
            .flat_map(|creds| creds.children_named("Cred"))
            .filter_map(Credential::read)
            .collect()
    }

    /// The credential of who needs no PIN, such as a refund's: base64 of `00|` and an approval.
    pub fn pre_approved(approval: &str) -> Credential {
        Credential {
            kind: "PreApproved".to_owned(),
            subtype: "NA".to_owned(),
            code: Some("NPCI".to_owned()),
            key_index: None,
            data: base64::engine::general_purpose::STANDARD.encode(format!("00|{approval}")),
        }
    }

    /// What a payer's bank gave for a mandate: it stands for the approval at each debit.
    pub fn standing(data: &str) -> Credential {
        Credential {
            kind: "UPI-Mandate".to_owned(),
            subtype: "DS".to_owned(),
            code: Some("NPCI".to_owned()),
            key_index: None,
            data: data.to_owned(),
        }
    }

    fn read(element: &Element) -> Option<Credential> {
        let data = element.child("Data")?;
        Some(Credential {
            kind: owned(element, "type")?,
            subtype: owned(element, "subType")?,
            code: owned(data, "code"),
            key_index: owned(data, "ki"),
            data: data.text()?,
        })
    }
}

impl Response {
    pub(super) fn read(element: &Element) -> Option<Response> {
        let known = ["reqMsgId", "result", "Result", "errCode", "approvalNum"];
        let more =
            element.attributes.iter().filter(|a| a.prefix.is_empty() && !known.contains(&a.name.as_str()));
        Some(Response {
            to: MessageId::parse(element.attribute("reqMsgId")?)?,
            // Seen both ways in the world.
            result: owned(element, "result").or(owned(element, "Result"))?,
            code: owned(element, "errCode"),
            approval: owned(element, "approvalNum"),
            settled: element.children_named("Ref").filter_map(Settled::read).collect(),
            more: more.map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect(),
            rest: element.elements().filter(|child| child.name != "Ref").cloned().collect(),
        })
    }

    /// Whether it says that money moved as asked.
    pub fn succeeded(&self) -> bool {
        self.result == "SUCCESS"
    }
}

impl Settled {
    pub(super) fn read(element: &Element) -> Option<Settled> {
        Some(Settled {
            side: owned(element, "type")?,
            address: element.attribute("addr").and_then(|text| Address::parse(text).ok()),
            amount: money(element, "settAmount"),
            code: owned(element, "respCode"),
            reversal_code: owned(element, "reversalRespCode"),
            approval: owned(element, "approvalNum"),
            element: element.clone(),
        })
    }
}

impl Confirmation {
    pub(super) fn read(element: &Element) -> Option<Confirmation> {
        Some(Confirmation {
            status: owned(element, "orgStatus")?,
            code: owned(element, "orgErrCode"),
            kind: owned(element, "type"),
            note: owned(element, "note"),
            settled: element.children_named("Ref").filter_map(Settled::read).collect(),
        })
    }
}

impl ListedAccount {
    pub(super) fn read(element: &Element) -> Option<ListedAccount> {
        let allowed = element.children_named("CredsAllowed");
        Some(ListedAccount {
            reference: owned(element, "accRefNumber")?,
            masked: owned(element, "maskedAccnumber")?,
            ifsc: Ifsc::parse(element.attribute("ifsc")?)?,
            kind: owned(element, "accType"),
            name: owned(element, "name"),
            has_pin: element.attribute("mbeba") == Some("Y"),
            credentials: allowed
                .filter_map(|creds| {
                    let length = creds.attribute("dLength").and_then(|length| length.parse().ok());
                    Some((owned(creds, "type")?, owned(creds, "subType")?, length))
                })
                .collect(),
        })
    }
}

impl Registration {
    pub(super) fn read(element: &Element) -> Registration {
        Registration {
            format: owned(element, "type"),
            details: pairs(element, "Detail"),
            credentials: Credential::all(element.child("Creds")),
        }
    }
}
