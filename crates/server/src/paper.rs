//! Papers that people keep: PDF with the letters of every language that the screens speak, and with the structure that
//! makes it readable aloud (ISO 14289-1, PDF/UA-1: whoever writes it refuses what would not be).
//!
//! It knows headings, paragraphs and tables, and nothing of payments. Letters come from the fonts of the machine
//! (`letters`), are broken into lines (`flow`), set on pages, and written (`write`).

mod flow;
mod letters;
mod write;

use flow::{Line, Style};
pub use letters::Fonts;
pub(crate) use letters::is_hidden;
use letters::{Letters, Weight};

/// Why a paper could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// No font of this machine writes these letters; the script.
    #[error("no font of this machine writes {0} letters")]
    NoFont(&'static str),
    /// A font cannot be read; its file.
    #[error("the font {0} cannot be read")]
    Font(String),
    /// The writer refused it.
    #[error("the paper cannot be written: {0}")]
    Write(String),
}

/// A sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// ISO 216 A4, for lists.
    A4,
    /// ISO 216 A5, for a receipt.
    A5,
}

impl Sheet {
    /// Width and height, in points.
    fn size(self) -> (f32, f32) {
        match self {
            Sheet::A4 => (595.28, 841.89),
            Sheet::A5 => (419.53, 595.28),
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it says on top.
    pub head: String,
    /// Its share of the width.
    pub share: f32,
    /// Whether its cells end at its right edge.
    pub right: bool,
}

/// A part of a paper, from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The heading of the paper.
    Heading(String),
    /// The one thing it is about, large.
    Large(String),
    /// A paragraph.
    Words(String),
    /// A paragraph that stands back.
    Quiet(String),
    /// What is known: a name and what it is, line by line.
    Facts(Vec<(String, String)>),
    /// A table; its head is repeated on each page.
    Table(Vec<Column>, Vec<Vec<String>>),
}

/// A paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// What it is, for whoever lists files.
    pub title: String,
    /// Its language, a tag such as `hi`.
    pub language: &'static str,
    /// Its sheets.
    pub sheet: Sheet,
    /// What stands on it.
    pub parts: Vec<Part>,
}

impl Paper {
    /// The file, written with these fonts. The same paper gives the same bytes.
    pub fn pdf(&self, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
        let letters = Letters::of(fonts);
        let mut set = Set::on(self.sheet);
        for part in &self.parts {
            set.part(&letters, part)?;
        }
        set.number_pages(&letters)?;
        write::write(self, set)
    }
}

const fn style(weight: Weight, size: f32, leading: f32, quiet: bool) -> Style {
    Style { weight, size, leading, quiet }
}

const HEADING: Style = style(Weight::Bold, 15.0, 21.0, false);
const LARGE: Style = style(Weight::Bold, 26.0, 36.0, false);
const WORDS: Style = style(Weight::Regular, 10.0, 15.0, false);
const QUIET: Style = style(Weight::Regular, 8.5, 13.0, true);
/// The name of a fact, on one base line with what stands beside it.
const NAME: Style = style(Weight::Regular, 8.5, 15.0, true);
const CELL: Style = style(Weight::Regular, 9.0, 13.0, false);
const HEAD: Style = style(Weight::Bold, 8.5, 13.0, true);

/// White on every side, in points.
const MARGIN: f32 = 42.0;
/// Between two columns.
const GUTTER: f32 = 10.0;
/// Between two parts.
const GAP: f32 = 10.0;
/// Above and below the text of a row.
const ROW_PAD: f32 = 4.0;
/// The share of the names of facts.
const FACT_SHARE: f32 = 0.34;

/// A column: its share of the width, how its words look, and whether they stand at its right.
type Place = (f32, Style, bool);

/// A line of text at its place.
struct Placed {
    page: usize,
    x: f32,
    /// Of its base line, from the top.
    y: f32,
    style: Style,
    line: Line,
    /// What it belongs to; nothing for what is repeated or counts pages.
    leaf: Option<usize>,
}

