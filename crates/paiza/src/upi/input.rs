//! What the commands read: files, standard input, keys, rows with an id.

use crate::output::Failure;
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// A file's bytes; `-` is standard input.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = |path: &Path| -> std::io::Result<Vec<u8>> {
        if path.as_os_str() != "-" {
            return std::fs::read(path);
        }
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read(path).map_err(|why| Failure::configuration(format!("{} cannot be read: {why}", path.display())))
}

/// A file's text.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map_err(|_| Failure::configuration(format!("{} is not UTF-8", path.display())))
}

/// A key file: its label and its bytes.
pub(super) fn key(path: &Path) -> Result<(String, values::SecretBytes), Failure> {
    let text = text(path)?;
    let wrong = || Failure::configuration(format!("{} is not a key in PEM", path.display()));
    let (label, bytes) = crypto::pem::read(&text).ok_or_else(wrong)?;
    Ok((label.to_owned(), bytes))
}

/// One text to look at, with the id its row had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Option<Value>,
    /// What a row without one is called: its line.
    pub(super) line: usize,
    pub(super) text: String,
}

/// Lines, rows of JSON, or one list of rows.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, String> {
    if text.trim_start().starts_with('[') {
        let list: Vec<Value> =
            serde_json::from_str(text).map_err(|why| format!("not a list of rows: {why}"))?;
        return list.into_iter().zip(1..).map(|(row, line)| json_row(&row, line)).collect();
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines
        .map(|(line, number)| {
            if !line.trim_start().starts_with('{') {
                return Ok(Row { id: None, line: number, text: line.to_owned() });
            }
            let row = serde_json::from_str(line)
                .map_err(|why| format!("line {number}: not a row of JSON: {why}"))?;
            json_row(&row, number)
        })
        .collect()
}

fn json_row(row: &Value, line: usize) -> Result<Row, String> {
    let text = ["uri", "qr", "text"].iter().find_map(|key| row.get(key)?.as_str());
    let text = text.ok_or(format!("row {line}: no text under `uri`, `qr` or `text`"))?.to_owned();
    Ok(Row { id: row.get("id").cloned(), line, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_come_in_three_ways() {
        let row = |id: Option<Value>, line, text: &str| Row { id, line, text: text.to_owned() };
        assert_eq!(rows("a\n\nb\n"), Ok(vec![row(None, 1, "a"), row(None, 3, "b")]));
        assert_eq!(rows("{\"id\":7,\"uri\":\"a\"}\n"), Ok(vec![row(Some(json!(7)), 1, "a")]));
        assert_eq!(
            rows("[{\"qr\":\"a\"},{\"id\":\"x\",\"text\":\"b\"}]"),
            Ok(vec![row(None, 1, "a"), row(Some(json!("x")), 2, "b")])
        );
        assert!(rows("{\"id\":7}").unwrap_err().contains("row 1: no text"));
        assert!(rows("{").unwrap_err().starts_with("line 1: "));
        assert!(rows("[").unwrap_err().starts_with("not a list"));
    }
}
