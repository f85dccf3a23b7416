use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use operators::{AuditEntry, login};
use passkeys::testing::Authenticator;
use store::{Schema, TestClock};

struct House {
    _folder: tempfile::TempDir,
    folder: std::path::PathBuf,
    porter: Porter,
    key: String,
    clock: Arc<TestClock>,
}

impl House {
    fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_795_320_000_000)));
        let porter = porter(&path, &clock);
        let key = fs::read_to_string(path.join("operators.key")).unwrap();
        House { _folder: folder, folder: path, porter, key, clock }
    }

    /// The same after the process ended and began again.
    fn restarted(self) -> House {
        self.porter.store().close();
        let House { _folder, folder, porter: old, key, clock } = self;
        drop(old);
        let porter = porter(&folder, &clock);
        House { _folder, folder, porter, key, clock }
    }

    fn key(&self, key: &str) -> Result<String, Refused> {
        self.porter.enter_by_key(key, "", &Occasion::default())
    }

    fn authenticator(&self, name: &str) -> Authenticator {
        Authenticator::new(name.as_bytes(), "localhost", self.porter.ceremonies().origin())
    }

    /// An operator with a passkey, founded by who has the key.
    fn founded(&self, name: &str) -> Authenticator {
        let word = self.key(&self.key).unwrap();
        let mut authenticator = self.authenticator(name);
        let proof = made(&mut authenticator, &self.porter.making_challenge(&word));
        let inside = self.porter.found(&word, name, &proof, &Occasion::default()).unwrap();
        assert!(matches!(self.porter.guest(&inside), Some(Guest::Operator(_))));
        assert_eq!(self.porter.guest(&word), None, "the session is another one");
        authenticator
    }

    fn passkey(&self, authenticator: &mut Authenticator) -> Result<String, Refused> {
        let proof = shown(authenticator, &self.porter.login_challenge());
        self.porter.enter_by_passkey(&proof, "", &Occasion::default())
    }

    fn log(&self) -> Vec<(String, String)> {
        let mut log = self.porter.store().read(|records| records.all::<AuditEntry>()).unwrap();
        log.sort_by_key(|entry| entry.number);
        log.into_iter().map(|entry| (entry.act, entry.result)).collect()
    }
}

