//! What one person alone might try: each is refused, and each succeeds without its check.

use crate::testing::{Memory, NOON, asserted, passkey};
use crate::{
    Act, AddPasskey, Approve, Ask, AuditEntry, BeginTry, Change, Conclude, Decline, Defence, Defences,
    Disable, EnrolInvited, FailTry, Invite, Occasion, Operator, OperatorId, OperatorState, PassTry, Proposal,
    ProposalId, ProposalState, Recover, Refusal, Trying,
};
use std::time::Duration;
use values::{Id, Records, Timestamp};

fn asked(memory: &mut Memory, act: Act, asker: OperatorId, changes: &[(&str, &str, &str)]) -> ProposalId {
    let id = Id::from_u128(77);
    let change = |(what, before, after): &(&str, &str, &str)| Change {
        what: (*what).to_owned(),
        before: (*before).to_owned(),
        after: (*after).to_owned(),
    };
    let ask = Ask {
        id,
        act,
        subject: Id::<values::id::kinds::Operator>::from_u128(9).to_string(),
        changes: changes.iter().map(change).collect(),
        reason: "the merchant asked for it".to_owned(),
        asker,
        secret: Some("link".to_owned()),
        form: None,
        occasion: Occasion::default(),
    };
    memory.run(&ask, NOON).unwrap()
}

fn limits(memory: &mut Memory, asker: OperatorId) -> ProposalId {
    asked(memory, Act::ChangeLimits, asker, &[("limit_payment", "500000", "900000")])
}

fn approve(proposal: ProposalId, approver: OperatorId, defences: Defences) -> Approve {
    let secret = Some("code".to_owned());
    // Operators of these tests have the passkeys of their numbers.
    let passkey = Some(asserted(approver.as_u128() as u8));
    Approve { proposal, approver, passkey, secret, defences, occasion: Occasion::default() }
}

fn state(memory: &mut Memory, proposal: ProposalId) -> ProposalState {
    memory.find::<Proposal>(&proposal).unwrap().state
}

#[test]
fn one_asks_another_approves_and_it_is_carried_out_once() {
    let (mut memory, ada, grace) = Memory::with_two();
    let proposal = limits(&mut memory, ada);
    assert!(memory.sent.is_empty(), "asking alone sends nothing");
    memory.run(&approve(proposal, grace, Defences::ALL), NOON).unwrap();
    assert_eq!(memory.sent, [format!("{} {proposal}", crate::TOPIC)]);
    for result in ["ok", "changed_since"] {
        memory.run(&Conclude { proposal, result: result.to_owned() }, NOON).unwrap();
        assert_eq!(state(&mut memory, proposal), ProposalState::Done, "the first word stands");
    }
    let acts: Vec<String> = memory.all::<AuditEntry>().into_iter().map(|entry| entry.act).collect();
    assert_eq!(acts, ["found", "found", "propose", "approve", "effect"]);
}

#[test]
fn nobody_approves_what_they_asked_for_whatever_passkey_they_use() {
    let (mut memory, ada, _) = Memory::with_two();
    let more = AddPasskey {
        operator: ada,
        passkey: passkey(9),
        defences: Defences::ALL,
        occasion: Occasion::default(),
    };
    memory.run(&more, NOON).unwrap();
    let proposal = limits(&mut memory, ada);
    let alone = approve(proposal, ada, Defences::ALL);
    assert_eq!(memory.run(&alone, NOON), Err(Refusal::SamePerson));
    assert_eq!((state(&mut memory, proposal), memory.sent.len()), (ProposalState::Asked, 0));
    let open = Approve { defences: Defences::ALL.danger_without(Defence::TwoPeople), ..alone };
    assert_eq!(memory.run(&open, NOON), Ok(()));
}

/// Whoever sits down at an operator's open session, or plants a page in it.
#[test]
fn an_approval_wants_a_passkey_of_the_approvers_own() {
    let (mut memory, ada, grace) = Memory::with_two();
    let proposal = limits(&mut memory, ada);
    for passkey in [None, Some(asserted(1)), Some(asserted(9))] {
        let yes = Approve { passkey, ..approve(proposal, grace, Defences::ALL) };
        assert_eq!(memory.run(&yes, NOON), Err(Refusal::PasskeyNeeded));
        let open = Approve { defences: Defences::ALL.danger_without(Defence::FreshPasskey), ..yes };
        assert_eq!(memory.clone().run(&open, NOON), Ok(()));
    }
    assert_eq!(state(&mut memory, proposal), ProposalState::Asked);
    assert_eq!(memory.run(&approve(proposal, grace, Defences::ALL), NOON), Ok(()));
}

