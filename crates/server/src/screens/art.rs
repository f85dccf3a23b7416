//! Card art, drawn from six values of the bank and its product, never from a card or a customer.

use super::tablet::{HELD_UP, LYING, Tablet};
use std::f64::consts::TAU;
use std::fmt::Write;

/// What is drawn on the ground of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Stacked waves.
    Contour,
    /// Rings around the hole, every third of dots, like stations on a road.
    Road,
    /// Three strokes across, three down, in turn.
    Weave,
    /// Lines from the hole.
    Rays,
}

/// The form that stands for a network. The forms are ours and mean nothing elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkForm {
    /// Two tablets that overlap.
    Tablets,
    /// Four lozenges.
    Lozenges,
    /// Three arches.
    Arches,
}

/// The design of a bank's card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Hue in degrees, 0 to 359 (OKLCH).
    pub hue: f64,
    /// Chroma, 0.03 to 0.085 (OKLCH).
    pub chroma: f64,
    /// What is drawn.
    pub pattern: Pattern,
    /// Varies the pattern.
    pub seed: u32,
    /// The network.
    pub network: NetworkForm,
}

/// Whether a card can pay, as its art shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<'a> {
    /// In full colour.
    Active,
    /// In full colour, with a label: the bank is being asked.
    Checking(&'a str),
    /// Without colour, with a label.
    Paused(&'a str),
}

/// What is written on a card.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// The bank.
    pub bank: &'a str,
    /// The product.
    pub product: &'a str,
    /// The last four digits; empty for none.
    pub last_four: &'a str,
    /// The name of the picture for those who do not see it.
    pub label: &'a str,
}

/// The design of a bank, by its short name; one without a design of its own gets the plain one.
pub fn design_of(bank: &str) -> Design {
    let design =
        |hue, chroma, pattern, seed| Design { hue, chroma, pattern, seed, network: NetworkForm::Tablets };
    match bank {
        "boc" => design(168.0, 0.085, Pattern::Contour, 5),
        "harbour" => design(262.0, 0.085, Pattern::Road, 3),
        "lantern" => design(38.0, 0.085, Pattern::Weave, 9),
        "meadow" => design(128.0, 0.085, Pattern::Road, 14),
        _ => design(215.0, 0.03, Pattern::Rays, 2),
    }
}

/// A card lying in the wallet. `place` makes the picture's inner names differ from those of others on a page.
pub fn lying(design: &Design, look: Look<'_>, texts: &Texts<'_>, place: usize) -> String {
    draw(design, look, texts, place, &LYING)
}

/// A card held up to pay.
pub fn held_up(design: &Design, look: Look<'_>, texts: &Texts<'_>, place: usize) -> String {
    draw(design, look, texts, place, &HELD_UP)
}

fn draw(design: &Design, look: Look<'_>, texts: &Texts<'_>, place: usize, shape: &Tablet) -> String {
    let paused = matches!(look, Look::Paused(_));
    let chroma = if paused { 0.012 } else { design.chroma };
    let (light, deep) = if paused { (0.46, 0.36) } else { (0.42, 0.29) };
    let (from, to) = (hex(light, chroma, design.hue), hex(deep, chroma * 0.85, design.hue));
    let stroke = hex(0.80, chroma * 0.9, design.hue);
    let (w, h) = (shape.width, shape.height);
    let mut out = format!(
        "<svg class=\"art\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\"><defs>\
         <linearGradient id=\"g{place}\" x1=\"0\" y1=\"0\" x2=\"1\" y2=\"1\"><stop stop-color=\"{from}\"/>\
         <stop offset=\"1\" stop-color=\"{to}\"/></linearGradient>\
         <clipPath id=\"c{place}\"><path clip-rule=\"evenodd\" d=\"{}\"/></clipPath></defs>\
         <g clip-path=\"url(#c{place})\"><rect width=\"{w}\" height=\"{h}\" fill=\"url(#g{place})\"/>\
         <g fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.3\" stroke-opacity=\".3\">",
        escape(texts.label),
        shape.path()
    );
    match design.pattern {
        Pattern::Contour => contour(&mut out, design.seed, shape),
        Pattern::Road => road(&mut out, shape),
        Pattern::Weave => weave(&mut out, design.seed, shape),
        Pattern::Rays => rays(&mut out, shape),
    }
    let _ = write!(
        out,
        "</g></g><circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"#E3B65C\" stroke-width=\"2\"/>",
        shape.hole_x,
        shape.hole_y,
        shape.hole + 1.0
    );
    write_texts(&mut out, texts, look, shape);
    network(&mut out, design.network, shape);
    out.push_str("</svg>");
    out
}