fn porter(folder: &Path, clock: &Arc<TestClock>) -> Porter {
    let schema = store::rooms::operators::tables(Schema::new());
    let store = Store::open(&folder.join("operators"), schema, clock.clone()).unwrap();
    let at = "127.0.0.1:8085".parse().unwrap();
    Porter::open(&folder.join("operators.key"), store, at, Defences::ALL).unwrap()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn made(authenticator: &mut Authenticator, challenge: &str) -> String {
    let (client, object) = authenticator.make(&URL_SAFE_NO_PAD.decode(challenge).unwrap());
    serde_json::json!({ "client": text(&client), "object": text(&object) }).to_string()
}

fn shown(authenticator: &mut Authenticator, challenge: &str) -> String {
    let said = authenticator.sign(&URL_SAFE_NO_PAD.decode(challenge).unwrap());
    serde_json::json!({
        "id": said.credential.as_str(), "client": text(&said.client_data),
        "data": text(&said.authenticator_data), "signature": text(&said.signature),
    })
    .to_string()
}

#[test]
fn a_passkey_lets_in_over_a_restart_and_the_session_ends_by_itself() {
    let house = House::open();
    let mut ada = house.founded("Ada");
    let house = house.restarted();
    let word = house.passkey(&mut ada).unwrap();
    for _ in 0..3 {
        house.clock.advance(IDLE_MOST - Duration::from_secs(1));
        assert!(house.porter.guest(&word).is_some(), "every request keeps it");
    }
    house.clock.advance(IDLE_MOST);
    assert!(house.porter.guest(&word).is_none() && house.porter.guest("").is_none());
    let word = house.passkey(&mut ada).unwrap();
    assert_eq!(house.porter.name(&word), "Ada");
    for _ in 0..60 {
        house.clock.advance(Duration::from_secs(14 * 60));
        house.porter.guest(&word);
    }
    assert_eq!(house.porter.guest(&word), None, "twelve hours are over");
    let word = house.passkey(&mut ada).unwrap();
    house.porter.leave(&word, &Occasion::default()).unwrap();
    assert_eq!(house.porter.guest(&word), None);
}

#[test]
fn a_login_begins_a_session_of_its_own_and_ends_the_one_before() {
    let house = House::open();
    let mut ada = house.founded("Ada");
    let planted = house.passkey(&mut ada).unwrap();
    let proof = shown(&mut ada, &house.porter.login_challenge());
    let word = house.porter.enter_by_passkey(&proof, &planted, &Occasion::default()).unwrap();
    assert_ne!(word, planted);
    assert_eq!(house.porter.guest(&planted), None);
    assert!(house.porter.guest(&word).is_some());
    let again = house.porter.enter_by_passkey(&proof, "", &Occasion::default());
    assert_eq!(again, Err(Refused::Passkey), "what was sent is good once");
}

#[test]
fn the_key_founds_two_and_opens_nothing_after() {
    let house = House::open();
    house.founded("Ada");
    house.founded("Grace");
    assert_eq!(house.key(&house.key), Err(Refused::No(Refusal::Founded)));
    assert_eq!(house.porter.founding_link().unwrap(), None);
}

#[test]
fn who_founds_sees_nothing_before_a_passkey_is_made_here() {
    let house = House::open();
    let word = house.key(&house.key).unwrap();
    assert_eq!(house.porter.guest(&word), Some(Guest::Founder));
    let mut elsewhere = Authenticator::new(b"x", "localhost", "http://localhost:8081");
    let proof = made(&mut elsewhere, &house.porter.making_challenge(&word));
    assert_eq!(house.porter.found(&word, "Ada", &proof, &Occasion::default()), Err(Refused::Passkey));
    // A challenge of another session, and one for logging in.
    let mut ada = house.authenticator("Ada");
    for challenge in [house.porter.making_challenge("other"), house.porter.login_challenge()] {
        let proof = made(&mut ada, &challenge);
        assert_eq!(house.porter.found(&word, "Ada", &proof, &Occasion::default()), Err(Refused::Passkey));
    }
    assert_eq!(house.porter.guest(&word), Some(Guest::Founder));
}

#[test]
fn a_passkey_of_another_page_of_this_machine_does_not_let_in() {
    let house = House::open();
    let mut ada = house.founded("Ada");
    for origin in ["http://localhost:8081", "http://127.0.0.1:8085", "https://localhost:8085"] {
        origin.clone_into(&mut ada.origin);
        assert_eq!(house.passkey(&mut ada), Err(Refused::Passkey), "{origin}");
    }
    house.porter.ceremonies().origin().clone_into(&mut ada.origin);
    ada.verifies = false;
    assert_eq!(house.passkey(&mut ada), Err(Refused::Passkey), "nobody was verified");
    ada.verifies = true;
    assert!(house.passkey(&mut ada).is_ok());
    let failed: Vec<_> = house.log().into_iter().filter(|(act, _)| act == "login").collect();
    let codes = ["passkey_elsewhere", "passkey_elsewhere", "passkey_elsewhere", "passkey_not_verified", "ok"];
    assert_eq!(failed.iter().map(|(_, result)| result.as_str()).collect::<Vec<_>>(), codes);
}

#[test]
fn ten_wrong_tries_lock_one_passkey_for_half_an_hour_over_a_restart() {
    let house = House::open();
    let mut ada = house.founded("Ada");
    let mut grace = house.founded("Grace");
    ada.verifies = false;
    for _ in 0..login::TRIES_MOST {
        assert_eq!(house.passkey(&mut ada), Err(Refused::Passkey));
    }
    ada.verifies = true;
    let house = house.restarted();
    assert_eq!(house.passkey(&mut ada), Err(Refused::Locked));
    assert!(house.passkey(&mut grace).is_ok(), "nobody else is locked out");
    house.clock.advance(login::LOCKED - Duration::from_millis(1));
    assert_eq!(house.passkey(&mut ada), Err(Refused::Locked));
    house.clock.advance(Duration::from_millis(1));
    assert!(house.passkey(&mut ada).is_ok());
}

#[test]
fn ten_wrong_keys_lock_the_key_also_when_they_come_at_once() {
    let house = House::open();
    let looked_at = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                if house.key("guess") == Err(Refused::Wrong) {
                    looked_at.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(looked_at.into_inner(), login::TRIES_MOST);
    assert_eq!(house.key(&house.key), Err(Refused::Locked));
    house.clock.advance(login::LOCKED);
    assert!(house.key(&house.key).is_ok());
}

#[test]
fn a_link_of_a_sandbox_lets_in_once_and_not_for_ever() {
    let house = House::open();
    let id = Id::from_u128(5);
    let enter = |word: &str| house.porter.enter_by_link(word, "", &Occasion::default());
    let first = house.porter.sandbox_link(id, "Asha").unwrap();
    let second = house.porter.sandbox_link(id, "Asha").unwrap();
    let other = house.porter.sandbox_link(Id::from_u128(6), "Wei").unwrap();
    assert_eq!(enter(&first), Err(Refused::Wrong));
    let word = enter(&second).unwrap();
    assert_eq!(house.porter.guest(&word), Some(Guest::Operator(id)));
    assert_eq!(enter(&second), Err(Refused::Wrong));
    assert!(enter(&other).is_ok());
    let late = house.porter.sandbox_link(id, "Asha").unwrap();
    house.clock.advance(LINK_LASTS);
    assert_eq!(enter(&late), Err(Refused::Wrong));
    assert_eq!(house.porter.founding_link().unwrap(), None, "a sandbox has its two");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::open();
    let file = house.folder.join("operators.key");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}
