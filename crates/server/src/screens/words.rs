//! What screens say, in the languages of their catalogues, with numbers and money as each language writes them.

use super::spelt::spelt;
use fixed_decimal::Decimal;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use icu_decimal::DecimalFormatter;
use icu_decimal::options::DecimalFormatterOptions;
use std::sync::OnceLock;

/// A language of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Hindi.
    Hindi,
    /// Chinese in simplified characters.
    Chinese,
    /// The pseudo-locale: English as [`pretend`] has it changed. Nobody speaks it, and no page offers it.
    Pseudo,
}

/// The tag of the pseudo-locale (CLDR, `en-XA`).
const PSEUDO: &str = "en-XA";

/// How the pseudo-locale changes what English says, if this process has one.
static PRETENCE: OnceLock<fn(&str) -> String> = OnceLock::new();

/// From now on this process has a pseudo-locale, in which every sentence of the catalogues is English, changed like this: for
/// tests that look for words that are in no catalogue, and for places that have no room for longer ones. Nothing that is
/// asked over a wire leads here, and the command never calls it.
pub fn pretend(change: fn(&str) -> String) {
    // Whoever came first is heard: what was said cannot change any more.
    let _ = PRETENCE.set(change);
}

/// How many catalogues a language has.
const FAMILIES: usize = 11;

/// The catalogues of a language: what all screens say, then what the screens of one party say.
macro_rules! family {
    ($language:literal) => {
        [
            include_str!(concat!("../../catalogue/", $language, ".ftl")),
            include_str!(concat!("../../catalogue/terminal.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/console.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/phone.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/passkey.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/operators.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/test.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/upi.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/bills.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/disputes.", $language, ".ftl")),
            include_str!(concat!("../../catalogue/purse.", $language, ".ftl")),
        ]
    };
}

/// All languages, in the order they are offered.
pub const LANGUAGES: [Language; 3] = [Language::English, Language::Hindi, Language::Chinese];

