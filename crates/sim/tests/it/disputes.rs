//! Disputes over all parties: money moves only where the ladder ends for the payer, once, and never beside a refund.

use psp::Refusal;
use psp::blocking::{Block, Dealing, ReportedAddress};
use psp::collects::BecomeMerchant;
use psp::disputed::ReceivedDispute;
use psp::disputes::{ActOnDispute as OwnAct, Dispute, RaiseDispute};
use psp::records::{DeviceId, Direction, PaymentState};
use psp::refunds::Refund;
use sandbox::defences::{Defence, Defences};
use sandbox::upi::bank::disputes::{ActOnDispute, DeskRefusal};
use sandbox::upi::bank::{UpiDisputeAct, UpiDisputeCase, UpiLeg, compensation_account};
use sandbox::upi::switch::disputes::{AskAgain, Rule, RuleRefusal};
use sandbox::upi::switch::{Position, UpiDispute, UpiDisputeStep};
use sim::Town;
use std::time::Duration;
use upi::disputes::{Act, Ground, Illegal, Side, State};
use upi::machines::leg::Leg;
use values::{Currency, MerchantCategory, Money, Records};

const AMBER: &str = "701001";
const BANYAN: &str = "701002";
const SWITCH: &str = "700000";
const DAY: Duration = Duration::from_secs(86_400);

/// Asha, who paid 30 rupees to a merchant five minutes ago.
struct Story {
    town: Town,
    asha: DeviceId,
    chai: DeviceId,
    paid: String,
    opened: i64,
}

impl Story {
    fn new(defences: Defences) -> Story {
        let mut town = Town::defended(1, defences);
        let asha = town.person(1, "amber", "482913");
        let chai = town.person(5, "banyan", "620573");
        let category = MerchantCategory::try_from(5814).unwrap();
        town.at_psp(BecomeMerchant { device: chai, name: "Chai Corner".to_owned(), category }).unwrap();
        let opened = town.sums().0;
        let paid = town.pay(asha, "amber", "person5@paiza", 3000, "482913");
        town.settle_for(Duration::from_secs(300));
        Story { town, asha, chai, paid, opened }
    }

    fn claim(&mut self, reason: &str, paise: Option<u64>) -> Result<Dispute, Refusal> {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let amount = paise.map(|paise| Money::new(paise, Currency::INR).unwrap());
        let (device, payment, reason) = (self.asha, self.paid.clone(), reason.to_owned());
        let raised = self.town.at_psp(RaiseDispute { psp, device, payment, reason, amount, entropy });
        self.town.settle();
        raised
    }

    /// The people of a bank do something; the network's code.
    fn desk(&mut self, bank: &str, side: Side, act: Act) -> Result<String, DeskRefusal> {
        let (now, entropy) = (self.town.now, self.town.dice.bytes());
        let (at, payment, code) = (self.town.bank(bank), self.paid.clone(), "111".to_owned());
        let act = ActOnDispute { bank: at, payment, side, act, code, entropy };
        let said = values::Operation::apply(&act, self.town.records(bank), now)?;
        self.town.settle();
        let said = self.town.records(bank).find::<UpiDisputeAct>(&said.message).unwrap();
        Ok(said.outcome.unwrap())
    }

    fn payee(&mut self, act: Act) -> String {
        self.desk(BANYAN, Side::Payee, act).unwrap()
    }

    fn own(&mut self, act: Act) -> Result<Dispute, Refusal> {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let (device, payment) = (self.asha, self.paid.clone());
        let done = self.town.at_psp(OwnAct { psp, device, payment, act, entropy });
        self.town.settle();
        done
    }

    fn rule(&mut self, for_payer: bool) -> Result<UpiDispute, RuleRefusal> {
        let (now, entropy) = (self.town.now, self.town.dice.bytes());
        let rule = Rule { switch: self.town.switch(), payment: self.paid.clone(), for_payer, entropy };
        let ruled = values::Operation::apply(&rule, self.town.records(SWITCH), now);
        self.town.settle();
        ruled
    }

    fn ask_again(&mut self) -> Result<UpiDispute, RuleRefusal> {
        let (now, entropy) = (self.town.now, self.town.dice.bytes());
        let again = AskAgain { switch: self.town.switch(), payment: self.paid.clone(), entropy };
        let asked = values::Operation::apply(&again, self.town.records(SWITCH), now);
        self.town.settle();
        asked
    }

