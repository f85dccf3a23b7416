//! A real browser: Debian's chromium, driven through its WebDriver and the protocol of its own tools.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use url::{ParseError, Url};

/// The file of axe-core, the judge of accessibility, as its package has it.
const AXE: &str = "axe-core/axe.min.js";

/// What the tests of this file need and a machine may lack.
pub(crate) struct Tools {
    pub(crate) axe: String,
}

impl Tools {
    /// Finds them; says what is missing and returns nothing, unless everything optional is required.
    pub(crate) fn find() -> Option<Tools> {
        let found = |name: &str| Command::new(name).arg("--version").output().is_ok();
        let axe = axe_places().into_iter().find_map(|place| std::fs::read_to_string(place).ok());
        let missing: Vec<&str> = [
            (found("chromium"), "chromium"),
            (found("chromedriver"), "chromedriver (Debian: chromium-driver)"),
            (
                axe.is_some(),
                "axe-core (npm package; unpack it into node_modules, or name its folder in PAIZA_AXE)",
            ),
        ]
        .into_iter()
        .filter_map(|(there, name)| (!there).then_some(name))
        .collect();
        if missing.is_empty() {
            return Some(Tools { axe: axe? });
        }
        let required = ["CI", "PAIZA_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "missing: {}", missing.join(", "));
        eprintln!("passed over, missing: {}", missing.join(", "));
        None
    }
}

fn axe_places() -> Vec<PathBuf> {
    let root = root();
    let named = std::env::var_os("PAIZA_AXE").map(|folder| PathBuf::from(folder).join("axe.min.js"));
    named.into_iter().chain([root.join("node_modules").join(AXE), root.join("target").join(AXE)]).collect()
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A browser with one page; it ends when dropped.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    profile: tempfile::TempDir,
}

/// The address of a door under the name that passkeys want.
pub(crate) fn by_name(at: SocketAddr) -> String {
    format!("http://localhost:{}", at.port())
}

/// A screen to look with.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) theme: &'static str,
}

/// A driver and its port; `None` when it ended without one.
///
/// It takes a free port of IPv4 and then the same one of IPv6, which a neighbour may hold: then it ends, and another
/// is worth starting.
fn drive() -> Option<(Child, u16)> {
    let mut driver =
        Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().expect("chromedriver");
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.take(20).find_map(|line| {
        let rest = line.split("started successfully on port ").nth(1)?;
        rest.trim_end_matches('.').parse::<u16>().ok()
    });
    if port.is_none() {
        driver.kill().and_then(|()| driver.wait()).expect("a driver that ends");
    }
    port.map(|port| (driver, port))
}

impl Browser {
    /// Starts a browser with a fresh profile, which asks nobody but the pages it is led to.
    pub(crate) async fn start() -> Browser {
        Browser::start_with(&[]).await
    }

    /// Starts one before whose camera this film runs, over and over (YUV4MPEG2).
    pub(crate) async fn before(film: &Path) -> Browser {
        Browser::start_with(&[&format!("--use-file-for-fake-video-capture={}", film.display())]).await
    }