/// What a piece of text is to whoever hears the paper read.
enum Node {
    Heading(usize, String),
    Paragraph(usize),
    /// Rows of cells: whether the first row is a head, whether the first column is.
    Table {
        rows: Vec<Vec<usize>>,
        head_row: bool,
        head_column: bool,
    },
}

/// What stands where.
struct Set {
    width: f32,
    height: f32,
    page: usize,
    /// How far the page is filled, from the top.
    y: f32,
    placed: Vec<Placed>,
    /// Thin lines: page, height.
    rules: Vec<(usize, f32)>,
    nodes: Vec<Node>,
    leaves: usize,
}

impl Set {
    fn on(sheet: Sheet) -> Set {
        let (width, height) = sheet.size();
        Set {
            width,
            height,
            page: 0,
            y: MARGIN,
            placed: Vec::new(),
            rules: Vec::new(),
            nodes: Vec::new(),
            leaves: 0,
        }
    }

    fn measure(&self) -> f32 {
        self.width - 2.0 * MARGIN
    }

    fn leaf(&mut self) -> usize {
        self.leaves += 1;
        self.leaves - 1
    }

    /// Whether so much still fits on the page.
    fn fits(&self, height: f32) -> bool {
        self.y + height <= self.height - MARGIN
    }

    fn next_page(&mut self) {
        self.page += 1;
        self.y = MARGIN;
    }

    fn part(&mut self, letters: &Letters<'_>, part: &Part) -> Result<(), PaperError> {
        match part {
            Part::Heading(text) => {
                let leaf = self.paragraph(letters, text, HEADING)?;
                self.nodes.push(Node::Heading(leaf, text.clone()));
            }
            Part::Large(text) => self.say(letters, text, LARGE)?,
            Part::Words(text) => self.say(letters, text, WORDS)?,
            Part::Quiet(text) => self.say(letters, text, QUIET)?,
            Part::Facts(facts) => {
                let columns = [(FACT_SHARE, NAME, false), (1.0 - FACT_SHARE, WORDS, false)];
                let rows: Vec<_> =
                    facts.iter().map(|(name, what)| vec![name.clone(), what.clone()]).collect();
                let rows = self.rows(letters, &columns, &rows, None)?;
                self.nodes.push(Node::Table { rows, head_row: false, head_column: true });
            }
            Part::Table(columns, rows) => {
                let heads: Vec<String> = columns.iter().map(|column| column.head.clone()).collect();
                let head: Vec<_> = columns.iter().map(|column| (column.share, HEAD, column.right)).collect();
                let body: Vec<_> = columns.iter().map(|column| (column.share, CELL, column.right)).collect();
                let mut all = self.rows(letters, &head, std::slice::from_ref(&heads), None)?;
                all.extend(self.rows(letters, &body, rows, Some((&head, &heads)))?);
                self.nodes.push(Node::Table { rows: all, head_row: true, head_column: false });
            }
        }
        self.y += GAP;
        Ok(())
    }

    fn say(&mut self, letters: &Letters<'_>, text: &str, style: Style) -> Result<(), PaperError> {
        let leaf = self.paragraph(letters, text, style)?;
        self.nodes.push(Node::Paragraph(leaf));
        Ok(())
    }

    fn paragraph(&mut self, letters: &Letters<'_>, text: &str, style: Style) -> Result<usize, PaperError> {
        let leaf = self.leaf();
        for line in flow::lines(letters, text, style, self.measure())? {
            if !self.fits(style.leading) {
                self.next_page();
            }
            let y = self.y + style.base();
            self.y += style.leading;
            self.placed.push(Placed { page: self.page, x: MARGIN, y, style, line, leaf: Some(leaf) });
        }
        Ok(leaf)
    }

