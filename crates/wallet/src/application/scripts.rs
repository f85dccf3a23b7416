//! Conversations with a reader, as scripts of command and response lines.

use super::{Answer, CardApplication, Context, NoKey, Notice, Pending, Reaction};
use crate::card::{Card, Profile};
use crate::defences::Defences;
use crate::keys::{UseKey, UsedKey};
use crate::testing::{self, Memory, NOON, device_key};
use crate::unlock::Verified;
use emv::cryptogram::{Inputs, Transaction, verify_inputs};
use emv::dol::Dol;
use emv::objects::{Aip, Atc, IssuerApplicationData};
use emv::{tag, tlv};
use values::Timestamp;

/// The terminal's values of a sale of 12.50 CNY: online cryptogram and verification wanted.
pub(super) const SALE: &str = "26C04080 000000001250 000000000000 0156 0000000000 0156 261122 00 1A2B3C4D 00";

/// A phone in the field of a reader.
pub(super) struct Field {
    pub(super) memory: Memory,
    pub(super) application: CardApplication,
    pub(super) verified: Option<Verified>,
    pub(super) now: Timestamp,
    pub(super) notice: Option<Notice>,
    commands: u8,
}

impl Field {
    pub(super) fn new(mut memory: Memory, profile: Profile) -> Field {
        let (card, counter) = (memory.card(), memory.counter());
        let application = CardApplication::present(card, counter, profile, device_key()).unwrap();
        Field { memory, application, verified: None, now: NOON, notice: None, commands: 0 }
    }

    pub(super) fn contactless() -> Field {
        Field::new(Memory::with_card(), Profile::Contactless)
    }

    pub(super) fn defended(self, defences: Defences) -> Field {
        Field { application: self.application.defended(defences), ..self }
    }

    pub(super) fn unlocked(mut self) -> Field {
        self.unlock();
        self
    }

    pub(super) fn unlock(&mut self) {
        self.verified = Some(self.memory.unlock(self.now));
    }

    fn with_context<T>(
        &mut self,
        act: impl FnOnce(&mut CardApplication, &mut Memory, &Context<'_>) -> T,
    ) -> T {
        self.commands = self.commands.wrapping_add(1);
        let entropy = [self.commands; 16];
        let context = Context { unlocked: self.verified.as_ref(), now: self.now, entropy };
        act(&mut self.application, &mut self.memory, &context)
    }

    /// One command up to the point where the counter would be made durable.
    pub(super) fn react(&mut self, command: &[u8]) -> Reaction {
        self.with_context(|application, _, context| application.command(command, context))
    }

    pub(super) fn commit(&mut self, operation: &UseKey) -> Result<UsedKey, NoKey> {
        let now = self.now;
        self.memory.run(operation, now).map_err(NoKey::from)
    }

    pub(super) fn finish(&mut self, pending: Pending, result: Result<UsedKey, NoKey>) -> Answer {
        self.with_context(|application, _, context| application.committed(pending, result, context))
    }

    pub(super) fn send(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = match self.react(command) {
            Reaction::Respond(answer) => answer,
            Reaction::Commit(operation, pending) => {
                let result = self.commit(&operation);
                self.finish(pending, result)
            }
        };
        self.notice = answer.notice;
        assert!((2..=258).contains(&answer.bytes.len()));
        answer.bytes
    }

    /// Runs a script. `>` sends: hexadecimal, or `ppse`, `pse`, `aid`, `gpo VALUES`. `<` expects: a status word alone
    /// for an empty answer, or the tags of the outermost template in order and then the status word.
    pub(super) fn check(&mut self, script: &str) -> &mut Self {
        let mut answer = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(' ').unwrap_or((line, "")) {
                (">", command) => answer = self.send(&compile(command)),
                ("<", expected) => assert_eq!(shape(&answer), expected, "in {line:?} of {script}"),
                ("unlock", _) => self.unlock(),
                ("lock", _) => self.verified = None,
                ("reset", _) => self.application.reset(),
                (word, _) => panic!("no such line: {word}"),
            }
        }
        self
    }
}

