//! What a payer approves: whom, how much, how often, on which days, until when.

use super::calendar::MOST_DEBITS;
use super::day::Day;
use crate::address::Address;
use crate::credential::Purpose;
use crate::link::{LinkError, LinkMaker, Request};
use crate::xml::Element;
use crypto::hash::sha256;
use serde::{Deserialize, Serialize};
use values::{Currency, Money};

/// How often a mandate may be debited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Once, on any of its days.
    OneTime,
    /// Once a day.
    Daily,
    /// Once a week, Monday to Sunday.
    Weekly,
    /// Once in each half of a month.
    Fortnightly,
    /// Once a month.
    Monthly,
    /// Once in two months.
    BiMonthly,
    /// Once in three months.
    Quarterly,
    /// Once in six months.
    HalfYearly,
    /// Once a year.
    Yearly,
    /// Whenever the payee presents it.
    AsPresented,
}

/// All of them with their names on the wire.
const PATTERNS: [(Pattern, &str); 10] = [
    (Pattern::OneTime, "ONETIME"),
    (Pattern::Daily, "DAILY"),
    (Pattern::Weekly, "WEEKLY"),
    (Pattern::Fortnightly, "FORTNIGHTLY"),
    (Pattern::Monthly, "MONTHLY"),
    (Pattern::BiMonthly, "BIMONTHLY"),
    (Pattern::Quarterly, "QUARTERLY"),
    (Pattern::HalfYearly, "HALFYEARLY"),
    (Pattern::Yearly, "YEARLY"),
    (Pattern::AsPresented, "ASPRESENTED"),
];

impl Pattern {
    /// Reads its name on the wire.
    pub fn parse(text: &str) -> Option<Pattern> {
        PATTERNS.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(pattern, _)| *pattern)
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        PATTERNS.iter().find(|(pattern, _)| *pattern == self).map_or("", |(_, name)| name)
    }

    /// The days that a rule may name: of the week, of half a month, of a month; `None` where there is no rule.
    fn days(self) -> Option<u8> {
        match self {
            Pattern::OneTime | Pattern::Daily | Pattern::AsPresented => None,
            Pattern::Weekly => Some(7),
            Pattern::Fortnightly => Some(16),
            _ => Some(31),
        }
    }
}

/// Which days of a period around the named one are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayRule {
    /// It and those before it.
    Before,
    /// It alone.
    On,
    /// It and those after it.
    After,
}

impl DayRule {
    /// Reads its name on the wire.
    pub fn parse(text: &str) -> Option<DayRule> {
        let all = [DayRule::Before, DayRule::On, DayRule::After];
        all.into_iter().find(|rule| rule.as_str().eq_ignore_ascii_case(text))
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            DayRule::Before => "BEFORE",
            DayRule::On => "ON",
            DayRule::After => "AFTER",
        }
    }
}

/// How often, and on which days of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// How often.
    pub pattern: Pattern,
    /// The day, counted from 1, and which days around it; every day of the period if there is none.
    pub rule: Option<(u8, DayRule)>,
}

/// How the amount of a debit is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountRule {
    /// At most the amount.
    Max,
    /// The amount and no other.
    Exact,
}

impl AmountRule {
    /// Reads its name on the wire.
    pub fn parse(text: &str) -> Option<AmountRule> {
        let all = [AmountRule::Max, AmountRule::Exact];
        all.into_iter().find(|rule| rule.as_str().eq_ignore_ascii_case(text))
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            AmountRule::Max => "MAX",
            AmountRule::Exact => "EXACT",
        }
    }
}

/// The terms of a mandate. They never change: who wants others makes another mandate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it is for.
    pub name: String,
    /// Who is paid, lower case.
    pub payee: String,
    /// The payee's merchant category.
    pub category: String,
    /// Paise of one debit: all of them, or at most so many.
    pub paise: u64,
    /// Which of the two.
    pub amount_rule: AmountRule,
    /// How often and when.
    pub recurrence: Recurrence,
    /// Its first day.
    pub starts: Day,
    /// Its last day.
    pub ends: Day,
    /// Whether the payer may take it back.
    pub revocable: bool,
    /// Whether the amount is blocked in the payer's account until it is debited: for one debit only.
    pub blocks: bool,
}

