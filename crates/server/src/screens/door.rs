//! The door of the screens: which page, in which language and theme, under which policy.

use super::guard;
use super::pages::{self, Page, Welcome};
use super::words::Language;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};
use values::time::Zone;

/// What every page may load and do: our own style sheet and pictures, forms to ourselves, nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'";

/// What a page may do beyond that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// It runs our own script and hears our own events.
    pub script: bool,
    /// Origins, `http://127.0.0.1:8080`, whose pages may show it in a frame.
    pub framed_by: Vec<String>,
    /// Origins whose pages it shows in frames; they may ask for the camera there as at their own doors.
    pub frames: Vec<String>,
    /// It may ask for the camera, to scan codes.
    pub camera: bool,
}

impl Leave {
    fn policy(&self) -> String {
        let list =
            |origins: &[String]| if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
        let script = if self.script { "; script-src 'self'; connect-src 'self'" } else { "" };
        let frames = if self.frames.is_empty() {
            String::new()
        } else {
            format!("; frame-src {}", list(&self.frames))
        };
        format!("{POLICY}; frame-ancestors {}{script}{frames}", list(&self.framed_by))
    }

    /// Who may use the camera: the page itself, and whoever it shows in frames for that.
    fn permissions(&self) -> String {
        let own = self.camera.then(|| "self".to_owned());
        let framed = self.frames.iter().map(|origin| format!("\"{origin}\""));
        let all: Vec<String> = own.into_iter().chain(framed).collect();
        format!("camera=({}), microphone=()", all.join(" "))
    }
}
/// What a page may use of the machine (Permissions Policy).
const PERMISSIONS: header::HeaderName = header::HeaderName::from_static("permissions-policy");
const LANGUAGE_COOKIE: &str = "paiza-language";
const THEME_COOKIE: &str = "paiza-theme";
/// A year, in seconds.
const REMEMBERED: u32 = 31_536_000;

/// Begins a payment at the city's terminal.
pub type Begin = Arc<dyn Fn() + Send + Sync>;

/// The start page, empty until somebody knows what to tell. Clones are the same page.
#[derive(Clone, Default)]
pub struct Front(Arc<OnceLock<(Welcome, Option<Begin>)>>);

impl Front {
    /// Tells what the page shows from now on, and how a payment is begun from it; the first one told stays.
    pub fn tell(&self, welcome: Welcome, begin: Option<Begin>) {
        let _ = self.0.set((welcome, begin));
    }
}

/// The pages that belong to no party's work: the start page, what screens are made of, how they are seen.
pub fn router(front: Front) -> Router {
    let begin = post(begin).layer(middleware::from_fn(guard::own_pages_alone));
    Router::new()
        .route("/", get(start))
        .route("/tap-in-the-shop", begin)
        .route("/styleguide", get(styleguide))
        .with_state(front)
        .merge(common())
}

/// What every door has: the style sheet, the mark, and how somebody wishes to see the pages.
pub fn common<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/paiza.css", get(style_sheet))
        .route("/assets/mark.svg", get(mark_picture))
        .route("/preferences", post(prefer))
}

/// A style sheet of one door as an answer, without the whole lines of notes that stand there for people alone.
pub fn style_sheet_of(content: String) -> Response {
    let is_note = |line: &&str| line.starts_with("/*") && line.ends_with("*/");
    let lines = content.lines().filter(|line| !is_note(line));
    asset("text/css; charset=utf-8", lines.collect::<Vec<_>>().join("\n"))
}

/// A script of ours as an answer, without what stands there for people alone: whole lines of notes, and the space before
/// the others. No text of a script runs over several lines.
pub fn script(text: &'static str) -> Response {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//"));
    asset("text/javascript; charset=utf-8", lines.collect::<Vec<_>>().join("\n"))
}

/// How somebody sees the page at `uri`: as chosen before, else as the browser asks.
pub fn page_of(headers: &HeaderMap, uri: &Uri) -> Page {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let chosen = cookie(text(header::COOKIE), LANGUAGE_COOKIE).and_then(Language::from_tag);
    let theme = cookie(text(header::COOKIE), THEME_COOKIE).and_then(theme);
    let language = chosen.unwrap_or_else(|| Language::accepted(text(header::ACCEPT_LANGUAGE)));
    Page { language, theme, path: uri.path().to_owned(), zone: Zone::Utc }
}

/// A page as an answer.
pub fn show(status: StatusCode, html: String) -> Response {
    show_with(status, html, &Leave::default())
}

/// A page that may do more than a plain one, as an answer.
pub fn show_with(status: StatusCode, html: String, leave: &Leave) -> Response {
    let (policy, permissions) = (leave.policy(), leave.permissions());
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        // Other sites learn nothing; our own doors need it, as without a referrer browsers say `Origin: null` of a form.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (PERMISSIONS, permissions.as_str()),
    ];
    (status, headers, Html(html)).into_response()
}

