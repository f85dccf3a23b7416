//! What the parties' books say when everything is over, read as they lie on disk.

use crate::process::eventually;
use acquiring::Payment;
use acquiring::records::PaymentState;
use sandbox::telephone::{SimKey, TextMessage};
use serde_json::Value;
use server::pos::records::{Entry, EntryState, Owed};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use store::{Clock, Driver, Executor, Schema, Sqlite, Store, SystemClock, rooms};
use tokens::records::{Outcome, Passage};
use values::{Operation, Outbound, Record, Records, Timestamp};

/// Whether the tables hold every fact, and this question counts nothing.
fn none(database: &Path, question: &str) -> bool {
    let mut view = store::sqlite::view(database).unwrap();
    let marks = view.refresh().unwrap();
    let counted = view.ask(question, &[]).unwrap().rows;
    // What is in the log only is not in the tables either.
    let logged = store::sqlite::last_fact(database).unwrap();
    marks.folded == marks.head.last
        && logged.is_none_or(|last| last <= marks.folded)
        && matches!(counted[..], [ref row] if row[..] == [store::Value::Integer(0)])
}

/// Waits until nothing is under way any more, looking in the direction in which messages travel.
pub(crate) fn quiet(data: &Path, banks: &[&str]) {
    let messages = "SELECT count(*) FROM outbox";
    eventually("all is quiet", || {
        let open = "SELECT count(*) FROM payments WHERE state IN ('pending', 'advised', 'reversal_pending')";
        let switched = "SELECT count(*) FROM switched WHERE state = 'in_flight'";
        let passages = "SELECT count(*) FROM passages WHERE outcome IN ('pending', 'unknown')";
        none(&data.join("platform/acquirer"), open)
            && none(&data.join("network/network"), switched)
            && none(&data.join("network/network"), messages)
            && none(&data.join("platform/tokens"), passages)
            && banks.iter().all(|bank| none(&data.join(format!("issuer-{bank}/issuer")), messages))
    });
}

/// `paiza verify` over a directory: its exit code, its last row, and what it told people.
fn verify(data: &Path) -> (Option<i32>, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    let output = command.args(["--json", "verify", "--data"]).arg(data).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let last = out.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    (output.status.code(), last, err.into_owned())
}

/// Every chain, table and sum in a directory holds.
pub(crate) fn whole(data: &Path) {
    let (code, summary, said) = verify(data);
    assert_eq!((code, &summary["ok"]), (Some(0), &Value::Bool(true)), "{said}");
    assert!(summary["databases"].as_u64().unwrap() > 0);
}

/// Every record of a table.
fn all<R: Record>(database: &Path, schema: Schema) -> Vec<R> {
    let store = Store::open(database, schema, Arc::new(SystemClock)).unwrap();
    let records = store.read(|records| records.all::<R>()).unwrap();
    store.close();
    records
}

