//! Examples of a route in several languages, made of the list of routes. Tests run them.

use super::table::{Body, Route};

/// The identifiers of a fresh sandbox, for paths.
fn filled(path: &str) -> String {
    path.replace("{merchant}", "mer_00000000000000000000000001").replace("{terminal}", "PZ000001")
}

/// Name and text of each example.
pub(super) fn of(route: &Route, host: &str, key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("curl", curl(route, host, key)),
        ("Python", python(route, host, key)),
        ("TypeScript", typescript(route, host, key)),
    ]
}

fn request_key(route: &Route) -> String {
    format!("example-{}", route.operation.replace('_', "-"))
}

fn curl(route: &Route, host: &str, key: &str) -> String {
    let address = format!("http://{host}{}", filled(route.path));
    let mut lines = vec![match route.method {
        "GET" => format!("curl {address}"),
        method => format!("curl -X {method} {address}"),
    }];
    lines.push(format!("  -u {key}:"));
    if !matches!(route.body, Body::None) {
        lines.push(format!("  -H 'Idempotency-Key: {}'", request_key(route)));
    }
    if matches!(route.body, Body::Json(_)) {
        lines.push("  -H 'Content-Type: application/json'".to_owned());
        lines.push(format!("  -d '{}'", route.example));
    }
    lines.join(" \\\n")
}

fn python(route: &Route, host: &str, key: &str) -> String {
    let address = format!("http://{host}{}", filled(route.path));
    let mut headers = vec![format!("\"Authorization\": \"Bearer {key}\"")];
    let mut data = String::new();
    if !matches!(route.body, Body::None) {
        headers.push(format!("\"Idempotency-Key\": \"{}\"", request_key(route)));
    }
    if matches!(route.body, Body::Json(_)) {
        headers.push("\"Content-Type\": \"application/json\"".to_owned());
        data = format!("    data=json.dumps({}).encode(),\n", literal(route.example));
    }
    format!(
        "import json, urllib.request\n\nrequest = urllib.request.Request(\n    \"{address}\", method=\"{}\",\n{data}    \
         headers={{{}}},\n)\nprint(json.load(urllib.request.urlopen(request)))",
        route.method,
        headers.join(", ")
    )
}

/// JSON as a literal of Python: its words for true, false and nothing are others.
fn literal(json: &str) -> String {
    json.replace(": true", ": True").replace(": false", ": False").replace(": null", ": None")
}

fn typescript(route: &Route, host: &str, key: &str) -> String {
    let address = format!("http://{host}{}", filled(route.path));
    let mut headers = vec![format!("Authorization: \"Bearer {key}\"")];
    let mut body = String::new();
    if !matches!(route.body, Body::None) {
        headers.push(format!("\"Idempotency-Key\": \"{}\"", request_key(route)));
    }
    if matches!(route.body, Body::Json(_)) {
        headers.push("\"Content-Type\": \"application/json\"".to_owned());
        body = format!("  body: JSON.stringify({}),\n", route.example);
    }
    format!(
        "const answer = await fetch(\"{address}\", {{\n  method: \"{}\",\n  headers: {{ {} }},\n{body}}});\n\
         console.log(await answer.json());",
        route.method,
        headers.join(", ")
    )
}
