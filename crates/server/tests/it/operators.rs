//! Operators at the console: coming in by passkey, acts that two of them answer for, the log; and what one of them alone,
//! or a page of another site, gets done.

use crate::screens::Shown;
use crate::small_city::SmallCity;
use crate::street::{NOW, eventually};
use acquiring::records::{Merchant, Terminal, TerminalState};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use operators::{
    Approve, Ask, AuditEntry, AuditHead, Change, Defences, EnrolSandbox, Occasion, Proposal, ProposalState,
    audit,
};
use passkeys::testing::Authenticator;
use sandbox::issuer::rules::{Condition, rules};
use server::console::tape::Tape;
use server::pos::DEMO_TERMINALS;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Schema, Store, TestClock};
use tokens::records::{Device, DeviceState, Life, Suspender, Token};
use values::{Id, Records};

/// A browser of somebody.
pub(crate) struct Browser {
    at: SocketAddr,
    agent: ureq::Agent,
    cookie: RefCell<String>,
}

impl Browser {
    pub(crate) fn new(at: SocketAddr) -> Browser {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Browser { at, agent, cookie: RefCell::default() }
    }

    fn inside(at: SocketAddr, link: &str) -> Browser {
        let browser = Browser::new(at);
        let word = link.split_once("link=").unwrap().1;
        let entered = browser.post("/enter", &[("link", word)]);
        assert_eq!((entered.status, entered.header("location")), (303, "/"), "{}", entered.body);
        browser
    }

    /// As at the name under which a browser takes passkeys.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.at.port())
    }

    pub(crate) fn get(&self, path: &str) -> Shown {
        let request = self.agent.get(format!("http://{}{path}", self.at));
        let request = request.header("host", self.host()).header("cookie", &*self.cookie.borrow());
        Shown::of(request.call())
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Shown {
        self.post_with(path, form, &[])
    }

    pub(crate) fn post_with(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Shown {
        let request = self.agent.post(format!("http://{}{path}", self.at));
        let mut request = request.header("cookie", &*self.cookie.borrow());
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", self.host());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let shown = Shown::of(request.send_form(form.iter().copied()));
        if let Some(set) = shown.headers.get("set-cookie").and_then(|set| set.first()) {
            *self.cookie.borrow_mut() = set.split(';').next().unwrap().to_owned();
        }
        shown
    }

    /// Asks for an act as the page of its subject offers it; what was answered.
    fn ask(&self, kind: &str, subject: &str, act: &str, typed: &[(&str, &str)]) -> Shown {
        let page = self.get(&subject_path(kind, subject));
        let form = page.body.split(&format!("value=\"{act}\"")).nth(1);
        let form = form.unwrap_or_else(|| panic!("{act} is not offered: {}", page.body));
        let nonce = form.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut sent =
            vec![("act", act), ("subject", subject), ("form", nonce), ("reason", "asked by the owner")];
        sent.extend(typed);
        self.post("/proposals", &sent)
    }

    /// The same, where nothing is shown once: the proposal's page.
    pub(crate) fn asked(&self, kind: &str, subject: &str, act: &str, typed: &[(&str, &str)]) -> String {
        let asked = self.ask(kind, subject, act, typed);
        assert_eq!(asked.status, 303, "{act}: {}", asked.body);
        asked.header("location").to_owned()
    }

    pub(crate) fn approve(&self, proposal: &str) -> Shown {
        self.post(&format!("{proposal}/approve"), &[])
    }
}

fn subject_path(kind: &str, subject: &str) -> String {
    format!("/subject?kind={kind}&name={}", subject.replace('/', "%2F").replace(' ', "%20"))
}

/// What stands in a page between these.
pub(crate) fn between<'a>(body: &'a str, from: &str, to: &str) -> &'a str {
    let rest = body.split_once(from).unwrap_or_else(|| panic!("no {from} in {body}")).1;
    rest.split_once(to).unwrap().0
}

pub(crate) struct House {
    pub(crate) city: SmallCity,
    pub(crate) at: SocketAddr,
    pub(crate) asha: Browser,
    pub(crate) wei: Browser,
}

impl House {
    pub(crate) fn open() -> House {
        House::of(SmallCity::new())
    }

