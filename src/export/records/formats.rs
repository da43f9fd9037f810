//! What the formats of a workbook's cells say of the numbers in them: that they are percentages, or in which currency they are.

use super::record::Typed;
use crate::export::values::amounts::{self, Currency};

/// What a cell of a formula holds whose value nobody calculated: a program wrote the workbook, and no spreadsheet saved it since.
pub(crate) const UNCALCULATED: &str = "#FORMULA?";

/// The type that a number format gives to the numbers that it shows.
pub(super) fn typed(format: &str) -> Typed {
    // this one each Excel shows in the currency of its country
    const OF_COUNTRY: &str = "_($* #";
    let (percent, texts) = first_section(format);
    match percent {
        true => Typed::Percent,
        false if format.starts_with(OF_COUNTRY) => Typed::Number,
        false => texts.iter().find_map(|text| currency(text)).map_or(Typed::Number, Typed::Money),
    }
}

fn currency(text: &str) -> Option<Currency> {
    let text = text.trim();
    amounts::currency(text).or_else(|| amounts::of_header(text))
}

/// Whether the section for numbers above zero shows percentages, and the texts that it shows: what stands in quotes, behind a
/// backslash or within `[$…-409]`, and signs of currencies.
fn first_section(format: &str) -> (bool, Vec<String>) {
    let (mut percent, mut texts, mut text) = (false, Vec::new(), String::new());
    let mut symbols = format.chars();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '"' => text.extend(symbols.by_ref().take_while(|symbol| *symbol != '"')),
            '\\' => text.extend(symbols.next()),
            // room as wide as the next symbol, or filled with it
            '_' | '*' => drop(symbols.next()),
            '[' => {
                let inside: String = symbols.by_ref().take_while(|symbol| *symbol != ']').collect();
                texts.push(std::mem::take(&mut text));
                texts.extend(inside.strip_prefix('$').and_then(|sign| sign.split('-').next()).map(str::to_owned));
            }
            // what follows is for numbers below zero
            ';' => break,
            '%' => percent = true,
            '#' | '0' | '?' | ',' => texts.push(std::mem::take(&mut text)),
            other => text.push(other),
        }
    }
    texts.push(text);
    (percent, texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_tells_percentages_and_currencies() {
        let table = [
            ("General", ""),
            ("0.00", ""),
            ("#,##0.00\\ [$\u{20bd}-419]", "RUB"),
            ("#,##0.00\"р.\"", "RUB"),
            ("#,##0\\ \"₽\"", "RUB"),
            ("#,##0.00[$р.-419]", "RUB"),
            ("#,##0.00\\ [$€-407]", "EUR"),
            ("[$$-409]#,##0.00", "USD"),
            ("\"$\"#,##0.00_);\\(\"$\"#,##0.00\\)", "USD"),
            ("$#,##0", "USD"),
            ("[$EUR] #,##0.00", "EUR"),
            ("_-* #,##0.00\\ \"₽\"_-;\\-* #,##0.00\\ \"₽\"_-", "RUB"),
            ("_-* #,##0.00\\ _₽_-;\\-* #,##0.00\\ _₽_-", ""),
            ("_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)", ""),
            ("[$-419]0.00", ""),
            ("[Red]0\" шт\"", ""),
            ("0;\"€\"", ""),
            ("#,##0,\" тыс. руб.\"", "RUB"),
        ];
        for (format, code) in table {
            let shown = if let Typed::Money(currency) = typed(format) { currency.code() } else { "" };
            assert_eq!(shown, code, "{format}");
        }
        assert_eq!((typed("0.0%"), typed("0\"%\"")), (Typed::Percent, Typed::Number));
        assert_eq!((typed("0;0%"), typed("0\\%")), (Typed::Number, Typed::Number));
    }
}
