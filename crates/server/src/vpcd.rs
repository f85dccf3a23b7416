//! The socket protocol of the virtual PC/SC reader driver (vsmartcard `vpcd`): both its ends.
//!
//! Every message is a two-byte big-endian length and that many bytes. One-byte messages from the reader are
//! power commands; longer ones are command APDUs, answered by a response APDU. The reader listens and the
//! card connects, so that a phone can appear in any PC/SC stack.
//!
//! The driver writes length and data separately; without quick acknowledgements each APDU would wait 40 ms.

use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ANSWER_TO_RESET: u8 = 4;

/// The longest message this end accepts: an extended response and room to spare.
const LONGEST: usize = 4096;

/// What stops a conversation with a card or a reader.
#[derive(Debug, thiserror::Error)]
pub enum VpcdError {
    /// The other end went away: the card left the field.
    #[error("the card was removed")]
    Removed,
    /// The card did not answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// No card came in time.
    #[error("no card came")]
    NoCard,
    /// A length beyond what a card may send.
    #[error("message of {0} bytes is too long")]
    TooLong(usize),
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] std::io::Error),
}

/// What the reader asks of the card.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// The field went off: all state of the session is lost.
    PowerOff,
    /// The field came on.
    PowerOn,
    /// Off and on again.
    Reset,
    /// The answer to reset is wanted.
    AnswerToReset,
    /// A command APDU.
    Command(Vec<u8>),
}

/// The phone's end: connects to a reader and answers it.
pub struct CardEnd {
    stream: TcpStream,
}

impl CardEnd {
    /// Enters the field of the reader at this address.
    pub fn connect(to: impl ToSocketAddrs) -> Result<CardEnd, VpcdError> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        Ok(CardEnd { stream })
    }

    /// What takes the phone out of the field from elsewhere, also while it waits for the reader.
    pub fn leaver(&self) -> Result<Leaver, VpcdError> {
        Ok(Leaver(self.stream.try_clone()?))
    }

    /// Waits for the next request; `Removed` when the reader is gone.
    pub fn request(&mut self) -> Result<Request, VpcdError> {
        let bytes = receive(&mut self.stream)?;
        Ok(match bytes.as_slice() {
            [POWER_OFF] => Request::PowerOff,
            [POWER_ON] => Request::PowerOn,
            [RESET] => Request::Reset,
            [ANSWER_TO_RESET] => Request::AnswerToReset,
            _ => Request::Command(bytes),
        })
    }

    /// Sends an answer to reset or a response APDU.
    pub fn respond(&mut self, bytes: &[u8]) -> Result<(), VpcdError> {
        send(&mut self.stream, bytes)
    }

    /// Leaves the field in the middle of a response: only its first bytes are sent.
    pub fn tear(mut self, response: &[u8], after: usize) -> Result<(), VpcdError> {
        let mut message = framed(response)?;
        message.truncate(after);
        Ok(self.stream.write_all(&message)?)
    }
}

/// Takes a phone out of a reader's field.
pub struct Leaver(TcpStream);

