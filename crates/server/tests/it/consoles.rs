//! The operators' console, asked for as a browser does, while a phone pays at a terminal.

use crate::phone_upi::person;
use crate::screens::Shown;
use crate::small_city::SmallCity;
use crate::street::{CARD, NOW, eventually};
use crate::upi_town::{ASHA, RAVI, pin, rupees};
use acquiring::records::Merchant;
use server::console::door::{OUTSIDE, PAGES};
use server::console::tape::Tape;
use server::pos::records::{Entry, EntryKind};
use server::till::Order;
use server::trace::Watch;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use store::TestClock;
use tokens::records::Token;
use values::{Id, Records};

/// A city with a terminal and a console, and an operator at it.
pub(crate) struct Operator {
    pub(crate) city: SmallCity,
    at: SocketAddr,
    agent: ureq::Agent,
    cookie: String,
    /// Everything that was shown so far.
    seen: RefCell<String>,
}

impl Operator {
    fn outside() -> (Operator, String) {
        let tape = Tape::start(Arc::new(TestClock::at(NOW))).unwrap();
        let watch: Watch = Some(tape.clone());
        let mut city = SmallCity::watched(watch);
        city.open_terminal();
        city.open_upi();
        let link = city.open_console(tape);
        let at = city.city.addresses.console.unwrap();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let word = link.split_once("link=").unwrap().1.to_owned();
        (Operator { city, at, agent, cookie: String::new(), seen: RefCell::default() }, word)
    }

    pub(crate) fn inside() -> Operator {
        let (mut operator, word) = Operator::outside();
        let entered = operator.enter("link", &word);
        assert_eq!((entered.status, entered.header("location")), (303, "/"), "{}", entered.body);
        let cookie = entered.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        operator.cookie = cookie.split(';').next().unwrap().to_owned();
        operator
    }

