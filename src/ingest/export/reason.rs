//! Why a row is refused, in both languages. The only place that words it.

use crate::ingest::dates::DateFormat;
use crate::model::lang::Text;

pub(super) fn not_filled() -> Text {
    Text::new("не заполнено, а нужно в каждой строке", "not filled, and every row needs it")
}

/// A column of ours that holds one of a few words.
pub(super) fn unknown_word(column: &str, allowed: &[&str]) -> Text {
    let allowed = allowed.join(", ");
    Text::new(
        format!("`{column}` бывает только: {allowed}; переведите через `values`"),
        format!("`{column}` is one of: {allowed}; translate with `values`"),
    )
}

pub(super) fn not_listed() -> Text {
    Text::new("не перечислено в `values`", "not listed in `values`")
}

pub(super) fn spoilt_id() -> Text {
    Text::new(
        "номер, который электронная таблица превратила в число: выгрузите его ещё раз, как текст",
        "an id that a spreadsheet turned into a number: export it again, as text",
    )
}

pub(super) fn spreadsheet_error() -> Text {
    Text::new("ошибка электронной таблицы, а не значение", "a spreadsheet's error, no value")
}

pub(super) fn not_whole() -> Text {
    Text::new("не целое число", "not a whole number")
}

/// A number with letters or signs around it.
pub(super) fn number_with_words() -> Text {
    Text::new(
        "не число; валюту или единицу назовите в `strip`",
        "not a number; a currency or unit must be named in `strip`",
    )
}

pub(super) fn not_a_number(mark: char) -> Text {
    Text::new(format!("не число с десятичным знаком `{mark}`"), format!("not a number with the decimal mark `{mark}`"))
}

pub(super) fn not_a_date<'f>(formats: impl IntoIterator<Item = &'f DateFormat>) -> Text {
    let formats: Vec<String> = formats.into_iter().map(ToString::to_string).collect();
    Text::new(format!("не дата вида {}", formats.join(" или ")), format!("not a date as {}", formats.join(" or ")))
}

pub(super) fn product_too_large() -> Text {
    Text::new("произведение слишком велико", "the product is too large")
}

pub(super) fn result_too_large() -> Text {
    Text::new("результат слишком велик", "the result is too large")
}

pub(super) fn result_not_whole() -> Text {
    Text::new("результат не целый", "the result is no whole number")
}

pub(super) fn never_mapped() -> Text {
    Text::new("заполняется при загрузке, а не из выгрузки", "made by ingest, never mapped")
}

pub(super) fn wrong_encoding() -> Text {
    Text::new(
        "строка не в той кодировке, что указана в маппинге",
        "the row is not in the encoding that the mapping states",
    )
}

/// An event that belongs to nobody.
pub(super) fn no_owner() -> Text {
    Text::new("не заполнены ни `deal_id`, ни `client_id`", "neither `deal_id` nor `client_id` is filled")
}

/// A row of another number of cells than the header; `over_lines`: one cell holds a line break.
pub(super) fn wrong_cells(found: usize, expected: usize, over_lines: bool) -> Text {
    let (ru, en) = match over_lines {
        true => (
            ", одна из них на несколько строк: не закрыта кавычка?",
            ", one of them over several lines: a quote that was not closed?",
        ),
        false => ("", ""),
    };
    Text::new(
        format!("ячеек {found}, в заголовке их {expected}{ru}"),
        format!("{found} cells, the header has {expected}{en}"),
    )
}
