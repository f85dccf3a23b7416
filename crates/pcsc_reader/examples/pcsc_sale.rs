//! Takes one sale through a PC/SC reader, with an acquirer that says yes to everything: to try a reader or a card.
//!
//! `cargo run -p pcsc_reader --features pcsc --example pcsc_sale -- "part of the reader's name"`

use iso8583::{Message, ResponseCode};
use server::pos::{AcquirerLine, DEMO_TERMINALS, Heard, Pos, Settings, Shown, Verdict};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use store::SystemClock;
use values::{Currency, Money};

/// Says yes, and what it was asked.
struct Yes;

impl AcquirerLine for Yes {
    fn question(&self, message: Message, _wait: Duration) -> Heard {
        say(&format!("asked {}", message.mti));
        let mut answer = Message::answer_to(&message, &[3, 4, 11, 41, 42, 49, 60]);
        answer.set_response_code(ResponseCode::APPROVED).set_text(37, "000000000001");
        if message.mti.class() == b'8' {
            answer.set_text(60, "00000001001");
        }
        Heard::Answer(Box::new(answer))
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let mut reader = pcsc_reader::open(&name, Duration::from_secs(60))?;
    let folder = std::env::temp_dir().join(format!("paiza-pcsc-sale-{}", std::process::id()));
    let settings = Settings::new(&folder, DEMO_TERMINALS[0].configuration());
    let mut pos = Pos::open(settings, Arc::new(Yes), Arc::new(SystemClock))?;
    pos.on_shown(|shown| {
        if let Shown::Light(light) = shown {
            say(light.message.text());
        }
    });
    let ended = pos.sale(Money::parse("12.50", Currency::CNY)?, reader.as_mut())?;
    ended.receipt.iter().for_each(|line| say(line));
    drop(pos);
    std::fs::remove_dir_all(&folder)?;
    if ended.verdict == Verdict::Approved { Ok(()) } else { Err(ended.sentence.into()) }
}
