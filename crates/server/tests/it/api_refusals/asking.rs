//! A request that nothing is wrong with until something is made wrong about it, over a bare connection: what HTTP libraries
//! would never send is sent, and of a stream that never ends the head is read and no more.

use crate::api::Answer;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// What a request says of how long its body is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Right,
    /// Longer than what is sent.
    More(usize),
    Unsaid,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: String,
    pub(crate) path: String,
    query: Vec<String>,
    key: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Option<String>,
    length: Length,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str, key: &str) -> Ask {
        Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            key: key.to_owned(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: None,
            length: Length::Right,
        }
    }

    /// The same of another thing.
    pub(crate) fn about(self, path: &str) -> Ask {
        Ask { path: path.to_owned(), ..self }
    }

    /// The same with this key.
    pub(crate) fn by(self, key: &str) -> Ask {
        Ask { key: key.to_owned(), ..self }
    }

    /// The same with a parameter more.
    pub(crate) fn asking(mut self, parameter: &str) -> Ask {
        self.query.push(parameter.to_owned());
        self
    }

    /// The same without any parameter.
    pub(crate) fn asking_nothing(self) -> Ask {
        Ask { query: Vec::new(), ..self }
    }

    /// The same with this header, in place of one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Ask {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Ask {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The same with this body.
    pub(crate) fn saying(self, body: &str) -> Ask {
        Ask { body: Some(body.to_owned()), ..self }.with("Content-Type", "application/json")
    }

    /// The same in another version of HTTP.
    pub(crate) fn spoken(self, version: &'static str) -> Ask {
        Ask { version, ..self }
    }

    /// The same, whose body is announced as so much longer than it is.
    pub(crate) fn announcing(self, more: usize) -> Ask {
        Ask { length: Length::More(more), ..self }
    }

    /// The same, which does not say how long its body is, and sends none.
    pub(crate) fn of_no_length(self) -> Ask {
        Ask { length: Length::Unsaid, body: None, ..self }
    }

    /// What a header says.
    pub(crate) fn header(&self, name: &str) -> &str {
        let known = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or("", |(_, value)| value)
    }

    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query.join("&")) };
        let mut head =
            format!("{} {}{query} {}\r\nHost: localhost\r\n", self.method, self.path, self.version);
        head.push_str("Connection: close\r\n");
        if !self.key.is_empty() {
            head.push_str(&format!("Authorization: Bearer {}\r\n", self.key));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match (self.length, &self.body) {
            (Length::Right, Some(body)) => head.push_str(&format!("Content-Length: {}\r\n", body.len())),
            (Length::More(more), body) => {
                let length = body.as_ref().map_or(0, String::len) + more;
                head.push_str(&format!("Content-Length: {length}\r\n"));
            }
            (Length::Unsaid, _) | (Length::Right, None) => {}
        }
        format!("{head}\r\n{}", self.body()).into_bytes()
    }

    /// Asks it there. Whoever is refused by the head alone may find that the other side hangs up before it has said all.
    pub(crate) fn of(&self, at: SocketAddr) -> Answer {
        self.asked(at, false)
    }

    /// The same, and says that nothing more comes.
    pub(crate) fn broken_off(&self, at: SocketAddr) -> Answer {
        self.asked(at, true)
    }

    fn asked(&self, at: SocketAddr, hang_up: bool) -> Answer {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(crate::street::PATIENCE)).unwrap();
        let _ = stream.write_all(&self.bytes());
        if hang_up {
            let _ = stream.shutdown(Shutdown::Write);
        }
        answer(&mut stream)
    }
}

/// An answer to its end; of one that has no end, its head.
pub(crate) fn answer(stream: &mut TcpStream) -> Answer {
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        said.extend_from_slice(&piece[..read]);
        if head(&said).is_some_and(|head| head.contains("text/event-stream")) {
            break;
        }
    }
    let said = String::from_utf8(said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {said:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: HashMap<String, String> =
        lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, text: body.to_owned() }
}

fn head(said: &[u8]) -> Option<String> {
    let end = said.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(String::from_utf8_lossy(&said[..end]).to_lowercase())
}