fn compile(command: &str) -> Vec<u8> {
    let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
    let select = |name: &[u8]| [&[0, 0xA4, 4, 0, name.len() as u8], name, &[0]].concat();
    match word {
        "ppse" => select(b"2PAY.SYS.DDF01"),
        "pse" => select(b"1PAY.SYS.DDF01"),
        "aid" => select(&testing::card().aid),
        "gpo" => gpo(rest),
        _ => hex::decode(command.replace(' ', "")).expect("hexadecimal"),
    }
}

pub(super) fn gpo(values: &str) -> Vec<u8> {
    let values = hex::decode(values.replace(' ', "")).unwrap();
    let length = values.len() as u8;
    [&[0x80, 0xA8, 0, 0, length + 2, 0x83, length], &values[..], &[0]].concat()
}

/// The tags of the outermost template, then the status word.
pub(super) fn shape(answer: &[u8]) -> String {
    let (data, status) = answer.split_at(answer.len() - 2);
    let mut words = Vec::new();
    for object in tlv::objects(data) {
        let object = object.unwrap();
        words.push(object.tag.to_string());
        if object.tag.is_constructed() {
            words.extend(object.children().map(|child| child.unwrap().tag.to_string()));
        }
    }
    words.push(hex::encode_upper(status));
    words.join(" ")
}

/// Recomputes the cryptogram of a contactless answer as the issuer does: from the token's master key, from what
/// the terminal sent and the card answered.
pub(super) fn is_genuine(card: &Card, values: &str, answer: &[u8]) -> bool {
    let find = |wanted| tlv::find_deep(&answer[..answer.len() - 2], wanted).unwrap().unwrap();
    let values = hex::decode(values.replace(' ', "")).unwrap();
    let pdol = Dol::parse(super::files::CONTACTLESS_PDOL).unwrap().split(&values).unwrap();
    let atc = Atc::from(<[u8; 2]>::try_from(find(tag::ATC)).unwrap());
    let transaction = Transaction::from_terminal(pdol, Aip::parse(find(tag::AIP)).unwrap(), atc).unwrap();
    let issuer_data = IssuerApplicationData::parse(find(tag::IAD)).unwrap();
    let inputs = Inputs::unionpay(transaction, &issuer_data);
    let claimed = find(tag::CRYPTOGRAM).try_into().unwrap();
    verify_inputs(&inputs, claimed, card.algorithm.into(), &testing::card_key(card)).is_ok()
}

pub(super) fn atc_of(answer: &[u8]) -> u16 {
    let value = tlv::find_deep(&answer[..answer.len() - 2], tag::ATC).unwrap().unwrap();
    u16::from_be_bytes(value.try_into().unwrap())
}

const ONLINE: &str = "77 82 9F36 57 5F34 9F10 9F26 9F27 9F6C 9F24 9F25 9F19 9F6E 9000";

#[test]
fn a_tap_is_select_select_options() {
    Field::contactless().check(&format!(
        "
        unlock
        > ppse
        < 6F 84 A5 9000
        > aid
        < 6F 84 A5 9000
        > gpo {SALE}
        < {ONLINE}
        "
    ));
}

