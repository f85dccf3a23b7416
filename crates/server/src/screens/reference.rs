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

/// A sentence as markup: what stands between backticks is code.
fn coded(sentence: &str) -> String {
    let mut markup = String::new();
    for (place, piece) in sentence.split('`').enumerate() {
        let piece = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match place % 2 {
            0 => markup.push_str(&piece),
            _ => markup.push_str(&format!("<code>{piece}</code>")),
        }
    }
    markup
}

// What templates call.
impl Row {
    fn said(&self) -> String {
        coded(self.says)
    }
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

// What templates call.
impl Column {
    fn said(&self) -> String {
        coded(&self.says)
    }
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
    /// How to ask from the page itself; only in a sandbox, whose keys everybody knows.
    pub run: Option<Run>,
}

// What templates call.
impl Operation {
    fn said(&self) -> String {
        coded(&self.says)
    }
}

/// Where the newest thing of a name is found: a list, and the member of its first item.
pub type Newest = Option<(&'static str, &'static str)>;

/// A form with which an operation is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The key that it is run with.
    pub key: String,
    /// Names in the path, and parameters of the query.
    pub fields: Vec<RunField>,
    /// The body, if it has one.
    pub body: Option<RunBody>,
    /// Whether it needs a request key.
    pub changes: bool,
    /// Whether it looks at If-Match.
    pub guarded: bool,
}

/// A field of such a form.
#[derive(Clone, Debug)]
pub struct RunField {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub value: &'static str,
    /// `path` or `query`.
    pub place: &'static str,
    /// What can stand in it.
    pub newest: Newest,
}

/// The body in such a form.
#[derive(Clone, Debug)]
pub struct RunBody {
    /// JSON.
    pub text: String,
    /// How many lines it has.
    pub rows: usize,
    /// What in it stands for something that is found when the page is seen.
    pub placeholder: &'static str,
    /// Where that is found.
    pub newest: Newest,
}

/// The script of the pages of operations.
pub const SCRIPT: &str = include_str!("../../templates/reference/reference.js");

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_a_sentence_is_marked_and_nothing_else_is_markup() {
        assert_eq!(
            coded("`a` is <b> & `c<d>`."),
            "<code>a</code> is &lt;b&gt; &amp; <code>c&lt;d&gt;</code>."
        );
    }
}
