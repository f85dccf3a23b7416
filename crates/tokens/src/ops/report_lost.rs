//! A phone is lost: every token on it is suspended at once, and its signature counts no more.

use crate::change::set_standing;
use crate::day::Day;
use crate::defences::Defence;
use crate::digest::Digest16;
use crate::policy::Policy;
use crate::records::{Customer, CustomerId, Device, DeviceId, DeviceState, Standing, Suspender, Token};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Operation, Records, Timestamp};

/// How the one who reports is known.
#[derive(Clone, Copy, Debug)]
pub enum Reporter {
    /// An operator, or a session of the customer that the platform has authenticated.
    Authenticated,
    /// Anybody with the recovery secret, from any browser; this is its keyed digest.
    Recovery(Digest16),
}

/// Reports one device of a customer, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct ReportLost {
    /// Whose phone.
    pub customer: CustomerId,
    /// Which; none means all.
    pub device: Option<DeviceId>,
    /// How the reporter is known.
    pub reporter: Reporter,
    /// Limits.
    pub policy: Policy,
}

/// What a report led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// So many tokens are now suspended by the platform.
    Suspended {
        /// Tokens on the devices.
        tokens: u16,
    },
    /// The recovery secret was wrong; the try was counted.
    WrongSecret,
}

impl Operation for ReportLost {
    type Answer = Reported;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.report_lost";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Reported, Refusal> {
        let mut customer: Customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
        if let Reporter::Recovery(guess) = self.reporter {
            let today = Day::of(now, Zone::Utc);
            let spent = customer.recovery_tries.on(today) >= self.policy.recovery_tries_daily;
            if spent && self.policy.defences.stands(Defence::RecoveryTries) {
                return Err(Refusal::RecoveryRefused);
            }
            if !customer.recovery.is_some_and(|kept| kept.matches(&guess)) {
                let _counted = customer.recovery_tries.take(today, self.policy.recovery_tries_daily);
                records.put(customer);
                return Ok(Reported::WrongSecret);
            }
        }
        let devices = match self.device {
            Some(device) if !customer.devices.contains(&device) => return Err(Refusal::DeviceUnknown),
            Some(device) => vec![device],
            None => customer.devices.clone(),
        };
        let tokens = devices.into_iter().map(|device| lose(records, device, now)).sum();
        Ok(Reported::Suspended { tokens })
    }
}

fn lose<W: Records>(records: &mut W, device: DeviceId, now: Timestamp) -> u16 {
    let Some(mut device) = records.find::<Device>(&device) else { return 0 };
    let tokens = device.tokens.clone();
    device.state = DeviceState::Lost;
    records.put(device);
    let found: Vec<Token> = tokens.iter().filter_map(|token| records.find::<Token>(token)).collect();
    let count = found.len() as u16;
    for token in found {
        let suspenders = token.standing.suspenders.with(Suspender::Platform);
        let standing = Standing { suspenders, ..token.standing };
        set_standing(records, token, standing, Suspender::Platform, now);
    }
    count
}
