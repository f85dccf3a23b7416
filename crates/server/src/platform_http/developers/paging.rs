//! Lists, a page at a time. A cursor says after which thing a page begins, not how many were seen before it, so what is
//! added meanwhile neither repeats nor hides anything.

use super::call::{Call, Reply};
use super::query::Filter;
use super::shape::{Field, Kind};
use crate::platform_http::problem::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::hash::HmacKey;
use serde::Serialize;
use std::collections::HashSet;
use store::rooms::developers::{lists::List, questions};
use store::{Store, StoreError, Value, Workspace};

const LIMIT_DEFAULT: usize = 20;
/// Bytes of the tag before the name in a cursor.
const TAG: usize = 12;

/// The most characters of a cursor.
const CURSOR_MOST: usize = 200;

/// The parameters of every list.
pub(super) const LIMIT: Field = Field::optional(
    "limit",
    Kind::Whole { least: 1, most: 100 },
    "How many at most; 20 unless said otherwise.",
);
/// Further in the list.
pub(super) const AFTER: Field = Field::optional(
    "starting_after",
    Kind::Text { least: 1, most: CURSOR_MOST },
    "The `next_cursor` of an earlier page.",
);
/// Back in the list.
pub(super) const BEFORE: Field = Field::optional(
    "ending_before",
    Kind::Text { least: 1, most: CURSOR_MOST },
    "The `previous_cursor` of an earlier page.",
);

/// More about the list.
pub(super) const INCLUDE: Field = Field::optional(
    "include",
    Kind::Word(&["total"]),
    "`total` counts what the filters leave, on all pages together. It takes longer.",
);

/// What of a list is wanted, newest first.
pub(super) struct Window {
    /// How many.
    pub(super) limit: usize,
    /// The name from which to go on, in the direction; none from the end of the list.
    pub(super) from: Option<String>,
    /// Towards the newer ones.
    pub(super) back: bool,
    /// Whether all are to be counted.
    pub(super) counted: bool,
    list: String,
}

/// A page as it is answered.
#[derive(Serialize)]
pub(super) struct Page<T> {
    data: Vec<T>,
    has_more: bool,
    next_cursor: Option<String>,
    previous_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

impl Window {
    pub(super) fn of(call: &Call, operation: &str) -> Result<Window, Trouble> {
        let limit = call.parameter("limit").and_then(serde_json::Value::as_u64);
        let list = format!("{operation}\0{}", call.tenant());
        let key = call.api.tokens().keys().codes();
        let open = |name: &'static str| {
            let opened = call.parameter_text(name).map(|text| open(key, &list, text).ok_or(name));
            opened.transpose().map_err(|name| {
                Trouble::of("cursor_invalid", "This cursor was not given out by this list.").at(name)
            })
        };
        let (after, before) = (open("starting_after")?, open("ending_before")?);
        if after.is_some() && before.is_some() {
            let detail = "Go on or go back, not both.";
            return Err(Trouble::of("parameter_invalid", detail).at("ending_before"));
        }
        Ok(Window {
            limit: limit.map_or(LIMIT_DEFAULT, |limit| limit as usize),
            back: before.is_some(),
            counted: call.parameter_text("include") == Some("total"),
            from: after.or(before),
            list,
        })
    }

    /// What of all these, which lie in memory, is on the page: newest first. One more than the limit, if there is.
    fn choose<R>(&self, mut all: Vec<(String, R)>) -> Vec<(String, R)> {
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        match (&self.from, self.back) {
            (Some(from), true) => all.retain(|(name, _)| name > from),
            (Some(from), false) => all.retain(|(name, _)| name < from),
            (None, _) => {}
        }
        if !self.back {
            all.reverse();
        }
        all.truncate(self.limit + 1);
        all
    }

