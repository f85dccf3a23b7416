//! Screening of HTTP requests before anything reads them: heads are bounded and unambiguous, and bodies end where their
//! heads say. What two readers could understand differently (two lengths, a length beside chunks, folded lines, bare line
//! ends) is refused, so that nothing can be smuggled past whoever stands in front (RFC 9112, 2.2, 5.1, 6.3, 7.1).
//!
//! A head that is refused is handed on as a request for its problem, marked with a word that only this process knows: it
//! is answered in its turn, after the requests before it, and the connection ends. A body that breaks off ends the body
//! with an error, and whoever reads it answers.

use crate::platform_http::refusal;
use axum::extract::Request;
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The largest head.
const HEAD_MOST: usize = 16 * 1024;
/// The most lines of a head after the first.
const LINES_MOST: usize = 100;
/// The longest line before a chunk.
const CHUNK_LINE_MOST: usize = 18;

/// The name of the mark on a request that stands for a refused one.
const MARK: &str = "paiza-refused";
/// Known to nobody outside.
static WORD: LazyLock<String> = LazyLock::new(|| hex::encode(crypto::random::bytes::<16>()));

/// Why a head is refused: the code of its problem, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    code: &'static str,
    detail: &'static str,
}

const fn malformed(detail: &'static str) -> Fault {
    Fault { code: "request_malformed", detail }
}

const TOO_LARGE: Fault =
    Fault { code: "head_too_large", detail: "Request line and headers have at most 16 KiB and 100 lines." };
const OTHER_VERSION: Fault =
    Fault { code: "http_version_unsupported", detail: "HTTP/1.1 and HTTP/1.0 are spoken here." };

/// Every reason.
const FAULTS: &[Fault] = &[
    TOO_LARGE,
    OTHER_VERSION,
    malformed("The request line is not a method, a target and a version with one space between them."),
    malformed("A line of the head does not end with CR LF, or holds a control character."),
    malformed("A header is not a name, a colon and a value; folded lines are refused."),
    malformed("Content-Length stands there once and is a number."),
    malformed("Transfer-Encoding is `chunked`, once, in HTTP/1.1, and without Content-Length."),
    malformed("A request of HTTP/1.1 has the header Host, once."),
];
const LINE: Fault = FAULTS[2];
const LINE_END: Fault = FAULTS[3];
const FIELD: Fault = FAULTS[4];
const LENGTH: Fault = FAULTS[5];
const CODING: Fault = FAULTS[6];
const HOST: Fault = FAULTS[7];

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes.
    Sized(u64),
    /// Chunks.
    Chunked,
}

fn is_token(text: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(letter)
}