    async fn start_with(more: &[&str]) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = (0..5).find_map(|_| drive()).expect("chromedriver says its port");
        let data = format!("--user-data-dir={}", profile.path().display());
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-dev-shm-usage",
            // A camera of the browser's own, which shows a test picture and is allowed without a question.
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            &data,
        ];
        arguments.extend(more);
        let mut wanted = serde_json::Map::new();
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        wanted.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        // A machine that does other things too is slow to judge; nothing is measured here.
        wanted.insert("timeouts".to_owned(), json!({ "script": 600_000, "pageLoad": 600_000 }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        Browser { client, driver, profile }
    }

    /// One command of the browser's own tools.
    pub(crate) async fn tell(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Extension { path: "goog/cdp/execute", body }).await.unwrap()
    }

    /// Plugs in an authenticator that verifies whoever is there. With `prf` it computes a secret for a salt.
    pub(crate) async fn plug_in(&self, prf: bool) {
        let extensions: &[&str] = if prf { &["prf"] } else { &[] };
        let body = json!({
            "protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "isUserConsenting": true, "extensions": extensions,
        });
        self.client.issue_cmd(Extension { path: "webauthn/authenticator", body }).await.unwrap();
    }

    /// Has the browser read this code in whatever the camera shows, as browsers do that read codes themselves; Debian's does not.
    pub(crate) async fn reads(&self, code: &str) {
        let source = format!(
            "window.BarcodeDetector = class {{
                static getSupportedFormats() {{ return Promise.resolve(['qr_code']); }}
                detect(seen) {{ return Promise.resolve(seen.videoWidth > 0 ? [{{ rawValue: {code:?} }}] : []); }}
            }};"
        );
        self.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// Looks with another width and theme; the page stays.
    pub(crate) async fn look(&self, look: Look) {
        let phone = look.width < 600;
        let size = json!({ "width": look.width, "height": if phone { 800 } else { 900 }, "deviceScaleFactor": 1, "mobile": phone });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!([
            { "name": "prefers-color-scheme", "value": look.theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.tell("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Shows everything so many times as large, in the same window.
    pub(crate) async fn enlarge(&self, times: f64) {
        // As browsers do it: what the page calls a pixel grows, and its window has fewer of them.
        let width = (1280.0 / times) as u32;
        let size = json!({ "width": width, "height": (900.0 / times) as u32, "deviceScaleFactor": times, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What moves on the page although less motion was asked for.
    pub(crate) async fn moves(&self) -> Vec<String> {
        const ASK: &str = "
            return document.getAnimations().filter(it => it.playState === 'running')
                .map(it => it.effect.target.className.toString() || it.effect.target.tagName);";
        let found = self.client.execute(ASK, Vec::new()).await.unwrap();
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// What the browser complained about since the last time this was asked.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let body = json!({ "type": "browser" });
        let log = self.client.issue_cmd(Extension { path: "se/log", body }).await.unwrap();
        let serious = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let lines = log.as_array().into_iter().flatten().filter(serious);
        lines.map(|entry| entry["message"].to_string()).collect()
    }

    /// Has axe stand ready on every page from now on.
    pub(crate) async fn judge_by(&self, axe: &str) {
        let source = format!("{axe}; window.axe = axe;");
        self.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// What the window shows, as a JPEG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let how = json!({ "format": "jpeg", "quality": 85, "optimizeForSpeed": true });
        let taken = self.tell("Page.captureScreenshot", how).await;
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Comes in wherever another browser is in.
    pub(crate) async fn takes_cookies_of(&self, other: &Browser) {
        let kept = other.tell("Network.getAllCookies", json!({})).await;
        self.tell("Network.setCookies", kept).await;
    }

    /// How many pixels the page is wider than the window.
    pub(crate) async fn wider(&self) -> i64 {
        const ASK: &str =
            "const root = document.scrollingElement; return root.scrollWidth - root.clientWidth;";
        self.client.execute(ASK, Vec::new()).await.unwrap().as_i64().unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&[self.driver.id().to_string()], "-TERM");
        let _ = self.driver.wait();
        // A driver that was killed leaves its browser behind: whoever still works on this profile is that browser.
        end(&whoever_names(self.profile.path()), "-KILL");
    }
}

fn end(processes: &[String], how: &str) {
    if !processes.is_empty() {
        let _ = Command::new("kill").arg(how).args(processes).stderr(Stdio::null()).status();
    }
}

/// The processes whose arguments name this place.
fn whoever_names(place: &Path) -> Vec<String> {
    let place = place.to_str().expect("a folder of ours has a plain name");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter(|process| {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(place)
    });
    let number = |name: String| name.bytes().all(|byte| byte.is_ascii_digit()).then_some(name);
    names.filter_map(|process| process.file_name().into_string().ok().and_then(number)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_browser_outlives_its_test_when_its_driver_is_killed() {
    let Some(_tools) = Tools::find() else { return };
    let browser = Browser::start().await;
    let profile = browser.profile.path().to_owned();
    assert!(!whoever_names(&profile).is_empty(), "it runs");
    end(&[browser.driver.id().to_string()], "-KILL");
    drop(browser);
    // Killed, it is gone from the list as soon as the system has taken it away: some looks later.
    let gone = (0..10_000).any(|_| whoever_names(&profile).is_empty());
    assert!(gone, "a browser is left");
}

/// A command of this driver that the standard does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
