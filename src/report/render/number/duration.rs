//! Durations, one by one and in columns.

use super::{NBSP, NONE, Numbers};
use crate::model::lang::Lang;

/// How a column writes its durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// In minutes, with so many decimals.
    Minutes(usize),
    /// In hours and minutes.
    Clock,
    /// In hours, with so many decimals.
    Hours(usize),
}

impl Span {
    /// The way in which the durations of a column, in minutes, can be told apart and compared.
    pub fn of(minutes: impl Iterator<Item = f64>) -> Span {
        let sizes = minutes.filter(|m| m.is_finite()).map(f64::abs);
        let (most, least) = sizes
            .fold((0f64, f64::INFINITY), |(most, least), m| (most.max(m), if m > 0.0 { least.min(m) } else { least }));
        match most {
            most if most < 10.0 => Span::Minutes(1),
            most if most < 60.0 => Span::Minutes(0),
            most if most < 100.0 * 60.0 => Span::Clock,
            _ if least < 10.0 * 60.0 => Span::Hours(1),
            _ => Span::Hours(0),
        }
    }
}

impl Numbers<'_> {
    /// A duration in minutes as a column of durations writes it: all of them alike, so that the eye compares them.
    pub fn span(&self, minutes: f64, span: Span) -> String {
        if !minutes.is_finite() {
            return NONE.to_string();
        }
        let (h, m) = self.time_units();
        match span {
            Span::Minutes(digits) => format!("{}{NBSP}{m}", self.decimal(minutes, digits)),
            Span::Clock => {
                let (sign, whole) = (if minutes <= -0.5 { "−" } else { "" }, minutes.abs().round() as i64);
                format!("{sign}{}{NBSP}{h}{NBSP}{:02}{NBSP}{m}", whole / 60, whole % 60)
            }
            Span::Hours(digits) => format!("{}{NBSP}{h}", self.decimal(minutes / 60.0, digits)),
        }
    }

    fn time_units(&self) -> (&'static str, &'static str) {
        match self.lang {
            Lang::Ru => ("ч", "мин"),
            Lang::En => ("h", "min"),
        }
    }

    pub(super) fn duration(&self, minutes: f64) -> String {
        let (h, m) = self.time_units();
        let sign = if minutes <= -0.5 { "−" } else { "" };
        let size = minutes.abs();
        if size > 0.0 && size < 9.95 && size.fract() > 0.04 && size.fract() < 0.96 {
            return format!("{sign}{}{NBSP}{m}", self.decimal(size, 1));
        }
        let whole = size.round() as i64;
        match (whole / 60, whole % 60) {
            (0, minutes) => format!("{sign}{minutes}{NBSP}{m}"),
            (hours, _) if hours >= 100 => format!("{sign}{}{NBSP}{h}", self.decimal(size / 60.0, 0)),
            (hours, 0) => format!("{sign}{hours}{NBSP}{h}"),
            (hours, minutes) => format!("{sign}{hours}{NBSP}{h} {minutes}{NBSP}{m}").replace(' ', &NBSP.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_durations_of_a_column_are_written_alike() {
        let numbers = Numbers { lang: Lang::Ru, currency: "₽" };
        let column = |minutes: &[f64]| -> Vec<String> {
            let span = Span::of(minutes.iter().copied());
            minutes.iter().map(|m| numbers.span(*m, span).replace(NBSP, " ")).collect()
        };
        assert_eq!(column(&[120.0, 57.0, 709.0]), ["2 ч 00 мин", "0 ч 57 мин", "11 ч 49 мин"]);
        assert_eq!(column(&[12.0, 57.4]), ["12 мин", "57 мин"]);
        assert_eq!(column(&[0.4, 5.0]), ["0,4 мин", "5,0 мин"]);
        assert_eq!(column(&[90.0, 60_000.0]), ["1,5 ч", "1 000,0 ч"]);
        assert_eq!(column(&[6_000.0, f64::NAN]), ["100 ч", "—"]);
        assert!(column(&[]).is_empty());
    }
}
