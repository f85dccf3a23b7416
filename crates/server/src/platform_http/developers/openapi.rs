//! The description of the interface (OpenAPI 3.1), made of the list of routes.

use super::VERSION;
use super::shape::{Kind, Shape};
use super::table::{Answer, ROUTES, Route};
use super::{VERSIONS, examples, payments, query, test_helpers, things};
use crate::platform_http::problems;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Problems that any request with a key may meet.
pub(super) const COMMON: &[&str] = &[
    "parameter_invalid",
    "parameter_unknown",
    "version_unknown",
    "api_key_missing",
    "api_key_invalid",
    "scope_missing",
    "rate_limited",
    "request_malformed",
    "head_too_large",
    "http_version_unsupported",
    "internal",
    "unavailable",
    "answer_timeout",
];
/// Operations that look at no records, so that none are ever missed.
const WITHOUT_RECORDS: &[&str] = &[
    "create_batch",
    "create_fault",
    "delete_fault",
    "delete_faults",
    "lint_upi_message",
    "make_upi_code",
    "parse_upi_code",
    "retrieve_clock",
    "sign_upi_message",
    "verify_upi_message",
];
/// Those of requests with a body.
const OF_BODIES: &[&str] = &[
    "json_malformed",
    "json_duplicate_member",
    "json_too_deep",
    "request_timeout",
    "body_too_large",
    "body_incomplete",
    "content_encoding_unsupported",
    "content_type_unsupported",
];

/// The whole description.
pub fn description() -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = Map::new();
    for route in ROUTES {
        paths.entry(route.path).or_default().insert(route.method.to_lowercase(), operation(route));
        let shapes = [
            route.body.shape(),
            match route.answer {
                Answer::One(_, shape) | Answer::Page(shape) => Some(shape),
                Answer::Stream | Answer::File => None,
            },
        ];
        for shape in shapes.into_iter().flatten().flat_map(Shape::parts) {
            schemas.insert(shape.name.to_owned(), shape.schema());
        }
    }
    schemas.insert("Problem".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Paiza",
            "version": VERSION,
            "summary": "Merchants, terminals, payments, tokens and events.",
            "description": "Requests carry a secret key. Those that change something carry an Idempotency-Key and are \
                carried out once. Errors are problem documents (RFC 9457) with a stable code and a page each. Phones and \
                issuers sign their requests instead; those are not part of this description.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"secret_key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "secret_key": {
                    "type": "http", "scheme": "bearer",
                    "description": "A secret key, `sk_test_…`. It may also be the user name of basic authentication.",
                },
            },
        },
    })
}

/// The description as the text that is served and kept beside the documentation.
pub fn text() -> String {
    serde_json::to_string_pretty(&description()).expect("a value is JSON") + "\n"
}