fn recovery(first: OperatorId, second: OperatorId) -> Recover {
    let half = |what: &str, id: OperatorId| format!("{what} {id}");
    let who = [first, second].map(|id| (id, half("link", id), half("code", id)));
    Recover { who, occasion: Occasion::default() }
}

fn comes_back(who: OperatorId, code_of: OperatorId, defences: Defences) -> EnrolInvited {
    EnrolInvited {
        operator: who,
        link: format!("link {who}"),
        code: format!("code {code_of}"),
        passkey: passkey(20 + who.as_u128() as u8),
        defences,
        occasion: Occasion::default(),
    }
}

#[test]
fn two_who_lost_their_passkeys_come_back_and_neither_alone() {
    let (mut memory, ada, grace) = Memory::with_two();
    assert_eq!(memory.run(&recovery(ada, ada), NOON), Err(Refusal::SamePerson));
    assert_eq!(memory.run(&recovery(ada, Id::from_u128(9)), NOON), Err(Refusal::Unknown));
    memory.run(&recovery(ada, grace), NOON).unwrap();
    // Ada has her link, and of codes only Grace's.
    assert_eq!(memory.run(&comes_back(ada, grace, Defences::ALL), NOON), Err(Refusal::Invitation));
    let open = Defences::ALL.danger_without(Defence::BothHalves);
    assert!(memory.clone().run(&comes_back(ada, grace, open), NOON).is_ok());
    let late = NOON.after(crate::operator::INVITATION_LASTS);
    assert_eq!(memory.run(&comes_back(ada, ada, Defences::ALL), late), Err(Refusal::Invitation));
    // With each other's help both do; what was lost lets nobody in, and no third is founded.
    for who in [ada, grace] {
        assert_eq!(memory.run(&comes_back(who, who, Defences::ALL), NOON).unwrap().passkeys.len(), 1);
        assert_eq!(memory.run(&comes_back(who, who, Defences::ALL), NOON), Err(Refusal::Invitation));
    }
    let lost = asserted(1).credential().clone();
    assert!(memory.find::<crate::OperatorPasskey>(&lost).is_none());
    assert_eq!(memory.found(3, "Mallory"), Err(Refusal::Founded));
    let acts: Vec<String> = memory.all::<AuditEntry>().into_iter().map(|entry| entry.act).collect();
    assert_eq!(acts, ["found", "found", "recover", "recover", "return", "return"]);
}

#[test]
fn who_still_has_a_passkey_takes_the_way_back_away() {
    let (mut memory, ada, grace) = Memory::with_two();
    memory.run(&recovery(ada, grace), NOON).unwrap();
    let log_in = crate::LogIn {
        by: crate::login::By::Passkey(asserted(1)),
        subject: "ada".to_owned(),
        occasion: Occasion::default(),
    };
    memory.run(&log_in, NOON).unwrap();
    assert_eq!(memory.run(&comes_back(ada, ada, Defences::ALL), NOON), Err(Refusal::Invitation));
    assert!(memory.run(&comes_back(grace, grace, Defences::ALL), NOON).is_ok());
}

#[test]
fn it_is_decided_once_and_in_time() {
    let (mut memory, ada, grace) = Memory::with_two();
    let proposal = limits(&mut memory, ada);
    let late = NOON.after(crate::proposal::LASTS);
    let just = Timestamp::from_millis(late.millis() - 1);
    let yes = approve(proposal, grace, Defences::ALL);
    assert_eq!(memory.run(&yes, late), Err(Refusal::Expired));
    let open = Approve { defences: Defences::ALL.danger_without(Defence::Expiry), ..yes.clone() };
    assert_eq!(memory.clone().run(&open, late), Ok(()));
    assert_eq!(memory.run(&yes, just), Ok(()));
    assert_eq!(memory.run(&yes, just), Err(Refusal::Decided));
    let open = Approve { defences: Defences::ALL.danger_without(Defence::Once), ..yes.clone() };
    assert_eq!(memory.clone().run(&open, just), Ok(()));
    let no = Decline { proposal, by: grace, occasion: Occasion::default() };
    assert_eq!(memory.run(&no, just), Err(Refusal::Decided));
}

