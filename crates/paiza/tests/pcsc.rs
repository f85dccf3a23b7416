//! Our phone in a real PC/SC stack: pcscd with Debian's vpcd driver between card and reader.
//!
//! Needs the packages `pcscd`, `vsmartcard-vpcd`, `opensc` and `libpcsclite-dev`. Without them it says what is missing and
//! is passed over, unless `CI` or `PAIZA_REQUIRE_ALL` is set.

#[allow(dead_code, reason = "the tests of the terminal tear it out of the field, these do not")]
#[path = "../../server/tests/support/test_phone.rs"]
mod test_phone;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use test_phone::TestPhone;
use values::Timestamp;
use wallet::application::Notice;

const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const PORT: u16 = 35963;

/// What of the PC/SC stack is not on this machine.
fn missing() -> Vec<&'static str> {
    let there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders.any(|folder| folder.join(program).exists())
    };
    let library = ["/usr/include/PCSC/winscard.h", "/usr/local/include/PCSC/winscard.h"];
    [
        (there("pcscd"), "pcscd"),
        (Path::new(DRIVER).exists(), "vsmartcard-vpcd"),
        (there("opensc-tool"), "opensc"),
        (library.iter().any(|header| Path::new(header).exists()), "libpcsclite-dev"),
    ]
    .into_iter()
    .filter_map(|(there, package)| (!there).then_some(package))
    .collect()
}

/// The service, ended with this value. Its ports and its socket are the machine's, so one test has it at a time.
struct Service {
    child: Child,
    _folder: tempfile::TempDir,
    _lock: File,
}

impl Service {
    fn start() -> Service {
        let lock = File::create(std::env::temp_dir().join("paiza-pcscd.lock")).unwrap();
        lock.lock().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("reader.conf");
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{PORT:#X}\nLIBPATH {DRIVER}\nCHANNELID {PORT:#X}\n"
        );
        std::fs::write(&configuration, reader).unwrap();
        let mut child = Command::new("pcscd")
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
            .args(["--foreground", "--info", "--config"])
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says so when it listens; whatever it says afterwards has to be read too.
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = said.by_ref().map_while(Result::ok).any(|line| line.contains("daemon ready"));
        if !ready {
            let ended = child.wait().unwrap();
            panic!("pcscd did not start ({ended}); is another one running?");
        }
        std::thread::spawn(move || said.map_while(Result::ok).for_each(drop));
        Service { child, _folder: folder, _lock: lock }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A phone in the field of the virtual reader until the service ends. Answers what its owner saw.
fn present() -> std::thread::JoinHandle<Vec<Notice>> {
    let reader = SocketAddr::from(([127, 0, 0, 1], PORT));
    std::thread::spawn(move || TestPhone::new(NOW).unlocked().present(reader).1)
}

/// Builds the reader's example where these tests were built, with what they were built with: little is left to do.
fn build_the_example() -> std::path::PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let program = Path::new(env!("CARGO_BIN_EXE_paiza"));
    let arguments = "build --quiet --workspace --features pcsc_reader/pcsc --example pcsc_sale";
    let mut built = Command::new(cargo);
    built.current_dir(workspace).args(arguments.split(' '));
    if program.components().any(|part| part.as_os_str() == "release") {
        built.arg("--release");
    }
    let built = built.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program.with_file_name("examples").join("pcsc_sale")
}

/// A phone in the reader of a running service, after a foreign tool has selected the contactless payment directory
/// on it (EMV Contactless Book B, 3.3.2). The driver sometimes misses a card that comes while it starts: it is then
/// started again, a few times.
fn seen_by_a_foreign_tool() -> (Service, std::thread::JoinHandle<Vec<Notice>>) {
    let mut last = String::new();
    for _ in 0..5 {
        let service = Service::start();
        let phone = present();
        let select = "00A404000E325041592E5359532E444446303100";
        // The tool waits for a card for ever, so it is given some time.
        let said = Command::new("timeout")
            .args(["10", "opensc-tool", "--reader", "0", "--wait", "--card-driver", "default"])
            .args(["--send-apdu", select])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let bytes: String = text.split_whitespace().collect();
        if text.contains("SW1=0x90, SW2=0x00") && bytes.contains("325041592E5359532E4444463031") {
            return (service, phone);
        }
        last = format!("{text}{}", String::from_utf8_lossy(&said.stderr));
        drop(service);
        let _ended = phone.join();
    }
    panic!("the card was not seen: {last}");
}

#[test]
fn a_phone_taps_through_a_real_pcsc_stack() {
    let missing = missing();
    if !missing.is_empty() {
        let text = format!("not on this machine: {}", missing.join(", "));
        let required = ["CI", "PAIZA_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "{text}");
        eprintln!("passed over: {text}");
        return;
    }
    // Before anybody waits in a field: on a busy machine this takes minutes.
    let example = build_the_example();
    let (service, phone) = seen_by_a_foreign_tool();

    // Our terminal takes a sale through the same stack.
    let sale = Command::new(example).arg("Virtual").output().unwrap();
    let text = String::from_utf8_lossy(&sale.stdout);
    assert!(sale.status.success(), "{text}{}", String::from_utf8_lossy(&sale.stderr));
    assert!(text.contains("asked 0200") && text.contains("VERIFIED ON DEVICE"), "{text}");

    drop(service);
    let seen = phone.join().unwrap();
    assert!(matches!(seen[..], [Notice::Tapped { amount_minor: 1250, .. }]), "{seen:?}");
}
