//! Who may use a door of this machine: nobody logs in at it, so it has to know that no page of another site is asking.
//!
//! A page whose name was bound to this machine's address (DNS rebinding) still calls the door by the page's own name: the
//! header `Host` is checked. A form or script of another site says where it comes from: `Sec-Fetch-Site` (Fetch
//! Metadata Request Headers) where the browser sends it, `Origin` (RFC 6454, 7) where it does not. Programs that
//! are no browser send neither and are whoever sits at this machine.

use super::door;
use super::pages;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Lets a request through if it is addressed to this machine, and, where it may change something, comes from a
/// page of this very door. For `axum::middleware::from_fn`.
pub async fn own_pages_alone(request: Request, next: Next) -> Response {
    if is_at_home(request.headers()) && is_own(request.method(), request.headers()) {
        return next.run(request).await;
    }
    let page = door::page_of(request.headers(), request.uri());
    door::show(StatusCode::FORBIDDEN, pages::refused(&page))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// The name and port by which the door was asked for.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    text(headers, header::HOST)
}

/// Whether the request names this machine's own address.
fn is_at_home(headers: &HeaderMap) -> bool {
    let host = text(headers, header::HOST).unwrap_or_default();
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    port.bytes().all(|byte| byte.is_ascii_digit()) && matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// Whether it is harmless, or a page of this door sends it.
fn is_own(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return true;
    }
    let site = text(headers, header::HeaderName::from_static("sec-fetch-site"));
    let from = text(headers, header::ORIGIN);
    let by_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let by_origin = from.is_none_or(|from| from.strip_prefix("http://") == text(headers, header::HOST));
    by_site && by_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_page_of_another_name_is_not_at_home() {
        for (host, home) in [
            ("127.0.0.1:8084", true),
            ("localhost:8084", true),
            ("[::1]:8084", true),
            ("127.0.0.1", true),
            ("evil.example:8084", false),
            ("127.0.0.1.evil.example", false),
            ("evil.example@127.0.0.1", false),
            ("127.0.0.1:evil", false),
            ("", false),
        ] {
            assert_eq!(is_at_home(&headers(&[("host", host)])), home, "{host}");
        }
        assert!(!is_at_home(&headers(&[])));
    }

    #[test]
    fn only_a_page_of_this_door_may_change_something() {
        let host = ("host", "127.0.0.1:8084");
        for (method, more, own) in [
            (Method::POST, vec![], true),
            (Method::POST, vec![("sec-fetch-site", "same-origin")], true),
            (Method::POST, vec![("sec-fetch-site", "same-site")], false),
            (Method::POST, vec![("sec-fetch-site", "cross-site")], false),
            (Method::POST, vec![("origin", "http://127.0.0.1:8084")], true),
            // Another port of this machine is another door, and so is another name of it.
            (Method::POST, vec![("origin", "http://127.0.0.1:8081")], false),
            (Method::POST, vec![("origin", "http://localhost:8084")], false),
            (Method::POST, vec![("origin", "https://127.0.0.1:8084")], false),
            (Method::POST, vec![("origin", "null")], false),
            (Method::POST, vec![("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")], false),
            (Method::PUT, vec![("origin", "http://evil.example")], false),
            (Method::GET, vec![("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")], true),
        ] {
            let found = is_own(&method, &headers(&[&[host], more.as_slice()].concat()));
            assert_eq!(found, own, "{method} {more:?}");
        }
    }
}
