//! Parts to elements, the other way round.

use super::parts::{
    Account, Confirmation, Credential, Head, ListedAccount, Party, PartyKind, Registration, Response,
    Settled, Transaction,
};
use crate::xml::Element;
use values::Money;

impl Element {
    /// The same with one more attribute, if there is a value for it.
    fn with_some(self, name: &str, value: Option<&str>) -> Element {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn with_children(self, children: impl IntoIterator<Item = Element>) -> Element {
        children.into_iter().fold(self, Element::with_child)
    }
}

fn decimal(amount: Money) -> String {
    amount.to_decimal()
}

impl Head {
    pub(super) fn element(&self) -> Element {
        Element::new("Head")
            .with("ver", &self.version)
            .with("ts", &crate::time::write(self.at))
            .with("orgId", &self.organisation)
            .with("msgId", self.message.as_str())
    }
}

impl Transaction {
    pub(super) fn element(&self) -> Element {
        let at = self.at.map(crate::time::write);
        let original_at = self.original_at.map(crate::time::write);
        let txn = Element::new("Txn")
            .with("id", self.id.as_str())
            .with_some("note", self.note.as_deref())
            .with_some("refId", self.merchant_reference.as_deref())
            .with_some("refUrl", self.url.as_deref())
            .with_some("ts", at.as_deref())
            .with_some("type", self.kind.as_deref())
            .with_some("subType", self.subtype.as_deref())
            .with_some("custRef", self.reference.as_ref().map(|reference| reference.as_str()))
            .with_some("orgMsgId", self.original_message.as_ref().map(|id| id.as_str()))
            .with_some("orgTxnId", self.original.as_ref().map(|id| id.as_str()))
            .with_some("orgTxnDate", original_at.as_deref())
            .with_some("orgRespCode", self.original_code.as_deref())
            .with_some("orgRrn", self.original_reference.as_ref().map(|reference| reference.as_str()))
            .with_some("umn", self.mandate.as_deref())
            .with_some("initiationMode", self.mode.as_deref())
            .with_some("initiatedBy", self.initiated_by.as_deref())
            .with_some("purpose", self.purpose.as_deref())
            .with_some("refCategory", self.category.as_deref());
        let rule = |name: &str, value: String| Element::new("Rule").with("name", name).with("value", &value);
        let expires = self.expires_after_minutes.map(|minutes| rule("EXPIREAFTER", minutes.to_string()));
        let least = self.least.map(|least| rule("MINAMOUNT", decimal(least)));
        let rules: Vec<Element> = expires.into_iter().chain(least).collect();
        let txn = txn.with_children(self.rest.iter().cloned());
        if rules.is_empty() { txn } else { txn.with_child(Element::new("Rules").with_children(rules)) }
    }
}

impl Party {
    pub(super) fn element(&self, name: &str) -> Element {
        let kind = self.kind.map(|kind| match kind {
            PartyKind::Person => "PERSON",
            PartyKind::Entity => "ENTITY",
        });
        let party = Element::new(name)
            .with("addr", self.address.as_str())
            .with_some("name", self.name.as_deref())
            .with_some("seqNum", self.sequence.as_deref())
            .with_some("type", kind)
            .with_some("code", self.category.as_deref());
        let tag =
            |(name, value): &(String, String)| Element::new("Tag").with("name", name).with("value", value);
        let device =
            self.device.as_ref().map(|device| Element::new("Device").with_children(device.0.iter().map(tag)));
        let account = self.account.as_ref().map(Account::element);
        let amount = self
            .amount
            .map(|amount| Element::new("Amount").with("value", &decimal(amount)).with("curr", "INR"));
        let creds = credentials("Creds", &self.credentials);
        let new = credentials("NewCred", &self.new_credentials);
        let mut children: Vec<Element> =
            [device, account, creds, amount, new].into_iter().flatten().collect();
        children.extend(self.rest.iter().cloned());
        // The order of the profile.
        const ORDER: [&str; 10] = [
            "Info",
            "Device",
            "Ac",
            "Creds",
            "Amount",
            "NewCred",
            "Merchant",
            "Institution",
            "Consent",
            "Bal",
        ];
        children.sort_by_key(|child| ORDER.iter().position(|name| *name == child.name));
        party.with_children(children)
    }
}

impl Account {
    fn element(&self) -> Element {
        let detail = |name: &str, value: &str| Element::new("Detail").with("name", name).with("value", value);
        match self {
            Account::Number { ifsc, number, kind } => Element::new("Ac")
                .with("addrType", "ACCOUNT")
                .with_children(kind.as_deref().map(|kind| detail("ACTYPE", kind)))
                .with_child(detail("IFSC", ifsc.as_str()))
                .with_child(detail("ACNUM", number.as_str())),
            Account::Mobile { number, mmid } => Element::new("Ac")
                .with("addrType", "MOBILE")
                .with_children(mmid.as_deref().map(|mmid| detail("MMID", mmid)))
                .with_child(detail("MOBNUM", number)),
        }
    }
}

fn credentials(name: &str, all: &[Credential]) -> Option<Element> {
    let each = all.iter().map(|credential| {
        let data = Element::new("Data")
            .with_some("code", credential.code.as_deref())
            .with_some("ki", credential.key_index.as_deref())
            .with_text(&credential.data);
        Element::new("Cred")
            .with("type", &credential.kind)
            .with("subType", &credential.subtype)
            .with_child(data)
    });
    (!all.is_empty()).then(|| Element::new(name).with_children(each))
}

impl Response {
    pub(super) fn element(&self) -> Element {
        let resp = Element::new("Resp")
            .with("reqMsgId", self.to.as_str())
            .with("result", &self.result)
            .with_some("errCode", self.code.as_deref())
            .with_some("approvalNum", self.approval.as_deref());
        let resp = self.more.iter().fold(resp, |resp, (name, value)| resp.with(name, value));
        resp.with_children(self.settled.iter().map(|settled| settled.element.clone()))
            .with_children(self.rest.iter().cloned())
    }
}

impl Settled {
    /// One side of an ended payment.
    pub fn new(
        side: &str,
        address: &crate::address::Address,
        amount: Money,
        code: &str,
        approval: &str,
    ) -> Settled {
        let element = Element::new("Ref")
            .with("type", side)
            .with("seqNum", "1")
            .with("addr", address.as_str())
            .with("settAmount", &decimal(amount))
            .with("settCurrency", "INR")
            .with("approvalNum", approval)
            .with("respCode", code);
        Settled::read(&element).expect("it has a type")
    }

