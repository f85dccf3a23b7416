//! Merchants and terminals come, change and sign on.

use crate::names::{AcceptorId, TerminalId};
use crate::operations::accept::next_stan;
use crate::operations::shared::{Undertaking, admitted};
use crate::records::{Batch, Institution, Merchant, MerchantState, Terminal, TerminalState, TraceCounter};
use crate::refusal::Refusal;
use iso8583::Stan;
use values::{Id, MerchantCategory, Operation, Records, Timestamp, id::kinds};

/// Adds a merchant, or changes everything about one but its name on the wire and its currency.
#[derive(Clone, Debug)]
pub struct RegisterMerchant {
    /// The merchant.
    pub merchant: Merchant,
}

impl Operation for RegisterMerchant {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.register_merchant";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let new = &self.merchant;
        let other = |old: Merchant| old.acceptor != new.acceptor || old.currency != new.currency;
        if records.find::<Merchant>(&new.id).is_some_and(other) {
            return Err(Refusal::NameTaken);
        }
        records.put(new.clone());
        Ok(())
    }
}

/// Changes a merchant. What is not said stays; its name on the wire and its currency always do.
#[derive(Clone, Debug)]
pub struct ChangeMerchant {
    /// Which merchant.
    pub merchant: Id<kinds::Merchant>,
    /// What stands on receipts.
    pub name: Option<String>,
    /// The town.
    pub city: Option<String>,
    /// What it sells.
    pub category: Option<MerchantCategory>,
    /// The most of one payment, minor units.
    pub limit_payment: Option<u64>,
    /// The most of one day's sales, minor units.
    pub limit_daily: Option<u64>,
    /// What it may do. A closed merchant stays closed.
    pub state: Option<MerchantState>,
}

impl ChangeMerchant {
    /// No change yet.
    pub fn of(merchant: Id<kinds::Merchant>) -> ChangeMerchant {
        ChangeMerchant {
            merchant,
            name: None,
            city: None,
            category: None,
            limit_payment: None,
            limit_daily: None,
            state: None,
        }
    }
}

impl Operation for ChangeMerchant {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.change_merchant";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let old: Merchant = records.find(&self.merchant).ok_or(Refusal::WrongMerchant)?;
        let state = self.state.unwrap_or(old.state);
        if old.state == MerchantState::Closed && state != MerchantState::Closed {
            return Err(Refusal::MerchantInactive);
        }
        records.put(Merchant {
            name: self.name.clone().unwrap_or(old.name),
            city: self.city.clone().unwrap_or(old.city),
            category: self.category.unwrap_or(old.category),
            limit_payment: self.limit_payment.unwrap_or(old.limit_payment),
            limit_daily: self.limit_daily.unwrap_or(old.limit_daily),
            state,
            ..old
        });
        Ok(())
    }
}

/// Adds a terminal of a merchant and opens its first batch. Again for the same merchant it changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct RegisterTerminal {
    /// Its name on the wire.
    pub id: TerminalId,
    /// Whose it is.
    pub merchant: Id<kinds::Merchant>,
}

impl Operation for RegisterTerminal {
    type Answer = Terminal;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.register_terminal";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Terminal, Refusal> {
        let merchant: Merchant = records.find(&self.merchant).ok_or(Refusal::WrongMerchant)?;
        if let Some(terminal) = records.find::<Terminal>(&self.id) {
            return if terminal.merchant == self.merchant { Ok(terminal) } else { Err(Refusal::NameTaken) };
        }
        let terminal = Terminal {
            id: self.id,
            merchant: merchant.id,
            state: TerminalState::Active,
            last_trace: Stan::new(0).expect("zero is a number of six digits"),
            batch: 1,
            signed_on_at: None,
        };
        records.put(Batch::open(self.id, terminal.batch, merchant.currency, now));
        records.put(terminal.clone());
        Ok(terminal)
    }
}

/// Lets a terminal be used, or not.
#[derive(Clone, Copy, Debug)]
pub struct SetTerminalState {
    /// Which terminal.
    pub terminal: TerminalId,
    /// Whether it may be used.
    pub state: TerminalState,
}

impl Operation for SetTerminalState {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.set_terminal_state";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let terminal: Terminal = records.find(&self.terminal).ok_or(Refusal::UnknownTerminal)?;
        records.put(Terminal { state: self.state, ..terminal });
        Ok(())
    }
}

/// A terminal signs on; it is told its open batch.
#[derive(Clone, Copy, Debug)]
pub struct SignOn {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
}

impl Operation for SignOn {
    /// The terminal as it now stands, with its open batch and last trace number.
    type Answer = Terminal;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.sign_on";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Terminal, Refusal> {
        let (terminal, _) = admitted(records, &self.terminal, &self.acceptor, Undertaking::Conclude)?;
        let terminal = Terminal { signed_on_at: Some(now), ..terminal };
        records.put(terminal.clone());
        Ok(terminal)
    }
}

/// Takes a trace number towards the network for something that is no payment, such as an echo.
#[derive(Clone, Debug)]
pub struct NextTrace {
    /// Who we are.
    pub institution: Institution,
}

impl Operation for NextTrace {
    type Answer = Stan;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.next_trace";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Stan, Refusal> {
        let stan = next_stan(records, &self.institution);
        records.put(TraceCounter { institution: self.institution.id, last: stan });
        Ok(stan)
    }
}
