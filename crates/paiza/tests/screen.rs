//! `paiza pos screen`, as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Ends the process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(at: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_terminal_runs_alone_and_answers_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    command.args(["--json", "pos", "screen", "--listen", "127.0.0.1:0", "--reader", "vpcd:0"]);
    // Nobody is at the acquirer's port: the screen is there all the same.
    command.args(["--acquirer", "127.0.0.1:1", "--data"]).arg(folder.path().join("pos"));
    let mut running = Ended(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let ready: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(ready["event"], "ready", "{ready}");
    let at = ready["screen"].as_str().unwrap();
    let get = |host: &str| ask(at, &format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"));
    let keypad = get(at);
    assert!(keypad.starts_with("HTTP/1.1 200") && keypad.contains("PAIZA NOODLES"), "{keypad}");
    assert!(get("evil.example").starts_with("HTTP/1.1 403"));

    let asked = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(asked.success() && running.0.wait().unwrap().success(), "it ends by itself when it is asked to");
}

#[test]
fn a_reader_that_is_not_there_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    command.args(["pos", "screen", "--listen", "127.0.0.1:0", "--reader", "nowhere", "--data"]);
    let ended = command.arg(folder.path().join("pos")).output().unwrap();
    assert_eq!(ended.status.code(), Some(2), "{}", String::from_utf8_lossy(&ended.stderr));
}
