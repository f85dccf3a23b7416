//! A mandate on its way through the switch: made, paused, let go on, or revoked.
//!
//! The payer is asked if it was not the payer who began; then the payer's bank is asked until it says. A bank that is silent
//! is asked again under the same transaction, which it decides once: so nobody ever has to guess whether there is a mandate.

use crate::machines::switch::Answer;
use serde::{Deserialize, Serialize};

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// The payer is asked.
    AskingPayer,
    /// The payer's bank is asked, for the so-manieth time.
    AskingBank(u32),
    /// The bank did it.
    Done,
    /// It was not done; the code of who said so.
    Refused(String),
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderInput {
    /// The payer's provider answered.
    PayerSaid(Answer),
    /// The payer did not say in time.
    PayerSilent,
    /// The bank answered.
    BankSaid(Answer),
    /// It did not in time.
    BankSilent,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSend {
    /// ReqAuthMandate to the payer's provider.
    AskPayer,
    /// ReqMandate to the payer's bank.
    AskBank,
}

/// The next state, and what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStep {
    /// The state from now on.
    pub state: OrderState,
    /// What is sent.
    pub send: Option<OrderSend>,
}

impl OrderState {
    /// Begins one.
    pub fn begin(payer_began: bool) -> OrderStep {
        match payer_began {
            true => OrderStep { state: OrderState::AskingBank(1), send: Some(OrderSend::AskBank) },
            false => OrderStep { state: OrderState::AskingPayer, send: Some(OrderSend::AskPayer) },
        }
    }

    /// Takes one input; `None` if it came too late.
    pub fn advance(&self, input: &OrderInput) -> Option<OrderStep> {
        let end = |state| Some(OrderStep { state, send: None });
        let ask =
            |time| Some(OrderStep { state: OrderState::AskingBank(time), send: Some(OrderSend::AskBank) });
        match (self, input) {
            (OrderState::AskingPayer, OrderInput::PayerSaid(Answer::Yes)) => ask(1),
            (OrderState::AskingPayer, OrderInput::PayerSaid(Answer::No(code))) => {
                end(OrderState::Refused(code.clone()))
            }
            (OrderState::AskingPayer, OrderInput::PayerSilent) => end(OrderState::Refused("U69".to_owned())),
            (OrderState::AskingBank(_), OrderInput::BankSaid(Answer::Yes)) => end(OrderState::Done),
            (OrderState::AskingBank(_), OrderInput::BankSaid(Answer::No(code))) => {
                end(OrderState::Refused(code.clone()))
            }
            (OrderState::AskingBank(times), OrderInput::BankSilent) => ask(times.saturating_add(1)),
            _ => None,
        }
    }

    /// Whether it has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, OrderState::Done | OrderState::Refused(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payer_first_then_the_bank_and_nothing_after_the_end() {
        let no = |code: &str| Answer::No(code.to_owned());
        let begun = OrderState::begin(false);
        assert_eq!((begun.state, begun.send), (OrderState::AskingPayer, Some(OrderSend::AskPayer)));
        let said = |state: &OrderState, input| state.advance(&input).map(|step| step.state);
        let asking = OrderState::AskingPayer;
        assert_eq!(said(&asking, OrderInput::BankSaid(Answer::Yes)), None);
        assert_eq!(
            said(&asking, OrderInput::PayerSaid(no("ZA"))),
            Some(OrderState::Refused("ZA".to_owned()))
        );
        let at_bank = said(&asking, OrderInput::PayerSaid(Answer::Yes)).unwrap();
        let again = at_bank.advance(&OrderInput::BankSilent).unwrap();
        assert_eq!((&again.state, again.send), (&OrderState::AskingBank(2), Some(OrderSend::AskBank)));
        let done = said(&again.state, OrderInput::BankSaid(Answer::Yes)).unwrap();
        for late in [OrderInput::PayerSilent, OrderInput::BankSilent, OrderInput::BankSaid(no("ZM"))] {
            assert_eq!(done.advance(&late), None);
        }
        assert!(done.is_final() && !again.state.is_final());
    }
}