impl Language {
    /// The tag for the attribute `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Hindi => "hi",
            Language::Chinese => "zh-CN",
            Language::Pseudo => PSEUDO,
        }
    }

    /// Its place where something is said in English, Hindi and Chinese.
    fn place(self) -> usize {
        match self {
            Language::English | Language::Pseudo => 0,
            Language::Hindi => 1,
            Language::Chinese => 2,
        }
    }

    /// What another party said in English, Hindi and Chinese.
    pub fn of(self, said: &[String; 3]) -> String {
        let text = &said[self.place()];
        match PRETENCE.get() {
            Some(change) if self == Language::Pseudo => change(text),
            _ => text.clone(),
        }
    }

    /// Its own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Hindi => "हिन्दी",
            Language::Chinese => "简体中文",
            Language::Pseudo => PSEUDO,
        }
    }

    /// The language of a tag such as `hi-IN`, if it is one of ours.
    pub fn from_tag(tag: &str) -> Option<Language> {
        if tag == PSEUDO && PRETENCE.get().is_some() {
            return Some(Language::Pseudo);
        }
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        LANGUAGES.into_iter().find(|language| {
            language.tag().split('-').next().is_some_and(|ours| ours.eq_ignore_ascii_case(primary))
        })
    }

    /// The best of ours for an `Accept-Language` header (RFC 9110, 12.5.4); English if none fits.
    pub fn accepted(header: &str) -> Language {
        let wish = |part: &str| {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
            Language::from_tag(tag.trim()).filter(|_| weight > 0.0).map(|language| (language, weight))
        };
        let mut best: Option<(Language, f32)> = None;
        for (language, weight) in header.split(',').filter_map(wish) {
            // The first of equals stands first in the header.
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((language, weight));
            }
        }
        best.map_or(Language::English, |(language, _)| language)
    }

    /// Its catalogues: one for every family of screens.
    fn catalogues(self) -> [&'static str; FAMILIES] {
        match self {
            Language::English | Language::Pseudo => family!("en"),
            Language::Hindi => family!("hi"),
            Language::Chinese => family!("zh"),
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; 3] = [const { OnceLock::new() }; 3];
        BUNDLES[self.place()].get_or_init(|| {
            // What is wrong in a catalogue is found by a test; here the rest of it is used.
            let tag = self.tag().parse().expect("our tags are tags");
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Marks that isolate directions are for mixed scripts; ours all run left to right.
            bundle.set_use_isolating(false);
            for catalogue in self.catalogues() {
                let resource = FluentResource::try_new(catalogue.to_owned()).unwrap_or_else(|(rest, _)| rest);
                bundle.add_resource_overriding(resource);
            }
            bundle
        })
    }

    /// The sentence of this name; the name itself if no catalogue has it.
    pub fn say(self, name: &str) -> String {
        self.say_with(name, &[])
    }

    /// The sentence of this name with one text put in, by its name.
    pub fn say_text(self, name: &str, what: &str, text: &str) -> String {
        self.say_with(name, &[(what, FluentValue::from(text))])
    }

    /// The sentence of this name with these texts put in, by their names.
    pub fn say_texts(self, name: &str, texts: &[(&str, &str)]) -> String {
        let values: Vec<_> = texts.iter().map(|(what, text)| (*what, FluentValue::from(*text))).collect();
        self.say_with(name, &values)
    }

    /// A date as this language writes it.
    pub fn date(self, year: i16, month: u8, day: u8) -> String {
        let year = year.to_string();
        let number = |value: u8| FluentValue::from(value);
        self.say_with(
            "month-and-day",
            &[("year", FluentValue::from(year.as_str())), ("month", number(month)), ("day", number(day))],
        )
    }

    /// A month as this language writes it, with its year.
    pub fn month(self, year: i16, month: u8) -> String {
        let year = year.to_string();
        let texts = [("year", FluentValue::from(year.as_str())), ("month", FluentValue::from(month))];
        self.say_with("month-and-year", &texts)
    }

    /// The sentence of this name with one number put in, by its name.
    pub fn say_count(self, name: &str, what: &str, count: usize) -> String {
        self.say_with(name, &[(what, FluentValue::from(count))])
    }

    fn say_with(self, name: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::new();
        values.iter().for_each(|(what, value)| args.set(*what, value.clone()));
        for language in [self, Language::English] {
            let bundle = language.bundle();
            let pattern = bundle.get_message(name).and_then(|message| message.value());
            if let Some(pattern) = pattern {
                let text = bundle.format_pattern(pattern, Some(&args), &mut Vec::new());
                return match PRETENCE.get() {
                    Some(change) if self == Language::Pseudo => change(&text),
                    _ => text.into_owned(),
                };
            }
        }
        name.to_owned()
    }

    /// An amount of money as this language writes it.
    pub fn money(self, minor: i64, currency: &str, decimals: u8) -> Written {
        let mut number = Decimal::from(minor.unsigned_abs());
        number.multiply_pow10(-i16::from(decimals));
        let tag = match (self, currency) {
            (Language::English | Language::Pseudo, "INR") => "en-IN",
            (Language::English | Language::Pseudo, _) => "en",
            (Language::Hindi, _) => "hi-IN-u-nu-latn",
            (Language::Chinese, _) => "zh-CN",
        };
        let locale: icu_locale_core::Locale = tag.parse().expect("our tags are tags");
        let formatter = DecimalFormatter::try_new(locale.into(), DecimalFormatterOptions::default());
        let text =
            formatter.map_or_else(|_| number.to_string(), |formatter| formatter.format(&number).to_string());
        // Every locale of ours has a point before the minor units.
        let (whole, part) = match text.rsplit_once('.').filter(|_| decimals > 0) {
            Some((whole, part)) => (whole.to_owned(), format!(".{part}")),
            None => (text, String::new()),
        };
        let unit = 10u64.saturating_pow(u32::from(decimals));
        let (majors, minors) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
        let spelt = |number| FluentValue::from(spelt(self, number, currency == "INR"));
        let said = self.say_with(
            &format!("money-{}", currency.to_ascii_lowercase()),
            &[
                ("major", FluentValue::from(majors)),
                ("majorWords", spelt(majors)),
                ("minor", FluentValue::from(minors)),
                ("minorWords", spelt(minors)),
            ],
        );
        Written {
            minus: minor < 0,
            sign: sign(currency).to_owned(),
            whole,
            part,
            said: said.trim().to_owned(),
        }
    }
}

/// An amount in the pieces a screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whether it is below zero.
    pub minus: bool,
    /// The sign of the currency, or its code.
    pub sign: String,
    /// The whole units, grouped.
    pub whole: String,
    /// The point and the minor units; empty for a currency without them.
    pub part: String,
    /// The whole amount as it is said.
    pub said: String,
}