    fn enter(&self, name: &str, value: &str) -> Shown {
        Shown::of(self.agent.post(format!("http://{}/enter", self.at)).send_form([(name, value)]))
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Shown {
        let host = format!("localhost:{}", self.at.port());
        let request = self.agent.post(format!("http://{}{path}", self.at)).header("host", host);
        Shown::of(request.header("cookie", &self.cookie).send_form(form.iter().copied()))
    }

    pub(crate) fn get(&self, path: &str) -> Shown {
        // By the name under which a browser takes passkeys.
        let host = format!("localhost:{}", self.at.port());
        let request = self.agent.get(format!("http://{}{path}", self.at)).header("host", host);
        let request = request.header("cookie", &self.cookie);
        let shown = Shown::of(request.call());
        self.seen.borrow_mut().push_str(&shown.body);
        shown
    }

    /// A page's address, with names of things that are there; nothing was asked for yet, so no proposal is.
    fn filled(&self, path: &str, payment: &str) -> String {
        let store = self.city.city.tokens.store();
        let token = self.city.token;
        let device = store.read(move |records| records.find::<Token>(&token)).unwrap().unwrap().device;
        let merchants = self.city.city.acquirer.store().read(|records| records.all::<Merchant>()).unwrap();
        let operator: operators::OperatorId = Id::from_u128(1);
        path.replace("{payment}", payment)
            .replace("/{proposal}", "")
            .replace("/{transaction}", "")
            .replace("{token}", &token.to_string())
            .replace("{device}", &device.to_string())
            .replace("{merchant}", &merchants[0].id.to_string())
            .replace("{operator}", &operator.to_string())
    }

    /// A sale at the city's terminal, paid by the phone; as the terminal's journal has it.
    pub(crate) fn paid(&self, amount: &str) -> Entry {
        let till = self.city.city.till().unwrap();
        till.order(till.view().turn, Order::ByCard(EntryKind::Sale, crate::street::yuan(amount))).unwrap();
        self.city.tap_at_terminal();
        eventually("the terminal is done", || {
            till.journal().unwrap().first().is_some_and(|e| e.reference.is_some())
        });
        till.journal().unwrap().remove(0)
    }
}

#[test]
fn a_payment_is_found_by_every_name_and_its_messages_are_shown_masked() {
    let operator = Operator::inside();
    assert!(operator.get("/").body.contains("No payments yet"));
    let entry = operator.paid("12.50");
    let reference = entry.reference.unwrap().to_string();
    let page = format!("/payments/{reference}");
    // The tape decodes on a thread of its own.
    eventually("every message is kept", || {
        let body = operator.get(&page).body;
        body.contains("class=\"flow\"") && !body.contains("wire silent")
    });
    let payment = operator.get(&page).body;
    for shown in
        ["PAIZA NOODLES", "Approved", "0200", "0210", "APDU", "Bank of China", "sees both", "PZ000001"]
    {
        assert!(payment.contains(shown), "{shown} in {payment}");
    }
    let live = operator.get("/").body;
    assert!(live.contains("100.0 %") && live.contains(&format!("/?payment={reference}")), "{live}");

    // Every message: from each pair of neighbours the tabs lead to what went between them.
    let links = |body: &str| -> BTreeSet<String> {
        let paths = body.split("href=\"").filter_map(|part| part.split('"').next());
        paths.filter(|path| path.contains("?message=")).map(str::to_owned).collect()
    };
    let tabs: BTreeSet<String> =
        links(&payment).iter().flat_map(|path| links(&operator.get(path).body)).collect();
    assert!(tabs.len() >= 8 + 4, "APDUs, and four hops there and back: {tabs:?}");
    let messages: String = tabs.iter().map(|tab| operator.get(tab).body).collect();
    for element in ["DE 4", "DE 37", "DE 39", "DE 55", "0016"] {
        assert!(messages.contains(element), "{element}");
    }

    let id = payment.split(">pay_").nth(1).unwrap().split('<').next().unwrap();
    let names = [
        reference.clone(),
        format!("pay_{id}"),
        entry.approval_code.unwrap().to_string(),
        entry.trace.to_string(),
        entry.last_four.to_string(),
    ];
    for name in &names {
        let found = operator.get(&format!("/search?q={name}")).body;
        assert!(found.contains(&format!("href=\"{page}\"")), "{name}: {found}");
    }
    let token = operator.city.token.to_string();
    for name in [token.as_str(), "0016", &entry.last_four.to_string()] {
        assert!(operator.get(&format!("/search?q={name}")).body.contains(&token), "{name}");
    }
    let by_card = operator.get(&format!("/search?q={CARD}")).body;
    assert!(by_card.contains(&token) && by_card.contains("as long as a card number"), "{by_card}");
    assert!(operator.get("/search?q=nothing").body.contains("Nothing for nothing"));
    let hostile = operator.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body;
    assert!(!hostile.contains("<script>alert"), "{hostile}");

    for path in PAGES {
        let path = operator.filled(path, &reference);
        let shown = operator.get(&path);
        assert_eq!(shown.status, 200, "{path}: {}", shown.body);
        let policy = shown.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    assert!(operator.get("/merchants").body.contains("PAIZA BOOKS"));
    assert!(operator.get("/rules").body.contains("Bank of China"));
    assert!(operator.get("/tokens").body.contains(&token));
    assert_eq!(operator.get("/payments/unknown").status, 404);
    assert_eq!(operator.get("/nowhere").status, 404);
    let seen = operator.seen.borrow();
    assert!(!seen.contains(CARD), "no card number in any answer");
    assert!(!seen.contains(&operator.city.number().digits()[..]), "nor a whole token");
}

#[test]
fn an_account_payment_tells_its_story() {
    let operator = Operator::inside();
    assert!(operator.get("/account-payments").body.contains("No payments yet"));
    let (asha, _hers) = person(&operator.city, ASHA, "asha@paiza", "482913");
    let (ravi, _his) = person(&operator.city, RAVI, "ravi@paiza", "573829");
    let account = asha.mine().unwrap().accounts.swap_remove(0);
    let order = asha
        .order(&account, ("ravi@paiza", Some("Ravi Menon")), rupees("30.00"), Some("tea"), &pin("482913"))
        .unwrap();
    asha.pay(&order).unwrap();
    eventually("the payment ended", || ravi.payments().unwrap().len() == 1);
    let upi = operator.city.city.upi().unwrap();
    upi.switch.flush().unwrap();
    upi.banks.iter().for_each(|(_, _, bank)| bank.flush().unwrap());
    let path = format!("/account-payments/{}", order.transaction);
    let list = operator.get("/account-payments").body;
    assert!(list.contains(&path) && list.contains("ravi@paiza"), "{list}");
    let story = operator.get(&path).body;
    for part in [
        "asha@paiza (Asha Rao)",
        "ravi@paiza (Ravi Menon)",
        "credit_sent",
        "Amber Bank",
        "Banyan Bank",
        "Booked",
        "The network",
        "Nothing is waited for any more",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    for (number, _, _) in [ASHA, RAVI] {
        assert!(!story.contains(&number[3..]), "no telephone number: {story}");
    }
    assert!(!story.contains(&account.reference), "no whole account: {story}");
    assert_eq!(operator.get("/account-payments/PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829").status, 404);
}

#[test]
fn nothing_is_shown_before_the_porter() {
    let (operator, word) = Operator::outside();
    for path in PAGES.iter().chain(&["/events", "/nowhere"]) {
        let shown = operator.get(&operator.filled(path, "1"));
        assert_eq!((shown.status, shown.header("location")), (303, "/enter"), "{path}");
        assert_eq!(shown.body, "", "{path}");
    }
    for path in OUTSIDE {
        assert_eq!(operator.get(path).status, 200, "{path}");
    }
    let link = operator.get(&format!("/enter?link={word}")).body;
    assert!(link.contains(&format!("value=\"{word}\"")), "looking at the link does not use it");
    assert_eq!(operator.enter("link", "guess").status, 403);
    assert_eq!(operator.enter("key", "guess").status, 403);
    assert_eq!(operator.enter("link", &word).status, 303);
    assert_eq!(operator.enter("link", &word).status, 403, "it lets in once");

    let key = std::fs::read_to_string(operator.city.data().join("platform/operators.key")).unwrap();
    let url = format!("http://{}/enter", operator.at);
    for (name, value) in
        [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("host", "evil.example")]
    {
        let sent = Shown::of(operator.agent.post(&url).header(name, value).send_form([("key", key.trim())]));
        assert_eq!(sent.status, 403, "{name}");
        assert_eq!(sent.header("set-cookie"), "");
    }
    for _ in 0..10 {
        operator.enter("key", "guess");
    }
    assert_eq!(operator.enter("key", &key).status, 429, "locked for the right key too");
}

#[test]
fn who_leaves_is_outside() {
    let operator = Operator::inside();
    assert_eq!(operator.get("/tokens").status, 200);
    let request =
        operator.agent.post(format!("http://{}/leave", operator.at)).header("cookie", &operator.cookie);
    assert_eq!(Shown::of(request.send_empty()).status, 303);
    assert_eq!(operator.get("/tokens").status, 303);
}
