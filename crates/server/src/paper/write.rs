//! What stands where, as a file.

use super::{MARGIN, Node, Paper, PaperError, Placed, Set};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::{Document, SerializeSettings};
use std::num::NonZeroU16;

/// Text, text that stands back, thin lines.
const INK: (u8, u8, u8) = (28, 25, 22);
const QUIET: (u8, u8, u8) = (92, 84, 76);
const RULE: (u8, u8, u8) = (214, 207, 198);
/// How thick a thin line is, in points.
const RULE_HEIGHT: f32 = 0.6;

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// Writes the pages and, beside them, what each text is.
pub(super) fn write(paper: &Paper, set: Set) -> Result<Vec<u8>, PaperError> {
    let told = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let configuration = told.finish().map_err(|error| PaperError::Write(format!("{error:?}")))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let metadata = Metadata::new().title(paper.title.clone()).language(paper.language.to_owned());
    document.set_metadata(metadata.creator("Paiza".to_owned()));
    let mut leaves: Vec<Vec<Identifier>> = vec![Vec::new(); set.leaves];
    let sheet = PageSettings::from_wh(set.width, set.height).expect("sheets have a size");
    for page in 0..=set.page {
        let mut opened = document.start_page_with(sheet.clone());
        let mut surface = opened.surface();
        for (_, y) in set.rules.iter().filter(|(of, _)| *of == page) {
            rule(&mut surface, MARGIN, *y, set.width - 2.0 * MARGIN);
        }
        for placed in set.placed.iter().filter(|placed| placed.page == page) {
            let leaf = draw(&mut surface, placed);
            if let Some(place) = placed.leaf {
                leaves[place].push(leaf);
            }
        }
        surface.finish();
        opened.finish();
    }
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(paper.title.clone(), top));
    document.set_outline(outline);
    document.set_tag_tree(tree(&set.nodes, &leaves));
    document.finish().map_err(|error| PaperError::Write(format!("{error:?}")))
}

fn rule(surface: &mut Surface<'_>, x: f32, y: f32, width: f32) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(x, y - RULE_HEIGHT, width, RULE_HEIGHT) {
        path.push_rect(rect);
    }
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    surface.set_fill(Some(fill(RULE)));
    surface.draw_path(&path);
    surface.end_tagged();
}

fn draw(surface: &mut Surface<'_>, placed: &Placed) -> Identifier {
    let leaf = match placed.leaf {
        Some(_) => surface.start_tagged(ContentTag::Span(SpanTag::empty())),
        None => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)))
        }
    };
    surface.set_fill(Some(fill(if placed.style.quiet { QUIET } else { INK })));
    for stretch in &placed.line.stretches {
        let start = Point::from_xy(placed.x + stretch.x, placed.y);
        let (font, size) = (stretch.font.clone(), placed.style.size);
        surface.draw_glyphs(start, &stretch.glyphs, font, &stretch.text, size, false);
    }
    surface.end_tagged();
    leaf
}

fn tree(nodes: &[Node], leaves: &[Vec<Identifier>]) -> TagTree {
    let filled = |mut group: TagGroup, leaf: usize| {
        leaves[leaf].iter().for_each(|identifier| group.push(*identifier));
        group
    };
    let mut tree = TagTree::new();
    for node in nodes {
        match node {
            Node::Heading(leaf, text) => {
                let tag = Tag::Hn(NonZeroU16::MIN, Some(text.clone()));
                tree.push(filled(TagGroup::new(tag), *leaf));
            }
            Node::Paragraph(leaf) => tree.push(filled(TagGroup::new(Tag::P), *leaf)),
            Node::Table { rows, head_row, head_column } => {
                let mut table = TagGroup::new(Tag::Table);
                for (number, row) in rows.iter().enumerate() {
                    let mut line = TagGroup::new(Tag::TR);
                    for (place, leaf) in row.iter().enumerate() {
                        let cell = match (*head_row && number == 0, *head_column && place == 0) {
                            (true, _) => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
                            (_, true) => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
                            _ => TagGroup::new(Tag::TD),
                        };
                        line.push(filled(cell, *leaf));
                    }
                    table.push(line);
                }
                tree.push(table);
            }
        }
    }
    tree
}
