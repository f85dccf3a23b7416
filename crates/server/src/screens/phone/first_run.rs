//! Setting a phone up, and opening it.

use crate::screens::pages::{Page, made};
use askama::Template;

#[derive(Template)]
#[template(path = "phone/welcome.html")]
struct Welcome<'a> {
    page: &'a Page,
    number: &'a str,
    name: &'a str,
    trouble: Option<String>,
}

/// Asks for the telephone number and a name; `trouble` is a sentence about the number.
pub fn welcome(page: &Page, number: &str, name: &str, trouble: Option<String>) -> String {
    made(Welcome { page, number, name, trouble })
}

#[derive(Template)]
#[template(path = "phone/passcode.html")]
struct Passcode<'a> {
    page: &'a Page,
    trouble: Option<String>,
}

/// Asks for a new passcode, twice.
pub fn passcode(page: &Page, trouble: Option<String>) -> String {
    made(Passcode { page, trouble })
}

#[derive(Template)]
#[template(path = "phone/code.html")]
struct Code<'a> {
    page: &'a Page,
    number: &'a str,
    arrived: Option<&'a (String, String)>,
    trouble: Option<String>,
}

/// Asks for the code that was sent to `number`; `arrived` is the message with it, as a phone shows it on top.
pub fn code(
    page: &Page,
    number: &str,
    arrived: Option<&(String, String)>,
    trouble: Option<String>,
) -> String {
    made(Code { page, number, arrived, trouble })
}

#[derive(Template)]
#[template(path = "phone/recovery.html")]
struct Recovery<'a> {
    page: &'a Page,
    code: Option<&'a str>,
    lost_phone: String,
}

/// Shows the recovery code, once; who has one already is told so. `platform` is where it is used.
pub fn recovery(page: &Page, code: Option<&str>, platform: &str) -> String {
    made(Recovery { page, code, lost_phone: format!("http://{platform}/lost-phone") })
}

#[derive(Template)]
#[template(path = "phone/gone.html")]
struct Gone<'a> {
    page: &'a Page,
    platform: &'a str,
}

/// The phone has forgotten its keys: all that is left is to begin anew. `platform` is where its cards can be stopped.
pub fn gone(page: &Page, platform: &str) -> String {
    made(Gone { page, platform })
}

/// What opening the phone shows.
#[derive(Clone, Debug, Default)]
pub struct UnlockView {
    /// Why the last try did not open it.
    pub trouble: Option<String>,
    /// Where it leads.
    pub then: String,
    /// For a payment: the card's name at the platform, and its picture.
    pub to_pay: Option<(String, String)>,
    /// Host and port of the platform, for a lost passcode.
    pub platform: String,
    /// The passkey, where its owner added one.
    pub passkey: Option<PasskeyAsk>,
}

/// What is offered beside the passcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyAsk {
    /// The passkey is asked for on this page.
    Here {
        /// What is signed.
        challenge: String,
        /// Which passkey.
        credential: String,
        /// For what its authenticator computes a secret.
        salt: String,
    },
    /// The browser takes it at this address alone.
    Elsewhere(String),
    /// It opens the screen, but no payment.
    ScreenOnly,
}

#[derive(Template)]
#[template(path = "phone/unlock.html")]
struct Unlock<'a> {
    page: &'a Page,
    trouble: Option<&'a str>,
    then: &'a str,
    to_pay: bool,
    action: &'a str,
    card: Option<&'a str>,
    art: Option<&'a str>,
    platform: &'a str,
    passkey: Option<&'a PasskeyAsk>,
}

/// Asks for the passcode.
pub fn unlock(page: &Page, view: &UnlockView) -> String {
    let to_pay = view.to_pay.as_ref();
    made(Unlock {
        page,
        trouble: view.trouble.as_deref(),
        then: &view.then,
        to_pay: to_pay.is_some(),
        action: if to_pay.is_some() { &view.then } else { "/unlock" },
        card: to_pay.map(|(card, _)| card.as_str()),
        art: to_pay.map(|(_, art)| art.as_str()),
        platform: &view.platform,
        passkey: view.passkey.as_ref(),
    })
}
