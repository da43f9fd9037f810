//! `bgnbd_expected`, `bgnbd_alive` and `gamma_gamma_expected`: what the fitted models expect of one client.

use super::clients::{frequency, purchases};
use super::error::FunctionError;
use super::formula::Formula;
use super::statistics::bgnbd::Bgnbd;
use super::statistics::gamma_gamma::GammaGamma;
use super::statistics::outlook::{FURTHEST, MOST_AHEAD};

/// What is asked of one client and a model's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// How many purchases until a moment.
    Expected,
    /// How likely it is that the client will ever buy again.
    Alive,
    /// How much a purchase brings.
    Spending,
}

impl Outlook {
    /// All three functions.
    pub const ALL: [Outlook; 3] = [Outlook::Expected, Outlook::Alive, Outlook::Spending];
}

impl Formula for Outlook {
    fn name(&self) -> &'static str {
        match self {
            Outlook::Expected => "bgnbd_expected",
            Outlook::Alive => "bgnbd_alive",
            Outlook::Spending => "gamma_gamma_expected",
        }
    }

    fn takes(&self) -> (&'static str, usize) {
        match self {
            Outlook::Expected => ("(r, alpha, a, b, frequency, recency, age, horizon), all numbers", 8),
            Outlook::Alive => ("(r, alpha, a, b, frequency, recency, age), all numbers", 7),
            Outlook::Spending => ("(p, q, v, frequency, monetary), all numbers", 5),
        }
    }

    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        match *row {
            [Some(r), Some(alpha), Some(a), Some(b), Some(often), Some(last), Some(age), ref ahead @ ..] => {
                let [r, alpha, a, b] = self.positive([("r", r), ("alpha", alpha), ("a", a), ("b", b)])?;
                let (model, client) = (Bgnbd { r, alpha, a, b }, purchases(self.name(), [often, last, age])?);
                match *ahead {
                    [] => Ok(Some(model.alive(client))),
                    [Some(ahead)] => Ok(Some(model.expected(client, self.horizon(ahead, alpha + age, r + often)?))),
                    _ => Ok(None),
                }
            }
            [Some(p), Some(q), Some(v), Some(often), mean] => {
                let [p, q, v] = self.positive([("p", p), ("q", q), ("v", v)])?;
                // of whom nothing was seen, no mean is known
                let mean = if frequency(self.name(), often)? == 0.0 { Some(0.0) } else { mean };
                let model = GammaGamma { p, q, v };
                Ok(mean.filter(|mean| *mean >= 0.0).and_then(|mean| model.expected(often, mean)))
            }
            _ => Ok(None),
        }
    }
}

impl Outlook {
    fn positive<const N: usize>(self, parameters: [(&'static str, f64); N]) -> Result<[f64; N], FunctionError> {
        match parameters.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            None => Ok(parameters.map(|(_, value)| value)),
            Some((argument, value)) => {
                let (function, value) = (self.name(), value.to_string());
                Err(FunctionError::Value { function, argument, value, allowed: "a number above 0" })
            }
        }
    }

    fn horizon(self, ahead: f64, seen: f64, shape: f64) -> Result<f64, FunctionError> {
        match (0.0..=seen * FURTHEST).contains(&ahead) && ahead / seen * shape <= MOST_AHEAD {
            true => Ok(ahead),
            false => {
                let (function, value) = (self.name(), ahead.to_string());
                let allowed = "from 0 to 100,000 times alpha + age, and to 10,000,000 purchases";
                Err(FunctionError::Value { function, argument: "horizon", value, allowed })
            }
        }
    }
}
