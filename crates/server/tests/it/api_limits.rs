//! What a caller may ask of the door itself: how often, how much, how slowly. Over sockets, by a clock that is handed in.

use crate::api::{BOOKS, Caller, NOODLES};
use crate::small_city::SmallCity;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_key_may_ask_so_often_and_then_waits() {
    let city = SmallCity::new();
    let (noodles, books) = (Caller::new(&city, NOODLES), Caller::new(&city, BOOKS));
    let limits = server::platform_http::developers::Limits::STANDARD;
    let (mut left, mut asked) = (u64::from(limits.burst), 0);
    let refused = loop {
        let answer = noodles.get("/v1/merchants?limit=1");
        if answer.status == 429 {
            break answer;
        }
        asked += 1;
        left -= 1;
        assert_eq!(answer.header("ratelimit"), format!("\"key\";r={left};q={}", limits.burst));
        assert!(asked <= limits.burst, "the clock stands still, so nothing fills up");
    };
    assert_eq!(asked, limits.burst);
    assert_eq!((refused.problem().as_str(), refused.header("retry-after")), ("rate_limited", "1"));
    assert_eq!(refused.header("ratelimit"), format!("\"key\";r=0;q={}", limits.burst));
    assert_eq!(refused.json()["retryable"], true);
    assert_eq!(books.get("/v1/merchants").status, 200, "another key has a bucket of its own");
    city.clock.advance(Duration::from_millis(5));
    assert_eq!(noodles.get("/v1/merchants").status, 200, "200 a second: one in five milliseconds");
    assert_eq!(noodles.get("/v1/merchants").status, 429);
    city.clock.advance(Duration::from_secs(60));
    assert_eq!(
        noodles.get("/v1/merchants").header("ratelimit"),
        format!("\"key\";r={};q={}", limits.burst - 1, limits.burst)
    );
}

/// What comes back over a connection until the other side ends it.
fn said(city: &SmallCity, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(city.city.addresses.platform).unwrap();
    stream.set_read_timeout(Some(crate::street::PATIENCE)).unwrap();
    // Whoever has heard enough may hang up before everything was said.
    let _ = stream.write_all(request);
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn problem(answer: &str) -> (String, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.split(' ').nth(1).unwrap().to_owned();
    assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{head}");
    (status, serde_json::from_str::<Value>(body.trim()).unwrap()["code"].clone())
}

/// Moves the clock until the other side has had enough, and says how far it moved.
fn patience(city: &SmallCity, request: &[u8], step: Duration) -> (String, Duration) {
    let mut stream = TcpStream::connect(city.city.addresses.platform).unwrap();
    stream.write_all(request).unwrap();
    stream.set_nonblocking(true).unwrap();
    let (mut answer, mut moved) = (Vec::new(), Duration::ZERO);
    crate::street::eventually("the other side ends it", || {
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => return true,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                city.clock.advance(step);
                moved += step;
            }
            Err(_) => return true,
        }
        false
    });
    (String::from_utf8(answer).unwrap(), moved)
}

fn post(headers: &str, length: usize, body: &str) -> Vec<u8> {
    format!(
        "POST /v1/merchants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_platform0000000000000000\r\n\
         Idempotency-Key: k\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn slow_heads_and_slow_bodies_are_ended_by_the_clock() {
    let city = SmallCity::new();
    let second = Duration::from_secs(1);
    let (answer, moved) = patience(&city, b"GET /v1/merchants HTTP/1.1\r\nHost: localh", second);
    assert_eq!(problem(&answer), ("408".to_owned(), "request_timeout".into()));
    assert!(moved >= 10 * second, "{moved:?}");
    let (answer, moved) = patience(&city, &post("", 100, "{\"name\": "), second);
    assert_eq!(problem(&answer), ("408".to_owned(), "request_timeout".into()));
    assert!(moved >= 10 * second, "{moved:?}");
}

#[test]
fn what_is_too_large_is_refused_as_soon_as_that_is_known() {
    let city = SmallCity::new();
    let large = "x".repeat((1 << 20) + 1);
    let answer = said(&city, &post("", large.len(), &large[..1000]));
    assert_eq!(problem(&answer), ("413".to_owned(), "body_too_large".into()), "without reading it all");
    let header = format!("X-Large: {}\r\n", "y".repeat(17 * 1024));
    let answer = said(&city, &post(&header, 2, "{}"));
    assert_eq!(problem(&answer), ("431".to_owned(), "head_too_large".into()));
    let header = format!("X-Fits: {}\r\n", "y".repeat(15 * 1024));
    let answer = said(&city, &post(&header, 2, "{}"));
    assert_eq!(problem(&answer), ("400".to_owned(), "parameter_missing".into()));
    let endless = format!("GET / HTTP/1.1\r\nX-Endless: {}", "z".repeat(100 * 1024));
    let answer = said(&city, endless.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
}