/// Looks at a head, with the empty line that ends it; what follows it.
pub(crate) fn screen_head(head: &[u8]) -> Result<Body, Fault> {
    let lines = head.strip_suffix(b"\r\n\r\n").ok_or(LINE_END)?;
    let mut lines = lines.split(|byte| *byte == b'\n').peekable();
    let mut next = || -> Option<Result<&[u8], Fault>> {
        let line = lines.next()?;
        // The last line lost its end with the empty one.
        let line = if lines.peek().is_some() { line.strip_suffix(b"\r") } else { Some(line) };
        let clean =
            line.filter(|line| line.iter().all(|byte| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7f)));
        Some(clean.ok_or(LINE_END))
    };
    let newer = screen_line(next().ok_or(LINE)??)?;
    let (mut length, mut chunked, mut hosts, mut count) = (None, false, 0, 0);
    while let Some(line) = next() {
        let line = line?;
        count += 1;
        if count > LINES_MOST {
            return Err(TOO_LARGE);
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or(FIELD)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if !is_token(name) {
            return Err(FIELD);
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits =
                str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let number = digits.and_then(|text| text.parse::<u64>().ok()).ok_or(LENGTH)?;
            if length.replace(number).is_some() {
                return Err(LENGTH);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !newer || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(CODING);
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        }
    }
    match (length, chunked) {
        _ if hosts > 1 || (newer && hosts == 0) => Err(HOST),
        (Some(_), true) => Err(CODING),
        (None, true) => Ok(Body::Chunked),
        (length, false) => Ok(Body::Sized(length.unwrap_or(0))),
    }
}

/// Looks at a request line; whether it is HTTP/1.1.
fn screen_line(line: &[u8]) -> Result<bool, Fault> {
    let parts: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = parts[..] else { return Err(LINE) };
    let visible = target.iter().all(|byte| (0x21..0x7f).contains(byte));
    if !is_token(method) || !visible || Uri::try_from(target).is_err() {
        return Err(LINE);
    }
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        other if other.starts_with(b"HTTP/") => Err(OTHER_VERSION),
        _ => Err(LINE),
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// A head comes next.
    Head,
    /// So much of a body.
    Body(u64),
    /// The line before a chunk.
    ChunkLine,
    /// So much of a chunk, and the line end after it.
    Chunk(u64),
    /// The empty line after the last chunk.
    Last,
    /// A head was refused: nothing more is read.
    Refused,
}

/// A screen: bytes go in as they come, and out once they are known to be right.
#[derive(Debug)]
pub(crate) struct Screen {
    stand: Stand,
    inbox: Vec<u8>,
}

impl Screen {
    /// Before the first request.
    pub(crate) fn new() -> Screen {
        Screen { stand: Stand::Head, inbox: Vec::new() }
    }

    /// Takes what came.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        if self.stand != Stand::Refused {
            self.inbox.extend_from_slice(bytes);
        }
    }

    fn out(&mut self, count: usize) -> Vec<u8> {
        self.inbox.drain(..count).collect()
    }

    /// The next piece that may be read; nothing while more has to come.
    pub(crate) fn give(&mut self) -> io::Result<Option<Vec<u8>>> {
        let broken = |detail: &str| io::Error::new(ErrorKind::InvalidData, detail.to_owned());
        match self.stand {
            Stand::Head => Ok(self.head()),
            Stand::Body(left) | Stand::Chunk(left) if self.inbox.is_empty() || left == 0 => {
                if left == 0 && matches!(self.stand, Stand::Body(_)) {
                    self.stand = Stand::Head;
                    return self.give();
                }
                Ok(None)
            }
            Stand::Body(left) => {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.inbox.len());
                self.stand = Stand::Body(left - count as u64);
                Ok(Some(self.out(count)))
            }
            Stand::ChunkLine => {
                let Some(end) = self.inbox.windows(2).position(|pair| pair == b"\r\n") else {
                    let long = self.inbox.len() > CHUNK_LINE_MOST;
                    return if long { Err(broken("the line before a chunk is too long")) } else { Ok(None) };
                };
                let digits = str::from_utf8(&self.inbox[..end]).ok().filter(|text| {
                    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
                });
                let size = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                let size = size
                    .filter(|size| *size < u64::MAX - 2)
                    .ok_or_else(|| broken("not the size of a chunk"))?;
                self.stand = if size == 0 { Stand::Last } else { Stand::Chunk(size + 2) };
                Ok(Some(self.out(end + 2)))
            }
            Stand::Chunk(left) => {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.inbox.len());
                for (place, byte) in self.inbox[..count].iter().enumerate() {
                    let expected = match left - place as u64 {
                        2 => b'\r',
                        1 => b'\n',
                        _ => continue,
                    };
                    if *byte != expected {
                        return Err(broken("a chunk does not end where it should"));
                    }
                }
                let left = left - count as u64;
                self.stand = if left == 0 { Stand::ChunkLine } else { Stand::Chunk(left) };
                Ok(Some(self.out(count)))
            }
            Stand::Last => match self.inbox.get(..2) {
                None => Ok(None),
                Some(b"\r\n") => {
                    self.stand = Stand::Head;
                    Ok(Some(self.out(2)))
                }
                Some(_) => Err(broken("there is something after the last chunk")),
            },
            Stand::Refused => Ok(None),
        }
    }

    fn head(&mut self) -> Option<Vec<u8>> {
        // RFC 9112, 2.2: empty lines before a request are passed over.
        while self.inbox.starts_with(b"\r\n") {
            self.inbox.drain(..2);
        }
        let end = self.inbox.windows(4).take(HEAD_MOST).position(|four| four == b"\r\n\r\n");
        let screened = match end {
            Some(end) if end + 4 <= HEAD_MOST => {
                screen_head(&self.inbox[..end + 4]).map(|body| (end + 4, body))
            }
            // A bare line end twice ends a head for lenient readers: it is not waited for what never comes.
            None if self.inbox.windows(2).any(|pair| pair == b"\n\n") => Err(LINE_END),
            None if self.inbox.len() < HEAD_MOST => return None,
            _ => Err(TOO_LARGE),
        };
        match screened {
            Ok((end, body)) => {
                self.stand = match body {
                    Body::Sized(length) => Stand::Body(length),
                    Body::Chunked => Stand::ChunkLine,
                };
                Some(self.out(end))
            }
            Err(fault) => {
                self.stand = Stand::Refused;
                self.inbox = Vec::new();
                let place = FAULTS.iter().position(|known| *known == fault).unwrap_or(0);
                let word = WORD.as_str();
                let stands_for = format!(
                    "GET /refused HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n{MARK}: {word} {place}\r\n\r\n"
                );
                Some(stands_for.into_bytes())
            }
        }
    }
}