#[test]
fn the_cryptogram_is_the_issuers_with_every_algorithm() {
    use crate::card::Algorithm::{Aes, Sm4, TripleDes};
    for (algorithm, id) in [(TripleDes, 0x01), (Sm4, 0x04), (Aes, 0xA1)] {
        let card = Card { algorithm, ..testing::card() };
        let mut field = Field::new(Memory::with(card.clone(), 1..=3), Profile::Contactless).unlocked();
        field.send(&compile("aid"));
        let answer = field.send(&gpo(SALE));
        assert!(is_genuine(&card, SALE, &answer), "{algorithm:?}");
        // Another amount, currency, date or number, and it is not.
        for (from, to) in
            [("001250", "001251"), ("0156 261122", "0840 261122"), ("1122", "1123"), ("4D", "4E")]
        {
            assert!(!is_genuine(&card, &SALE.replacen(from, to, 1), &answer), "{from}");
        }
        let iad = tlv::find_deep(&answer[..answer.len() - 2], tag::IAD).unwrap().unwrap();
        assert_eq!(iad, [7, 1, 1, 3, 0xA4, 0, 0, id]);
        assert_eq!(tlv::find_deep(&answer[..answer.len() - 2], tag::CTQ).unwrap().unwrap(), [0, 0x80]);
    }
}

#[test]
fn a_locked_phone_uses_nothing_up() {
    let mut field = Field::contactless();
    field.check(&format!(
        "
        > aid
        < 6F 84 A5 9000
        > gpo {SALE}
        < 6986
        "
    ));
    assert_eq!(field.notice, Some(Notice::Unlock));
    assert_eq!((field.memory.counter().atc, field.memory.slots()), (0, 10));
    // The customer unlocks, then taps again: the same selection will do.
    field.check(&format!("unlock\n> gpo {SALE}\n< {ONLINE}"));
}

#[test]
fn one_verification_pays_once() {
    let mut field = Field::contactless().unlocked();
    let tap = format!("> aid\n< 6F 84 A5 9000\n> gpo {SALE}");
    field.check(&format!("{tap}\n< {ONLINE}\n{tap}\n< 6986"));
    assert_eq!(field.notice, Some(Notice::Unlock));
    field.check(&format!("unlock\n{tap}\n< {ONLINE}"));
    assert_eq!(field.memory.counter().atc, 2);
    // A stale one does not pay at all.
    field.unlock();
    field.now = NOON.after(std::time::Duration::from_secs(61));
    field.check(&format!("{tap}\n< 6986"));
}

#[test]
fn one_selection_is_answered_once() {
    let mut field = Field::contactless().unlocked();
    field.check(&format!("> aid\n< 6F 84 A5 9000\n> gpo {SALE}\n< {ONLINE}\nunlock\n> gpo {SALE}\n< 6985"));
    assert_eq!(field.memory.counter().atc, 1);
}

#[test]
fn wrong_commands_get_their_words() {
    let sale = SALE.replace(' ', "");
    for (command, expected) in [
        // SELECT: the next one of one, another name, too short, another kind of selection.
        ("00A4040208A00000033301010100".to_owned(), "6A82"),
        ("00A4040008A00000000310100100".to_owned(), "6A82"),
        ("00A40400 04 A0000003 00".to_owned(), "6A82"),
        ("00A4040000".to_owned(), "6700"),
        ("00A4000002 3F00 00".to_owned(), "6A86"),
        ("00A40400".to_owned(), "6700"),
        ("pse".to_owned(), "6A82"),
        // GET PROCESSING OPTIONS: parameters, lengths, what the terminal can, what it says.
        (format!("80A80100248322{sale}00"), "6A86"),
        ("80A8000002830000".to_owned(), "6700"),
        ("80A80000".to_owned(), "6700"),
        (format!("80A80000238321{}00", &sale[2..]), "6700"),
        (format!("80A80000248522{sale}00"), "6700"),
        (format!("gpo 00{}", &sale[2..]), "6985"),
        (format!("gpo 08{}", &sale[2..]), "6985"),
        (format!("gpo {}", sale.replacen("001250", "00125A", 1)), "6A80"),
        (format!("gpo {}", sale.replacen("261122", "261322", 1)), "6A80"),
        // Records and data that are not there.
        ("00B2010C00".to_owned(), "6985"),
        ("00B2010000".to_owned(), "6A86"),
        ("00B2000C00".to_owned(), "6A86"),
        ("80CA9F7900".to_owned(), "6A88"),
        // Commands of the contact path, of scripts, and of nobody.
        ("80AE80001D".to_owned(), "6D00"),
        ("0088000004 01020304 00".to_owned(), "6D00"),
        ("0020008000".to_owned(), "6D00"),
        ("841E000004 00000000".to_owned(), "6D00"),
        ("00FF000000".to_owned(), "6D00"),
        ("9060000000".to_owned(), "6E00"),
        // Lengths that do not add up.
        ("00A404".to_owned(), "6700"),
        ("80A8000024832200".to_owned(), "6700"),
        (format!("00A40400000108{}", "00".repeat(300)), "6700"),
    ] {
        let mut field = Field::contactless().unlocked();
        field.check(&format!("> aid\n< 6F 84 A5 9000\n> {command}\n< {expected}"));
        assert_eq!(field.memory.counter().atc, 0, "{command}");
    }
}

