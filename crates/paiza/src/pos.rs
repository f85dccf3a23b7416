//! `paiza pos`: a terminal by hand.

use crate::cli::{Pos as What, PosCard, PosLine};
use crate::output::{Failure, Output};
use crate::phone::clock_of;
use crate::up::wait_for_the_end;
use acquiring::Reference;
use iso8583::{Framing, Profile};
use pcsc_reader::PcscError;
use serde_json::{Value, json};
use server::city::{ENDING, Http, Plan, TerminalParty, TerminalSettings, sandbox_configuration};
use server::iso::{Dialect, Ends};
use server::pos::{ClosedBatch, DemoTerminal, Ended, Pos, PosError, Settings, Shown, TerminalLine, Verdict};
use server::reader::{Reader, ReaderError};
use server::vpcd::ReaderEnd;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use terminal::configuration::Configuration;
use values::{Currency, Money};

/// How long somebody has to present a card.
const CARD_PATIENCE: Duration = Duration::from_secs(120);

/// The terminal's configuration in its data directory; without one it must be a terminal of the sandbox city.
const CONFIGURATION: &str = "terminal.toml";

pub(crate) fn run(what: &What, output: Output) -> Result<(), Failure> {
    match what {
        What::Sale { line, card } => by_card(line, card, output, Pos::sale),
        What::Preauth { line, card } => by_card(line, card, output, Pos::preauth),
        What::Complete { line, reference, amount, currency } => {
            let (reference, amount) = (name(reference)?, money(amount, currency)?);
            ended(open(line, output)?.complete(reference, amount), output)
        }
        What::Void { line, reference } => {
            let reference = name(reference)?;
            ended(open(line, output)?.void(reference), output)
        }
        What::Refund { line, reference, amount, currency } => {
            let (reference, amount) = (name(reference)?, money(amount, currency)?);
            ended(open(line, output)?.refund(reference, amount), output)
        }
        What::Qr(what) => crate::code::pos(what, output),
        What::Screen { line, listen, reader } => screen(line, listen, reader, output),
        What::CloseBatch { line } => closed(&open(line, output)?.close_batch().map_err(failure)?, output),
        What::Echo { line } => {
            open(line, output)?.echo().map_err(failure)?;
            output.line("The acquirer is there.");
            output.summary(json!({}));
            Ok(())
        }
    }
}

type ByCard = fn(&mut Pos, Money, &mut dyn Reader) -> Result<Ended, PosError>;

fn by_card(line: &PosLine, card: &PosCard, output: Output, take: ByCard) -> Result<(), Failure> {
    let amount = money(&card.amount, &card.currency)?;
    let mut reader = open_reader(&card.reader, CARD_PATIENCE)?;
    let mut pos = open(line, output)?;
    output.line(format!("{amount}: present a card at {}", card.reader));
    ended(take(&mut pos, amount, reader.as_mut()), output)
}

/// Works the terminal at a screen until it is ended.
fn screen(line: &PosLine, listen: &str, reader: &str, output: Output) -> Result<(), Failure> {
    let at = address(listen)?;
    let taken = |error| Failure::configuration(format!("{at}: {error}"));
    let socket = TcpListener::bind(at).map_err(taken)?;
    // Opened once now, so that a reader that is not there is told at once.
    drop(open_reader(reader, CARD_PATIENCE)?);
    let place = reader.to_owned();
    let open_reader = Box::new(move |patience| {
        open_reader(&place, patience).map_err(|failure| ReaderError::Failed(failure.text))
    });
    let plan = Plan::documented(&line.data, clock_of(Some(&line.clock_of))?);
    let settings = TerminalSettings {
        directory: &line.data,
        configuration: configuration(&line.data, &line.terminal)?,
        acquirer: address(&line.acquirer)?,
        open_reader,
        framed_by: Vec::new(),
    };
    let http = Http::start().map_err(Failure::configuration)?;
    let terminal = TerminalParty::start(&plan, &http, socket, settings).map_err(Failure::configuration)?;
    let address = terminal.screen_at;
    output
        .line(format!("The terminal {} is at http://{address}/; cards are held to {reader}.", line.terminal));
    output.line("Ctrl-C ends it.");
    output.row(&json!({"event": "ready", "screen": address, "reader": reader}));
    wait_for_the_end()?;
    output.line("Ending.");
    terminal.end(ENDING);
    output.summary(json!({}));
    Ok(())
}

pub(crate) fn open(line: &PosLine, output: Output) -> Result<Pos, Failure> {
    let configuration = configuration(&line.data, &line.terminal)?;
    let acquirer = address(&line.acquirer)?;
    let dialect =
        Dialect::new(Profile::Pos, Framing::binary2(), Some(sandbox::keys::Line::Terminal.link_key()));
    let ends = Ends::unwatched("terminal", "acquirer");
    let to_acquirer = TerminalLine::start(acquirer, dialect, ends)
        .map_err(|error| Failure::configuration(format!("the line to {acquirer}: {error}")))?;
    let settings = Settings::new(&line.data, configuration);
    let mut pos =
        Pos::open(settings, Arc::new(to_acquirer), clock_of(Some(&line.clock_of))?).map_err(failure)?;
    pos.on_shown(move |shown| show(&shown, output));
    Ok(pos)
}

/// The file in the data directory, or what a terminal of the sandbox city is told.
fn configuration(data: &Path, terminal: &str) -> Result<Configuration, Failure> {
    let path = data.join(CONFIGURATION);
    let broken =
        |error: &dyn std::fmt::Display| Failure::configuration(format!("{}: {error}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error| broken(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match DemoTerminal::named(terminal) {
            Some(demo) => Ok(sandbox_configuration(demo)),
            None => {
                let text = format!(
                    "{terminal} is no terminal of the sandbox city; describe it in {}",
                    path.display()
                );
                Err(Failure::configuration(text))
            }
        },
        Err(error) => Err(broken(&error)),
    }
}