    /// The answer: `found` lies in the direction of the window and holds one more than the limit where there is more.
    pub(super) fn page<T: Serialize>(
        &self,
        call: &Call,
        mut found: Vec<(String, T)>,
        total: Option<u64>,
    ) -> Reply {
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        if self.back {
            found.reverse();
        }
        let key = call.api.tokens().keys().codes();
        let cursor = |named: Option<&(String, T)>| named.map(|(name, _)| seal(key, &self.list, name));
        let (more_after, more_before) =
            if self.back { (true, has_more) } else { (has_more, self.from.is_some()) };
        let next_cursor = cursor(found.last().filter(|_| more_after));
        let previous_cursor = cursor(found.first().filter(|_| more_before));
        let data = found.into_iter().map(|(_, item)| item).collect();
        Reply::ok(&Page {
            data,
            has_more: if self.back { more_after } else { has_more },
            next_cursor,
            previous_cursor,
            total,
        })
    }

    /// How many a list in tables holds, if that was asked.
    pub(super) fn total_of(&self, store: &Store, list: &List) -> Result<Option<u64>, StoreError> {
        if !self.counted {
            return Ok(None);
        }
        let (sql, parameters) = list.total();
        let rows = store.rows(&sql, &parameters)?.rows;
        Ok(rows.first().and_then(|row| match row.first() {
            Some(Value::Integer(count)) => u64::try_from(*count).ok(),
            _ => None,
        }))
    }
}

/// A list of things that lie in memory.
pub(super) struct InMemory<R> {
    /// All that the caller may see.
    pub(super) all: Vec<R>,
    /// A thing's name, by which they are ordered.
    pub(super) name: fn(&R) -> String,
    /// What a member of a thing says, for those by which the list is filtered.
    pub(super) member: fn(&R, &str) -> Option<String>,
}

impl<R: Send + 'static> InMemory<R> {
    /// The page that was asked for.
    pub(super) fn answer<V: Serialize + Send + 'static>(
        self,
        call: &Call,
        store: &Store,
        view: impl Fn(&mut Workspace<'_>, &R) -> V + Send + 'static,
    ) -> Result<Reply, Trouble> {
        let (window, filter) = (call.window()?, Filter::of(call));
        let InMemory { all, name, member } = self;
        let wanted = all.into_iter().filter(|thing| filter.wants(|asked| member(thing, asked)));
        let mut wanted: Vec<(String, R)> = wanted.map(|thing| (name(&thing), thing)).collect();
        for (word, value) in &filter.words {
            let parameters = [Value::Text(word.clone()), Value::Text(value.clone())];
            let rows = store.rows(questions::WITH_WORD, &parameters)?.rows;
            let with: HashSet<&str> = rows.iter().filter_map(|row| row.first()?.as_text()).collect();
            wanted.retain(|(name, _)| with.contains(name.as_str()));
        }
        let total = window.counted.then_some(wanted.len() as u64);
        let chosen = window.choose(wanted);
        let views = store.read(move |records| {
            chosen.into_iter().map(|(name, thing)| (name, view(records, &thing))).collect::<Vec<_>>()
        })?;
        Ok(window.page(call, views, total))
    }
}

fn tag(key: &HmacKey, list: &str, name: &str) -> [u8; TAG] {
    let whole = key.tag(&[b"cursor\0", list.as_bytes(), b"\0", name.as_bytes()].concat());
    *whole.first_chunk().expect("a tag has 32 bytes")
}

fn seal(key: &HmacKey, list: &str, name: &str) -> String {
    URL_SAFE_NO_PAD.encode([&tag(key, list, name), name.as_bytes()].concat())
}

fn open(key: &HmacKey, list: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (claimed, name) = bytes.split_first_chunk::<TAG>()?;
    let name = str::from_utf8(name).ok()?;
    values::secret::constant_time_eq(claimed, &tag(key, list, name)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_where_it_was_given_out() {
        let key = HmacKey::new(&[7; 32]);
        let cursor = seal(&key, "list", "pay_1");
        assert_eq!(open(&key, "list", &cursor).as_deref(), Some("pay_1"));
        assert_eq!(open(&key, "list of another", &cursor), None);
        assert_eq!(open(&HmacKey::new(&[8; 32]), "list", &cursor), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(open(&key, "list", &URL_SAFE_NO_PAD.encode(bytes)), None);
        assert_eq!(open(&key, "list", ""), None);
    }
}