#[test]
fn who_asked_withdraws_and_another_declines() {
    for (place, expected) in [(0, ProposalState::Withdrawn), (1, ProposalState::Declined)] {
        let (mut memory, ada, grace) = Memory::with_two();
        let proposal = limits(&mut memory, ada);
        let by = [ada, grace][place];
        memory.run(&Decline { proposal, by, occasion: Occasion::default() }, NOON).unwrap();
        assert_eq!(state(&mut memory, proposal), expected);
        assert_eq!(memory.run(&approve(proposal, grace, Defences::ALL), NOON), Err(Refusal::Decided));
        assert!(memory.sent.is_empty());
    }
}

#[test]
fn a_passkey_belongs_to_one_operator() {
    let (mut memory, ada, _) = Memory::with_two();
    let again = |defences| AddPasskey {
        operator: ada,
        // Grace's.
        passkey: passkey(2),
        defences,
        occasion: Occasion::default(),
    };
    assert_eq!(memory.run(&again(Defences::ALL), NOON), Err(Refusal::PasskeyTaken));
    assert_eq!(memory.run(&again(Defences::ALL.danger_without(Defence::OneOwner)), NOON), Ok(()));
}

#[test]
fn two_are_founded_and_no_third() {
    let (mut memory, ..) = Memory::with_two();
    assert_eq!(memory.found(3, "Mallory").err(), Some(Refusal::Founded));
    let found = crate::Found {
        id: Id::from_u128(3),
        name: "Mallory".to_owned(),
        passkey: passkey(3),
        defences: Defences::ALL.danger_without(Defence::Founders),
        occasion: Occasion::default(),
    };
    assert!(memory.run(&found, NOON).is_ok());
}

#[test]
fn an_invited_one_needs_both_halves() {
    let (mut memory, ada, grace) = Memory::with_two();
    let changes = [("name", "", "Alan"), ("role", "", "auditor")];
    let proposal = asked(&mut memory, Act::Invite, ada, &changes);
    memory.run(&approve(proposal, grace, Defences::ALL), NOON).unwrap();
    for _ in 0..2 {
        memory.run(&Invite { proposal }, NOON).unwrap();
    }
    let operator = Id::from_u128(9);
    assert_eq!(memory.find::<Operator>(&operator).unwrap().state, OperatorState::Invited);
    let enrol = |link: &str, code: &str, defences| EnrolInvited {
        operator,
        link: link.to_owned(),
        code: code.to_owned(),
        passkey: passkey(9),
        defences,
        occasion: Occasion::default(),
    };
    // The asker has the link alone, the approver the code alone.
    for (link, code) in [("link", "guess"), ("guess", "code")] {
        assert_eq!(memory.run(&enrol(link, code, Defences::ALL), NOON).err(), Some(Refusal::Invitation));
    }
    let open = enrol("link", "guess", Defences::ALL.danger_without(Defence::BothHalves));
    assert!(memory.clone().run(&open, NOON).is_ok());
    let late = NOON.after(crate::operator::INVITATION_LASTS);
    assert_eq!(memory.run(&enrol("link", "code", Defences::ALL), late).err(), Some(Refusal::Invitation));
    let alan = memory.run(&enrol("link", "code", Defences::ALL), NOON).unwrap();
    assert_eq!(memory.run(&enrol("link", "code", Defences::ALL), NOON).err(), Some(Refusal::Invitation));
    // An auditor looks, and neither asks nor approves.
    let proposal = limits(&mut memory, ada);
    assert_eq!(memory.run(&approve(proposal, alan.id, Defences::ALL), NOON), Err(Refusal::LooksOnly));
}