    pub(crate) fn of(mut city: SmallCity) -> House {
        city.open_console(Tape::start(Arc::new(TestClock::at(NOW))).unwrap());
        let at = city.city.addresses.console.unwrap();
        let links = city.city.console_links().unwrap();
        let [asha, wei] = [0, 1].map(|place: usize| Browser::inside(at, &links[place].1));
        House { city, at, asha, wei }
    }

    /// Asha asks, Wei approves, and it is carried out.
    fn both(&self, kind: &str, subject: &str, act: &str, typed: &[(&str, &str)]) {
        let proposal = self.asha.asked(kind, subject, act, typed);
        let approved = self.wei.approve(&proposal);
        assert_eq!(
            (approved.status, approved.header("location")),
            (303, proposal.as_str()),
            "{}",
            approved.body
        );
        let page = self.asha.get(&proposal).body;
        assert!(page.contains("Carried out"), "{act}: {page}");
    }

    fn token(&self) -> Token {
        let id = self.city.token;
        self.city.city.tokens.store().read(move |records| records.find::<Token>(&id)).unwrap().unwrap()
    }

    fn merchant(&self) -> Merchant {
        let merchants = self.city.city.acquirer.store().read(|records| records.all::<Merchant>()).unwrap();
        merchants.into_iter().min_by_key(|merchant| merchant.id).unwrap()
    }

    pub(crate) fn state(&self, proposal: &str) -> ProposalState {
        let id = proposal.trim_start_matches("/proposals/").parse().unwrap();
        let store = self.city.city.console().unwrap().store();
        store.read(move |records| records.find::<Proposal>(&id)).unwrap().unwrap().state
    }

    pub(crate) fn log(&self) -> Vec<AuditEntry> {
        let store = self.city.city.console().unwrap().store();
        let (mut log, head) = store
            .read(|records| (records.all::<AuditEntry>(), records.find::<AuditHead>(&audit::Only)))
            .unwrap();
        log.sort_by_key(|entry| entry.number);
        assert_eq!(audit::check(&log, head.as_ref()), Ok(log.len() as u64));
        log
    }
}

#[test]
fn one_asks_another_approves_and_neither_can_do_both() {
    let house = House::open();
    let merchant = house.merchant();
    let subject = merchant.id.to_string();
    let limits = [("limit_payment", "1234.50"), ("limit_daily", "20000")];
    let proposal = house.asha.asked("merchant", &subject, "change_limits", &limits);
    assert_eq!(house.merchant(), merchant, "asking changes nothing");

    // By the same session, and by another one of the same person.
    let links = house.city.city.console_links().unwrap();
    let second = Browser::inside(house.at, &links[0].1);
    for browser in [&house.asha, &second] {
        assert!(browser.get(&proposal).body.contains("You asked for this"), "no button is offered");
        let alone = browser.approve(&proposal);
        assert_eq!(alone.status, 403, "{}", alone.body);
        assert!(alone.body.contains("Another operator has to approve it"), "{}", alone.body);
    }
    assert_eq!((house.state(&proposal), house.merchant()), (ProposalState::Asked, merchant.clone()));

    assert_eq!(house.wei.approve(&proposal).status, 303);
    assert_eq!(house.state(&proposal), ProposalState::Done);
    let changed = house.merchant();
    assert_eq!((changed.limit_payment, changed.limit_daily), (123_450, 2_000_000));
    assert_eq!(
        Merchant { limit_payment: merchant.limit_payment, limit_daily: merchant.limit_daily, ..changed },
        merchant
    );

    // Once: by another, or again.
    assert_eq!(house.wei.approve(&proposal).status, 409);
    assert_eq!(house.wei.post(&format!("{proposal}/decline"), &[]).status, 409);
    let id = proposal.trim_start_matches("/proposals/");
    let log = house.log();
    let said: Vec<(&str, &str, &str)> = log
        .iter()
        .filter(|entry| entry.proposal.is_some_and(|of| of.to_string() == id))
        .map(|entry| (entry.name.as_str(), entry.act.as_str(), entry.result.as_str()))
        .collect();
    let expected = [
        ("Asha", "propose", "ok"),
        ("Asha", "approve", "same_person"),
        ("Asha", "approve", "same_person"),
        ("Wei", "approve", "ok"),
        ("Wei", "effect", "ok"),
        ("Wei", "approve", "decided_already"),
        ("Wei", "decline", "decided_already"),
    ];
    assert_eq!(said, expected);
    let refused = log.iter().find(|entry| entry.result == "same_person").unwrap();
    assert!(refused.request.starts_with("req_") && refused.place.contains("POST /proposals/"), "{refused:?}");
}

