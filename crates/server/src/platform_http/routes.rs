//! The routes of devices and issuers, read like a menu. Each is one function of the signed request.

use super::codes;
use super::door::{Door, Received};
use super::phone;
use super::privacy;
use super::problem::Trouble;
use super::repeats;
use crate::api;
use crate::phone::encode;
use crate::screens::door::{page_of, show};
use crate::screens::pages;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use crypto::p256::AgreementPublic;
use platform::{Confirmed, IssuerAction, Progress};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use tokens::Actor;
use tokens::ops::Arrangement;
use tokens::records::{DeviceId, DeviceKeys, Life, Token, TokenReference};
use tokens::text::Name;
use values::TokenNumber;

/// The largest body that is read.
const BODY_MOST: usize = 64 * 1024;

/// What a device, or an issuer, asks for with its signature: the request is its whole context.
type Work = Arc<dyn Fn(&Door, &Received) -> Result<Vec<u8>, Trouble> + Send + Sync>;

/// Who signed a request: under this name it is known again.
type Who = fn(&Door, &Received) -> Result<String, Trouble>;

/// A route for signed requests.
#[derive(Clone)]
pub(super) struct SignedRoute {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    who: Who,
    work: Work,
}

fn route<A: Serialize + 'static>(
    method: &'static str,
    path: &'static str,
    work: fn(&Door, &Received) -> Result<A, Trouble>,
) -> SignedRoute {
    let work = move |door: &Door, received: &Received| {
        Ok(serde_json::to_vec(&work(door, received)?).expect("the interface's types are JSON"))
    };
    let device: Who = |door, received| Ok(received.device(door)?.id.to_string());
    SignedRoute { method, path, who: device, work: Arc::new(work) }
}

/// Everything a phone or an issuer asks of the platform.
pub(super) fn signed_routes() -> Vec<SignedRoute> {
    vec![
        SignedRoute { who: new_device, ..route("POST", "/v1/devices", register) },
        route("GET", "/v1/devices", phone::devices),
        route("POST", "/v1/devices/{device}/confirm", confirm),
        route("POST", "/v1/devices/{device}/forget", privacy::forget),
        route("GET", "/v1/privacy", privacy::held),
        route("POST", "/v1/cards", add_card),
        route("POST", "/v1/enrolments/{enrolment}/code", request_code),
        route("POST", "/v1/enrolments/{enrolment}/verify", verify_code),
        route("GET", "/v1/tokens", list),
        route("POST", "/v1/tokens/{token}/provision", provision),
        route("POST", "/v1/tokens/{token}/keys", replenish),
        route("POST", "/v1/tokens/{token}/certificates", certificates),
        route("GET", "/v1/tokens/{token}/taps/{counter}", phone::tap),
        route("POST", "/v1/codes/look", codes::look),
        route("POST", "/v1/tokens/{token}/code-payments", codes::pay),
        route("POST", "/v1/tokens/{token}/disputes", phone::raise_dispute),
        route("POST", "/v1/tokens/{token}/disputes/look", phone::look_at_dispute),
        route("POST", "/v1/tokens/{token}/disputes/withdraw", phone::withdraw_dispute),
        route("POST", "/v1/tokens/{token}/suspend", suspend),
        route("POST", "/v1/tokens/{token}/resume", resume),
        route("POST", "/v1/tokens/{token}/delete", delete),
        route("POST", "/v1/arrangement", arrange),
        SignedRoute { who: issuer, ..route("POST", "/v1/issuer-events", issuer_event) },
    ]
}

/// What nobody signs: what is public, and what one who lost the phone can still do.
pub(super) fn open_router(door: Door) -> Router {
    Router::new()
        .route("/v1/card-data-key", get(card_data_key))
        .route("/v1/time", get(time))
        .route("/v1/card-ranges", get(phone::card_ranges))
        .route("/v1/lost-phone", post(lost_phone))
        .route("/lost-phone", get(lost_phone_page).post(lost_phone_form))
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .with_state(door)
}