/// The codes with which a route may answer, ordered by status.
pub(super) fn codes(route: &Route) -> Vec<&'static str> {
    let changes = route.body.changes();
    let shape = route.body.shape();
    // Whoever repeats what is done with a sandbox's tools waits for the first to end.
    let in_turn = test_helpers::PATHS.iter().any(|path| route.path.starts_with(path));
    let looks = !WITHOUT_RECORDS.contains(&route.operation);
    let mut codes: Vec<&'static str> = COMMON.to_vec();
    codes.retain(|code| looks || *code != "unavailable");
    codes.extend(changes.then_some("idempotency_key_missing"));
    codes.extend((changes && !in_turn).then_some("idempotency_in_progress"));
    codes.extend(OF_BODIES.iter().filter(|_| changes || shape.is_some()));
    codes.extend(shape.is_some().then_some("length_required"));
    codes.extend(shape.is_some_and(Shape::needs_something).then_some("parameter_missing"));
    // A change without a body says nothing, so it cannot say something else under its request key.
    codes.extend((changes && shape.is_some()).then_some("idempotency_key_reused"));
    codes.extend(things::changes_one(route).then_some("precondition_failed"));
    codes.extend(route.problems);
    let mut codes: Vec<(u16, &'static str)> =
        codes.into_iter().map(|code| (problems::status_of(code), code)).collect();
    codes.sort();
    codes.dedup();
    codes.into_iter().map(|(_, code)| code).collect()
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [route.group],
        "summary": route.title,
        "description": format!("{} Scope: `{}`.", route.says, route.scope.name()),
        "security": [{"secret_key": []}],
        "parameters": parameters(route),
        "responses": responses(route),
    });
    if let Some(shape) = route.body.shape() {
        let example: Value = serde_json::from_str(route.example).unwrap_or(Value::Null);
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {
                "schema": {"$ref": format!("#/components/schemas/{}", shape.name)},
                "examples": {"sandbox": {"summary": "Works in a fresh sandbox", "value": example}},
            }},
        });
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters: Vec<Value> = names_in(route.path)
        .map(|name| {
            let mut parameter = json!({
                "name": name, "in": "path", "required": true, "description": format!("Which {}.", name.replace('_', " ")),
                "schema": {"type": "string", "minLength": 1},
            });
            if let Some(example) = examples::named(name) {
                parameter["example"] = json!(example);
            }
            parameter
        })
        .collect();
    parameters.extend(query::parameters(route).iter().map(|field| {
        let mut parameter = json!({
            "name": field.name, "in": "query", "required": field.required, "description": field.says,
            "schema": field.kind.schema(),
        });
        if let Some((_, example)) = examples::query(route).into_iter().find(|(name, _)| *name == field.name) {
            parameter["example"] = json!(example);
        }
        match field.kind {
            Kind::Metadata { .. } => parameter["style"] = json!("deepObject"),
            Kind::Expand(_) => parameter["explode"] = json!(true),
            _ => {}
        }
        parameter
    }));
    let header = |name: &str, required: bool, says: &str, schema: Value| json!({"name": name, "in": "header", "required": required, "description": says, "schema": schema});
    if route.body.changes() {
        let schema = json!({"type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"});
        parameters.push(header("Idempotency-Key", true, REQUEST_KEY, schema));
    }
    if payments::WAITING.contains(&route.operation) {
        let says = "`wait=10` answers when the payment has ended, or after so many seconds (at most 20) as it then stands.";
        // Any text: a preference that nobody knows is passed over, never refused (RFC 7240, section 2).
        parameters.push(header("Prefer", false, says, json!({"type": "string", "example": "wait=10"})));
    }
    if things::changes_one(route) {
        let says = "The ETag of what you read, several with commas between them, or `*`. If the thing has changed since, \
                    nothing is done.";
        let schema = json!({"type": "string", "pattern": "^(\\*|\"[!#-~]{1,64}\")$"});
        parameters.push(header("If-Match", false, says, schema));
    }
    let says = "The version of the interface you speak; the key's own unless said otherwise.";
    parameters.push(header("Paiza-Version", false, says, Kind::Word(VERSIONS).schema()));
    if matches!(route.answer, Answer::Stream) {
        let says = "The id of the last event you saw: the stream goes on after it.";
        parameters.push(header("Last-Event-ID", false, says, Kind::Id("evt").schema()));
    }
    parameters
}

/// What the header Idempotency-Key is.
const REQUEST_KEY: &str = "A key of your own choice: the same request under the same key is carried out once. Remembered for seven days.";

/// The names in braces.
pub(super) fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    let (status, content) = match route.answer {
        Answer::One(status, shape) => {
            let schema = json!({"$ref": format!("#/components/schemas/{}", shape.name)});
            (status, json!({"application/json": {"schema": schema}}))
        }
        Answer::Page(shape) => (200, json!({"application/json": {"schema": page_schema(shape)}})),
        Answer::Stream => (200, json!({"text/event-stream": {"schema": {"type": "string"}}})),
        Answer::File => {
            let text = json!({"schema": {"type": "string"}});
            (200, json!({"application/jsonl": text, "text/csv": text}))
        }
    };
    let mut headers = headers();
    if things::tells_one(route) {
        headers["ETag"] = described("The tag of what is told: changes carry it in `If-Match`.");
    }
    if payments::WAITING.contains(&route.operation) {
        headers["Preference-Applied"] = described("`wait` where the answer waited for the end.");
    }
    if route.body.changes() {
        headers["Idempotent-Replayed"] =
            described("`true` where the request was carried out before and this is its first answer again.");
    }
    responses.insert(
        status.to_string(),
        json!({"description": route.title, "headers": headers, "content": content}),
    );
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in codes(route) {
        by_status.entry(problems::status_of(code)).or_default().push(code);
    }
    for (status, codes) in by_status {
        let named: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
        let mut headers = self::headers();
        match status {
            401 => headers["WWW-Authenticate"] = described("How a request says whose it is: `Bearer`."),
            409 | 429 | 503 => {
                headers["Retry-After"] = described("After how many seconds to try again, where that helps.");
            }
            _ => {}
        }
        responses.insert(
            status.to_string(),
            json!({
                "description": format!("A problem: {}.", named.join(", ")),
                "headers": headers,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }),
        );
    }
    Value::Object(responses)
}

fn described(says: &str) -> Value {
    json!({"description": says, "schema": {"type": "string"}})
}

