//! What comes to the provider from the switch: answers to its questions, and questions about its own addresses.

use crate::defences::{Defence, Defences};
use crate::records::{
    Customer, Direction, KeyList, LinkedAccount, OwnAddress, Payment, PaymentState, Question, QuestionState,
    Reply,
};
use crate::{mandates, payments};
use upi::mail::{Desk, Identity, Party as TakesMessages, is_certain, response};
use upi::messages::{Message, Party, PartyKind};
use values::Records;

/// The provider as somebody who takes messages.
#[derive(Clone)]
pub struct Psp {
    identity: Identity,
    switch: String,
    handle: String,
    mandates: upi::defences::Defences,
    own: Defences,
}

impl Psp {
    /// A provider of this name whose addresses have this handle; `switch` is the organisation that it talks to.
    pub fn new(identity: Identity, handle: &str, switch: &str) -> Psp {
        let mandates = upi::defences::Defences::ALL;
        let own = Defences::ALL;
        Psp { identity, switch: switch.to_owned(), handle: handle.to_owned(), mandates, own }
    }

    /// The same with these checks of its own. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, own: Defences) -> Psp {
        Psp { own, ..self }
    }

    pub(crate) fn stands(&self, defence: Defence) -> bool {
        self.own.stands(defence)
    }

    /// The same that judges debits under mandates with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn judging_by(self, mandates: upi::defences::Defences) -> Psp {
        Psp { mandates, ..self }
    }

    pub(crate) fn judging(&self) -> upi::defences::Defences {
        self.mandates
    }

    /// The handle of its addresses.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// What the names of its transactions begin with.
    pub fn prefix(&self) -> &str {
        self.identity.prefix.as_str()
    }

    /// The switch's name on the wire.
    pub fn switch(&self) -> &str {
        &self.switch
    }

    pub(crate) fn identity_of(&self) -> &Identity {
        &self.identity
    }
}

impl TakesMessages for Psp {
    const TAKE: &'static str = "psp.take";
    const WAKE: &'static str = "psp.wake";
    const REFUSED: &'static str = "psp.refused";

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn take<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        if message.head.organisation != self.switch {
            return Err("U17");
        }
        match message.name.as_str() {
            _ if message.response.is_some() => answered(desk, message),
            "ReqAuthDetails" => self.authorise(desk, message),
            "ReqValAdd" => self.validate(desk, message),
            "ReqTxnConfirmation" => self.confirmed(desk, message),
            "ReqMandate" if message.transaction.kind.as_deref() == Some("NOTIFY") => {
                mandates::noticed(self, desk, message)
            }
            "ReqAuthMandate" => mandates::asked(self, desk, message),
            "ReqMandateConfirmation" => mandates::confirmed(self, desk, message),
            "ReqComplaint" => crate::disputed::told(self, desk, message),
            _ => Err("U10"),
        }
    }

    fn wake<W: Records>(&self, desk: &mut Desk<'_, W>, what: &str) {
        match what.split_once(' ') {
            Some(("mandate", debit)) => mandates::wake(self, desk, debit),
            _ if crate::bills::woken(self, desk, what) => {}
            _ => payments::check(self, desk, what),
        }
    }

    fn refused<W: Records>(&self, desk: &mut Desk<'_, W>, message: &str, code: &str) {
        let Some(question) = desk.records.find::<Question>(&message.to_owned()) else {
            return desk.records.note("psp.answer_not_taken", message, code);
        };
        // Where that is not certain the payment stays pending, and a status check answers.
        if question.api == "ReqPay"
            && is_certain(code)
            && let Some(payment) = payments::begun(desk.records, &question.mobile, &question.about)
        {
            let id = upi::ids::MessageId::parse(message).expect("a message of our own has a name");
            payments::told(desk, payment, &response(&id, Err(code)));
            mandates::told(desk, &question.mobile, &question.about);
        }
        if question.api == "ReqMandate" && is_certain(code) {
            mandates::failed(desk, &question, code);
        }
        // What the switch's door did not take is not known to be refused.
        if question.api == "ReqComplaint" && is_certain(code) {
            crate::disputes::refused(desk, &question, code);
        }
        desk.records.put(Question { state: QuestionState::Failed(code.to_owned()), ..question });
    }
}

/// An answer to a question.
fn answered<W: Records>(desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
    let told = message.response.as_ref().ok_or("U07")?;
    let question = desk.records.find::<Question>(&told.to.as_str().to_owned()).ok_or("U04")?;
    if message.name != question.api.replacen("Req", "Resp", 1) {
        return Err("U10");
    }
    if matches!(question.api.as_str(), "ReqPay" | "ReqChkTxn") {
        let payment = payments::begun(desk.records, &question.mobile, &question.about).ok_or("U04")?;
        payments::told(desk, payment, told);
        mandates::told(desk, &question.mobile, &question.about);
        desk.records.put(Question { state: QuestionState::Answered(Reply::Done), ..question });
        return Ok(());
    }
    if question.api == "ReqMandate" {
        mandates::answered(desk, question, message);
        return Ok(());
    }
    if question.api == "ReqComplaint" {
        crate::disputes::answered(desk, &question, message);
    }
    if question.api == "ReqBalEnq" && told.succeeded() {
        crate::purses::answered(desk, &question);
    }
    let code = told.code.clone().unwrap_or_default();
    let state = if told.succeeded() {
        QuestionState::Answered(reply(desk, &question, message))
    } else {
        QuestionState::Failed(code)
    };
    desk.records.put(Question { state, ..question });
    Ok(())
}

