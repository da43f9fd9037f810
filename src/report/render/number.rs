//! The only place that formats numbers, in Russian and English.
//!
//! [`Numbers::exact`] is for tables, [`Numbers::compact`] for tiles and labels in charts, [`Numbers::ticks`] for an
//! axis, where all labels share one scale. Spaces within a number and before its unit are no-break spaces.

mod duration;

use chrono::{Datelike, NaiveDate};

use crate::model::lang::Lang;
use crate::model::unit::Unit;

pub use duration::Span;

/// No-break space.
const NBSP: char = '\u{a0}';
/// Shown for a missing number. Not zero.
pub const NONE: &str = "—";

/// Writes numbers in one language and one currency.
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
    /// The language.
    pub lang: Lang,
    /// The currency sign or code, such as `₽`.
    pub currency: &'a str,
}

/// How many digits follow the decimal mark of money in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cents {
    /// Whole currency units.
    Whole,
    /// Two digits.
    Two,
}

/// A power of a thousand that a number is shortened by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale {
    power: u32,
}

impl Scale {
    /// The scale in which `value`, rounded to one digit, has up to three digits before the decimal mark.
    fn of(value: f64) -> Scale {
        let power = match value.abs() {
            v if v >= 999_950_000.0 => 3,
            v if v >= 999_950.0 => 2,
            v if v >= 9_999.5 => 1,
            _ => 0,
        };
        Scale { power }
    }

    fn divide(self, value: f64) -> f64 {
        value / 1000f64.powi(self.power as i32)
    }

    fn name(self, lang: Lang) -> &'static str {
        match (self.power, lang) {
            (0, _) => "",
            (1, Lang::Ru) => "\u{a0}тыс.",
            (2, Lang::Ru) => "\u{a0}млн",
            (_, Lang::Ru) => "\u{a0}млрд",
            (1, Lang::En) => "K",
            (2, Lang::En) => "M",
            (_, Lang::En) => "B",
        }
    }
}