/// Why terms are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It has no name, too long a one, or one with what is not written.
    #[error("a mandate has a name of 1 to 50 characters")]
    Name,
    /// The payee is no merchant's address.
    #[error("a mandate pays a merchant's address")]
    Payee,
    /// Nothing, or more than amounts may be.
    #[error("an amount is above zero")]
    Amount,
    /// It ends before it begins, begins before today or lasts too long.
    #[error("a mandate begins today or later and lasts at most thirty years")]
    Validity,
    /// The rule names no day of such a period.
    #[error("the day is not one of this pattern's periods")]
    Rule,
    /// No debit would ever be due.
    #[error("no debit is due between its first and its last day")]
    NoDebit,
    /// More debits than can be numbered.
    #[error("a mandate has at most 999 debits")]
    TooMany,
    /// Only what is debited once can be blocked.
    #[error("only a mandate for one debit blocks its amount")]
    Blocks,
}

/// The longest a mandate lasts, days.
const LONGEST_DAYS: i32 = 30 * 366;

impl Terms {
    /// Whether they can be approved on a day.
    pub fn check(&self, today: Day) -> Result<(), Unusable> {
        let is_name = (1..=50).contains(&self.name.chars().count())
            && !self.name.chars().any(char::is_control)
            && self.name.trim() == self.name;
        let is_category = self.category.len() == 4
            && self.category.bytes().all(|byte| byte.is_ascii_digit())
            && self.category != "0000";
        let is_address =
            Address::parse(&self.payee).is_ok_and(|address| address.to_lower() == self.payee.as_str());
        if !is_name {
            return Err(Unusable::Name);
        }
        if !is_category || !is_address {
            return Err(Unusable::Payee);
        }
        if self.paise == 0 || Money::new(self.paise, Currency::INR).is_err() {
            return Err(Unusable::Amount);
        }
        let days = self.ends.since(self.starts);
        if !(0..=LONGEST_DAYS).contains(&days) || self.starts < today {
            return Err(Unusable::Validity);
        }
        let Recurrence { pattern, rule } = self.recurrence;
        let fits = |(day, _): (u8, DayRule)| pattern.days().is_some_and(|most| (1..=most).contains(&day));
        if !rule.is_none_or(fits) {
            return Err(Unusable::Rule);
        }
        if self.blocks && (pattern != Pattern::OneTime || self.amount_rule != AmountRule::Exact) {
            return Err(Unusable::Blocks);
        }
        // What may be presented at any time is numbered as it comes.
        let last = self.sequence_of(self.ends).unwrap_or(MOST_DEBITS + 1);
        if last > MOST_DEBITS && pattern != Pattern::AsPresented {
            return Err(Unusable::TooMany);
        }
        self.next_due(self.starts).map(|_| ()).ok_or(Unusable::NoDebit)
    }

