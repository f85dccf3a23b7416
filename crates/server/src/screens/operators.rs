//! The screens of those who run the platform: coming in, subjects with what can be asked for, proposals, registers.

use super::console::{Frame, Table};
use super::pages::{Page, made};
use super::terminal::chip;
use askama::Template;

/// Coming in.
pub struct EnterView {
    /// Why the last try did not let in.
    pub wrong: Option<String>,
    /// The word of a link: then there is one button.
    pub link: Option<String>,
    /// What a passkey signs.
    pub challenge: String,
}

#[derive(Template)]
#[template(path = "console/enter.html")]
struct Enter<'a> {
    page: &'a Page,
    view: &'a EnterView,
}

/// Where one comes in: by passkey, by the operators' key, or by a link.
pub fn enter(page: &Page, view: &EnterView) -> String {
    made(Enter { page, view })
}

/// Founding an operator, or coming by invitation.
pub struct EnrolView {
    /// Why it did not work.
    pub wrong: Option<String>,
    /// The name of who was invited; nobody where an operator is founded.
    pub invited: Option<String>,
    /// What the new passkey signs.
    pub challenge: String,
    /// A name for the authenticator, base64url.
    pub user: String,
    /// The name the authenticator shows.
    pub name: String,
}

#[derive(Template)]
#[template(path = "console/enrol.html")]
struct Enrol<'a> {
    page: &'a Page,
    view: &'a EnrolView,
}

/// Where an operator gets their first passkey.
pub fn enrol(page: &Page, view: &EnrolView) -> String {
    made(Enrol { page, view })
}

/// A field of an act's form.
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub value: String,
    /// What can be chosen; anything can be typed if there is nothing.
    pub choices: Vec<&'static str>,
}

/// An act that can be asked for.
pub struct ActView {
    /// Its word.
    pub word: &'static str,
    /// Whether it cannot be taken back.
    pub grave: bool,
    /// What is typed for it.
    pub fields: Vec<FieldView>,
}

/// A subject, and what can be asked for about it.
pub struct SubjectView {
    /// What kind of thing it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What is known of it: word and value.
    pub facts: Vec<(String, String)>,
    /// What can be asked for.
    pub acts: Vec<ActView>,
    /// Names the form, so that it asks once.
    pub form: String,
    /// Why nothing was asked for.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "console/subject.html")]
struct Subject<'a> {
    page: &'a Page,
    frame: &'a Frame,
    view: &'a SubjectView,
}

/// A subject, and what can be asked for about it.
pub fn subject(page: &Page, frame: &Frame, view: &SubjectView) -> String {
    made(Subject { page, frame, view })
}

/// What is shown once, to one operator.
#[derive(Clone)]
pub enum Secret {
    /// The text of a key.
    Key(String),
    /// The link of an invitation.
    Link(String),
    /// The code of an invitation.
    Code(String),
}

impl Secret {
    fn text(&self) -> &str {
        match self {
            Secret::Key(text) | Secret::Link(text) | Secret::Code(text) => text,
        }
    }

    fn says(&self) -> &'static str {
        match self {
            Secret::Key(_) => "secret-key",
            Secret::Link(_) => "secret-link",
            Secret::Code(_) => "secret-code",
        }
    }
}

/// A passkey that is asked for to approve a proposal.
pub struct ApprovalAsk {
    /// What is signed.
    pub challenge: String,
    /// The approver's passkeys, apart by spaces.
    pub credentials: String,
}

/// A proposal as an operator sees it.
pub struct ProposalView {
    /// Its name.
    pub id: String,
    /// The act's word.
    pub word: &'static str,
    /// On what.
    pub subject: String,
    /// What changes: word, before, after.
    pub changes: Vec<(String, String, String)>,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asker: String,
    /// When.
    pub asked_at: String,
    /// Until when somebody has to decide.
    pub expires_at: Option<String>,
    /// Where it stands, by its word.
    pub state: &'static str,
    /// Who decided.
    pub decider: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// Why it was not carried out.
    pub result: Option<String>,
    /// Whether the one who looks asked for it.
    pub own: bool,
    /// For an approval: the passkey that is asked for, of one who has any.
    pub passkey: Option<ApprovalAsk>,
    /// Whether it can still be decided.
    pub open: bool,
    /// Why nothing was decided just now.
    pub trouble: Option<String>,
    /// What is shown once.
    pub secret: Option<Secret>,
}

