//! What a page is judged by.
//!
//! A page is looked at in three languages, four widths and two themes, and axe-core is to find nothing in any of these 24
//! looks. It is not asked everything 24 times: each of its rules reads something of the page, and where that is what it was
//! in a look before, the rule would say what it said then. So each look first writes down what the rules read, as marks:
//!
//! | mark | what it covers | rules | differs with |
//! | --- | --- | --- | --- |
//! | `stands` | language, every element with its attributes, whether it is seen, whether it lies outside | all but those below | language; width where something comes or goes |
//! | `colours` | width; colours, letters and lines of every element that is seen | `color-contrast`, `link-in-text-block` | width, theme |
//! | `places` | window; place and size of every element that is seen, whether it scrolls | `target-size`, `scrollable-region-focusable`, `small` (ours: 24 pixels for everything that is pressed, 48 for what moves money) | language, width |
//!
//! and runs the rules of those marks that are new for this page. Nothing is taken for granted about languages or themes: a
//! theme that moved a button, or a width at which another menu comes, has another mark, and is judged. What a mark does not see
//! is a word without an attribute of its own; a page is loaded once in each language, and judged whole there (`stands`).

use crate::browser::{Browser, Tools, by_name};
use crate::seeing::LOOKS;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

const JUDGE: &str = include_str!("judge.js");

/// What was found in one look.
pub(crate) struct Judged {
    /// What axe found wrong: the rule, and the first place.
    pub(crate) wrong: Vec<String>,
    /// How many pixels the page is wider than the window.
    pub(crate) wider: i64,
    /// Every origin it loaded something from.
    pub(crate) origins: Vec<String>,
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Browser {
    /// Judges the page as it is looked at now. `before` has the marks of the looks at this page so far, and gets this one's.
    pub(crate) async fn judge(&self, before: &mut Vec<String>) -> Judged {
        let found = self.client.execute_async(JUDGE, vec![json!(before)]).await.unwrap();
        before.extend(texts(&found["marks"]));
        Judged {
            wrong: texts(&found["wrong"]),
            wider: found["wider"].as_i64().unwrap(),
            origins: texts(&found["origins"]),
        }
    }
}

/// A page on which something is wrong in some looks alone: text too pale in the dark theme, a button too small beside another
/// on a narrow screen, a picture without words and a button that is too small for money on a wide one.
const WRONG_AT_TIMES: &str =
    "<!doctype html><html lang=en><title>A page</title><meta name=viewport content='width=device-width'>
<style>
  body { color: #000; background: #fff }
  button { width: 60px; height: 60px }
  img { display: none }
  @media (prefers-color-scheme: dark) { body { color: #333; background: #111 } }
  @media (max-width: 330px) { button { width: 9px; height: 9px; padding: 0; font-size: 20px } }
  .metal { display: block }
  @media (min-width: 1000px) { img { display: block } .metal { height: 40px } }
</style>
<main><h1>A page</h1><p>Words</p><button>1</button><button>2</button><button class=metal>Pay</button>
<img width=9 height=9 src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='></main></html>";

/// Serves it at a free port until the test ends.
fn serve() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in socket.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let _ = lines.find(String::is_empty);
            let length = WRONG_AT_TIMES.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n");
            let _ = write!(&stream, "{head}Connection: close\r\n\r\n{WRONG_AT_TIMES}");
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_one_look_alone_is_found_there() {
    let Some(tools) = Tools::find() else { return };
    let browser = Browser::start().await;
    browser.judge_by(&tools.axe).await;
    browser.client.goto(&by_name(serve())).await.unwrap();
    let (mut marks, mut found) = (Vec::new(), Vec::new());
    // The last look is the first one again: it has nothing new to be judged by.
    for look in LOOKS.into_iter().chain([LOOKS[0]]) {
        browser.look(look).await;
        let Judged { wrong, .. } = browser.judge(&mut marks).await;
        let rules = wrong.iter().filter_map(|wrong| Some(wrong.split_once(':')?.0.to_owned()));
        found.push((look.width, look.theme, rules.collect::<Vec<_>>().join(" ")));
    }
    let expected = [
        (320, "light", "target-size small small small"),
        (320, "dark", "color-contrast"),
        (390, "dark", "color-contrast"),
        (390, "light", ""),
        (768, "light", ""),
        (768, "dark", "color-contrast"),
        (1280, "dark", "color-contrast image-alt small"),
        (1280, "light", ""),
        (320, "light", ""),
    ];
    assert_eq!(found, expected.map(|(width, theme, rules)| (width, theme, rules.to_owned())));
}
