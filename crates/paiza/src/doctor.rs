//! `paiza doctor`: looks at what has to be right before anything runs well, and says of what is not what to do.

use crate::output::{Failure, Output};
use crate::serve::config::Config;
use clap::Args;
use pcsc_reader::PcscError;
use serde_json::{Value, json};
use server::city::ports;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use store::Clock as _;

/// Nothing is changed. Where a platform runs on this machine, it is asked too.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Directory that holds the data
    #[arg(long, default_value = "paiza-data")]
    data: PathBuf,
    /// The platform's configuration, where there is one
    #[arg(long, env = "PAIZA_CONFIG")]
    config: Option<PathBuf>,
    /// The platform
    #[arg(long = "at", value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", ports::PLATFORM))]
    at: String,
    /// The platform's desk
    #[arg(long, value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", ports::PLATFORM_DESK))]
    desk: String,
}

/// How a thing is.
enum State {
    Good(String),
    /// It works, and somebody should look at it.
    Doubtful(String, &'static str),
    Bad(String, &'static str),
}
use State::{Bad, Doubtful, Good};

/// A clock that is further off than this has signatures refused.
const SKEW_MOST: Duration = Duration::from_secs(30);
/// Below this much room, in MiB, the disk is full within days, and within hours.
const ROOM: [u64; 2] = [2048, 256];
/// After so long a secret key is replaced.
const KEY_AGE_MOST: Duration = Duration::from_secs(365 * 86_400);

pub(crate) fn run(what: &Doctor, output: Output) -> Result<(), Failure> {
    let running = ask(&format!("http://{}/readyz", what.at));
    let checks = [
        ("configuration", configuration(what.config.as_deref())),
        ("data directory", directory(&what.data)),
        ("databases", databases(&what.data)),
        ("disk space", room(&what.data)),
        ("clock", clock(running.as_ref(), &what.at)),
        ("readiness", readiness(running.as_ref(), &what.at)),
        ("ports", listening(running.is_some())),
        ("reader", reader()),
        ("key file", key_file(&what.data)),
        ("key ages", key_ages(running.is_some(), &what.desk)),
    ];
    let mut bad = 0;
    for (name, state) in &checks {
        let (word, says, advice) = match state {
            Good(says) => ("good", says, None),
            Doubtful(says, advice) => ("look", says, Some(*advice)),
            Bad(says, advice) => ("bad", says, Some(*advice)),
        };
        bad += u32::from(word == "bad");
        output.line(format!("{word:<5} {name}: {says}"));
        if let Some(advice) = advice {
            output.line(format!("      {advice}"));
        }
        output.row(&json!({"check": name, "state": word, "says": says, "advice": advice}));
    }
    if bad > 0 {
        let text = format!("{bad} of {} checks are bad", checks.len());
        return Err(Failure::configuration(text).with(json!({"bad": bad, "checks": checks.len()})));
    }
    output.summary(json!({"bad": 0, "checks": checks.len()}));
    Ok(())
}

/// The JSON at an address; nothing if nobody answers.
fn ask(address: &str) -> Option<Value> {
    let patient = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(3)))
        .http_status_as_error(false);
    let mut answer = patient.build().new_agent().get(address).call().ok()?;
    serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
}

fn configuration(file: Option<&Path>) -> State {
    match file.map(|path| (path, Config::read(path))) {
        None => Good("no file; everything is as documented".to_owned()),
        Some((path, Ok(_))) => Good(format!("{} is understood", path.display())),
        Some((_, Err(failure))) => {
            Bad(failure.text, "Correct that line; `paiza config show --origin` shows what holds.")
        }
    }
}

fn directory(data: &Path) -> State {
    let advice = "Choose another directory with --data, or let this user write there.";
    match std::fs::metadata(data) {
        Err(_) => Good(format!("{} is not there yet and will be made", data.display())),
        Ok(kind) if !kind.is_dir() => Bad(format!("{} is no directory", data.display()), advice),
        Ok(kind) if kind.permissions().readonly() => {
            Bad(format!("{} cannot be written", data.display()), advice)
        }
        Ok(_) => Good(format!("{} is there", data.display())),
    }
}

fn databases(data: &Path) -> State {
    let mut read = 0;
    for (name, _) in crate::verify::known() {
        let path = data.join(&name);
        if !store::sqlite::facts_path(&path).exists() {
            continue;
        }
        let view = store::sqlite::view(&path).map(drop);
        if let Err(error) = view {
            return Bad(
                format!("{name}: {error}"),
                "Run `paiza verify`; if it says the same, restore that party's folder from a backup.",
            );
        }
        read += 1;
    }
    Good(format!("{read} can be read; `paiza verify` recomputes them"))
}

fn room(data: &Path) -> State {
    let nearest = data.ancestors().find(|path| path.exists() && !path.as_os_str().is_empty());
    let Ok(disk) = rustix::fs::statvfs(nearest.unwrap_or(Path::new("."))) else {
        return Doubtful("the disk does not say how much is free".to_owned(), "Look with `df`.");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize) >> 20;
    let says = format!("{free} MiB are free");
    let advice = "Make room, or move the data directory: a full disk stops all payments until there is room.";
    match free {
        free if free < ROOM[1] => Bad(says, advice),
        free if free < ROOM[0] => Doubtful(says, advice),
        _ => Good(says),
    }
}