/// Answers a request that stands for a refused one; every other goes on, without a mark that it may have made up.
pub(crate) async fn answer_refused(mut request: Request, next: Next) -> Response {
    let Some(mark) = request.headers_mut().remove(MARK) else { return next.run(request).await };
    let fault = mark.to_str().ok().and_then(|mark| {
        let (word, place) = mark.split_once(' ')?;
        let known = values::secret::constant_time_eq(word.as_bytes(), WORD.as_bytes());
        FAULTS.get(place.parse::<usize>().ok().filter(|_| known)?)
    });
    match fault {
        Some(Fault { code, detail }) => refusal(code, detail),
        None => next.run(request).await,
    }
}

/// A connection whose requests are screened.
pub(crate) struct Screened<S> {
    stream: S,
    screen: Screen,
    /// What may be read, and how much of it was.
    ready: (Vec<u8>, usize),
    ended: bool,
}

impl<S> Screened<S> {
    pub(crate) fn new(stream: S) -> Screened<S> {
        Screened { stream, screen: Screen::new(), ready: (Vec::new(), 0), ended: false }
    }

    /// The connection itself.
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Screened<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let (bytes, read) = &mut this.ready;
            if *read < bytes.len() {
                let count = into.remaining().min(bytes.len() - *read);
                into.put_slice(&bytes[*read..*read + count]);
                *read += count;
                return Poll::Ready(Ok(()));
            }
            if let Some(piece) = this.screen.give()? {
                this.ready = (piece, 0);
                continue;
            }
            if this.screen.stand == Stand::Refused {
                // Not an end: a reader that sees one gives up the answer that is on its way.
                return Poll::Pending;
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            let mut piece = [0; 8192];
            let mut buffer = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer))?;
            this.ended = buffer.filled().is_empty();
            this.screen.take(buffer.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Screened<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &str) -> Result<Body, Fault> {
        screen_head(format!("{lines}\r\n\r\n").as_bytes())
    }

    #[test]
    fn a_head_says_one_thing() {
        assert_eq!(head("GET / HTTP/1.1\r\nHost: a"), Ok(Body::Sized(0)));
        assert_eq!(head("GET /x?y=%00 HTTP/1.0"), Ok(Body::Sized(0)));
        assert_eq!(head("POST / HTTP/1.1\r\nHost: a\r\ncontent-length:  12 "), Ok(Body::Sized(12)));
        assert_eq!(head("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked"), Ok(Body::Chunked));
        for (lines, fault) in [
            ("GET  / HTTP/1.1\r\nHost: a", LINE),
            ("GET / HTTP/1.1 \r\nHost: a", LINE),
            ("GET /\r\nHost: a", LINE),
            ("G\u{e9}T / HTTP/1.1\r\nHost: a", LINE),
            ("GET /\u{e9} HTTP/1.1\r\nHost: a", LINE),
            ("GET http://[ HTTP/1.1\r\nHost: a", LINE),
            ("GET / HTTP/2.0\r\nHost: a", OTHER_VERSION),
            ("GET / HTTP/1.1\nHost: a", LINE_END),
            ("GET / HTTP/1.1\r\nHost: a\0", LINE_END),
            ("GET / HTTP/1.1\r\nHost: a\rb", LINE_END),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded", FIELD),
            ("GET / HTTP/1.1\r\nHost: a\r\nX : 1", FIELD),
            ("GET / HTTP/1.1\r\nHost: a\r\n: 1", FIELD),
            ("GET / HTTP/1.1\r\nHost: a\r\nno colon", FIELD),
            ("GET / HTTP/1.1", HOST),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b", HOST),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1", LENGTH),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1", LENGTH),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1", LENGTH),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999", LENGTH),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", CODING),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked", CODING),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                CODING,
            ),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", CODING),
        ] {
            assert_eq!(head(lines), Err(fault), "{lines:?}");
        }
        let many = format!("GET / HTTP/1.1\r\nHost: a{}", "\r\nX: 1".repeat(LINES_MOST));
        assert_eq!(head(&many), Err(TOO_LARGE));
    }

    /// What comes out of a screen into which these bytes go so many at a time, and how it ends.
    fn screened(bytes: &[u8], at_once: usize) -> (Vec<u8>, Stand, bool) {
        let (mut screen, mut out) = (Screen::new(), Vec::new());
        for piece in bytes.chunks(at_once) {
            screen.take(piece);
            loop {
                match screen.give() {
                    Ok(Some(piece)) => out.extend(piece),
                    Ok(None) => break,
                    Err(_) => return (out, screen.stand, true),
                }
            }
        }
        (out, screen.stand, false)
    }

    #[test]
    fn what_is_right_goes_through_as_it_came_in_whatever_pieces() {
        let requests = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /b HTTP/1.1\r\nHost: a\r\n\r\n\
              POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n\
              GET /d HTTP/1.1\r\nHost: a\r\n\r\n";
        for at_once in [1, 2, 3, 7, 50, 1000] {
            let (out, stand, broken) = screened(requests, at_once);
            assert_eq!((out.as_slice(), broken), (&requests[..], false), "{at_once} at once");
            assert!(matches!(stand, Stand::Head | Stand::Body(0)));
        }
    }

    #[test]
    fn what_is_wrong_stops_there() {
        let good = b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
        let bad =
            b"GET /evil HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        let (out, stand, _) = screened(&[&good[..], bad].concat(), 5);
        assert_eq!(stand, Stand::Refused);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("GET /b ") && out.contains(WORD.as_str()));
        assert!(!out.contains("evil") && !out.contains("smuggled"));
        for body in [
            "3\r\nabcX",
            "3;a=b\r\nabc",
            "0x3\r\nabc",
            "-1\r\n",
            "3\nabc",
            "0\r\nX: 1\r\n\r\n",
            "\r\n",
            "11111111111111111\r\n",
        ] {
            let request = format!(
                "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}{}",
                " ".repeat(20)
            );
            assert!(screened(request.as_bytes(), 4).2, "{body:?}");
        }
        let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(HEAD_MOST));
        assert_eq!(screened(long.as_bytes(), 1000).1, Stand::Refused, "an endless head");
        assert_eq!(screened(b"GET / HTTP/1.1\nHost: a\n\n", 1000).1, Stand::Refused, "bare line ends");
    }
}
