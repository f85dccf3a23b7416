//! An example of every command that does something, shown in its help. Each is read as the command line reads it, so none
//! can show what is not understood.

use clap::Command;

/// The examples. What a command says in its own description stands there alone.
const EXAMPLES: &str = include_str!("../data/examples.txt");

/// The example of the command of this path, such as `paiza pos sale`.
fn of(path: &str) -> Option<&'static str> {
    let begins =
        |line: &&str| line.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    EXAMPLES.lines().find(begins)
}

/// The same command line, in whose help every command has its example.
pub(crate) fn shown(command: Command) -> Command {
    shown_at(command, "paiza")
}

fn shown_at(mut command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    for name in &names {
        command = command.mut_subcommand(name, |inner| shown_at(inner, &format!("{path} {name}")));
    }
    match of(path) {
        Some(example) if !says_one(&command) => command.after_help(format!("Example: {example}")),
        _ => command,
    }
}

/// Whether the description of a command has an example already.
fn says_one(command: &Command) -> bool {
    command.get_long_about().is_some_and(|says| says.to_string().contains("Example: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory as _;
    use clap::Parser as _;

    /// The commands that do something, each with its path.
    fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        let mut inner = command.get_subcommands().peekable();
        // A command that does something by itself and has others below it is both.
        if inner.peek().is_none() || command.is_subcommand_negates_reqs_set() {
            found.push((path.to_owned(), command.clone()));
        }
        for command in inner {
            leaves(command, &format!("{path} {}", command.get_name()), found);
        }
    }

    /// A line as a shell hands it over; quotation marks are all of a shell that examples need.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = None;
        for letter in line.chars() {
            match (letter, quoted) {
                ('\'' | '"', None) => quoted = Some(letter),
                (mark, Some(open)) if mark == open => quoted = None,
                (' ', None) => words.push(String::new()),
                _ => words.last_mut().unwrap().push(letter),
            }
        }
        words
    }

    #[test]
    fn every_command_has_an_example_and_every_example_is_understood() {
        let mut all = Vec::new();
        leaves(&shown(Cli::command()), "paiza", &mut all);
        for (path, command) in &all {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(says_one(command) || after.contains("Example: "), "{path} has no example");
        }
        for line in EXAMPLES.lines() {
            let known = all.iter().any(|(path, _)| of(path) == Some(line));
            assert!(known, "no command shows: {line}");
            // What a shell does with an answer is none of ours.
            let line = line.split([';', '|', '>']).next().unwrap().trim_end();
            if let Err(error) = Cli::try_parse_from(words(line)) {
                panic!("{line}: {error}");
            }
        }
    }
}