    fn state(&mut self) -> State {
        self.town.records(SWITCH).find::<UpiDispute>(&self.paid).unwrap().state
    }

    /// What its payer was told, in order.
    fn told(&mut self) -> String {
        let key = ("919800000001".to_owned(), self.paid.clone());
        let dispute = self.town.records("700001").find::<Dispute>(&key).unwrap();
        let told = dispute.told.iter().map(|told| told.state.to_string());
        told.collect::<Vec<_>>().join(", ")
    }

    fn refund(&mut self, paise: Option<u64>) -> String {
        let (psp, transaction, entropy) = (self.town.psp(), self.town.transaction(), self.town.dice.bytes());
        let amount = paise.map(|paise| Money::new(paise, Currency::INR).unwrap());
        let (device, original) = (self.chai, self.paid.clone());
        let refund = Refund { psp, device, original, amount, note: None, transaction, entropy };
        let begun = self.town.at_psp(refund).unwrap();
        self.town.settle_for(Duration::from_secs(10));
        self.town.sent(&begun.id).code
    }

    fn asha_has(&mut self) -> i64 {
        self.town.balance(AMBER, "Asha Rao")
    }
}

#[test]
fn an_accepted_complaint_is_paid_over_a_cycle_of_disputes() {
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", None).unwrap();
    assert_eq!((story.state(), story.told().as_str()), (State::Complaint, "complaint"));
    assert_eq!(story.asha_has(), 2_497_000);
    assert_eq!(story.payee(Act::Accept), "00");
    assert_eq!(story.state(), State::PaidBack(Ground::Accepted));
    assert_eq!(story.told(), "complaint, collecting accepted, paying accepted, paid_back accepted");
    assert_eq!((story.asha_has(), story.town.balance(BANYAN, "Chai Corner")), (2_500_000, 0));
    let positions = story.town.records(SWITCH).all::<Position>();
    let of_disputes: Vec<_> = positions.iter().filter(|position| position.cycle.contains("DC")).collect();
    let sums = of_disputes.iter().map(|position| (position.bank.as_str(), position.pays, position.gets));
    assert_eq!(sums.collect::<Vec<_>>(), [(AMBER, 0, 3000), (BANYAN, 3000, 0)]);
    // Nothing is left to give back.
    assert_eq!(story.refund(None), "U02");
    story.town.run();
    assert_eq!(story.town.audit(story.opened).unwrap().paid_back, 1);
    assert_eq!(story.asha_has(), 2_500_000);
}

#[test]
fn a_dispute_climbs_to_the_networks_verdict() {
    for for_payer in [true, false] {
        let mut story = Story::new(Defences::ALL);
        story.claim("wrong_amount", Some(1000)).unwrap();
        for state in [State::Chargeback, State::PreArbitration, State::Arbitration] {
            assert_eq!(story.payee(Act::Defend), "00");
            // The payer goes on by the phone, or the bank for the payer.
            if state == State::Chargeback {
                story.own(Act::Escalate).unwrap();
            } else {
                assert_eq!(story.desk(AMBER, Side::Payer, Act::Escalate).as_deref(), Ok("00"));
            }
            assert_eq!(story.state(), state);
            assert_eq!(story.rule(true), Err(RuleRefusal::Illegal(Illegal::NotNow)));
        }
        assert_eq!(story.payee(Act::Defend), "00");
        assert_eq!(story.asha_has(), 2_497_000);
        story.rule(for_payer).unwrap();
        let (end, back) = match for_payer {
            true => (State::PaidBack(Ground::Verdict), 1000),
            false => (State::Closed(Ground::Verdict), 0),
        };
        assert_eq!((story.state(), story.asha_has()), (end, 2_497_000 + back));
        assert!(story.rule(true).is_err(), "it is over");
        let all = story.town.records(SWITCH).all::<UpiDisputeStep>();
        assert_eq!(all.len(), if for_payer { 11 } else { 9 });
        story.town.run();
        story.town.audit(story.opened).unwrap();
    }
}

