//! The colours of every screen, by the names that style sheets and drawings use. There are no others.

/// One colour in both themes, `#RRGGBB`.
pub struct Colour {
    /// The name; the custom property is `--name`.
    pub name: &'static str,
    /// On a light ground.
    pub light: &'static str,
    /// On a dark ground.
    pub dark: &'static str,
}

const fn colour(name: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { name, light, dark }
}

/// All colours, grounds first.
pub const COLOURS: &[Colour] = &[
    colour("bg", "#F2F4F1", "#0D1110"),
    colour("surface", "#FFFFFF", "#171C1A"),
    colour("well", "#E7EAE5", "#222826"),
    colour("ink", "#141A17", "#F0F3EF"),
    colour("ink2", "#47504B", "#B4BCB7"),
    colour("ink3", "#5F6863", "#929B96"),
    colour("line", "#D6DBD5", "#2C3330"),
    colour("edge", "#7C8580", "#717A75"),
    colour("metal", "#DDAA45", "#E3B65C"),
    colour("onmetal", "#1D1503", "#1D1503"),
    colour("metaldeep", "#A4720F", "#E3B65C"),
    colour("metalink", "#765000", "#E9C171"),
    colour("metalwash", "#F8EDD3", "#2E2613"),
    colour("act", "#17211D", "#EEF1ED"),
    colour("onact", "#FFFFFF", "#131715"),
    colour("ok", "#0D6847", "#62CC9B"),
    colour("okwash", "#DCEFE4", "#10291F"),
    colour("wait", "#28589A", "#92BBF2"),
    colour("waitwash", "#E1EAF6", "#15243A"),
    colour("bad", "#B0281C", "#FF978A"),
    colour("badwash", "#FBE5E1", "#3A1815"),
    colour("warn", "#934600", "#F3A966"),
    colour("warnwash", "#FBEAD8", "#35220F"),
    colour("okfield", "#0B5A3E", "#0A4A34"),
    colour("onfield", "#FFFFFF", "#FFFFFF"),
    colour("onfield2", "#CFE8DB", "#BFE2D0"),
    colour("badfield", "#9E2117", "#7E1A12"),
    // A terminal's lights: on the ground, and on the field of success.
    colour("lamp", "#148A50", "#62CC9B"),
    colour("lampfield", "#8DF0BE", "#8DF0BE"),
];

/// The custom properties of both themes: the light one, the dark one where the system asks for it, and each
/// where `data-theme` on the root element says so.
pub fn custom_properties() -> String {
    let list = |dark: bool| {
        let value = |colour: &Colour| if dark { colour.dark } else { colour.light };
        let lines = COLOURS.iter().map(|colour| format!("--{}:{};", colour.name, value(colour)));
        format!("color-scheme:{};{}", if dark { "dark" } else { "light" }, lines.collect::<String>())
    };
    let (light, dark) = (list(false), list(true));
    format!(
        ":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         :root[data-theme=light]{{{light}}}\n:root[data-theme=dark]{{{dark}}}\n"
    )
}

/// The contrast of two colours `#RRGGBB`, 1 to 21 (WCAG 2.2, relative luminance); 0 for what is no colour.
pub fn contrast(one: &str, other: &str) -> f64 {
    let (Some(one), Some(other)) = (luminance(one), luminance(other)) else { return 0.0 };
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| {
        let byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        let part = f64::from(byte) / 255.0;
        Some(if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, dark: bool) -> &'static str {
        let colour = COLOURS.iter().find(|colour| colour.name == name).unwrap_or_else(|| panic!("{name}"));
        if dark { colour.dark } else { colour.light }
    }

    /// What is read stands out by 4.5, what is only seen by 3.
    #[test]
    fn every_text_and_mark_can_be_seen_in_both_themes() {
        let texts = ["ink", "ink2", "ink3", "metalink", "ok", "wait", "bad", "warn"];
        let grounds = ["bg", "surface", "well"];
        let mut pairs: Vec<(&str, &str, f64)> =
            texts.iter().flat_map(|text| grounds.map(|ground| (*text, ground, 4.5))).collect();
        pairs.extend([
            ("onmetal", "metal", 4.5),
            ("onact", "act", 4.5),
            ("ok", "okwash", 4.5),
            ("wait", "waitwash", 4.5),
            ("bad", "badwash", 4.5),
            ("warn", "warnwash", 4.5),
            ("metalink", "metalwash", 4.5),
            ("onfield", "okfield", 4.5),
            ("onfield2", "okfield", 4.5),
            ("onfield", "badfield", 4.5),
            ("surface", "ok", 4.5),
            ("edge", "bg", 3.0),
            ("edge", "surface", 3.0),
            ("metaldeep", "bg", 3.0),
            ("metaldeep", "surface", 3.0),
            ("metaldeep", "well", 3.0),
            ("lamp", "bg", 3.0),
            ("lampfield", "okfield", 3.0),
        ]);
        pairs.extend(
            ["okwash", "waitwash", "badwash", "warnwash", "metalwash"].map(|wash| ("ink2", wash, 4.5)),
        );
        for (text, ground, least) in pairs {
            for dark in [false, true] {
                let found = contrast(of(text, dark), of(ground, dark));
                assert!(found >= least, "{text} on {ground}, dark {dark}: {found:.2}");
            }
        }
        assert!((contrast("#000000", "#FFFFFF") - 21.0).abs() < 0.01);
        assert_eq!(contrast("red", "#FFFFFF"), 0.0);
    }

    #[test]
    fn both_themes_name_every_colour() {
        let text = custom_properties();
        for colour in COLOURS {
            assert_eq!(text.matches(&format!("--{}:", colour.name)).count(), 4, "{}", colour.name);
        }
    }
}
