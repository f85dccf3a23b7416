//! The pages of the developers' reference: what every operation takes and gives, and what each problem means.
//!
//! They are written in English, as the interface is; the frame around them speaks the reader's language.

use super::pages::{Page, made};
use askama::Template;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Where to.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// A member or parameter.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: String,
    /// What it is.
    pub says: &'static str,
}

/// An object.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub title: String,
    /// What it is.
    pub says: String,
    /// Its members.
    pub rows: Vec<Row>,
}

/// A problem.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Its stable code.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Short name.
    pub title: &'static str,
    /// What happened.
    pub says: String,
    /// What to do.
    pub advice: &'static str,
}

/// An example.
#[derive(Clone, Debug)]
pub struct Example {
    /// In which language.
    pub language: &'static str,
    /// The text.
    pub text: String,
}

/// An operation as its page shows it.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What it does.
    pub title: String,
    /// HTTP method.
    pub method: &'static str,
    /// Path with names in braces.
    pub path: &'static str,
    /// More about it.
    pub says: String,
    /// The scope it needs.
    pub scope: &'static str,
    /// Its group in the menu.
    pub group: &'static str,
    /// Parameters of the query.
    pub query: Vec<Row>,
    /// Members of the body, if it has one.
    pub body: Option<Vec<Row>>,
    /// Objects inside the body.
    pub inner: Vec<Column>,
    /// What is answered.
    pub answer: Column,
    /// What can go wrong, beyond what can go wrong everywhere.
    pub problems: Vec<Problem>,
    /// How to ask.
    pub examples: Vec<Example>,
}

/// The menu: groups of links.
pub type Menu = [(&'static str, Vec<Linked>)];

#[derive(Template)]
#[template(path = "reference/start.html")]
struct Start<'a> {
    page: &'a Page,
    menu: &'a Menu,
    version: &'a str,
    host: &'a str,
    key: &'a str,
}

/// The first page of the reference.
pub fn start(page: &Page, menu: &Menu, version: &str, host: &str, key: &str) -> String {
    made(Start { page, menu, version, host, key })
}

#[derive(Template)]
#[template(path = "reference/operation.html")]
struct OperationPage<'a> {
    page: &'a Page,
    menu: &'a Menu,
    version: &'a str,
    operation: &'a Operation,
}

/// The page of an operation.
pub fn operation(page: &Page, menu: &Menu, version: &str, operation: &Operation) -> String {
    made(OperationPage { page, menu, version, operation })
}

#[derive(Template)]
#[template(path = "reference/problems.html")]
struct Problems<'a> {
    page: &'a Page,
    menu: &'a Menu,
    version: &'a str,
    problems: &'a [Problem],
}

/// The list of problems.
pub fn problems(page: &Page, menu: &Menu, version: &str, problems: &[Problem]) -> String {
    made(Problems { page, menu, version, problems })
}

#[derive(Template)]
#[template(path = "reference/problem.html")]
struct ProblemPage<'a> {
    page: &'a Page,
    menu: &'a Menu,
    version: &'a str,
    problem: &'a Problem,
}

/// The page of a problem.
pub fn problem(page: &Page, menu: &Menu, version: &str, problem: &Problem) -> String {
    made(ProblemPage { page, menu, version, problem })
}

#[derive(Template)]
#[template(path = "reference/missing.html")]
struct Missing<'a> {
    page: &'a Page,
    menu: &'a Menu,
    version: &'a str,
}

/// The page for what the reference does not have.
pub fn missing(page: &Page, menu: &Menu, version: &str) -> String {
    made(Missing { page, menu, version })
}
