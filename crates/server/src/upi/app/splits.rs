//! What phones ask about bills that several people share.

use super::{Call, LISTED, No, shown};
use axum::response::Response;
use platform::psp::PaymentService;
use psp::records::DeviceId;
use psp::splits::{Sharer, Split};
use serde::{Deserialize, Serialize};
use values::{Currency, Money};

/// Shares a bill.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSplit {
    /// A name that the phone made: the same one again is the same split.
    pub id: String,
    /// What for.
    pub note: String,
    /// The whole, rupees.
    pub total: String,
    /// Who shares, beside the splitter.
    pub people: Vec<NewSharer>,
    /// Whether the splitter bears an equal part.
    pub with_splitter: bool,
}

/// Somebody who shares.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSharer {
    /// The name.
    pub who: String,
    /// Rupees, if it is not an equal part.
    pub amount: Option<String>,
}

/// A split, with the link of each share.
#[derive(Debug, Serialize, Deserialize)]
pub struct SplitShown {
    /// The split.
    pub split: Split,
    /// The links, in the order of the shares; nothing for the splitter's own.
    pub links: Vec<Option<String>>,
    /// Of each share's payment: what was given back, or is being, in paise.
    pub given_back: Vec<u64>,
}

impl SplitShown {
    fn of((split, given_back): (Split, Vec<u64>)) -> SplitShown {
        let link = |share| split.link(share).map(|link| link.text().to_owned());
        let links = split.shares.iter().map(link).collect();
        SplitShown { split, links, given_back }
    }
}

/// Answers what is asked here; nothing if it is something else.
pub(super) fn answer(
    service: &PaymentService,
    device: DeviceId,
    call: &Call,
    rest: &[&str],
) -> Option<Result<Response, No>> {
    let answer = || -> Result<Option<Response>, No> {
        match (call.method.as_str(), rest) {
            ("POST", ["splits"]) => {
                let split = make(service, device, call.read()?)?;
                let nothing = vec![0; split.shares.len()];
                Ok(Some(shown(&SplitShown::of((split, nothing)))))
            }
            ("GET", ["splits"]) => Ok(Some(shown(&service.splits(device, LISTED)?))),
            ("GET", ["splits", id]) => Ok(Some(shown(&SplitShown::of(service.split(device, id)?)))),
            _ => Ok(None),
        }
    };
    answer().transpose()
}

fn make(service: &PaymentService, device: DeviceId, new: NewSplit) -> Result<Split, No> {
    let NewSplit { id, note, total, people, with_splitter } = new;
    let is_name = id.strip_prefix("split_").is_some_and(|rest| {
        (16..=40).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if !is_name {
        return Err(No::invalid("/id"));
    }
    let total = Money::parse(&total, Currency::INR).map_err(|_| No::invalid("/total"))?;
    let sharer = |(place, one): (usize, NewSharer)| {
        let paise = one.amount.map(|amount| Money::parse(&amount, Currency::INR).map(Money::minor));
        let paise = paise.transpose().map_err(|_| No::invalid(&format!("/people/{place}/amount")))?;
        Ok(Sharer { who: one.who, paise })
    };
    let people = people.into_iter().enumerate().map(sharer).collect::<Result<Vec<_>, No>>()?;
    Ok(service.split_bill(device, (id, note), total, (people, with_splitter))?)
}