#[derive(Template)]
#[template(path = "console/proposal.html")]
struct Proposal<'a> {
    page: &'a Page,
    frame: &'a Frame,
    view: &'a ProposalView,
}

/// A proposal, with what the one who looks may say on it.
pub fn proposal(page: &Page, frame: &Frame, view: &ProposalView) -> String {
    made(Proposal { page, frame, view })
}

/// A list with a note, perhaps an action and a search.
pub struct Register {
    /// The name of the sentence above.
    pub note: &'static str,
    /// What can be begun from here: path, and the name of its word.
    pub action: Option<(String, &'static str)>,
    /// What is searched for in it, where that can be done.
    pub search: Option<String>,
    /// The list.
    pub table: Table,
}

// What templates call.
impl Register {
    fn tables(&self) -> &[Table] {
        std::slice::from_ref(&self.table)
    }
}

#[derive(Template)]
#[template(path = "console/register.html")]
struct RegisterPage<'a> {
    page: &'a Page,
    frame: &'a Frame,
    register: &'a Register,
}

/// A list with a note, perhaps an action and a search.
pub fn register(page: &Page, frame: &Frame, register: &Register) -> String {
    made(RegisterPage { page, frame, register })
}

/// One's own passkeys.
pub struct PasskeysView {
    /// One's name.
    pub name: String,
    /// One's role, by its word.
    pub role: &'static str,
    /// Whether a printed link lets one in as well.
    pub sandbox: bool,
    /// The beginning of each one's name, and since when.
    pub passkeys: Vec<(String, String)>,
    /// All their names, so that none is made twice.
    pub known: String,
    /// What a new one signs.
    pub challenge: String,
    /// One's name for the authenticator, base64url.
    pub user: String,
    /// Why none was added.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "console/passkeys.html")]
struct Passkeys<'a> {
    page: &'a Page,
    frame: &'a Frame,
    view: &'a PasskeysView,
}

/// One's own passkeys, and another one.
pub fn passkeys(page: &Page, frame: &Frame, view: &PasskeysView) -> String {
    made(Passkeys { page, frame, view })
}

/// The name of an act's sentence.
pub fn act_name(word: &str) -> String {
    format!("act-{}", word.replace('_', "-"))
}

/// Where a proposal stands.
pub fn proposal_chip(page: &Page, state: &str) -> String {
    let (kind, icon) = match state {
        "asked" | "approved" => ("wait", "hourglass"),
        "done" => ("ok", "check"),
        "failed" | "declined" => ("bad", "close"),
        _ => ("", "undo"),
    };
    chip(kind, icon, &page.say(&format!("proposal-{state}")))
}

// What templates call.
impl Page {
    fn act(&self, word: &str) -> String {
        self.say(&act_name(word))
    }

    fn act_hint(&self, word: &str) -> String {
        self.say(&format!("{}-hint", act_name(word)))
    }

    fn what(&self, word: &str) -> String {
        self.say(&format!("what-{}", word.replace('_', "-")))
    }

    fn subject_kind(&self, kind: &str) -> String {
        self.say(&format!("subject-{kind}"))
    }

    fn role(&self, role: &str) -> String {
        self.say(&format!("role-{role}"))
    }

    fn choice(&self, word: &str) -> String {
        self.say(&format!("choice-{}", word.to_ascii_lowercase()))
    }

