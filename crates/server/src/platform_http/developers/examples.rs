//! Examples of a route in several languages, made of the list of routes. Tests run them.

use super::expand::members_in_order;
use super::table::Route;

/// What stands in examples for the names of things: those of a fresh sandbox, where it has them.
const NAMES: &[(&str, &str)] = &[
    ("merchant", "mer_00000000000000000000000001"),
    ("terminal", "PZ000001"),
    ("payment", "pay_01KB0000000000000000000000"),
    ("refund", "pay_01KB0000000000000000000000"),
    ("settlement", "PZ000001-000001"),
    ("token", "tok_01KB0000000000000000000000"),
    ("device", "dev_01KB0000000000000000000000"),
    ("customer", "cus_01KB0000000000000000000000"),
    ("event", "evt_01KB0000000000000000000000"),
    ("webhook_endpoint", "whe_01KB0000000000000000000000"),
    ("issuer", "boc"),
    ("upi_payment", "upp_01KB0000000000000000000000"),
    ("upi_refund", "upp_01KB0000000000000000000000"),
    ("upi_code", "upc_01KB0000000000000000000000"),
    ("fault", "flt_01KB0000000000000000000000"),
    ("operation", "exp_01KB0000000000000000000000"),
];

/// What stands in examples for a name.
pub(super) fn named(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, example)| *example)
}

/// Where the newest thing of a name is found in a sandbox: a list, and the member of its first item.
pub(super) fn newest(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "payment" => ("/v1/payments?limit=1&merchant=mer_00000000000000000000000001", "id"),
        "refund" => ("/v1/refunds?limit=1&merchant=mer_00000000000000000000000001", "id"),
        "settlement" => ("/v1/settlements?limit=1", "id"),
        "token" => ("/v1/tokens?limit=1&issuer=boc", "id"),
        "device" => ("/v1/tokens?limit=1&issuer=boc", "device"),
        "customer" => ("/v1/tokens?limit=1&issuer=boc", "customer"),
        "event" => ("/v1/events?limit=1", "id"),
        "upi_payment" => ("/v1/upi/payments?limit=1&merchant=mer_00000000000000000000000004", "id"),
        "upi_refund" => ("/v1/upi/refunds?limit=1&merchant=mer_00000000000000000000000004", "id"),
        "webhook_endpoint" => ("/v1/webhook_endpoints?limit=1", "id"),
        "operation" => ("/v1/operations?limit=1", "id"),
        _ => return None,
    })
}

/// The parameters that the operator's key has to give where another's need not, and those that everybody has to give.
pub(super) fn query(route: &Route) -> Vec<(&'static str, &'static str)> {
    let wanted = |name: &str| match route.operation {
        "list_payments" | "list_refunds" => name == "merchant",
        "list_tokens" => name == "issuer",
        _ => false,
    };
    let fields = route.query.iter().filter(|field| field.required || wanted(field.name));
    fields.filter_map(|field| Some((field.name, named(field.name)?))).collect()
}

/// The address of a route, with things of the sandbox in place of names.
fn filled(route: &Route) -> String {
    let path = NAMES
        .iter()
        .fold(route.path.to_owned(), |path, (name, example)| path.replace(&format!("{{{name}}}"), example));
    let pairs: Vec<String> = query(route).iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

/// Name and text of each example.
pub(super) fn of(route: &Route, host: &str, key: &str) -> Vec<(&'static str, String)> {
    let address = format!("http://{host}{}", filled(route));
    vec![
        ("curl", curl(route, &address, key)),
        ("Python", python(route, &address, key)),
        ("TypeScript", typescript(route, &address, key)),
    ]
}

fn request_key(route: &Route) -> String {
    format!("example-{}", route.operation.replace('_', "-"))
}

/// The body with a member on each line, so that it can be read.
pub(super) fn spread(json: &str, indent: &str) -> String {
    let members = members_in_order(json);
    if members.is_empty() {
        return json.to_owned();
    }
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("{indent}  \"{name}\": {value}")).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

fn curl(route: &Route, address: &str, key: &str) -> String {
    // A query has signs that a shell reads.
    let quoted = if address.contains('?') { format!("'{address}'") } else { address.to_owned() };
    let mut lines = vec![match route.method {
        "GET" => format!("curl {quoted}"),
        method => format!("curl -X {method} {quoted}"),
    }];
    lines.push(format!("  -u {key}:"));
    if route.body.changes() {
        lines.push(format!("  -H 'Idempotency-Key: {}'", request_key(route)));
    }
    if route.body.shape().is_some() {
        lines.push("  -H 'Content-Type: application/json'".to_owned());
        lines.push(format!("  -d '{}'", spread(route.example, "  ")));
    }
    lines.join(" \\\n")
}

fn python(route: &Route, address: &str, key: &str) -> String {
    let mut headers = vec![format!("\"Authorization\": \"Bearer {key}\"")];
    let mut data = String::new();
    if route.body.changes() {
        headers.push(format!("\"Idempotency-Key\": \"{}\"", request_key(route)));
    }
    if route.body.shape().is_some() {
        headers.push("\"Content-Type\": \"application/json\"".to_owned());
        data = format!("    data=json.dumps({}).encode(),\n", literal(&spread(route.example, "    ")));
    }
    format!(
        "import json, urllib.request\n\nrequest = urllib.request.Request(\n    \"{address}\",\n    method=\"{}\",\n{data}    \
         headers={{\n        {},\n    }},\n)\nprint(json.load(urllib.request.urlopen(request)))",
        route.method,
        headers.join(",\n        ")
    )
}

/// JSON as a literal of Python: its words for true, false and nothing are others.
fn literal(json: &str) -> String {
    json.replace(": true", ": True").replace(": false", ": False").replace(": null", ": None")
}

fn typescript(route: &Route, address: &str, key: &str) -> String {
    let mut headers = vec![format!("Authorization: \"Bearer {key}\"")];
    let mut body = String::new();
    if route.body.changes() {
        headers.push(format!("\"Idempotency-Key\": \"{}\"", request_key(route)));
    }
    if route.body.shape().is_some() {
        headers.push("\"Content-Type\": \"application/json\"".to_owned());
        body = format!("  body: JSON.stringify({}),\n", spread(route.example, "  "));
    }
    format!(
        "const answer = await fetch(\"{address}\", {{\n  method: \"{}\",\n  headers: {{\n    {},\n  }},\n{body}}});\n\
         console.log(await answer.json());",
        route.method,
        headers.join(",\n    ")
    )
}