impl Leaver {
    /// Leaves: whoever waits for the reader is told that it is gone.
    pub fn leave(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// A reader that listens for one card at a time.
pub struct ReaderEnd {
    socket: TcpListener,
}

/// A card in the field.
pub struct PresentCard {
    stream: TcpStream,
    /// What it said on reset.
    pub answer_to_reset: Vec<u8>,
}

impl ReaderEnd {
    /// Listens at this address, for example `127.0.0.1:35963`.
    pub fn listen(at: impl ToSocketAddrs) -> Result<ReaderEnd, VpcdError> {
        Ok(ReaderEnd { socket: TcpListener::bind(at)? })
    }

    /// Bounds how long a card is waited for; without this it is for ever.
    pub fn give_up_after(&self, patience: Duration) -> std::io::Result<()> {
        // What bounds reads bounds `accept` too (socket(7), SO_RCVTIMEO).
        SockRef::from(&self.socket).set_read_timeout(Some(patience))
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits for a card, powers it and reads its answer to reset. `wait` bounds every answer of the card;
    /// how long one is waited for is said by [`ReaderEnd::give_up_after`].
    pub fn wait_for_card(&self, wait: Duration) -> Result<PresentCard, VpcdError> {
        let (mut stream, _) = match self.socket.accept() {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(VpcdError::NoCard);
            }
            accepted => accepted?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(wait))?;
        send(&mut stream, &[POWER_ON])?;
        send(&mut stream, &[ANSWER_TO_RESET])?;
        let answer_to_reset = receive(&mut stream)?;
        Ok(PresentCard { stream, answer_to_reset })
    }
}

impl PresentCard {
    /// Sends a command APDU and waits for the response.
    pub fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, VpcdError> {
        send(&mut self.stream, command)?;
        receive(&mut self.stream)
    }

    /// Switches the field off.
    pub fn power_off(mut self) {
        let _ = send(&mut self.stream, &[POWER_OFF]);
    }
}

fn framed(bytes: &[u8]) -> Result<Vec<u8>, VpcdError> {
    let length = u16::try_from(bytes.len()).map_err(|_| VpcdError::TooLong(bytes.len()))?;
    Ok([&length.to_be_bytes(), bytes].concat())
}

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), VpcdError> {
    Ok(stream.write_all(&framed(bytes)?)?)
}

fn receive(stream: &mut TcpStream) -> Result<Vec<u8>, VpcdError> {
    let mut length = [0; 2];
    read_exactly(stream, &mut length)?;
    let length = usize::from(u16::from_be_bytes(length));
    if length > LONGEST {
        return Err(VpcdError::TooLong(length));
    }
    let mut bytes = vec![0; length];
    read_exactly(stream, &mut bytes)?;
    Ok(bytes)
}

fn read_exactly(stream: &mut TcpStream, mut into: &mut [u8]) -> Result<(), VpcdError> {
    while !into.is_empty() {
        // The kernel forgets this after each acknowledgement, so it is asked for every time.
        #[cfg(target_os = "linux")]
        SockRef::from(&*stream).set_tcp_quickack(true)?;
        match stream.read(into) {
            Ok(0) => return Err(VpcdError::Removed),
            Ok(length) => into = &mut into[length..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(VpcdError::TimedOut);
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(VpcdError::Removed),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (PresentCard, std::thread::JoinHandle<Vec<Request>>) {
        let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        let at = reader.address().unwrap();
        let card = std::thread::spawn(move || {
            let mut card = CardEnd::connect(at).unwrap();
            let mut heard = Vec::new();
            loop {
                let request = card.request().unwrap_or(Request::PowerOff);
                match &request {
                    Request::AnswerToReset => card.respond(&[0x3B, 0x80]).unwrap(),
                    Request::Command(command) if command[0] == 0xEE => {
                        card.tear(&[0x90, 0x00], 3).unwrap();
                        heard.push(request);
                        return heard;
                    }
                    Request::Command(command) => {
                        card.respond(&[command, &[0x90, 0x00][..]].concat()).unwrap()
                    }
                    Request::PowerOff => {
                        heard.push(request);
                        return heard;
                    }
                    _ => {}
                }
                heard.push(request);
            }
        });
        (reader.wait_for_card(Duration::from_secs(5)).unwrap(), card)
    }

    #[test]
    fn a_card_answers_through_the_socket() {
        let (mut present, card) = pair();
        assert_eq!(present.answer_to_reset, [0x3B, 0x80]);
        assert_eq!(present.transmit(&[0, 0xA4, 4, 0]).unwrap(), [0, 0xA4, 4, 0, 0x90, 0x00]);
        present.power_off();
        let command = Request::Command(vec![0, 0xA4, 4, 0]);
        assert_eq!(
            card.join().unwrap(),
            [Request::PowerOn, Request::AnswerToReset, command, Request::PowerOff]
        );
    }

    #[test]
    fn a_card_that_never_comes_is_not_waited_for_longer_than_said() {
        let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        reader.give_up_after(Duration::from_millis(1)).unwrap();
        assert!(matches!(reader.wait_for_card(Duration::from_secs(5)), Err(VpcdError::NoCard)));
    }

    #[test]
    fn a_torn_response_is_a_removed_card() {
        let (mut present, card) = pair();
        assert!(matches!(present.transmit(&[0xEE, 0]), Err(VpcdError::Removed)));
        card.join().unwrap();
    }

    #[test]
    fn an_endless_length_is_refused_before_it_is_read() {
        let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        let at = reader.address().unwrap();
        let card = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(&[0xFF, 0xFF]).unwrap();
            let _ = stream.read(&mut [0; 64]);
        });
        let refused = reader.wait_for_card(Duration::from_secs(5));
        assert!(matches!(refused, Err(VpcdError::TooLong(0xFFFF))));
        drop(refused);
        card.join().unwrap();
    }
}
