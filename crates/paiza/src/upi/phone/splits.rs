//! `paiza upi split`, `splits`: bills that several people share.

use super::{PhoneDir, failure, open};
use crate::output::{Failure, Output};
use clap::Subcommand;
use psp::splits::Split;
use serde_json::json;
use server::upi::app::SplitShown;
use values::{Currency, Money};

/// What is done with shared bills.
#[derive(Subcommand)]
pub(crate) enum Shared {
    /// Share a bill: a link for each who pays a part
    Split {
        #[command(flatten)]
        phone: PhoneDir,
        /// The whole, rupees, such as 1200.00
        #[arg(long)]
        total: String,
        /// What for
        #[arg(long)]
        note: String,
        /// Who pays a part, repeated; NAME=RUPEES if it is not an equal part
        #[arg(long = "with", value_name = "NAME", required = true)]
        with: Vec<String>,
        /// Everything is for the others: the splitter bears no part
        #[arg(long)]
        without_me: bool,
    },
    /// The bills that were shared, or one of them: who has paid
    Splits {
        #[command(flatten)]
        phone: PhoneDir,
        /// One of them
        split: Option<String>,
    },
}

pub(super) fn run(what: &Shared, output: Output) -> Result<(), Failure> {
    match what {
        Shared::Split { phone, total, note, with, without_me } => {
            let total = rupees(total, "--total")?;
            let people = with.iter().map(|text| sharer(text)).collect::<Result<Vec<_>, _>>()?;
            let split = open(phone)?.split_bill(note, total, &people, !without_me).map_err(failure)?;
            show(&split, output);
            Ok(())
        }
        Shared::Splits { phone, split: Some(id) } => {
            show(&open(phone)?.split(id).map_err(failure)?, output);
            Ok(())
        }
        Shared::Splits { phone, split: None } => {
            let all = open(phone)?.splits().map_err(failure)?;
            for split in &all {
                let (paid, asked) = standing(split);
                output.line(format!("{}  {}: {paid} of {asked} paid", split.id, split.note));
                output.row(&json!({ "split": split.id, "note": split.note, "paid": paid, "shares": asked }));
            }
            output.summary(json!({ "splits": all.len() }));
            Ok(())
        }
    }
}

fn rupees(text: &str, what: &str) -> Result<Money, Failure> {
    let money = Money::parse(text, Currency::INR);
    money.map_err(|_| Failure::usage(format!("{what} is rupees, such as 30.00")))
}

fn sharer(text: &str) -> Result<(String, Option<Money>), Failure> {
    match text.split_once('=') {
        Some((who, amount)) => Ok((who.to_owned(), Some(rupees(amount, "--with NAME=RUPEES")?))),
        None => Ok((text.to_owned(), None)),
    }
}

/// How many of the shares that others bear are paid, and how many there are.
fn standing(split: &Split) -> (usize, usize) {
    let asked = split.shares.iter().filter(|share| share.reference.is_some());
    (asked.clone().filter(|share| share.paid.is_some()).count(), asked.count())
}

fn show(shown: &SplitShown, output: Output) {
    let split = &shown.split;
    for ((share, link), given_back) in split.shares.iter().zip(&shown.links).zip(&shown.given_back) {
        let amount = Money::new(share.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR));
        let who = if share.who.is_empty() { "you" } else { &share.who };
        let stands = match (&share.paid, link) {
            (Some(_), _) if *given_back >= share.paise => "paid, and given back",
            (Some(_), _) if *given_back > 0 => "paid, and a part given back",
            (Some(_), _) => "paid",
            (None, Some(link)) => link,
            (None, None) => "your own part",
        };
        output.line(format!("{who}: {amount}  {stands}"));
        output.row(&json!({
            "who": who, "amount": amount.to_decimal(), "link": link, "paid": share.paid,
            "given_back_paise": given_back,
        }));
    }
    let (paid, asked) = standing(split);
    output.summary(json!({ "split": split.id, "note": split.note, "paid": paid, "shares": asked }));
}