#[test]
fn every_act_takes_two() {
    let house = House::open();
    let token = house.city.token.to_string();
    house.both("token", &token, "suspend_token", &[]);
    assert!(house.token().standing.suspenders.contains(Suspender::Platform));
    house.both("token", &token, "resume_token", &[]);
    assert!(house.token().standing.suspenders.is_empty());

    let merchant = house.merchant().id.to_string();
    house.both("merchant", &merchant, "suspend_merchant", &[]);
    house.both("merchant", &merchant, "resume_merchant", &[]);
    house.both("merchant", &merchant, "close_merchant", &[]);
    assert_eq!(house.merchant().state, acquiring::records::MerchantState::Closed);

    let terminal = DEMO_TERMINALS[0].terminal;
    let id = acquiring::TerminalId::parse(terminal.as_bytes()).unwrap();
    let state = || {
        let store = house.city.city.acquirer.store();
        store.read(move |records| records.find::<Terminal>(&id)).unwrap().unwrap().state
    };
    house.both("terminal", terminal, "block_terminal", &[]);
    assert_eq!(state(), TerminalState::Blocked);
    house.both("terminal", terminal, "unblock_terminal", &[]);
    assert_eq!(state(), TerminalState::Active);

    let bank = &house.city.city.issuers[0];
    let rule = format!("{}/new_device", bank.bank().name);
    let typed = [("enabled", "on"), ("threshold", "3"), ("outcome", "RED")];
    house.both("rule", &rule, "change_rule", &typed);
    let rules = bank.store().read(|records| rules(records)).unwrap();
    let changed = rules.iter().find(|rule| rule.condition == Condition::NewDevice).unwrap();
    assert!(changed.enabled && changed.threshold == 3 && changed.outcome.word() == "RED", "{changed:?}");

    let device = house.token().device;
    house.both("device", &device.to_string(), "lose_device", &[]);
    let lost = house.city.city.tokens.store().read(move |records| records.find::<Device>(&device)).unwrap();
    assert_eq!(lost.unwrap().state, DeviceState::Lost);
    assert!(house.token().standing.suspenders.contains(Suspender::Platform));
    house.both("token", &token, "delete_token", &[]);
    assert_eq!(house.token().standing.life, Life::Deleted);
    assert!(house.asha.get(&subject_path("token", &token)).body.contains("nothing can be asked for"));
}

#[test]
fn a_key_opens_something_when_another_approved_it_and_nothing_after_it_was_revoked() {
    let house = House::open();
    let shown = house.asha.ask("key", "new", "make_key", &[("tenant", "platform"), ("name", "reports")]);
    assert_eq!(shown.status, 200, "{}", shown.body);
    let key = format!("sk_test_{}", between(&shown.body, "sk_test_", "<"));
    let id = between(&shown.body, "action=\"/proposals/", "/");
    let proposal = format!("/proposals/{id}");
    let call = || {
        let url = format!("http://{}/v1/merchants", house.city.city.addresses.platform);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.get(url).header("authorization", format!("Bearer {key}")).call().unwrap().status().as_u16()
    };
    assert_eq!(call(), 401, "nobody approved it");
    assert!(!house.asha.get(&proposal).body.contains(&key), "it is shown once");
    assert_eq!(house.wei.approve(&proposal).status, 303);
    assert_eq!(call(), 200);
    let page = house.asha.get("/keys").body;
    let row = page.split("<tr>").find(|row| row.contains("reports")).unwrap();
    let name = format!("key_{}", between(row, ">key_", "<"));
    house.both("key", &name, "revoke_key", &[]);
    assert_eq!(call(), 401);
}

