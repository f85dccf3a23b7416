//! The dictionary of data objects: what each tag is called, how its value is written, whose it is.
//!
//! Sources: EMV 4.4 Book 3, Annex A; JR/T 0025.5 and 0025.12 (UnionPay); EMV Payment Tokenisation
//! Framework (token data); EMV QRCPS Consumer-Presented Mode 1.1 (code). A tag that is not here is not an
//! error: unknown objects are skipped.

use crate::tlv::Tag;
use Format::*;
use Scheme::*;
use Source::*;

/// How a value is written (EMV 4.4 Book 3, 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `b`: bytes.
    Binary,
    /// `n`: two digits a byte, right-justified, filled with leading zeros.
    Numeric,
    /// `cn`: two digits a byte, left-justified, filled with trailing F.
    CompressedNumeric,
    /// `an`: ASCII letters and digits.
    Alphanumeric,
    /// `ans`: ASCII (or the code table of `9F11`).
    AlphanumericSpecial,
    /// A template of further objects.
    Template,
    /// A list of tags and lengths, see [`crate::dol`].
    ObjectList,
}

/// Who makes the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The card, or the phone in its place.
    Card,
    /// The terminal.
    Terminal,
    /// The issuer, at the time of the transaction.
    Issuer,
}

/// Whose specification gives the tag this meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// EMV itself.
    Emv,
    /// UnionPay and JR/T 0025.
    UnionPay,
    /// Visa.
    Visa,
    /// EMV payment tokenisation.
    Token,
    /// EMV consumer-presented codes.
    Code,
}

/// One line of the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The tag.
    pub tag: Tag,
    /// Its name in plain words.
    pub name: &'static str,
    /// How its value is written.
    pub format: Format,
    /// Shortest legal value, in bytes.
    pub shortest: u16,
    /// Longest legal value, in bytes.
    pub longest: u16,
    /// Who makes the value.
    pub source: Source,
    /// Whose specification defines it.
    pub scheme: Scheme,
}

const fn d(
    tag: Tag,
    name: &'static str,
    format: Format,
    shortest: u16,
    longest: u16,
    source: Source,
    scheme: Scheme,
) -> Definition {
    Definition { tag, name, format, shortest, longest, source, scheme }
}

/// The line for this tag, if it is known.
pub fn definition(tag: Tag) -> Option<&'static Definition> {
    DICTIONARY.binary_search_by_key(&tag, |line| line.tag).ok().map(|place| &DICTIONARY[place])
}

