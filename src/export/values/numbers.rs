//! Numbers as exports write them: exact decimals out of `1 234,56`, never through a float.

use crate::model::tables::{MONEY_PRECISION, MONEY_SCALE};

/// The mark between the whole part and the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

impl Decimal {
    /// The mark itself.
    pub fn mark(self) -> u8 {
        match self {
            Decimal::Point => b'.',
            Decimal::Comma => b',',
        }
    }

    fn other(self) -> u8 {
        match self {
            Decimal::Point => b',',
            Decimal::Comma => b'.',
        }
    }
}

/// A number with [`MONEY_SCALE`] decimals, as a whole number of the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    /// Units of 1/10,000.
    pub units: i64,
    /// Whether decimals beyond the fourth were rounded off.
    pub rounded: bool,
}

/// One whole, in units.
pub const ONE: i64 = 10_i64.pow(MONEY_SCALE as u32);
const LIMIT: i128 = 10_i128.pow(MONEY_PRECISION as u32);

/// Units that fit the money column. `None` if the number is too large.
pub fn fitting(units: i128) -> Option<i64> {
    (units.abs() < LIMIT).then(|| i64::try_from(units).ok()).flatten()
}

/// Reads an exact number: thousands parted by spaces, `'` or the mark that is not the decimal one, in groups of three.
pub fn exact(text: &str, decimal: Decimal) -> Option<Exact> {
    scaled(text, decimal, 0)
}

/// As [`exact`], times a power of ten: `1,117.10` with 3 is 1,117,100.
pub fn scaled(text: &str, decimal: Decimal, tens: u32) -> Option<Exact> {
    let (negative, body) = match text.strip_prefix(['-', '−']) {
        Some(body) => (true, body.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut whole: i128 = 0;
    let mut digits = 0_u32;
    // digits since the last thousands mark; none before the first one
    let mut group: Option<u32> = None;
    let mut fraction = None;
    for (at, symbol) in body.char_indices() {
        match symbol {
            '0'..='9' => {
                digits += 1;
                if digits > 30 {
                    return None;
                }
                whole = whole * 10 + i128::from(symbol as u32 - '0' as u32);
                group = group.map(|n| n + 1);
            }
            _ if symbol == char::from(decimal.mark()) => {
                fraction = Some(&body[at + 1..]);
                break;
            }
            _ if symbol == char::from(decimal.other()) || symbol == '\'' || symbol == '’' || symbol.is_whitespace() =>
            {
                // the first group has one to three digits, the later ones exactly three
                let fits = group.map_or((1..=3).contains(&digits), |n| n == 3);
                if !fits {
                    return None;
                }
                group = Some(0);
            }
            _ => return None,
        }
    }
    if group.is_some_and(|n| n != 3) || (digits == 0 && fraction.is_none()) {
        return None;
    }
    let mut units = whole.checked_mul(i128::from(ONE))?.checked_mul(10_i128.checked_pow(tens)?)?;
    let mut rounded = false;
    if let Some(fraction) = fraction {
        if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = MONEY_SCALE as usize + tens as usize;
        let kept = (0..scale).fold(0, |n, at| n * 10 + fraction.as_bytes().get(at).map_or(0, |d| i128::from(d - b'0')));
        let rest = fraction.as_bytes().get(scale..).unwrap_or_default();
        rounded = rest.iter().any(|d| *d != b'0');
        units = units.checked_add(kept + i128::from(rest.first().is_some_and(|d| *d >= b'5')))?;
    }
    fitting(if negative { -units } else { units }).map(|units| Exact { units, rounded })
}

/// A factor of up to 12 decimals, such as 0.000001: its digits, and how many of them stand after the point.
pub fn factor(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.')?;
    let decimals = u32::try_from(fraction.len()).ok().filter(|decimals| (1..=12).contains(decimals))?;
    let digits = format!("{whole}{fraction}");
    let is_number = digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, decimals))
}

/// Reads a real number; the same thousands as [`exact`].
pub fn real(text: &str, decimal: Decimal) -> Option<f64> {
    // exact() has the say on what is a number; its digits alone would lose a small share's tail
    if exact(text, decimal).is_none() {
        return text
            .bytes()
            .any(|b| b == b'e' || b == b'E')
            .then(|| text.parse().ok())
            .flatten()
            .filter(|x: &f64| x.is_finite());
    }
    let plain: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == char::from(decimal.mark()))
        .map(|c| if c.is_ascii_digit() { c } else { '.' })
        .collect();
    let number: f64 = plain.parse().ok()?;
    Some(if text.starts_with(['-', '−']) { -number } else { number })
}