/// What the acquirer, the network, the gateway, the issuers and the terminal count is the same, to the last payment.
pub(crate) fn exactly_once(data: &Path, pos: &Path, banks: &[&str]) {
    let (_, summary, said) = verify(data);
    assert_eq!(summary["under_way"], 0, "{said}");
    let payments: Vec<Payment> = all(
        &data.join("platform/acquirer"),
        rooms::developers::answers(rooms::acquiring::tables(Schema::new())),
    );
    assert_eq!(summary["payments"].as_u64().unwrap(), payments.len() as u64, "{said}");

    // What the terminal believes is what the acquirer has.
    let terminal = || server::pos::records::schema();
    let journal: Vec<Entry> = all(&pos.join("pos.sqlite"), terminal());
    assert!(all::<Owed>(&pos.join("pos.sqlite"), terminal()).is_empty(), "the terminal owes nothing");
    let believed = |entry: &&Entry| entry.state == EntryState::Approved && entry.kind.payment().is_some();
    let believed: BTreeMap<String, u64> = journal
        .iter()
        .filter(believed)
        .map(|entry| (entry.reference.expect("an approval has one").to_string(), entry.amount))
        .collect();
    let approved = payments.iter().filter(|payment| payment.state == PaymentState::Approved);
    let approved: BTreeMap<String, u64> =
        approved.map(|payment| (payment.reference.to_string(), payment.amount)).collect();
    assert_eq!(believed, approved, "terminal and acquirer");

    // A counter pays once.
    let passages: Vec<Passage> =
        all(&data.join("platform/tokens"), rooms::developers::answers(rooms::tokens::tables(Schema::new())));
    let mut counters = BTreeSet::new();
    for passage in passages.iter().filter(|passage| passage.outcome != Outcome::Refused) {
        let Some(counter) = passage.counter else { continue };
        assert!(
            counters.insert((passage.number.digits().to_string(), counter)),
            "counter {counter} came twice"
        );
    }

    // Texts: each once, in each inbox, and none missing between them.
    let texts: Vec<TextMessage> =
        all(&data.join("telephone/telephone"), rooms::telephone::tables(Schema::new()));
    let ids: BTreeSet<&str> = texts.iter().map(|text| text.id.as_str()).collect();
    assert_eq!(ids.len(), texts.len(), "no text came twice");
    let open = |text: &TextMessage| {
        let said = text.open(&SimKey::sandbox(&text.to)).expect("it is sealed for this number");
        (text.to.clone(), String::from_utf8(said.expose().to_vec()).unwrap())
    };
    // Amounts and codes differ, so no two texts of a bank to one number say the same.
    let of_banks =
        || texts.iter().filter(|text| banks.iter().any(|bank| text.id.starts_with(&format!("{bank}."))));
    let said: BTreeSet<_> = of_banks().map(open).collect();
    assert_eq!(said.len(), of_banks().count(), "no text came twice under another name");
    for bank in banks {
        let issuer = rooms::ledger::tables(rooms::issuer::tables(Schema::new()));
        let known: Vec<sandbox::issuer::Authorisation> =
            all(&data.join(format!("issuer-{bank}/issuer")), issuer);
        let posted = known.iter().filter(|known| known.posted > 0).count();
        let told = ids.iter().filter(|id| id.starts_with(&format!("{bank}."))).count();
        assert!(told >= posted, "{bank} posted {posted} payments and told of {told}");
    }
}

/// Leaves a message that nobody delivers.
struct Leave(&'static str);

impl Operation for Leave {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "kill.leave";
    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        let (topic, key) = ("kill".to_owned(), self.0.to_owned());
        records.send(Outbound { topic, key, due: now, body: b"as it was".to_vec() });
        Ok(())
    }
}

/// A byte is changed of what a party that died left in its log.
pub(crate) fn a_changed_byte_in_a_log_is_found(data: &Path) {
    let database = data.join("platform/acquirer");
    let schema = rooms::developers::answers(rooms::acquiring::tables(Schema::new()));
    let mut executor = Executor::open(Sqlite::open(&database).unwrap(), &schema).unwrap();
    let mut appender = executor.driver().appender().unwrap();
    for key in ["one", "two"] {
        executor.submit(Leave(key), |_| ());
        executor.run_batch(appender.as_mut(), SystemClock.now());
    }
    drop((executor, appender));
    let log = database.with_extension("log.1");
    let bytes = std::fs::read(&log).unwrap();
    let place = bytes.windows(9).position(|window| window == b"as it was").unwrap();
    let mut changed = bytes.clone();
    changed[place] ^= 1;
    std::fs::write(&log, changed).unwrap();
    let (code, summary, said) = verify(data);
    assert_eq!((code, &summary["ok"]), (Some(5), &Value::Bool(false)), "{said}");
    assert!(said.contains("platform/acquirer") && said.contains("fact"), "{said}");
    std::fs::write(&log, bytes).unwrap();
    whole(data);
}

/// A byte of a fact is changed behind the parties' backs.
pub(crate) fn a_changed_byte_is_found(data: &Path) {
    whole(data);
    let file = store::sqlite::facts_path(&data.join("platform/acquirer"));
    let mut bytes = std::fs::read(&file).unwrap();
    let terminal = b"PZ000001";
    let place = bytes.windows(terminal.len()).position(|window| window == terminal).unwrap();
    bytes[place + terminal.len() - 1] ^= 3;
    std::fs::write(&file, bytes).unwrap();
    let (code, summary, said) = verify(data);
    assert_eq!((code, &summary["ok"]), (Some(5), &Value::Bool(false)), "{said}");
    assert!(said.contains("platform/acquirer") && said.contains("fact"), "{said}");
}