    /// Rows of cells, each on one page; `again` is said on top of every page that they begin.
    fn rows(
        &mut self,
        letters: &Letters<'_>,
        columns: &[Place],
        rows: &[Vec<String>],
        again: Option<(&[Place], &[String])>,
    ) -> Result<Vec<Vec<usize>>, PaperError> {
        let mut leaves = Vec::new();
        for row in rows {
            let cells = self.cells(letters, columns, row)?;
            let height = height_of(&cells);
            if !self.fits(height) {
                self.next_page();
                if let Some((columns, heads)) = again {
                    let heads = self.cells(letters, columns, heads)?;
                    let height = height_of(&heads);
                    self.row(heads, height, &[]);
                }
            }
            let of_row: Vec<usize> = cells.iter().map(|_| self.leaf()).collect();
            self.row(cells, height, &of_row);
            leaves.push(of_row);
        }
        Ok(leaves)
    }

    fn cells(
        &self,
        letters: &Letters<'_>,
        columns: &[Place],
        row: &[String],
    ) -> Result<Vec<Cell>, PaperError> {
        let mut left = MARGIN;
        let mut cells = Vec::new();
        for ((share, style, right), text) in columns.iter().zip(row) {
            let width = self.measure() * share;
            let lines = flow::lines(letters, text, *style, width - GUTTER)?;
            cells.push(Cell { left, width, style: *style, right: *right, lines });
            left += width;
        }
        Ok(cells)
    }

    /// Sets one row; cells without a leaf are repeated ones.
    fn row(&mut self, cells: Vec<Cell>, height: f32, leaves: &[usize]) {
        for (place, cell) in cells.into_iter().enumerate() {
            let Cell { left, width, style, right, lines } = cell;
            for (number, line) in lines.into_iter().enumerate() {
                let x = if right { left + width - GUTTER - line.width } else { left };
                let y = self.y + ROW_PAD + style.leading * number as f32 + style.base();
                let leaf = leaves.get(place).copied();
                self.placed.push(Placed { page: self.page, x, y, style, line, leaf });
            }
        }
        self.y += height;
        self.rules.push((self.page, self.y));
    }

    /// `2 / 3` below each page, if there is more than one.
    fn number_pages(&mut self, letters: &Letters<'_>) -> Result<(), PaperError> {
        let pages = self.page + 1;
        for page in (0..pages).filter(|_| pages > 1) {
            let text = format!("{} / {pages}", page + 1);
            for line in flow::lines(letters, &text, QUIET, self.measure())? {
                let x = self.width - MARGIN - line.width;
                let y = self.height - MARGIN / 2.0;
                self.placed.push(Placed { page, x, y, style: QUIET, line, leaf: None });
            }
        }
        Ok(())
    }
}

/// A cell of a row before it is set.
struct Cell {
    left: f32,
    width: f32,
    style: Style,
    right: bool,
    lines: Vec<Line>,
}

