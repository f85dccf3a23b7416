//! Icons: one table of outlines on a grid of 24, drawn in the colour of the text around them.

/// An outline: the name and its path data.
const OUTLINES: &[(&str, &str)] = &[
    ("alert", "M12 4 21 19.5H3ZM12 10v4.5M12 17v.01"),
    ("backspace", "M9 6h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9l-6-6ZM11.5 9.5l5 5M16.5 9.5l-5 5"),
    ("bank", "M4 9.5 12 4l8 5.5ZM6 10v7M10 10v7M14 10v7M18 10v7M4 20h16"),
    ("bell", "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7ZM10 20h4"),
    ("bus", "M5 6a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v11H5ZM5 12h14M8 17v2.5M16 17v2.5M8 14.5h.01M16 14.5h.01"),
    ("chat", "M4 5h16v12h-9l-4 3.5V17H4Z"),
    ("check", "m5 12.5 4.5 4.5L19 7.5"),
    ("clock", "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2"),
    ("close", "M6 6l12 12M18 6 6 18"),
    (
        "copy",
        "M9 9h10v10a1 1 0 0 1-1 1h-8a1 1 0 0 1-1-1ZM15 9V5a1 1 0 0 0-1-1H5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h4",
    ),
    ("doc", "M6 3h8l4 4v14H6ZM14 3v4h4M9 12h6M9 16h6"),
    ("download", "M12 4v11M8 11.5l4 4 4-4M5 20h14"),
    (
        "eye",
        "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
    ),
    ("filter", "M4 7h16M7 12h10M10 17h4"),
    ("history", "M5 6h14M5 12h14M5 18h9"),
    ("home", "M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1Z"),
    (
        "hourglass",
        "M7 4h10M7 20h10M8 4v2.5c0 2.5 4 3.5 4 5.5s-4 3-4 5.5V20M16 4v2.5c0 2.5-4 3.5-4 5.5s4 3 4 5.5V20",
    ),
    ("info", "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 11v5M12 8v.01"),
    ("key", "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 12h9M18 12v3M15 12v2"),
    ("left", "m15 5-7 7 7 7"),
    (
        "loan",
        "M4 7c0-1.7 2.7-3 6-3s6 1.3 6 3-2.7 3-6 3-6-1.3-6-3ZM4 7v5c0 1.7 2.7 3 6 3M16 7v2M8 15v2c0 1.7 2.7 3 6 3s6-1.3 6-3v-5c0-1.7-2.7-3-6-3s-6 1.3-6 3 2.7 3 6 3 6-1.3 6-3",
    ),
    ("lock", "M6 11h12v8a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3"),
    (
        "network",
        "M12 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM5.5 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM18.5 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM10.8 7.7 6.8 15M13.2 7.7l4 7.3M8 17.5h8",
    ),
    ("pause", "M9 5v14M15 5v14"),
    (
        "phone",
        "M7 4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v15a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 19.5ZM11 18h2",
    ),
    (
        "purse",
        "M4 8a2 2 0 0 1 2-2h11a1 1 0 0 1 1 1v2h1a1 1 0 0 1 1 1v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM17 13.5h3",
    ),
    ("qr", "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM20 14v3M17 20h3v-.01M14 20v-.01"),
    ("receive", "M17 7 7 17M15 17H7V9"),
    ("refresh", "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5"),
    ("right", "m9 5 7 7-7 7"),
    (
        "scan",
        "M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M20 16v2a2 2 0 0 1-2 2h-2M8 20H6a2 2 0 0 1-2-2v-2M4 12h16",
    ),
    ("search", "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20"),
    ("send", "M7 17 17 7M9 7h8v8"),
    ("share", "M12 15V4M8 7.5 12 4l4 3.5M5 12v7a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-7"),
    ("shield", "M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6ZM9 12l2 2 4-4"),
    ("stop", "M8.3 3.5h7.4l4.8 4.8v7.4l-4.8 4.8H8.3l-4.8-4.8V8.3ZM9 9l6 6M15 9l-6 6"),
    (
        "store",
        "M5 10v9a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-9M3.5 9 5 4h14l1.5 5c0 1.5-1.2 2.5-2.7 2.5S15 10.5 15 9c0 1.5-1.3 2.5-3 2.5S9 10.5 9 9c0 1.5-1.3 2.5-2.8 2.5S3.5 10.5 3.5 9ZM10 20v-5h4v5",
    ),
    ("tap", "M7 9.2a5 5 0 0 1 0 5.6M10.5 6.6a9 9 0 0 1 0 10.8M14 4.2a13 13 0 0 1 0 15.6"),
    (
        "terminal",
        "M6 5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2ZM9 6.5h6v4H9ZM9 14h.01M12 14h.01M15 14h.01M9 17.5h.01M12 17.5h.01M15 17.5h.01",
    ),
    ("torch", "M8 3h8v4l-2 3v10h-4V10L8 7ZM8 7h8M12 13v2"),
    (
        "train",
        "M6 5.5A2.5 2.5 0 0 1 8.5 3h7A2.5 2.5 0 0 1 18 5.5V15a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2ZM6 11h12M8 17l-2 4M16 17l2 4M9 14h.01M15 14h.01",
    ),
    ("trash", "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5"),
    ("undo", "M5 9h9a5 5 0 0 1 0 10H9M9 5 5 9l4 4"),
    ("unread-lock", "M4 4l16 16M8 9.2V8a4 4 0 0 1 7.5-2M6 11h8M18 14v5a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-8"),
    ("user", "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.7 3.8-5.5 7.5-5.5s6.7 1.8 7.5 5.5"),
    (
        "vault",
        "M4 5h16v14H4ZM12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM12 8.5V7M12 17v-1.5M15.5 12H17M7 12h1.5M7 19v2M17 19v2",
    ),
];

/// The icon, so many CSS pixels wide and high; nothing for a name that is not in the table, which a test of the
/// templates finds. It says nothing: a word stands beside it.
pub fn icon(name: &str, size: u32) -> String {
    let found = OUTLINES.iter().find(|(known, _)| *known == name);
    found.map_or_else(String::new, |(_, path)| {
        format!(
            "<svg class=\"icon\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">\
             <path d=\"{path}\"/></svg>"
        )
    })
}

/// The names of all icons.
pub fn names() -> impl Iterator<Item = &'static str> {
    OUTLINES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_draws_something() {
        let mut all: Vec<&str> = names().collect();
        all.dedup();
        assert_eq!(all.len(), OUTLINES.len(), "sorted, no name twice");
        assert!(all.is_sorted());
        for name in all {
            assert!(
                icon(name, 24).contains("<path d=\"M") || icon(name, 24).contains("<path d=\"m"),
                "{name}"
            );
        }
        assert_eq!(icon("unicorn", 24), "");
    }
}
