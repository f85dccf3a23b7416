//! What the reader shows, in order: four lights and a short text (EMV Contactless Book A, 9 and 4.6.2).

use serde::{Deserialize, Serialize};

/// State of the reader's lights and sound (EMV Contactless Book A, table 9-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The field is off.
    NotReady,
    /// Waiting for a sale: first light blinks.
    Idle,
    /// Waiting for a card: first light on.
    ReadyToRead,
    /// A card is being read: lights follow one another.
    Processing,
    /// The card may be taken away: all lights and the good sound.
    CardReadOk,
    /// Something went wrong: the bad sound.
    ProcessingError,
}

impl Status {
    /// How many of the four lights are on.
    pub fn lights_on(self) -> u8 {
        match self {
            Status::NotReady | Status::ProcessingError => 0,
            Status::Idle | Status::ReadyToRead => 1,
            Status::Processing => 2,
            Status::CardReadOk => 4,
        }
    }
}

/// A text for the display, by the message identifiers of EMV Contactless Book A, table 9-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// 03.
    Approved,
    /// 07.
    NotAuthorised,
    /// 09.
    EnterPin,
    /// 0F.
    ProcessingError,
    /// 10.
    RemoveCard,
    /// 15.
    PresentCard,
    /// 16.
    Processing,
    /// 17.
    CardReadOk,
    /// 18.
    InsertOrSwipe,
    /// 19.
    PresentOneCard,
    /// 1A.
    ApprovedSign,
    /// 1B.
    Authorising,
    /// 1C.
    TryAnotherCard,
    /// 1D.
    InsertCard,
    /// 20.
    SeePhone,
    /// 21.
    PresentAgain,
}

impl Message {
    /// The identifier in the specification.
    pub fn identifier(self) -> u8 {
        match self {
            Message::Approved => 0x03,
            Message::NotAuthorised => 0x07,
            Message::EnterPin => 0x09,
            Message::ProcessingError => 0x0F,
            Message::RemoveCard => 0x10,
            Message::PresentCard => 0x15,
            Message::Processing => 0x16,
            Message::CardReadOk => 0x17,
            Message::InsertOrSwipe => 0x18,
            Message::PresentOneCard => 0x19,
            Message::ApprovedSign => 0x1A,
            Message::Authorising => 0x1B,
            Message::TryAnotherCard => 0x1C,
            Message::InsertCard => 0x1D,
            Message::SeePhone => 0x20,
            Message::PresentAgain => 0x21,
        }
    }

    /// The sentence shown.
    pub fn text(self) -> &'static str {
        match self {
            Message::Approved => "Approved",
            Message::NotAuthorised => "Declined",
            Message::EnterPin => "Please enter your PIN",
            Message::ProcessingError => "Processing error",
            Message::RemoveCard => "Please remove the card",
            Message::PresentCard => "Present card",
            Message::Processing => "Processing",
            Message::CardReadOk => "Card read, please remove it",
            Message::InsertOrSwipe => "Please insert or swipe the card",
            Message::PresentOneCard => "Please present one card only",
            Message::ApprovedSign => "Approved, please sign",
            Message::Authorising => "Authorising, please wait",
            Message::TryAnotherCard => "Please try another card",
            Message::InsertCard => "Please insert the card",
            Message::SeePhone => "Please see your phone for instructions",
            Message::PresentAgain => "Please present the card again",
        }
    }
}

/// One thing the reader showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Light {
    /// Lights and sound.
    pub status: Status,
    /// Text.
    pub message: Message,
}
