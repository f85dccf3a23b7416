//! The card application: commands of a reader in, answers out.
//!
//! It is a machine that is pushed. Most commands are answered at once ([`Reaction::Respond`]). The one that
//! wants a cryptogram is not: it comes back as [`Reaction::Commit`] with the operation that takes the next
//! key. The shell makes that durable and hands the result to [`CardApplication::committed`], the only
//! place where a cryptogram is computed. So none can leave before its counter is on the disk, and the power may
//! fail between any two bytes.
//!
//! Read `contactless` (one GET PROCESSING OPTIONS and it is done), then `contact` (records, GENERATE AC),
//! then `files` (what the card shows of itself).

#[cfg(test)]
mod attacks;
mod contact;
#[cfg(test)]
mod contact_scripts;
mod contactless;
mod cryptogram;
pub(crate) mod files;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod traces;

use crate::card::{Card, CardState, Profile};
use crate::defences::{Defence, Defences};
use crate::history::PaidBy;
use crate::keys::{Counter, UseKey, UseRefusal, UsedKey, Verification};
use crate::unlock::Verified;
use crypto::p256::AgreementKey;
use crypto::rsa::RsaPrivate;
use emv::apdu::{Command, Instruction, Response, StatusWord};
use emv::objects::{CodeN3, CryptogramKind};
use emv::tag;
use emv::tlv::write;
use values::Timestamp;
use values::time::Zone;

/// What a command is answered with, beside the card itself.
pub struct Context<'a> {
    /// The customer's verification, if the phone is unlocked.
    pub unlocked: Option<&'a Verified>,
    /// The moment.
    pub now: Timestamp,
    /// Sixteen fresh bytes of the system's random source, for each command.
    pub entropy: [u8; 16],
}

/// What to do about a command.
#[derive(Debug)]
pub enum Reaction {
    /// Send this.
    Respond(Answer),
    /// Make this durable, then ask [`CardApplication::committed`] what to send.
    Commit(UseKey, Pending),
}

/// What the reader gets, and what the customer should know of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Response data and status word; never fewer than two bytes nor more than 258.
    pub bytes: Vec<u8>,
    /// For the screen.
    pub notice: Option<Notice>,
}

impl std::fmt::Debug for Answer {
    // The data holds the token, which is shown by its end alone; so only the lengths and the status show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (data, status) = self.bytes.split_at(self.bytes.len().saturating_sub(2));
        write!(f, "Answer([{}] {status:02X?}, {:?})", data.len(), self.notice)
    }
}

/// What the phone tells its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A reader wants to be paid: unlock, then tap again. No counter value was used up.
    Unlock,
    /// The card did not answer, and why. No counter value was used up.
    Refused(UseRefusal),
    /// The reader asks for a way of paying that this card has not.
    NotHere,
    /// The phone could not write its counter, or not open the key; nothing was paid.
    Failed,
    /// The answer went out.
    Tapped {
        /// The counter value that names the tap.
        atc: u16,
        /// Amount in minor units of `currency`.
        amount_minor: u64,
        /// ISO 4217 numeric code as the terminal named it.
        currency: u16,
        /// Whether the card asked for the issuer, said yes, or said no.
        decision: CryptogramKind,
        /// Keys left; ask for more when few.
        keys_left: u16,
    },
}

impl Notice {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Notice::Unlock => "see_phone",
            Notice::Refused(refusal) => refusal.code(),
            Notice::NotHere => "try_another_way",
            Notice::Failed => "tap_failed",
            Notice::Tapped { .. } => "tapped",
        }
    }
}

/// The sentence for the customer.
impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Notice::Unlock => f.write_str("Unlock the phone, then tap again."),
            Notice::Refused(refusal) => write!(f, "Not paid: {refusal}."),
            Notice::NotHere => f.write_str("This card cannot pay at this reader."),
            Notice::Failed => f.write_str("Nothing was sent. Tap again."),
            Notice::Tapped { decision: CryptogramKind::Aac, .. } => f.write_str("Declined."),
            Notice::Tapped { .. } => f.write_str("Sent. The reader tells how it ends."),
        }
    }
}

/// A cryptogram that waits for its counter to be durable.
#[derive(Debug)]
pub struct Pending {
    /// Of which power-up and transaction; another one's pending is worth nothing.
    serial: u64,
    wish: Wish,
    decision: CryptogramKind,
    /// The terminal's values, in the order the list asked for them.
    values: Vec<u8>,
    amount_minor: u64,
    currency: u16,
    verified: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    ProcessingOptions,
    GenerateAc,
}

