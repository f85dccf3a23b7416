//! Who is let into the console: who has the operators' key, or the link that was printed at the start.
//!
//! The key lies in a file beside the platform's records, readable by its owner alone. The link is good once. Who came in
//! stays until a quarter of an hour passes without a request, or twelve hours in all. Ten wrong keys, and the key opens
//! nothing for half an hour.

use crypto::hash::sha256;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Clock;
use values::secret::constant_time_eq;
use values::{SecretBytes, Timestamp};

/// A session ends after so long without a request.
const IDLE_MOST: Duration = Duration::from_secs(15 * 60);
/// A session ends after so long in all.
const SESSION_MOST: Duration = Duration::from_secs(12 * 60 * 60);
/// The printed link is good for so long.
const LINK_LASTS: Duration = Duration::from_secs(60 * 60);
/// So many wrong keys lock the key.
const TRIES_MOST: u32 = 10;
/// It is locked for so long.
const LOCKED: Duration = Duration::from_secs(30 * 60);

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// That is not the key, or the link was used or is too old.
    Wrong,
    /// Too many wrong keys; the right one opens nothing either until later.
    Locked,
}

struct Session {
    began: Timestamp,
    last: Timestamp,
}

struct State {
    link: Option<([u8; 32], Timestamp)>,
    sessions: HashMap<[u8; 32], Session>,
    wrong: u32,
    locked_until: Option<Timestamp>,
}

/// The porter of a console; clones are the same one.
#[derive(Clone)]
pub struct Porter {
    key: Arc<[u8; 32]>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

impl Porter {
    /// A porter that the key in this file opens; the file is made if it is not there.
    pub fn open(key_file: &Path, clock: Arc<dyn Clock>) -> std::io::Result<Porter> {
        let key = match fs::read(key_file) {
            Ok(text) => SecretBytes::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(key_file)?,
            Err(error) => return Err(error),
        };
        let key = key.expose().trim_ascii();
        if key.len() < 32 {
            let text = "the operators' key has at least 32 characters";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        let state = State { link: None, sessions: HashMap::new(), wrong: 0, locked_until: None };
        Ok(Porter { key: Arc::new(sha256(key)), clock, state: Arc::new(Mutex::new(state)) })
    }

    /// The word of a link that lets in once, within the hour. An earlier link is good no more.
    pub fn link(&self) -> String {
        let word = secret();
        self.state().link = Some((sha256(word.as_bytes()), self.clock.now().after(LINK_LASTS)));
        word
    }

    /// Lets in who has the operators' key. Answers the word by which the session is known.
    pub fn enter(&self, key: &str) -> Result<String, Refused> {
        let now = self.clock.now();
        let mut state = self.state();
        if state.locked_until.is_some_and(|until| now < until) {
            return Err(Refused::Locked);
        }
        if !constant_time_eq(&sha256(key.trim().as_bytes()), self.key.as_slice()) {
            state.wrong += 1;
            if state.wrong >= TRIES_MOST {
                state.wrong = 0;
                state.locked_until = Some(now.after(LOCKED));
            }
            return Err(Refused::Wrong);
        }
        state.wrong = 0;
        Ok(state.begin(now))
    }

    /// Lets in who has the link, once.
    pub fn enter_by_link(&self, word: &str) -> Result<String, Refused> {
        let now = self.clock.now();
        let mut state = self.state();
        let fits = |(link, until): &([u8; 32], Timestamp)| {
            constant_time_eq(&sha256(word.as_bytes()), link) && now < *until
        };
        if !state.link.as_ref().is_some_and(fits) {
            return Err(Refused::Wrong);
        }
        state.link = None;
        Ok(state.begin(now))
    }

    /// Whether this word is of a session that goes on; it goes on from now.
    pub fn knows(&self, word: &str) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        state.sessions.retain(|_, session| {
            now.since(session.last) < IDLE_MOST && now.since(session.began) < SESSION_MOST
        });
        let session = state.sessions.get_mut(&sha256(word.as_bytes()));
        session.map(|session| session.last = now).is_some()
    }

    /// Ends a session.
    pub fn leave(&self, word: &str) {
        self.state().sessions.remove(&sha256(word.as_bytes()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is half done between two statements, so a panic elsewhere cannot break it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, now: Timestamp) -> String {
        let word = secret();
        self.sessions.insert(sha256(word.as_bytes()), Session { began: now, last: now });
        word
    }
}

/// 192 random bits in 48 characters.
fn secret() -> String {
    hex::encode(crypto::random::bytes::<24>())
}

fn make_key(file: &Path) -> std::io::Result<SecretBytes> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let key = secret();
    writeln!(options.open(file)?, "{key}")?;
    Ok(SecretBytes::new(key.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::TestClock;

    fn porter() -> (tempfile::TempDir, Porter, String, Arc<TestClock>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("platform/operators.key");
        let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_795_320_000_000)));
        let porter = Porter::open(&file, clock.clone()).unwrap();
        let key = fs::read_to_string(&file).unwrap();
        (folder, porter, key, clock)
    }

    #[test]
    fn the_key_lets_in_and_the_session_ends_by_itself() {
        let (folder, porter, key, clock) = porter();
        let word = porter.enter(&key).unwrap();
        for _ in 0..3 {
            clock.advance(IDLE_MOST - Duration::from_secs(1));
            assert!(porter.knows(&word), "every request keeps it");
        }
        clock.advance(IDLE_MOST);
        assert!(!porter.knows(&word) && !porter.knows(""));
        let word = porter.enter(key.trim()).unwrap();
        porter.leave(&word);
        assert!(!porter.knows(&word));
        let again = Porter::open(&folder.path().join("platform/operators.key"), clock.clone()).unwrap();
        assert!(again.enter(&key).is_ok(), "the file is kept");
        let word = porter.enter(&key).unwrap();
        for _ in 0..60 {
            clock.advance(Duration::from_secs(14 * 60));
            porter.knows(&word);
        }
        assert!(!porter.knows(&word), "twelve hours are over");
    }

    #[test]
    fn a_link_lets_in_once_and_not_for_ever() {
        let (_folder, porter, _, clock) = porter();
        let first = porter.link();
        let second = porter.link();
        assert_eq!(porter.enter_by_link(&first), Err(Refused::Wrong));
        assert!(porter.enter_by_link(&second).is_ok());
        assert_eq!(porter.enter_by_link(&second), Err(Refused::Wrong));
        let late = porter.link();
        clock.advance(LINK_LASTS);
        assert_eq!(porter.enter_by_link(&late), Err(Refused::Wrong));
    }

    #[test]
    fn ten_wrong_keys_lock_the_key_for_half_an_hour() {
        let (_folder, porter, key, clock) = porter();
        for _ in 0..TRIES_MOST - 1 {
            assert_eq!(porter.enter("guess"), Err(Refused::Wrong));
        }
        assert!(porter.enter(&key).is_ok(), "nine are forgotten");
        for _ in 0..TRIES_MOST {
            assert_eq!(porter.enter("guess"), Err(Refused::Wrong));
        }
        assert_eq!(porter.enter(&key), Err(Refused::Locked));
        clock.advance(LOCKED - Duration::from_millis(1));
        assert_eq!(porter.enter(&key), Err(Refused::Locked));
        clock.advance(Duration::from_millis(1));
        assert!(porter.enter(&key).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, ..) = porter();
        let file = folder.path().join("platform/operators.key");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
