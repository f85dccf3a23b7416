//! Who is asking: the session of a phone that was opened with its passcode, and how a handler answers.

use super::{PhoneDoor, Stage, held, view};
use crate::client::ClientError;
use crate::paper::{Fonts, Paper, PaperError};
use crate::phone::{Phone, PhoneError};
use crate::screens::door::{self, Leave};
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, Slip};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use values::Timestamp;
use values::time::Zone;

/// A session that was not used for so long has ended.
pub const IDLE: Duration = Duration::from_secs(5 * 60);

/// So many browsers have the phone open at once.
const SESSIONS_MOST: usize = 8;

/// The sessions that are open: what a browser shows is kept as its digest. They end with the process.
pub(super) struct Sessions {
    /// Ports of one machine share cookies, so each phone's has a name of its own.
    cookie: String,
    open: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Sessions {
    pub(super) fn of(directory: &Path) -> Sessions {
        let digest = crypto::hash::sha256(directory.as_os_str().as_encoded_bytes());
        Sessions { cookie: format!("paiza-phone-{}", hex::encode(&digest[..4])), open: Mutex::default() }
    }

    /// Where a browser keeps by which clock this phone tells the time.
    pub(super) fn zone_cookie(&self) -> String {
        format!("{}-zone", self.cookie)
    }

    /// Opens one; answers the cookie to set.
    pub(super) fn begin(&self, now: Timestamp) -> String {
        let key = hex::encode(crypto::random::bytes::<32>());
        let mut open = held(&self.open);
        open.retain(|_, used| now.since(*used) <= IDLE);
        if open.len() >= SESSIONS_MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, used)| **used).map(|(key, _)| *key)
        {
            open.remove(&oldest);
        }
        open.insert(crypto::hash::sha256(key.as_bytes()), now);
        format!("{}={key}; Path=/; HttpOnly; SameSite=Strict", self.cookie)
    }

    /// Whether this session is open; using it keeps it open.
    fn goes_on(&self, key: &str, now: Timestamp) -> bool {
        let mut open = held(&self.open);
        let digest = crypto::hash::sha256(key.as_bytes());
        match open.get_mut(&digest) {
            Some(used) if now.since(*used) <= IDLE => {
                *used = now;
                true
            }
            Some(_) => {
                open.remove(&digest);
                false
            }
            None => false,
        }
    }

    /// Ends all of them.
    pub(super) fn end(&self) {
        held(&self.open).clear();
    }
}

/// What a handler answers.
pub(super) enum Reply {
    /// A page.
    Page(String),
    /// A page that says no.
    No(StatusCode, String),
    /// Go there.
    To(String),
    /// Go there, opened.
    Open(String),
    /// A file to keep: its kind, its name, what is in it.
    File(&'static str, &'static str, Vec<u8>),
    /// For the script.
    Json(serde_json::Value),
}

impl Reply {
    pub(super) fn to(path: &str) -> Result<Reply, PhoneError> {
        Ok(Reply::To(path.to_owned()))
    }

    pub(super) fn page(html: String) -> Result<Reply, PhoneError> {
        Ok(Reply::Page(html))
    }
}

/// A request: at which phone, how its pages are to be seen, and the session it shows.
pub(super) struct Asked {
    pub(super) door: PhoneDoor,
    pub(super) page: Page,
    /// Whether the page was asked for where passkeys work.
    pub(super) here: bool,
    session: String,
}

impl FromRequestParts<PhoneDoor> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, door: &PhoneDoor) -> Result<Asked, Infallible> {
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let name = &door.0.sessions.cookie;
        let session = cookies
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name.as_str())?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned();
        let here = door.ceremonies().is_some_and(|ceremonies| ceremonies.are_here(&parts.headers));
        let zone = door::kept(&parts.headers, &door.0.sessions.zone_cookie()).and_then(Zone::parse);
        let zone = zone.unwrap_or_else(|| door.zone());
        let page = Page { zone, ..door::page_of(&parts.headers, &parts.uri) };
        Ok(Asked { door: door.clone(), page, here, session })
    }
}

/// Its owner's request to a phone that is open.
pub(super) struct Visit {
    pub(super) door: PhoneDoor,
    pub(super) page: Page,
    pub(super) phone: Arc<Phone>,
    pub(super) here: bool,
}

impl Asked {
    /// Answers whoever asks, on a thread that may wait.
    pub(super) async fn anyone(
        self,
        work: impl FnOnce(&PhoneDoor, &Page) -> Result<Reply, PhoneError> + Send + 'static,
    ) -> Response {
        let Asked { door, page, .. } = self;
        let (at, seen) = (door.clone(), page.clone());
        let done = tokio::task::spawn_blocking(move || work(&at, &seen)).await;
        let reply = match done {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => trouble(&page, &error),
            Err(error) => {
                tracing::error!(%error, "a handler panicked");
                Reply::No(StatusCode::INTERNAL_SERVER_ERROR, wrong(&page))
            }
        };
        door.answer(reply)
    }

