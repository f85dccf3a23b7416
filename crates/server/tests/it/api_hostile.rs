//! Bytes that nobody well-meaning sends, through the real door: each gets the right problem, and the connection goes on
//! or ends as it should.

use crate::api::{NOODLES, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to a door.
struct Line {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: String,
}

impl Heard {
    /// The code and place of the problem that it is.
    #[track_caller]
    fn problem(&self) -> (u16, String, Option<String>) {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        let instance = problem["instance"].as_str().unwrap();
        assert!(self.head.contains(&format!("request-id: {instance}")), "{self:?}");
        let text = |name: &str| problem[name].as_str().map(str::to_owned);
        (self.status, text("code").unwrap(), text("param"))
    }
}

impl Line {
    fn to(at: SocketAddr) -> Line {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Line { stream, unread: Vec::new() }
    }

    fn say(&mut self, bytes: &[u8]) {
        // A door that has heard enough may have closed; what it answered is still to be read.
        let _ = self.stream.write_all(bytes);
    }

    /// The next answer; nothing if the connection ended.
    fn hear(&mut self) -> Option<Heard> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |n| n.parse().unwrap());
        while self.unread.len() < length {
            self.more()?;
        }
        let body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Heard { status, head, body })
    }

    fn more(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let count = self.stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        self.unread.extend_from_slice(&piece[..count]);
        Some(())
    }
}

struct Door {
    city: SmallCity,
    at: SocketAddr,
}

impl Door {
    fn new() -> Door {
        let city = SmallCity::new();
        let at = city.city.addresses.platform;
        Door { city, at }
    }

    /// A request for a new merchant with these headers, which end with a line end each, and this body.
    fn create(&self, headers: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST /v1/merchants HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {PLATFORM}\r\nIdempotency-Key: k\r\n{headers}\r\n",
            self.at
        );
        [head.as_bytes(), body].concat()
    }

    fn sized(&self, body: &[u8]) -> Vec<u8> {
        self.create(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()), body)
    }

    fn list(&self) -> String {
        format!("GET /v1/merchants HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {NOODLES}\r\n\r\n", self.at)
    }
}

const TEA: &str = r#"{"name": "TEA", "city": "X", "category": "5499", "currency": "CNY"}"#;

/// A body with something in place of its name.
fn named(name: &str) -> String {
    TEA.replace("\"TEA\"", name)
}

#[test]
fn whoever_is_answered_before_the_body_came_hears_that_the_connection_ends() {
    let door = Door::new();
    let mut line = Line::to(door.at);
    // Nobody lives there, so nobody waits for what is still to come.
    let head = format!("POST /nowhere HTTP/1.1\r\nHost: {}\r\nContent-Length: 5\r\n\r\n", door.at);
    line.say(head.as_bytes());
    let heard = line.hear().unwrap();
    assert_eq!(heard.status, 404);
    assert!(heard.head.to_lowercase().contains("connection: close"), "{heard:?}");
    line.say(b"words");
    assert!(line.hear().is_none());
}

