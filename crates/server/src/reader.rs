//! Where cards are presented: the virtual reader socket, or any other reader behind the same trait.

use crate::vpcd::{PresentCard, ReaderEnd, VpcdError};
use std::time::Duration;

/// Why a reader could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The card left the field, or stopped answering.
    #[error("the card was removed")]
    Removed,
    /// Nobody presented a card for as long as this reader waits.
    #[error("no card was presented")]
    NoCard,
    /// The reader itself failed.
    #[error("reader: {0}")]
    Failed(String),
}

/// A card in the field of a reader.
pub trait CardInField {
    /// Its answer to reset.
    fn answer_to_reset(&self) -> &[u8];
    /// Sends a command APDU and waits for the response with its status word.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError>;
}

/// A place to hold a card against.
pub trait Reader {
    /// Waits until a card is presented.
    fn wait_for_card(&mut self) -> Result<Box<dyn CardInField>, ReaderError>;
}

/// How long a card may take for one answer.
const CARD_PATIENCE: Duration = Duration::from_secs(5);

impl Reader for ReaderEnd {
    fn wait_for_card(&mut self) -> Result<Box<dyn CardInField>, ReaderError> {
        let card = ReaderEnd::wait_for_card(self, CARD_PATIENCE)?;
        Ok(Box::new(card))
    }
}

impl CardInField for PresentCard {
    fn answer_to_reset(&self) -> &[u8] {
        &self.answer_to_reset
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        Ok(PresentCard::transmit(self, command)?)
    }
}

impl From<VpcdError> for ReaderError {
    fn from(error: VpcdError) -> ReaderError {
        match error {
            VpcdError::Removed | VpcdError::TimedOut => ReaderError::Removed,
            VpcdError::NoCard => ReaderError::NoCard,
            other => ReaderError::Failed(other.to_string()),
        }
    }
}
