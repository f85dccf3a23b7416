//! The reference: pages made of the list of routes, and a page for each problem.

use super::openapi;
use super::shape::{Field, Shape};
use super::table::{Answer, ROUTES, Route};
use super::{Api, VERSION, examples, query, things};
use crate::platform_http::problems;
use crate::screens::door::{Leave, page_of, script, show, show_with};
use crate::screens::reference::{
    self, Column, Example, Linked, Operation, Problem, Row, Run, RunBody, RunField,
};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The pages and the description. They hold nothing of anybody and need no key.
pub(super) fn router(api: Api) -> Router {
    Router::new()
        .route("/openapi.json", get(described))
        .route("/reference", get(start))
        .route("/reference/{operation}", get(operation))
        .route("/assets/reference.js", get(async || script(reference::SCRIPT)))
        .route("/problems", get(problem_list))
        .route("/problems/{code}", get(problem))
        .with_state(api)
}

async fn described() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], openapi::text())
        .into_response()
}

/// The groups of the menu, each with its operations, in the order of the list.
fn menu() -> Vec<(&'static str, Vec<Linked>)> {
    let mut groups: Vec<(&'static str, Vec<Linked>)> = Vec::new();
    for route in ROUTES {
        let link = Linked { to: format!("/reference/{}", route.operation), text: route.title.to_owned() };
        match groups.iter_mut().find(|(group, _)| *group == route.group) {
            Some((_, links)) => links.push(link),
            None => groups.push((route.group, vec![link])),
        }
    }
    groups
}

async fn start(headers: HeaderMap, uri: Uri, State(api): State<Api>) -> Response {
    let page = page_of(&headers, &uri);
    let host = host(&headers);
    show(StatusCode::OK, reference::start(&page, &menu(), VERSION, &host, api.example_key()))
}

async fn operation(
    headers: HeaderMap,
    uri: Uri,
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Response {
    let page = page_of(&headers, &uri);
    match ROUTES.iter().find(|route| route.operation == name) {
        Some(route) => {
            let shown = shown(route, &host(&headers), api.example_key(), api.published_key());
            let leave = Leave { script: true, ..Leave::default() };
            show_with(StatusCode::OK, reference::operation(&page, &menu(), VERSION, &shown), &leave)
        }
        None => show(StatusCode::NOT_FOUND, reference::missing(&page, &menu(), VERSION)),
    }
}

/// Where the reader called us, for examples that work as they stand.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte));
    if plain && !host.is_empty() { host.to_owned() } else { "127.0.0.1:8080".to_owned() }
}

fn shown(route: &'static Route, host: &str, key: &str, published: Option<&str>) -> Operation {
    let body_shape = route.body.shape();
    let body = body_shape.map(|shape| rows(shape.fields));
    let answer = match route.answer {
        Answer::One(_, shape) => {
            Column { title: shape.name.to_owned(), says: shape.says.to_owned(), rows: rows(shape.fields) }
        }
        Answer::Page(shape) => Column {
            title: format!("Page of {}", shape.name),
            says: format!(
                "`data` holds these, newest first; `has_more`, `next_cursor` and `previous_cursor` lead on. {}",
                shape.says
            ),
            rows: rows(shape.fields),
        },
        Answer::Stream => Column {
            title: "text/event-stream".to_owned(),
            says: "One event after another, each with its id.".to_owned(),
            rows: Vec::new(),
        },
        Answer::File => Column {
            title: "application/jsonl or text/csv".to_owned(),
            says: "The file, as the operation says what it is.".to_owned(),
            rows: Vec::new(),
        },
    };
    let inner = body_shape.into_iter().flat_map(|shape: &'static Shape| shape.parts().into_iter().skip(1));
    Operation {
        title: route.title.to_owned(),
        method: route.method,
        path: route.path,
        says: route.says.to_owned(),
        scope: route.scope.name(),
        group: route.group,
        query: rows(&query::parameters(route)),
        body,
        inner: inner
            .map(|shape| Column {
                title: shape.name.to_owned(),
                says: shape.says.to_owned(),
                rows: rows(shape.fields),
            })
            .collect(),
        answer,
        problems: openapi::codes(route)
            .into_iter()
            .filter(|code| !openapi::COMMON.contains(code))
            .map(listed)
            .collect(),
        examples: super::examples::of(route, host, key)
            .into_iter()
            .map(|(language, text)| Example { language, text })
            .collect(),
        run: published.map(|key| run(route, key)),
    }
}

/// The form with which a reader runs an operation.
fn run(route: &'static Route, key: &str) -> Run {
    let in_path = openapi::names_in(route.path).map(|name| RunField {
        name,
        value: examples::named(name).unwrap_or_default(),
        place: "path",
        newest: examples::newest(name),
    });
    let given = examples::query(route);
    let in_query = query::parameters(route).into_iter().map(|field| {
        let value = given.iter().find(|(name, _)| *name == field.name).map(|(_, value)| *value);
        let newest = value.and_then(|_| examples::newest(field.name));
        RunField { name: field.name, value: value.unwrap_or_default(), place: "query", newest }
    });
    let body = route.body.shape().map(|_| {
        let text = examples::spread(route.example, "");
        let placeholder = examples::named("payment").unwrap_or_default();
        let newest = text.contains(placeholder).then(|| examples::newest("payment")).flatten();
        RunBody { rows: text.lines().count().max(3), text, placeholder, newest }
    });
    Run {
        key: key.to_owned(),
        fields: in_path.chain(in_query).collect(),
        body,
        changes: route.body.changes(),
        guarded: things::changes_one(route),
    }
}

fn rows(fields: &[Field]) -> Vec<Row> {
    let row = |field: &Field| Row {
        name: field.name,
        kind: match (field.required, field.nullable) {
            (_, true) => format!("{} or null", field.kind.word()),
            (true, false) => field.kind.word(),
            (false, false) => format!("{}, optional", field.kind.word()),
        },
        says: field.says,
    };
    fields.iter().map(row).collect()
}

fn listed(code: &'static str) -> Problem {
    let (status, title, says, advice) = problems::explain(code);
    Problem { code, status, title, says, advice }
}

async fn problem_list(headers: HeaderMap, uri: Uri) -> Response {
    let page = page_of(&headers, &uri);
    let all: Vec<Problem> = problems::codes().into_iter().map(listed).collect();
    show(StatusCode::OK, reference::problems(&page, &menu(), VERSION, &all))
}

async fn problem(headers: HeaderMap, uri: Uri, Path(code): Path<String>) -> Response {
    let page = page_of(&headers, &uri);
    match problems::codes().into_iter().find(|known| *known == code) {
        Some(code) => show(StatusCode::OK, reference::problem(&page, &menu(), VERSION, &listed(code))),
        None => show(StatusCode::NOT_FOUND, reference::missing(&page, &menu(), VERSION)),
    }
}