/// The headers of every answer.
fn headers() -> Value {
    json!({
        "Request-Id": described("The name of this request; a problem's `instance` is the same."),
        "Paiza-Version": described("The version that answered."),
        "RateLimit": described("`\"key\";r=399;q=400`: how many requests the key has left at this moment, and at most. Absent while no key is known."),
    })
}

fn page_schema(shape: &Shape) -> Value {
    json!({
        "type": "object",
        "description": "A page of a list, newest first.",
        "required": ["data", "has_more", "next_cursor", "previous_cursor"],
        "additionalProperties": false,
        "properties": {
            "data": {
                "type": "array", "description": "What is on the page.",
                "items": {"$ref": format!("#/components/schemas/{}", shape.name)},
            },
            "has_more": {"type": "boolean", "description": "Whether there is more in the order of the list."},
            "next_cursor": {"type": ["string", "null"], "description": "For `starting_after`, if there is more."},
            "previous_cursor": {"type": ["string", "null"], "description": "For `ending_before`, if this is not the first page."},
            "total": {"type": "integer", "minimum": 0, "description": "How many there are on all pages, where `include=total` asks for it."},
        },
    })
}

fn problem_schema() -> Value {
    let text = |says: &str| json!({"type": "string", "description": says});
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "retryable", "docs"],
        "properties": {
            "type": text("Address of the explanation."),
            "title": text("Short name."),
            "status": {"type": "integer", "description": "HTTP status."},
            "detail": text("A sentence for people."),
            "instance": text("The request it belongs to."),
            "code": text("Stable code."),
            "param": text("JSON pointer to the member that is wrong, or the name of the parameter."),
            "differs": {
                "type": "array", "items": {"type": "string"},
                "description": "Where a request differs from the one that used its key before.",
            },
            "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
            "docs": text("Where to read more."),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::table::Body;
    use super::*;

    #[test]
    fn every_operation_is_whole() {
        let mut operations: Vec<&str> = ROUTES.iter().map(|route| route.operation).collect();
        let count = operations.len();
        operations.sort_unstable();
        operations.dedup();
        assert_eq!(operations.len(), count, "an operation has one name");
        for route in ROUTES {
            assert!(!route.says.is_empty() && !route.title.is_empty(), "{}", route.operation);
            assert!(codes(route).iter().all(|code| problems::status_of(code) >= 400), "{}", route.operation);
            let bare = matches!(route.body, Body::None);
            assert_eq!(route.method == "GET", bare, "{}", route.operation);
            if let Some(shape) = route.body.shape() {
                let example = serde_json::from_str(route.example).unwrap();
                assert!(shape.check(&example).is_ok(), "the example of {}", route.operation);
            }
        }
        for shape in ROUTES.iter().filter_map(|route| match route.answer {
            Answer::One(_, shape) | Answer::Page(shape) => Some(shape),
            Answer::Stream | Answer::File => None,
        }) {
            for field in shape.parts().into_iter().flat_map(|shape| shape.fields) {
                assert!(field.says.ends_with('.'), "{} says nothing", field.name);
            }
        }
    }

    /// Everything that is named says what it is, how it is asked for, and what can go wrong.
    #[test]
    fn the_description_is_whole() {
        let description = description();
        let said = |value: &Value| value["description"].as_str().is_some_and(|says| !says.is_empty());
        for methods in description["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().expect("an operation has a name");
                assert!(said(operation) && operation["security"][0]["secret_key"].is_array(), "{name}");
                for parameter in operation["parameters"].as_array().unwrap() {
                    assert!(said(parameter), "{name}: {}", parameter["name"]);
                    let in_path = parameter["in"] == "path";
                    assert!(!in_path || parameter["example"].is_string(), "{name}: {}", parameter["name"]);
                }
                let body = &operation["requestBody"]["content"]["application/json"]["examples"]["sandbox"];
                assert!(operation["requestBody"].is_null() || body["value"].is_object(), "{name}");
                let responses = operation["responses"].as_object().unwrap();
                for status in ["400", "401", "403", "429", "500"] {
                    assert!(
                        said(&responses[status])
                            && responses[status]["description"].as_str().unwrap().contains('`')
                    );
                }
                for (status, response) in responses {
                    for header in ["Request-Id", "RateLimit", "Paiza-Version"] {
                        assert!(said(&response["headers"][header]), "{name} {status}: {header}");
                    }
                }
            }
        }
        for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
            assert!(said(schema), "{name}");
            for (member, property) in schema["properties"].as_object().unwrap() {
                assert!(said(property), "{name}/{member}");
            }
        }
    }
}