fn write_texts(out: &mut String, texts: &Texts<'_>, look: Look<'_>, shape: &Tablet) {
    let (bank, product) = (escape(texts.bank), escape(texts.product));
    let bottom = shape.height - 22.0;
    if shape.width > shape.height {
        let _ = write!(
            out,
            "<text class=\"bank\" x=\"20\" y=\"36\">{bank}</text><text class=\"product\" x=\"20\" y=\"56\">{product}</text>"
        );
    } else {
        let middle = shape.width / 2.0;
        let _ = write!(
            out,
            "<text class=\"bank\" x=\"{middle}\" y=\"78\" text-anchor=\"middle\">{bank}</text>\
             <text class=\"product\" x=\"{middle}\" y=\"98\" text-anchor=\"middle\">{product}</text>"
        );
    }
    if !texts.last_four.is_empty() {
        let digits = escape(texts.last_four);
        let _ = write!(
            out,
            "<text class=\"digits\" x=\"20\" y=\"{bottom}\">\u{2022}\u{2022}\u{2022}\u{2022} {digits}</text>"
        );
    }
    if let Look::Checking(word) | Look::Paused(word) = look {
        let width = 28.0 + 8.0 * word.chars().map(|c| if c.is_ascii() { 1.0 } else { 1.8 }).sum::<f64>();
        let _ = write!(
            out,
            "<rect x=\"20\" y=\"92\" width=\"{width}\" height=\"30\" rx=\"15\" fill=\"#141A17\"/>\
             <text class=\"label\" x=\"{}\" y=\"112\" text-anchor=\"middle\">{}</text>",
            20.0 + width / 2.0,
            escape(word)
        );
    }
}

/// Waves from left to right; a small step of the seed gives another landscape.
fn contour(out: &mut String, seed: u32, shape: &Tablet) {
    let lines = if shape.width > shape.height { 15 } else { 20 };
    let (phase, waves) = (f64::from(seed % 17) / 17.0 * TAU, 1.4 + f64::from(seed % 5) * 0.28);
    for line in 0..lines {
        let along = f64::from(line) / f64::from(lines);
        let (base, height) = (shape.height + 30.0 - f64::from(line) * 13.0, 20.0 + 22.0 * (1.0 - along));
        let mut path = String::new();
        let mut x = -4.0;
        while x <= shape.width + 4.0 {
            let turn = x / shape.width * TAU * waves + phase + f64::from(line) * 0.13;
            let y = base - height * (turn.sin() + 0.45 * (turn * 0.53 + 1.7).sin());
            let _ = write!(path, "{}{x:.0} {y:.1}", if path.is_empty() { "M" } else { "L" });
            x += 4.0;
        }
        let _ = write!(out, "<path stroke-opacity=\"{:.2}\" d=\"{path}\"/>", 0.30 - 0.22 * along);
    }
}

fn road(out: &mut String, shape: &Tablet) {
    for ring in 1..=18u32 {
        let dots = if ring % 3 == 0 {
            " stroke-dasharray=\"0 9\" stroke-linecap=\"round\" stroke-width=\"2.6\""
        } else {
            ""
        };
        let _ = write!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{dots}/>",
            shape.hole_x,
            shape.hole_y,
            f64::from(ring) * 19.0 + 8.0
        );
    }
}

fn weave(out: &mut String, seed: u32, shape: &Tablet) {
    let cell = 22.0 + f64::from(seed % 8);
    let (columns, rows) = ((shape.width / cell).ceil() as u32 + 1, (shape.height / cell).ceil() as u32 + 1);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (f64::from(column) * cell, f64::from(row) * cell);
            // Stronger to the lower right.
            let strength = 0.06 + 0.24 * (x + y) / (shape.width + shape.height);
            let mut path = String::new();
            for stroke in [0.25, 0.5, 0.75] {
                let at = cell * stroke;
                let _ = if (row + column) % 2 == 0 {
                    write!(path, "M{:.1} {:.1}h{:.1}", x + 3.0, y + at, cell - 6.0)
                } else {
                    write!(path, "M{:.1} {:.1}v{:.1}", x + at, y + 3.0, cell - 6.0)
                };
            }
            let _ = write!(out, "<path stroke-opacity=\"{:.2}\" d=\"{path}\"/>", strength.min(0.3));
        }
    }
}

