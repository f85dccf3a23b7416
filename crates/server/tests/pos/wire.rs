//! The line itself, over a socket.

use acquiring::terminal_line::{Terminal, accepted};
use crypto::mac::LinkKey;
use iso8583::{Framing, Message, Profile, Stan};
use server::iso::{Dialect, Ends, Listener, Reply, Service};
use server::pos::{AcquirerLine, Heard, TerminalLine};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use values::{Secret, Timestamp};

fn dialect(key: u8) -> Dialect {
    let key = Some(LinkKey::retail(&Secret::new([key; 16])));
    Dialect::new(Profile::Pos, Framing::binary2(), key)
}

/// Says yes to everything, under its own key.
struct Host(Dialect);

impl Service for Host {
    fn message(&self, bytes: &[u8], reply: &Reply) {
        let message = self.0.profile.decode(bytes).unwrap();
        let institution = acquiring::Institution {
            id: "01040000".parse().unwrap(),
            forwarder: "00010000".parse().unwrap(),
            zone: values::time::Zone::Shanghai,
            answer_within: Duration::from_secs(30),
            token_ranges: Vec::new(),
            defences: acquiring::Defences::ALL,
        };
        let mut answer = accepted(&message, Timestamp::from_millis(0), &institution);
        reply.send(&self.0.write(&mut answer).unwrap());
    }
}

fn echo(line: &TerminalLine) -> Heard {
    let terminal = Terminal {
        id: "PZ000001".parse().unwrap(),
        acceptor: "104110054110001".parse().unwrap(),
        trace: Stan::new(1).unwrap(),
        batch: 1,
    };
    let message: Message = terminal.network(301);
    line.question(message, Duration::from_secs(60))
}

#[test]
fn answers_are_believed_by_their_mac() {
    let serve = |key| {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        Listener::serve(socket, Framing::binary2(), Arc::new(Host(dialect(key)))).unwrap()
    };
    let line = |to: &Listener| {
        TerminalLine::start(to.address(), dialect(1), Ends::unwatched("terminal", "acquirer")).unwrap()
    };
    let (honest, forger) = (serve(1), serve(2));
    let heard = echo(&line(&honest));
    assert!(matches!(&heard, Heard::Answer(answer) if answer.text(39) == Some("00")), "{heard:?}");
    assert!(matches!(echo(&line(&forger)), Heard::NotAuthentic));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = socket.local_addr().unwrap();
    drop(socket);
    let line = TerminalLine::start(nobody, dialect(1), Ends::unwatched("terminal", "acquirer")).unwrap();
    assert!(matches!(echo(&line), Heard::NotSent));
}
