//! A card in so small a picture that only its colours and the hole are left of it, and its upper edge behind others.

use crate::screens::art::{Design, Pattern, hex};
use crate::screens::tablet::LYING;
use std::fmt::Write;

/// The card as it is recognised in a row, without a word. `place` makes its inner names differ from others of the page.
pub(super) fn mini(design: &Design, grey: bool, place: usize) -> String {
    let (w, h) = (LYING.width, LYING.height);
    let mut out = ground(design, grey, place, &format!("0 0 {w} {h}"), &LYING.path());
    match design.pattern {
        Pattern::Contour => {
            for line in 0..4u32 {
                let y = 190.0 - f64::from(line) * 34.0;
                let (up, down) = (y - 40.0, y + 20.0);
                let _ = write!(out, "<path d=\"M0 {y}C70 {up} 120 {down} 190 {y}S300 {up} 342 {y}\"/>");
            }
        }
        Pattern::Road => {
            for ring in 1..6u32 {
                let _ = write!(out, "<circle cx=\"316\" cy=\"108\" r=\"{}\"/>", ring * 52);
            }
        }
        Pattern::Weave => out.push_str(
            "<path d=\"M180 40h120M180 70h120M200 110v80M240 110v80M280 110v80M60 150h90M60 180h90\"/>",
        ),
        Pattern::Rays => out
            .push_str("<path d=\"M316 108 0 0M316 108 0 70M316 108 0 150M316 108 60 216M316 108 180 216\"/>"),
    }
    out.push_str("</g></g><circle cx=\"316\" cy=\"108\" r=\"10\" fill=\"none\" stroke=\"#E3B65C\" stroke-width=\"4\"/></svg>");
    out
}

/// The upper edge of a card that lies behind another.
pub(super) fn edge(design: &Design, grey: bool, place: usize) -> String {
    ground(design, grey, place, "0 0 342 40", "M18 0H324Q342 0 342 18V40H0V18Q0 0 18 0Z") + "</g></g></svg>"
}

fn ground(design: &Design, grey: bool, place: usize, view: &str, outline: &str) -> String {
    let chroma = if grey { 0.012 } else { design.chroma };
    let (light, deep) = if grey { (0.46, 0.36) } else { (0.42, 0.29) };
    format!(
        "<svg class=\"art\" viewBox=\"{view}\" aria-hidden=\"true\"><defs><linearGradient id=\"m{place}\" x1=\"0\" y1=\"0\" \
         x2=\"1\" y2=\"1\"><stop stop-color=\"{}\"/><stop offset=\"1\" stop-color=\"{}\"/></linearGradient>\
         <clipPath id=\"n{place}\"><path clip-rule=\"evenodd\" d=\"{outline}\"/></clipPath></defs>\
         <g clip-path=\"url(#n{place})\"><rect width=\"342\" height=\"216\" fill=\"url(#m{place})\"/>\
         <g fill=\"none\" stroke=\"{}\" stroke-width=\"3\" stroke-opacity=\".3\">",
        hex(light, chroma, design.hue),
        hex(deep, chroma * 0.85, design.hue),
        hex(0.80, chroma * 0.9, design.hue),
    )
}