/// What a good answer says, and what of it is kept.
fn reply<W: Records>(desk: &mut Desk<'_, W>, question: &Question, message: &Message) -> Reply {
    match question.api.as_str() {
        "ReqListAccount" => Reply::Accounts(listed(message)),
        "ReqRegMob" => {
            if let Some(mut customer) = desk.records.find::<Customer>(&question.mobile) {
                let of = customer.accounts.iter_mut().filter(|known| known.reference == question.about);
                of.for_each(|account| account.has_pin = true);
                desk.records.put(customer);
            }
            Reply::Done
        }
        "ReqBalEnq" => {
            let balance = message.payer.as_ref().and_then(|payer| {
                let balance = payer.rest.iter().find(|element| element.name == "Bal")?;
                balance.child("Data")?.text()
            });
            Reply::Balance(balance.unwrap_or_default())
        }
        "ReqValAdd" => {
            let told = message.response.as_ref().map_or(&[][..], |response| &response.more);
            let more =
                |name: &str| told.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            Reply::Resolved {
                name: more("maskName").unwrap_or_default(),
                category: more("code").unwrap_or_else(|| "0000".to_owned()),
                ifsc: more("IFSC"),
            }
        }
        "ReqListAccPvd" => {
            let list = message.rest.iter().find(|element| element.name == "AccPvdList");
            let entry = |bank: &upi::xml::Element| {
                Some((bank.attribute("name")?.to_owned(), bank.attribute("ifsc")?.to_owned()))
            };
            let banks = list.into_iter().flat_map(|list| list.children_named("AccPvd"));
            Reply::Banks(banks.filter_map(entry).collect())
        }
        "ReqListKeys" => {
            let (organisation, document) = (message.head.organisation.clone(), desk.document.to_vec());
            desk.records.put(KeyList { organisation, document, at: desk.now });
            Reply::Done
        }
        _ => Reply::Done,
    }
}

fn listed(message: &Message) -> Vec<LinkedAccount> {
    let each = message.accounts.iter().map(|account| {
        let pin = account.credentials.iter().find(|(kind, ..)| kind == "PIN");
        LinkedAccount {
            reference: account.reference.clone(),
            ifsc: account.ifsc.as_str().to_owned(),
            masked: account.masked.clone(),
            kind: account.kind.clone().unwrap_or_else(|| "SAVINGS".to_owned()),
            holder: account.name.clone().unwrap_or_default(),
            has_pin: account.has_pin,
            pin_length: pin.and_then(|(.., length)| *length).unwrap_or(6),
        }
    });
    each.collect()
}

/// Who has an address of this provider.
struct Owner {
    own: OwnAddress,
    account: LinkedAccount,
    /// What others see.
    name: String,
    category: String,
    customer: Customer,
}

impl Owner {
    fn kind(&self) -> PartyKind {
        if self.customer.merchant.is_some() { PartyKind::Entity } else { PartyKind::Person }
    }
}

impl Psp {
    /// Whose an address of this provider is, and the account it leads to.
    fn owner<W: Records>(&self, desk: &mut Desk<'_, W>, party: &Party) -> Option<Owner> {
        let own = desk.records.find::<OwnAddress>(&party.address.to_lower())?;
        let customer = desk.records.find::<Customer>(&own.mobile)?;
        let account = customer.accounts.iter().find(|account| account.reference == own.reference)?;
        let (name, category) = match &customer.merchant {
            Some(merchant) => (merchant.name.clone(), merchant.category.clone()),
            None => (account.holder.clone(), "0000".to_owned()),
        };
        let account = account.clone();
        Some(Owner { own, account, name, category, customer })
    }

    /// The same of an address that is still in use.
    fn reachable<W: Records>(&self, desk: &mut Desk<'_, W>, party: &Party) -> Option<Owner> {
        self.owner(desk, party).filter(|owner| owner.own.removed_at.is_none())
    }

    /// Whose an address of this provider is, if it leads to an account.
    pub(crate) fn customer_at<W: Records>(&self, desk: &mut Desk<'_, W>, party: &Party) -> Option<Customer> {
        self.owner(desk, party).map(|owner| owner.customer)
    }

