//! Money as people read it.

use crate::model::lang::Lang;

/// Ten-thousandths in one unit of money.
const ONE: u128 = 10_000;

/// Money in full: what a CRM shows, to the cent or as exact as it is.
pub(crate) fn shown(units: i128, lang: Lang) -> String {
    let (space, mark) = match lang {
        Lang::Ru => (' ', ','),
        Lang::En => (',', '.'),
    };
    let (whole, part) = (units.unsigned_abs() / ONE, units.unsigned_abs() % ONE);
    let digits = whole.to_string();
    let mut text = String::from(if units < 0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(space);
        }
        text.push(digit);
    }
    match part {
        0 => text,
        part if part % 100 == 0 => format!("{text}{mark}{:02}", part / 100),
        part => format!("{text}{mark}{part:04}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_in_full() {
        for (units, ru, en) in [
            (0, "0", "0"),
            (12_345_678_900, "1 234 567,89", "1,234,567.89"),
            (-10_000_000, "-1 000", "-1,000"),
            (-5, "-0,0005", "-0.0005"),
            (9_990_000, "999", "999"),
        ] {
            assert_eq!((shown(units, Lang::Ru).as_str(), shown(units, Lang::En).as_str()), (ru, en));
        }
    }
}