#[test]
fn a_disabled_operator_is_out_and_so_is_what_they_asked_for() {
    let (mut memory, ada, grace) = Memory::with_two();
    let waiting = limits(&mut memory, grace);
    let grace_text = grace.to_string();
    let ask = Ask {
        id: Id::from_u128(78),
        act: Act::Disable,
        subject: grace_text,
        changes: vec![Change {
            what: "state".to_owned(),
            before: "active".to_owned(),
            after: "disabled".to_owned(),
        }],
        reason: "left the company".to_owned(),
        asker: ada,
        secret: None,
        form: None,
        occasion: Occasion::default(),
    };
    let proposal = memory.run(&ask, NOON).unwrap();
    let disable = Disable { proposal, defences: Defences::ALL };
    memory.run(&disable, NOON).unwrap();
    assert_eq!(memory.find::<Operator>(&grace).unwrap().state, OperatorState::Active, "nobody approved it");
    memory.run(&approve(proposal, grace, Defences::ALL), NOON).unwrap();
    memory.run(&disable, NOON).unwrap();
    assert_eq!(memory.find::<Operator>(&grace).unwrap().state, OperatorState::Disabled);
    assert_eq!(memory.run(&approve(waiting, ada, Defences::ALL), NOON), Err(Refusal::NotActive));
    // One is left: whoever has the operators' key founds another.
    assert!(memory.found(3, "Alan").is_ok());
    // What changed since it was asked for is left alone.
    let mut other = memory.find::<Operator>(&grace).unwrap();
    other.state = OperatorState::Invited;
    memory.put(other);
    let mut again = memory.find::<Proposal>(&proposal).unwrap();
    again.state = ProposalState::Approved;
    memory.put(again);
    let open = Disable { proposal, defences: Defences::ALL.danger_without(Defence::Unchanged) };
    let mut without = memory.clone();
    without.run(&open, NOON).unwrap();
    assert_eq!(state(&mut without, proposal), ProposalState::Done);
    memory.run(&disable, NOON).unwrap();
    assert_eq!(memory.find::<Proposal>(&proposal).unwrap().result.as_deref(), Some("changed_since"));
    assert_eq!(memory.find::<Operator>(&grace).unwrap().state, OperatorState::Invited);
}

#[test]
fn ten_tries_lock_for_half_an_hour() {
    let mut memory = Memory::default();
    let begin = |defences| BeginTry { subject: "key".to_owned(), defences };
    for _ in 0..10 {
        assert_eq!(memory.run(&begin(Defences::ALL), NOON), Ok(Trying::Go));
        let fail = FailTry { subject: "key".to_owned(), why: "wrong", occasion: Occasion::default() };
        memory.run(&fail, NOON).unwrap();
    }
    let until = NOON.after(crate::login::LOCKED);
    let just = Timestamp::from_millis(until.millis() - 1);
    for now in [NOON, NOON.after(Duration::from_secs(60)), just] {
        assert_eq!(memory.run(&begin(Defences::ALL), now), Ok(Trying::Locked(until)));
    }
    let open = begin(Defences::ALL.danger_without(Defence::Tries));
    assert_eq!(memory.clone().run(&open, just), Ok(Trying::Go));
    assert_eq!(memory.run(&begin(Defences::ALL), until), Ok(Trying::Go));
    for _ in 0..20 {
        memory.run(&PassTry { subject: "key".to_owned() }, until).unwrap();
        assert_eq!(memory.run(&begin(Defences::ALL), until), Ok(Trying::Go), "right ones do not lock");
    }
    assert_eq!(memory.all::<AuditEntry>().len(), 10, "every wrong try is in the log");
}

#[test]
fn an_act_wants_a_reason_and_a_change() {
    let (mut memory, ada, _) = Memory::with_two();
    let ask = |reason: &str, after: &str| Ask {
        id: Id::from_u128(77),
        act: Act::ChangeLimits,
        subject: "mer".to_owned(),
        changes: vec![Change { what: "limit".to_owned(), before: "1".to_owned(), after: after.to_owned() }],
        reason: reason.to_owned(),
        asker: ada,
        secret: None,
        form: None,
        occasion: Occasion::default(),
    };
    let long = "x".repeat(401);
    for (reason, after) in [("", "2"), ("  x ", "2"), (long.as_str(), "2"), ("because", "1"), ("a\0b c", "2")]
    {
        assert!(
            matches!(memory.run(&ask(reason, after), NOON), Err(Refusal::Invalid(_))),
            "{reason:?} {after}"
        );
    }
    assert!(memory.run(&ask("because", "2"), NOON).is_ok());
}
