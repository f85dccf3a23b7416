//! Any PC/SC reader as the place where cards are presented (PC/SC part 5, through the system's service).
//!
//! Only with the feature `pcsc`, because it links the system's PC/SC library. A room of its own, so that trying it does not
//! build every door again.

#[cfg(feature = "pcsc")]
pub use present::PcscReader;

/// Why a PC/SC reader cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PcscError {
    /// This build has no PC/SC.
    #[error("this build reads no PC/SC readers: build it with `--features pcsc`")]
    NotBuilt,
    /// No reader is called that; these are there.
    #[error("no reader's name contains \"{wanted}\"; readers: {}", listed(.there))]
    NoReader {
        /// What was looked for.
        wanted: String,
        /// The readers that are there.
        there: Vec<String>,
    },
    /// The service said no.
    #[error("PC/SC: {0}")]
    Service(String),
}

fn listed(there: &[String]) -> String {
    if there.is_empty() { "none".to_owned() } else { there.join(", ") }
}

/// Opens the first reader whose name contains `name`.
#[cfg(not(feature = "pcsc"))]
pub fn open(
    _name: &str,
    _patience: std::time::Duration,
) -> Result<Box<dyn server::reader::Reader>, PcscError> {
    Err(PcscError::NotBuilt)
}

/// Opens the first reader whose name contains `name`. A card is waited for at most `patience`.
#[cfg(feature = "pcsc")]
pub fn open(name: &str, patience: std::time::Duration) -> Result<Box<dyn server::reader::Reader>, PcscError> {
    Ok(Box::new(PcscReader::open(name, patience)?))
}

#[cfg(feature = "pcsc")]
mod present {
    use super::PcscError;
    use pcsc::{
        Card, Context, Disposition, Error, MAX_ATR_SIZE, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState,
        Scope, ShareMode, State,
    };
    use server::reader::{CardInField, Reader, ReaderError};
    use std::ffi::CString;
    use std::time::{Duration, Instant};

    /// A reader of the system's PC/SC service.
    pub struct PcscReader {
        context: Context,
        name: CString,
        patience: Duration,
        /// A card was here and may still be: the next customer is another one.
        served: bool,
    }

    impl PcscReader {
        /// Opens the first reader whose name contains `name`.
        pub fn open(name: &str, patience: Duration) -> Result<PcscReader, PcscError> {
            let service = |error: Error| PcscError::Service(error.to_string());
            let context = Context::establish(Scope::User).map_err(service)?;
            let readers = match context.list_readers_owned() {
                Err(Error::NoReadersAvailable) => Vec::new(),
                listed => listed.map_err(service)?,
            };
            let fits = |reader: &&CString| reader.to_string_lossy().contains(name);
            match readers.iter().find(fits) {
                Some(reader) => Ok(PcscReader { name: reader.clone(), context, patience, served: false }),
                None => {
                    let there = readers.iter().map(|reader| reader.to_string_lossy().into_owned()).collect();
                    Err(PcscError::NoReader { wanted: name.to_owned(), there })
                }
            }
        }

        fn connect(&self) -> Result<Option<Card>, Error> {
            match self.context.connect(&self.name, ShareMode::Shared, Protocols::ANY) {
                Ok(card) => Ok(Some(card)),
                // It left again, or has not answered its reset yet.
                Err(
                    Error::NoSmartcard
                    | Error::RemovedCard
                    | Error::ResetCard
                    | Error::UnpoweredCard
                    | Error::UnresponsiveCard,
                ) => Ok(None),
                Err(error) => Err(error),
            }
        }
    }

    impl Reader for PcscReader {
        fn wait_for_card(&mut self) -> Result<Box<dyn CardInField>, ReaderError> {
            let until = Instant::now() + self.patience;
            let mut states = [ReaderState::new(self.name.clone(), State::UNAWARE)];
            loop {
                let left = until.saturating_duration_since(Instant::now());
                match self.context.get_status_change(left, &mut states) {
                    Ok(()) => {}
                    Err(Error::Timeout) => return Err(ReaderError::NoCard),
                    Err(error) => return Err(failed(error)),
                }
                states[0].sync_current_state();
                // A card that stays has to leave before it is another presentation.
                self.served &= states[0].event_state().contains(State::PRESENT);
                if !self.served
                    && states[0].event_state().contains(State::PRESENT)
                    && !states[0].event_state().contains(State::MUTE)
                    && let Some(card) = self.connect().map_err(failed)?
                {
                    let mut atr = [0; MAX_ATR_SIZE];
                    let status = card.status2(&mut [0; 256], &mut atr).map(|status| status.atr().to_vec());
                    let answer_to_reset = status.map_err(failed)?;
                    self.served = true;
                    let buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
                    return Ok(Box::new(PcscCard { card: Some(card), answer_to_reset, buffer }));
                }
            }
        }
    }

    fn failed(error: Error) -> ReaderError {
        ReaderError::Failed(format!("PC/SC: {error}"))
    }

    /// A card in such a reader.
    struct PcscCard {
        card: Option<Card>,
        answer_to_reset: Vec<u8>,
        buffer: Vec<u8>,
    }

    impl CardInField for PcscCard {
        fn answer_to_reset(&self) -> &[u8] {
            &self.answer_to_reset
        }

        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
            let card = self.card.as_ref().ok_or(ReaderError::Removed)?;
            match card.transmit(command, &mut self.buffer) {
                Ok(response) => Ok(response.to_vec()),
                // A card that was reset in between has forgotten the conversation: it is another card.
                Err(
                    Error::NoSmartcard
                    | Error::RemovedCard
                    | Error::ResetCard
                    | Error::UnpoweredCard
                    | Error::UnresponsiveCard
                    | Error::CommError
                    | Error::NotTransacted,
                ) => Err(ReaderError::Removed),
                Err(error) => Err(failed(error)),
            }
        }
    }

    impl Drop for PcscCard {
        /// The next customer's phone must not find the field as this one left it.
        fn drop(&mut self) {
            if let Some(card) = self.card.take() {
                let _ = card.disconnect(Disposition::UnpowerCard);
            }
        }
    }
}
