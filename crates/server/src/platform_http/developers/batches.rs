//! Many changes in one request: each item is what a request of its own would be, with its own request key and its own
//! answer. No item knows of the others, so none is undone because another is refused.

use super::Api;
use super::call::{Answered, Call, Reply, carry_out, may};
use super::shape::{Field, Form, Kind, Shape};
use super::table::{ROUTES, Route};
use crate::platform_http::problem::Trouble;
use crate::platform_http::requests::RequestName;
use axum::body::to_bytes;
use axum::http::{Request, header};
use axum::response::{IntoResponse, Response};
use developers::{ApiKey, Rendered};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use values::Timestamp;

pub(super) static NEW_BATCH: Shape = Shape {
    name: "NewBatch",
    says: "Changes to be made in one request.",
    fields: &[Field::required(
        "items",
        Kind::Objects { of: &ITEM, most: 1000 },
        "What is to be done, 1 to 1,000 items. They are carried out side by side, so none can rely on another.",
    )],
};

static ITEM: Shape = Shape {
    name: "BatchItem",
    says: "What a request of its own would be.",
    fields: &[
        Field::required("method", Kind::Word(&["POST", "PATCH"]), "The method of the operation."),
        Field::required("path", Kind::Form(&PATH), "The address of the operation, without a query."),
        Field::required(
            "idempotency_key",
            Kind::Form(&REQUEST_KEY),
            "The item's own request key. The same request by itself under this key is the same request.",
        ),
        Field::optional("if_match", Kind::Form(&TAG), "What the header If-Match would say."),
        Field::optional("body", Kind::Json, "The body of the operation, where it has one."),
    ],
};

pub(super) static BATCH: Shape = Shape {
    name: "Batch",
    says: "What became of the items of a batch.",
    fields: &[Field::required(
        "items",
        Kind::Objects { of: &RESULT, most: 1000 },
        "In the order of the items.",
    )],
};

static RESULT: Shape = Shape {
    name: "BatchResult",
    says: "What a request of its own would have been answered.",
    fields: &[
        Field::required("status", Kind::Whole { least: 200, most: 599 }, "The status."),
        Field::required("replayed", Kind::Flag, "Whether the item was carried out before under its key."),
        Field::required("body", Kind::Json, "The body: the thing, or the problem."),
    ],
};

static PATH: Form = Form {
    word: "path",
    expected: "a path of the interface without a query, such as /v1/payments",
    schema: || json!({"type": "string", "maxLength": 200, "pattern": "^/v1/[!\"$-;=@-~]+$"}),
    // No question mark, no number sign, nothing that no address holds.
    holds: |text| {
        text.len() <= 200
            && text.strip_prefix("/v1/").is_some_and(|rest| {
                !rest.is_empty()
                    && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#?<>".contains(&byte))
            })
    },
};

static REQUEST_KEY: Form = Form {
    word: "request key",
    expected: "1 to 255 printable characters, with no space at either end",
    schema: || json!({"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"}),
    holds: |text| {
        (1..=255).contains(&text.len())
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            && !text.starts_with(' ')
            && !text.ends_with(' ')
    },
};

static TAG: Form = Form {
    word: "tag",
    expected: "an ETag as an answer had it, with its quotation marks, or `*`",
    schema: || json!({"type": "string", "maxLength": 66, "pattern": "^(\\*|\"[!#-~]{1,64}\")$"}),
    holds: |text| {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
        text == "*" || bare.is_some_and(|bare| (1..=64).contains(&bare.len()) && bare.bytes().all(plain))
    },
};

/// Items that are under way at one time.
const AT_ONCE: usize = 32;
/// How long an item waits until the key may ask for it, from the beginning of the batch.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most of an answer that is read: none of a single thing has more.
const ANSWER_MOST: usize = 1 << 20;

/// An item as it was sent.
struct Item {
    method: String,
    path: String,
    key: String,
    seen: Option<String>,
    body: Option<Value>,
}

impl Item {
    fn read(item: &Value) -> Item {
        let text = |name: &str| item[name].as_str().map(str::to_owned);
        Item {
            method: text("method").unwrap_or_default(),
            path: text("path").unwrap_or_default(),
            key: text("idempotency_key").unwrap_or_default(),
            seen: text("if_match"),
            body: item.get("body").cloned(),
        }
    }

    /// The operation it names, with what its path names. One that changes nothing, and a batch, is none.
    fn route(&self) -> Option<(&'static Route, Vec<String>)> {
        let of = |route: &'static Route| {
            let keyed = route.method == self.method && route.body.changes();
            keyed.then(|| names(route.path, &self.path)).flatten().map(|names| (route, names))
        };
        // Where a word and a name fit, the word is meant.
        ROUTES.iter().filter_map(of).min_by_key(|(_, names)| names.len())
    }
}