impl Numbers<'_> {
    /// A number in full, as in a table. A value that is not finite is shown as missing.
    pub fn exact(&self, value: f64, unit: Unit) -> String {
        if !value.is_finite() {
            return NONE.to_string();
        }
        match unit {
            Unit::Money if value.abs() < 1000.0 && value.fract() != 0.0 => self.money(value, Cents::Two),
            Unit::Money => self.money(value, Cents::Whole),
            Unit::Count | Unit::Text | Unit::Date if value.fract() == 0.0 => self.decimal(value, 0),
            Unit::Count | Unit::Text | Unit::Date | Unit::Index => self.decimal(value, 1),
            Unit::Share => self.percent(value, if value.abs() >= 10.0 { 0 } else { 1 }),
            Unit::Ratio => self.decimal(value, if value.abs() >= 100.0 { 0 } else { 2 }),
            Unit::Minutes => self.duration(value),
            Unit::Hours => self.duration(value * 60.0),
            Unit::Days => self.days(value),
        }
    }

    /// A number in its shortest form: `1,2 млн ₽`.
    pub fn compact(&self, value: f64, unit: Unit) -> String {
        match unit {
            Unit::Money | Unit::Count if value.is_finite() && value.abs() >= shortened_from(unit) => {
                let scale = Scale::of(value);
                let short = scale.divide(value);
                self.scaled(value, scale, if short.abs() < 99.95 { 1 } else { 0 }, unit)
            }
            Unit::Money if value.is_finite() => {
                self.money(value, if value.abs() < 100.0 && value.fract() != 0.0 { Cents::Two } else { Cents::Whole })
            }
            _ => self.exact(value, unit),
        }
    }

    /// A change, always with its sign: `+3,4 %`, `−120`.
    pub fn signed(&self, value: f64, unit: Unit) -> String {
        let text = self.compact(value, unit);
        let none_or_zero = !text.chars().any(|c| ('1'..='9').contains(&c));
        if text.starts_with('−') || none_or_zero { text } else { format!("+{text}") }
    }

    /// The bounds of an interval, with the unit once if it follows the number: `31,2–37,9 %`.
    pub fn bounds(&self, low: f64, high: f64, unit: Unit) -> String {
        if !low.is_finite() || !high.is_finite() {
            return NONE.to_string();
        }
        match unit {
            Unit::Share => {
                let digits = if low.abs().max(high.abs()) >= 10.0 { 0 } else { 1 };
                self.range(&self.decimal(low * 100.0, digits), &self.percent(high, digits))
            }
            Unit::Money | Unit::Count | Unit::Index | Unit::Ratio => self.scaled_bounds(low, high, unit),
            _ => self.range(&self.exact(low, unit), &self.exact(high, unit)),
        }
    }

    /// Both bounds in the scale of the larger one; in Russian the scale and the currency follow the second bound only.
    fn scaled_bounds(&self, low: f64, high: f64, unit: Unit) -> String {
        let most = low.abs().max(high.abs());
        let scale = Scale::of(most);
        let digits = match (unit, scale.power) {
            (Unit::Ratio, 0) if most < 100.0 => 2,
            (Unit::Money, 0) if most < 100.0 => 2,
            (Unit::Index, 0) => 1,
            (_, 0) => 0,
            _ => 1,
        };
        let [low, high] = [low, high].map(|v| {
            let number = self.decimal(scale.divide(v), digits);
            if scale.power > 0 { trim_zeros(number, self.mark()) } else { number }
        });
        match self.lang {
            Lang::Ru => self.with_currency(format!("{}{}", self.range(&low, &high), scale.name(self.lang)), unit),
            Lang::En => {
                let [low, high] =
                    [low, high].map(|n| self.with_currency(format!("{n}{}", scale.name(self.lang)), unit));
                self.range(&low, &high)
            }
        }
    }

    /// Two bounds with a separator; a dash would be unreadable beside a minus.
    fn range(&self, low: &str, high: &str) -> String {
        match low.contains('−') || high.contains('−') {
            true => format!("{low}…{high}"),
            false => format!("{low}–{high}"),
        }
    }

    /// Money in a column whose head names the currency: the bare number.
    pub fn bare_money(&self, value: f64, cents: Cents) -> String {
        if !value.is_finite() {
            return NONE.to_string();
        }
        self.decimal(value, if cents == Cents::Two { 2 } else { 0 })
    }

    /// A number for programs: all digits, no separators. Empty if there is no value.
    pub fn plain(&self, value: f64) -> String {
        match value.is_finite() {
            true => format!("{value}").replace('.', &self.mark().to_string()),
            false => String::new(),
        }
    }

    /// Money kept in ten-thousandths, for a program: exact, with two digits or as many as it has.
    pub fn plain_money(&self, ten_thousandths: i128) -> String {
        let size = ten_thousandths.unsigned_abs();
        let sign = if ten_thousandths < 0 { "-" } else { "" };
        let fraction = format!("{:04}", size % 10_000);
        let fraction = fraction.strip_suffix("00").unwrap_or(&fraction);
        format!("{sign}{}{}{fraction}", size / 10_000, self.mark())
    }

    /// A day: `30.06.2025`, `30 Jun 2025`.
    pub fn date(&self, day: NaiveDate) -> String {
        match self.lang {
            Lang::Ru => day.format("%d.%m.%Y").to_string(),
            Lang::En => format!("{} {}", self.short_date(day), day.year()).replace(' ', &NBSP.to_string()),
        }
    }

    /// A day on an axis, without the year: `30.06`, `30 Jun`.
    pub fn short_date(&self, day: NaiveDate) -> String {
        match self.lang {
            Lang::Ru => day.format("%d.%m").to_string(),
            Lang::En => format!("{}{NBSP}{}", day.day(), english_month(day.month())),
        }
    }

    /// A month with its year: `июн 2025`, `Jun 2025`.
    pub fn month(&self, first: NaiveDate) -> String {
        format!("{}{NBSP}{}", self.short_month(first), first.year())
    }

    /// A month without its year: `янв`.
    pub fn short_month(&self, first: NaiveDate) -> &'static str {
        match self.lang {
            Lang::Ru => russian_month(first.month()),
            Lang::En => english_month(first.month()),
        }
    }

    /// The labels of an axis, all in one scale and with as many digits as they need to differ.
    pub fn ticks(&self, values: &[f64], unit: Unit) -> Vec<String> {
        let top = values.iter().fold(0f64, |a, v| a.max(v.abs()));
        match unit {
            Unit::Money | Unit::Count | Unit::Index | Unit::Text | Unit::Date => {
                let scale = Scale::of(top);
                let digits = digits(values.iter().map(|v| scale.divide(*v)));
                values
                    .iter()
                    .map(|v| {
                        self.scaled(
                            *v,
                            if *v == 0.0 { Scale::of(0.0) } else { scale },
                            if *v == 0.0 { 0 } else { digits },
                            unit,
                        )
                    })
                    .collect()
            }
            Unit::Share => {
                let digits = digits(values.iter().map(|v| v * 100.0));
                values.iter().map(|v| self.percent(*v, digits)).collect()
            }
            Unit::Ratio => {
                let digits = digits(values.iter().copied());
                values.iter().map(|v| self.decimal(*v, digits)).collect()
            }
            Unit::Minutes => values.iter().map(|v| self.zero_or(*v, self.duration(*v))).collect(),
            Unit::Hours => values.iter().map(|v| self.zero_or(*v, self.duration(*v * 60.0))).collect(),
            Unit::Days => {
                let digits = digits(values.iter().copied());
                values.iter().map(|v| self.zero_or(*v, self.in_days(*v, digits))).collect()
            }
        }
    }

    /// Zero has no unit of time: beside `1 ч` it might be shown in another one.
    fn zero_or(&self, value: f64, text: String) -> String {
        if value == 0.0 { "0".to_string() } else { text }
    }

    /// A number divided by its scale, with the scale's name and, for money, the currency.
    fn scaled(&self, value: f64, scale: Scale, digits: usize, unit: Unit) -> String {
        let number = trim_zeros(self.decimal(scale.divide(value), digits), self.mark());
        self.with_currency(format!("{number}{}", scale.name(self.lang)), unit)
    }

    fn money(&self, value: f64, cents: Cents) -> String {
        self.with_currency(self.bare_money(value, cents), Unit::Money)
    }

    /// Adds the currency: after the number in Russian, before it in English.
    fn with_currency(&self, number: String, unit: Unit) -> String {
        match (unit, self.lang) {
            (Unit::Money, Lang::Ru) => format!("{number}{NBSP}{}", self.currency),
            (Unit::Money, Lang::En) => {
                let (sign, digits) = number.strip_prefix('−').map_or(("", number.as_str()), |rest| ("−", rest));
                let gap = if self.currency.chars().all(char::is_alphabetic) { "\u{a0}" } else { "" };
                format!("{sign}{}{gap}{digits}", self.currency)
            }
            _ => number,
        }
    }

    fn percent(&self, share: f64, digits: usize) -> String {
        let number = self.decimal(share * 100.0, digits);
        match self.lang {
            Lang::Ru => format!("{number}{NBSP}%"),
            Lang::En => format!("{number}%"),
        }
    }

    fn days(&self, value: f64) -> String {
        let digits = if value.fract().abs() < 0.05 || value.abs() >= 100.0 { 0 } else { 1 };
        self.in_days(value, digits)
    }

    fn in_days(&self, value: f64, digits: usize) -> String {
        let number = self.decimal(value, digits);
        match self.lang {
            Lang::Ru => format!("{number}{NBSP}дн."),
            Lang::En => format!("{number}{NBSP}d"),
        }
    }

    fn mark(&self) -> char {
        match self.lang {
            Lang::Ru => ',',
            Lang::En => '.',
        }
    }

    /// A decimal number with thousands separators and a true minus; minus zero becomes zero.
    fn decimal(&self, value: f64, digits: usize) -> String {
        let plain = format!("{:.digits$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let gap = match self.lang {
            Lang::Ru => NBSP,
            Lang::En => ',',
        };
        let mut text = String::new();
        if value < 0.0 && plain.contains(|c: char| ('1'..='9').contains(&c)) {
            text.push('−');
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                text.push(gap);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(self.mark());
            text.push_str(fraction);
        }
        text
    }
}

