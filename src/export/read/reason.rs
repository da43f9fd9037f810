//! Why a row is refused, in both languages. The only place that words it.

use chrono::NaiveDate;

use crate::export::values::amounts::Currency;
use crate::export::values::dates::DateFormat;
use crate::export::values::periods::NoPeriod;
use crate::model::lang::Text;
use crate::model::period::PeriodUnit;

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

/// An id that is a phone or an e-mail, where what is personal is left out.
pub(super) fn personal_id() -> Text {
    Text::new(
        "номер, в котором телефон или адрес почты, а personal = \"drop\" их не хранит: с personal = \"hash\" он станет хешем",
        "an id that holds a phone or an e-mail, and personal = \"drop\" keeps none: with personal = \"hash\" it becomes a hash",
    )
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

/// A total that the mapping does not know.
pub(super) fn total(word: &str) -> Text {
    Text::new(
        format!("итог строк выше, а не данные: укажите в [[export]] totals = [\"{word}\"]"),
        format!("the total of the rows above, no data: say in the [[export]] totals = [\"{word}\"]"),
    )
}

/// A formula of a workbook that no spreadsheet saved.
pub(super) fn uncalculated() -> Text {
    Text::new(
        "формула, значение которой в файле не сохранено: откройте книгу в Excel, сохраните и загрузите снова",
        "a formula whose value the file does not have: open the workbook in Excel, save it, and ingest it again",
    )
}

/// A number of a share that is none.
pub(super) fn no_share() -> Text {
    Text::new("не доля: от 0 до 1, или от 0 % до 100 %", "not a share: from 0 to 1, or from 0 % to 100 %")
}

pub(super) fn not_whole() -> Text {
    Text::new("не целое число", "not a whole number")
}

/// An amount in another currency than the one that the mapping states.
pub(super) fn other_currency(met: Currency, stated: Currency) -> Text {
    Text::new(
        format!("сумма в {met}, а маппинг говорит о {stated}"),
        format!("an amount in {met}, and the mapping states {stated}"),
    )
}

/// Amounts in two currencies in one column.
pub(super) fn two_currencies(met: Currency, known: Currency) -> Text {
    Text::new(format!("это {met}, а раньше были {known}"), format!("which is {met}, and others are {known}"))
}

/// An amount in a currency among amounts that name none.
pub(super) fn some_bare(met: Currency) -> Text {
    Text::new(
        format!("это {met}, а раньше суммы были без валюты"),
        format!("which is {met}, and others name no currency"),
    )
}

/// An amount that names no currency among amounts that do.
pub(super) fn bare(known: Currency) -> Text {
    Text::new(
        format!("валюта не названа, а раньше были {known}"),
        format!("without a currency, and others are {known}"),
    )
}

/// A length that may be read in two ways.
pub(super) fn two_lengths(minutes: i64, hours: i64) -> Text {
    Text::new(
        format!("это {minutes} с (минуты и секунды) или {hours} с (часы и минуты)"),
        format!("which is {minutes} s as minutes and seconds, or {hours} s as hours and minutes"),
    )
}

pub(super) fn no_length() -> Text {
    Text::new("не длительность: 205, 00:03:25, 1 ч 5 мин", "not a length of time: 205, 00:03:25, 1 h 5 min")
}

/// A period of days that ends before it begins, or that is too long to be spread.
pub(super) fn no_period(most: i64) -> Text {
    Text::new(
        format!("период кончается раньше, чем начался, или длиннее {most} дней"),
        format!("a period that ends before it begins, or that is longer than {most} days"),
    )
}

/// A text that is no period of a plan.
pub(super) fn no_plan_period(why: NoPeriod) -> Text {
    match why {
        NoPeriod::Unknown => Text::new(
            "не период: Январь 2025, янв.25, 2025-01, 01.2025, I кв. 2025, нед. 2 2025 или дата (чью форму называет dates); столбец, который не \
             период, назовите в skip раздела [export.unpivot]",
            "not a period: January 2025, Jan-25, 2025-01, 01.2025, Q1 2025, week 2 2025, or a date (dates names its form); a column that is no \
             period is to be named in skip of [export.unpivot]",
        ),
        NoPeriod::NoYear => Text::new(
            "период без года: назовите год в маппинге, period = { …, year = 2025 }, или соедините с тем, где он стоит: { concat = [\"месяц\", \"год\"], with = \" \" }",
            "a period without its year: say it in the mapping, period = { …, year = 2025 }, or join it with what names it: { concat = [\"month\", \"year\"], with = \" \" }",
        ),
        NoPeriod::TwoYears => Text::new("назван не один год", "it names more than one year"),
        NoPeriod::Within(unit) => {
            let (ru, en) = match unit {
                PeriodUnit::Year => ("года", "a year"),
                PeriodUnit::Quarter => ("квартала", "a quarter"),
                PeriodUnit::Month => ("месяца", "a month"),
                PeriodUnit::Week => ("недели", "a week"),
            };
            Text::new(
                format!("дата внутри {ru}, а не его первый или последний день; иной период назовите: unit = \"week\""),
                format!(
                    "a date within {en}, and neither its first nor its last day; say another unit: unit = \"week\""
                ),
            )
        }
    }
}

/// A number with letters or signs around it.
pub(super) fn number_with_words() -> Text {
    Text::new(
        "не число; единицу, которой нет в руководстве, назовите в `strip`",
        "not a number; a unit that the guide does not list must be named in `strip`",
    )
}

/// A number as accountants write one below zero, or as others write one that is only mentioned.
pub(super) fn in_brackets() -> Text {
    Text::new(
        "число в скобках: у бухгалтеров оно меньше нуля; выгрузите его со знаком",
        "a number in brackets, which accountants mean to be below zero: export it with its sign",
    )
}

/// A number as some programs write one below zero.
pub(super) fn minus_behind() -> Text {
    Text::new(
        "минус стоит после числа: выгрузите его со знаком впереди",
        "a minus behind a number: export it with its sign before it",
    )
}

pub(super) fn not_a_number(mark: char) -> Text {
    Text::new(format!("не число с десятичным знаком `{mark}`"), format!("not a number with the decimal mark `{mark}`"))
}

/// A number that the mapping does not say to be a time.
pub(super) fn number_for_date() -> Text {
    Text::new(
        "это число, а маппинг не говорит, что за ним стоит",
        "which is a number, and the mapping does not say what it counts",
    )
}

/// A number that none of the stated formats reads; and the format that would, with the day that it is then.
pub(super) fn no_number_of_a_date(stated: &[DateFormat], would: Option<(&str, NaiveDate)>) -> Text {
    let formats = |or: &str| stated.iter().map(ToString::to_string).collect::<Vec<_>>().join(or);
    let (ru, en) = match would {
        Some((form, day)) => (
            format!("; как \"{form}\" это {day}: если так и есть, добавьте в `dates`"),
            format!("; as \"{form}\" it is {day}: if that is meant, add it to `dates`"),
        ),
        None => Default::default(),
    };
    Text::new(
        format!("число, а не дата вида {}{ru}", formats(" или ")),
        format!("a number that is no date as {}{en}", formats(" or ")),
    )
}

pub(super) fn not_a_date<'f>(formats: impl IntoIterator<Item = &'f DateFormat>) -> Text {
    let formats: Vec<String> = formats.into_iter().map(ToString::to_string).collect();
    Text::new(format!("не дата вида {}", formats.join(" или ")), format!("not a date as {}", formats.join(" or ")))
}