fn rays(out: &mut String, shape: &Tablet) {
    let far = shape.width + shape.height;
    for ray in 0..64 {
        let turn = f64::from(ray) / 64.0 * TAU;
        let (x, y) = (turn.cos(), turn.sin());
        let near = shape.hole + 10.0;
        let _ = write!(
            out,
            "<path stroke-opacity=\"{}\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
            if ray % 2 == 0 { ".3" } else { ".16" },
            shape.hole_x + x * near,
            shape.hole_y + y * near,
            shape.hole_x + x * far,
            shape.hole_y + y * far
        );
    }
}

/// 26 x 24 in the lower right corner.
fn network(out: &mut String, form: NetworkForm, shape: &Tablet) {
    let (x, y) = (shape.width - 46.0, shape.height - 44.0);
    let inside = match form {
        NetworkForm::Tablets => {
            "<rect x=\"1\" y=\"1\" width=\"15\" height=\"22\" rx=\"4.5\"/>\
             <rect x=\"10\" y=\"1\" width=\"15\" height=\"22\" rx=\"4.5\" fill=\"#FFFFFF\" fill-opacity=\".3\"/>"
        }
        NetworkForm::Lozenges => {
            "<path d=\"M13 1l5.5 5.5L13 12 7.500 6.500ZM13 12l5.500 5.500L13 23l-5.500-5.500ZM7.500 6.500 13 12l-5.500 5.500L2 12ZM18.500 6.500 24 12l-5.500 5.500L13 12Z\"/>"
        }
        NetworkForm::Arches => {
            "<path d=\"M2 23V12a11 11 0 0 1 22 0v11M7 23V12a6 6 0 0 1 12 0v11M12 23V12a1 1 0 0 1 2 0v11\"/>"
        }
    };
    let _ = write!(
        out,
        "<g transform=\"translate({x} {y})\" fill=\"none\" stroke=\"#FFFFFF\" stroke-width=\"1.9\" stroke-linejoin=\"round\" stroke-linecap=\"round\">{inside}</g>"
    );
}

/// A colour of the OKLCH space as `#RRGGBB`, cut to what a screen can show.
pub(super) fn hex(lightness: f64, chroma: f64, hue: f64) -> String {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let cube = |x: f64| x * x * x;
    let l = cube(lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let m = cube(lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let s = cube(lightness - 0.089_484_177_5 * a - 1.291_485_548 * b);
    let channel = |linear: f64| {
        let linear = linear.clamp(0.0, 1.0);
        let part =
            if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (part * 255.0).round() as u8
    };
    format!(
        "#{:02X}{:02X}{:02X}",
        channel(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        channel(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        channel(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::palette::contrast;

    /// The ends of the ground of known designs.
    #[test]
    fn grounds_are_those_of_the_book_of_designs() {
        for (hue, chroma, from, to) in [
            (168.0, 0.085, "#005B44", "#003624"),
            (262.0, 0.085, "#334C7B", "#172A4F"),
            (38.0, 0.085, "#743B29", "#481C0E"),
            (215.0, 0.03, "#3A5157", "#1C2F33"),
            (345.0, 0.085, "#6D3958", "#431A33"),
            (128.0, 0.085, "#3F561E", "#213203"),
        ] {
            assert_eq!(hex(0.42, chroma, hue), from);
            assert_eq!(hex(0.29, chroma * 0.85, hue), to);
        }
    }

    #[test]
    fn white_is_read_on_every_ground() {
        for hue in 0..360 {
            for (lightness, chroma) in [(0.42, 0.085), (0.29, 0.085 * 0.85), (0.46, 0.012), (0.36, 0.012)] {
                let ground = hex(lightness, chroma, f64::from(hue));
                assert!(contrast("#FFFFFF", &ground) >= 7.0, "{hue} {lightness}: {ground}");
            }
        }
    }

    #[test]
    fn what_is_written_cannot_break_out() {
        let texts = Texts { bank: "<script>", product: "\"&", last_four: "2041", label: "\"><script>" };
        for design in ["boc", "harbour", "lantern", "meadow", "other"].map(design_of) {
            for look in [Look::Active, Look::Checking("<b>"), Look::Paused("Paused")] {
                for picture in [lying(&design, look, &texts, 1), held_up(&design, look, &texts, 2)] {
                    assert!(!picture.contains("<script") && !picture.contains("<b>"), "{picture}");
                    assert!(!picture.contains("style="), "a style would break the policy of content");
                    assert!(picture.contains("2041") && picture.contains("role=\"img\""));
                }
            }
        }
    }
}
