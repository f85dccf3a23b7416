//! Reading our own source as text: enough to check habits, no more.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// The lines before the unit tests at the bottom of the file, with their numbers.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        self.text[..tests].lines().enumerate().map(|(number, line)| (number + 1, line))
    }

    /// Functions longer than `most` lines: where each starts and how long it is.
    pub(crate) fn long_functions(&self, most: usize) -> Vec<(usize, usize)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut long = Vec::new();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = line.trim_start().starts_with("fn ") || line.contains(" fn ");
            if !is_function || line.trim_start().starts_with("//") || line.trim_end().ends_with(';') {
                continue;
            }
            let closing = format!("{}}}", " ".repeat(indent));
            let end = lines[start..].iter().position(|line| *line == closing);
            if let Some(length) = end.filter(|length| *length + 1 > most) {
                long.push((start + 1, length + 1));
            }
        }
        long
    }

    /// Whether the author says why this stays long: `// long: ...` on or just above the line, 0 for the file.
    pub(crate) fn says_why_long(&self, line: usize) -> bool {
        let from = line.saturating_sub(6);
        self.text.lines().skip(from).take(line.max(20) - from).any(|line| line.contains("// long: "))
    }
}

/// Every Rust file below a folder, except what cargo builds.
pub(crate) fn rust_files(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}