#[test]
fn what_changed_since_or_is_too_old_is_left_alone() {
    let house = House::open();
    let token = house.city.token.to_string();
    let proposal = house.asha.asked("token", &token, "suspend_token", &[]);
    let customer = tokens::Actor::Customer(house.token().customer);
    house.city.city.tokens.suspend(house.city.token, customer).unwrap();
    assert_eq!(house.wei.approve(&proposal).status, 303);
    assert_eq!(house.state(&proposal), ProposalState::Failed);
    assert!(house.wei.get(&proposal).body.contains("changed_since"));
    assert!(!house.token().standing.suspenders.contains(Suspender::Platform));

    let proposal = house.asha.asked("token", &token, "suspend_token", &[]);
    house.city.clock.advance(operators::proposal::LASTS);
    let links = house.city.city.console_links().unwrap();
    let wei = Browser::inside(house.at, &links[1].1);
    let late = wei.approve(&proposal);
    assert_eq!(late.status, 409);
    assert!(late.body.contains("too long ago"), "{}", late.body);
    assert!(!house.token().standing.suspenders.contains(Suspender::Platform));
}

#[test]
fn what_was_approved_before_a_crash_is_carried_out_once_after_it() {
    let city = SmallCity::new();
    let (token, clock) = (city.token, city.clock.clone());
    let found = city.city.tokens.store().read(move |records| records.find::<Token>(&token)).unwrap();
    let device = found.unwrap().device.to_string();
    let id = Id::from_u128(77);
    let house = House::of(city.restarted(|data| {
        let schema = store::rooms::operators::tables(Schema::new());
        let store = Store::open(&data.join("platform/operators"), schema, clock).unwrap();
        for (id, name) in [(1, "Asha"), (2, "Wei")] {
            store.call(EnrolSandbox { id: Id::from_u128(id), name: name.to_owned() }).unwrap();
        }
        let stands = |what: &str, before: &str, after: &str| Change {
            what: what.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let asked = Ask {
            id,
            act: operators::Act::DeleteToken,
            subject: token.to_string(),
            changes: vec![
                stands("life", "active", "deleted"),
                stands("suspended_by", "", ""),
                stands("device", &device, &device),
            ],
            reason: "asked by the owner".to_owned(),
            asker: Id::from_u128(1),
            secret: None,
            form: None,
            occasion: Occasion::default(),
        };
        store.call(asked).unwrap();
        let approve = Approve {
            proposal: id,
            approver: Id::from_u128(2),
            passkey: None,
            secret: None,
            defences: Defences::ALL,
            occasion: Occasion::default(),
        };
        store.call(approve).unwrap();
        store.close();
    }));
    let proposal = format!("/proposals/{id}");
    eventually("it came to its end", || house.state(&proposal) != ProposalState::Approved);
    assert_eq!(house.state(&proposal), ProposalState::Done);
    assert_eq!(house.token().standing.life, Life::Deleted);
    assert_eq!(house.log().iter().filter(|entry| entry.act == "effect").count(), 1);
}

#[test]
fn another_sites_page_gets_nothing_done() {
    let house = House::open();
    let proposal = house.asha.asked("token", &house.city.token.to_string(), "suspend_token", &[]);
    let own = format!("http://{}", house.wei.host());
    let foreign: [&[(&str, &str)]; 5] = [
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        // Another port of this machine is another site's page too.
        &[("origin", "http://localhost:8081"), ("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
        &[("host", "evil.example")],
    ];
    for headers in foreign {
        for (path, form) in [
            (format!("{proposal}/approve"), vec![]),
            (format!("{proposal}/decline"), vec![]),
            ("/proposals".to_owned(), vec![("act", "suspend_token")]),
            ("/leave".to_owned(), vec![]),
            ("/passkeys".to_owned(), vec![("proof", "{}")]),
        ] {
            let sent = house.wei.post_with(&path, &form, headers);
            assert_eq!(sent.status, 403, "{path} {headers:?}");
        }
    }
    for path in ["/approve", "/decline"] {
        assert_eq!(house.wei.get(&format!("{proposal}{path}")).status, 405, "a link does nothing");
    }
    assert_eq!(house.state(&proposal), ProposalState::Asked);
    for path in ["/", "/proposals", &proposal, "/audit", "/operators", "/passkeys"] {
        let shown = house.wei.get(path);
        assert_eq!(shown.status, 200, "{path}");
        let policy = shown.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
    }
    let sent = house.wei.post_with(&format!("{proposal}/approve"), &[], &[("origin", &own)]);
    assert_eq!(sent.status, 303, "our own page does");
}

#[test]
fn a_planted_session_is_worth_nothing_after_a_login() {
    let house = House::open();
    let links = house.city.city.console_links().unwrap();
    let planted = house.asha.cookie.borrow().clone();
    // Somebody comes in from a browser in which another's session was planted.
    let browser = Browser::new(house.at);
    browser.cookie.borrow_mut().clone_from(&planted);
    let word = links[1].1.split_once("link=").unwrap().1;
    assert_eq!(browser.post("/enter", &[("link", word)]).status, 303);
    assert_ne!(*browser.cookie.borrow(), planted);
    assert!(browser.get("/passkeys").body.contains("Wei"));
    let old = Browser::new(house.at);
    old.cookie.borrow_mut().clone_from(&planted);
    assert_eq!(old.get("/").header("location"), "/enter");
    // A word that somebody made up begins no session.
    "paiza-operator=made-up".clone_into(&mut old.cookie.borrow_mut());
    assert_eq!(old.get("/").header("location"), "/enter");
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a browser sends when a passkey was made on this page.
pub(crate) fn made(authenticator: &mut Authenticator, page: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.decode(between(page, "data-challenge=\"", "\"")).unwrap();
    let (client, object) = authenticator.make(&challenge);
    format!("{{\"client\":\"{}\",\"object\":\"{}\",\"secret\":null}}", text(&client), text(&object))
}

/// What a browser sends when a passkey was used on this page.
pub(crate) fn used(authenticator: &mut Authenticator, page: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.decode(between(page, "data-challenge=\"", "\"")).unwrap();
    let said = authenticator.sign(&challenge);
    format!(
        "{{\"id\":\"{}\",\"client\":\"{}\",\"data\":\"{}\",\"signature\":\"{}\",\"secret\":null}}",
        said.credential.as_str(),
        text(&said.client_data),
        text(&said.authenticator_data),
        text(&said.signature)
    )
}

#[test]
fn a_passkey_lets_in_at_its_own_page_alone() {
    let house = House::open();
    let origin = format!("http://{}", house.asha.host());
    let mut passkey = Authenticator::new(b"asha's", "localhost", &origin);
    let proof = made(&mut passkey, &house.asha.get("/passkeys").body);
    assert_eq!(house.asha.post("/passkeys", &[("proof", &proof)]).status, 303);
    assert_eq!(house.asha.post("/passkeys", &[("proof", &proof)]).status, 422, "once");

    let browser = Browser::new(house.at);
    let enter = |browser: &Browser, passkey: &mut Authenticator| {
        let proof = used(passkey, &browser.get("/enter").body);
        browser.post("/enter", &[("proof", &proof)])
    };
    let page_elsewhere = "http://localhost:8081";
    page_elsewhere.clone_into(&mut passkey.origin);
    assert_eq!(enter(&browser, &mut passkey).status, 403, "a page at another port");
    // Whoever sends it says that it was asked for there: it is believed nowhere.
    let proof = used(&mut passkey, &browser.get("/enter").body);
    let sent = browser.post_with("/enter", &[("proof", &proof)], &[("host", "localhost:8081")]);
    assert_eq!(sent.status, 403);
    origin.clone_into(&mut passkey.origin);
    passkey.framed = true;
    assert_eq!(enter(&browser, &mut passkey).status, 403, "our page in another's frame");
    passkey.framed = false;
    let proof = used(&mut passkey, &browser.get("/enter").body);
    assert_eq!(browser.post("/enter", &[("proof", &proof)]).status, 303);
    assert!(browser.get("/passkeys").body.contains("Asha"));
    assert_eq!(
        Browser::new(house.at).post("/enter", &[("proof", &proof)]).status,
        403,
        "what was sent is good once"
    );

    // At a number a browser takes no passkey: it is led to the name, and nowhere else.
    let url = format!("http://{}/enter?link=abc", house.at);
    let led = Shown::of(browser.agent.get(url).call());
    assert_eq!((led.status, led.header("location")), (307, format!("{origin}/enter?link=abc").as_str()));
    let url = format!("http://{}/enter", house.at);
    let led = Shown::of(browser.agent.get(url).header("host", "evil.example").call());
    assert_eq!((led.status, led.header("location")), (403, ""));
}

#[test]
fn an_invited_operator_comes_with_the_link_of_one_and_the_code_of_another() {
    let house = House::open();
    let shown = house.asha.ask("operator", "new", "invite", &[("name", "Mei Lin"), ("role", "auditor")]);
    let link = between(&shown.body, "enter?link=", "<").to_owned();
    let proposal = format!("/proposals/{}", between(&shown.body, "action=\"/proposals/", "/"));
    let early = Browser::new(house.at);
    assert_eq!(early.post("/enter", &[("link", &link)]).status, 403, "nobody approved it");
    let approved = house.wei.approve(&proposal);
    assert_eq!(approved.status, 200, "{}", approved.body);
    let code = between(&approved.body, "translate=\"no\">", "<").to_owned();
    assert!(!approved.body.contains(&link) && !house.asha.get(&proposal).body.contains(&code));

    let mei = Browser::new(house.at);
    assert_eq!(mei.post("/enter", &[("link", &link)]).header("location"), "/enrol");
    assert_eq!(mei.get("/tokens").header("location"), "/enrol", "nothing else is shown");
    let mut passkey = Authenticator::new(b"mei's", "localhost", &format!("http://{}", mei.host()));
    let page = mei.get("/enrol").body;
    assert!(page.contains("Mei Lin"), "{page}");
    let proof = made(&mut passkey, &page);
    assert_eq!(mei.post("/enrol", &[("proof", &proof), ("code", "000000000000")]).status, 403);
    let proof = made(&mut passkey, &mei.get("/enrol").body);
    let spaced = format!("{} {}", &code[..6].to_lowercase(), &code[6..]);
    let come = mei.post("/enrol", &[("proof", &proof), ("code", &spaced)]);
    assert_eq!((come.status, come.header("location")), (303, "/"), "{}", come.body);
    assert_eq!(Browser::new(house.at).post("/enter", &[("link", &link)]).status, 403, "it was used");

    // She looks, and neither asks nor approves.
    let token = house.city.token.to_string();
    assert_eq!(mei.ask("token", &token, "suspend_token", &[]).status, 403);
    let proposal = house.asha.asked("token", &token, "suspend_token", &[]);
    assert_eq!(mei.approve(&proposal).status, 409);
    assert_eq!(mei.post("/clock/freeze", &[]).status, 403, "nor does she move the clock");
    assert_eq!(house.state(&proposal), ProposalState::Asked);

    // Two agree that she goes: she is out at once.
    let page = house.asha.get("/operators").body;
    let row = page.split("<tr>").find(|row| row.contains("Mei Lin")).unwrap().to_owned();
    let id = format!("opr_{}", between(&row, ">opr_", "<"));
    house.both("operator", &id, "disable", &[]);
    assert_eq!(mei.get("/").header("location"), "/enter");
    let proof = used(&mut passkey, &mei.get("/enter").body);
    assert_eq!(mei.post("/enter", &[("proof", &proof)]).status, 403);
}

#[test]
fn whoever_looks_at_customers_is_in_the_log_and_the_log_can_be_searched() {
    let house = House::open();
    let token = house.city.token.to_string();
    for path in ["/", "/merchants", "/tokens", "/tokens", "/search?q=6216600100000000016", "/devices"] {
        assert_eq!(house.asha.get(path).status, 200, "{path}");
    }
    house.asha.get(&subject_path("token", &token));
    let views: Vec<String> =
        house.log().into_iter().filter(|entry| entry.act == "view").map(|entry| entry.subject).collect();
    // What a search finds of a customer is looked at.
    let seen = format!("token {token}");
    let expected = ["tokens", "search 0016", &seen, "devices", &seen];
    assert_eq!(views, expected, "no card number, and looking again is no other look");
    assert_eq!(Browser::new(house.at).post("/enter", &[("key", "guess")]).status, 403);

    let all = house.wei.get("/audit").body;
    assert!(all.contains("search 0016") && all.contains("Asha") && all.contains("wrong"), "{all}");
    let found = house.wei.get("/audit?q=DEVICES").body;
    assert!(found.contains("devices") && !found.contains("search 0016"), "{found}");
    assert!(house.wei.get("/audit?q=%25%27%3B--").body.contains("no such line"));
    let shown = house.wei.get("/tokens");
    let request = shown.header("request-id").to_owned();
    assert!(house.log().iter().any(|entry| entry.request == request && entry.subject == "tokens"));
}
