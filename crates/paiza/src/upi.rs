//! `paiza upi`: a phone in account payment, and the tools: links and codes, signatures, messages and their rules.

mod dispute;
mod explain;
mod input;
mod keys;
mod lint;
mod make;
mod mandate;
mod parse;
mod phone;
mod purse;
mod reconcile;
mod settle;
mod sign;

pub(crate) use parse::Scanned;
pub(crate) use phone::failure;

use crate::output::{Failure, Output};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Every command takes `--json`; those that read several things end with how many passed and failed.
#[derive(Subcommand)]
pub(crate) enum Upi {
    /// Links and codes that are scanned
    #[command(subcommand)]
    Qr(Qr),
    /// Make a pair of keys, for messages or for links
    Key(KeyFiles),
    /// Sign a message: the signature is put in, and no other byte changes
    Sign(Sign),
    /// Check the signatures of messages with pinned keys
    Verify(Verify),
    /// Name every rule that messages break, with its code and place
    Lint(Lint),
    #[command(flatten)]
    Phone(phone::Handled),
    /// Mandates: leave to debit an account again, under rules
    #[command(subcommand)]
    Mandate(mandate::MandateCommand),
    /// A small balance on the phone, spent without a PIN
    #[command(subcommand)]
    Purse(purse::PurseCommand),
    /// Claim a payment back that has ended, and work on such claims
    #[command(subcommand)]
    Dispute(dispute::DisputeCommand),
    /// The story of a payment: its steps, its legs in the banks' books, who owes what, the next deadline
    Explain(explain::Explain),
    /// Settle the cycles that are over, and write their files for both sides
    Settle(settle::Settle),
    /// Compare network, log and books of a bank, leg by leg, and say what is to be done
    Reconcile(reconcile::Reconcile),
    /// A provider alone: the platform's part of account payment, for phones and for the switch
    Provider {
        #[command(flatten)]
        host: crate::sandbox::UpiHost,
        /// Which: paiza, or mitra, which `paiza up` does not run
        #[arg(long, default_value = "paiza")]
        provider: String,
        /// The telephone network
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
        /// The billers
        #[arg(long, default_value = "127.0.0.1:8098")]
        billers: String,
        /// Address to listen on for the other parties, with --tls; 100 ports above the documented one if absent
        #[arg(long)]
        parties: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Qr {
    /// Read links and Bharat QR, or say why not
    Parse(Parse),
    /// Make a link or a Bharat QR
    Make(Make),
}

/// Example: paiza upi qr parse 'upi://pay?pa=chai.corner@paiza&pn=Chai%20Corner&am=30.00&cu=INR'
#[derive(Args)]
pub(crate) struct Parse {
    /// The text; standard input if absent, one a line, or rows of JSON with `id` and `uri`, `qr` or `text`
    pub(crate) text: Option<String>,
    /// Read them from a file instead: lines, rows of JSON, or one list of them
    #[arg(long, conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,
    /// Check signatures of links with this public key (PEM)
    #[arg(long)]
    pub(crate) key: Option<PathBuf>,
}

/// Example: paiza upi qr make --pa chai.corner@paiza --pn 'Chai Corner' --am 30.00 --mc 5814 --tr ORD42
#[derive(Args)]
pub(crate) struct Make {
    /// Payee's address
    #[arg(long)]
    pub(crate) pa: String,
    /// Payee's name
    #[arg(long)]
    pub(crate) pn: Option<String>,
    /// Amount in rupees, such as 30.00
    #[arg(long)]
    pub(crate) am: Option<String>,
    /// Merchant category, four digits
    #[arg(long)]
    pub(crate) mc: Option<String>,
    /// Merchant's reference
    #[arg(long)]
    pub(crate) tr: Option<String>,
    /// Note
    #[arg(long)]
    pub(crate) tn: Option<String>,
    /// Any other parameter of the link, in this order: mode=02
    #[arg(long = "with", value_name = "KEY=VALUE")]
    pub(crate) with: Vec<String>,
    /// A link that makes a mandate
    #[arg(long)]
    pub(crate) mandate: bool,
    /// Sign the link with this private key (PEM)
    #[arg(long)]
    pub(crate) key: Option<PathBuf>,
    /// A Bharat QR of this city instead of a link; wants --pn and --mc
    #[arg(long, value_name = "CITY", conflicts_with_all = ["with", "mandate", "key", "tn"])]
    pub(crate) bharat: Option<String>,
}

/// Example: paiza upi key --private bank.pem --public bank.public.pem
#[derive(Args)]
pub(crate) struct KeyFiles {
    /// Where the private key is written (PKCS #8, PEM); never over a file that is there
    #[arg(long)]
    pub(crate) private: PathBuf,
    /// Where the public key is written (PEM)
    #[arg(long)]
    pub(crate) public: PathBuf,
    /// A key for links (ECDSA P-256) instead of messages (RSA 2048)
    #[arg(long)]
    pub(crate) link: bool,
}

/// Example: paiza upi sign reqpay.xml --key bank.pem --out signed.xml
#[derive(Args)]
pub(crate) struct Sign {
    /// The message; `-` is standard input
    pub(crate) file: PathBuf,
    /// Private key (RSA, PEM)
    #[arg(long)]
    pub(crate) key: PathBuf,
    /// Where the signed message is written; standard output if absent
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// Example: paiza upi verify signed.xml --key 700001=bank.public.pem
#[derive(Args)]
pub(crate) struct Verify {
    /// The messages; `-` is standard input
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// A public key and the organisation (Head.orgId) that it belongs to; keys in messages are never used
    #[arg(long = "key", value_name = "ORGANISATION=FILE", required = true)]
    pub(crate) keys: Vec<String>,
}

/// Example: paiza upi lint reqpay.xml
#[derive(Args)]
pub(crate) struct Lint {
    /// The messages; `-` is standard input
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Names and rules to check by, instead of those from public sources
    #[arg(long)]
    pub(crate) profile: Option<PathBuf>,
}

pub(crate) fn run(what: &Upi, output: Output) -> Result<(), Failure> {
    match what {
        Upi::Qr(Qr::Parse(what)) => parse::run(what, output),
        Upi::Qr(Qr::Make(what)) => make::run(what, output),
        Upi::Key(what) => keys::run(what, output),
        Upi::Sign(what) => sign::sign(what, output),
        Upi::Verify(what) => sign::verify(what, output),
        Upi::Lint(what) => lint::run(what, output),
        Upi::Dispute(what) => dispute::run(what, output),
        Upi::Explain(what) => explain::run(what, output),
        Upi::Phone(what) => phone::run(what, output),
        Upi::Mandate(what) => mandate::run(what, output),
        Upi::Purse(what) => purse::run(what, output),
        Upi::Settle(what) => settle::run(what, output),
        Upi::Reconcile(what) => reconcile::run(what, output),
        Upi::Provider { host, provider, telephone, billers, parties } => {
            crate::sandbox::provider(host, (provider, parties.as_deref()), (telephone, billers), output)
        }
    }
}

/// How many things were as they should be.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Ends the command: exit code 1 if anything failed.
    fn conclude(self, what: &str, output: Output) -> Result<(), Failure> {
        let summary = serde_json::json!({ "passed": self.passed, "failed": self.failed });
        if self.failed == 0 {
            output.summary(summary);
            return Ok(());
        }
        let all = self.passed + self.failed;
        Err(Failure::business(format!("{} of {all} {what}", self.failed)).with(summary))
    }
}