fn height_of(cells: &[Cell]) -> f32 {
    let height = |cell: &Cell| cell.style.leading * cell.lines.len() as f32;
    cells.iter().map(height).fold(0.0, f32::max) + 2.0 * ROW_PAD
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [(&str, &str); 3] = [
        ("en", "Your bank approved it, and the shop has its answer."),
        ("hi", "आपके बैंक ने अनुमति दी, और दुकान को उत्तर मिल गया। क्षत्रिय, श्री PAIZA"),
        ("zh-CN", "没有人告诉这部手机结果如何（如果没有付成），扣下的钱会自动退回。PAIZA NOODLES"),
    ];

    /// The fonts of this machine, if they write all three scripts.
    fn fonts() -> Option<&'static Fonts> {
        let fonts = Fonts::of_this_machine();
        let letters = Letters::of(fonts);
        let known = TEXTS.iter().all(|(_, text)| letters.shape(text, Weight::Regular).is_ok());
        let required = std::env::var_os("PAIZA_REQUIRE_ALL").is_some();
        assert!(known || !required, "fonts are required (Debian: fonts-noto-core, fonts-noto-cjk)");
        if !known {
            eprintln!("SKIPPED: no fonts for all scripts (Debian: fonts-noto-core, fonts-noto-cjk)");
        }
        known.then_some(fonts)
    }

    fn paper(language: &'static str, text: &str) -> Paper {
        let column = |right| Column { head: text.chars().take(4).collect(), share: 0.5, right };
        let rows = vec![vec![text.to_owned(), "\u{20b9}1,23,456.00".to_owned()]; 60];
        let parts = vec![
            Part::Heading(text.to_owned()),
            Part::Large("\u{a5}12.50".to_owned()),
            Part::Words(text.to_owned()),
            Part::Facts(vec![(text.to_owned(), text.to_owned())]),
            Part::Table(vec![column(false), column(true)], rows),
            Part::Quiet(text.to_owned()),
        ];
        Paper { title: text.to_owned(), language, sheet: Sheet::A5, parts }
    }

    #[test]
    fn a_paper_in_every_language_is_one_that_can_be_heard_and_is_the_same_twice() {
        let Some(fonts) = fonts() else { return };
        for (language, text) in TEXTS {
            let paper = paper(language, text);
            // The writer refuses what PDF/UA-1 does not allow: a letter without a glyph, a text without a place.
            let file = paper.pdf(fonts).unwrap();
            let has = |what: &[u8]| file.windows(what.len()).any(|window| window == what);
            assert!(file.starts_with(b"%PDF-1.7") && has(b"/StructTreeRoot"), "{language}");
            assert!(has(format!("/Lang({language})").as_bytes()), "{language}");
            let sheets = file.windows(9).filter(|window| window == b"/MediaBox").count();
            assert!(sheets > 2, "{language}: sixty rows on {sheets} sheets");
            // Only what is used of a font is in it: that of Chinese alone has 19 MB.
            assert!(file.len() < 120_000, "{language}: {}", file.len());
            assert_eq!(file, paper.pdf(fonts).unwrap(), "{language}");
        }
    }

    #[test]
    fn a_text_is_broken_into_lines_that_fit_and_loses_nothing() {
        let Some(fonts) = fonts() else { return };
        let letters = Letters::of(fonts);
        let word = "abcdefghijklmnopqrstuvwxyz".repeat(4);
        for text in TEXTS.iter().map(|(_, text)| *text).chain([word.as_str(), "", "a"]) {
            for width in [40.0, 90.0, 400.0] {
                let lines = flow::lines(&letters, text, WORDS, width).unwrap();
                assert!(lines.iter().all(|line| line.width <= width), "{text} in {width}");
                let stretches = lines.iter().flat_map(|line| &line.stretches);
                let said: String = stretches.map(|stretch| stretch.text.as_str()).collect();
                assert_eq!(said, text, "{width}");
            }
        }
        // A word stays whole where a line has room for it, and what closes stays with what it closes.
        let first = |text: &str, width: f32| -> String {
            let lines = flow::lines(&letters, text, WORDS, width).unwrap();
            lines[0].stretches.iter().map(|stretch| stretch.text.as_str()).collect()
        };
        assert_eq!(first("Your bank approved it", 60.0), "Your bank ");
        assert_eq!(first("退回。退回。", 35.0), "退回。");
    }

    #[test]
    fn what_no_font_writes_is_refused_and_what_hides_is_left_out() {
        let nowhere = tempfile::tempdir().unwrap();
        let none = Fonts::under(&[nowhere.path().to_owned()]);
        for ((language, text), script) in TEXTS.into_iter().zip(["Latin", "Devanagari", "Chinese"]) {
            assert_eq!(paper(language, text).pdf(&none), Err(PaperError::NoFont(script)));
        }
        std::fs::write(nowhere.path().join("notosans-regular.TTF"), b"no font").unwrap();
        let broken = Fonts::under(&[nowhere.path().to_owned()]);
        assert_eq!(paper("en", "A").pdf(&broken), Err(PaperError::Font("notosans-regular.TTF".to_owned())));
        let Some(fonts) = fonts() else { return };
        let runs = Letters::of(fonts).shape("a\u{202e}b\u{1b}c\td\u{200b}", Weight::Bold).unwrap();
        assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), "abc d");
        assert_eq!(paper("en", "\u{10380}").pdf(fonts), Err(PaperError::NoFont("other")));
    }
}
