//! Rules that look at more than one place. Each has its code; in messages of accounts the letters
//! differ, and where the public list gives none the code is U07.

use super::lint::Findings;
use super::profile::{Family, VALIDATION};
use super::value::is_decimal;
use crate::xml::Element;
use values::{Currency, Money, Timestamp};

/// Checks all of them.
pub(super) fn check(root: &Element, family: Family, findings: &mut Findings) {
    let message = Message { root, name: root.name.as_str() };
    message.sender(findings);
    if family != Family::Other {
        message.transaction(findings);
    }
    if family == Family::Pay {
        message.parties(findings);
        message.amounts(findings);
        message.expiry(findings);
    }
    message.response(findings);
}

struct Message<'a> {
    root: &'a Element,
    name: &'a str,
}

impl<'a> Message<'a> {
    fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.name)
    }

    fn transaction_element(&self) -> Option<&'a Element> {
        self.root.child("Txn")
    }

    fn kind(&self) -> &'a str {
        self.transaction_element().and_then(|txn| txn.attribute("type")).unwrap_or_default()
    }

    fn subtype(&self) -> &'a str {
        self.transaction_element().and_then(|txn| txn.attribute("subType")).unwrap_or_default()
    }

    fn mode(&self) -> &'a str {
        self.transaction_element().and_then(|txn| txn.attribute("initiationMode")).unwrap_or_default()
    }

    fn is_version_two(&self) -> bool {
        self.root
            .child("Head")
            .and_then(|head| head.attribute("ver"))
            .is_some_and(|version| version.starts_with('2'))
    }

    /// Of two heads one reader would take the first and another the second.
    fn sender(&self, findings: &mut Findings) {
        let mut head = self.root.children_named("Head");
        if let (Some(_), Some(second)) = (head.next(), head.next()) {
            findings.add("U52", &self.path("/Head"), second.at, "a second Head".to_owned());
        }
    }

    fn transaction(&self, findings: &mut Findings) {
        let Some(txn) = self.transaction_element() else { return };
        let account = findings.family == Family::Account;
        let code = |pay: &'static str| if account { VALIDATION } else { pay };
        let has = |name: &str| txn.attribute(name).is_some();
        let kind = self.kind();
        let mut add = |code: &str, name: &str, problem: &str| {
            let path = format!("/{}/Txn/@{name}", self.name);
            let at = txn.attributes.iter().find(|a| a.name == name).map_or(txn.at, |attribute| attribute.at);
            findings.add(code, &path, at, problem.to_owned());
        };
        if !has("type") && self.name.starts_with("Req") {
            add(if account { "X07" } else { "T07" }, "type", "missing");
        }
        let status_check = self.name.ends_with("ChkTxn");
        if (kind == "REVERSAL" || self.name == "ReqChkTxn") && !has("orgTxnId") {
            add(
                if account { "T10" } else { "T08" },
                "orgTxnId",
                "missing: a reversal or status check names its original",
            );
        }
        // The legs of a refund name the payment that is given back, as the refund does.
        let names_an_earlier = status_check
            || self.subtype() == "REFUND"
            || matches!(kind, "REVERSAL" | "REFUND" | "UPDATE" | "REVOKE" | "PAUSE" | "UNPAUSE" | "NOTIFY");
        if has("orgTxnId") && !names_an_earlier {
            add(
                code("T09"),
                "orgTxnId",
                "only a reversal, refund, status check or change of a mandate names an earlier transaction",
            );
        }
        if kind == "REFUND" && self.name == "ReqPay" && !has("orgTxnId") {
            add("T08", "orgTxnId", "missing: a refund names its original");
        }
        if kind == "REVERSAL" && !has("orgRespCode") {
            add("T11", "orgRespCode", "missing: a reversal says why");
        }
        if matches!(kind, "DEBIT" | "CREDIT" | "REVERSAL") && !has("subType") {
            add("T13", "subType", "missing: a leg says what it is part of");
        }
        if self.subtype() == "MANDATE" && !has("umn") {
            add("T16", "umn", "missing: a debit under a mandate names it");
        }
        if self.name == "ReqChkTxn" && !has("orgTxnDate") {
            add("X08", "orgTxnDate", "missing: a status check says when the original was");
        }
        let moment = |name: &str| txn.attribute(name).and_then(crate::time::parse);
        if let (true, Some(original), Some(now)) =
            (self.name == "ReqChkTxn", moment("orgTxnDate"), self.sent())
        {
            let days = now.since(original).as_secs() / 86_400;
            if days > 90 || original > now {
                add("X09", "orgTxnDate", "the original is older than 90 days, or lies ahead");
            }
        }
        if findings.family == Family::Pay {
            self.initiation(txn, findings);
        }
    }

    fn sent(&self) -> Option<Timestamp> {
        crate::time::parse(self.root.child("Head")?.attribute("ts")?)
    }

    fn initiation(&self, txn: &Element, findings: &mut Findings) {
        let at = |name: &str| {
            txn.attributes.iter().find(|a| a.name == name).map_or(txn.at, |attribute| attribute.at)
        };
        let mode_path = self.path("/Txn/@initiationMode");
        let mode = self.mode();
        let is_request = self.name == "ReqPay";
        if is_request && self.is_version_two() && mode.is_empty() {
            findings.add("IM0", &mode_path, txn.at, "missing".to_owned());
        }
        let digits = mode.bytes().all(|b| b.is_ascii_digit());
        let known = digits && mode.parse::<u8>().is_ok_and(|mode| mode <= 32);
        if !mode.is_empty() && !known {
            findings.add("IM0", &mode_path, at("initiationMode"), "not 00 to 32".to_owned());
        }
        let credentials = self.credentials();
        let of = |kind: &str| credentials.iter().all(|cred| cred.attribute("type") == Some(kind));
        let institution = self.root.child("Payer").is_some_and(|payer| payer.child("Institution").is_some());
        if mode == "12" {
            if self.kind() == "COLLECT" {
                findings.add(
                    "IM1",
                    &mode_path,
                    at("initiationMode"),
                    "an inward remittance cannot be collected".to_owned(),
                );
            }
            if !credentials.is_empty() && !of("PreApproved") {
                findings.add(
                    "IM2",
                    &mode_path,
                    at("initiationMode"),
                    "an inward remittance is approved beforehand".to_owned(),
                );
            }
            if txn.attribute("purpose").is_some_and(|purpose| purpose != "00") {
                findings.add(
                    "T15",
                    &self.path("/Txn/@purpose"),
                    at("purpose"),
                    "00 when the mode is 12".to_owned(),
                );
            }
            if is_request && !institution {
                findings.add(
                    "PI0",
                    &self.path("/Payer/Institution"),
                    txn.at,
                    "missing when the mode is 12".to_owned(),
                );
            }
        } else if institution {
            findings.add(
                "PK0",
                &self.path("/Payer/Institution"),
                txn.at,
                "only when the mode is 12".to_owned(),
            );
        }
        // A debit above the limit of those without a PIN has that beside it.
        let standing = credentials.is_empty()
            || credentials
                .iter()
                .any(|cred| matches!(cred.attribute("type"), Some("UPI-Mandate" | "PreApproved")));
        if mode == "11" && !standing {
            findings.add(
                "IM3",
                &mode_path,
                at("initiationMode"),
                "a mandate is paid with its own credential".to_owned(),
            );
        }
    }

    fn credentials(&self) -> Vec<&'a Element> {
        let creds = self.root.child("Payer").and_then(|payer| payer.child("Creds"));
        creds.into_iter().flat_map(|creds| creds.children_named("Cred")).collect()
    }

    fn is_preapproved(&self) -> bool {
        self.credentials().iter().any(|cred| cred.attribute("type") == Some("PreApproved"))
    }

    /// Each party of a payment with its path and its letter for codes.
    fn each_party(&self) -> Vec<(&'a Element, String, Side)> {
        let payer = self.root.child("Payer").map(|payer| (payer, self.path("/Payer"), Side::Payer));
        let payees = self.root.child("Payees").into_iter().flat_map(|payees| payees.children_named("Payee"));
        let payees =
            payees.zip(1..).map(|(payee, n)| (payee, self.path(&format!("/Payees/Payee[{n}]")), Side::Payee));
        payer.into_iter().chain(payees).collect()
    }

    fn parties(&self, findings: &mut Findings) {
        let parties = self.each_party();
        if let Some((second, path, _)) = parties.iter().filter(|(_, _, side)| *side == Side::Payee).nth(1) {
            findings.add("B09", path, second.at, "one payee only".to_owned());
        }
        for (party, path, side) in &parties {
            person_or_entity(party, path, *side, findings);
        }
        if self.name == "ReqPay" && matches!(self.kind(), "PAY" | "COLLECT") {
            self.initiator(&parties, findings);
        }
        let approves = self.name == "RespAuthDetails" && self.kind() == "COLLECT";
        let succeeded = self.root.child("Resp").and_then(|resp| resp.attribute("result")) == Some("SUCCESS");
        if approves && succeeded && self.credentials().is_empty() {
            let at = self.root.child("Payer").map_or(self.root.at, |payer| payer.at);
            findings.add(
                "C01..C12",
                &self.path("/Payer/Creds"),
                at,
                "missing: the payer approves with a credential".to_owned(),
            );
        }
        for (party, path, _) in &parties {
            devices_and_accounts(party, path, findings);
        }
    }

    /// Who begins a payment shows device and account: the payer of a PAY, the payee of a COLLECT.
    fn initiator(&self, parties: &[(&Element, String, Side)], findings: &mut Findings) {
        let pay = self.kind() == "PAY";
        let side = if pay { Side::Payer } else { Side::Payee };
        for (party, path, _) in parties.iter().filter(|(_, _, other)| *other == side) {
            let mut needs = |name: &str, code: &str| {
                if party.child(name).is_none() {
                    findings.add(
                        code,
                        &format!("{path}/{name}"),
                        party.at,
                        "missing: who begins a payment has it".to_owned(),
                    );
                }
            };
            needs("Device", "D01..D13");
            if !(pay && self.is_preapproved()) {
                needs("Ac", "A01..A14");
            }
            if pay {
                needs("Creds", "C01..C12");
            }
            needs("Amount", "V01..V06");
        }
    }

    fn amounts(&self, findings: &mut Findings) {
        let amount = |party: &Element| {
            let amount = party.child("Amount")?;
            Some((amount.at, money(amount.attribute("value")?)?))
        };
        let parties = self.each_party();
        let payer =
            parties.iter().find(|(_, _, side)| *side == Side::Payer).and_then(|(party, ..)| amount(party));
        let payees: Vec<_> = parties
            .iter()
            .filter(|(_, _, side)| *side == Side::Payee)
            .filter_map(|(party, ..)| amount(party))
            .collect();
        if let (Some((at, paid)), false) = (payer, payees.is_empty()) {
            let sum: u64 = payees.iter().fold(0, |sum: u64, (_, amount)| sum.saturating_add(amount.minor()));
            if sum != paid.minor() {
                findings.add(
                    "V01..V06",
                    &self.path("/Payer/Amount/@value"),
                    at,
                    "not the sum of what the payees get".to_owned(),
                );
            }
        }
        for (party, path, _) in &parties {
            let Some(outer) = party.child("Amount") else { continue };
            let whole = outer.attribute("value").and_then(money);
            let parts: Option<Vec<Money>> =
                outer.children_named("Split").map(|split| money(split.attribute("value")?)).collect();
            let sum = parts
                .as_ref()
                .map(|parts| parts.iter().map(|part| part.minor()).fold(0, u64::saturating_add));
            if parts.is_some_and(|parts| !parts.is_empty()) && sum != whole.map(Money::minor) {
                findings.add(
                    "V01..V06",
                    &format!("{path}/Amount"),
                    outer.at,
                    "its parts do not sum to it".to_owned(),
                );
            }
        }
    }

    fn expiry(&self, findings: &mut Findings) {
        let rules = self.transaction_element().and_then(|txn| txn.child("Rules"));
        for (rule, n) in rules.into_iter().flat_map(|rules| rules.children_named("Rule")).zip(1..) {
            let value = rule.attribute("value").unwrap_or_default();
            let good = match rule.attribute("name") {
                Some("EXPIREAFTER") => {
                    value.bytes().all(|b| b.is_ascii_digit())
                        && value.parse::<u32>().is_ok_and(|minutes| (1..=64_800).contains(&minutes))
                }
                Some("MINAMOUNT") => is_decimal(value),
                _ => true,
            };
            if !good {
                let path = self.path(&format!("/Txn/Rules/Rule[{n}]/@value"));
                findings.add(
                    "L01..L04",
                    &path,
                    rule.at,
                    "minutes are 1 to 64800, an amount has two decimals".to_owned(),
                );
            }
        }
    }

    fn response(&self, findings: &mut Findings) {
        let Some(resp) = self.root.child("Resp") else { return };
        let code = if findings.family == Family::Pay { "E04" } else { VALIDATION };
        let path = self.path("/Resp/@errCode");
        let result = resp.attribute("result").or(resp.attribute("Result"));
        let error = resp.attribute("errCode").filter(|error| *error != "00");
        match (result, error) {
            (Some("FAILURE"), None) => {
                findings.add(code, &path, resp.at, "missing: a failure says why".to_owned())
            }
            (Some("SUCCESS"), Some(_)) => {
                findings.add(code, &path, resp.at, "a success has no error".to_owned())
            }
            _ => {}
        }
        if self.name != "RespPay" {
            return;
        }
        for (reference, n) in resp.children_named("Ref").zip(1..) {
            let settled = reference.attribute("settAmount").and_then(money);
            if result == Some("FAILURE") && settled.is_some_and(|amount| !amount.is_zero()) {
                let path = self.path(&format!("/Resp/Ref[{n}]/@settAmount"));
                findings.add(
                    "E07..E19",
                    &path,
                    reference.at,
                    "not zero, though nothing was settled".to_owned(),
                );
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Payer,
    Payee,
}

/// A person has code 0000 and no merchant; an entity has a merchant's category and is one.
fn person_or_entity(party: &Element, path: &str, side: Side, findings: &mut Findings) {
    let (code_rule, merchant_rule) = match side {
        Side::Payer => ("R06", "PM0..PM9"),
        Side::Payee => ("B07", "PM0..PM9"),
    };
    let code = party.attribute("code");
    let mut add = |code: &str, rest: &str, problem: &str| {
        findings.add(code, &format!("{path}{rest}"), party.at, problem.to_owned());
    };
    match party.attribute("type") {
        Some("PERSON") => {
            if code.is_some_and(|code| code != "0000") {
                add(code_rule, "/@code", "a person has code 0000");
            }
            if party.child("Merchant").is_some() {
                add(merchant_rule, "/Merchant", "a person is no merchant");
            }
        }
        Some("ENTITY") if code == Some("0000") => add(code_rule, "/@code", "a merchant has its category"),
        _ => {}
    }
}

fn devices_and_accounts(party: &Element, path: &str, findings: &mut Findings) {
    if let Some(device) = party.child("Device") {
        let tag = |name: &str| device.children_named("Tag").find(|tag| tag.attribute("name") == Some(name));
        let by_code = tag("TYPE")
            .and_then(|tag| tag.attribute("value"))
            .is_some_and(|kind| kind.eq_ignore_ascii_case("USSD"));
        if let (Some(telecom), false) = (tag("TELECOM"), by_code) {
            findings.add(
                "D01..D13",
                &format!("{path}/Device/Tag"),
                telecom.at,
                "TELECOM stands only where TYPE is USSD".to_owned(),
            );
        }
    }
    let details = party.child("Ac").into_iter().flat_map(|account| account.children_named("Detail"));
    for (detail, n) in details.zip(1..) {
        let value = detail.attribute("value").unwrap_or_default();
        let digits = |count| value.len() == count && value.bytes().all(|b| b.is_ascii_digit());
        let (good, expected) = match detail.attribute("name") {
            Some("IFSC") => (crate::address::Ifsc::parse(value).is_some(), "a bank's code of 11 characters"),
            Some("ACNUM") => {
                (crate::address::AccountNumber::parse(value).is_some(), "1 to 30 letters or digits")
            }
            Some("MMID") => (digits(7), "7 digits"),
            Some("MOBNUM") => (digits(12) && value.starts_with("91"), "12 digits that begin with 91"),
            Some("ACTYPE") => (super::value::ACCOUNT_TYPES.contains(&value), "a type of account"),
            _ => (true, ""),
        };
        if !good {
            // The value is somebody's account: it is not quoted.
            let code = if findings.family == Family::Pay { "A09" } else { VALIDATION };
            findings.add(
                code,
                &format!("{path}/Ac/Detail[{n}]/@value"),
                detail.at,
                format!("not {expected}"),
            );
        }
    }
}

fn money(text: &str) -> Option<Money> {
    if is_decimal(text) { Money::parse(text, Currency::INR).ok() } else { None }
}