/// A date that the column cannot have: one before this year, or long after the export was taken.
pub(super) fn out_of_time(column: &str, first: i32) -> Text {
    Text::new(
        format!(
            "невозможная дата для `{column}`: раньше {first} года или намного позже, чем сделана выгрузка; поправьте её в CRM и \
             выгрузите ещё раз"
        ),
        format!(
            "an impossible date for `{column}`: before {first}, or long after the export was taken; mend it in the CRM and export \
             again"
        ),
    )
}

/// A mended row of an export whose rows are known by their number, which it has lost.
pub(super) fn mended_by_number() -> Text {
    Text::new(
        "строки этой выгрузки известны по номеру (`row_number`), а у исправленной строки он другой: исправьте саму выгрузку и загрузите её целиком",
        "the rows of this export are known by their number (`row_number`), which a mended row has lost: mend the export itself, and ingest all of it",
    )
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
    Text::new("строка не в той кодировке, в которой файл", "the row is not in the encoding that the file is in")
}

/// An event without a deal and without a client.
pub(super) fn no_owner() -> Text {
    Text::new("не заполнены ни `deal_id`, ни `client_id`", "neither `deal_id` nor `client_id` is filled")
}

/// A row with broken quotes.
pub(super) fn broken_quote() -> Text {
    Text::new(
        "кавычка в строке не закрыта: где кончается ячейка, не понять; поправьте строку",
        "a quote in the row is not closed: where its cell ends cannot be told; mend the row",
    )
}

/// A cell that holds what looks like rows of the file.
pub(super) fn row_within() -> Text {
    Text::new(
        "в ячейке несколько строк, и одна из них похожа на строку таблицы: перед ней не закрыта кавычка",
        "a cell holds several lines, and one of them looks like a row: a quote before it is not closed",
    )
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
