//! Letters of this machine: its fonts, and texts as glyphs of them.

use super::PaperError;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where systems keep their fonts.
const FOLDERS: [&str; 6] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "/run/current-system/sw/share/X11/fonts",
    "C:\\Windows\\Fonts",
];

/// A font's file and its place in it.
type Named = (&'static str, u32);

/// Scripts and the fonts that write them, the best first. Whoever reads simplified Chinese gets its forms: third in the
/// collection of Noto, first in those of one language.
const SCRIPTS: [(&str, &[Named], &[Named]); 3] = [
    (
        "Latin",
        &[
            ("NotoSans-Regular.ttf", 0),
            ("DejaVuSans.ttf", 0),
            ("LiberationSans-Regular.ttf", 0),
            ("segoeui.ttf", 0),
            ("Arial.ttf", 0),
        ],
        &[
            ("NotoSans-Bold.ttf", 0),
            ("DejaVuSans-Bold.ttf", 0),
            ("LiberationSans-Bold.ttf", 0),
            ("segoeuib.ttf", 0),
            ("Arial Bold.ttf", 0),
        ],
    ),
    (
        "Devanagari",
        &[
            ("NotoSansDevanagari-Regular.ttf", 0),
            ("Lohit-Devanagari.ttf", 0),
            ("Nirmala.ttf", 0),
            ("Nirmala.ttc", 0),
            ("Kohinoor.ttc", 0),
        ],
        &[("NotoSansDevanagari-Bold.ttf", 0), ("NirmalaB.ttf", 0)],
    ),
    (
        "Chinese",
        &[
            ("NotoSansCJK-Regular.ttc", 2),
            ("NotoSansSC-Regular.otf", 0),
            ("wqy-microhei.ttc", 0),
            ("msyh.ttc", 0),
            ("STHeiti Light.ttc", 0),
        ],
        &[("NotoSansCJK-Bold.ttc", 2), ("NotoSansSC-Bold.otf", 0), ("msyhbd.ttc", 0)],
    ),
];

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Where the fonts of a machine lie, by script: regular, and bold where there is one.
#[derive(Clone, Debug, Default)]
pub struct Fonts([(Found, Found); SCRIPTS.len()]);

/// A file of fonts and the place of one in it, if there is one.
type Found = Option<(PathBuf, u32)>;

impl Fonts {
    /// Those of this machine, looked for once.
    pub fn of_this_machine() -> &'static Fonts {
        static FOUND: OnceLock<Fonts> = OnceLock::new();
        FOUND.get_or_init(|| Fonts::under(&FOLDERS.map(PathBuf::from)))
    }

    /// Those in these folders and the folders in them.
    pub fn under(folders: &[PathBuf]) -> Fonts {
        let files = files_under(folders);
        let found = |wanted: &[Named]| {
            wanted.iter().find_map(|(name, place)| {
                let is_it =
                    |path: &&PathBuf| path.file_name().is_some_and(|file| file.eq_ignore_ascii_case(name));
                files.iter().find(is_it).map(|path| (path.clone(), *place))
            })
        };
        Fonts(SCRIPTS.map(|(_, regular, bold)| (found(regular), found(bold))))
    }
}

/// How deep folders of fonts are looked into.
const DEPTH_MOST: usize = 5;

