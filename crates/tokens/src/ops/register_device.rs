//! A phone introduces itself with its public keys. It can do nothing until a number is confirmed with it.

use crate::day::DailyCount;
use crate::ops::Done;
use crate::records::{Device, DeviceId, DeviceKeys, DeviceState};
use crate::refusal::Refusal;
use crate::text::Name;
use values::{Operation, Records, Timestamp};

/// Registers a device. The same device with the same keys may say so again.
#[derive(Clone, Debug)]
pub struct RegisterDevice {
    /// Its fresh name.
    pub device: DeviceId,
    /// What the customer calls it.
    pub name: Name,
    /// Its public keys.
    pub keys: DeviceKeys,
}

impl Operation for RegisterDevice {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.register_device";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        self.keys.check()?;
        if let Some(known) = records.find::<Device>(&self.device) {
            return if known.keys == self.keys { Ok(Done) } else { Err(Refusal::DeviceExists) };
        }
        records.put(Device {
            id: self.device,
            customer: None,
            name: self.name.clone(),
            keys: self.keys.clone(),
            state: DeviceState::Pending,
            tokens: Vec::new(),
            pending: Vec::new(),
            attempts: DailyCount::default(),
            created: now,
        });
        Ok(Done)
    }
}