#[test]
fn whoever_is_silent_loses_when_the_clock_has_run() {
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", None).unwrap();
    // T+3, then ten days, each to the end of a day in India.
    story.town.settle_for(DAY * 3);
    assert_eq!(story.state(), State::Complaint);
    story.town.settle_for(DAY);
    assert_eq!(story.state(), State::Chargeback);
    story.town.settle_for(DAY * 9);
    assert_eq!((story.state(), story.asha_has()), (State::Chargeback, 2_497_000));
    story.town.settle_for(DAY * 2);
    assert_eq!((story.state(), story.asha_has()), (State::PaidBack(Ground::DeemedAccepted), 2_500_000));
    story.town.run();
    story.town.audit(story.opened).unwrap();

    // And a payer who was answered and says nothing.
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", None).unwrap();
    story.payee(Act::Defend);
    story.town.run();
    assert_eq!(story.state(), State::Closed(Ground::NotPursued));
    assert_eq!(story.own(Act::Escalate), Err(Refusal::DisputeNotNow));
    story.town.audit(story.opened).unwrap();
}

#[test]
fn books_answer_what_books_can() {
    let mut story = Story::new(Defences::ALL);
    story.claim("payee_not_credited", None).unwrap();
    assert_eq!(
        (story.state(), story.told().as_str()),
        (State::Closed(Ground::CreditConfirmed), "with_books, closed credit_confirmed")
    );
    // Not possible of a payment that was paid, or by a word that is none.
    let mut story = Story::new(Defences::ALL);
    for reason in ["debit_not_returned", "wrong_credit", "because"] {
        assert_eq!(story.claim(reason, None), Err(Refusal::NothingToDispute), "{reason}");
    }
    // One that failed: its bank says that nothing of the debit stands.
    let asha = story.asha;
    story.paid = story.town.pay(asha, "amber", "person5@paiza", 3000, "000000");
    story.town.settle_for(Duration::from_secs(300));
    assert_eq!(story.town.sent(&story.paid.clone()).state, PaymentState::Failed);
    story.claim("debit_not_returned", None).unwrap();
    assert_eq!(story.state(), State::Closed(Ground::DebitReversed));
    story.town.run();
    story.town.audit(story.opened).unwrap();
}

#[test]
fn a_claim_given_up_leaves_all_to_refund() {
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", Some(2000)).unwrap();
    assert_eq!(story.refund(Some(1001)), "U02", "the claim is set aside");
    assert_eq!(story.refund(Some(1000)), "00");
    story.own(Act::Withdraw).unwrap();
    assert_eq!(story.state(), State::Closed(Ground::Withdrawn));
    assert_eq!(story.own(Act::Withdraw), Err(Refusal::DisputeNotNow));
    assert_eq!(story.refund(None), "00");
    assert_eq!(story.asha_has(), 2_500_000);
    story.town.run();
    story.town.audit(story.opened).unwrap();
}

#[test]
fn a_bank_whose_customer_has_too_little_pays_itself() {
    let mut story = Story::new(Defences::ALL);
    let chai = story.chai;
    let spent = story.town.pay(chai, "banyan", "person1@paiza", 2500, "620573");
    story.town.settle_for(Duration::from_secs(10));
    assert_eq!(story.town.sent(&spent).state, PaymentState::Success);
    story.claim("goods_not_received", None).unwrap();
    story.payee(Act::Accept);
    assert_eq!(story.state(), State::PaidBack(Ground::Accepted));
    assert_eq!(story.town.balance(BANYAN, "Chai Corner"), 500);
    assert_eq!(story.town.all_sums().advanced, 3000);
    story.town.run();
    story.town.audit(story.opened).unwrap();
}

fn without(defence: Defence) -> Defences {
    Defences::ALL.danger_without(defence)
}

/// The message that raised the dispute comes once more under a new name, as a provider would send it that forgot.
#[test]
fn nobody_is_charged_back_twice() {
    let twice = |defences| {
        let mut story = Story::new(defences);
        story.claim("goods_not_received", Some(1000)).unwrap();
        story.payee(Act::Accept);
        let key = ("919800000001".to_owned(), story.paid.clone());
        let known = story.town.records("700001").find::<Dispute>(&key).unwrap();
        assert_eq!(story.claim("goods_not_received", Some(1000)), Ok(known.clone()), "it is the same");
        let forgotten = Dispute { refused: Some("U10".to_owned()), ..known };
        story.town.records("700001").put(forgotten);
        story.claim("goods_not_received", Some(1000)).unwrap();
        story.town.run();
        story.town.at_switch(&story.paid.clone()).refunded
    };
    assert_eq!(twice(Defences::ALL), 1000);
    assert_eq!(twice(without(Defence::DisputeOnce)), 2000);
}

