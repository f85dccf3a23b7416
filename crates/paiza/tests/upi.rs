//! `paiza upi` and `paiza decode upi` as a person or a script runs them, and the commands of `docs/upi.md`.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script in a directory, with `paiza` on its path.
fn sh(script: &str, directory: &Path) -> Output {
    let folder = Path::new(env!("CARGO_BIN_EXE_paiza")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Command::new("sh").args(["-e", "-c", script]).env("PATH", path).current_dir(directory).output().unwrap()
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(script: &str, directory: &Path) -> Ran {
    let output = sh(script, directory);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn last_line(ran: &Ran) -> Value {
    serde_json::from_str(ran.out.lines().last().unwrap()).unwrap()
}

/// How many passed and failed, as the last line has it.
fn tally(ran: &Ran) -> Value {
    let last = last_line(ran);
    json!([last["passed"], last["failed"]])
}

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/upi.md");
    let page = std::fs::read_to_string(page).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut blocks = 0;
    for block in page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let ran = run(block, directory.path());
        assert_eq!(ran.code, 0, "{block}\n{}\n{}", ran.out, ran.err);
        blocks += 1;
    }
    assert_eq!(blocks, 6);
    let link = std::fs::read_to_string(directory.path().join("signed.txt")).unwrap();
    assert!(link.starts_with(
        "upi://pay?pa=chai.corner@paiza&pn=Chai%20Corner&am=30.00&cu=INR&mode=05&orgid=700001&sign="
    ));
}

#[test]
fn breaks_are_found_and_broken_files_refused() {
    let directory = tempfile::tempdir().unwrap();
    let made = run("paiza --json upi reconcile n.csv l.csv b.csv --plant 20000 --seed 3", directory.path());
    assert_eq!(made.code, 0, "{}", made.err);
    let planted = last_line(&made);
    for outcome in upi::settlement::Outcome::ALL {
        let word = outcome.word();
        assert!(planted[word].as_u64().unwrap() > 0, "{word}: {planted}");
        assert_eq!(planted[word], planted["planted"][word]);
    }
    // The same files again, in another order: the breaks are an answer of their own.
    let found = run("paiza --json upi reconcile b.csv n.csv l.csv", directory.path());
    assert_eq!(found.code, 1);
    assert_eq!(last_line(&found)["hold"], planted["hold"]);
    for script in [
        "head -n -1 n.csv > cut.csv; paiza upi reconcile cut.csv",
        "sed -e 5d n.csv > less.csv; paiza upi reconcile less.csv",
        "sed -e '3s/NETWORK/NOBODY/' n.csv > odd.csv; paiza upi reconcile odd.csv",
    ] {
        let ran = run(script, directory.path());
        assert_eq!(ran.code, 3, "{script}: {}", ran.err);
    }
}

#[test]
fn a_link_is_paid_only_if_its_key_signed_it() {
    let directory = tempfile::tempdir().unwrap();
    let script = "
        paiza upi key --private shop.pem --public shop.public.pem --link
        paiza upi key --private other.pem --public other.public.pem --link
        paiza upi qr make --pa chai@paiza --am 30.00 --with mode=05 --with orgid=700001 --key shop.pem > signed.txt";
    assert_eq!(run(script, directory.path()).code, 0);
    let pay = |key: &str, link: &str| {
        let link = format!("\"$(cat signed.txt){link}\"");
        run(&format!("paiza upi pay --link {link} --link-key {key} --pin 1234"), directory.path())
    };
    // Whoever gets past the signature finds that there is no phone here.
    assert_eq!(pay("shop.public.pem", "").code, 3);
    let refused = pay("other.public.pem", "");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("not signed"), "{}", refused.err);
    let edited = run(
        "paiza upi pay --link \"$(sed -e s/30.00/3.00/ signed.txt)\" --link-key shop.public.pem --pin 1234",
        directory.path(),
    );
    assert_eq!(edited.code, 1, "{}", edited.err);
}

#[test]
fn links_are_read_or_refused_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let rows = concat!(
        "{\"id\":\"good\",\"uri\":\"upi://pay?pa=chai@paiza&am=30.00\"}\n",
        "{\"id\":7,\"uri\":\"upi://pay?pa=chai@paiza&am=3e1\"}\n",
        "upi://pay?pa=ch\u{430}i@paiza\n",
    );
    std::fs::write(directory.path().join("rows"), rows).unwrap();
    let ran = run("paiza upi qr parse --json < rows", directory.path());
    let told: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((ran.code, told.len()), (1, 4), "{}", ran.out);
    assert_eq!(json!([told[0]["id"], told[0]["am_paise"], told[0]["ok"]]), json!(["good", 3000, true]));
    assert_eq!(json!([told[1]["id"], told[1]["ok"]]), json!([7, false]));
    assert!(told[1]["refused"].as_str().unwrap().contains("byte 24: am is not an amount"), "{}", told[1]);
    assert!(
        told[2]["refused"].as_str().unwrap().contains("U+0430, which only looks like `a`"),
        "{}",
        told[2]
    );
    assert_eq!(json!([told[3]["ok"], told[3]["passed"], told[3]["failed"]]), json!([false, 1, 2]));
    let list = run(
        "echo '[{\"id\":1,\"qr\":\"upi://pay?pa=a@b\"}]' > list && paiza upi qr parse --json --file list",
        directory.path(),
    );
    assert_eq!((list.code, tally(&list)), (0, json!([1, 0])));
    assert_eq!(run("paiza upi qr parse --file absent", directory.path()).code, 3);
    assert_eq!(run("paiza upi qr parse < /dev/null", directory.path()).code, 2);
    assert_eq!(run("paiza upi qr make --pa chai", directory.path()).code, 2);
    assert_eq!(run("paiza upi qr make --pa chai@paiza --bharat PUNE", directory.path()).code, 2);
}