#[test]
fn a_body_that_is_wrong_is_told_where_and_the_connection_goes_on() {
    let door = Door::new();
    let mut line = Line::to(door.at);
    let nested = |depth: usize| named(&format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
    let cases: Vec<(Vec<u8>, u16, &str, Option<&str>)> = vec![
        (b"".to_vec(), 400, "json_malformed", None),
        (b"{".to_vec(), 400, "json_malformed", None),
        (b"\xef\xbb\xbf{}".to_vec(), 400, "json_malformed", None),
        (b"\xff\xfe{\0}\0".to_vec(), 400, "json_malformed", None),
        (named("\"\u{0}\"").into_bytes(), 400, "json_malformed", None),
        ([b"{\"name\": \"", &[0xC3, 0x28][..], b"\"}"].concat(), 400, "json_malformed", None),
        (format!("{TEA} {TEA}").into_bytes(), 400, "json_malformed", None),
        (TEA.replace('}', ", \"name\": \"A\"}").into_bytes(), 400, "json_duplicate_member", Some("/name")),
        (
            TEA.replace('}', ", \"na\\u006de\": \"A\"}").into_bytes(),
            400,
            "json_duplicate_member",
            Some("/name"),
        ),
        (nested(63).into_bytes(), 400, "parameter_invalid", Some("/name")),
        (nested(64).into_bytes(), 400, "json_too_deep", None),
        (nested(100_000).into_bytes(), 400, "json_too_deep", None),
        (named(r#""a\u0000b""#).into_bytes(), 400, "parameter_invalid", Some("/name")),
        (named(r#""a\u001b[31mb""#).into_bytes(), 400, "parameter_invalid", Some("/name")),
        (named(r#""\ud800""#).into_bytes(), 400, "json_malformed", None),
        (named("1e400").into_bytes(), 400, "parameter_invalid", Some("/name")),
        (
            TEA.replace('}', ", \"limit_daily\": 1e400}").into_bytes(),
            400,
            "parameter_invalid",
            Some("/limit_daily"),
        ),
        (
            TEA.replace('}', ", \"limit_daily\": 1e3}").into_bytes(),
            400,
            "parameter_invalid",
            Some("/limit_daily"),
        ),
        (
            TEA.replace('}', ", \"limit_daily\": -0}").into_bytes(),
            400,
            "parameter_invalid",
            Some("/limit_daily"),
        ),
        (
            TEA.replace('}', ", \"limit_daily\": 99999999999999999999999}").into_bytes(),
            400,
            "parameter_invalid",
            Some("/limit_daily"),
        ),
        (
            TEA.replace('}', &format!(", \"limit_daily\": 1{}}}", "0".repeat(500_000))).into_bytes(),
            400,
            "parameter_invalid",
            Some("/limit_daily"),
        ),
        (b"[]".to_vec(), 400, "parameter_invalid", Some("")),
        (b"null".to_vec(), 400, "parameter_invalid", Some("")),
        (TEA.replace('}', ", \"__proto__\": {}}").into_bytes(), 400, "parameter_unknown", Some("/__proto__")),
        (TEA.replace("\"name\"", "\"a/b~c\"").into_bytes(), 400, "parameter_unknown", Some("/a~1b~0c")),
    ];
    for (body, status, code, param) in cases {
        line.say(&door.sized(&body));
        let heard = line.hear().expect("the connection goes on");
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(heard.problem(), (status, code.to_owned(), param.map(str::to_owned)), "{shown}");
        assert!(!heard.body.contains("proto") || param == Some("/__proto__"));
    }
    line.say(door.list().as_bytes());
    assert_eq!(line.hear().unwrap().status, 200, "and is good for more");
}

#[test]
fn what_a_body_is_said_to_be_is_what_it_has_to_be() {
    let door = Door::new();
    let mut line = Line::to(door.at);
    let length = TEA.len();
    let json = "Content-Type: application/json\r\n";
    for (headers, status, code) in [
        (
            format!("Content-Type: text/plain\r\nContent-Length: {length}\r\n"),
            415,
            "content_type_unsupported",
        ),
        (
            format!("Content-Type: application/jsonx\r\nContent-Length: {length}\r\n"),
            415,
            "content_type_unsupported",
        ),
        (
            format!("Content-Type: application/json; charset=utf-16\r\nContent-Length: {length}\r\n"),
            415,
            "content_type_unsupported",
        ),
        (format!("Content-Length: {length}\r\n"), 415, "content_type_unsupported"),
        (
            format!("{json}Content-Length: {length}\r\nContent-Encoding: gzip\r\n"),
            415,
            "content_encoding_unsupported",
        ),
        (
            format!("{json}Content-Length: {length}\r\nContent-Encoding: identity, br\r\n"),
            415,
            "content_encoding_unsupported",
        ),
    ] {
        line.say(&door.create(&headers, TEA.as_bytes()));
        let heard = line.hear().expect("a small body is read to its end");
        assert_eq!(heard.problem(), (status, code.to_owned(), None), "{headers}");
    }
    line.say(&door.create(json, b""));
    assert_eq!(line.hear().unwrap().problem(), (411, "length_required".to_owned(), None));
    let accepted =
        format!("Content-Type: Application/JSON; Charset=\"UTF-8\"\r\nContent-Length: {length}\r\n");
    line.say(&door.create(&accepted, TEA.as_bytes()));
    assert_eq!(line.hear().unwrap().status, 201);

    // What takes no body takes at most an empty object.
    let suspend = |body: &str| {
        format!(
            "POST /v1/tokens/{}/suspend HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PLATFORM}\r\nIdempotency-Key: s\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            door.city.token,
            body.len()
        )
    };
    line.say(suspend("{\"force\": true}").as_bytes());
    assert_eq!(
        line.hear().unwrap().problem(),
        (400, "parameter_unknown".to_owned(), Some("/force".to_owned()))
    );
    line.say(suspend("{}").as_bytes());
    assert_eq!(line.hear().unwrap().status, 200);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let door = Door::new();
    let large = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", (1 << 20) + 1);
    // The size is known from the head: nobody waits for the body.
    let mut line = Line::to(door.at);
    line.say(&door.create(&large, b"{"));
    assert_eq!(line.hear().unwrap().problem(), (413, "body_too_large".to_owned(), None));
    assert!(line.hear().is_none(), "what follows could not be told from the body");
    // A caller that sends everything all the same hears the answer.
    let mut line = Line::to(door.at);
    line.say(&door.create(&large, &vec![b' '; (1 << 20) + 1]));
    assert_eq!(line.hear().unwrap().problem(), (413, "body_too_large".to_owned(), None));
    // Chunks say no size; they are counted.
    let mut line = Line::to(door.at);
    line.say(&door.create("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b""));
    let chunk = [b"10000\r\n", &vec![b' '; 1 << 16][..], b"\r\n"].concat();
    (0..17).for_each(|_| line.say(&chunk));
    assert_eq!(line.hear().unwrap().problem(), (413, "body_too_large".to_owned(), None));

    let exact = |filling: usize| {
        let mut body = TEA.to_owned();
        body.push_str(&" ".repeat(filling - TEA.len()));
        body
    };
    let mut line = Line::to(door.at);
    line.say(&door.sized(exact(1 << 20).as_bytes()));
    assert_eq!(line.hear().unwrap().status, 201, "exactly one mebibyte");

    for head in [
        format!("GET /v1/merchants HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "x".repeat(16 * 1024)),
        format!("GET /v1/merchants?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(16 * 1024)),
        format!("GET /v1/merchants HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: 1\r\n".repeat(101)),
        // Without an end: it is not waited for.
        format!("GET /v1/merchants HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(17 * 1024)),
    ] {
        let mut line = Line::to(door.at);
        line.say(head.as_bytes());
        assert_eq!(line.hear().unwrap().problem(), (431, "head_too_large".to_owned(), None));
        assert!(line.hear().is_none(), "the connection ends");
    }
    let mut line = Line::to(door.at);
    let start = format!("GET /v1/merchants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {NOODLES}\r\nX: ");
    line.say(format!("{start}{}\r\n\r\n", "x".repeat(16 * 1024 - start.len() - 4)).as_bytes());
    assert_eq!(line.hear().unwrap().status, 200, "exactly sixteen kibibytes");
}

#[test]
fn nothing_is_smuggled_behind_a_request_that_can_be_read_in_two_ways() {
    let door = Door::new();
    let smuggled = "GET /v1/merchants HTTP/1.1\r\nHost: smuggled\r\n\r\n";
    let post = |headers: &str| format!("POST /v1/merchants HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    for (what, bytes) in [
        ("two lengths", post("Content-Length: 0\r\nContent-Length: 50\r\n")),
        ("two equal lengths", post("Content-Length: 0\r\nContent-Length: 0\r\n")),
        ("a list of lengths", post("Content-Length: 0, 0\r\n")),
        ("a signed length", post("Content-Length: +0\r\n")),
        ("a length in hexadecimal", post("Content-Length: 0x0\r\n")),
        (
            "a length beside chunks",
            format!("{}0\r\n\r\n", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
        ),
        (
            "chunks beside a length",
            format!("{}0\r\n\r\n", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
        ),
        ("another coding", post("Transfer-Encoding: identity\r\n")),
        ("two codings", post("Transfer-Encoding: gzip, chunked\r\n")),
        ("a coding in disguise", post("Transfer-Encoding: \u{b}chunked\r\n")),
        ("a space before the colon", post("Transfer-Encoding : chunked\r\n")),
        ("a folded line", post("X: 1\r\n Content-Length: 50\r\n")),
        ("a folded length", post("Content-Length:\r\n 50\r\n")),
        ("a bare line feed", "GET / HTTP/1.1\nHost: x\n\n".to_owned()),
        ("a bare carriage return", post("X: 1\rContent-Length: 50\r\n")),
        ("a NUL in a header", post("X: a\0b\r\n")),
        ("a NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("an escape in the target", "GET /\u{1b}[2J HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned()),
        ("no version", "GET /\r\nHost: x\r\n\r\n".to_owned()),
        ("too many words", "GET / / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("nonsense", "\u{1}\u{2}\u{3}\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned()),
    ] {
        let mut line = Line::to(door.at);
        line.say(format!("{bytes}{smuggled}").as_bytes());
        let heard = line.hear().unwrap_or_else(|| panic!("{what}: no answer"));
        assert_eq!(heard.problem(), (400, "request_malformed".to_owned(), None), "{what}");
        assert!(line.hear().is_none(), "{what}: the connection ends");
    }
    let mut line = Line::to(door.at);
    line.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(line.hear().unwrap().problem(), (505, "http_version_unsupported".to_owned(), None));
    assert!(line.hear().is_none());

    // Requests before a bad one are answered first, in their order.
    let mut line = Line::to(door.at);
    line.say(format!("{}{}GET / HTTP/1.1\r\n\r\n{smuggled}", door.list(), door.list()).as_bytes());
    let heard: Vec<u16> = std::iter::from_fn(|| line.hear()).map(|heard| heard.status).collect();
    assert_eq!(heard, [200, 200, 400]);
    // The mark by which a refused request is known inside is of no use outside.
    let mut line = Line::to(door.at);
    line.say(
        b"GET /reference HTTP/1.1\r\nHost: x\r\npaiza-refused: 00000000000000000000000000000000 0\r\n\r\n",
    );
    assert_eq!(line.hear().unwrap().status, 200);
}

#[test]
fn requests_behind_one_another_are_answered_in_their_order() {
    let door = Door::new();
    let mut line = Line::to(door.at);
    let chunked = door.create("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b"");
    let chunks = TEA.as_bytes().chunks(7).fold(Vec::new(), |mut all, piece| {
        all.extend(format!("{:x}\r\n", piece.len()).bytes().chain(piece.iter().copied()).chain(*b"\r\n"));
        all
    });
    let whole =
        [door.list().as_bytes(), &chunked, &chunks, b"0\r\n\r\n", &door.sized(b"{"), door.list().as_bytes()]
            .concat();
    // In whatever pieces it arrives.
    whole.chunks(13).for_each(|piece| line.say(piece));
    let heard: Vec<u16> = (0..4).map(|_| line.hear().unwrap().status).collect();
    assert_eq!(heard, [200, 201, 400, 200]);
}

#[test]
fn a_body_that_breaks_off_does_nothing() {
    let door = Door::new();
    let chunked = door.create("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b"");
    for (what, bytes) in [
        (
            "the caller hangs up",
            door.create("Content-Type: application/json\r\nContent-Length: 500\r\n", TEA.as_bytes()),
        ),
        ("no last chunk", [&chunked[..], b"3\r\n{\"n\r\n"].concat()),
        ("a chunk without an end", [&chunked[..], b"2\r\n{}X\r\n0\r\n\r\n"].concat()),
        ("a size that is none", [&chunked[..], b"2x\r\n{}\r\n0\r\n\r\n"].concat()),
        ("an extension", [&chunked[..], b"2;a=b\r\n{}\r\n0\r\n\r\n"].concat()),
        ("trailers", [&chunked[..], b"2\r\n{}\r\n0\r\nX: 1\r\n\r\n"].concat()),
    ] {
        let mut line = Line::to(door.at);
        line.say(&bytes);
        line.stream.shutdown(Shutdown::Write).unwrap();
        let heard = line.hear().unwrap_or_else(|| panic!("{what}: no answer"));
        assert_eq!(heard.problem(), (400, "body_incomplete".to_owned(), None), "{what}");
        assert!(line.hear().is_none(), "{what}: the connection ends");
    }
    let mut line = Line::to(door.at);
    line.say(
        format!("GET /v1/merchants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PLATFORM}\r\n\r\n")
            .as_bytes(),
    );
    let listed: Value = serde_json::from_str(&line.hear().unwrap().body).unwrap();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(3), "no merchant came of it");
    assert_ne!(listed, json!({}));
}
