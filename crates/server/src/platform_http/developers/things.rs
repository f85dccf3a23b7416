//! The things that calls show and change, each told in one place: what a request reads, what a change answers and what
//! `If-Match` is compared with are one text.

use super::call::{Answered, Call, Reply};
use super::table::{Answer, ROUTES, Route};
use super::{Api, merchants, payments, terminals, tokens, webhooks};
use crate::platform_http::problem::Trouble;
use ::tokens::records::{Token, TokenReference};
use acquiring::records::Terminal;
use acquiring::{Merchant, Reference, TerminalId};
use axum::http::{HeaderMap, HeaderValue, header};
use developers::change::{Words, tag};
use developers::{Change, Endpoint, Rendered, Seen, Thing, Unchanged};
use serde::Serialize;
use serde_json::Value;
use store::Store;
use values::{Id, Operation, Records, id::kinds};

/// One thing.
#[derive(Clone, Copy, Debug)]
pub(super) enum One {
    Merchant(Id<kinds::Merchant>),
    Terminal(TerminalId),
    /// A payment or a refund; its reference where it was not wanted by call.
    Payment(Id<kinds::Payment>, Option<Reference>),
    Token(TokenReference),
    Endpoint(Id<kinds::WebhookEndpoint>),
}

/// What stands in paths before the names of such things.
const NOUNS: &[&str] = &["merchants", "terminals", "payments", "refunds", "tokens", "webhook_endpoints"];

impl Thing for One {
    fn name(&self) -> String {
        match self {
            One::Merchant(id) => id.to_string(),
            One::Terminal(id) => id.to_string(),
            One::Payment(id, _) => id.to_string(),
            One::Token(id) => id.to_string(),
            One::Endpoint(id) => id.to_string(),
        }
    }

    fn told<W: Records>(&self, records: &mut W) -> Option<String> {
        Some(match self {
            One::Merchant(id) => {
                let merchant = records.find::<Merchant>(id)?;
                text(&merchants::view(records, &merchant))
            }
            One::Terminal(id) => {
                let terminal = records.find::<Terminal>(id)?;
                text(&terminals::view(records, &terminal))
            }
            One::Payment(id, reference) => text(&payments::told(records, *id, *reference)?),
            One::Token(reference) => text(&tokens::view(&records.find::<Token>(reference)?)),
            One::Endpoint(id) => {
                let endpoint = records.find::<Endpoint>(id)?;
                text(&webhooks::view(records, &endpoint))
            }
        })
    }
}

fn text(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("the interface's types are JSON")
}

impl One {
    /// The records that hold it.
    pub(super) fn store<'a>(&self, api: &'a Api) -> &'a Store {
        match self {
            One::Merchant(_) | One::Terminal(_) | One::Payment(..) => api.acquirer().store(),
            One::Token(_) => api.tokens().store(),
            One::Endpoint(_) => api.store(),
        }
    }

    /// How it stands now.
    pub(super) fn now(self, api: &Api) -> Result<String, Trouble> {
        let told = self.store(api).read(move |records| self.told(records))?;
        told.ok_or_else(Trouble::not_found)
    }
}

fn is_of_these(path: &str) -> bool {
    path.strip_prefix("/v1/").is_some_and(|rest| NOUNS.contains(&rest.split('/').next().unwrap_or_default()))
}

/// Whether a route changes one of these things, so that `If-Match` can be asked of it.
pub(super) fn changes_one(route: &Route) -> bool {
    route.body.changes() && route.path.contains('{') && is_of_these(route.path)
}

/// Whether a route answers with one of these things as it is retrieved, so that its answer carries a tag.
pub(super) fn tells_one(route: &Route) -> bool {
    let Answer::One(_, shape) = route.answer else { return false };
    let retrieved = |known: &Route| {
        known.method == "GET"
            && known.path.ends_with('}')
            && is_of_these(known.path)
            && matches!(known.answer, Answer::One(_, other) if other.name == shape.name)
    };
    is_of_these(route.path) && ROUTES.iter().any(retrieved)
}

