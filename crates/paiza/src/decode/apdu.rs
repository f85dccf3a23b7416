//! Commands and responses of cards, alone or as a whole conversation.

use super::input::{self, Direction, Entry};
use super::{Verdict, row};
use crate::cli::Bytes;
use crate::output::{Failure, Output};
use emv::apdu::{Command, Response, StatusWord};
use emv::describe::{Conversation, Line};
use serde_json::json;

pub(crate) fn run(source: &Bytes, output: Output) -> Result<(), Failure> {
    let entries = input::read(source)?;
    let mut conversation =
        if source.danger_clear { Conversation::danger_clear() } else { Conversation::new() };
    let mut verdict = Verdict::new();
    let mut last = None;
    for (index, entry) in entries.iter().enumerate() {
        let direction = direction(entry, last);
        last = Some(direction);
        let (name, arrow, lines) = match direction {
            Direction::ToCard => ("command", ">", conversation.command(&entry.bytes)),
            Direction::FromCard => ("response", "<", conversation.response(&entry.bytes)),
        };
        for (number, line) in lines.iter().enumerate() {
            let indent = if number == 0 { arrow } else { " " };
            output.line(format!("{indent} {line}"));
            let mut row = row(line);
            row["message"] = json!(index + 1);
            row["direction"] = json!(name);
            output.row(&row);
        }
        verdict.add(&entry.place(), checked(&entry.bytes, direction, &lines));
    }
    verdict.conclude(output)
}

/// Which way a line goes: as marked; else as its form says; else the other way than the line before it.
fn direction(entry: &Entry, last: Option<Direction>) -> Direction {
    if let Some(marked) = entry.direction {
        return marked;
    }
    let known_command = Command::parse(&entry.bytes).is_ok_and(|command| command.known().is_some());
    let answer = Response::parse(&entry.bytes).is_ok_and(|answer| is_status(answer.status));
    match (last, known_command, answer) {
        (_, true, false) => Direction::ToCard,
        (_, false, true) => Direction::FromCard,
        (Some(Direction::ToCard), ..) => Direction::FromCard,
        // A response alone, without its status word, still begins with a template no command begins with.
        (None, false, false) if matches!(entry.bytes.first(), Some(0x6F | 0x70 | 0x77)) => {
            Direction::FromCard
        }
        _ => Direction::ToCard,
    }
}

/// ISO/IEC 7816-4, 5.1.3: status words begin with 61 to 6F or 9.
fn is_status(status: StatusWord) -> bool {
    let first = status.0 >> 8;
    (0x61..=0x6F).contains(&first) || first >> 4 == 9
}

fn checked(bytes: &[u8], direction: Direction, lines: &[Line]) -> Result<(), String> {
    let (count, broken) = (bytes.len(), lines.iter().find(|line| line.name == "broken"));
    match direction {
        Direction::ToCard => {
            Command::parse(bytes).map_err(|why| format!("not a command ({count} bytes): {why}"))?;
        }
        Direction::FromCard => {
            let answer =
                Response::parse(bytes).map_err(|why| format!("not a response ({count} bytes): {why}"))?;
            if !is_status(answer.status) {
                return Err(format!("not a response ({count} bytes): its last two bytes are no status word"));
            }
        }
    }
    broken.map_or(Ok(()), |line| Err(format!("data inside is broken: {}", line.value)))
}