/// All known data objects, in order of their tags.
#[rustfmt::skip]
pub const DICTIONARY: &[Definition] = &[
    d(IIN, "issuer identification number", Numeric, 3, 3, Card, Emv),
    d(AID_DIRECTORY, "application identifier (directory)", Binary, 5, 16, Card, Emv),
    d(APPLICATION_LABEL, "application label", AlphanumericSpecial, 1, 16, Card, Emv),
    d(TRACK_TWO, "track 2 equivalent data", Binary, 1, 19, Card, Emv),
    d(PAN, "card or token number", CompressedNumeric, 1, 10, Card, Emv),
    d(DIRECTORY_ENTRY, "application template", Template, 0, 252, Card, Emv),
    d(CPM_COMMON, "common data template (code)", Template, 0, 252, Card, Code),
    d(CPM_TRANSPARENT, "application specific transparent template (code)", Template, 0, 252, Card, Code),
    d(CPM_COMMON_TRANSPARENT, "common transparent template (code)", Template, 0, 252, Card, Code),
    d(FCI, "file control information template", Template, 0, 252, Card, Emv),
    d(RECORD, "record template", Template, 0, 252, Card, Emv),
    d(ISSUER_SCRIPT_1, "issuer script template 1", Template, 0, 127, Issuer, Emv),
    d(ISSUER_SCRIPT_2, "issuer script template 2", Template, 0, 127, Issuer, Emv),
    d(DIRECTORY_DISCRETIONARY, "directory discretionary template", Template, 0, 252, Card, Emv),
    d(RESPONSE_FORMAT_2, "response message template format 2", Template, 0, 252, Card, Emv),
    d(RESPONSE_FORMAT_1, "response message template format 1", Binary, 0, 253, Card, Emv),
    d(AMOUNT_BINARY, "amount, authorised (binary)", Binary, 4, 4, Terminal, Emv),
    d(AIP, "application interchange profile", Binary, 2, 2, Card, Emv),
    d(COMMAND_TEMPLATE, "command template", Binary, 0, 253, Terminal, Emv),
    d(DF_NAME, "dedicated file name", Binary, 5, 16, Card, Emv),
    d(PAYLOAD_FORMAT, "payload format indicator (code)", Alphanumeric, 5, 5, Card, Code),
    d(ISSUER_SCRIPT_COMMAND, "issuer script command", Binary, 0, 261, Issuer, Emv),
    d(PRIORITY, "application priority indicator", Binary, 1, 1, Card, Emv),
    d(SFI, "short file identifier", Binary, 1, 1, Card, Emv),
    d(AUTHORISATION_CODE, "authorisation code", Alphanumeric, 6, 6, Issuer, Emv),
    d(RESPONSE_CODE, "authorisation response code", Alphanumeric, 2, 2, Issuer, Emv),
    d(CDOL1, "card risk management data object list 1", ObjectList, 0, 252, Card, Emv),
    d(CDOL2, "card risk management data object list 2", ObjectList, 0, 252, Card, Emv),
    d(CVM_LIST, "cardholder verification method list", Binary, 10, 252, Card, Emv),
    d(CA_KEY_INDEX, "certification authority public key index", Binary, 1, 1, Card, Emv),
    d(ISSUER_CERTIFICATE, "issuer public key certificate", Binary, 0, 248, Card, Emv),
    d(ISSUER_AUTHENTICATION, "issuer authentication data", Binary, 8, 16, Issuer, Emv),
    d(ISSUER_KEY_REMAINDER, "issuer public key remainder", Binary, 0, 248, Card, Emv),
    d(SIGNED_STATIC_DATA, "signed static application data", Binary, 0, 248, Card, Emv),
    d(AFL, "application file locator", Binary, 0, 252, Card, Emv),
    d(TVR, "terminal verification results", Binary, 5, 5, Terminal, Emv),
    d(TDOL, "transaction certificate data object list", ObjectList, 0, 252, Card, Emv),
    d(TC_HASH, "transaction certificate hash value", Binary, 20, 20, Terminal, Emv),
    d(PIN_DATA, "transaction personal identification number data", Binary, 0, 16, Terminal, Emv),
    d(DATE, "transaction date", Numeric, 3, 3, Terminal, Emv),
    d(TSI, "transaction status information", Binary, 2, 2, Terminal, Emv),
    d(TRANSACTION_TYPE, "transaction type", Numeric, 1, 1, Terminal, Emv),
    d(DDF_NAME, "directory definition file name", Binary, 5, 16, Card, Emv),
    d(FCI_PROPRIETARY, "FCI proprietary template", Template, 0, 252, Card, Emv),
    d(CARDHOLDER_NAME, "cardholder name", AlphanumericSpecial, 2, 26, Card, Emv),
    d(EXPIRY, "application expiration date", Numeric, 3, 3, Card, Emv),
    d(EFFECTIVE, "application effective date", Numeric, 3, 3, Card, Emv),
    d(ISSUER_COUNTRY, "issuer country code", Numeric, 2, 2, Card, Emv),
    d(CURRENCY, "transaction currency code", Numeric, 2, 2, Terminal, Emv),
    d(LANGUAGE, "language preference", Alphanumeric, 2, 8, Card, Emv),
    d(SERVICE_CODE, "service code", Numeric, 2, 2, Card, Emv),
    d(PSN, "card sequence number", Numeric, 1, 1, Card, Emv),
    d(CURRENCY_EXPONENT, "transaction currency exponent", Numeric, 1, 1, Terminal, Emv),
    d(ISSUER_URL, "issuer web address", AlphanumericSpecial, 0, 252, Card, Emv),
    d(ISSUER_COUNTRY_ALPHA2, "issuer country code (two letters)", Alphanumeric, 2, 2, Card, Emv),
    d(ISSUER_COUNTRY_ALPHA3, "issuer country code (three letters)", Alphanumeric, 3, 3, Card, Emv),
    d(ACQUIRER, "acquirer identifier", Numeric, 6, 6, Terminal, Emv),
    d(AMOUNT, "amount, authorised", Numeric, 6, 6, Terminal, Emv),
    d(AMOUNT_OTHER, "amount, other", Numeric, 6, 6, Terminal, Emv),
    d(AMOUNT_OTHER_BINARY, "amount, other (binary)", Binary, 4, 4, Terminal, Emv),
    d(DISCRETIONARY, "application discretionary data", Binary, 1, 32, Card, Emv),
    d(AID_TERMINAL, "application identifier (terminal)", Binary, 5, 16, Terminal, Emv),
    d(USAGE_CONTROL, "application usage control", Binary, 2, 2, Card, Emv),
    d(VERSION_CARD, "application version number (card)", Binary, 2, 2, Card, Emv),
    d(VERSION_TERMINAL, "application version number (terminal)", Binary, 2, 2, Terminal, Emv),
    d(REGISTERED_DATA, "application selection registered proprietary data", Binary, 0, 252, Card, Emv),
    d(CARDHOLDER_NAME_EXTENDED, "cardholder name, extended", AlphanumericSpecial, 27, 45, Card, Emv),
    d(IAC_DEFAULT, "issuer action code, default", Binary, 5, 5, Card, Emv),
    d(IAC_DENIAL, "issuer action code, denial", Binary, 5, 5, Card, Emv),
    d(IAC_ONLINE, "issuer action code, online", Binary, 5, 5, Card, Emv),
    d(IAD, "issuer application data", Binary, 0, 32, Card, Emv),
    d(CODE_TABLE, "issuer code table index", Numeric, 1, 1, Card, Emv),
    d(PREFERRED_NAME, "application preferred name", AlphanumericSpecial, 1, 16, Card, Emv),
    d(LAST_ONLINE_ATC, "last online application transaction counter", Binary, 2, 2, Card, Emv),
    d(OFFLINE_LIMIT_LOWER, "lower consecutive offline limit", Binary, 1, 1, Card, Emv),
    d(MERCHANT_CATEGORY, "merchant category code", Numeric, 2, 2, Terminal, Emv),
    d(MERCHANT, "merchant identifier", AlphanumericSpecial, 15, 15, Terminal, Emv),
    d(PIN_TRIES, "PIN try counter", Binary, 1, 1, Card, Emv),
    d(SCRIPT_IDENTIFIER, "issuer script identifier", Binary, 4, 4, Issuer, Emv),
    d(TOKEN_REQUESTOR, "token requestor id", Numeric, 6, 6, Card, Token),
    d(TERMINAL_COUNTRY, "terminal country code", Numeric, 2, 2, Terminal, Emv),
    d(FLOOR_LIMIT, "terminal floor limit", Binary, 4, 4, Terminal, Emv),
    d(TERMINAL, "terminal identification", Alphanumeric, 8, 8, Terminal, Emv),
    d(TERMINAL_RISK, "terminal risk management data", Binary, 1, 8, Terminal, Emv),
    d(DEVICE_SERIAL, "interface device serial number", Alphanumeric, 8, 8, Terminal, Emv),
    d(TRACK_ONE_DISCRETIONARY, "track 1 discretionary data", AlphanumericSpecial, 0, 252, Card, Emv),
    d(TRACK_TWO_DISCRETIONARY, "track 2 discretionary data", CompressedNumeric, 0, 252, Card, Emv),
    d(TIME, "transaction time", Numeric, 3, 3, Terminal, Emv),
    d(OFFLINE_LIMIT_UPPER, "upper consecutive offline limit", Binary, 1, 1, Card, Emv),
    d(PAR, "payment account reference", Alphanumeric, 29, 29, Card, Token),
    d(LAST_FOUR, "last four digits of the card number", Numeric, 2, 2, Card, Token),
    d(CRYPTOGRAM, "application cryptogram", Binary, 8, 8, Card, Emv),
    d(CID, "cryptogram information data", Binary, 1, 1, Card, Emv),
    d(KERNEL_IDENTIFIER, "kernel identifier", Binary, 1, 8, Card, Emv),
    d(PIN_CERTIFICATE, "ICC PIN encipherment certificate", Binary, 0, 248, Card, Emv),
    d(PIN_EXPONENT, "ICC PIN encipherment exponent", Binary, 1, 3, Card, Emv),
    d(PIN_REMAINDER, "ICC PIN encipherment remainder", Binary, 0, 248, Card, Emv),
    d(ISSUER_EXPONENT, "issuer public key exponent", Binary, 1, 3, Card, Emv),
    d(TERMINAL_CAPABILITIES, "terminal capabilities", Binary, 3, 3, Terminal, Emv),
    d(CVM_RESULTS, "cardholder verification method results", Binary, 3, 3, Terminal, Emv),
    d(TERMINAL_TYPE, "terminal type", Numeric, 1, 1, Terminal, Emv),
    d(ATC, "application transaction counter", Binary, 2, 2, Card, Emv),
    d(UNPREDICTABLE_NUMBER, "unpredictable number", Binary, 4, 4, Terminal, Emv),
    d(PDOL, "processing options data object list", ObjectList, 0, 252, Card, Emv),
    d(ENTRY_MODE, "point-of-service entry mode", Numeric, 1, 1, Terminal, Emv),
    d(AMOUNT_REFERENCE, "amount, reference currency", Binary, 4, 4, Terminal, Emv),
    d(CURRENCY_REFERENCE, "application reference currency", Numeric, 2, 8, Card, Emv),
    d(CURRENCY_CODE_REFERENCE, "transaction reference currency", Numeric, 2, 2, Terminal, Emv),
    d(ADDITIONAL_CAPABILITIES, "additional terminal capabilities", Binary, 5, 5, Terminal, Emv),
    d(SEQUENCE_COUNTER, "transaction sequence counter", Numeric, 2, 4, Terminal, Emv),
    d(APPLICATION_CURRENCY, "application currency code", Numeric, 2, 2, Card, Emv),
    d(APPLICATION_CURRENCY_EXPONENT, "application currency exponent", Numeric, 1, 1, Card, Emv),
    d(DATA_AUTHENTICATION_CODE, "data authentication code", Binary, 2, 2, Card, Emv),
    d(ICC_CERTIFICATE, "ICC public key certificate", Binary, 0, 248, Card, Emv),
    d(ICC_EXPONENT, "ICC public key exponent", Binary, 1, 3, Card, Emv),
    d(ICC_KEY_REMAINDER, "ICC public key remainder", Binary, 0, 248, Card, Emv),
    d(DDOL, "dynamic data authentication data object list", ObjectList, 0, 252, Card, Emv),
    d(SDA_TAG_LIST, "static data authentication tag list", Binary, 0, 252, Card, Emv),
    d(SIGNED_DYNAMIC_DATA, "signed dynamic application data", Binary, 0, 248, Card, Emv),
    d(ICC_DYNAMIC_NUMBER, "ICC dynamic number", Binary, 2, 8, Card, Emv),
    d(LOG_ENTRY, "log entry", Binary, 2, 2, Card, Emv),
    d(MERCHANT_NAME, "merchant name and location", AlphanumericSpecial, 0, 252, Terminal, Emv),
    d(LOG_FORMAT, "log format", ObjectList, 0, 252, Card, Emv),
    d(UNIONPAY_APPLICATION_CURRENCY, "application currency code", Numeric, 2, 2, Card, UnionPay),
    d(DEFAULT_ACTION, "application default action", Binary, 2, 4, Card, UnionPay),
    d(INTERNATIONAL_LIMIT, "consecutive international limit (currency)", Binary, 1, 1, Card, UnionPay),
    d(CUMULATIVE_LIMIT, "cumulative amount limit", Numeric, 6, 6, Card, UnionPay),
    d(ISSUER_AUTHENTICATION_INDICATOR, "issuer authentication indicator", Binary, 1, 1, Card, UnionPay),
    d(ISSUER_COUNTRY_UNIONPAY, "issuer country code", Numeric, 2, 2, Card, UnionPay),
    d(OFFLINE_LOWER_UNIONPAY, "lower consecutive offline limit", Binary, 1, 1, Card, UnionPay),
    d(OFFLINE_UPPER_UNIONPAY, "upper consecutive offline limit", Binary, 1, 1, Card, UnionPay),
    d(CUMULATIVE_UPPER_LIMIT, "cumulative amount upper limit", Numeric, 6, 6, Card, UnionPay),
    d(AVAILABLE_OFFLINE_AMOUNT, "available offline amount", Numeric, 6, 6, Card, UnionPay),
    d(PRODUCT_IDENTIFICATION, "card product identification", Binary, 16, 16, Card, UnionPay),
    d(TTQ, "terminal transaction qualifiers", Binary, 4, 4, Terminal, UnionPay),
    d(CARD_ADDITIONAL_PROCESSES, "card additional processes", Binary, 4, 4, Card, UnionPay),
    d(CARD_AUTHENTICATION_DATA, "card authentication related data", Binary, 8, 16, Card, UnionPay),
    d(CTQ, "card transaction qualifiers", Binary, 2, 2, Card, UnionPay),
    d(CASH_RESET_THRESHOLD, "electronic cash reset threshold", Numeric, 6, 6, Card, UnionPay),
    d(FORM_FACTOR, "form factor indicator or device data", Binary, 4, 32, Card, Token),
    d(CASH_AUTHORISATION_CODE, "electronic cash issuer authorisation code", Alphanumeric, 6, 6, Card, UnionPay),
    d(CASH_BALANCE_LIMIT, "electronic cash balance limit", Numeric, 6, 6, Card, UnionPay),
    d(CASH_SINGLE_LIMIT, "electronic cash single transaction limit", Numeric, 6, 6, Card, UnionPay),
    d(CASH_BALANCE, "electronic cash balance", Numeric, 6, 6, Card, UnionPay),
    d(CASH_TERMINAL_SUPPORT, "electronic cash terminal support indicator", Binary, 1, 1, Terminal, UnionPay),
    d(CASH_TRANSACTION_LIMIT, "electronic cash terminal transaction limit", Numeric, 6, 6, Terminal, UnionPay),
    d(CUSTOMER_EXCLUSIVE_DATA, "customer exclusive data", Binary, 0, 32, Card, Visa),
    d(ISSUER_DISCRETIONARY, "FCI issuer discretionary data", Template, 0, 222, Card, Emv),
    d(SM_SUPPORT, "SM algorithm support indicator", Binary, 1, 1, Terminal, UnionPay),
];