fn clock(running: Option<&Value>, at: &str) -> State {
    let own = store::SystemClock.now();
    let Some(told) = running else { return Good("no platform runs to compare with".to_owned()) };
    let theirs = told["time"].as_str();
    let Some(theirs) = theirs.and_then(server::platform_http::developers::time::parse) else {
        return Doubtful(
            format!("what answers at {at} tells no time"),
            "Is something else listening there? Name the platform with --at.",
        );
    };
    let off = Duration::from_millis(own.millis().abs_diff(theirs.millis()));
    match off > SKEW_MOST {
        false => Good(format!("{} ms from the platform's", off.as_millis())),
        true => Bad(
            format!("{} s from the platform's", off.as_secs()),
            "Let both machines keep time (chrony, systemd-timesyncd): signatures are good for so many seconds.",
        ),
    }
}

fn readiness(running: Option<&Value>, at: &str) -> State {
    let Some(told) = running else { return Good("no platform runs".to_owned()) };
    if told["ready"] == true {
        return Good(format!("the platform at {at} is ready"));
    }
    let checks = told["checks"].as_array().into_iter().flatten();
    let lost: Vec<&str> =
        checks.filter(|check| check["ok"] != true).filter_map(|check| check["name"].as_str()).collect();
    Bad(
        format!("the platform at {at} is not ready: {}", lost.join(", ")),
        "See its log; after a failed disk it has to be started again.",
    )
}

fn listening(running: bool) -> State {
    if running {
        return Good("a platform listens".to_owned());
    }
    let wanted = [
        ports::PLATFORM,
        ports::PHONE,
        ports::CONSOLE,
        ports::TERMINAL,
        ports::TELEPHONE,
        ports::ACQUIRER,
        ports::NETWORK,
        ports::GATEWAY,
        ports::VERIFICATION,
        ports::PLATFORM_DESK,
        ports::UPI_PSP,
        ports::UPI_SWITCH,
        ports::BILLERS,
    ];
    let free = |port: &&u16| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, **port))).is_err();
    let taken: Vec<String> = wanted.iter().filter(free).map(u16::to_string).collect();
    match taken.is_empty() {
        true => Good("the documented ones are free".to_owned()),
        false => Bad(
            format!("taken by others: {}", taken.join(", ")),
            "End what listens there (`ss -ltnp` names it), or give the party another address.",
        ),
    }
}

fn reader() -> State {
    // Whoever asks for one that cannot be there is told which there are.
    match pcsc_reader::open("a reader of no such name", Duration::ZERO).map(drop) {
        Err(PcscError::NotBuilt) => {
            Good("this build reads no PC/SC readers; phones are held against vpcd".to_owned())
        }
        Err(PcscError::NoReader { there, .. }) if there.is_empty() => {
            Doubtful("there is none".to_owned(), "Plug one in, or use --reader vpcd:PORT.")
        }
        Err(PcscError::NoReader { there, .. }) => Good(there.join(", ")),
        Err(error) => Doubtful(error.to_string(), "Is pcscd running? `systemctl status pcscd` tells."),
        Ok(()) => Good("there is one".to_owned()),
    }
}

fn key_file(data: &Path) -> State {
    let file = data.join("platform/keys.json");
    let Ok(kind) = std::fs::metadata(&file) else { return Good("not made yet".to_owned()) };
    let age =
        kind.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
    let days = age.as_secs() / 86_400;
    use std::os::unix::fs::PermissionsExt as _;
    if kind.permissions().mode() & 0o077 != 0 {
        let advice =
            "Take them away with `chmod 600`: whoever has the file and its passphrase has every card number.";
        return Bad(format!("{} may be read by others", file.display()), advice);
    }
    Good(format!("{} is this user's alone, {days} days old", file.display()))
}

fn key_ages(running: bool, desk: &str) -> State {
    if !running {
        return Good("no platform runs to ask".to_owned());
    }
    let Some(Value::Array(keys)) = ask(&format!("http://{desk}/admin/keys")) else {
        return Doubtful(format!("nobody answers at the desk {desk}"), "Name it with --desk.");
    };
    let now = store::SystemClock.now();
    let live = keys.iter().filter(|key| key["revoked_at"].is_null());
    let age = |key: &Value| {
        let made = server::platform_http::developers::time::parse(key["created_at"].as_str()?)?;
        Some(Duration::from_millis(u64::try_from(now.millis() - made.millis()).unwrap_or(0)))
    };
    let old: Vec<&str> = live
        .clone()
        .filter(|key| age(key).is_some_and(|age| age > KEY_AGE_MOST))
        .filter_map(|key| key["id"].as_str())
        .collect();
    match old.is_empty() {
        true => Good(format!("{} secret keys, none older than a year", live.count())),
        false => Doubtful(
            format!("older than a year: {}", old.join(", ")),
            "Make new ones with `paiza keys add`, change over, then `paiza keys revoke`.",
        ),
    }
}
