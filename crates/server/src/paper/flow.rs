//! A text broken into lines of a width.

use super::PaperError;
use super::letters::{Letters, Run, Weight};
use krilla::text::{Font, KrillaGlyph};

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) weight: Weight,
    /// In points.
    pub(super) size: f32,
    /// From one line to the next, in points.
    pub(super) leading: f32,
    /// Beside the others, and not as dark.
    pub(super) quiet: bool,
}

impl Style {
    /// From the top of a line to its base line, in points.
    pub(super) fn base(self) -> f32 {
        self.leading * 0.72
    }
}

/// Glyphs of one font that stand beside one another.
pub(super) struct Stretch {
    pub(super) font: Font,
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// From the start of its line, in points.
    pub(super) x: f32,
}

/// A line of text.
#[derive(Default)]
pub(super) struct Line {
    pub(super) stretches: Vec<Stretch>,
    /// In points, without the space at its end.
    pub(super) width: f32,
}

/// One place of a text: all glyphs that stand for the same letters.
struct Cluster {
    run: usize,
    glyphs: std::ops::Range<usize>,
    width: f32,
    is_space: bool,
    /// Whether a line may end behind it.
    ends: bool,
}

/// Breaks a text into lines no wider than this, in points; a word that is wider is broken between its letters.
pub(super) fn lines(
    letters: &Letters<'_>,
    text: &str,
    style: Style,
    width: f32,
) -> Result<Vec<Line>, PaperError> {
    let runs = letters.shape(text, style.weight)?;
    let clusters = clusters(&runs, style.size);
    let mut broken = Vec::new();
    let (mut start, mut used, mut good) = (0, 0.0, None);
    let mut place = 0;
    while let Some(cluster) = clusters.get(place) {
        if !cluster.is_space && used + cluster.width > width && place > start {
            let end = good.filter(|good| *good > start).unwrap_or(place);
            broken.push(start..end);
            (start, used, good, place) = (end, 0.0, None, end);
            continue;
        }
        used += cluster.width;
        place += 1;
        if cluster.ends {
            good = Some(place);
        }
    }
    if start < clusters.len() {
        broken.push(start..clusters.len());
    }
    Ok(broken.into_iter().map(|range| line(&runs, &clusters[range])).collect())
}

fn clusters(runs: &[Run], size: f32) -> Vec<Cluster> {
    let mut all: Vec<Cluster> = Vec::new();
    for (run, of_run) in runs.iter().enumerate() {
        let mut first = 0;
        while let Some(glyph) = of_run.glyphs.get(first) {
            let same = of_run.glyphs[first..].iter().take_while(|next| next.text_range == glyph.text_range);
            let end = first + same.count();
            let letters = &of_run.text[glyph.text_range.clone()];
            let width: f32 = of_run.glyphs[first..end].iter().map(|glyph| glyph.x_advance * size).sum();
            let is_space = letters == " ";
            let wide = letters.chars().all(|letter| ('\u{2e80}'..='\u{ffef}').contains(&letter));
            // What closes stays with what it closes.
            let closes =
                matches!(letters, "，" | "。" | "、" | "：" | "；" | "）" | "！" | "？" | "”" | "》");
            if closes && let Some(before) = all.last_mut() {
                before.ends = false;
            }
            let opens = matches!(letters, "（" | "“" | "《");
            all.push(Cluster {
                run,
                glyphs: first..end,
                width,
                is_space,
                ends: is_space || (wide && !opens),
            });
            first = end;
        }
    }
    all
}

fn line(runs: &[Run], clusters: &[Cluster]) -> Line {
    let mut made = Line::default();
    let (mut x, mut place) = (0.0, 0);
    while let Some(first) = clusters.get(place) {
        let same = clusters[place..].iter().take_while(|cluster| cluster.run == first.run);
        let end = place + same.count();
        let run = &runs[first.run];
        let glyphs = &run.glyphs[first.glyphs.start..clusters[end - 1].glyphs.end];
        let (from, to) = (glyphs[0].text_range.start, glyphs[glyphs.len() - 1].text_range.end);
        let moved = |glyph: &KrillaGlyph| {
            let range = glyph.text_range.start - from..glyph.text_range.end - from;
            KrillaGlyph { text_range: range, ..glyph.clone() }
        };
        made.stretches.push(Stretch {
            font: run.font.clone(),
            text: run.text[from..to].to_owned(),
            glyphs: glyphs.iter().map(moved).collect(),
            x,
        });
        x += clusters[place..end].iter().map(|cluster| cluster.width).sum::<f32>();
        place = end;
    }
    let spaces = clusters.iter().rev().take_while(|cluster| cluster.is_space);
    made.width = x - spaces.map(|cluster| cluster.width).sum::<f32>();
    made
}