#[test]
fn nothing_is_answered_before_it_is_selected() {
    Field::contactless().unlocked().check(&format!(
        "
        > gpo {SALE}
        < 6985
        > 80CA9F3600
        < 6985
        > ppse
        < 6F 84 A5 9000
        > gpo {SALE}
        < 6985
        > 00A40400 07 A0000003330101 00
        < 6F 84 A5 9000
        > 80CA9F3600
        < 9F36 9000
        > 80CA9F1700
        < 9F17 9000
        > 80CA9F1300
        < 9F13 9000
        reset
        > 80CA9F3600
        < 6985
        "
    ));
}

#[test]
fn what_stands_in_the_way_is_said_on_the_phone() {
    use crate::card::{CardState, Delete, Suspend};
    use crate::keys::UseRefusal::{
        Deleted, Expired, NoKey as OutOfKeys, NotActive, OverCumulativeLimit, OverTapLimit,
    };
    let token = testing::token();
    let expired = Card { expiry: values::Expiry::new(26, 10).unwrap(), ..testing::card() };
    let tight = Card { limit_per_tap: Some(1249), ..testing::card() };
    let spent = Card { limit_cumulative: Some(1249), ..testing::card() };
    let waiting = Card { state: CardState::Verifying, ..testing::card() };
    let suspended = {
        let mut memory = Memory::with_card();
        memory.run(&Suspend { token }, NOON).unwrap();
        memory
    };
    for (memory, refusal) in [
        (suspended, NotActive),
        (Memory::with(waiting, 1..=2), NotActive),
        (Memory::with(expired, 1..=2), Expired),
        (Memory::with(testing::card(), []), OutOfKeys),
        (Memory::with(tight, 1..=2), OverTapLimit),
        (Memory::with(spent, 1..=2), OverCumulativeLimit),
    ] {
        let mut field = Field::new(memory, Profile::Contactless).unlocked();
        field.check(&format!("> aid\n< 6F 84 A5 9000\n> gpo {SALE}\n< 6985"));
        assert_eq!(field.notice, Some(Notice::Refused(refusal)));
        assert_eq!(field.memory.counter().atc, 0);
    }
    // Deleted while it lies in the field: the durable step is the last to look.
    let mut field = Field::contactless().unlocked();
    field.check("> aid\n< 6F 84 A5 9000");
    field.memory.run(&Delete { token }, NOON).unwrap();
    field.check(&format!("> gpo {SALE}\n< 6985"));
    assert_eq!(field.notice, Some(Notice::Refused(Deleted)));
    let mut field = Field::new(field.memory, Profile::Contactless);
    field.check("> ppse\n< 6A82\n> aid\n< 6A82");
}

#[test]
fn killed_between_commit_and_answer_the_counter_is_burnt() {
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, _lost) = field.react(&gpo(SALE)) else { panic!() };
    field.commit(&operation).unwrap();

    let mut again = Field::new(field.memory, Profile::Contactless).unlocked();
    again.send(&compile("aid"));
    let answer = again.send(&gpo(SALE));
    assert_eq!(atc_of(&answer), 2);
    assert!(is_genuine(&testing::card(), SALE, &answer));
}

