//! Thousands of generated messages beside the program `xmlsec1`: what one signs the other verifies, and what was
//! changed both refuse.

use crate::support::{self, KEY, NOW};
use std::path::Path;
use std::process::{Command, Output};
use upi::signature::{Refused, sign, sign_tree};

/// Messages in each direction; each is another.
const MESSAGES: u64 = 2000;

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len() as u64) as usize]
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "Z",
            "0",
            " ",
            "&amp;",
            "&lt;",
            "&gt;",
            "&quot;",
            "&apos;",
            "&#9;",
            "&#xA;",
            "&#13;",
            "&#x20B9;",
            "₹",
            "आशा",
            "茶",
            "\n",
            "\t",
            "\r\n",
            "é",
            "𝄞",
            ".",
            "@",
            "#",
            ";",
            ">",
        ];
        (0..self.roll(9)).map(|_| self.pick(PIECES)).collect()
    }

    fn value(&mut self) -> String {
        if self.roll(2) == 0 { format!("\"{}\"", self.text()) } else { format!("'{}'", self.text()) }
    }

    /// An element with whatever may be in one; the prefixes `n`, `m` and `p` are declared around it.
    fn element(&mut self, depth: u64) -> String {
        let prefix = self.pick(&["", "", "", "n:", "m:"]);
        let name = format!("{prefix}{}", self.pick(&["Tag", "Detail", "Cred", "x-y.z", "_u"]));
        let mut attributes: Vec<String> = Vec::new();
        for name in ["name", "value", "Id", "n:name", "m:name", "p:z", "a"] {
            if self.roll(4) == 0 {
                attributes.push(format!("{name}={}", self.value()));
            }
        }
        for declaration in
            ["xmlns:n='urn:n'", "xmlns:n='http://n/2'", "xmlns='urn:d'", "xmlns=''", "xmlns:m=\"urn:m2\""]
        {
            let prefix = declaration.split('=').next().unwrap();
            if self.roll(6) == 0 && !attributes.iter().any(|other| other.starts_with(&format!("{prefix}="))) {
                attributes.push(declaration.to_owned());
            }
        }
        for last in (1..attributes.len()).rev() {
            attributes.swap(last, self.roll(last as u64 + 1) as usize);
        }
        let attributes: String = attributes.iter().map(|attribute| format!(" {attribute}")).collect();
        let children = if depth == 0 { 0 } else { self.roll(4) };
        let mut inside = String::new();
        for _ in 0..children {
            inside += &self.text().replace(']', "");
            inside += &self.element(depth - 1);
        }
        if inside.is_empty() && self.roll(2) == 0 {
            format!("<{name}{attributes}{}/>", self.pick(&["", " ", "\n"]))
        } else {
            format!("<{name}{attributes}>{inside}{}</{name}>", self.text())
        }
    }

    /// A message; `last` stands at the end of its root.
    fn message(&mut self, last: &str) -> String {
        let declaration =
            self.pick(&["", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version='1.0'?>\n"]);
        let prefix = self.pick(&["upi", "ns2", "u"]);
        let more = self.pick(&["", " xmlns:ns3='http://npci.org/cm/schema/'", " xmlns='urn:default'"]);
        let body = self.element(4);
        let blank = self.pick(&["", "\n", "  "]);
        format!(
            "{declaration}<{prefix}:ReqPay xmlns:{prefix}=\"http://npci.org/upi/schema/\" xmlns:n='urn:n' \
             xmlns:m='urn:m' xmlns:p='urn:p'{more}>{blank}<Head xmlns='' orgId='700001' note={}/>{body}{blank}{last}\
             </{prefix}:ReqPay>{blank}",
            self.value(),
        )
    }
}

fn program() -> Option<()> {
    if Command::new("xmlsec1").arg("--version").output().is_err() {
        support::pass_over("the program xmlsec1 is not on this machine");
        return None;
    }
    Some(())
}

fn key_files(folder: &Path) {
    let private = crypto::pem::write("PRIVATE KEY", KEY.to_pkcs8().expose());
    std::fs::write(folder.join("key.pem"), private).unwrap();
    std::fs::write(folder.join("public.pem"), crypto::pem::write("PUBLIC KEY", &KEY.public().to_spki()))
        .unwrap();
}

fn xmlsec(folder: &Path, arguments: &[&str], files: &[String]) -> Output {
    Command::new("xmlsec1").args(arguments).args(files).current_dir(folder).output().unwrap()
}

#[test]
fn what_we_sign_the_other_verifies() {
    let Some(()) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    key_files(folder.path());
    let mut dice = Dice(0x5EED);
    let files: Vec<String> = (0..MESSAGES).map(|number| format!("{number}.xml")).collect();
    for file in &files {
        let message = dice.message("");
        let signed = sign(message.as_bytes(), &KEY).unwrap_or_else(|why| panic!("{why}\n{message}"));
        assert!(support::ring().verify(&signed, NOW).is_ok(), "{message}");
        std::fs::write(folder.path().join(file), signed).unwrap();
    }
    for _ in 0..100 {
        let tree = upi::xml::read(dice.message("").as_bytes()).unwrap();
        assert_eq!(sign(&tree.to_bytes(), &KEY).as_ref(), Ok(&sign_tree(tree, &KEY)));
    }
    for batch in files.chunks(500) {
        let output = xmlsec(folder.path(), &["--verify", "--pubkey-pem", "public.pem"], batch);
        let error = String::from_utf8_lossy(&output.stderr);
        let verified = error.lines().filter(|line| *line == "OK").count();
        assert!(output.status.success() && verified == batch.len(), "{verified} verified, then:\n{error}");
    }
}

/// What `xmlsec1` fills in.
fn template() -> String {
    let signed = String::from_utf8(sign(b"<a/>", &KEY).unwrap()).unwrap();
    let signature = &signed["<a>".len()..signed.len() - "</a>".len()];
    let emptied = |text: &str, name: &str| {
        let (before, rest) = text.split_once(&format!("<{name}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</{name}>")).unwrap();
        format!("{before}<{name}/>{after}")
    };
    emptied(&emptied(&emptied(signature, "DigestValue"), "SignatureValue"), "KeyValue")
}

#[test]
fn what_the_other_signs_we_verify() {
    let Some(()) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    key_files(folder.path());
    let (mut dice, template) = (Dice(0xBEEF), template());
    let files: Vec<String> = (0..MESSAGES).map(|number| format!("{number}.xml")).collect();
    for file in &files {
        std::fs::write(folder.path().join(file), dice.message(&template)).unwrap();
    }
    let mut verified = 0;
    for batch in files.chunks(500) {
        let output = xmlsec(folder.path(), &["--sign", "--privkey-pem", "key.pem"], batch);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let all = String::from_utf8(output.stdout).unwrap();
        for document in all.split("<?xml ").skip(1) {
            let document = format!("<?xml {document}");
            if let Err(why) = support::ring().verify(document.as_bytes(), NOW) {
                panic!("{why}\n{document}");
            }
            verified += 1;
        }
    }
    assert_eq!(verified, MESSAGES);
}

/// Made by the other for real: it signs with SHA-1, over another canonical form, and we do not take it.
#[test]
fn what_the_other_signs_otherwise_is_refused() {
    let Some(()) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    key_files(folder.path());
    let template = template();
    for (from, to) in [
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#"),
    ] {
        let message = Dice(7).message(&template.replace(from, to));
        std::fs::write(folder.path().join("other.xml"), message).unwrap();
        let files = ["other.xml".to_owned()];
        let output = xmlsec(folder.path(), &["--sign", "--privkey-pem", "key.pem"], &files);
        assert!(output.status.success(), "{to}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(folder.path().join("signed.xml"), &output.stdout).unwrap();
        let files = ["signed.xml".to_owned()];
        assert!(xmlsec(folder.path(), &["--verify", "--pubkey-pem", "public.pem"], &files).status.success());
        let ours = support::ring().verify(&output.stdout, NOW).map(drop);
        assert!(matches!(ours, Err(Refused::Algorithm { .. })), "{to}: {ours:?}");
    }
}

#[test]
fn what_was_changed_both_refuse() {
    let Some(()) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    key_files(folder.path());
    let mut dice = Dice(0xFEED);
    let mut refused = 0;
    for number in 0..24 {
        let signed = String::from_utf8(sign(dice.message("").as_bytes(), &KEY).unwrap()).unwrap();
        // A changed attribute, one added, text added to the root, a declaration added, text inside an element.
        let changed = match number % 4 {
            0 => signed.replacen("orgId='700001'", "orgId='700001' x='1'", 1),
            1 => signed.replacen("<Head ", "x<Head ", 1),
            2 => signed.replacen("ReqPay xmlns", "ReqPay xmlns:q='urn:q' xmlns", 1),
            _ => signed.replacen("<Signature ", " <Signature ", 1),
        };
        assert_ne!(signed, changed);
        std::fs::write(folder.path().join("changed.xml"), &changed).unwrap();
        let other =
            xmlsec(folder.path(), &["--verify", "--pubkey-pem", "public.pem"], &["changed.xml".to_owned()]);
        let ours = support::ring().verify(changed.as_bytes(), NOW).map(drop);
        assert!(!other.status.success(), "{changed}");
        assert!(matches!(ours, Err(Refused::Digest | Refused::Signature(_))), "{ours:?}\n{changed}");
        refused += 1;
    }
    assert_eq!(refused, 24);
}