fn sign(currency: &str) -> &str {
    match currency {
        "CNY" | "JPY" => "\u{a5}",
        "INR" => "\u{20b9}",
        "USD" => "$",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Names of a catalogue with the names of what is put in.
    fn names(language: Language) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        let mut name = String::new();
        for line in language.catalogues().iter().flat_map(|catalogue| catalogue.lines()) {
            if let Some((first, _)) = line.split_once(" =")
                && !line.starts_with([' ', '#', '}', '*', '['])
            {
                name = first.to_owned();
                assert!(found.insert(name.clone(), Vec::new()).is_none(), "{name} is there twice");
            }
            for part in line.split('$').skip(1) {
                let what: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
                let list: &mut Vec<String> = found.get_mut(&name).unwrap();
                if !list.contains(&what) {
                    list.push(what);
                    list.sort();
                }
            }
        }
        found
    }

    #[test]
    fn catalogues_say_the_same_things() {
        let english = names(Language::English);
        assert!(english.len() > 20);
        for language in LANGUAGES {
            assert_eq!(names(language), english, "{language:?}");
            for catalogue in language.catalogues() {
                let parsed = FluentResource::try_new(catalogue.to_owned());
                assert!(parsed.is_ok(), "{language:?}: {:?}", parsed.err().map(|(_, errors)| errors));
            }
        }
    }

    #[test]
    fn templates_say_only_what_catalogues_have() {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"))];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let english = names(Language::English);
        let mut said = 0;
        for path in files.iter().filter(|path| path.extension().is_some_and(|kind| kind == "html")) {
            let text = std::fs::read_to_string(path).unwrap();
            for (at, _) in text.match_indices(".say") {
                let Some((_, rest)) = text[at..].split_once('"').filter(|(call, _)| call.len() < 13) else {
                    continue;
                };
                let name = rest.split('"').next().unwrap();
                assert!(english.contains_key(name), "{}: {name}", path.display());
                said += 1;
            }
            for (at, call) in text.match_indices("icon(\"") {
                let name = text[at + call.len()..].split('"').next().unwrap();
                assert!(
                    crate::screens::icons::names().any(|known| known == name),
                    "{}: {name}",
                    path.display()
                );
            }
        }
        assert!(said > 10, "the templates were not found");
    }

    /// No other test of this file asks for its tag, as there is one pseudo-locale for the process.
    #[test]
    fn the_pseudo_locale_is_there_only_for_who_pretends() {
        let asked = || (Language::from_tag("en-XA"), Language::accepted("en-XA, hi;q=0.5"));
        assert_eq!(asked(), (Some(Language::English), Language::English));
        pretend(|text| format!("[{text}]"));
        assert_eq!(asked(), (Some(Language::Pseudo), Language::Pseudo));
        assert_eq!(Language::from_tag("en"), Some(Language::English));
        let said = Language::Pseudo.say_text("button-pay", "amount", "1");
        assert_eq!(said, format!("[{}]", Language::English.say_text("button-pay", "amount", "1")));
        assert_eq!(Language::English.say("all"), "All");
        assert!(!LANGUAGES.contains(&Language::Pseudo), "no page offers it");
    }

    #[test]
    fn languages_are_chosen_by_weight_then_place() {
        for (header, expected) in [
            ("", Language::English),
            ("fr, *;q=0.1", Language::English),
            ("hi-IN,en;q=0.8", Language::Hindi),
            ("en;q=0.5, zh-Hans-CN;q=0.9", Language::Chinese),
            ("zh;q=0, hi;q=x, en", Language::English),
            ("hi, zh", Language::Hindi),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn money_is_grouped_and_said_as_each_language_does() {
        for (language, minor, currency, decimals, shown, said) in [
            (
                Language::English,
                12_345_600,
                "INR",
                2,
                "\u{20b9}1,23,456.00",
                "one lakh twenty-three thousand four hundred fifty-six rupees",
            ),
            (Language::English, 101, "INR", 2, "\u{20b9}1.01", "one rupee one paisa"),
            (
                Language::Hindi,
                999_999_999,
                "INR",
                2,
                "\u{20b9}99,99,999.99",
                "निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे रुपये निन्यानवे पैसे",
            ),
            (
                Language::English,
                1_234_567,
                "CNY",
                2,
                "\u{a5}12,345.67",
                "twelve thousand three hundred forty-five yuan sixty-seven fen",
            ),
            (Language::Chinese, 1_234_567, "CNY", 2, "\u{a5}12,345.67", "一万二千三百四十五元六十七分"),
            (Language::English, 1_250, "JPY", 0, "\u{a5}1,250", "one thousand two hundred fifty yen"),
            (Language::Chinese, 0, "CNY", 2, "\u{a5}0.00", "零元"),
        ] {
            let written = language.money(minor, currency, decimals);
            assert_eq!(format!("{}{}{}", written.sign, written.whole, written.part), shown);
            assert_eq!(written.said, said);
            assert!(!written.minus);
        }
        let refund = Language::English.money(-1, "KWD", 3);
        assert_eq!((refund.minus, refund.whole.as_str(), refund.part.as_str()), (true, "0", ".001"));
    }
}