#[test]
fn without_the_durable_step_one_counter_would_pay_twice() {
    // What the step defends from, shown by leaving it out: one key, handed to two taps.
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, pending) = field.react(&gpo(SALE)) else { panic!() };
    let used = field.commit(&operation);
    let first = field.finish(pending, used.clone()).bytes;
    let other = SALE.replace("1A2B3C4D", "5E6F7081");
    field.unlock();
    field.send(&compile("aid"));
    let Reaction::Commit(_, pending) = field.react(&gpo(&other)) else { panic!() };
    let second = field.finish(pending, used).bytes;
    let card = testing::card();
    assert!(is_genuine(&card, SALE, &first) && is_genuine(&card, &other, &second));
    assert_eq!(atc_of(&first), atc_of(&second));
    // With it, the records have no second key for that value.
    assert_eq!(field.commit(&operation), Err(NoKey::Refused(crate::keys::UseRefusal::NotVerified)));
}

#[test]
fn a_late_commit_gets_no_cryptogram() {
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, pending) = field.react(&gpo(SALE)) else { panic!() };
    let result = field.commit(&operation);
    // The field is lost and found while the disk works.
    field.application.reset();
    field.send(&compile("aid"));
    assert_eq!(shape(&field.finish(pending, result).bytes), "6985");
    field.check(&format!("unlock\n> gpo {SALE}\n< {ONLINE}"));
    assert_eq!(field.memory.counter().atc, 2);
}

#[test]
fn what_was_committed_elsewhere_counts_at_the_next_tap() {
    let token = testing::token();
    let mut field = Field::new(Memory::with(testing::card(), []), Profile::Contactless).unlocked();
    let tap = format!("> aid\n< 6F 84 A5 9000\n> gpo {SALE}");
    field.check(&format!("{tap}\n< 6985"));
    let keys = testing::batch(&testing::card(), 1..=2);
    field.memory.run(&crate::keys::StoreKeys { token, keys }, NOON).unwrap();
    let (card, counter) = (field.memory.card(), field.memory.counter());
    field.application.refresh(card, counter);
    field.check(&format!("{tap}\n< {ONLINE}"));
    let other = Card { token: values::Id::from_u128(8), ..testing::card() };
    field.application.refresh(other.clone(), crate::keys::Counter::new(other.token));
    assert_eq!(field.application.card().token, token);
}

#[test]
fn the_answer_does_not_depend_on_what_the_terminal_knows_of_sm() {
    let card = Card { algorithm: crate::card::Algorithm::Sm4, ..testing::card() };
    for knows in ["00", "01"] {
        let values = format!("{}{knows}", &SALE[..SALE.len() - 2]);
        let mut field = Field::new(Memory::with(card.clone(), 1..=1), Profile::Contactless).unlocked();
        field.send(&compile("aid"));
        let answer = field.send(&gpo(&values));
        assert!(shape(&answer) == ONLINE && is_genuine(&card, &values, &answer));
    }
}

#[test]
fn a_disk_that_fails_ends_the_tap() {
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(_, pending) = field.react(&gpo(SALE)) else { panic!() };
    assert_eq!(shape(&field.finish(pending, Err(NoKey::Storage)).bytes), "6F00");
    field.check(&format!("> gpo {SALE}\n< 6985"));
}

#[test]
fn a_tap_torn_anywhere_leaves_the_next_one_whole() {
    let script = [compile("ppse"), compile("aid"), gpo(SALE)];
    let mut memory = Memory::with_card();
    let mut seen = std::collections::BTreeSet::new();
    // Torn before each command, and once more after its answer was made but not heard.
    for heard in 0..=script.len() {
        let mut field = Field::new(memory, Profile::Contactless).unlocked();
        for command in &script[..heard] {
            field.send(command);
        }
        field.application.reset();
        field.unlock();
        field.check("> ppse\n< 6F 84 A5 9000\n> aid\n< 6F 84 A5 9000");
        let answer = field.send(&gpo(SALE));
        assert!(is_genuine(&testing::card(), SALE, &answer));
        assert!(seen.insert(atc_of(&answer)), "a counter value came twice");
        memory = field.memory;
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2, 3, 5]);
}

