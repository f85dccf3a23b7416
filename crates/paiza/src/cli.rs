//! The command line, as clap reads it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `paiza --help` shows: the commands in a few groups, on one page of a terminal.
const OVERVIEW: &str = "\
{about}

{usage-heading} {usage}

Run       up         every party on this machine     serve      the platform alone
          sandbox    counterparties alone            demo       a scripted journey
Pay       phone      be a phone                      pos        be a terminal
          upi        account payment: links, messages, phones, settlement
Build     keys       secret keys                     listen     hear events, hand them on
          trigger    make an event happen            events     list, resend, replay
          logs       requests as they are answered   samples    code that calls the interface
          exports    payments and more as a file
          clock      move a sandbox's clock          fault      break a sandbox's wires
Look      verify     recompute all records           doctor     what is wrong on this machine
          config     what holds, and why             operators  who runs the platform
          decode     explain any message             emv        known answers, test CA
          bench      load, beside its limit          soak       faults from one seed, audited

{options}

`paiza COMMAND --help` says more. Exit codes: 0 done, 1 declined, 2 usage, 3 configuration,
4 unreachable, 5 records that disagree with themselves.
";

/// Open mobile payments: a wallet, its terminals, and the other side of every payment.
#[derive(Parser)]
#[command(name = "paiza", version, disable_help_subcommand = true, help_template = OVERVIEW)]
pub(crate) struct Cli {
    /// Print JSON Lines on stdout and text for people on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run every party on this machine
    Up(Up),
    /// Run the platform alone: token service, token gateway and acquirer
    Serve(Serve),
    /// Run a scripted journey over the real wires in a temporary directory
    Demo(Demo),
    /// Be a phone with its own data directory
    #[command(subcommand)]
    Phone(Phone),
    /// Be a terminal
    #[command(subcommand)]
    Pos(Pos),
    /// Run counterparties alone, and show their test keys and cards
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Secret keys of the developers' interface
    #[command(subcommand)]
    Keys(crate::developers::Keys),
    /// The people who run the platform
    #[command(subcommand)]
    Operators(crate::operators::Operators),
    /// Hear events as they happen, and hand them on to a port of yours
    Listen(crate::developers::Listen),
    /// Make an event happen, with all that belongs to it
    Trigger(crate::developers::Trigger),
    /// List events, or send one again
    #[command(subcommand)]
    Events(crate::developers::Events),
    /// Write payments, refunds, settlements or events as a file
    #[command(subcommand)]
    Exports(crate::developers::Exports),
    /// See requests of the interface as they are answered
    #[command(subcommand)]
    Logs(crate::developers::Logs),
    /// Code that calls the interface
    #[command(subcommand)]
    Samples(crate::developers::Samples),
    /// Read and move the clock of a running sandbox
    #[command(subcommand)]
    Clock(crate::developers::Clock),
    /// Put faults on the wires of a running sandbox
    #[command(subcommand)]
    Fault(crate::developers::Fault),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(crate::developers::Completions),
    /// Write manual pages
    #[command(hide = true)]
    Man(crate::developers::Manual),
    /// Explain any message, masked by default
    #[command(subcommand)]
    Decode(Decode),
    /// Known answers and test certification authority
    #[command(subcommand)]
    Emv(Emv),
    /// Account payment: links and codes, signatures, messages and their rules
    #[command(subcommand)]
    Upi(crate::upi::Upi),
    /// Load, next to the limit measured in the same run
    #[command(subcommand)]
    Bench(Bench),
    /// Recompute every sum, chain and reference of the databases in a directory
    Verify(Verify),
    /// Look for what is wrong on this machine, and say what to do
    Doctor(crate::doctor::Doctor),
    /// The platform's configuration
    #[command(subcommand)]
    Config(Settings),
    /// A great many payments while everything goes wrong that can, from one seed, audited
    #[command(subcommand)]
    Soak(crate::soak::SoakWhat),
}

#[derive(Subcommand)]
pub(crate) enum Settings {
    /// Show what holds; secrets are not shown
    ///
    /// Example: paiza config show --config paiza.toml --origin
    Show {
        /// TOML file; none is as documented
        #[arg(long, env = "PAIZA_CONFIG")]
        config: Option<PathBuf>,
        /// Also where each setting comes from
        #[arg(long)]
        origin: bool,
    },
}