fn theme(name: &str) -> Option<&'static str> {
    ["light", "dark"].into_iter().find(|known| *known == name)
}

/// What the browser keeps under this name.
pub fn kept<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookie(headers.get(header::COOKIE)?.to_str().ok()?, name)
}

fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Where nobody told of a city, there is one page for people.
async fn start(State(front): State<Front>, headers: HeaderMap, uri: Uri) -> Response {
    let Some((welcome, begin)) = front.0.get() else { return Redirect::to("/lost-phone").into_response() };
    let page = page_of(&headers, &uri);
    // What it frames goes by the same name, or it would be another site's and not be given its own sessions.
    let by_name = guard::host(&headers).is_some_and(|host| host.starts_with("localhost"));
    let welcome = &if by_name { welcome.by_name() } else { welcome.clone() };
    let frames = welcome.screens.iter().map(|screen| screen.origin.clone()).collect();
    let leave = Leave { frames, ..Leave::default() };
    show_with(StatusCode::OK, pages::start(&page, welcome, begin.is_some()), &leave)
}

/// The story begins: an amount stands at the terminal, and it waits for a card.
async fn begin(State(front): State<Front>) -> Response {
    if let Some((_, Some(begin))) = front.0.get() {
        begin();
    }
    Redirect::to("/").into_response()
}

async fn styleguide(headers: HeaderMap, uri: Uri) -> Response {
    show(StatusCode::OK, pages::styleguide(&page_of(&headers, &uri)))
}

async fn style_sheet() -> Response {
    asset("text/css; charset=utf-8", pages::style_sheet())
}

async fn mark_picture() -> Response {
    asset("image/svg+xml", pages::mark_picture())
}

fn asset(kind: &'static str, content: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}

#[derive(Deserialize)]
struct Preferences {
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    back: String,
}

/// Keeps the choice in the browser and leads back.
async fn prefer(Form(wish): Form<Preferences>) -> Response {
    chosen(&wish.language, &wish.theme, Redirect::to(own_path(&wish.back)).into_response())
}

/// The answer, with which the browser keeps this choice; what is neither language nor theme is as the browser asks.
pub fn chosen(language: &str, wished: &str, answer: Response) -> Response {
    let answer = keeping(LANGUAGE_COOKIE, Language::from_tag(language).map(Language::tag), answer);
    keeping(THEME_COOKIE, theme(wished), answer)
}

/// The answer, with which the browser keeps a word for a year, or forgets it.
pub fn keeping(name: &str, value: Option<&'static str>, mut answer: Response) -> Response {
    let (value, age) = value.map_or(("", 0), |value| (value, REMEMBERED));
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// The path if it is one of our own, else the start: nobody is led elsewhere from here.
pub(crate) fn own_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    if plain && path.starts_with('/') && !path.starts_with("//") { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_goes_before_what_the_browser_asks() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "zh-CN".parse().unwrap());
        let uri: Uri = "/lost-phone?x=1".parse().unwrap();
        let path = "/lost-phone".to_owned();
        let expected = Page { language: Language::Chinese, theme: None, path, zone: Zone::Utc };
        assert_eq!(page_of(&headers, &uri), expected);
        headers.insert(header::COOKIE, "a=b; paiza-language=hi; paiza-theme=dark".parse().unwrap());
        let expected = Page { language: Language::Hindi, theme: Some("dark"), ..expected };
        assert_eq!(page_of(&headers, &uri), expected);
        headers.insert(header::COOKIE, "paiza-language=xx; paiza-theme=\"><b>".parse().unwrap());
        let expected = Page { language: Language::Chinese, theme: None, ..expected };
        assert_eq!(page_of(&headers, &uri), expected);
    }

    #[test]
    fn the_camera_is_for_who_asks_for_it_and_for_frames_that_are_shown() {
        let frames = vec!["http://127.0.0.1:8081".to_owned(), "http://127.0.0.1:8084".to_owned()];
        let said = |leave: Leave| leave.permissions();
        assert_eq!(said(Leave::default()), "camera=(), microphone=()");
        assert_eq!(said(Leave { camera: true, ..Leave::default() }), "camera=(self), microphone=()");
        let framing = Leave { frames, ..Leave::default() };
        let expected = "camera=(\"http://127.0.0.1:8081\" \"http://127.0.0.1:8084\"), microphone=()";
        assert_eq!(said(framing), expected);
    }

    #[test]
    fn nobody_is_led_to_another_place() {
        for (path, expected) in [
            ("/lost-phone", "/lost-phone"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(own_path(path), expected);
        }
    }
}
