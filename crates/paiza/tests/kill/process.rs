//! One process of the real command: what it says is read, it may be told where to die, and it goes with its value.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up: the machine may be busy with other things.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(120);

/// A running command.
pub(crate) struct Process {
    child: Child,
    name: String,
    said: Arc<Mutex<String>>,
    listening: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts a command. With `arm`, that file tells it where to die.
    pub(crate) fn start(name: &str, arguments: &[String], arm: Option<&PathBuf>) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PAIZA_PASSCODE", "135790").env_remove("PAIZA_FAILPOINT").env_remove("PAIZA_CONFIG");
        if let Some(file) = arm {
            command.env("PAIZA_FAILPOINT", format!("@{}", file.display()));
        }
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let listening = vec![listen(out, &said), listen(err, &said)];
        Process { child, name: name.to_owned(), said, listening }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its number in the machine.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it said so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Everything it ever said, once it has ended.
    pub(crate) fn all_said(&mut self) -> String {
        self.ended();
        self.listening.drain(..).for_each(|listener| listener.join().unwrap());
        self.said()
    }

    /// Waits until it says this. False if it ends before.
    pub(crate) fn says(&mut self, what: &str) -> bool {
        let until = Instant::now() + GIVE_UP;
        loop {
            if self.said().contains(what) {
                return true;
            }
            if self.has_ended() {
                return self.all_said().contains(what);
            }
            assert!(Instant::now() < until, "{} never says {what:?}: {}", self.name, self.said());
            pause();
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + GIVE_UP;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "{} does not end: {}", self.name, self.said());
            pause();
        }
    }

    /// Without a warning.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, as a service manager does.
    pub(crate) fn terminate(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = self.ended();
        assert!(status.success(), "{} ends with {status}: {}", self.name, self.said());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(from: impl Read + Send + 'static, said: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}

/// Between two looks at something that happens by itself.
pub(crate) fn pause() {
    std::thread::park_timeout(Duration::from_millis(5));
}

/// Waits for something that happens by itself.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + GIVE_UP;
    while !done() {
        assert!(Instant::now() < until, "never happened: {what}");
        pause();
    }
}
