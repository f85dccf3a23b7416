//! `paiza serve` as an operator runs it: what it is told, what opens its keys, and what it says when something is wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn serve(folder: &Path, config: &str) -> Command {
    std::fs::write(folder.join("paiza.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    command.args(["serve", "--config", "paiza.toml", "--data", "records"]).current_dir(folder);
    for name in ["PAIZA_CONFIG", "PAIZA_PASSPHRASE", "PAIZA_PASSPHRASE_FILE", "PAIZA_FAILPOINT"] {
        command.env_remove(name);
    }
    command
}

/// Any free ports.
const FREE: &str = "[listen]\nhttp = '127.0.0.1:0'
terminals = { address = '127.0.0.1:0' }\ngateway = { address = '127.0.0.1:0' }\ndesk = '127.0.0.1:0'\n";

/// Runs it until it is ready, then asks it to end; what it said.
fn ready(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        said.push_str(&line);
        if line.contains("Ctrl-C") {
            let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(asked.success());
        }
    }
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("Ctrl-C"), "{said}");
    said
}

fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(3), "{said}");
    said
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = "[network]\nacquierers = { address = '127.0.0.1:1' }";
    let said = refused(&mut serve(folder.path(), unknown));
    for part in ["paiza.toml", "line 2", "acquierers", "did you mean `acquirers`?"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = refused(serve(folder.path(), "").env("PAIZA_PASSPHRASE", ""));
    assert!(said.contains("PAIZA_PASSPHRASE"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let said = refused(&mut serve(folder.path(), &FREE.replacen("127.0.0.1:0", &at, 1)));
    assert!(said.contains(&at), "{said}");
    assert!(!folder.path().join("records").exists(), "nothing was begun");
}

#[test]
fn the_key_file_opens_with_its_own_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    std::fs::write(&file, "of our own\n").unwrap();
    let with_file = format!("{FREE}[keys]\npassphrase_file = '{}'\n", file.display());
    let said = ready(&mut serve(folder.path(), &with_file));
    assert!(!said.contains("public passphrase") && !said.contains("of our own"), "{said}");
    let kept = std::fs::metadata(folder.path().join("records/platform/keys.json")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o077, 0, "the key file is its owner's alone");
    let said = refused(&mut serve(folder.path(), FREE));
    assert!(said.contains("keys"), "the sandbox's passphrase does not open it: {said}");
    // The environment comes before the file, and the passphrase itself before a file of it.
    refused(serve(folder.path(), &with_file).env("PAIZA_PASSPHRASE", "somebody else's"));
    ready(serve(folder.path(), FREE).env("PAIZA_PASSPHRASE_FILE", &file));
    ready(
        serve(folder.path(), FREE)
            .env("PAIZA_PASSPHRASE", "of our own")
            .env("PAIZA_PASSPHRASE_FILE", "/none"),
    );
    // A sandbox says that it is one.
    let sandbox = tempfile::tempdir().unwrap();
    assert!(ready(&mut serve(sandbox.path(), FREE)).contains("public passphrase"));
}

/// Asked to end in the middle of a request, it takes nothing new, answers what it took, and ends well.
#[test]
fn what_is_under_way_is_answered_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = FREE.replacen("127.0.0.1:0", &at.to_string(), 1);
    let mut child = serve(folder.path(), &config).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("Ctrl-C")));
    // Its head is read and its body is not whole, so it is under way. The first byte of the answer comes only after the last of it.
    let mut asking = TcpStream::connect(at).unwrap();
    let head =
        "POST /v1/devices HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{";
    asking.write_all(head.as_bytes()).unwrap();
    let mut other = TcpStream::connect(at).unwrap();
    other.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    other.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200", "it works, and so it read the head before");
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    while TcpStream::connect(at).is_ok() {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    assert!(child.try_wait().unwrap().is_none(), "it waits for the request");
    asking.write_all(b"}").unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("\"instance\":\"req_"), "{answer}");
    assert!(child.wait().unwrap().success());
}