fn files_under(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open: Vec<(PathBuf, usize)> = folders.iter().map(|folder| (folder.clone(), 0)).collect();
    while let Some((folder, depth)) = open.pop() {
        // A folder that is not there holds no font.
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH_MOST => open.push((entry.path(), depth + 1)),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    files
}

/// A font that was read.
struct Loaded {
    data: Arc<Vec<u8>>,
    place: u32,
    font: Font,
}

impl Loaded {
    fn read((path, place): &(PathBuf, u32)) -> Result<Loaded, PaperError> {
        let broken = || PaperError::Font(name_of(path));
        let data = Arc::new(std::fs::read(path).map_err(|_| broken())?);
        Face::from_slice(&data, *place).ok_or_else(broken)?;
        let font = Font::new(Arc::clone(&data).into(), *place).ok_or_else(broken)?;
        Ok(Loaded { data, place: *place, font })
    }

    fn face(&self) -> Face<'_> {
        Face::from_slice(&self.data, self.place).expect("it was a font when it was read")
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The fonts of one paper, read when the first letter wants them.
pub(super) struct Letters<'a> {
    fonts: &'a Fonts,
    loaded: [[OnceLock<Loaded>; 2]; SCRIPTS.len()],
}

/// A piece of text in one font.
pub(super) struct Run {
    pub(super) font: Font,
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
}

impl<'a> Letters<'a> {
    pub(super) fn of(fonts: &'a Fonts) -> Letters<'a> {
        Letters { fonts, loaded: Default::default() }
    }

    /// The font of a script, bold where it has such.
    fn font(&self, script: usize, weight: Weight) -> Result<Option<&Loaded>, PaperError> {
        let (regular, bold) = &self.fonts.0[script];
        let (slot, file) = match (weight, bold) {
            (Weight::Bold, Some(bold)) => (1, Some(bold)),
            _ => (0, regular.as_ref()),
        };
        let Some(file) = file else { return Ok(None) };
        let slot = &self.loaded[script][slot];
        if slot.get().is_none() {
            let _ = slot.set(Loaded::read(file)?);
        }
        Ok(slot.get())
    }

    /// The script whose font has this letter; that of the letter before it, if it can.
    fn script_of(&self, letter: char, before: Option<usize>, weight: Weight) -> Result<usize, PaperError> {
        for script in before.into_iter().chain(0..SCRIPTS.len()) {
            let Some(loaded) = self.font(script, weight)? else { continue };
            if loaded.face().glyph_index(letter).is_some() {
                return Ok(script);
            }
        }
        let wanted = match letter {
            '\u{900}'..='\u{97f}' => "Devanagari",
            '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}' => "Chinese",
            '\0'..='\u{24f}' => "Latin",
            _ => "other",
        };
        Err(PaperError::NoFont(wanted))
    }

    /// A text as glyphs, from left to right. What cannot be seen and what turns the direction of other letters is left out.
    pub(super) fn shape(&self, text: &str, weight: Weight) -> Result<Vec<Run>, PaperError> {
        let mut pieces: Vec<(usize, String)> = Vec::new();
        for letter in text.chars().filter(|letter| !is_hidden(*letter)) {
            let letter = if letter.is_whitespace() { ' ' } else { letter };
            let before = pieces.last().map(|(script, _)| *script);
            // What joins letters belongs to those it joins.
            let joins = matches!(letter, '\u{200c}' | '\u{200d}');
            let script = match before {
                Some(before) if joins => before,
                _ => self.script_of(letter, before, weight)?,
            };
            match pieces.last_mut() {
                Some((last, piece)) if *last == script => piece.push(letter),
                _ => pieces.push((script, letter.to_string())),
            }
        }
        let run = |(script, text): (usize, String)| {
            let loaded = self.font(script, weight)?.expect("a letter was found in it");
            Ok(Run { font: loaded.font.clone(), glyphs: glyphs(&loaded.face(), &text), text })
        };
        pieces.into_iter().map(run).collect()
    }
}

/// Controls, and marks that change how other letters run: no text of ours has them, and a name that has them deceives.
pub(crate) fn is_hidden(letter: char) -> bool {
    (letter.is_control() && !letter.is_whitespace())
        || matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn glyphs(face: &Face<'_>, text: &str) -> Vec<KrillaGlyph> {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::LeftToRight);
    let shaped = rustybuzz::shape(face, &[], buffer);
    let unit = face.units_per_em() as f32;
    let starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    let range = |place: usize| -> Range<usize> {
        let start = starts[place];
        let end = starts[place..].iter().copied().find(|next| *next > start);
        start..end.unwrap_or(text.len())
    };
    let each = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).enumerate();
    each.map(|(place, (info, position))| {
        let part = |value: i32| value as f32 / unit;
        KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            part(position.x_advance),
            part(position.x_offset),
            part(position.y_offset),
            part(position.y_advance),
            range(place),
            None,
        )
    })
    .collect()
}