#[test]
fn no_more_is_claimed_than_is_left() {
    let above = |defences| {
        let mut story = Story::new(defences);
        assert_eq!(story.refund(Some(2500)), "00");
        story.claim("goods_not_received", Some(1000)).unwrap();
        let taken = story.town.records(SWITCH).find::<UpiDispute>(&story.paid.clone());
        if taken.is_some() {
            story.payee(Act::Accept);
        }
        story.asha_has()
    };
    assert_eq!(above(Defences::ALL), 2_499_500);
    // The bank refuses what the switch let through; without both, more came back than was paid.
    assert_eq!(above(without(Defence::DisputeAmount)), 2_499_500);
    let neither = without(Defence::DisputeAmount).danger_without(Defence::DisputeOrRefund);
    assert_eq!(above(neither), 2_500_500);
}

/// Coral has neither side of the payment.
#[test]
fn a_stranger_does_nothing_in_a_dispute() {
    let strange = |defences| {
        let mut story = Story::new(defences);
        story.claim("goods_not_received", None).unwrap();
        let case = story.town.records(BANYAN).find::<UpiDisputeCase>(&(story.paid.clone(), Side::Payee));
        story.town.records("701003").put(case.unwrap());
        let code = story.desk("701003", Side::Payee, Act::Accept).unwrap();
        (code, story.state())
    };
    assert_eq!(strange(Defences::ALL), ("U17".to_owned(), State::Complaint));
    let (code, state) = strange(without(Defence::DisputeStranger));
    assert_eq!((code.as_str(), state), ("00", State::PaidBack(Ground::Accepted)));
}

/// A bank whose own clock is slow still believes that it has time.
#[test]
fn nobody_acts_for_another_or_after_the_clock() {
    let judged_by = |defences: upi::defences::Defences| {
        let mut story = Story::new(Defences::ALL);
        story.town.judge_disputes_by(defences);
        story.claim("goods_not_received", None).unwrap();
        story.payee(Act::Defend);
        // The payee's bank would go on in the payer's place.
        let key = (story.paid.clone(), Side::Payee);
        let case = story.town.records(BANYAN).find::<UpiDisputeCase>(&key).unwrap();
        let forged = UpiDisputeCase { side: Side::Payer, ..case };
        story.town.records(BANYAN).put(forged);
        let other = story.desk(BANYAN, Side::Payer, Act::Escalate).unwrap();
        // Its switch is away when the clock runs, and the act comes before it is woken.
        let late = {
            let mut dispute = story.town.records(SWITCH).find::<UpiDispute>(&story.paid.clone()).unwrap();
            dispute.state = State::Answered;
            dispute.due_at = Some(story.town.now);
            story.town.records(SWITCH).put(dispute);
            story.desk(AMBER, Side::Payer, Act::Escalate).unwrap_or_default()
        };
        (other, late)
    };
    use upi::defences::{Defence, Defences as Judging};
    let all = Judging::ALL;
    assert_eq!(judged_by(all), ("U17".to_owned(), "U10".to_owned()));
    assert_eq!(judged_by(all.danger_without(Defence::DisputeSide)).0, "00");
    assert_eq!(judged_by(all.danger_without(Defence::DisputeClock)).1, "00");
}

#[test]
fn a_window_of_forty_five_days() {
    let mut story = Story::new(Defences::ALL);
    story.town.settle_for(DAY * 44);
    let device = story.asha;
    let payment = story.town.sent(&story.paid.clone());
    assert!(!psp::disputes::possible(&payment, story.town.now).is_empty());
    story.town.settle_for(DAY * 2);
    assert!(psp::disputes::possible(&payment, story.town.now).is_empty());
    assert_eq!(story.claim("goods_not_received", None), Err(Refusal::NothingToDispute));
    // Nor is another's payment claimed.
    story.asha = story.chai;
    assert_eq!(story.claim("goods_not_received", None), Err(Refusal::NotFound));
    story.asha = device;
}