/// Application identifier (directory) (`4F`).
pub const AID_DIRECTORY: Tag = Tag::new(0x4F);
/// Application label (`50`).
pub const APPLICATION_LABEL: Tag = Tag::new(0x50);
/// Track 2 equivalent data (`57`).
pub const TRACK_TWO: Tag = Tag::new(0x57);
/// Card or token number (`5A`).
pub const PAN: Tag = Tag::new(0x5A);
/// Application template (`61`).
pub const DIRECTORY_ENTRY: Tag = Tag::new(0x61);
/// Common data template (code) (`62`).
pub const CPM_COMMON: Tag = Tag::new(0x62);
/// Application specific transparent template (code) (`63`).
pub const CPM_TRANSPARENT: Tag = Tag::new(0x63);
/// Common transparent template (code) (`64`).
pub const CPM_COMMON_TRANSPARENT: Tag = Tag::new(0x64);
/// File control information template (`6F`).
pub const FCI: Tag = Tag::new(0x6F);
/// Record template (`70`).
pub const RECORD: Tag = Tag::new(0x70);
/// Issuer script template 1 (`71`).
pub const ISSUER_SCRIPT_1: Tag = Tag::new(0x71);
/// Issuer script template 2 (`72`).
pub const ISSUER_SCRIPT_2: Tag = Tag::new(0x72);
/// Directory discretionary template (`73`).
pub const DIRECTORY_DISCRETIONARY: Tag = Tag::new(0x73);
/// Response message template format 2 (`77`).
pub const RESPONSE_FORMAT_2: Tag = Tag::new(0x77);
/// Response message template format 1 (`80`).
pub const RESPONSE_FORMAT_1: Tag = Tag::new(0x80);
/// Amount, authorised (binary) (`81`).
pub const AMOUNT_BINARY: Tag = Tag::new(0x81);
/// Application interchange profile (`82`).
pub const AIP: Tag = Tag::new(0x82);
/// Command template (`83`).
pub const COMMAND_TEMPLATE: Tag = Tag::new(0x83);
/// Dedicated file name (`84`).
pub const DF_NAME: Tag = Tag::new(0x84);
/// Payload format indicator (code) (`85`).
pub const PAYLOAD_FORMAT: Tag = Tag::new(0x85);
/// Issuer script command (`86`).
pub const ISSUER_SCRIPT_COMMAND: Tag = Tag::new(0x86);
/// Application priority indicator (`87`).
pub const PRIORITY: Tag = Tag::new(0x87);
/// Short file identifier (`88`).
pub const SFI: Tag = Tag::new(0x88);
/// Authorisation code (`89`).
pub const AUTHORISATION_CODE: Tag = Tag::new(0x89);
/// Authorisation response code (`8A`).
pub const RESPONSE_CODE: Tag = Tag::new(0x8A);
/// Card risk management data object list 1 (`8C`).
pub const CDOL1: Tag = Tag::new(0x8C);
/// Card risk management data object list 2 (`8D`).
pub const CDOL2: Tag = Tag::new(0x8D);
/// Cardholder verification method list (`8E`).
pub const CVM_LIST: Tag = Tag::new(0x8E);
/// Certification authority public key index (`8F`).
pub const CA_KEY_INDEX: Tag = Tag::new(0x8F);
/// Issuer public key certificate (`90`).
pub const ISSUER_CERTIFICATE: Tag = Tag::new(0x90);
/// Issuer authentication data (`91`).
pub const ISSUER_AUTHENTICATION: Tag = Tag::new(0x91);
/// Issuer public key remainder (`92`).
pub const ISSUER_KEY_REMAINDER: Tag = Tag::new(0x92);
/// Signed static application data (`93`).
pub const SIGNED_STATIC_DATA: Tag = Tag::new(0x93);
/// Application file locator (`94`).
pub const AFL: Tag = Tag::new(0x94);
/// Terminal verification results (`95`).
pub const TVR: Tag = Tag::new(0x95);
/// Transaction certificate data object list (`97`).
pub const TDOL: Tag = Tag::new(0x97);
/// Transaction certificate hash value (`98`).
pub const TC_HASH: Tag = Tag::new(0x98);
/// Transaction personal identification number data (`99`).
pub const PIN_DATA: Tag = Tag::new(0x99);
/// Transaction date (`9A`).
pub const DATE: Tag = Tag::new(0x9A);
/// Transaction status information (`9B`).
pub const TSI: Tag = Tag::new(0x9B);
/// Transaction type (`9C`).
pub const TRANSACTION_TYPE: Tag = Tag::new(0x9C);
/// Directory definition file name (`9D`).
pub const DDF_NAME: Tag = Tag::new(0x9D);
/// FCI proprietary template (`A5`).
pub const FCI_PROPRIETARY: Tag = Tag::new(0xA5);
/// Issuer identification number (`42`).
pub const IIN: Tag = Tag::new(0x42);
/// Cardholder name (`5F20`).
pub const CARDHOLDER_NAME: Tag = Tag::new(0x5F20);
/// Application expiration date (`5F24`).
pub const EXPIRY: Tag = Tag::new(0x5F24);
/// Application effective date (`5F25`).
pub const EFFECTIVE: Tag = Tag::new(0x5F25);
/// Issuer country code (`5F28`).
pub const ISSUER_COUNTRY: Tag = Tag::new(0x5F28);
/// Transaction currency code (`5F2A`).
pub const CURRENCY: Tag = Tag::new(0x5F2A);
/// Language preference (`5F2D`).
pub const LANGUAGE: Tag = Tag::new(0x5F2D);
/// Service code (`5F30`).
pub const SERVICE_CODE: Tag = Tag::new(0x5F30);
/// Card sequence number (`5F34`).
pub const PSN: Tag = Tag::new(0x5F34);
/// Transaction currency exponent (`5F36`).
pub const CURRENCY_EXPONENT: Tag = Tag::new(0x5F36);
/// Issuer web address (`5F50`).
pub const ISSUER_URL: Tag = Tag::new(0x5F50);
/// Issuer country code (two letters) (`5F55`).
pub const ISSUER_COUNTRY_ALPHA2: Tag = Tag::new(0x5F55);
/// Issuer country code (three letters) (`5F56`).
pub const ISSUER_COUNTRY_ALPHA3: Tag = Tag::new(0x5F56);
/// Acquirer identifier (`9F01`).
pub const ACQUIRER: Tag = Tag::new(0x9F01);
/// Amount, authorised (`9F02`).
pub const AMOUNT: Tag = Tag::new(0x9F02);
/// Amount, other (`9F03`).
pub const AMOUNT_OTHER: Tag = Tag::new(0x9F03);
/// Amount, other (binary) (`9F04`).
pub const AMOUNT_OTHER_BINARY: Tag = Tag::new(0x9F04);
/// Application discretionary data (`9F05`).
pub const DISCRETIONARY: Tag = Tag::new(0x9F05);
/// Application identifier (terminal) (`9F06`).
pub const AID_TERMINAL: Tag = Tag::new(0x9F06);
/// Application usage control (`9F07`).
pub const USAGE_CONTROL: Tag = Tag::new(0x9F07);
/// Application version number (card) (`9F08`).
pub const VERSION_CARD: Tag = Tag::new(0x9F08);
/// Application version number (terminal) (`9F09`).
pub const VERSION_TERMINAL: Tag = Tag::new(0x9F09);
/// Application selection registered proprietary data (`9F0A`).
pub const REGISTERED_DATA: Tag = Tag::new(0x9F0A);
/// Cardholder name, extended (`9F0B`).
pub const CARDHOLDER_NAME_EXTENDED: Tag = Tag::new(0x9F0B);
/// Issuer action code, default (`9F0D`).
pub const IAC_DEFAULT: Tag = Tag::new(0x9F0D);
/// Issuer action code, denial (`9F0E`).
pub const IAC_DENIAL: Tag = Tag::new(0x9F0E);
/// Issuer action code, online (`9F0F`).
pub const IAC_ONLINE: Tag = Tag::new(0x9F0F);
/// Issuer application data (`9F10`).
pub const IAD: Tag = Tag::new(0x9F10);
/// Issuer code table index (`9F11`).
pub const CODE_TABLE: Tag = Tag::new(0x9F11);
/// Application preferred name (`9F12`).
pub const PREFERRED_NAME: Tag = Tag::new(0x9F12);
/// Last online application transaction counter (`9F13`).
pub const LAST_ONLINE_ATC: Tag = Tag::new(0x9F13);
/// Lower consecutive offline limit (`9F14`).
pub const OFFLINE_LIMIT_LOWER: Tag = Tag::new(0x9F14);
/// Merchant category code (`9F15`).
pub const MERCHANT_CATEGORY: Tag = Tag::new(0x9F15);
/// Merchant identifier (`9F16`).
pub const MERCHANT: Tag = Tag::new(0x9F16);
/// PIN try counter (`9F17`).
pub const PIN_TRIES: Tag = Tag::new(0x9F17);
/// Issuer script identifier (`9F18`).
pub const SCRIPT_IDENTIFIER: Tag = Tag::new(0x9F18);
/// Token requestor id (`9F19`).
pub const TOKEN_REQUESTOR: Tag = Tag::new(0x9F19);
/// Terminal country code (`9F1A`).
pub const TERMINAL_COUNTRY: Tag = Tag::new(0x9F1A);
/// Terminal floor limit (`9F1B`).
pub const FLOOR_LIMIT: Tag = Tag::new(0x9F1B);
/// Terminal identification (`9F1C`).
pub const TERMINAL: Tag = Tag::new(0x9F1C);
/// Terminal risk management data (`9F1D`).
pub const TERMINAL_RISK: Tag = Tag::new(0x9F1D);
/// Interface device serial number (`9F1E`).
pub const DEVICE_SERIAL: Tag = Tag::new(0x9F1E);
/// Track 1 discretionary data (`9F1F`).
pub const TRACK_ONE_DISCRETIONARY: Tag = Tag::new(0x9F1F);
/// Track 2 discretionary data (`9F20`).
pub const TRACK_TWO_DISCRETIONARY: Tag = Tag::new(0x9F20);
/// Transaction time (`9F21`).
pub const TIME: Tag = Tag::new(0x9F21);
/// Upper consecutive offline limit (`9F23`).
pub const OFFLINE_LIMIT_UPPER: Tag = Tag::new(0x9F23);
/// Payment account reference (`9F24`).
pub const PAR: Tag = Tag::new(0x9F24);
/// Last four digits of the card number (`9F25`).
pub const LAST_FOUR: Tag = Tag::new(0x9F25);
/// Application cryptogram (`9F26`).
pub const CRYPTOGRAM: Tag = Tag::new(0x9F26);
/// Cryptogram information data (`9F27`).
pub const CID: Tag = Tag::new(0x9F27);
/// Kernel identifier (`9F2A`).
pub const KERNEL_IDENTIFIER: Tag = Tag::new(0x9F2A);
/// ICC PIN encipherment certificate (`9F2D`).
pub const PIN_CERTIFICATE: Tag = Tag::new(0x9F2D);
/// ICC PIN encipherment exponent (`9F2E`).
pub const PIN_EXPONENT: Tag = Tag::new(0x9F2E);
/// ICC PIN encipherment remainder (`9F2F`).
pub const PIN_REMAINDER: Tag = Tag::new(0x9F2F);
/// Issuer public key exponent (`9F32`).
pub const ISSUER_EXPONENT: Tag = Tag::new(0x9F32);
/// Terminal capabilities (`9F33`).
pub const TERMINAL_CAPABILITIES: Tag = Tag::new(0x9F33);
/// Cardholder verification method results (`9F34`).
pub const CVM_RESULTS: Tag = Tag::new(0x9F34);
/// Terminal type (`9F35`).
pub const TERMINAL_TYPE: Tag = Tag::new(0x9F35);
/// Application transaction counter (`9F36`).
pub const ATC: Tag = Tag::new(0x9F36);
/// Unpredictable number (`9F37`).
pub const UNPREDICTABLE_NUMBER: Tag = Tag::new(0x9F37);
/// Processing options data object list (`9F38`).
pub const PDOL: Tag = Tag::new(0x9F38);
/// Point-of-service entry mode (`9F39`).
pub const ENTRY_MODE: Tag = Tag::new(0x9F39);
/// Amount, reference currency (`9F3A`).
pub const AMOUNT_REFERENCE: Tag = Tag::new(0x9F3A);
/// Application reference currency (`9F3B`).
pub const CURRENCY_REFERENCE: Tag = Tag::new(0x9F3B);
/// Transaction reference currency (`9F3C`).
pub const CURRENCY_CODE_REFERENCE: Tag = Tag::new(0x9F3C);
/// Additional terminal capabilities (`9F40`).
pub const ADDITIONAL_CAPABILITIES: Tag = Tag::new(0x9F40);
/// Transaction sequence counter (`9F41`).
pub const SEQUENCE_COUNTER: Tag = Tag::new(0x9F41);
/// Application currency code (`9F42`).
pub const APPLICATION_CURRENCY: Tag = Tag::new(0x9F42);
/// Application currency exponent (`9F44`).
pub const APPLICATION_CURRENCY_EXPONENT: Tag = Tag::new(0x9F44);
/// Data authentication code (`9F45`).
pub const DATA_AUTHENTICATION_CODE: Tag = Tag::new(0x9F45);
/// ICC public key certificate (`9F46`).
pub const ICC_CERTIFICATE: Tag = Tag::new(0x9F46);
/// ICC public key exponent (`9F47`).
pub const ICC_EXPONENT: Tag = Tag::new(0x9F47);
/// ICC public key remainder (`9F48`).
pub const ICC_KEY_REMAINDER: Tag = Tag::new(0x9F48);
/// Dynamic data authentication data object list (`9F49`).
pub const DDOL: Tag = Tag::new(0x9F49);
/// Static data authentication tag list (`9F4A`).
pub const SDA_TAG_LIST: Tag = Tag::new(0x9F4A);
/// Signed dynamic application data (`9F4B`).
pub const SIGNED_DYNAMIC_DATA: Tag = Tag::new(0x9F4B);
/// ICC dynamic number (`9F4C`).
pub const ICC_DYNAMIC_NUMBER: Tag = Tag::new(0x9F4C);
/// Log entry (`9F4D`).
pub const LOG_ENTRY: Tag = Tag::new(0x9F4D);
/// Merchant name and location (`9F4E`).
pub const MERCHANT_NAME: Tag = Tag::new(0x9F4E);
/// Log format (`9F4F`).
pub const LOG_FORMAT: Tag = Tag::new(0x9F4F);
/// Application currency code (`9F51`).
pub const UNIONPAY_APPLICATION_CURRENCY: Tag = Tag::new(0x9F51);
/// Application default action (`9F52`).
pub const DEFAULT_ACTION: Tag = Tag::new(0x9F52);
/// Consecutive international limit (currency) (`9F53`).
pub const INTERNATIONAL_LIMIT: Tag = Tag::new(0x9F53);
/// Cumulative amount limit (`9F54`).
pub const CUMULATIVE_LIMIT: Tag = Tag::new(0x9F54);
/// Issuer authentication indicator (`9F56`).
pub const ISSUER_AUTHENTICATION_INDICATOR: Tag = Tag::new(0x9F56);
/// Issuer country code (`9F57`).
pub const ISSUER_COUNTRY_UNIONPAY: Tag = Tag::new(0x9F57);
/// Lower consecutive offline limit (`9F58`).
pub const OFFLINE_LOWER_UNIONPAY: Tag = Tag::new(0x9F58);
/// Upper consecutive offline limit (`9F59`).
pub const OFFLINE_UPPER_UNIONPAY: Tag = Tag::new(0x9F59);
/// Cumulative amount upper limit (`9F5C`).
pub const CUMULATIVE_UPPER_LIMIT: Tag = Tag::new(0x9F5C);
/// Available offline amount (`9F5D`).
pub const AVAILABLE_OFFLINE_AMOUNT: Tag = Tag::new(0x9F5D);
/// Card product identification (`9F63`).
pub const PRODUCT_IDENTIFICATION: Tag = Tag::new(0x9F63);
/// Terminal transaction qualifiers (`9F66`).
pub const TTQ: Tag = Tag::new(0x9F66);
/// Card additional processes (`9F68`).
pub const CARD_ADDITIONAL_PROCESSES: Tag = Tag::new(0x9F68);
/// Card authentication related data (`9F69`).
pub const CARD_AUTHENTICATION_DATA: Tag = Tag::new(0x9F69);
/// Card transaction qualifiers (`9F6C`).
pub const CTQ: Tag = Tag::new(0x9F6C);
/// Electronic cash reset threshold (`9F6D`).
pub const CASH_RESET_THRESHOLD: Tag = Tag::new(0x9F6D);
/// Form factor indicator or device data (`9F6E`).
pub const FORM_FACTOR: Tag = Tag::new(0x9F6E);
/// Electronic cash issuer authorisation code (`9F74`).
pub const CASH_AUTHORISATION_CODE: Tag = Tag::new(0x9F74);
/// Electronic cash balance limit (`9F77`).
pub const CASH_BALANCE_LIMIT: Tag = Tag::new(0x9F77);
/// Electronic cash single transaction limit (`9F78`).
pub const CASH_SINGLE_LIMIT: Tag = Tag::new(0x9F78);
/// Electronic cash balance (`9F79`).
pub const CASH_BALANCE: Tag = Tag::new(0x9F79);
/// Electronic cash terminal support indicator (`9F7A`).
pub const CASH_TERMINAL_SUPPORT: Tag = Tag::new(0x9F7A);
/// Electronic cash terminal transaction limit (`9F7B`).
pub const CASH_TRANSACTION_LIMIT: Tag = Tag::new(0x9F7B);
/// Customer exclusive data (`9F7C`).
pub const CUSTOMER_EXCLUSIVE_DATA: Tag = Tag::new(0x9F7C);
/// FCI issuer discretionary data (`BF0C`).
pub const ISSUER_DISCRETIONARY: Tag = Tag::new(0xBF0C);
/// SM algorithm support indicator (`DF69`).
pub const SM_SUPPORT: Tag = Tag::new(0xDF69);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_sorted_and_consistent() {
        assert!(DICTIONARY.windows(2).all(|pair| pair[0].tag < pair[1].tag));
        for line in DICTIONARY {
            assert!(line.shortest <= line.longest, "{}", line.tag);
            assert_eq!(line.tag.is_constructed(), line.format == Template, "{}", line.tag);
            let mut wire = Vec::new();
            line.tag.write(&mut wire);
            assert_eq!(Tag::read(&wire), Ok((line.tag, wire.len())));
        }
        assert_eq!(definition(CTQ).map(|d| d.name), Some("card transaction qualifiers"));
        assert_eq!(definition(Tag::new(0x9F7F)), None);
    }
}
