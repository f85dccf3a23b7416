//! The pages of a running city, asked for as a browser does.

use crate::street::NOW;
use server::city::{City, Plan, Ports};
use std::collections::HashMap;
use std::sync::Arc;
use store::TestClock;

/// An answer as a browser has it.
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, Vec<String>>,
    pub(crate) body: String,
}

impl Shown {
    pub(crate) fn of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Shown {
        let mut answer = answer.unwrap();
        let mut headers: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in answer.headers() {
            headers.entry(name.to_string()).or_default().push(value.to_str().unwrap().to_owned());
        }
        let body = answer.body_mut().read_to_string().unwrap();
        Shown { status: answer.status().as_u16(), headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }
}

#[test]
fn the_pages_of_a_city_are_shown_in_the_language_and_theme_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at(NOW));
    let plan = Plan { ports: Ports::Free, ..Plan::documented(folder.path(), clock) };
    let mut city = City::start(&plan).unwrap();
    city.open_terminal(&plan).unwrap();
    let at = &city.addresses;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let url = |path: &str| format!("http://{}{path}", at.platform);
    let get =
        |path: &str, name: &str, value: &str| Shown::of(agent.get(url(path)).header(name, value).call());

    let early = get("/", "accept", "text/html");
    assert_eq!((early.status, early.header("location")), (303, "/lost-phone"), "nobody told of the city yet");
    city.welcome(&["paiza sandbox cards"]);
    let start = get("/", "accept-language", "en");
    assert_eq!(start.status, 200);
    let mut addresses = vec![at.platform, at.telephone, at.acquirer, at.network, at.gateway];
    addresses.extend(at.issuers.iter().chain(&at.desks).map(|(_, address)| *address));
    for address in addresses {
        assert!(start.body.contains(&address.to_string()), "{address}");
    }
    let policy = start.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(start.body.contains("Bank of China (sandbox)") && start.body.contains("6216 6001 0000 0000 016"));

    // With `no-referrer` a browser would say `Origin: null` of every form, which doors refuse.
    assert_eq!(start.header("referrer-policy"), "same-origin");
    let terminal = format!("http://{}", at.terminal.unwrap());
    assert!(
        policy.contains(&format!("frame-src {terminal};"))
            || policy.ends_with(&format!("frame-src {terminal}"))
    );
    assert!(start.body.contains(&format!("<iframe src=\"{terminal}/\"")), "{}", start.body);

    let begin = |origin: &str| {
        let request = agent.post(url("/tap-in-the-shop")).header("origin", origin);
        Shown::of(request.send_empty()).status
    };
    let face = || Shown::of(agent.get(format!("{terminal}/")).call()).body;
    assert_eq!(begin("http://evil.example"), 403);
    assert!(face().contains("Enter an amount"), "nothing was begun");
    assert_eq!(begin(&format!("http://{}", at.platform)), 303);
    assert!(face().contains("36<span class=\"part\">.50"), "a payment waits at the terminal");

    let guide = get("/styleguide", "accept-language", "hi-IN,en;q=0.5");
    assert!(guide.status == 200 && guide.body.contains("<html lang=\"hi\">"), "{}", guide.body);
    let sheet = get("/assets/paiza.css", "accept", "text/css");
    assert!(sheet.header("content-type").starts_with("text/css") && sheet.body.contains("--metal:#DDAA45"));

    let choice = [("language", "zh-CN"), ("theme", "dark"), ("back", "/lost-phone")];
    let chosen = Shown::of(agent.post(url("/preferences")).send_form(choice));
    assert_eq!((chosen.status, chosen.header("location")), (303, "/lost-phone"));
    let cookies: Vec<&str> =
        chosen.headers["set-cookie"].iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    let again = get("/lost-phone", "cookie", &cookies.join("; "));
    assert!(again.body.contains("<html lang=\"zh-CN\" data-theme=\"dark\">"), "{}", again.body);
}