#[test]
fn what_the_phone_says_shows_no_token() {
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, pending) = field.react(&gpo(SALE)) else { panic!() };
    let result = field.commit(&operation);
    let answer = field.finish(pending, result);
    let notice = "Tapped { atc: 1, amount_minor: 1250, currency: 156, decision: Arqc, keys_left: 9 }";
    assert_eq!(format!("{answer:?}"), format!("Answer([113] [90, 00], Some({notice}))"));
    assert_eq!(answer.notice.unwrap().to_string(), "Sent. The reader tells how it ends.");
    let refused = Notice::Refused(crate::keys::UseRefusal::NoKey);
    assert_eq!(
        (refused.code(), refused.to_string().as_str()),
        ("no_key_left", "Not paid: no key is left; connect to the network.")
    );
}

#[test]
fn without_the_customers_part_the_cryptogram_is_wrong() {
    let card = testing::card();
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, pending) = field.react(&gpo(SALE)) else { panic!() };
    let mut result = field.commit(&operation);
    // Somebody who holds the phone's own key, but not the passcode, makes up the other half.
    if let Ok(used) = &mut result {
        let name = crate::keys::key_id(card.token, used.slot.atc);
        let made_up =
            crypto::jwe::seal(&testing::user_key().public(), &name, &[0; 16], crate::keys::USER_CONTEXT);
        used.slot.user_part = Some(made_up);
    }
    let answer = field.finish(pending, result).bytes;
    assert_eq!(shape(&answer), ONLINE);
    assert!(!is_genuine(&card, SALE, &answer));
}

#[test]
fn a_part_of_another_counter_is_no_part() {
    let mut field = Field::contactless().unlocked();
    field.send(&compile("aid"));
    let Reaction::Commit(operation, pending) = field.react(&gpo(SALE)) else { panic!() };
    let result = field.commit(&operation).map(|mut used| {
        used.slot.device_part = testing::slot(&testing::card(), 9, true).device_part;
        used
    });
    assert_eq!(shape(&field.finish(pending, result).bytes), "6985");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_get_a_status_word(
        commands in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), 1..20),
        contact: bool,
    ) {
        let profile = if contact { Profile::Contact } else { Profile::Contactless };
        let mut field = Field::new(Memory::with(testing::card(), [1]), profile);
        for command in &commands {
            field.send(command);
        }
    }

    #[test]
    fn any_values_after_a_known_header_get_a_status_word(
        bodies in proptest::collection::vec((0usize..10, proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)), 1..12),
        profile in proptest::sample::select(vec![Profile::Contact, Profile::Contactless, Profile::Offline]),
    ) {
        let card = testing::certified(profile);
        let mut field = Field::new(Memory::with(card, [1]), profile).unlocked();
        field.send(&compile("aid"));
        if profile == Profile::Contact {
            field.send(&compile("80A80000098307015620F8C8015600"));
        }
        for (which, body) in &bodies {
            let header: &[u8] = [
                &[0x80, 0xA8, 0, 0], &[0x80, 0xAE, 0x80, 0], &[0, 0x88, 0, 0], &[0, 0x82, 0, 0], &[0, 0xB2, 1, 0x0C],
                &[0x80, 0xCA, 0x9F, 0x36], &[0, 0xA4, 4, 0], &[0, 0xA4, 4, 2], &[0, 0x84, 0, 0], &[0, 0x20, 0, 0x80],
            ][*which];
            field.send(&[header, &[body.len() as u8], body, &[0]].concat());
        }
    }
}