/// The least number of decimals, up to three, that shows all values exactly.
fn digits(values: impl Iterator<Item = f64> + Clone) -> usize {
    (0..3)
        .find(|d| {
            let unit = 10f64.powi(*d as i32);
            values.clone().all(|v| ((v * unit).round() - v * unit).abs() < 1e-6 * unit)
        })
        .unwrap_or(3)
}

/// Money is shortened from a smaller number of digits than counts, which readers prefer in full.
fn shortened_from(unit: Unit) -> f64 {
    if unit == Unit::Money { 9_999.5 } else { 99_999.5 }
}

/// `1,0` → `1`.
fn trim_zeros(number: String, mark: char) -> String {
    match number.contains(mark) {
        true => number.trim_end_matches('0').trim_end_matches(mark).to_string(),
        false => number,
    }
}

fn russian_month(month: u32) -> &'static str {
    ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"][month as usize - 1]
}

fn english_month(month: u32) -> &'static str {
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month as usize - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const RU: Numbers = Numbers { lang: Lang::Ru, currency: "₽" };
    const EN: Numbers = Numbers { lang: Lang::En, currency: "₽" };

    /// No-break spaces written as plain ones, so that the table can be read.
    fn plain(text: String) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn exact_numbers_in_both_languages() {
        for (value, unit, ru, en) in [
            (12345.0, Unit::Count, "12 345", "12,345"),
            (0.0, Unit::Count, "0", "0"),
            (2.5, Unit::Count, "2,5", "2.5"),
            (1_234_567.0, Unit::Money, "1 234 567 ₽", "₽1,234,567"),
            (-12.5, Unit::Money, "−12,50 ₽", "−₽12.50"),
            (0.345, Unit::Share, "34,5 %", "34.5%"),
            (-0.034, Unit::Share, "−3,4 %", "−3.4%"),
            (-0.0001, Unit::Share, "0,0 %", "0.0%"),
            (12.346, Unit::Share, "1 235 %", "1,235%"),
            (1.25, Unit::Ratio, "1,25", "1.25"),
            (135.0, Unit::Minutes, "2 ч 15 мин", "2 h 15 min"),
            (59.7, Unit::Minutes, "1 ч", "1 h"),
            (4.5, Unit::Minutes, "4,5 мин", "4.5 min"),
            (0.0, Unit::Minutes, "0 мин", "0 min"),
            (2.25, Unit::Hours, "2 ч 15 мин", "2 h 15 min"),
            (312.4, Unit::Hours, "312 ч", "312 h"),
            (12.5, Unit::Days, "12,5 дн.", "12.5 d"),
            (47.25, Unit::Index, "47,2", "47.2"),
            (f64::NAN, Unit::Money, "—", "—"),
            (f64::INFINITY, Unit::Share, "—", "—"),
        ] {
            assert_eq!(plain(RU.exact(value, unit)), ru, "{value} {unit:?}");
            assert_eq!(plain(EN.exact(value, unit)), en, "{value} {unit:?}");
        }
    }

    #[test]
    fn compact_numbers_in_both_languages() {
        for (value, unit, ru, en) in [
            (1_234_567.0, Unit::Money, "1,2 млн ₽", "₽1.2M"),
            (1_000_000.0, Unit::Money, "1 млн ₽", "₽1M"),
            (999_960.0, Unit::Money, "1 млн ₽", "₽1M"),
            (345_678.0, Unit::Money, "346 тыс. ₽", "₽346K"),
            (-45_678.0, Unit::Money, "−45,7 тыс. ₽", "−₽45.7K"),
            (2_500_000_000.0, Unit::Money, "2,5 млрд ₽", "₽2.5B"),
            (9_876.5, Unit::Money, "9 876 ₽", "₽9,876"),
            (12.5, Unit::Money, "12,50 ₽", "₽12.50"),
            (9_999.0, Unit::Count, "9 999", "9,999"),
            (12_345.0, Unit::Count, "12 345", "12,345"),
            (123_456.0, Unit::Count, "123 тыс.", "123K"),
            (0.345, Unit::Share, "34,5 %", "34.5%"),
        ] {
            assert_eq!(plain(RU.compact(value, unit)), ru, "{value} {unit:?}");
            assert_eq!(plain(EN.compact(value, unit)), en, "{value} {unit:?}");
        }
    }

    #[test]
    fn an_axis_has_one_scale_and_no_needless_digits() {
        let ticks =
            |unit, values: &[f64]| RU.ticks(values, unit).into_iter().map(plain).collect::<Vec<_>>().join(" | ");
        assert_eq!(ticks(Unit::Money, &[0.0, 500_000.0, 1_000_000.0]), "0 ₽ | 0,5 млн ₽ | 1 млн ₽");
        assert_eq!(ticks(Unit::Share, &[0.0, 0.05, 0.1]), "0 % | 5 % | 10 %");
        assert_eq!(ticks(Unit::Share, &[0.0, 0.025, 0.05]), "0,0 % | 2,5 % | 5,0 %");
        assert_eq!(ticks(Unit::Count, &[0.0, 20_000.0]), "0 | 20 тыс.");
        assert_eq!(ticks(Unit::Minutes, &[0.0, 30.0, 60.0]), "0 | 30 мин | 1 ч");
    }

    #[test]
    fn changes_bounds_dates_and_codes() {
        assert_eq!(plain(RU.signed(0.034, Unit::Share)), "+3,4 %");
        assert_eq!(plain(RU.signed(-0.034, Unit::Share)), "−3,4 %");
        assert_eq!(plain(RU.signed(0.0, Unit::Share)), "0,0 %");
        assert_eq!(plain(RU.bounds(0.312, 0.379, Unit::Share)), "31,2–37,9 %");
        assert_eq!(plain(EN.bounds(0.312, 0.379, Unit::Share)), "31.2–37.9%");
        assert_eq!(plain(RU.bounds(-0.012, 0.034, Unit::Share)), "−1,2…3,4 %");
        assert_eq!(plain(RU.bounds(1_234_567.0, 2_345_678.0, Unit::Money)), "1,2–2,3 млн ₽");
        assert_eq!(plain(EN.bounds(1_234_567.0, 2_345_678.0, Unit::Money)), "₽1.2M–₽2.3M");
        assert_eq!(plain(RU.bounds(1_234.6, 2_345.6, Unit::Money)), "1 235–2 346 ₽");
        assert_eq!(plain(RU.bounds(0.0, 45_600.0, Unit::Money)), "0–45,6 тыс. ₽");
        assert_eq!(plain(RU.bounds(0.91, 1.3, Unit::Ratio)), "0,91–1,30");
        assert_eq!(plain(RU.bounds(20.0, 95.0, Unit::Minutes)), "20 мин–1 ч 35 мин");
        let day = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        assert_eq!(RU.date(day), "30.06.2025");
        assert_eq!(plain(EN.date(day)), "30 Jun 2025");
        assert_eq!(plain(RU.month(day)), "июн 2025");
        let code = Numbers { lang: Lang::En, currency: "RUB" };
        assert_eq!(plain(code.exact(-1234.0, Unit::Money)), "−RUB 1,234");
    }
}