    /// Answers the owner of an open phone; everybody else is led to where it is opened or set up.
    pub(super) async fn owner(
        self,
        work: impl FnOnce(&Visit) -> Result<Reply, PhoneError> + Send + 'static,
    ) -> Response {
        let phone = match &*held(&self.door.0.stage) {
            Stage::Bound(phone) => Arc::clone(phone),
            Stage::New => return Redirect::to("/welcome").into_response(),
            Stage::Named { .. } => return Redirect::to("/welcome/passcode").into_response(),
            Stage::Binding(_) => return Redirect::to("/welcome/code").into_response(),
        };
        if !self.door.0.sessions.goes_on(&self.session, self.door.now()) {
            let then = door::own_path(&self.page.path);
            return Redirect::to(&format!("/unlock?then={then}")).into_response();
        }
        if held(&self.door.0.recovery).is_some() {
            return Redirect::to("/welcome/done").into_response();
        }
        let here = self.here;
        self.anyone(move |door, page| work(&Visit { door: door.clone(), page: page.clone(), phone, here }))
            .await
    }

    /// Whether the phone is open for whoever asks.
    pub(super) fn is_open(&self) -> bool {
        self.door.0.sessions.goes_on(&self.session, self.door.now())
    }
}

impl PhoneDoor {
    /// Where its clock stands until its owner chooses: in the country of its number.
    fn zone(&self) -> Zone {
        view::zone_of_number(match &*held(&self.0.stage) {
            Stage::Bound(phone) => phone.number(),
            Stage::Named { number, .. } => number,
            Stage::New | Stage::Binding(_) => &self.0.settings.number,
        })
    }

    fn leave(&self) -> Leave {
        let framed_by = self.0.settings.framed_by.clone();
        Leave { script: true, framed_by, camera: true, ..Leave::default() }
    }

    pub(super) fn answer(&self, reply: Reply) -> Response {
        match reply {
            Reply::Page(html) => door::show_with(StatusCode::OK, html, &self.leave()),
            Reply::No(status, html) => door::show_with(status, html, &self.leave()),
            Reply::To(path) => Redirect::to(&path).into_response(),
            Reply::Open(path) => {
                let mut answer = Redirect::to(&path).into_response();
                if let Ok(cookie) = HeaderValue::from_str(&self.0.sessions.begin(self.now())) {
                    answer.headers_mut().append(header::SET_COOKIE, cookie);
                }
                answer
            }
            Reply::File(kind, name, bytes) => {
                let attached = format!("attachment; filename=\"{name}\"");
                let headers = [
                    (header::CONTENT_TYPE, kind),
                    (header::CONTENT_DISPOSITION, attached.as_str()),
                    (header::CACHE_CONTROL, "no-store"),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                ];
                (headers, bytes).into_response()
            }
            Reply::Json(value) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(value)).into_response(),
        }
    }
}

fn wrong(page: &Page) -> String {
    screens::problem(page, "wrong-title", "wrong-text", "/")
}

impl Visit {
    /// A paper as a file, or why this machine cannot write it.
    pub(super) fn paper(&self, paper: &Paper, name: &'static str) -> Result<Reply, PhoneError> {
        match paper.pdf(Fonts::of_this_machine()) {
            Ok(bytes) => Ok(Reply::File("application/pdf", name, bytes)),
            Err(error) => {
                tracing::warn!(%error, "no paper");
                let text = match error {
                    PaperError::NoFont(_) | PaperError::Font(_) => "paper-no-font",
                    PaperError::Write(_) => "wrong-text",
                };
                let html = screens::problem(&self.page, "paper-none", text, "/history");
                Ok(Reply::No(StatusCode::SERVICE_UNAVAILABLE, html))
            }
        }
    }

    /// A receipt handed on: the page that shows what would be, its text, or its paper; `at` is the path of the receipt.
    pub(super) fn hand_on(&self, slip: &Slip, at: &str, file: &str) -> Result<Reply, PhoneError> {
        match file {
            "share" => Reply::page(screens::share(&self.page, slip, at)),
            "receipt.txt" => {
                let text = slip.text(&self.page).into_bytes();
                Ok(Reply::File("text/plain; charset=utf-8", "paiza-receipt.txt", text))
            }
            "receipt.pdf" => self.paper(&slip.paper(&self.page), "paiza-receipt.pdf"),
            _ => nothing(&self.page),
        }
    }
}

/// What went wrong, as a page for people; what only helps those who run the phone goes to its log.
fn trouble(page: &Page, error: &PhoneError) -> Reply {
    match error {
        PhoneError::Client(ClientError::Unreachable(_)) => {
            let html = screens::problem(page, "offline-title", "offline-text", &page.path);
            Reply::No(StatusCode::SERVICE_UNAVAILABLE, html)
        }
        PhoneError::Refused(_) | PhoneError::Client(ClientError::Problem(_)) => {
            Reply::No(StatusCode::CONFLICT, wrong(page))
        }
        error => {
            tracing::warn!(%error, "the phone");
            Reply::No(StatusCode::INTERNAL_SERVER_ERROR, wrong(page))
        }
    }
}

/// A page of this phone that is not there.
pub(super) fn nothing(page: &Page) -> Result<Reply, PhoneError> {
    Ok(Reply::No(StatusCode::NOT_FOUND, screens::problem(page, "missing-title", "missing-text", "/")))
}

/// There is no such page.
pub(super) async fn missing(asked: Asked) -> Response {
    asked.anyone(|_, page| nothing(page)).await
}
