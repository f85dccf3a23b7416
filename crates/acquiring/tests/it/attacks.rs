//! What a terminal, or somebody in its place, tries with an acquirer: each refused, and each succeeding without the
//! one check it is about.

use crate::books::{TOKEN, World, card, yuan};
use acquiring::operations::{Accept, TakenBack};
use acquiring::records::PaymentKind;
use acquiring::terminal_line::{Request, read};
use acquiring::{Defence, Defences, Refusal};
use values::{Id, Operation};

/// What came of an attack: the refusal's code, or what was gained.
type Attack = fn(&mut World) -> Result<String, Refusal>;

fn with_another_category(world: &mut World) -> Result<String, Refusal> {
    let mut message = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &card(TOKEN), None);
    message.set_text(18, "4111");
    let accepted = world.submit(&message)?;
    Ok(format!("told as {}", accepted.merchant.category))
}

fn over_the_limit_of_a_payment(world: &mut World) -> Result<String, Refusal> {
    world.pay(PaymentKind::Sale, 1, "1000.01", None).map(|payment| format!("paid {}", payment.amount))
}

fn over_the_limit_of_a_day(world: &mut World) -> Result<String, Refusal> {
    for trace in 1..=2 {
        world.pay(PaymentKind::Sale, trace, "1000.00", None)?;
    }
    world.pay(PaymentKind::Sale, 3, "500.01", None).map(|payment| format!("paid {}", payment.amount))
}

fn the_same_request_again(world: &mut World) -> Result<String, Refusal> {
    let first = world.pay(PaymentKind::Sale, 1, "12.50", None)?;
    let second = world.pay(PaymentKind::Sale, 1, "12.50", None)?;
    assert_ne!(first.reference, second.reference);
    Ok("two payments".to_owned())
}

fn a_request_after_its_reversal(world: &mut World) -> Result<String, Refusal> {
    assert_eq!(world.reverse(1, "12.50"), Ok(TakenBack::Remembered));
    world.pay(PaymentKind::Sale, 1, "12.50", None).map(|payment| format!("paid {}", payment.amount))
}

fn more_back_than_was_paid(world: &mut World) -> Result<String, Refusal> {
    let sale = world.approved(PaymentKind::Sale, 1, "12.50");
    let refund = world.pay(PaymentKind::Refund, 2, "999.00", Some(sale.reference))?;
    Ok(format!("refunds {}", refund.amount))
}

fn less_than_the_bill(world: &mut World) -> Result<String, Refusal> {
    let bill = world.bill(5, "36.50")?;
    world.scan(Some(bill), 1, "0.50").map(|payment| format!("paid {} of {}", payment.amount, "3650"))
}

#[test]
fn each_attack_is_refused_and_succeeds_without_its_defence() {
    let table: [(Attack, Defence, Refusal, &str); 7] = [
        (with_another_category, Defence::Category, Refusal::WrongCategory, "told as 4111"),
        (over_the_limit_of_a_payment, Defence::Limits, Refusal::PaymentLimit, "paid 100001"),
        (over_the_limit_of_a_day, Defence::Limits, Refusal::DailyLimit, "paid 50001"),
        (the_same_request_again, Defence::Repeats, Refusal::TraceUsed, "two payments"),
        (a_request_after_its_reversal, Defence::EarlyReversal, Refusal::ReversedBefore, "paid 1250"),
        (more_back_than_was_paid, Defence::Original, Refusal::AboveOriginal, "refunds 99900"),
        (less_than_the_bill, Defence::Bill, Refusal::BillAmount, "paid 50 of 3650"),
    ];
    for (attack, defence, refusal, gained) in table {
        assert_eq!(attack(&mut World::new()), Err(refusal), "{defence:?}");
        let mut world = World::new();
        world.institution.defences = Defences::ALL.danger_without(defence);
        assert_eq!(attack(&mut world).as_deref(), Ok(gained), "without {defence:?}");
    }
}

#[test]
fn a_repeat_is_known_by_its_name() {
    let mut world = World::new();
    for known in [true, false] {
        let message = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &card(TOKEN), None);
        let Ok(Request::Payment(request)) = read(&world.wire(&message), &world.institution) else { panic!() };
        let accept = Accept { request, institution: world.institution.clone(), id: Id::from_u128(7) };
        assert_eq!(accept.idempotency().is_some(), known);
        world.institution.defences = Defences::ALL.danger_without(Defence::Repeats);
    }
}