impl SignedRoute {
    /// Reads the request and does the work on a thread that may wait for records and issuers.
    pub(super) async fn serve(self, door: Door, names: Vec<String>, request: Request) -> Response {
        self.answer(door, names, request).await.unwrap_or_else(IntoResponse::into_response)
    }

    async fn answer(self, door: Door, names: Vec<String>, request: Request) -> Result<Response, Trouble> {
        let (parts, body) = request.into_parts();
        let body = super::read_body(&door.alarm, body, BODY_MOST).await?;
        let received = Received::new(&parts, names, body.to_vec())?;
        let done = tokio::task::spawn_blocking(move || self.carried_out(&door, &received)).await;
        let (answer, replayed) = done.map_err(|error| {
            tracing::error!(%error, "a handler panicked");
            Trouble::internal()
        })??;
        let mut answer = ([(header::CONTENT_TYPE, "application/json")], answer).into_response();
        if replayed {
            answer.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        Ok(answer)
    }

    fn carried_out(&self, door: &Door, received: &Received) -> Result<(Vec<u8>, bool), Trouble> {
        if self.method == "GET" {
            return Ok(((self.work)(door, received)?, false));
        }
        let who = (self.who)(door, received)?;
        repeats::once(door, received, &who, || (self.work)(door, received))
    }
}

pub(super) fn body<T: DeserializeOwned>(received: &Received) -> Result<T, Trouble> {
    serde_json::from_slice(&received.body).map_err(|error| {
        // The position is safe to tell; the text at it is not.
        let place = format!("the body at line {} column {}", error.line(), error.column());
        Trouble::invalid(&place)
    })
}

fn bytes(text: &str, part: &'static str) -> Result<Vec<u8>, Trouble> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).map_err(|_| Trouble::invalid(part))
}

/// An identifier in a body; a malformed one is as unknown as one that is not there.
fn id<K: values::id::Kind>(text: &str) -> Result<values::Id<K>, Trouble> {
    text.parse().map_err(|_| Trouble::not_found())
}

/// Public, and so is everybody's: phones are told it when they register, issuers seal new plastic to it.
async fn card_data_key(State(door): State<Door>) -> Json<api::CardDataKey> {
    Json(api::CardDataKey { card_data_key: encode(door.service.keys().card_data().public().to_sec1()) })
}

/// What a device has to agree with for its signatures to be of now.
async fn time(State(door): State<Door>) -> Json<api::CityTime> {
    let shown = door.test_clock.as_ref().map(|clock| clock.shown());
    Json(shown.map_or_else(api::CityTime::default, |shown| api::CityTime {
        test_clock: true,
        ahead_ms: shown.ahead_ms,
        frozen_at_ms: shown.frozen.then(|| shown.now.millis()),
    }))
}

/// Whoever registers a key must hold it; until it has a name it is known by that key.
fn new_device(door: &Door, received: &Received) -> Result<String, Trouble> {
    let wish: api::RegisterDevice = body(received)?;
    received.check(&bytes(&wish.signing_key, "/signing_key")?, door)?;
    Ok(wish.signing_key)
}

fn issuer(door: &Door, received: &Received) -> Result<String, Trouble> {
    Ok(format!("issuer:{}", received.issuer(door)?))
}

fn register(door: &Door, received: &Received) -> Result<api::DeviceRegistered, Trouble> {
    let wish: api::RegisterDevice = body(received)?;
    let keys = DeviceKeys {
        signing: bytes(&wish.signing_key, "/signing_key")?,
        agreement: bytes(&wish.agreement_key, "/agreement_key")?,
        verification: bytes(&wish.verification_key, "/verification_key")?,
    };
    // Whoever registers a key must hold it.
    received.check(&keys.signing, door)?;
    let device = door.service.register_device(&wish.phone_number, &wish.name, keys)?;
    let card_data_key = encode(door.service.keys().card_data().public().to_sec1());
    Ok(api::DeviceRegistered { device: device.to_string(), card_data_key })
}

fn confirm(door: &Door, received: &Received) -> Result<api::DeviceConfirmed, Trouble> {
    let signer = received.device(door)?;
    let named: DeviceId = received.id()?;
    if named != signer.id {
        return Err(Trouble::not_found());
    }
    let wish: api::ConfirmDevice = body(received)?;
    match door.service.confirm_device(named, &wish.phone_number, wish.code.as_bytes())? {
        Confirmed::Bound { customer, recovery_code } => Ok(api::DeviceConfirmed {
            customer: customer.to_string(),
            recovery_code: recovery_code.map(|code| String::from_utf8_lossy(code.expose()).into_owned()),
        }),
        Confirmed::Wrong { tries_left } => {
            let detail = format!("This is not the code; {tries_left} tries are left.");
            Err(Trouble::of("code_wrong", &detail))
        }
    }
}

fn add_card(door: &Door, received: &Received) -> Result<api::Enrolment, Trouble> {
    let device = received.active_device(door)?;
    let wish: api::AddCard = body(received)?;
    let (enrolment, progress) = door.service.add_card(&device, &wish.sealed_card)?;
    Ok(enrolment_of(&enrolment.to_string(), progress))
}

fn enrolment_of(enrolment: &str, progress: Progress) -> api::Enrolment {
    let mut answer = api::Enrolment {
        enrolment: enrolment.to_owned(),
        state: String::new(),
        token: None,
        methods: Vec::new(),
        issuer_key: None,
        reason: None,
        tries_left: None,
    };
    match progress {
        Progress::Approved(token) => {
            answer.state = "approved".to_owned();
            answer.token = Some(token.to_string());
        }
        Progress::StepUp { methods, issuer_key } => {
            answer.state = "step_up".to_owned();
            answer.methods = methods
                .into_iter()
                .map(|method| api::StepUpMethod { id: method.id, kind: method.kind, masked: method.masked })
                .collect();
            answer.issuer_key = Some(encode(&issuer_key));
        }
        Progress::WrongCode { tries_left } => {
            answer.state = "step_up".to_owned();
            answer.tries_left = Some(tries_left);
            answer.reason = Some("code_wrong".to_owned());
        }
        Progress::Declined { reason } => {
            answer.state = "declined".to_owned();
            answer.reason = Some(reason);
        }
    }
    answer
}

fn request_code(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let device = received.active_device(door)?;
    let wish: api::RequestCode = body(received)?;
    door.service.request_code(device.id, received.id()?, &wish.method)?;
    Ok(serde_json::json!({}))
}

fn verify_code(door: &Door, received: &Received) -> Result<api::Enrolment, Trouble> {
    let device = received.active_device(door)?;
    let wish: api::VerifyCode = body(received)?;
    let progress = door.service.verify_code(device.id, received.id()?, &wish.sealed_code)?;
    Ok(enrolment_of(received.name(), progress))
}

fn list(door: &Door, received: &Received) -> Result<api::TokenList, Trouble> {
    let device = received.active_device(door)?;
    let customer = device.customer.ok_or(platform::Error::Refused(tokens::Refusal::DeviceNotActive))?;
    let cards = door.service.tokens_of(customer)?;
    let data = cards.tokens.iter().map(|token| view(door, token, cards.default)).collect();
    Ok(api::TokenList { data })
}

fn view(door: &Door, token: &Token, default: Option<TokenReference>) -> api::TokenView {
    let state = token_state(token);
    api::TokenView {
        token: token.reference.to_string(),
        device: token.device.to_string(),
        state: state.to_owned(),
        suspended_by: token.standing.suspenders.to_string().split('+').map(str::to_owned).collect(),
        issuer: door.service.issuer_name(token.programme).unwrap_or_default(),
        card_last_four: token.last_four.to_string(),
        card_expiry: token.card_expiry.map(values::Expiry::to_yymm),
        art: token.art.clone(),
        token_last_four: token.number.last_four().to_string(),
        nickname: token.nickname.as_ref().map(ToString::to_string),
        default: default == Some(token.reference),
        version: u64::from(token.version),
    }
}

/// How a token stands, in a word.
pub(super) fn token_state(token: &Token) -> &'static str {
    match token.standing.life {
        Life::Active if !token.standing.suspenders.is_empty() => "suspended",
        Life::Active => "active",
        Life::Inactive => "inactive",
        Life::Deleted => "deleted",
        Life::Expired => "expired",
    }
}

