//! How an attempt ended.

use std::time::Duration;

use super::secret::{Secret, without};
use crate::model::lang::Text;
use crate::model::shown::in_line;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was accepted.
    Sent,
    /// It was certainly not accepted; another attempt may succeed, after so long if the other side says so.
    Failed { why: Text, wait: Option<Duration> },
    /// It was certainly not accepted, and would not be.
    Refused { why: Text },
    /// It may have been accepted.
    Unknown { why: Text },
}

impl Outcome {
    /// Without any of the secrets, each text on one line.
    pub fn without(self, secrets: &[Secret]) -> Outcome {
        let clean = |why: Text| {
            let one = |text: &str| in_line(&without(text, secrets)).into_owned();
            Text::new(one(&why.ru), one(&why.en))
        };
        match self {
            Outcome::Sent => Outcome::Sent,
            Outcome::Failed { why, wait } => Outcome::Failed { why: clean(why), wait },
            Outcome::Refused { why } => Outcome::Refused { why: clean(why) },
            Outcome::Unknown { why } => Outcome::Unknown { why: clean(why) },
        }
    }
}