/// `vpcd:PORT`, `vpcd:HOST:PORT` or `pcsc:NAME`.
fn open_reader(text: &str, patience: Duration) -> Result<Box<dyn Reader>, Failure> {
    match text.split_once(':') {
        Some(("vpcd", at)) => {
            let at = if at.contains(':') { at.to_owned() } else { format!("127.0.0.1:{at}") };
            let listening = |error| Failure::configuration(format!("no reader at {at}: {error}"));
            let reader = ReaderEnd::listen(address(&at)?).map_err(|error| listening(error.to_string()))?;
            reader.give_up_after(patience).map_err(|error| listening(error.to_string()))?;
            Ok(Box::new(reader))
        }
        Some(("pcsc", name)) => pcsc_reader::open(name, patience).map_err(|error| match error {
            PcscError::NotBuilt | PcscError::NoReader { .. } => Failure::configuration(error),
            PcscError::Service(_) => Failure::unreachable(error),
        }),
        _ => Err(Failure::usage("--reader is vpcd:PORT, vpcd:HOST:PORT or pcsc:NAME")),
    }
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| Failure::usage(format!("\"{text}\" is no HOST:PORT")))
}

fn name(reference: &str) -> Result<Reference, Failure> {
    reference.parse().map_err(|_| Failure::usage("a reference has at most 12 characters, as on the receipt"))
}

pub(crate) fn money(amount: &str, currency: &str) -> Result<Money, Failure> {
    let currency =
        Currency::from_alpha(currency).ok_or_else(|| Failure::usage("that is no currency code"))?;
    Money::parse(amount, currency).map_err(Failure::usage)
}

pub(crate) fn failure(error: PosError) -> Failure {
    match error {
        PosError::Configuration(_) | PosError::Directory { .. } | PosError::Store(_) => {
            Failure::configuration(error)
        }
        PosError::Refused(_)
        | PosError::Scan(_)
        | PosError::AcquirerRefused { .. }
        | PosError::Reader(ReaderError::NoCard) => Failure::business(error),
        PosError::Reader(_) => Failure::configuration(error),
        PosError::Unreachable(_) => Failure::unreachable(error),
    }
}

pub(crate) fn show(shown: &Shown, output: Output) {
    match shown {
        Shown::Light(light) => {
            let on = usize::from(light.status.lights_on());
            let lights: String = (0..4).map(|place| if place < on { '●' } else { '○' }).collect();
            output.line(format!("  {lights}  {}", light.message.text()));
            let row = json!({"event": "light", "status": light.status, "message": light.message, "text": light.message.text()});
            output.row(&row);
        }
        Shown::Code { text, .. } => {
            output.line(format!("  {text}"));
            output.row(&json!({"event": "code", "code": text}));
        }
        Shown::SignedOn { batch } => output.row(&json!({"event": "signed_on", "batch": batch})),
        Shown::Forwarded { trace, reason, answered } => {
            let what = if reason.is_some() { "reversal" } else { "repeat" };
            let how = match answered {
                Some(code) => format!("answered {code}, {}", code.meaning()),
                None => "not answered; it is sent again before the next payment".to_owned(),
            };
            output.line(format!("  {what} of {trace}: {how}"));
            output.row(&json!({
                "event": "forwarded", "what": what, "trace": trace.to_string(),
                "reason": reason.map(|code| code.to_string()),
                "response_code": answered.map(|code| code.to_string()),
            }));
        }
    }
}

pub(crate) fn ended(ended: Result<Ended, PosError>, output: Output) -> Result<(), Failure> {
    let ended = ended.map_err(failure)?;
    if !ended.receipt.is_empty() {
        output.line("");
        ended.receipt.iter().for_each(|line| output.line(format!("    {line}")));
        output.line("");
    }
    let row = row(&ended);
    match ended.verdict {
        Verdict::Approved => {
            output.line(ended.sentence);
            output.summary(row);
            return Ok(());
        }
        _ => output.row(&row),
    }
    Err(match ended.verdict {
        Verdict::Unanswered | Verdict::Unreached => Failure::unreachable(ended.sentence),
        _ => Failure::business(ended.sentence),
    })
}

fn row(ended: &Ended) -> Value {
    json!({
        "event": "ended",
        "kind": ended.kind,
        "verdict": ended.verdict.code(),
        "reason": ended.reason,
        "amount_minor": ended.amount.minor(),
        "currency": ended.amount.currency().alpha(),
        "trace": ended.trace.to_string(),
        "reference": ended.reference.map(|reference| reference.to_string()),
        "response_code": ended.response_code.map(|code| code.to_string()),
        "approval_code": ended.approval_code.map(|code| code.to_string()),
        "verification": ended.verification,
        "state": ended.state,
        "receipt": ended.receipt,
    })
}

fn closed(closed: &ClosedBatch, output: Output) -> Result<(), Failure> {
    let (sales, refunds) = (closed.sales, closed.refunds);
    output.line(format!("Batch {:06} is closed; batch {:06} is open.", closed.batch, closed.next));
    output.line(format!("  sales    {:>4}  {:>12} (minor units)", sales.count, sales.amount));
    output.line(format!("  refunds  {:>4}  {:>12}", refunds.count, refunds.amount));
    let summary = json!({
        "event": "batch_closed", "batch": closed.batch, "next": closed.next, "balanced": closed.balanced,
        "sales": sales, "refunds": refunds,
    });
    if closed.balanced {
        output.line("The acquirer counted the same.");
        output.summary(summary);
        return Ok(());
    }
    output.row(&summary);
    Err(Failure::business("The acquirer counted otherwise; its count holds."))
}