    /// The same with the merchant category of that side (`code`).
    #[must_use]
    pub fn of_category(self, category: &str) -> Settled {
        Settled { element: self.element.with("code", category), ..self }
    }
}

impl Confirmation {
    pub(super) fn element(&self) -> Element {
        Element::new("TxnConfirmation")
            .with_some("note", self.note.as_deref())
            .with("orgStatus", &self.status)
            .with_some("orgErrCode", self.code.as_deref())
            .with_some("type", self.kind.as_deref())
            .with_children(self.settled.iter().map(|settled| settled.element.clone()))
    }
}

impl ListedAccount {
    pub(super) fn element(&self) -> Element {
        let each = self.credentials.iter().map(|(kind, subtype, length)| {
            let length = length.map(|length| length.to_string());
            Element::new("CredsAllowed")
                .with("type", kind)
                .with("subType", subtype)
                .with("dType", "Numeric")
                .with_some("dLength", length.as_deref())
        });
        Element::new("Account")
            .with_some("accType", self.kind.as_deref())
            .with("accRefNumber", &self.reference)
            .with("maskedAccnumber", &self.masked)
            .with("ifsc", self.ifsc.as_str())
            .with_some("name", self.name.as_deref())
            .with("mbeba", if self.has_pin { "Y" } else { "N" })
            .with_children(each)
    }
}

impl Registration {
    pub(super) fn element(&self) -> Element {
        let detail =
            |(name, value): &(String, String)| Element::new("Detail").with("name", name).with("value", value);
        Element::new("RegDetails")
            .with_some("type", self.format.as_deref())
            .with_children(self.details.iter().map(detail))
            .with_children(credentials("Creds", &self.credentials))
    }
}
