//! A table as markup. Numbers stand to the right with figures of one width; money is named in the head of its column.

use maud::{Markup, html};

use super::markup::Context;
use crate::model::unit::Unit;
use crate::report::document::{Cell, Column, Table};
use crate::report::render::shown::{Look, Shown, head, is_text, shown};

/// A longer table scrolls in its own box on a screen. Paper shows all rows.
const TALL: usize = 16;
/// A table with at least so many columns gets more width on a screen and smaller type on paper, so that no column is
/// cut.
const WIDE: [(usize, &str); 3] = [(8, "wider"), (11, "widest"), (16, "huge")];

/// If a cell is longer than this, a phone shows each row as a card: as a column the text would be too narrow.
const LONG: usize = 32;

/// If a name in the first column is longer than this, the column keeps room for it beside the others.
const LONG_NAME: usize = 48;

/// The table's markup.
pub fn render(table: &Table, context: &Context) -> Markup {
    let mut classes = vec!["table"];
    if table.rows.len() > TALL {
        classes.push("tall");
    }
    classes.extend(WIDE.iter().filter(|(columns, _)| table.columns.len() >= *columns).map(|(_, class)| *class));
    if is_long(table) {
        classes.push("cards");
    }
    if table.rows.iter().any(|row| row.first().is_some_and(|name| is_longer(name, LONG_NAME))) {
        classes.push("named");
    }
    let (id, head) = (format!("table-{}", table.id), format!("table-{}-head", table.id));
    let mark = context.mark(&table.source);
    let body = html! {
        @if table.rows.is_empty() {
            p class="none" { (context.words.no_data()) } "\n"
        } @else {
            // a focusable box can be scrolled with the keyboard
            div class="scroll" tabindex="0" role="region" aria-labelledby=(head) { "\n" (grid(table, context)) } "\n"
        }
    };
    let classes = classes.join(" ");
    html! {
        @if context.folds {
            // what is folded is named by the line that unfolds it
            details class="fold" { "\n"
                summary id=(head) { (table.title) " · " (context.words.rows(table.rows.len())) } "\n"
                figure class=(classes) id=(id) { "\n" (body) } "\n"
                p class="source" { (context.words.source()) (mark) } "\n"
            } "\n"
        } @else {
            figure class=(classes) id=(id) { "\n"
                figcaption id=(head) { (table.title) (mark) } "\n"
                (body)
            } "\n"
        }
    }
}

fn grid(table: &Table, context: &Context) -> Markup {
    let cards = is_long(table);
    let looks: Vec<Look> = (0..table.columns.len()).map(|c| Look::of(table, c)).collect();
    let class = |column: &Column| is_text(column).then_some("text");
    let label = |column: &Column| cards.then(|| head(column, &context.numbers));
    html! {
        table { "\n"
            thead { tr {
                @for column in &table.columns { th scope="col" class=[class(column)] { (head(column, &context.numbers)) } }
            } } "\n"
            tbody { "\n"
                @for row in &table.rows {
                    tr {
                        @for (i, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                            @let content = content(cell, column, looks[i], context);
                            @if i == 0 {
                                th scope="row" class=[class(column)] data-label=[label(column)] { (content) }
                            } @else {
                                td class=[class(column)] data-label=[label(column)] { (content) }
                            }
                        }
                    } "\n"
                }
            } "\n"
        } "\n"
    }
}

/// Texts side by side that are together longer than this fit no phone.
const LONG_ROW: usize = 48;

/// Whether a phone shows each row as a card.
fn is_long(table: &Table) -> bool {
    let longest = |column: usize| {
        let texts = table.rows.iter().map(move |row| match &row[column] {
            Cell::Text(text) => text.chars().count(),
            _ => 0,
        });
        texts.max().unwrap_or_default()
    };
    let is_all_text = table.columns.iter().all(|column| column.unit == Unit::Text);
    if is_all_text && table.columns.len() > 2 && (0..table.columns.len()).map(longest).sum::<usize>() > LONG_ROW {
        return true;
    }
    table.rows.iter().any(|row| row.iter().skip(1).any(|cell| is_longer(cell, LONG)))
}

fn is_longer(cell: &Cell, than: usize) -> bool {
    matches!(cell, Cell::Text(text) if text.chars().count() > than)
}

fn content(cell: &Cell, column: &Column, look: Look, context: &Context) -> Markup {
    match shown(cell, column, look, &context.numbers) {
        Shown::Nothing(sign) => html! { span class="none" title=(context.words.no_data()) { (sign) } },
        Shown::Text(text) => html! { (text) },
        Shown::Link { url, word } => html! { a href=(url) rel="noreferrer" { (word) } },
        Shown::Interval { value, ends } => html! { (value) " " small { (ends) } },
        Shown::Bounds { word, ends } => html! { small { (word) " " (ends) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;
    use crate::report::render::number::Numbers;
    use crate::report::render::words::Words;

    #[test]
    fn money_is_named_in_the_head_and_small_money_keeps_its_hundredths() {
        let sources = std::cell::RefCell::default();
        let numbers = Numbers { lang: Lang::Ru, currency: "₽" };
        let context = Context { numbers, words: Words(Lang::Ru), folds: false, sources: &sources };
        let column = |title: &str| Column { name: "m".into(), title: title.into(), unit: Unit::Money };
        let table = Table {
            id: "t".into(),
            title: "t".into(),
            columns: vec![column("Выручка"), column("CPL")],
            rows: vec![
                vec![Cell::Money(12_345_678_900), Cell::Money(3_455_000)],
                vec![Cell::Empty, Cell::Number(12.5)],
            ],
            source: String::new(),
        };
        let html = render(&table, &context).into_string().replace('\u{a0}', " ");
        assert!(html.contains(">Выручка, ₽</th>"), "{html}");
        assert!(html.contains("<th scope=\"row\">1 234 568</th><td>345,50</td>"), "{html}");
        assert!(html.contains("<td>12,50</td>") && html.contains("title=\"нет данных\">—</span>"), "{html}");
    }
}