/// The payee's bank lost its own record of the credit, and so cannot give anything back.
#[test]
fn a_bank_that_does_not_book_is_not_told_for_ever() {
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", None).unwrap();
    let leg = (story.paid.clone(), Leg::Credit);
    let lost = story.town.records(BANYAN).find::<UpiLeg>(&leg).unwrap();
    story.town.records(BANYAN).remove::<UpiLeg>(&leg);
    story.payee(Act::Accept);
    assert_eq!(story.state(), State::Collecting(Ground::Accepted));
    story.town.settle_for(DAY * 2);
    assert_eq!(story.state(), State::Collecting(Ground::Accepted), "it is told again");
    // The world comes to rest, and a person has to look.
    story.town.run();
    let stuck = State::NotCollected(Ground::Accepted);
    assert_eq!((story.state(), story.asha_has()), (stuck, 2_497_000));
    assert_eq!(story.told().rsplit(", ").next(), Some("not_collected accepted"));
    assert!(story.town.audit(story.opened).is_err(), "it has not ended");
    // Asked once more before anything was mended it says no again.
    story.ask_again().unwrap();
    assert_eq!(story.state(), stuck);
    story.town.records(BANYAN).put(lost);
    story.ask_again().unwrap();
    assert_eq!((story.state(), story.asha_has()), (State::PaidBack(Ground::Accepted), 2_500_000));
    assert_eq!(story.ask_again(), Err(RuleRefusal::Illegal(Illegal::NotNow)));
    story.town.run();
    story.town.audit(story.opened).unwrap();
}

#[test]
fn the_network_takes_it_from_a_bank_that_does_not_book() {
    let mut story = Story::new(Defences::ALL);
    story.claim("goods_not_received", None).unwrap();
    let leg = (story.paid.clone(), Leg::Credit);
    story.town.records(BANYAN).remove::<UpiLeg>(&leg);
    story.payee(Act::Accept);
    story.town.run();
    assert_eq!(story.state(), State::NotCollected(Ground::Accepted));
    story.rule(true).unwrap();
    assert_eq!((story.state(), story.asha_has()), (State::PaidBack(Ground::Accepted), 2_500_000));
    let positions = story.town.records(SWITCH).all::<Position>();
    let of_disputes: Vec<_> = positions.iter().filter(|position| position.cycle.contains("DC")).collect();
    let sums = of_disputes.iter().map(|position| (position.bank.as_str(), position.pays, position.gets));
    assert_eq!(sums.collect::<Vec<_>>(), [(AMBER, 0, 3000), (BANYAN, 3000, 0)]);
}

/// The payer's bank lost the debit: it has the money from the cycle and does not book it.
#[test]
fn money_that_a_bank_keeps_is_seen_to_by_the_network() {
    for by_desk in [true, false] {
        let mut story = Story::new(Defences::ALL);
        story.claim("goods_not_received", None).unwrap();
        let leg = (story.paid.clone(), Leg::Debit);
        let lost = story.town.records(AMBER).find::<UpiLeg>(&leg).unwrap();
        story.town.records(AMBER).remove::<UpiLeg>(&leg);
        story.payee(Act::Accept);
        story.town.run();
        assert_eq!(story.state(), State::NotPaid(Ground::Accepted));
        if by_desk {
            story.rule(true).unwrap();
        } else {
            story.town.records(AMBER).put(lost);
            story.ask_again().unwrap();
        }
        assert_eq!(story.state(), State::PaidBack(Ground::Accepted));
        assert_eq!(story.asha_has(), if by_desk { 2_497_000 } else { 2_500_000 });
    }
}

/// A bank that says nothing of its books: the network's people decide, and a late answer counts too.
#[test]
fn books_that_are_never_opened_are_seen_to_by_the_network() {
    for late in [true, false] {
        let mut story = Story::new(Defences::ALL);
        story.town.silent.push(BANYAN.to_owned());
        story.claim("payee_not_credited", None).unwrap();
        story.town.settle_for(DAY * 4);
        assert_eq!(story.state(), State::NotAnswered);
        assert_eq!(story.own(Act::Withdraw), Err(Refusal::DisputeNotNow));
        if late {
            story.town.silent.clear();
            story.town.settle_for(Duration::from_secs(600));
            assert_eq!(story.state(), State::NotAnswered, "what it was asked is too old by now");
            story.ask_again().unwrap();
            assert_eq!(story.state(), State::Closed(Ground::CreditConfirmed));
        } else {
            story.rule(false).unwrap();
            assert_eq!(story.state(), State::Closed(Ground::Verdict));
        }
    }
}

