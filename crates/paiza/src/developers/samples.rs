//! `paiza samples`: code that calls the interface, as the documentation has it, where tests run it.

use super::Samples;
use crate::output::{Failure, Output};
use serde_json::json;

/// Where the samples stand, each in a fence that names its language.
const PAGE: &str = include_str!("../../../../docs/api.md");

/// A piece of code.
struct Sample {
    name: &'static str,
    says: &'static str,
    language: &'static str,
    /// The word behind its fence.
    fence: &'static str,
}

const SAMPLES: &[Sample] = &[
    Sample { name: "take-payment", says: "Take a payment", language: "curl", fence: "curl" },
    Sample { name: "take-payment", says: "Take a payment", language: "python", fence: "python" },
    Sample { name: "take-payment", says: "Take a payment", language: "typescript", fence: "typescript" },
    Sample {
        name: "many-payments",
        says: "Make many payments in one request",
        language: "curl",
        fence: "curl-batch",
    },
    Sample {
        name: "verify-webhook",
        says: "See whether a webhook is ours, whole and fresh",
        language: "python",
        fence: "python-webhook",
    },
];

impl Sample {
    fn code(&self) -> &'static str {
        let fence = format!("```{}\n", self.fence);
        let rest = PAGE.split_once(fence.as_str()).map_or("", |(_, rest)| rest);
        rest.split_once("```").map_or("", |(code, _)| code)
    }
}

pub(crate) fn run(what: &Samples, output: Output) -> Result<(), Failure> {
    match what {
        Samples::List => {
            for sample in SAMPLES {
                output.line(format!("{:<16} {:<11} {}", sample.name, sample.language, sample.says));
                output.row(&json!({"name": sample.name, "language": sample.language, "says": sample.says}));
            }
        }
        Samples::Show { name, language } => {
            let fits = |sample: &&Sample| {
                sample.name == name && language.as_ref().is_none_or(|language| sample.language == language)
            };
            let sample = SAMPLES.iter().find(fits);
            let sample =
                sample.ok_or_else(|| Failure::usage("there is no such sample; see `paiza samples list`"))?;
            output.line(sample.code().trim_end());
            output.row(&json!({"name": sample.name, "language": sample.language, "code": sample.code()}));
        }
    }
    output.summary(json!({}));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_the_documentation() {
        for sample in SAMPLES {
            assert!(sample.code().lines().count() > 3, "{} {}", sample.name, sample.language);
        }
    }
}