    /// The amount of one debit, or the most of it.
    pub fn amount(&self) -> Money {
        Money::new(self.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
    }

    /// What stands for all of them: another term gives another text.
    pub fn fingerprint(&self) -> String {
        let document = serde_json::to_vec(self).expect("texts and numbers are JSON");
        hex(&sha256(&document))
    }

    /// What a PIN is typed for that approves them, or lets them be debited again: they are in it as a whole.
    pub fn purpose(&self, transaction: &str) -> Purpose {
        let payee = format!("{} {}", self.payee, self.fingerprint());
        Purpose { transaction: transaction.to_owned(), paise: self.paise, payee }
    }

    /// `Mandate`, with its number if it has one.
    pub fn element(&self, number: Option<&str>) -> Element {
        let yes = |answer: bool| if answer { "Y" } else { "N" };
        let mandate = Element::new("Mandate")
            .with("name", &self.name)
            .with("revokeable", yes(self.revocable))
            .with("shareToPayee", "Y")
            .with("blockFund", yes(self.blocks));
        let mandate = number.into_iter().fold(mandate, |mandate, number| mandate.with("umn", number));
        let validity =
            Element::new("Validity").with("start", &self.starts.to_wire()).with("end", &self.ends.to_wire());
        let amount = Element::new("Amount")
            .with("value", &self.amount().to_decimal())
            .with("rule", self.amount_rule.as_str());
        let recurrence = Element::new("Recurrence").with("pattern", self.recurrence.pattern.as_str());
        let rule = self.recurrence.rule.map(|(day, rule)| {
            Element::new("Rule").with("value", &day.to_string()).with("type", rule.as_str())
        });
        let recurrence = rule.into_iter().fold(recurrence, Element::with_child);
        mandate.with_child(validity).with_child(amount).with_child(recurrence)
    }

    /// Reads `Mandate`; who is paid stands beside it.
    pub fn read(mandate: &Element, payee: &Address, category: &str) -> Option<Terms> {
        let yes = |name: &str| mandate.attribute(name) == Some("Y");
        let (validity, amount) = (mandate.child("Validity")?, mandate.child("Amount")?);
        let recurrence = mandate.child("Recurrence")?;
        let rule = match recurrence.child("Rule") {
            Some(rule) => {
                let day = rule.attribute("value")?.parse().ok()?;
                Some((day, DayRule::parse(rule.attribute("type").unwrap_or("ON"))?))
            }
            None => None,
        };
        let paise = Money::parse(amount.attribute("value")?, Currency::INR).ok()?.minor();
        Some(Terms {
            name: mandate.attribute("name")?.to_owned(),
            payee: payee.to_lower(),
            category: category.to_owned(),
            paise,
            amount_rule: AmountRule::parse(amount.attribute("rule")?)?,
            recurrence: Recurrence { pattern: Pattern::parse(recurrence.attribute("pattern")?)?, rule },
            starts: Day::parse_wire(validity.attribute("start")?)?,
            ends: Day::parse_wire(validity.attribute("end")?)?,
            // Who says nothing of it may be left.
            revocable: mandate.attribute("revokeable") != Some("N"),
            blocks: yes("blockFund"),
        })
    }

    /// What a link to make a mandate asks for; the category is what the payee's provider told. `None` if the link leaves
    /// something out that has to be approved.
    pub fn asked_by(request: &Request, category: &str) -> Option<Terms> {
        let asked = request.mandate.as_ref()?;
        let creates = asked.action.as_deref().is_none_or(|action| action == "CREATE");
        let amount = request.amount.filter(|_| creates && asked.shared != Some(false))?;
        let pattern = Pattern::parse(asked.recurrence.as_deref().unwrap_or("ONETIME"))?;
        let rule = asked.recurrence_rule.as_deref().map_or(Some(DayRule::On), DayRule::parse)?;
        let name = asked.name.clone().or(request.note.clone()).or(request.name.clone())?;
        Some(Terms {
            name: name.chars().take(50).collect::<String>().trim().to_owned(),
            payee: request.payee.to_lower(),
            category: category.to_owned(),
            paise: amount.minor(),
            amount_rule: AmountRule::parse(asked.amount_rule.as_deref().unwrap_or("MAX"))?,
            recurrence: Recurrence { pattern, rule: asked.recurrence_day.map(|day| (day, rule)) },
            starts: Day::of(asked.starts?),
            ends: Day::of(asked.ends?),
            revocable: asked.revocable.unwrap_or(true),
            blocks: asked.blocked.unwrap_or(false),
        })
    }

    /// The link that asks for it.
    pub fn link(&self, payee_name: &str) -> Result<crate::link::Link, LinkError> {
        let yes = |answer: bool| if answer { "Y" } else { "N" };
        let link = LinkMaker::mandate()
            .with("ver", "01")
            .with("mode", "04")
            .with("purpose", "14")
            .with("txnType", "CREATE")
            .with("pa", &self.payee)
            .with("pn", payee_name)
            .with("mc", &self.category)
            .with("mn", &self.name)
            .with("am", &self.amount().to_decimal())
            .with("amrule", self.amount_rule.as_str())
            .with("recur", self.recurrence.pattern.as_str());
        let link = match self.recurrence.rule {
            Some((day, rule)) => link.with("recurvalue", &day.to_string()).with("recurtype", rule.as_str()),
            None => link,
        };
        link.with("validitystart", &self.starts.to_wire())
            .with("validityend", &self.ends.to_wire())
            .with("rev", yes(self.revocable))
            .with("share", "Y")
            .with("block", yes(self.blocks))
            .with("cu", "INR")
            .finish()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::link::Link;

    pub(crate) fn gym() -> Terms {
        Terms {
            name: "Membership".to_owned(),
            payee: "gym@paiza".to_owned(),
            category: "7997".to_owned(),
            paise: 120_000,
            amount_rule: AmountRule::Max,
            recurrence: Recurrence { pattern: Pattern::Monthly, rule: Some((5, DayRule::On)) },
            starts: Day::parse("2027-01-01").unwrap(),
            ends: Day::parse("2027-12-31").unwrap(),
            revocable: true,
            blocks: false,
        }
    }

    pub(crate) fn terms(pattern: Pattern, rule: Option<(u8, DayRule)>, starts: &str, ends: &str) -> Terms {
        let (starts, ends) = (Day::parse(starts).unwrap(), Day::parse(ends).unwrap());
        Terms { recurrence: Recurrence { pattern, rule }, starts, ends, ..gym() }
    }

    #[test]
    fn what_is_written_is_read() {
        let once = terms(Pattern::OneTime, None, "2027-01-01", "2027-01-31");
        let once = Terms { blocks: true, revocable: false, amount_rule: AmountRule::Exact, ..once };
        for terms in [gym(), once] {
            let payee = Address::parse("gym@paiza").unwrap();
            let number = "0123456789abcdef0123456789abcdef@paiza";
            let element = terms.element(Some(number));
            assert_eq!(element.attribute("umn"), Some(number));
            assert_eq!(Terms::read(&element, &payee, "7997"), Some(terms.clone()));
            let link = terms.link("Gym").unwrap();
            let again = Link::parse(link.text()).unwrap();
            assert_eq!(Terms::asked_by(&again.request, "7997"), Some(terms));
        }
    }

    #[test]
    fn the_published_link_is_understood() {
        let text = "upi://mandate?ver=01&mode=04&purpose=14&txnType=CREATE&pa=gym@paiza&pn=Gym&mn=Membership&am=1200.00&amrule=MAX&recur=MONTHLY&recurvalue=5&recurtype=ON&validitystart=01012027&validityend=31122027&rev=Y&share=Y&block=N&cu=INR&tr=GYM77";
        assert_eq!(Terms::asked_by(&Link::parse(text).unwrap().request, "7997"), Some(gym()));
        // Whom nobody tells of it cannot debit it.
        let kept = text.replace("share=Y", "share=N");
        assert_eq!(Terms::asked_by(&Link::parse(&kept).unwrap().request, "7997"), None);
        let revoke = text.replace("txnType=CREATE", "txnType=REVOKE");
        assert_eq!(Terms::asked_by(&Link::parse(&revoke).unwrap().request, "7997"), None);
    }

    #[test]
    fn terms_that_nobody_could_keep_are_refused() {
        let today = Day::parse("2027-01-01").unwrap();
        assert_eq!(gym().check(today), Ok(()));
        let changed = |change: fn(&mut Terms)| {
            let mut terms = gym();
            change(&mut terms);
            terms.check(today)
        };
        assert_eq!(changed(|terms| terms.name.clear()), Err(Unusable::Name));
        assert_eq!(changed(|terms| terms.name.push('\n')), Err(Unusable::Name));
        assert_eq!(changed(|terms| terms.category = "0000".to_owned()), Err(Unusable::Payee));
        assert_eq!(changed(|terms| terms.payee = "Gym@paiza".to_owned()), Err(Unusable::Payee));
        assert_eq!(changed(|terms| terms.paise = 0), Err(Unusable::Amount));
        assert_eq!(changed(|terms| terms.ends = terms.starts.plus(-1)), Err(Unusable::Validity));
        assert_eq!(changed(|terms| terms.starts = terms.starts.plus(-1)), Err(Unusable::Validity));
        assert_eq!(changed(|terms| terms.recurrence.rule = Some((32, DayRule::On))), Err(Unusable::Rule));
        assert_eq!(changed(|terms| terms.ends = terms.starts.plus(2)), Err(Unusable::NoDebit));
        assert_eq!(
            changed(|terms| {
                terms.recurrence = Recurrence { pattern: Pattern::Daily, rule: None };
                terms.ends = terms.starts.plus(999);
            }),
            Err(Unusable::TooMany)
        );
        assert_eq!(changed(|terms| terms.blocks = true), Err(Unusable::Blocks));
    }

    #[test]
    fn another_term_is_another_purpose() {
        let all = [
            gym(),
            Terms { paise: 120_001, ..gym() },
            Terms { ends: gym().ends.plus(1), ..gym() },
            Terms { amount_rule: AmountRule::Exact, ..gym() },
            Terms { name: "membership".to_owned(), ..gym() },
            terms(Pattern::Monthly, Some((5, DayRule::After)), "2027-01-01", "2027-12-31"),
        ];
        let purposes: Vec<_> = all.iter().map(|terms| terms.purpose("PZA1")).collect();
        assert!((1..purposes.len()).all(|n| !purposes[..n].contains(&purposes[n])));
    }
}