#[test]
fn who_was_paid_is_told_what_is_claimed_and_how_it_ends() {
    let mut story = Story::new(Defences::ALL);
    let key = ("919800000005".to_owned(), story.paid.clone());
    let told = |story: &mut Story| story.town.records("700001").find::<ReceivedDispute>(&key);
    assert_eq!(told(&mut story), None);
    story.claim("goods_not_received", Some(1000)).unwrap();
    let first = told(&mut story).unwrap();
    assert_eq!((first.state, first.paise, first.reason.as_str()), (State::Complaint, 1000, "1064"));
    assert!(first.due_at.is_some() && first.number.starts_with("CRN"));
    story.payee(Act::Defend);
    assert_eq!(told(&mut story).unwrap().state, State::Answered);
    story.own(Act::Withdraw).unwrap();
    let last = told(&mut story).unwrap();
    assert_eq!((last.state, last.due_at), (State::Closed(Ground::Withdrawn), None));
    assert_eq!(last.at, first.at);
}

/// 100 rupees for each day begun, to the rupee: where the payment failed its payer, and nowhere else.
#[test]
fn late_money_brings_its_compensation_along() {
    for (reason, days, rupees) in [
        // Of a merchant who was not told the money is due by the end of the fifth day.
        ("merchant_not_told", 4, 0),
        ("merchant_not_told", 6, 100),
        ("merchant_not_told", 8, 300),
        // Goods that did not come are no failure of the payment.
        ("goods_not_received", 8, 0),
    ] {
        let mut story = Story::new(Defences::ALL);
        story.claim(reason, None).unwrap();
        // T+3 without an answer it is a chargeback, which can be accepted as well.
        story.town.settle_for(DAY * days);
        assert_eq!(story.payee(Act::Accept), "00");
        assert_eq!(story.state(), State::PaidBack(Ground::Accepted));
        assert_eq!(story.asha_has(), 2_500_000 + rupees * 100, "{reason} after {days} days");
        assert_eq!(story.town.all_sums().compensation, rupees * 100);
        story.town.run();
        story.town.audit(story.opened).unwrap();
    }
    // A credit that was never made, which the payee's bank says after eight days: a merchant's, so three of them are late.
    let mut story = Story::new(Defences::ALL);
    let leg = (story.paid.clone(), Leg::Credit);
    story.town.records(BANYAN).remove::<UpiLeg>(&leg);
    story.town.settle_for(DAY * 8);
    story.claim("payee_not_credited", None).unwrap();
    assert_eq!(story.state(), State::PaidBack(Ground::CreditReturned));
    assert_eq!(story.asha_has(), 2_500_000 + 30_000);
    let account = compensation_account();
    let house = story.town.records(AMBER).find::<ledger::Account>(&account).unwrap();
    assert_eq!(house.balance().unsigned_abs(), 30_000);
}

/// Whoever pays a rupee may not report for that; whoever claims it back may, until the claim is lost.
#[test]
fn a_payment_of_ones_own_is_no_leave_to_report() {
    let mut story = Story::new(Defences::ALL);
    use psp::defences::{Defence as Check, Defences as Checks};
    let report_by = |story: &mut Story, defences| {
        let dealing = Some(Dealing::Payment(story.paid.clone(), Direction::Sent));
        let (device, address) = (story.asha, "person5@paiza".to_owned());
        story.town.at_psp(Block { device, address, report: true, dealing, defences })
    };
    let report = |story: &mut Story| report_by(story, Checks::ALL);
    let reports = |story: &mut Story| {
        let found = story.town.records("700001").find::<ReportedAddress>(&"person5@paiza".to_owned());
        found.map_or(0, |found| found.by.len())
    };
    assert_eq!(report(&mut story), Err(Refusal::NothingToReport));
    story.claim("goods_not_received", None).unwrap();
    report(&mut story).unwrap();
    assert_eq!(reports(&mut story), 1);
    story.own(Act::Withdraw).unwrap();
    assert_eq!(reports(&mut story), 0, "the claim is lost, and the report with it");
    assert_eq!(report(&mut story), Err(Refusal::NothingToReport));
    assert_eq!(report_by(&mut story, Checks::ALL.danger_without(Check::ReportDealings)), Ok(()));
}