/// Why there is no key after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The operation refused; nothing changed.
    Refused(UseRefusal),
    /// The records could not be written; whether they were is not known, so nothing is answered.
    Storage,
}

impl From<UseRefusal> for NoKey {
    fn from(refusal: UseRefusal) -> Self {
        NoKey::Refused(refusal)
    }
}

/// Where the conversation stands.
enum Stage {
    /// Powered; nothing selected.
    Idle,
    /// The directory is selected.
    Directory,
    /// The application is selected.
    Selected,
    /// Contact: the transaction has begun.
    Initiated(contact::Initiated),
    /// A commit is under way.
    Committing(Option<contact::Initiated>),
    /// Contact: the issuer is being asked.
    Asked(contact::Asked),
    /// Over. After an offline answer the records may be read, with tag 9F69 in the last.
    Answered(Option<[u8; 8]>),
}

/// Why a card cannot be presented to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpresentable {
    /// The profile needs certificates and the card has none.
    #[error("this card has no certificates for that profile")]
    NoCertificates,
    /// The card's private key does not open with this device's key.
    #[error("the private key of this card does not open")]
    Key,
}

/// One card in the field of one reader.
pub struct CardApplication {
    card: Card,
    profile: Profile,
    counter: Counter,
    device: AgreementKey,
    private: Option<RsaPrivate>,
    stage: Stage,
    serial: u64,
    uid: Option<[u8; 4]>,
    defences: Defences,
}

impl CardApplication {
    /// Presents `card` in this profile. `counter` is its counter as last committed; `device` is the key to which
    /// the device parts are sealed.
    ///
    /// Without certificates the offline profile is refused; the contact profile then does no dynamic
    /// authentication.
    pub fn present(
        card: Card,
        counter: Counter,
        profile: Profile,
        device: AgreementKey,
    ) -> Result<CardApplication, Unpresentable> {
        let private = match (card.certificates_for(profile), profile) {
            (_, Profile::Contactless) | (None, Profile::Contact) => None,
            (None, Profile::Offline) => return Err(Unpresentable::NoCertificates),
            (Some(certificates), _) => {
                let key = crate::personalise::open_key(&device, card.token, certificates);
                Some(key.ok_or(Unpresentable::Key)?)
            }
        };
        Ok(CardApplication {
            card,
            profile,
            counter,
            device,
            private,
            stage: Stage::Idle,
            serial: 0,
            uid: None,
            defences: Defences::ALL,
        })
    }