fn provision(door: &Door, received: &Received) -> Result<api::Provisioned, Trouble> {
    let device = received.active_device(door)?;
    let reference: TokenReference = received.id()?;
    let profile = door.service.profile(&device, reference)?;
    // Keys of an earlier try that never arrived are enough, until the phone gives them up.
    let keys = match door.service.issue_keys(&device, reference, 0) {
        Err(platform::Error::Refused(tokens::Refusal::KeysEnough)) => Vec::new(),
        issued => sealed_keys(issued?),
    };
    door.service.tell_issuer(&profile.token)?;
    let card = card_profile(&profile);
    Ok(api::Provisioned { card, keys })
}

/// What the phone is told of a token.
fn card_profile(profile: &platform::Profile) -> api::CardProfile {
    let (token, programme) = (&profile.token, &profile.programme);
    api::CardProfile {
        token: token.reference.to_string(),
        number: token.number.digits(),
        expiry: token.expiry.to_yymm(),
        sequence_number: token.psn,
        aid: hex::encode_upper(&programme.aid.0),
        label: programme.name.clone(),
        issuer: profile.issuer_name.clone(),
        art: token.art.clone(),
        card_last_four: token.last_four.to_string(),
        card_expiry: token.card_expiry.map(values::Expiry::to_yymm),
        par: token.par.as_str().to_owned(),
        requestor_id: token.requestor.as_str().to_owned(),
        algorithm: programme.algorithm,
        key_index: programme.dki,
        currency: profile.controls.currency.numeric(),
        tap_limit_minor: profile.controls.payment_max,
        cumulative_limit_minor: u64::from(profile.controls.daily_max),
        version: u64::from(token.version),
    }
}

