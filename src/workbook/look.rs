//! Formats of cells: the only place where a workbook's numbers, colours and fonts are chosen.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatPattern, FormatUnderline};

use crate::model::lang::Lang;
use crate::model::unit::Unit;

/// Text.
const INK: Color = Color::RGB(0x1F2933);
/// Lesser text.
const MUTED: Color = Color::RGB(0x5B6672);
/// Links.
const LINK: Color = Color::RGB(0x00568A);
/// The ground of a header.
const HEAD: Color = Color::RGB(0xE4E8EC);
/// The hatch of an empty cell.
const NOTHING: Color = Color::RGB(0xC3CAD2);
/// The ground of a notice.
const NOTICE: Color = Color::RGB(0xFFF6DC);

/// The formats of one workbook.
#[derive(Debug)]
pub struct Looks {
    /// The language of its words.
    pub lang: Lang,
    /// The currency sign or code.
    currency: String,
    /// The title of a sheet.
    pub title: Format,
    /// The heading of a section.
    pub heading: Format,
    /// A line under a title.
    pub muted: Format,
    /// A header cell above texts.
    pub head: Format,
    /// A header cell above numbers.
    pub head_number: Format,
    /// A text without a line beneath it.
    pub bare: Format,
    /// A text.
    pub text: Format,
    /// A text that takes several lines.
    pub wrapped: Format,
    /// A text that begins as a formula does: a spreadsheet keeps it a text when its cell is edited.
    pub inert: Format,
    /// The same, of several lines.
    pub inert_wrapped: Format,
    /// A link to another sheet.
    pub link: Format,
    /// The same on one line.
    pub link_line: Format,
    /// The link back to the front sheet.
    pub back: Format,
    /// A paragraph that the reader must see.
    pub notice: Format,
    /// No data.
    pub nothing: Format,
    /// A day.
    pub date: Format,
    /// A day with its time.
    pub moment: Format,
    /// A number without a unit.
    pub plain: Format,
}

impl Looks {
    /// The formats in a language, money in a currency.
    pub fn new(lang: Lang, currency: &str) -> Looks {
        let bare = Format::new().set_font_color(INK).set_align(FormatAlign::Top);
        // a hairline under each row guides the eye, on paper as well
        let base = bare.clone().set_border_bottom(FormatBorder::Thin).set_border_bottom_color(HEAD);
        let head =
            bare.clone().set_bold().set_text_wrap().set_background_color(HEAD).set_border_bottom(FormatBorder::Thin);
        // a text does not touch the number to its left
        let text = base.clone().set_align(FormatAlign::Left).set_indent(1);
        let wrapped = text.clone().set_text_wrap();
        let number = base.clone().set_align(FormatAlign::Right);
        Looks {
            lang,
            currency: currency.chars().filter(|symbol| !matches!(symbol, '"' | '\\')).collect(),
            title: bare.clone().set_bold().set_font_size(15),
            heading: bare.clone().set_bold().set_font_size(13).set_border_bottom(FormatBorder::Thin),
            muted: bare.clone().set_font_color(MUTED).set_font_size(9),
            head_number: head.clone().set_align(FormatAlign::Right),
            head: head.set_align(FormatAlign::Left).set_indent(1),
            text: text.clone(),
            bare: bare.clone(),
            inert: text.clone().set_quote_prefix(),
            inert_wrapped: wrapped.clone().set_quote_prefix(),
            back: bare.clone().set_font_color(LINK).set_underline(FormatUnderline::Single),
            link_line: text.clone().set_font_color(LINK).set_underline(FormatUnderline::Single),
            link: wrapped.clone().set_font_color(LINK).set_underline(FormatUnderline::Single),
            notice: wrapped.clone().set_background_color(NOTICE),
            nothing: base
                .clone()
                .set_pattern(FormatPattern::LightUp)
                .set_foreground_color(NOTHING)
                .set_background_color(Color::White),
            date: number.clone().set_num_format(lang.pick("dd\\.mm\\.yyyy", "d\\ mmm\\ yyyy")),
            moment: number.clone().set_num_format(lang.pick("dd\\.mm\\.yyyy\\ hh:mm:ss", "d\\ mmm\\ yyyy\\ hh:mm:ss")),
            plain: number,
            wrapped,
        }
    }

    /// The format of numbers of a unit, with so many decimals.
    pub fn number(&self, unit: Unit, digits: usize) -> Format {
        self.plain.clone().set_num_format(number_format(unit, digits, self.lang, &self.currency))
    }

    /// How numbers of a unit are written, for axes as well as for cells.
    pub fn number_format(&self, unit: Unit, digits: usize) -> String {
        number_format(unit, digits, self.lang, &self.currency)
    }

    /// How many characters a number of this unit has beside its digits.
    pub fn suffix(&self, unit: Unit) -> usize {
        match unit {
            Unit::Money => self.currency.chars().count() + 2,
            Unit::Share => 3,
            Unit::Minutes | Unit::Days => 5,
            Unit::Hours => 3,
            _ => 0,
        }
    }
}

/// A spreadsheet's number format for a unit. Durations stay numbers of their unit, so that their sums are right and a column can be
/// compared by eye; a share of one is shown in per cent.
pub fn number_format(unit: Unit, digits: usize, lang: Lang, currency: &str) -> String {
    let decimals = if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits)) };
    let number = format!("#,##0{decimals}");
    let gap = "\u{a0}";
    match (unit, lang) {
        (Unit::Money, Lang::Ru) => format!("{number}\"{gap}{currency}\""),
        (Unit::Money, Lang::En) => {
            let gap = if currency.chars().all(char::is_alphabetic) { gap } else { "" };
            format!("\"{currency}{gap}\"{number}")
        }
        (Unit::Share, _) => format!("{number}%"),
        (Unit::Minutes, _) => format!("{number}\"{gap}{}\"", lang.pick("мин", "min")),
        (Unit::Hours, _) => format!("{number}\"{gap}{}\"", lang.pick("ч", "h")),
        (Unit::Days, _) => format!("{number}\"{gap}{}\"", lang.pick("дн.", "d")),
        (Unit::Count | Unit::Ratio | Unit::Index | Unit::Text | Unit::Date, _) => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_all_units() {
        let format = |unit, lang| number_format(unit, 1, lang, "₽");
        assert_eq!(format(Unit::Money, Lang::Ru), "#,##0.0\"\u{a0}₽\"");
        assert_eq!(format(Unit::Money, Lang::En), "\"₽\"#,##0.0");
        assert_eq!(number_format(Unit::Money, 0, Lang::En, "USD"), "\"USD\u{a0}\"#,##0");
        assert_eq!(format(Unit::Share, Lang::Ru), "#,##0.0%");
        assert_eq!(format(Unit::Minutes, Lang::Ru), "#,##0.0\"\u{a0}мин\"");
        assert_eq!(number_format(Unit::Count, 0, Lang::Ru, "₽"), "#,##0");
    }
}