#[derive(Args)]
pub(crate) struct DataDir {
    /// Directory that holds the data
    #[arg(long, default_value = "paiza-data")]
    pub(crate) data: PathBuf,
}

#[derive(Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// The end of the operators' log as an earlier run told it, LINES:LINK; it must still be in the log
    #[arg(long, value_name = "LINES:LINK")]
    pub(crate) audit_head: Option<String>,
}

#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Forget what the data directory holds
    #[arg(long)]
    pub(crate) fresh: bool,
}

/// Counterparties run elsewhere: `paiza sandbox network`, `issuer` and `telephone`, or real ones.
///
/// The passphrase of the key file comes from PAIZA_PASSPHRASE, from the file that PAIZA_PASSPHRASE_FILE or the
/// configuration names, or is the sandbox's own.
///
/// Example: paiza serve --config paiza.toml --data /var/lib/paiza
#[derive(Args)]
pub(crate) struct Serve {
    /// Directory that holds the data [default: as the file says, or paiza-data]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// TOML file with addresses, framings and waits; what it leaves out is as documented
    #[arg(long, env = "PAIZA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Open the operators' console at this address of this machine, for example 127.0.0.1:8085
    #[arg(long)]
    pub(crate) console: Option<String>,
}

#[derive(Args)]
pub(crate) struct Demo {
    /// Which journey
    pub(crate) journey: Journey,
    /// Keep the data in this directory instead of a temporary one
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Journey {
    /// Bind a phone, add a card, prove who one is, get its keys
    Enrol,
    /// Add a card, tap it, see it authorised, reversed and settled
    Tap,
    /// Pay by code: the phone shows one, then the shop does
    Qr,
    /// Account payment: register, link an account, set a PIN, pay an address
    Upi,
    /// All of them
    All,
}

#[derive(Args)]
pub(crate) struct PhoneDir {
    /// The phone's data directory
    #[arg(long, default_value = "paiza-phone")]
    pub(crate) data: PathBuf,
    /// Passcode of the phone; asked for when needed if absent
    #[arg(long, env = "PAIZA_PASSCODE", hide_env_values = true)]
    pub(crate) passcode: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Phone {
    /// Set a phone up and bind it to its telephone number
    New {
        #[command(flatten)]
        phone: PhoneDir,
        /// Telephone number with country code
        #[arg(long)]
        number: String,
        /// What to call the phone
        #[arg(long, default_value = "My phone")]
        name: String,
        /// The platform
        #[arg(long, default_value = "127.0.0.1:8080")]
        platform: String,
        /// The telephone network
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
    },
    /// Add a bank card; the number is asked for on the terminal or read from standard input
    Add {
        #[command(flatten)]
        phone: PhoneDir,
        /// Card number; use only test cards here, since a command line is seen by others
        #[arg(long)]
        pan: Option<String>,
        /// Expiry, YYMM
        #[arg(long)]
        expiry: Option<String>,
        /// Security code on the back
        #[arg(long)]
        cvv2: Option<String>,
        /// Telephone number the bank knows, if it is not this phone's; its one-time password is then asked for
        #[arg(long)]
        bank_phone: Option<String>,
    },
    /// Switch the phone on, with its screen in a browser on this machine; a new one is set up there
    Screen {
        #[command(flatten)]
        phone: PhoneDir,
        /// Where the screen is; only this machine is answered
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: String,
        /// The platform, if the phone is new
        #[arg(long, default_value = "127.0.0.1:8080")]
        platform: String,
        /// The telephone network, if the phone is new
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
        /// The provider of account payment, where it is set up
        #[arg(long, default_value = "127.0.0.1:8090")]
        provider: String,
        /// Reader it is held against, which speaks the vpcd socket protocol
        #[arg(long, default_value = "127.0.0.1:35963")]
        vpcd: String,
    },
    /// List the cards of this phone
    Cards {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Hold the phone against a reader
    Present {
        #[command(flatten)]
        phone: PhoneDir,
        /// Reader that speaks the vpcd socket protocol
        #[arg(long, default_value = "127.0.0.1:35963")]
        vpcd: String,
        /// Answer to reset, hex, instead of the profile's own
        #[arg(long)]
        atr: Option<String>,
        /// How the card behaves
        #[arg(long, default_value = "contactless")]
        profile: CardProfile,
        /// Which card, counted from 1 as listed; the default card if absent
        #[arg(long)]
        card: Option<usize>,
        /// Leave after this many taps
        #[arg(long, default_value_t = 1)]
        taps: u32,
        /// Keep the phone locked
        #[arg(long)]
        locked: bool,
    },
    /// Pay by code
    #[command(subcommand)]
    Qr(crate::code::PhoneQr),
    /// Read the text messages of this phone
    Inbox {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Payments made with this phone
    History {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Choose the card that is tapped first
    Default {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1
        #[arg(long)]
        card: usize,
    },
    /// Put the cards into another order
    Order {
        #[command(flatten)]
        phone: PhoneDir,
        /// All cards as listed, counted from 1, in the wanted order: 2,1,3
        #[arg(long, value_delimiter = ',')]
        cards: Vec<usize>,
    },
    /// Give a card a name
    Nickname {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1
        #[arg(long)]
        card: usize,
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// Suspend a card
    Suspend {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1
        #[arg(long)]
        card: usize,
    },
    /// Resume a card that was suspended from here
    Resume {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1
        #[arg(long)]
        card: usize,
    },
    /// Delete a card; works offline and is final
    Delete {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1
        #[arg(long)]
        card: usize,
    },
    /// Tell the platform what was done offline, and fetch keys and states
    Sync {
        #[command(flatten)]
        phone: PhoneDir,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CardProfile {
    /// As a phone on a contactless reader
    Contactless,
    /// As a chip card in a slot
    Contact,
}

#[derive(Args)]
pub(crate) struct PosLine {
    /// The terminal's data directory
    #[arg(long, default_value = "paiza-pos")]
    pub(crate) data: PathBuf,
    /// The acquirer's terminal port
    #[arg(long, default_value = "127.0.0.1:8583")]
    pub(crate) acquirer: String,
    /// Terminal id
    #[arg(long, default_value = "PZ000001")]
    pub(crate) terminal: String,
    /// The platform whose sandbox's time it shares; the machine's own where nobody answers
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) clock_of: String,
}

#[derive(Args)]
pub(crate) struct PosCard {
    /// Where cards are presented: vpcd:PORT, vpcd:HOST:PORT or pcsc:NAME
    #[arg(long, default_value = "vpcd:35963")]
    pub(crate) reader: String,
    /// Amount, for example 12.50
    #[arg(long)]
    pub(crate) amount: String,
    /// Currency of the amount
    #[arg(long, default_value = "CNY")]
    pub(crate) currency: String,
}

#[derive(Subcommand)]
pub(crate) enum Pos {
    /// Take a payment by card
    Sale {
        #[command(flatten)]
        line: PosLine,
        #[command(flatten)]
        card: PosCard,
    },
    /// Reserve an amount, to be completed later
    Preauth {
        #[command(flatten)]
        line: PosLine,
        #[command(flatten)]
        card: PosCard,
    },
    /// Take what was reserved, or less
    Complete {
        #[command(flatten)]
        line: PosLine,
        /// Retrieval reference on the receipt
        #[arg(long)]
        reference: String,
        /// Amount, at most what was reserved
        #[arg(long)]
        amount: String,
        /// Currency of the amount
        #[arg(long, default_value = "CNY")]
        currency: String,
    },
    /// Take a payment of the open batch back
    Void {
        #[command(flatten)]
        line: PosLine,
        /// Retrieval reference on the receipt
        #[arg(long)]
        reference: String,
    },
    /// Give money back for an earlier payment
    Refund {
        #[command(flatten)]
        line: PosLine,
        /// Retrieval reference on the receipt
        #[arg(long)]
        reference: String,
        /// Amount, at most what was paid
        #[arg(long)]
        amount: String,
        /// Currency of the amount
        #[arg(long, default_value = "CNY")]
        currency: String,
    },
    /// Take payments by code
    #[command(subcommand)]
    Qr(crate::code::PosQr),
    /// Work the terminal at a screen, in a browser on this machine
    Screen {
        #[command(flatten)]
        line: PosLine,
        /// Where the screen is; only this machine is answered
        #[arg(long, default_value = "127.0.0.1:8084")]
        listen: String,
        /// Where cards are presented: vpcd:PORT, vpcd:HOST:PORT or pcsc:NAME
        #[arg(long, default_value = "vpcd:35963")]
        reader: String,
    },
    /// Compare totals with the acquirer and open the next batch
    CloseBatch {
        #[command(flatten)]
        line: PosLine,
    },
    /// Ask whether the acquirer is there
    Echo {
        #[command(flatten)]
        line: PosLine,
    },
}

#[derive(Args)]
pub(crate) struct HostLine {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Address to listen on. Without it the party has all its documented ports; with it those not named are free ones
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Field table: net or pos
    #[arg(long, default_value = "net")]
    pub(crate) profile: String,
    /// Framing: binary2, binary4, ascii4, with +inclusive, +tpdu
    #[arg(long, default_value = "binary2")]
    pub(crate) framing: String,
    /// Message MAC: aes-cmac, retail or none
    #[arg(long, default_value = "aes-cmac")]
    pub(crate) mac: String,
    /// The platform whose sandbox's time it shares; the machine's own if absent
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) clock_of: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Sandbox {
    /// The card network
    Network {
        #[command(flatten)]
        line: HostLine,
        /// Where the token service asks about cards
        #[arg(long)]
        verification: Option<String>,
        /// Where its people end the day
        #[arg(long)]
        desk: Option<String>,
        /// Where token ranges are routed
        #[arg(long, default_value = "127.0.0.1:8585")]
        gateway: String,
        /// Where issuers are asked about cards: name=HOST:PORT, repeated; the documented ports for those not named
        #[arg(long = "issuer")]
        issuers: Vec<String>,
        /// How long an issuer's side may take to answer
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=120_000))]
        answer_within_ms: u64,
    },
    /// An issuing bank
    Issuer {
        #[command(flatten)]
        line: HostLine,
        /// Which bank: boc, harbour, lantern or meadow
        #[arg(long, default_value = "boc")]
        bank: String,
        /// Where the network asks about cards
        #[arg(long)]
        verification: Option<String>,
        /// Where the bank's people list, change and replace cards and change rules
        #[arg(long)]
        desk: Option<String>,
        /// The telephone network
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
        /// The platform: its token service is told when a card behind one of its tokens is stopped, closed or replaced
        #[arg(long, default_value = "127.0.0.1:8080")]
        platform: String,
    },
    /// The switch of account payment
    UpiSwitch {
        #[command(flatten)]
        host: crate::sandbox::UpiHost,
        #[command(flatten)]
        desk: crate::sandbox::UpiDesk,
    },
    /// A bank of account payment
    UpiBank {
        #[command(flatten)]
        host: crate::sandbox::UpiHost,
        #[command(flatten)]
        desk: crate::sandbox::UpiDesk,
        /// Which bank: amber, banyan, coral or deodar
        #[arg(long, default_value = "amber")]
        bank: String,
        /// The telephone network
        #[arg(long, default_value = "127.0.0.1:8086")]
        telephone: String,
    },
    /// Certificates with which the parties of account payment speak TLS: an authority, and one for each organisation
    ///
    /// Example: paiza sandbox upi-certificates --out certificates
    UpiCertificates {
        /// The folder they are written to; none may be in it
        #[arg(long, default_value = "certificates")]
        out: PathBuf,
    },
    /// The billers: whose bills and recharges are paid by account
    Billers {
        #[command(flatten)]
        data: DataDir,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8098")]
        listen: String,
    },
    /// The telephone network
    Telephone {
        #[command(flatten)]
        data: DataDir,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8086")]
        listen: String,
    },
    /// Change the state of a card at its bank, in a running city; its tokens follow
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Card {
        #[command(subcommand)]
        work: Option<CardWork>,
        #[command(flatten)]
        desk: BankDesk,
        /// Number of a card, or the last four digits of a test card
        #[arg(long, required = true)]
        number: Option<String>,
        /// active, blocked, lost, stolen or closed
        #[arg(long, required = true)]
        state: Option<String>,
    },
    /// Read a bank's risk rules in a running city, or change one
    Rules {
        /// Which bank: boc, harbour, lantern or meadow
        #[arg(long, default_value = "boc")]
        bank: String,
        /// The rule to change, by its condition
        #[arg(long)]
        set: Option<String>,
        /// Whether it counts
        #[arg(long, requires = "set")]
        enabled: Option<bool>,
        /// The count from which it fires
        #[arg(long, requires = "set")]
        threshold: Option<u32>,
        /// GREEN, YELLOW or RED
        #[arg(long, requires = "set")]
        outcome: Option<String>,
        /// The bank's desk; the documented port of the bank if absent
        #[arg(long)]
        at: Option<String>,
    },
    /// End the settlement day of a running city: files for every institution, checked by each
    Cutover {
        /// The network's desk
        #[arg(long, default_value = "127.0.0.1:8610")]
        at: String,
    },
    /// The sandbox's published test master keys
    Keys,
    /// The test cards of every bank
    Cards,
}

#[derive(Args)]
pub(crate) struct BankDesk {
    /// Which bank: boc, harbour, lantern or meadow
    #[arg(long, default_value = "boc")]
    pub(crate) bank: String,
    /// The bank's desk; the documented port of the bank if absent
    #[arg(long)]
    pub(crate) at: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum CardWork {
    /// Make new plastic for a card's account: another number, the same tokens; the old number pays no more
    Replace {
        #[command(flatten)]
        desk: BankDesk,
        /// Number of the card to be replaced, or the last four digits of a test card
        #[arg(long)]
        number: String,
        /// Last month of the new one, YYMM; five years from now if absent
        #[arg(long)]
        expiry: Option<String>,
    },
    /// The bank's cards and the tokens that stand in for them, as the bank knows them
    List {
        #[command(flatten)]
        desk: BankDesk,
    },
    /// What customers claim of payments with the bank's cards; with --payment and --end, the bank's answer to one
    Disputes {
        #[command(flatten)]
        desk: BankDesk,
        /// The payment, as the list names it
        #[arg(long, requires = "end")]
        payment: Option<String>,
        /// uphold or reject
        #[arg(long, requires = "payment")]
        end: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Decode {
    /// BER-TLV
    Tlv(Bytes),
    /// A command or response APDU
    Apdu(Bytes),
    /// An ISO 8583 message
    Iso8583 {
        #[command(flatten)]
        bytes: Bytes,
        /// Field table: net or pos
        #[arg(long, default_value = "net")]
        profile: String,
    },
    /// Account payment: a message, a link, a Bharat QR, or response codes such as U30/Z9
    Upi {
        /// The text, or the file that has it; `-` is standard input
        source: String,
        /// Show what is masked
        #[arg(long)]
        danger_clear: bool,
    },
    /// A payment code, a shop's or a phone's
    Qr {
        /// The text of the code. Standard input if absent, one code a line
        code: Option<String>,
    },
}

#[derive(Args)]
pub(crate) struct Bytes {
    /// Hex digits; spaces are ignored. Standard input if absent, one message a line
    pub(crate) hex: Option<String>,
    /// Show what is masked
    #[arg(long)]
    pub(crate) danger_clear: bool,
}

#[derive(Subcommand)]
pub(crate) enum Emv {
    /// Run a file of known answers
    Vectors {
        /// JSON file
        file: PathBuf,
    },
    /// The public keys a terminal needs to check our test cards
    Capk,
}

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Authorisations through token gateway and issuer, durable at both
    Tap {
        /// Cryptogram algorithm
        #[arg(long, default_value = "3des")]
        algorithm: BenchAlgorithm,
        /// How many tokens exist
        #[arg(long, default_value_t = 20_000)]
        tokens: u32,
        /// Seconds of closed-loop load
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Authorisations under way at once in the closed loop
        #[arg(long, default_value_t = 512)]
        in_flight: usize,
        /// Where the databases lie while it runs
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Calls of the developers' interface, next to bare handlers of the same bodies
    Api {
        /// How many call at once: so many that one waiting for the disk leaves no processor idle
        #[arg(long, default_value_t = 64)]
        callers: usize,
        /// Seconds of each measurement
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Account payments over all parties, signed and durable everywhere, next to the bound that RSA sets
    Upi {
        /// Payments under way at once in the closed loop
        #[arg(long, default_value_t = 128)]
        in_flight: usize,
        /// Seconds of closed-loop load, and of paced load after it
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Sign nothing between the parties: what all the rest costs
        #[arg(long)]
        unsigned: bool,
    },
    /// Cards added, from sealed card data to first keys
    Enrol {
        /// How many cards
        #[arg(long, default_value_t = 200)]
        cards: u32,
        /// How many phones at once
        #[arg(long, default_value_t = 8)]
        phones: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchAlgorithm {
    /// Two-key triple DES, algorithm id 01
    #[value(name = "3des")]
    TripleDes,
    /// SM4, algorithm id 04
    Sm4,
    /// AES
    Aes,
}