fn certificates(door: &Door, received: &Received) -> Result<api::CardCertificates, Trouble> {
    let device = received.active_device(door)?;
    let wish: api::WantCertificates = body(received)?;
    if wish.profile != "contact" {
        return Err(Trouble::invalid("/profile"));
    }
    let profile = door.service.profile(&device, received.id()?)?;
    let card = crate::phone::card_of(&card_profile(&profile)).map_err(|_| Trouble::invalid("/token"))?;
    let key = AgreementPublic::from_sec1(&device.keys.agreement)
        .map_err(|_| platform::Error::Refused(tokens::Refusal::KeyInvalid))?;
    let made = door.certify.as_ref().and_then(|certify| certify(&card, &key));
    let made = made.ok_or_else(|| Trouble::of("profile_unavailable", "This card has no contact profile."))?;
    Ok(api::CardCertificates {
        authority_index: made.authority_index,
        issuer: hex::encode_upper(made.issuer),
        issuer_remainder: hex::encode_upper(made.issuer_remainder),
        issuer_exponent: hex::encode_upper(made.issuer_exponent),
        card: hex::encode_upper(made.card),
        card_remainder: hex::encode_upper(made.card_remainder),
        card_exponent: hex::encode_upper(made.card_exponent),
        key_sealed: made.key_sealed,
    })
}

fn sealed_keys(slots: Vec<tokens::slots::SealedSlot>) -> Vec<api::SealedKey> {
    let key = |slot: tokens::slots::SealedSlot| api::SealedKey {
        atc: slot.atc,
        device_part: slot.device_part,
        user_part: slot.user_part,
    };
    slots.into_iter().map(key).collect()
}

