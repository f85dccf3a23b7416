//! `paiza soak`: a great many payments while everything goes wrong that can, from one seed.

use crate::output::{Failure, Output};
use clap::{Args, Subcommand};
use serde_json::json;
use sim::Weather;
use sim::soak::{Broken, Report, Soak};

#[derive(Subcommand)]
pub(crate) enum SoakWhat {
    /// Account payment: provider, switch and banks on simulated wires that lose, double, hold and reorder, with crashes
    Upi(SoakUpi),
}

/// Example: paiza soak upi --payments 10000 --seed 7
#[derive(Args)]
pub(crate) struct SoakUpi {
    /// How many orders are given: payments, requests for money, refunds, bills, and what is done with purses and mandates
    #[arg(long, default_value_t = 10_000)]
    payments: u64,
    /// From which everything follows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run this one round again, which a soak named when it found something wrong
    #[arg(long)]
    round: Option<u64>,
}

pub(crate) fn run(what: &SoakWhat, output: Output) -> Result<(), Failure> {
    let SoakWhat::Upi(what) = what;
    if let Some(round) = what.round {
        let report = sim::soak::one_round(what.payments, round, Weather::ROUGH)
            .map_err(|broken| told(&broken, what.payments))?;
        return conclude(&report, output);
    }
    let mut soak = Soak::new(what.payments, what.seed, Weather::ROUGH);
    let (step, mut next) = (what.payments / 20, what.payments);
    loop {
        let before = soak.left();
        match soak.round() {
            Ok(Some(report)) => return conclude(report, output),
            Ok(None) => {}
            Err(broken) => return Err(told(&broken, before - soak.left())),
        }
        if step > 0 && soak.left() + step <= next {
            next = soak.left();
            output.line(format!(
                "{} of {} are over, and all books agree",
                what.payments - next,
                what.payments
            ));
        }
    }
}

fn told(broken: &Broken, orders: u64) -> Failure {
    let Broken { seed, what } = broken;
    let again = format!("paiza soak upi --payments {orders} --round {seed}");
    Failure::integrity(format!("{what}; again by: {again}")).with(json!({ "round": seed, "again": again }))
}

fn conclude(report: &Report, output: Output) -> Result<(), Failure> {
    let Report { orders, ends, deliveries, late, digest } = report;
    output.line(format!(
        "{orders} orders: {} paid, {} failed, {} given back after they were deemed; {} of the paid are refunds",
        ends.success, ends.failed, ends.returned, ends.refunds,
    ));
    output.line(format!(
        "nobody knew for a while how {} of them had ended; {late} answers came too late, in {deliveries} deliveries",
        ends.unknown,
    ));
    output.line(format!(
        "{} disputes: {} paid back, {} not",
        ends.paid_back + ends.closed,
        ends.paid_back,
        ends.closed
    ));
    output.line(format!(
        "{} bills taken, {} given back; {} mandates, {} debits under them, {} apart in their states; {} purses",
        ends.bills, ends.bills_back, ends.mandates, ends.debits, ends.mandates_apart, ends.purses,
    ));
    output.line("every payment has ended; all books agree, positions are zero, people were told what is");
    output.summary(json!({
        "orders": orders, "paid": ends.success, "failed": ends.failed, "returned": ends.returned,
        "refunds": ends.refunds, "paid_back": ends.paid_back, "closed": ends.closed, "bills": ends.bills, "bills_back": ends.bills_back,
        "mandates": ends.mandates, "mandates_apart": ends.mandates_apart, "debits": ends.debits, "purses": ends.purses, "unknown_for_a_while": ends.unknown, "late": late, "deliveries": deliveries,
        "digest": digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    }));
    Ok(())
}