    fn proposal_state(&self, state: &str) -> String {
        proposal_chip(self, state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::console::Cell;
    use crate::screens::words::LANGUAGES;

    const HOSTILE: &str = "<b>\"'&";

    fn hostile() -> String {
        HOSTILE.to_owned()
    }

    fn all(page: &Page) -> Vec<String> {
        let frame = Frame { section: "/audit", search: hostile(), last: None, who: hostile(), test: None };
        let entering = [(None, None), (Some(hostile()), None), (None, Some(hostile()))]
            .map(|(wrong, link)| EnterView { wrong, link, challenge: hostile() });
        let enrolling = [None, Some(hostile())].map(|invited| EnrolView {
            wrong: invited.clone(),
            invited,
            challenge: hostile(),
            user: hostile(),
            name: hostile(),
        });
        let field = |choices: &[&'static str]| FieldView {
            name: "limit_payment".to_owned(),
            value: hostile(),
            choices: choices.to_vec(),
        };
        let act =
            ActView { word: "change_limits", grave: true, fields: vec![field(&[]), field(&["on", "off"])] };
        let view = SubjectView {
            kind: "merchant".to_owned(),
            name: hostile(),
            facts: vec![("state".to_owned(), hostile())],
            acts: vec![act],
            form: hostile(),
            trouble: Some(hostile()),
        };
        let decided = |open, own, secret| ProposalView {
            id: hostile(),
            word: "change_limits",
            subject: hostile(),
            changes: vec![
                ("state".to_owned(), hostile(), hostile()),
                ("name".to_owned(), hostile(), "x".to_owned()),
            ],
            reason: hostile(),
            asker: hostile(),
            asked_at: hostile(),
            expires_at: Some(hostile()),
            state: "asked",
            decider: Some(hostile()),
            decided_at: Some(hostile()),
            result: Some(hostile()),
            own,
            passkey: (!own).then(|| ApprovalAsk { challenge: hostile(), credentials: hostile() }),
            open,
            trouble: Some(hostile()),
            secret,
        };
        let table = |rows| Table {
            title: hostile(),
            columns: vec![(hostile(), "")],
            rows,
            empty: hostile(),
            next: Some(hostile()),
        };
        let registers = [vec![], vec![vec![Cell::text(HOSTILE).to(hostile())]]].map(|rows| Register {
            note: "audit-note",
            action: Some((hostile(), "act-invite")),
            search: Some(hostile()),
            table: table(rows),
        });
        let mut pages: Vec<String> = entering.iter().map(|view| enter(page, view)).collect();
        pages.extend(enrolling.iter().map(|view| enrol(page, view)));
        pages.push(subject(page, &frame, &view));
        for (open, own, secret) in [
            (true, true, Some(Secret::Key(hostile()))),
            (true, false, Some(Secret::Link(hostile()))),
            (false, false, Some(Secret::Code(hostile()))),
        ] {
            pages.push(proposal(page, &frame, &decided(open, own, secret)));
        }
        pages.extend(registers.iter().map(|view| register(page, &frame, view)));
        pages.push(passkeys(
            page,
            &frame,
            &PasskeysView {
                name: hostile(),
                role: "auditor",
                sandbox: true,
                passkeys: vec![(hostile(), hostile())],
                known: hostile(),
                challenge: hostile(),
                user: hostile(),
                trouble: Some(hostile()),
            },
        ));
        pages
    }

    #[test]
    fn screens_keep_the_policy_of_content() {
        for language in LANGUAGES {
            let page =
                Page { language, theme: Some("dark"), path: "/".to_owned(), zone: values::time::Zone::Utc };
            for html in all(&page) {
                for never in ["<b>", "=\"\"'", " style=", "<style", "http://", "https://", "onclick"] {
                    assert!(!html.contains(never), "{never} in {html}");
                }
                assert!(html.matches("<script").count() <= 1, "our own alone");
                assert_eq!(html.matches("<h1").count(), 1, "{html}");
                assert_eq!(html.matches("<main").count(), 1);
            }
        }
    }

    #[test]
    fn every_act_state_and_thing_has_words() {
        let states = ["asked", "approved", "done", "failed", "declined", "withdrawn", "expired"];
        let whats = [
            "life",
            "suspended_by",
            "device",
            "state",
            "tokens",
            "customer",
            "name",
            "limit_payment",
            "limit_daily",
            "currency",
            "merchant",
            "enabled",
            "threshold",
            "outcome",
            "tenant",
            "scopes",
            "ends_with",
            "role",
        ];
        let names = operators::Act::ALL
            .iter()
            .flat_map(|(_, word)| [act_name(word), format!("{}-hint", act_name(word))])
            .chain(states.map(|state| format!("proposal-{state}")))
            .chain(whats.map(|what| format!("what-{}", what.replace('_', "-"))))
            .chain(
                ["on", "off", "green", "yellow", "red", "operator", "auditor"]
                    .map(|it| format!("choice-{it}")),
            )
            .chain(["operator", "auditor"].map(|role| format!("role-{role}")))
            .chain(
                ["token", "device", "merchant", "terminal", "key", "rule", "operator"]
                    .map(|kind| format!("subject-{kind}")),
            );
        for name in names {
            for language in LANGUAGES {
                assert_ne!(language.say(&name), name, "{language:?}");
            }
        }
    }
}