    /// The same of an address that is still in use.
    pub(crate) fn customer_reached<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        party: &Party,
    ) -> Option<Customer> {
        self.reachable(desk, party).map(|owner| owner.customer)
    }

    /// Who is paid, and where the account is.
    fn authorise<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let payee = message.payees.first().ok_or("U07")?;
        if message.transaction.kind.as_deref() == Some("COLLECT") {
            return self.asked_for(desk, message);
        }
        let found = self.reachable(desk, payee);
        let outcome = if found.is_some() { Ok(()) } else { Err("ZH") };
        let mut answer = desk.answer(message, response(&message.head.message, outcome));
        answer.payer.clone_from(&message.payer);
        let mut told = payee.clone();
        if let Some(owner) = &found {
            told.account = crate::asking::account_on_wire(&owner.account);
            told.name = Some(owner.name.clone());
            told.kind = Some(owner.kind());
            told.category = Some(owner.category.clone());
        }
        answer.payees = vec![told];
        desk.post(&self.switch, &answer);
        Ok(())
    }

    /// A merchant asks one of this provider's customers for money: the customer decides, and is not hurried.
    fn asked_for<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let payer = message.payer.as_ref().ok_or("U07")?;
        if message.transaction.mandate.is_some() {
            // What was approved holds for an address that is out of use, and for somebody who was blocked since.
            return match self.customer_at(desk, payer) {
                Some(customer) => mandates::came(self, desk, &customer, message),
                None => self.not_asked(desk, message, "ZH"),
            };
        }
        let asker = message.payees.first().ok_or("U07")?.address.to_lower();
        let Some(owner) = self.reachable(desk, payer) else { return self.not_asked(desk, message, "ZH") };
        match crate::blocking::refusal_of(desk.records, &owner.own.mobile, &asker, desk.now) {
            Some(code) => self.not_asked(desk, message, code),
            None => crate::collects::came(desk, &owner.customer, message, None),
        }
    }

    /// The customer never hears of this request.
    fn not_asked<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        message: &Message,
        code: &'static str,
    ) -> Result<(), &'static str> {
        let mut answer = desk.answer(message, response(&message.head.message, Err(code)));
        answer.payer.clone_from(&message.payer);
        answer.payees.clone_from(&message.payees);
        desk.post(&self.switch, &answer);
        Ok(())
    }

    /// Who is behind an address.
    fn validate<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let payee = message.payees.first().ok_or("U07")?;
        let found = self.reachable(desk, payee);
        let outcome = if found.is_some() { Ok(()) } else { Err("ZH") };
        let mut told = response(&message.head.message, outcome);
        if let Some(owner) = found {
            let kind = if owner.kind() == PartyKind::Person { "PERSON" } else { "ENTITY" };
            let account = &owner.account;
            let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            told.more = vec![
                text("maskName", &owner.name),
                text("code", &owner.category),
                text("type", kind),
                text("IFSC", &account.ifsc),
                text("accType", &account.kind),
            ];
        }
        let answer = desk.answer(message, told);
        desk.post(&self.switch, &answer);
        Ok(())
    }

    /// A payment to one of this provider's addresses ended.
    fn confirmed<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let told = message.confirmation.as_ref().ok_or("U07")?;
        let side = |name: &str| told.settled.iter().find(|settled| settled.side == name);
        let (payer, payee) = side("PAYER").zip(side("PAYEE")).ok_or("U07")?;
        let (other, own) = payer.address.clone().zip(payee.address.clone()).ok_or("U07")?;
        let state = match told.status.as_str() {
            "SUCCESS" => PaymentState::Success,
            "PENDING" => PaymentState::Deemed,
            _ => PaymentState::Failed,
        };
        let id = message.transaction.id.as_str().to_owned();
        if told.kind.as_deref() == Some("COLLECT") {
            if let Some(owner) = self.owner(desk, &Party::new(other)) {
                let code = told.code.as_deref().unwrap_or_default();
                crate::collects::ended(desk, &owner.own.mobile, &id, state, code);
            }
            let answer = desk.answer(message, response(&message.head.message, Ok(())));
            desk.post(&self.switch, &answer);
            return Ok(());
        }
        let entry = self.owner(desk, &Party::new(own.clone())).filter(|owner| {
            let key = (owner.own.mobile.clone(), id.clone(), Direction::Received);
            // Told again it is the same payment, with what was given back of it since.
            desk.records.find::<Payment>(&key).is_none()
        });
        // Who was not paid has nothing to see.
        if let (Some(Owner { own, account, .. }), true) = (entry, state == PaymentState::Success) {
            let reference = message.transaction.reference.as_ref();
            let which = (own.mobile.as_str(), id.as_str(), Direction::Received);
            let at = message.transaction.at.unwrap_or(desk.now);
            let paise = payee.amount.map_or(0, |amount| amount.minor());
            let payment = Payment {
                note: message.transaction.note.clone(),
                reference: reference.map(|text| text.as_str().to_owned()).unwrap_or_default(),
                state,
                code: told.code.clone().unwrap_or_default(),
                changed_at: desk.now,
                ..Payment::begins(which, (&own.address, &other.to_lower()), &account.reference, paise, at)
            };
            desk.records.put(payment.clone());
            crate::merchants::note(desk.records, &payment);
            crate::bills::came(self, desk, &id);
            if let Some(reference) = &message.transaction.merchant_reference {
                crate::splits::paid(self, desk, &own, reference, (&id, paise));
                crate::merchants::paid(self, desk.records, &payment, reference);
            }
        }
        let answer = desk.answer(message, response(&message.head.message, Ok(())));
        desk.post(&self.switch, &answer);
        Ok(())
    }
}