/// Evidence of one value for its column's decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// It has no mark.
    None,
    /// It can be read in one way only.
    Proves(Decimal),
    /// Both readings fit: `1,234`.
    Either,
    /// It is no number in either reading.
    NoNumber,
}

/// The evidence of a value for its column's decimal mark.
pub fn evidence(text: &str) -> Evidence {
    match (exact(text, Decimal::Point), exact(text, Decimal::Comma)) {
        (None, None) => Evidence::NoNumber,
        (Some(_), None) => Evidence::Proves(Decimal::Point),
        (None, Some(_)) => Evidence::Proves(Decimal::Comma),
        (Some(point), Some(comma)) if point.units == comma.units => Evidence::None,
        (Some(_), Some(_)) => match text.trim_start_matches(['-', '−', '+']).starts_with('0') {
            // nobody groups the thousands of a number that begins with 0
            true => Evidence::Proves(if text.contains('.') { Decimal::Point } else { Decimal::Comma }),
            false => Evidence::Either,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str, decimal: Decimal) -> Option<i64> {
        exact(text, decimal).map(|e| e.units)
    }

    #[test]
    fn money_is_exact_in_either_notation() {
        use Decimal::{Comma, Point};
        let table = [
            ("1 234,56", Comma, Some(12_345_600)),
            ("1\u{a0}234,56", Comma, Some(12_345_600)),
            ("1\u{202f}234\u{202f}567,5", Comma, Some(12_345_675_000)),
            ("3.500,00", Comma, Some(35_000_000)),
            ("485,000.00", Point, Some(4_850_000_000)),
            ("100.000", Comma, Some(1_000_000_000)),
            ("100.000", Point, Some(1_000_000)),
            ("1'234.5", Point, Some(12_345_000)),
            ("-12,5", Comma, Some(-125_000)),
            ("−12,5", Comma, Some(-125_000)),
            ("0,02", Comma, Some(200)),
            (",5", Comma, Some(5_000)),
            ("0.00005", Point, Some(1)),
            ("0.00004", Point, Some(0)),
            ("99999999999999.9999", Point, Some(999_999_999_999_999_999)),
            ("100000000000000", Point, None),
            ("12 34", Point, None),
            ("1,23", Point, None),
            ("1234,567.0", Point, None),
            ("1.2.3", Point, None),
            ("1e5", Point, None),
            ("12.", Point, None),
            ("", Point, None),
            ("$20.00", Point, None),
            ("(1 200)", Point, None),
        ];
        for (text, decimal, expected) in table {
            assert_eq!(units(text, decimal), expected, "{text} with {decimal:?}");
        }
        let thousands = scaled("1,117.10", Point, 3).unwrap();
        assert_eq!(thousands, Exact { units: 11_171_000_000, rounded: false });
        // near the end of what is computed with
        assert_eq!(scaled("17014118346046923173168730,9999999999999", Comma, 9), None);
        assert_eq!(scaled("1,23456789", Comma, 6).unwrap().units, 12_345_678_900);
        assert!(exact("16300.200000000001", Point).unwrap().rounded);
        assert!(!exact("16300.2000000000", Point).unwrap().rounded);
    }

    #[test]
    fn a_value_proves_its_mark_or_says_that_it_cannot() {
        use Decimal::{Comma, Point};
        let table = [
            ("500", Evidence::None),
            ("500,50", Evidence::Proves(Comma)),
            ("1.234,56", Evidence::Proves(Comma)),
            ("1,234.50", Evidence::Proves(Point)),
            ("1,234,567", Evidence::Proves(Point)),
            ("0,123", Evidence::Proves(Comma)),
            ("1,234", Evidence::Either),
            ("n/a", Evidence::NoNumber),
        ];
        for (text, expected) in table {
            assert_eq!(evidence(text), expected, "{text}");
        }
    }

    #[test]
    fn a_real_keeps_its_tail() {
        assert_eq!(real("0,123456789", Decimal::Comma), Some(0.123_456_789));
        assert_eq!(real("-1 234,5", Decimal::Comma), Some(-1234.5));
        assert_eq!(real("1.5e-3", Decimal::Point), Some(0.0015));
        assert_eq!(real("x", Decimal::Point), None);
    }
}