/// The tag of what was told, as the header ETag has it.
pub(super) fn entity_tag(told: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{}\"", tag(told))).ok()
}

/// What the header If-Match says, if it is there (RFC 9110, 13.1.1).
pub(super) fn seen(headers: &HeaderMap) -> Result<Option<Seen>, Trouble> {
    let wrong = || {
        let detail = "Send the ETag of an earlier answer as it is, several with commas between them, or `*`.";
        Trouble::of("parameter_invalid", detail).at("If-Match")
    };
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let mut tags = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        let value = value.to_str().map_err(|_| wrong())?.trim();
        if value == "*" {
            return Ok(Some(Seen::Any));
        }
        // RFC 9110, 5.6.1.2: empty members of a list are passed over; a list without any fits nothing.
        for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            // A weak tag is compared with nothing: it may stand for another text.
            let weak = tag.starts_with("W/");
            let bare = tag.trim_start_matches("W/").strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let bare = bare.filter(|bare| !bare.contains('"')).ok_or_else(wrong)?;
            tags.push(if weak { String::new() } else { bare.to_owned() });
        }
    }
    Ok(Some(Seen::Tags(tags)))
}

/// The problem of a thing that is not any more as it was seen.
pub(super) fn stale() -> Trouble {
    Trouble::of("precondition_failed", "It has changed since you read it.")
}

impl<R: Into<Trouble>> From<Unchanged<R>> for Trouble {
    fn from(unchanged: Unchanged<R>) -> Trouble {
        match unchanged {
            Unchanged::Stale => stale(),
            Unchanged::Full => {
                Trouble::of("parameter_invalid", "There would be more than 50 names.").at("/metadata")
            }
            Unchanged::Refused(refusal) => refusal.into(),
        }
    }
}

impl Call {
    /// A thing as it stands, as the answer.
    pub(super) fn show(&self, thing: One) -> Result<Reply, Trouble> {
        let told = thing.store(&self.api).read_async(move |records| thing.told(records));
        Ok(Reply::later(async move {
            let body = told.await?.ok_or_else(Trouble::not_found)?;
            Ok(Answered::first(Rendered { status: 200, body }))
        }))
    }

    /// What the body has to be written onto a thing.
    pub(super) fn words(&self) -> Words {
        let words = self.body.get("metadata").and_then(Value::as_object).into_iter().flatten();
        words.map(|(name, word)| (name.clone(), word.as_str().map(str::to_owned))).collect()
    }

    /// Changes a thing, or makes it, once for this request: effect, what is written onto it, request key and answer are
    /// one commit, and `If-Match` is looked at in it. The answer is the thing as it then stands; of one that is gone,
    /// its name.
    pub(super) fn change<O: Operation>(&self, thing: One, inner: O, status: u16) -> Result<Reply, Trouble>
    where
        O::Refusal: Into<Trouble>,
    {
        let change = Change { thing, seen: self.seen().cloned(), words: self.words(), inner };
        let gone = serde_json::json!({"id": thing.name()}).to_string();
        self.once(thing.store(&self.api), change, move |told| Rendered {
            status,
            body: told.clone().unwrap_or_else(|| gone.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_read_to_the_letter() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, HeaderValue::from_static(value));
            }
            seen(&headers).map_err(|trouble| trouble.problem().param.clone().unwrap())
        };
        let tags = |tags: &[&str]| Ok(Some(Seen::Tags(tags.iter().map(|&tag| tag.to_owned()).collect())));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["*"]), Ok(Some(Seen::Any)));
        assert_eq!(read(&["\"a\", \"b\"", "\"c\""]), tags(&["a", "b", "c"]));
        assert_eq!(read(&["W/\"a\""]), tags(&[""]), "a weak tag fits nothing");
        assert_eq!(read(&[""]), tags(&[]));
        assert_eq!(read(&["\"a\",, "]), tags(&["a"]));
        for wrong in ["a", "\"a", "\"a\"b\"", "W/a"] {
            assert_eq!(read(&[wrong]), Err("If-Match".to_owned()), "{wrong}");
        }
    }
}