/// What stands in a path for the names of a pattern, if it fits.
fn names(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut names = Vec::new();
    for (wanted, part) in pattern.into_iter().zip(path) {
        match wanted.starts_with('{') {
            true if !part.is_empty() => names.push(part.to_owned()),
            false if wanted == part => {}
            _ => return None,
        }
    }
    Some(names)
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let items: Vec<Item> = call.body["items"].as_array().into_iter().flatten().map(Item::read).collect();
    let (api, key) = (call.api.clone(), Arc::clone(&call.key));
    let until = api.alarm().now().after(PATIENCE);
    let request = call.request;
    Ok(Reply::later(async move {
        let answers = items.into_iter().map(|item| {
            let (api, key) = (api.clone(), Arc::clone(&key));
            async move {
                let answer = match in_turn(&api, &key.digest, until).await {
                    Ok(()) => asked(&api, &key, item, &request).await,
                    Err(trouble) => Err(trouble),
                };
                told(answer.unwrap_or_else(|trouble| trouble.about(&request).into_response())).await
            }
        });
        let told: Vec<String> = futures_util::stream::iter(answers).buffered(AT_ONCE).collect().await;
        let body = format!("{{\"items\":[{}]}}", told.join(","));
        Ok(Answered::first(Rendered { status: 200, body }))
    }))
}

/// Returns when the key may ask for one thing more: a batch is no way around its rate.
async fn in_turn(api: &Api, key: &str, until: Timestamp) -> Result<(), Trouble> {
    loop {
        let now = api.alarm().now();
        let Err(wait) = api.0.buckets.take(key, now) else { return Ok(()) };
        if now.after(wait) > until {
            let detail = "The key may not ask for so much in so short a time; send the item again.";
            return Err(Trouble::of("rate_limited", detail).again_after(wait));
        }
        api.alarm().after(wait).await;
    }
}

/// Carries out an item as the request that it stands for.
async fn asked(api: &Api, key: &Arc<ApiKey>, item: Item, request: &RequestName) -> Result<Response, Trouble> {
    let (route, names) = item.route().ok_or_else(Trouble::not_found)?;
    may(key, route)?;
    let bytes = item.body.as_ref().map(Value::to_string).unwrap_or_default();
    let mut made = Request::builder()
        .method(item.method.as_str())
        .uri(item.path.as_str())
        .header("idempotency-key", item.key)
        .header(header::CONTENT_LENGTH, bytes.len())
        .extension(*request);
    if item.body.is_some() {
        made = made.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(seen) = item.seen {
        made = made.header(header::IF_MATCH, seen);
    }
    let (parts, ()) = made.body(()).map_err(|_| Trouble::not_found())?.into_parts();
    carry_out(api.clone(), Arc::clone(key), route, names, parts, bytes.into()).await
}

/// An answer as an item of the batch's answer.
async fn told(answer: Response) -> String {
    let status = answer.status().as_u16();
    let replayed = answer.headers().contains_key("idempotent-replayed");
    let body = to_bytes(answer.into_body(), ANSWER_MOST).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    format!("{{\"status\":{status},\"replayed\":{replayed},\"body\":{body}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: &str, path: &str) -> Option<&'static str> {
        let item = Item {
            method: method.to_owned(),
            path: path.to_owned(),
            key: String::new(),
            seen: None,
            body: None,
        };
        item.route().map(|(route, _)| route.operation)
    }

    #[test]
    fn an_item_names_an_operation_that_changes_something() {
        assert_eq!(operation("POST", "/v1/payments"), Some("create_payment"));
        assert_eq!(operation("PATCH", "/v1/merchants/mer_1"), Some("update_merchant"));
        assert_eq!(operation("POST", "/v1/test_helpers/faults/clear"), Some("delete_faults"));
        for (method, path) in [
            ("POST", "/v1/batches"),
            ("GET", "/v1/payments"),
            ("POST", "/v1/payments/"),
            ("POST", "/v1/payments//void"),
            ("PATCH", "/v1/payments"),
            ("POST", "/v1/nothing"),
        ] {
            assert_eq!(operation(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn forms_hold_what_their_schemas_say() {
        assert!((PATH.holds)("/v1/payments/pay_1/void"));
        for wrong in ["/v1/", "/v2/payments", "/v1/payments?limit=1", "/v1/a b", "/v1/a#b", "/v1/a<b"] {
            assert!(!(PATH.holds)(wrong), "{wrong}");
        }
        assert!((REQUEST_KEY.holds)("a b") && !(REQUEST_KEY.holds)("") && !(REQUEST_KEY.holds)(" a"));
        assert!((TAG.holds)("\"abc\"") && (TAG.holds)("*") && !(TAG.holds)("abc") && !(TAG.holds)("\"\""));
    }
}