#[test]
fn signatures_and_rules() {
    let directory = tempfile::tempdir().unwrap();
    let message = "<u:ReqHbt xmlns:u=\"http://npci.org/upi/schema/\"><Head ver=\"2.0\" ts=\"2026-11-22T05:30:00+05:30\" \
                   orgId=\"700001\" msgId=\"PZA1\"/><Txn id=\"PZA2\" type=\"Hbt\"/><HbtMsg type=\"ALIVE\"/></u:ReqHbt>";
    std::fs::write(directory.path().join("m.xml"), message).unwrap();
    let keys = "paiza upi key --private a.pem --public a.pub && paiza upi key --private b.pem --public b.pub";
    assert_eq!(run(keys, directory.path()).code, 0);
    assert_eq!(
        run("paiza upi key --private a.pem --public c.pub", directory.path()).code,
        3,
        "never over a file"
    );
    assert_eq!(run("test $(stat -c %a a.pem) = 600", directory.path()).code, 0);
    let signed = run("paiza upi sign m.xml --key a.pem", directory.path());
    let (before, after) = message.split_at(message.len() - "</u:ReqHbt>".len());
    assert!(signed.out.starts_with(before) && signed.out.ends_with(after), "{}", signed.out);
    let good = run(
        "paiza upi sign - --key a.pem < m.xml | paiza upi verify - --key 700001=a.pub --json",
        directory.path(),
    );
    assert_eq!((good.code, tally(&good)), (0, json!([1, 0])), "{}{}", good.out, good.err);
    let bad = run(
        "paiza upi sign m.xml --key b.pem > s.xml; paiza upi verify s.xml m.xml --key 700001=a.pub --json",
        directory.path(),
    );
    assert_eq!((bad.code, tally(&bad)), (1, json!([0, 2])), "{}", bad.out);
    assert!(bad.out.contains("\"code\":\"U55\"") && bad.out.contains("no signature"), "{}", bad.out);
    assert_eq!(run("paiza upi sign s.xml --key a.pem", directory.path()).code, 1, "signed already");
    assert_eq!(run("paiza upi verify s.xml --key 700001=m.xml", directory.path()).code, 3);
    assert_eq!(run("paiza upi verify s.xml --key a.pub", directory.path()).code, 2);
    let lint =
        run("echo '<a><!-- --></a>' > x.xml; paiza upi lint m.xml s.xml x.xml --json", directory.path());
    assert_eq!((lint.code, tally(&lint)), (1, json!([2, 1])));
    assert!(lint.out.contains("\"at\":3") && lint.out.contains("comments are refused"), "{}", lint.out);
    let own =
        "profile OWN 1\nnamespace http://npci.org/upi/schema/\nmessage ReqHbt other\nopen\n@extra! any\n";
    std::fs::write(directory.path().join("own"), own).unwrap();
    let own = run("paiza upi lint m.xml --profile own", directory.path());
    assert!(own.code == 1 && own.out.contains("/ReqHbt/@extra"), "{}", own.out);
    assert_eq!(run("paiza upi lint m.xml --profile m.xml", directory.path()).code, 3);
}

#[test]
fn anything_is_explained_and_masked() {
    let directory = tempfile::tempdir().unwrap();
    let message = "<u:ReqOtp xmlns:u=\"http://npci.org/upi/schema/\"><Payer addr=\"a@b\"><Ac addrType=\"ACCOUNT\"><Detail \
                   name=\"ACNUM\" value=\"00000012345\"/></Ac></Payer></u:ReqOtp>";
    std::fs::write(directory.path().join("m.xml"), message).unwrap();
    let shown = run("paiza decode upi m.xml", directory.path());
    assert!(shown.code == 0 && shown.out.contains("Detail ACNUM: ****2345"), "{}", shown.out);
    let clear = run("paiza decode upi m.xml --danger-clear", directory.path());
    assert!(clear.out.contains("00000012345"));
    let codes = run("paiza decode upi U31/XK --json", directory.path());
    assert!(
        codes.out.contains("debited, and being reversed") && last_line(&codes)["kind"] == "codes",
        "{}",
        codes.out
    );
    let link = run("echo 'upi://pay?pa=a@b' | paiza decode upi -", directory.path());
    assert!(link.out.contains("payee's address: a@b"), "{}", link.out);
    for hostile in ["<!DOCTYPE a><a/>", "upi://pay?pa=a", "hello"] {
        let refused = run(&format!("paiza decode upi '{hostile}'"), directory.path());
        assert!(refused.code == 1 && !refused.err.is_empty(), "{hostile}");
    }
}
