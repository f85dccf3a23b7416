//! Whole numbers in words, for whoever hears a screen read: how money is said, not how it is written.
//!
//! Hindi counts in thousands, lakhs and crores whatever the currency; English does so for rupees alone; Chinese counts in
//! ten thousands.

use super::words::Language;

/// A number in the words of a language; `indian` counts in lakhs and crores where the language has both ways.
pub(super) fn spelt(language: Language, number: u64, indian: bool) -> String {
    match language {
        Language::English | Language::Pseudo if indian => {
            groups(number, &ENGLISH_INDIAN, below_hundred_english, " ")
        }
        Language::English | Language::Pseudo => groups(number, &ENGLISH, below_hundred_english, " "),
        Language::Hindi => groups(number, &HINDI, |below| HINDI_BELOW_HUNDRED[below].to_owned(), " "),
        Language::Chinese => chinese(number),
    }
}

/// Groups by their size, the largest first, down to hundreds.
type Groups = [(u64, &'static str)];

const ENGLISH: [(u64, &str); 5] = [
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
    (100, "hundred"),
];
const ENGLISH_INDIAN: [(u64, &str); 4] =
    [(10_000_000, "crore"), (100_000, "lakh"), (1_000, "thousand"), (100, "hundred")];
const HINDI: [(u64, &str); 4] = [(10_000_000, "करोड़"), (100_000, "लाख"), (1_000, "हज़ार"), (100, "सौ")];

fn groups(number: u64, sizes: &Groups, below_hundred: fn(usize) -> String, between: &str) -> String {
    let found = sizes.iter().find(|(size, _)| number >= *size);
    let Some((size, name)) = found else { return below_hundred(number as usize) };
    // How many there are may have groups of its own: one thousand crore.
    let count = groups(number / size, sizes, below_hundred, between);
    match number % size {
        0 => format!("{count}{between}{name}"),
        rest => format!("{count}{between}{name}{between}{}", groups(rest, sizes, below_hundred, between)),
    }
}

const BELOW_TWENTY: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn below_hundred_english(number: usize) -> String {
    match (number, number % 10) {
        (..20, _) => BELOW_TWENTY[number].to_owned(),
        (_, 0) => TENS[number / 10].to_owned(),
        (_, unit) => format!("{}-{}", TENS[number / 10], BELOW_TWENTY[unit]),
    }
}

/// Every one of them has a word of its own.
#[rustfmt::skip]
const HINDI_BELOW_HUNDRED: [&str; 100] = [
    "शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ",
    "दस", "ग्यारह", "बारह", "तेरह", "चौदह", "पंद्रह", "सोलह", "सत्रह", "अठारह", "उन्नीस",
    "बीस", "इक्कीस", "बाईस", "तेईस", "चौबीस", "पच्चीस", "छब्बीस", "सत्ताईस", "अट्ठाईस", "उनतीस",
    "तीस", "इकतीस", "बत्तीस", "तैंतीस", "चौंतीस", "पैंतीस", "छत्तीस", "सैंतीस", "अड़तीस", "उनतालीस",
    "चालीस", "इकतालीस", "बयालीस", "तैंतालीस", "चौवालीस", "पैंतालीस", "छियालीस", "सैंतालीस", "अड़तालीस", "उनचास",
    "पचास", "इक्यावन", "बावन", "तिरपन", "चौवन", "पचपन", "छप्पन", "सत्तावन", "अट्ठावन", "उनसठ",
    "साठ", "इकसठ", "बासठ", "तिरसठ", "चौंसठ", "पैंसठ", "छियासठ", "सड़सठ", "अड़सठ", "उनहत्तर",
    "सत्तर", "इकहत्तर", "बहत्तर", "तिहत्तर", "चौहत्तर", "पचहत्तर", "छिहत्तर", "सतहत्तर", "अठहत्तर", "उन्यासी",
    "अस्सी", "इक्यासी", "बयासी", "तिरासी", "चौरासी", "पचासी", "छियासी", "सत्तासी", "अट्ठासी", "नवासी",
    "नब्बे", "इक्यानवे", "बानवे", "तिरानवे", "चौरानवे", "पंचानवे", "छियानवे", "सत्तानवे", "अट्ठानवे", "निन्यानवे",
];

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const TEN_THOUSANDS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];

fn chinese(number: u64) -> String {
    if number == 0 {
        return DIGITS[0].to_owned();
    }
    let mut text = String::new();
    let mut gap = false;
    for place in (0..TEN_THOUSANDS.len()).rev() {
        let group = (number / 10_000u64.pow(place as u32) % 10_000) as usize;
        if group == 0 {
            gap = !text.is_empty();
            continue;
        }
        // A gap is said once: where a group does not fill its thousands, or the one before it is empty.
        if !text.is_empty() && (gap || group < 1_000) {
            text += DIGITS[0];
        }
        gap = false;
        text += &below_ten_thousand(group);
        text += TEN_THOUSANDS[place];
    }
    // Ten is said without its one where it comes first.
    match text.strip_prefix("一十") {
        Some(rest) => format!("十{rest}"),
        None => text,
    }
}

fn below_ten_thousand(group: usize) -> String {
    let mut text = String::new();
    let mut gap = false;
    for (size, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        match group / size % 10 {
            0 => gap = !text.is_empty(),
            digit => {
                if gap {
                    text += DIGITS[0];
                }
                gap = false;
                text += DIGITS[digit];
                text += name;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_each_language_does() {
        for (number, english, indian, hindi, chinese) in [
            (0, "zero", "zero", "शून्य", "零"),
            (5, "five", "five", "पाँच", "五"),
            (15, "fifteen", "fifteen", "पंद्रह", "十五"),
            (20, "twenty", "twenty", "बीस", "二十"),
            (99, "ninety-nine", "ninety-nine", "निन्यानवे", "九十九"),
            (110, "one hundred ten", "one hundred ten", "एक सौ दस", "一百一十"),
            (1_050, "one thousand fifty", "one thousand fifty", "एक हज़ार पचास", "一千零五十"),
            (10_001, "ten thousand one", "ten thousand one", "दस हज़ार एक", "一万零一"),
            (
                123_456,
                "one hundred twenty-three thousand four hundred fifty-six",
                "one lakh twenty-three thousand four hundred fifty-six",
                "एक लाख तेईस हज़ार चार सौ छप्पन",
                "十二万三千四百五十六",
            ),
            (
                100_001_000,
                "one hundred million one thousand",
                "ten crore one thousand",
                "दस करोड़ एक हज़ार",
                "一亿零一千",
            ),
            (1_000_000, "one million", "ten lakh", "दस लाख", "一百万"),
            (
                10_200_000,
                "ten million two hundred thousand",
                "one crore two lakh",
                "एक करोड़ दो लाख",
                "一千零二十万",
            ),
            (
                100_010_000,
                "one hundred million ten thousand",
                "ten crore ten thousand",
                "दस करोड़ दस हज़ार",
                "一亿零一万",
            ),
            (50_000_000_000, "fifty billion", "five thousand crore", "पाँच हज़ार करोड़", "五百亿"),
        ] {
            assert_eq!(spelt(Language::English, number, false), english);
            assert_eq!(spelt(Language::English, number, true), indian);
            assert_eq!(spelt(Language::Hindi, number, false), hindi);
            assert_eq!(spelt(Language::Chinese, number, false), chinese);
        }
    }

    #[test]
    fn every_number_is_said() {
        for number in [u64::MAX, 10_000_000_000_000_000, 1_000_000_000_001] {
            for language in [Language::English, Language::Hindi, Language::Chinese] {
                assert!(!spelt(language, number, true).is_empty());
            }
        }
        let mut words = HINDI_BELOW_HUNDRED.to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 100, "no word stands for two numbers");
    }
}