    /// The same with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: Defences) -> CardApplication {
        CardApplication { defences, ..self }
    }

    /// The card in the field.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Brings in what was committed elsewhere between two taps: a suspension, fresh keys. Another card is
    /// ignored; present that one anew.
    pub fn refresh(&mut self, card: Card, counter: Counter) {
        if card.token == self.card.token && counter.token == card.token {
            self.card = Card { certificates: self.card.certificates.take(), ..card };
            self.counter = counter;
        }
    }

    /// Power on, power off, reset: whatever was under way is forgotten, session keys are wiped.
    pub fn reset(&mut self) {
        self.begin(Stage::Idle);
        self.uid = None;
    }

    /// Takes one command of the reader.
    pub fn command(&mut self, bytes: &[u8], context: &Context<'_>) -> Reaction {
        let Ok(command) = Command::parse(bytes) else {
            return status(StatusWord::WRONG_LENGTH);
        };
        let contact = self.profile == Profile::Contact;
        match command.known() {
            Some(Instruction::Select) => self.select(&command),
            Some(Instruction::ReadRecord) => self.read_record(&command),
            Some(Instruction::GetProcessingOptions) if contact => self.initiate(&command, context),
            Some(Instruction::GetProcessingOptions) => self.processing_options(&command, context),
            Some(Instruction::GetData) => self.get_data(&command),
            Some(Instruction::GenerateAc) if contact => self.generate_ac(&command, context),
            Some(Instruction::InternalAuthenticate) if contact => {
                self.internal_authenticate(&command, context)
            }
            Some(Instruction::ExternalAuthenticate) if contact => self.external_authenticate(&command),
            // There is no PIN on this card: its owner is verified on the phone.
            Some(Instruction::Verify) if contact => status(StatusWord::BLOCKED),
            Some(Instruction::GetChallenge) if contact => get_challenge(&command, context),
            Some(Instruction::ReaderUid) => self.serial_number(&command, context),
            Some(_) => status(StatusWord::WRONG_INSTRUCTION),
            None if matches!(command.class, 0x00 | 0x04 | 0x80 | 0x84 | 0x8C) => {
                status(StatusWord::WRONG_INSTRUCTION)
            }
            None => status(StatusWord::WRONG_CLASS),
        }
    }

    /// What to send after the commit that a [`Reaction::Commit`] asked for.
    ///
    /// If the field was lost in between (a `reset`), the counter value is burnt and no cryptogram is made.
    pub fn committed(
        &mut self,
        pending: Pending,
        result: Result<UsedKey, NoKey>,
        context: &Context<'_>,
    ) -> Answer {
        if let Ok(used) = &result {
            self.counter.atc = self.counter.atc.max(used.slot.atc);
            self.counter.keys_left = used.keys_left;
        }
        let current = pending.serial == self.serial && matches!(self.stage, Stage::Committing(_));
        if !current {
            return failed(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Failed);
        }
        let Stage::Committing(initiated) = std::mem::replace(&mut self.stage, Stage::Answered(None)) else {
            return failed(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Failed);
        };
        let used = match result {
            Ok(used) => used,
            Err(NoKey::Refused(UseRefusal::NotVerified)) => {
                return failed(StatusWord::SEE_PHONE, Notice::Unlock);
            }
            Err(NoKey::Refused(refusal)) => {
                return failed(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(refusal));
            }
            Err(NoKey::Storage) => return failed(StatusWord::INTERNAL, Notice::Failed),
        };
        let Some(session_key) = used.open(&self.device, context.unlocked, self.defences) else {
            return failed(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Failed);
        };
        let notice = Notice::Tapped {
            atc: used.slot.atc,
            amount_minor: pending.amount_minor,
            currency: pending.currency,
            decision: pending.decision,
            keys_left: used.keys_left,
        };
        let data = match pending.wish {
            Wish::ProcessingOptions => self.answer_options(&pending, used.slot.atc, &session_key, context),
            Wish::GenerateAc => self.answer_first(&pending, initiated, used.slot.atc, session_key),
        };
        match data {
            Some(data) => Answer { bytes: Response::ok(&data).to_bytes(), notice: Some(notice) },
            None => failed(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Failed),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Reaction {
        if command.p1 != 0x04 || !matches!(command.p2, 0x00 | 0x02) {
            return status(StatusWord::WRONG_PARAMETERS);
        }
        if !(1..=16).contains(&command.data.len()) {
            return status(StatusWord::WRONG_LENGTH);
        }
        // EMV 4.4 Book 1, 12.3.3: there is one application, so there is no next one. A card that gave
        // the same answer again would keep a terminal busy for ever.
        let first = command.p2 == 0x00;
        let deleted = self.card.state == CardState::Deleted;
        if first && !deleted && command.data == files::directory_name(self.profile) {
            self.begin(Stage::Directory);
            return respond(&files::directory(&self.card, self.profile));
        }
        // EMV 4.4 Book 1, 11.3.5: a name may be given by its beginning, of five bytes at least.
        if first && !deleted && command.data.len() >= 5 && self.card.aid.starts_with(command.data) {
            self.begin(Stage::Selected);
            return respond(&files::control_information(&self.card, self.profile));
        }
        status(StatusWord::NOT_FOUND)
    }

    fn read_record(&mut self, command: &Command<'_>) -> Reaction {
        if !command.data.is_empty() {
            return status(StatusWord::WRONG_LENGTH);
        }
        let (sfi, number) = (command.p2 >> 3, command.p1);
        if command.p2 & 7 != 4 || sfi == 0 || sfi > 30 || number == 0 {
            return status(StatusWord::WRONG_PARAMETERS);
        }
        let record = match &self.stage {
            Stage::Directory if self.profile == Profile::Contact => {
                files::directory_record(&self.card, sfi, number)
            }
            Stage::Initiated(_) | Stage::Asked(_) => {
                files::record(&self.card, self.profile, sfi, number, None)
            }
            Stage::Answered(data) if data.is_some() || self.profile == Profile::Contact => {
                let data = data.as_ref().map(|bytes| &bytes[..]);
                files::record(&self.card, self.profile, sfi, number, data)
            }
            // An online answer has told everything; there is no file.
            Stage::Answered(_) | Stage::Directory => None,
            Stage::Idle | Stage::Selected | Stage::Committing(_) => {
                return status(StatusWord::CONDITIONS_NOT_SATISFIED);
            }
        };
        record.map_or(status(StatusWord::RECORD_NOT_FOUND), |record| respond(&record))
    }

    fn get_data(&self, command: &Command<'_>) -> Reaction {
        if !command.data.is_empty() {
            return status(StatusWord::WRONG_LENGTH);
        }
        if matches!(self.stage, Stage::Idle | Stage::Directory) {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let wanted = emv::tlv::Tag::new(u32::from(u16::from_be_bytes([command.p1, command.p2])));
        let value = match wanted {
            tag::ATC => self.counter.atc.to_be_bytes().to_vec(),
            tag::LAST_ONLINE_ATC => self.counter.last_online.to_be_bytes().to_vec(),
            // No try of a PIN that is not there.
            tag::PIN_TRIES => vec![0],
            tag::UNIONPAY_APPLICATION_CURRENCY => CodeN3::from(self.card.currency).to_bytes().to_vec(),
            _ => return status(StatusWord::OBJECT_NOT_FOUND),
        };
        let mut out = Vec::new();
        write(&mut out, wanted, &value);
        respond(&out)
    }

    /// A reader's question for the serial number. A phone gives a new random one each time (ISO/IEC
    /// 14443-3: such a number starts with 08), so that nobody is followed by it.
    fn serial_number(&mut self, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        if self.profile == Profile::Contact || command.p1 != 0 || command.p2 != 0 {
            return status(StatusWord::NOT_SUPPORTED);
        }
        let [a, b, c, ..] = context.entropy;
        respond(self.uid.get_or_insert([0x08, a, b, c]))
    }

    /// The customer's verification, while it is fresh.
    fn verified<'v>(&self, context: &Context<'v>) -> Option<&'v Verified> {
        let good =
            |verified: &&Verified| verified.is_fresh(context.now) || !self.defences.stands(Defence::OneTap);
        context.unlocked.filter(good)
    }

    /// What stands in the way of any transaction, before the terminal's wishes are looked at (JR/T 0025.12 7.4).
    fn obstacle(&self, now: Timestamp) -> Option<UseRefusal> {
        match self.card.state {
            CardState::Deleted => Some(UseRefusal::Deleted),
            _ if !self.card.pays() => Some(UseRefusal::NotActive),
            _ if self.card.expiry.is_past(now.civil(Zone::Shanghai)) => Some(UseRefusal::Expired),
            _ if self.counter.keys_left == 0 => Some(UseRefusal::NoKey),
            _ => None,
        }
    }

    /// Leaves the answer to the shell until the counter is durable.
    fn commit(
        &mut self,
        initiated: Option<contact::Initiated>,
        pending: Pending,
        ticket: Option<u64>,
    ) -> Reaction {
        self.stage = Stage::Committing(initiated);
        let operation = UseKey {
            token: self.card.token,
            amount_minor: pending.amount_minor,
            currency: pending.currency,
            verification: ticket.map_or(Verification::None, Verification::Ticket),
            merchant: None,
            paid_by: PaidBy::Tap,
            defences: self.defences,
        };
        Reaction::Commit(operation, pending)
    }

    /// Starts anew; a commit that is still under way will find that it came too late.
    fn begin(&mut self, stage: Stage) {
        self.serial += 1;
        self.stage = stage;
    }
}

fn get_challenge(command: &Command<'_>, context: &Context<'_>) -> Reaction {
    if !command.data.is_empty() {
        return status(StatusWord::WRONG_LENGTH);
    }
    respond(&context.entropy[..8])
}

fn respond(data: &[u8]) -> Reaction {
    Reaction::Respond(Answer { bytes: Response::ok(data).to_bytes(), notice: None })
}

fn status(word: StatusWord) -> Reaction {
    Reaction::Respond(Answer { bytes: Response::status(word).to_bytes(), notice: None })
}

fn refuse(word: StatusWord, notice: Notice) -> Reaction {
    Reaction::Respond(failed(word, notice))
}

fn failed(word: StatusWord, notice: Notice) -> Answer {
    Answer { bytes: Response::status(word).to_bytes(), notice: Some(notice) }
}