fn replenish(door: &Door, received: &Received) -> Result<api::Replenished, Trouble> {
    let device = received.active_device(door)?;
    let wish: api::Replenish = body(received)?;
    let issued = door.service.issue_keys(&device, received.id()?, wish.highest_used)?;
    Ok(api::Replenished { keys: sealed_keys(issued) })
}

/// The customer whose device signed.
pub(super) fn customer(door: &Door, received: &Received) -> Result<tokens::records::CustomerId, Trouble> {
    let device = received.active_device(door)?;
    Ok(device.customer.ok_or(platform::Error::Refused(tokens::Refusal::DeviceNotActive))?)
}

fn suspend(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let actor = Actor::Customer(customer(door, received)?);
    let standing = door.service.suspend(received.id()?, actor)?;
    Ok(serde_json::json!({"suspended_by": standing.suspenders.to_string()}))
}

fn resume(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let actor = Actor::Customer(customer(door, received)?);
    let standing = door.service.resume(received.id()?, actor)?;
    Ok(serde_json::json!({"suspended_by": standing.suspenders.to_string()}))
}

fn delete(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let actor = Actor::Customer(customer(door, received)?);
    door.service.delete(received.id()?, actor)?;
    Ok(serde_json::json!({}))
}

fn arrange(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let customer = customer(door, received)?;
    let wish: api::Arrange = body(received)?;
    if let Some(order) = wish.order {
        let order = order.iter().map(|token| id(token)).collect::<Result<_, _>>()?;
        door.service.arrange(customer, Arrangement::Order(order))?;
    }
    if let Some(token) = wish.default {
        door.service.arrange(customer, Arrangement::Default(id(&token)?))?;
    }
    if let Some((token, name)) = wish.nickname {
        let name = Name::parse(&name).map_err(|_| Trouble::invalid("/nickname"))?;
        door.service.arrange(customer, Arrangement::Nickname(id(&token)?, Some(name)))?;
    }
    Ok(serde_json::json!({}))
}

fn issuer_event(door: &Door, received: &Received) -> Result<Value, Trouble> {
    let issuer = received.issuer(door)?;
    let wish: api::IssuerEvent = body(received)?;
    let token = TokenNumber::parse(wish.token.as_bytes()).map_err(|_| Trouble::invalid("/token"))?;
    match (wish.action.as_str(), &wish.sealed_card) {
        ("replace", Some(sealed)) => door.service.replace_card(issuer, token, sealed)?,
        ("replace", None) | (_, Some(_)) => return Err(Trouble::invalid("/sealed_card")),
        (word, None) => {
            let action = IssuerAction::parse(word).ok_or_else(|| Trouble::invalid("/action"))?;
            door.service.issuer_token(issuer, token, action)?;
        }
    }
    Ok(serde_json::json!({}))
}

async fn lost_phone(State(door): State<Door>, Json(wish): Json<api::LostPhone>) -> Result<Response, Trouble> {
    let suspended = report_lost(door, wish).await?;
    Ok(Json(api::PhoneLost { suspended }).into_response())
}

async fn report_lost(door: Door, wish: api::LostPhone) -> Result<usize, Trouble> {
    let report = move || door.service.report_lost(&wish.phone_number, wish.recovery_code.trim().as_bytes());
    let done = tokio::task::spawn_blocking(report).await;
    let count = done.map_err(|_| Trouble::internal())??;
    Ok(usize::from(count))
}

async fn lost_phone_page(headers: HeaderMap, uri: Uri) -> Response {
    show(StatusCode::OK, pages::lost_phone(&page_of(&headers, &uri)))
}

async fn lost_phone_form(
    State(door): State<Door>,
    headers: HeaderMap,
    uri: Uri,
    Form(wish): Form<api::LostPhone>,
) -> Response {
    let page = page_of(&headers, &uri);
    match report_lost(door, wish).await {
        Ok(count) => show(StatusCode::OK, pages::lost_phone_done(&page, Some(count))),
        Err(_) => show(StatusCode::CONFLICT, pages::lost_phone_done(&page, None)),
    }
}
