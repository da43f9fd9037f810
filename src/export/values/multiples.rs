//! Headers that say in what their amounts are counted: thousands, millions, hundredths.

use super::amounts::Currency;
use crate::model::lang::Text;

/// What a header says its amounts are to be multiplied by, as a mapping writes it.
pub(crate) fn of_header(header: &str) -> Option<&'static str> {
    const WORDS: [(&str, &[&str]); 5] = [
        ("1000", &["тыс", "тысяч", "тысячах", "тысячи", "тр", "thousand", "thousands"]),
        ("1000000", &["млн", "миллион", "миллионов", "миллионах", "mln", "mio", "million", "millions"]),
        ("1000000000", &["млрд", "миллиард", "миллиардов", "миллиардах", "mlrd", "billion", "billions", "bn"]),
        ("0.01", &["коп", "копеек", "копейки", "копейках", "cents", "kopecks", "kopeks", "pence", "minor"]),
        ("0.000001", &["micros", "microns", "микро"]),
    ];
    /// What is a multiple where it is the last word, and a word or a name elsewhere.
    const LAST: [(&str, &[&str]); 3] =
        [("1000", &["K", "k", "К"]), ("1000000", &["M", "М", "MM"]), ("0.01", &["cent", "Cent"])];
    /// A price of each thousand is no amount in thousands.
    const EACH: [&str; 5] = ["per", "за", "на", "each", "every"];
    let words = words(header);
    for (at, word) in words.iter().enumerate() {
        let lower = word.to_lowercase();
        if at > 0 && EACH.contains(&words[at - 1].to_lowercase().as_str()) {
            continue;
        }
        if let Some((factor, _)) = WORDS.iter().find(|(_, known)| known.contains(&lower.as_str())) {
            return Some(factor);
        }
        // «т. р.»
        if lower == "т" && words.get(at + 1).is_some_and(|next| next.to_lowercase().starts_with('р')) {
            return Some("1000");
        }
    }
    // behind it may stand the currency
    let is_currency = |word: &&str| super::amounts::named(word).is_some();
    let last = words.iter().rev().find(|word| !is_currency(word)).filter(|_| words.len() > 1)?;
    LAST.iter().find(|(_, known)| known.contains(last)).map(|(factor, _)| *factor)
}

/// The words of a header; `costMicros` has two.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()) {
        let (mut from, mut small) = (0, false);
        for (at, symbol) in part.char_indices() {
            if symbol.is_uppercase() && small {
                words.push(&part[from..at]);
                from = at;
            }
            small = symbol.is_lowercase();
        }
        words.push(&part[from..]);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Why a column of money is not read that comes from a header which says a multiple, with the line of the mapping to write.
pub(crate) fn refused((place, name): (&str, &str), header: &str, factor: &str, currency: Option<Currency>) -> Text {
    let currency = currency.map_or_else(String::new, |currency| format!(", currency = \"{currency}\""));
    let header = header.replace('\\', "\\\\").replace('"', "\\\"");
    let line = |factor: &str| format!("{name} = {{ multiply = [\"{header}\", {factor}]{currency} }}");
    Text::new(
        format!(
            "`{header}`: судя по заголовку, суммы {place} нужно умножить на {factor}\n    напишите в маппинге: {}; если заголовок неверен \
             и суммы уже в целых единицах — 1 вместо {factor}",
            line(factor)
        ),
        format!(
            "`{header}`: by its header the amounts of {place} are to be multiplied by {factor}\n    write in the mapping: {}; where the header is \
             wrong and they are whole units already, 1 instead of {factor}",
            line(factor)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_what_its_amounts_are_counted_in() {
        for (header, factor) in [
            ("Сумма, тыс. руб.", Some("1000")),
            ("Сумма (тыс)", Some("1000")),
            ("Выручка, т.р.", Some("1000")),
            ("Amount (USD thousands)", Some("1000")),
            ("Revenue, K", Some("1000")),
            ("Revenue, K USD", Some("1000")),
            ("Amount ($K)", Some("1000")),
            ("Сумма, млн", Some("1000000")),
            ("Budget, $M", Some("1000000")),
            ("Стоимость, коп.", Some("0.01")),
            ("amount_cents", Some("0.01")),
            ("amountCents", Some("0.01")),
            ("costMicros", Some("0.000001")),
            ("metrics.cost_micros", Some("0.000001")),
            ("Сумма", None),
            ("Сумма к оплате", None),
            ("Cost per thousand", None),
            ("Цена за тысячу", None),
            ("K", None),
            ("Amount (USD)", None),
            ("Расход, руб.", None),
            ("A", None),
            ("Марка M5, руб", None),
        ] {
            assert_eq!(of_header(header), factor, "{header}");
        }
    }
}
