//! Every broken rule of a message, with its code and its place.

use super::profile::{ElementRule, Family, Profile, VALIDATION};
use super::rules;
use crate::xml::{Document, Element};
use serde::Serialize;
use std::fmt;

/// Where the things of a message stand that are not account payment's.
const FOREIGN: [&str; 2] =
    ["http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/XMLSchema-instance"];

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The code a switch answers with. `D01..D13` means one of these.
    pub code: String,
    /// Where: `/ReqPay/Payees/Payee[1]/@addr`.
    pub path: String,
    /// The byte offset of the element or attribute; of the element around what is missing.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (byte {}): {}", self.code, self.path, self.at, self.problem)
    }
}

/// All broken rules, in the order of the document; none if it is as the profile has it.
pub fn lint(document: &Document, profile: &Profile) -> Vec<Finding> {
    let root = &document.root;
    let mut findings = Findings { found: Vec::new(), family: Family::Other };
    if root.namespace != profile.namespace {
        let problem = format!("the root is not in the namespace {}", profile.namespace);
        findings.add("U05", &format!("/{}", root.name), root.at, problem);
    }
    let Some((family, rule)) = profile.message(&root.name) else {
        findings.add("U05", &format!("/{}", root.name), root.at, "there is no such message".to_owned());
        return findings.found;
    };
    findings.family = family;
    let place = Place { outer: None, name: &root.name, count: None };
    Checker { profile, message: &root.name }.element(root, rule, &place, &mut findings);
    rules::check(root, family, &mut findings);
    let mut found = findings.found;
    found.sort_by_key(|finding| finding.at);
    found
}

/// What was found, and the family whose codes it gets.
pub(super) struct Findings {
    found: Vec<Finding>,
    pub(super) family: Family,
}

impl Findings {
    pub(super) fn add(&mut self, code: &str, path: &str, at: usize, problem: String) {
        self.found.push(Finding { code: code.to_owned(), path: path.to_owned(), at, problem });
    }
}

/// Where an element stands; written out only if something is wrong there.
struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    name: &'a str,
    /// The how manyth it is, where there may be several.
    count: Option<usize>,
}

impl Place<'_> {
    fn path(&self) -> String {
        let outer = self.outer.map(Place::path).unwrap_or_default();
        match self.count {
            Some(count) => format!("{outer}/{}[{count}]", self.name),
            None => format!("{outer}/{}", self.name),
        }
    }

    fn attribute(&self, name: &str) -> String {
        format!("{}/@{name}", self.path())
    }

    fn inside(&self, name: &str) -> String {
        format!("{}/{name}", self.path())
    }
}

struct Checker<'a> {
    profile: &'a Profile,
    message: &'a str,
}

impl Checker<'_> {
    fn element(&self, element: &Element, rule: &ElementRule, place: &Place<'_>, findings: &mut Findings) {
        self.attributes(element, rule, place, findings);
        self.text(element, rule, place, findings);
        self.children(element, rule, place, findings);
    }

    fn attributes(&self, element: &Element, rule: &ElementRule, place: &Place<'_>, findings: &mut Findings) {
        let family = findings.family;
        for expected in &rule.attributes {
            let (name, code) = (&expected.name, expected.codes.of(family));
            let found = element.attributes.iter().find(|a| a.name == *name && a.prefix.is_empty());
            match found {
                None if expected.required => {
                    findings.add(code, &place.attribute(name), element.at, "missing".to_owned());
                }
                Some(found) if !expected.kind.admits(&found.value) => {
                    let problem = format!("not {}", expected.kind.expected());
                    findings.add(code, &place.attribute(name), found.at, problem);
                }
                _ => {}
            }
        }
        for found in element.attributes.iter().filter(|_| !rule.open) {
            let known = found.prefix.is_empty() && rule.attributes.iter().any(|a| a.name == found.name);
            if !known && !FOREIGN.contains(&found.namespace.as_str()) {
                let problem = "no such attribute here".to_owned();
                findings.add(VALIDATION, &place.attribute(&found.name), found.at, problem);
            }
        }
    }

    fn text(&self, element: &Element, rule: &ElementRule, place: &Place<'_>, findings: &mut Findings) {
        let texts = element.children.iter().filter_map(|node| match node {
            crate::xml::Node::Text(text) => Some(text.as_str()),
            crate::xml::Node::Element(_) => None,
        });
        let text: String = texts.collect();
        match &rule.text {
            Some((kind, codes)) if !kind.admits(&text) => {
                let problem = format!("not {}", kind.expected());
                findings.add(codes.of(findings.family), &place.path(), element.at, problem);
            }
            None if !rule.open && !text.trim().is_empty() => {
                let problem = "text where only elements stand".to_owned();
                findings.add(VALIDATION, &place.path(), element.at, problem);
            }
            _ => {}
        }
    }

    fn children(&self, element: &Element, rule: &ElementRule, outer: &Place<'_>, findings: &mut Findings) {
        for expected in rule.children.iter().filter(|child| child.required) {
            if element.child(&expected.name).is_none() {
                let path = outer.inside(&expected.name);
                findings.add(expected.codes.of(findings.family), &path, element.at, "missing".to_owned());
            }
        }
        let mut last = 0;
        let mut seen: Vec<(&str, usize)> = Vec::new();
        for child in element.elements().filter(|child| !FOREIGN.contains(&child.namespace.as_str())) {
            let place = rule.children.iter().position(|expected| expected.name == child.name);
            let Some(place) = place.filter(|_| child.namespace.is_empty()) else {
                if !rule.open {
                    let problem = "no such element here".to_owned();
                    findings.add(VALIDATION, &outer.inside(&child.name), child.at, problem);
                }
                continue;
            };
            let expected = &rule.children[place];
            let count = counted(&mut seen, &expected.name);
            let stands =
                Place { outer: Some(outer), name: &child.name, count: expected.many.then_some(count) };
            if count > 1 && !expected.many {
                findings.add(VALIDATION, &stands.path(), child.at, "stands twice".to_owned());
            }
            if place < last {
                let problem = format!("stands after {}, and belongs before it", rule.children[last].name);
                findings.add(VALIDATION, &stands.path(), child.at, problem);
            }
            last = last.max(place);
            if let Some(rule) = self.profile.element(self.message, &element.name, &child.name) {
                self.element(child, rule, &stands, findings);
            }
        }
    }
}

/// How many of this name there are by now.
fn counted<'a>(seen: &mut Vec<(&'a str, usize)>, name: &'a str) -> usize {
    match seen.iter_mut().find(|(other, _)| *other == name) {
        Some((_, count)) => {
            *count += 1;
            *count
        }
        None => {
            seen.push((name, 1));
            1
        }
    }
}
