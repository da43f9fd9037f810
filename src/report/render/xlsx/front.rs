//! The front sheet: what the page says, in its order. Figures and findings share their columns, so that a figure stands under a figure;
//! tables and charts are links to their sheets.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet};

use super::book::{Book, Fault};
use super::table;
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions, Block, Cell, Finding, Section, Tile, Verdict};
use crate::report::render::flat::{self, Part};
use crate::workbook::{Kind, Looks, height, lines, link, paper, write, write_text};

/// The widths of the columns, in the order of [`Column`].
const WIDTHS: [f64; 10] = [50.0, 13.0, 14.0, 10.5, 10.5, 14.0, 14.0, 56.0, 48.0, 30.0];
/// The row of the header.
const HEAD: u32 = 5;
/// The small font is narrower.
const SMALL: f64 = 0.85;

/// The columns.
#[derive(Debug, Clone, Copy)]
enum Column {
    What,
    Verdict,
    Value,
    Low,
    High,
    Previous,
    Year,
    Words,
    Advice,
    Source,
}

/// The front sheet while it is written.
struct Front<'b> {
    book: &'b Book<'b>,
    sheet: Worksheet,
    row: u32,
}

/// The front sheet.
pub fn sheet(book: &Book<'_>) -> Result<Worksheet, Fault> {
    let mut front = Front { book, sheet: Worksheet::new(), row: 0 };
    front.sheet.set_name(&book.front)?;
    for (at, width) in (0..).zip(WIDTHS) {
        front.sheet.set_column_width(at, width)?;
    }
    front.top()?;
    for section in &book.doc.sections {
        front.section(section)?;
    }
    front.row += 1;
    for line in &book.doc.colophon {
        front.paragraph(line, &book.looks.muted.clone().set_text_wrap())?;
    }
    let sheet = &mut front.sheet;
    sheet.set_freeze_panes(HEAD + 1, 1)?;
    sheet.set_repeat_rows(HEAD, HEAD)?;
    sheet.set_screen_gridlines(false);
    paper(sheet);
    Ok(front.sheet)
}

impl Front<'_> {
    fn looks(&self) -> &Looks {
        &self.book.looks
    }

    /// Title, company, period, day; the header.
    fn top(&mut self) -> Result<(), Fault> {
        let (book, doc) = (self.book, self.book.doc);
        self.sheet.set_row_height(0, 24)?;
        self.text(Column::What, &doc.title, &book.looks.title)?;
        self.row = 1;
        self.text(Column::What, &doc.company, &book.looks.bare)?;
        self.row = 2;
        self.text(Column::What, &doc.subtitle, &book.looks.bare)?;
        self.row = 3;
        let before = doc.lang.pick("Учтено всё, что было до этого дня", "All that happened before this day");
        self.text(Column::What, before, &book.looks.bare)?;
        let day = book.looks.date.clone().set_border_bottom(FormatBorder::None).set_align(FormatAlign::Left);
        self.sheet.write_date_with_format(3, Column::Verdict as u16, doc.as_of, &day)?;
        self.sheet.write_blank(3, Column::Low as u16, &book.looks.nothing)?;
        self.text(Column::High, book.words.hatched(), &book.looks.muted)?;
        self.row = HEAD;
        let (ru, en) = (
            [
                "Показатель",
                "Оценка",
                "Значение",
                "от",
                "до",
                "Прошлый период",
                "Год назад",
                "Подробно",
                "Что делать",
                "Источник",
            ],
            [
                "Figure",
                "Verdict",
                "Value",
                "low",
                "high",
                "Previous period",
                "A year ago",
                "In words",
                "What to do",
                "Source",
            ],
        );
        for (at, (ru, en)) in (0..).zip(ru.into_iter().zip(en)) {
            let is_number = (Column::Value as u16..=Column::Year as u16).contains(&at);
            let format = if is_number { &book.looks.head_number } else { &book.looks.head };
            self.sheet.write_string_with_format(HEAD, at, doc.lang.pick(ru, en), format)?;
        }
        self.sheet.set_row_height(HEAD, height(2) + 3.0)?;
        self.row = HEAD + 1;
        Ok(())
    }

    fn section(&mut self, section: &Section) -> Result<(), Fault> {
        self.row += 1;
        for at in 1..WIDTHS.len() as u16 {
            self.sheet.write_blank(self.row, at, &self.book.looks.heading)?;
        }
        self.sheet.set_row_height(self.row, 20)?;
        self.text(Column::What, &section.title, &self.book.looks.heading)?;
        self.row += 1;
        for block in &section.blocks {
            match block {
                Block::Text(text) => self.paragraph(text, &self.book.looks.wrapped)?,
                Block::Notice(text) => {
                    let said = format!("{}. {text}", self.book.words.notice());
                    self.paragraph(&said, &self.book.looks.notice)?;
                }
                Block::Tiles(tiles) => tiles.iter().try_for_each(|tile| self.tile(tile))?,
                Block::Actions(actions) => self.actions(actions)?,
                Block::Findings(findings) => self.findings(findings)?,
                Block::Table(table) => self.part(block, &table.title, table.rows.len(), &table.source)?,
                Block::Chart(chart) => {
                    let rows = chart.plot.data(&self.book.numbers).rows.len();
                    self.part(block, &chart.title, rows, &chart.source)?;
                }
            }
        }
        Ok(())
    }

    fn tile(&mut self, tile: &Tile) -> Result<(), Fault> {
        self.begin()?;
        self.text(Column::What, &tile.label, &self.book.looks.wrapped)?;
        self.figures(&tile.value, tile.unit, [&tile.before.previous, &tile.before.year])?;
        let words = tile.notes.join("\n");
        self.text(Column::Words, &words, &self.book.looks.wrapped)?;
        self.source(&tile.source)?;
        self.end(&[(Column::What, &tile.label), (Column::Words, &words), (Column::Source, &tile.source)])
    }

    fn actions(&mut self, actions: &Actions) -> Result<(), Fault> {
        let (words, bold) = (self.book.words, self.book.looks.text.clone().set_bold());
        self.paragraph(words.to_do(), &bold)?;
        actions.items.iter().try_for_each(|action| self.action(action))?;
        let plain = self.book.looks.wrapped.clone();
        for line in [&actions.nothing, &actions.more].into_iter().filter(|line| !line.is_empty()) {
            self.paragraph(line, &plain)?;
        }
        if !actions.improved.is_empty() {
            self.paragraph(words.improved(), &bold)?;
            actions.improved.iter().try_for_each(|line| self.paragraph(line, &plain))?;
        }
        if !actions.unjudged.is_empty() {
            self.paragraph(&actions.unjudged, &plain)?;
        }
        Ok(())
    }

    /// A thing to do: its value is the money at stake.
    fn action(&mut self, action: &Action) -> Result<(), Fault> {
        let book = self.book;
        self.begin()?;
        match action.list.as_ref().and_then(|(id, _)| book.list(id)) {
            Some(sheet) => link(
                &mut self.sheet,
                (self.row, Column::What as u16),
                sheet,
                &action.title,
                (&book.looks.link, &book.looks),
            )?,
            None => self.text(Column::What, &action.title, &book.looks.wrapped)?,
        }
        let verdict = verdict(action.verdict, &book.looks);
        self.text(Column::Verdict, book.words.verdict(action.verdict), &verdict)?;
        let mut told: Vec<&str> = Vec::new();
        if let Some((label, money)) = &action.money {
            self.figures(money, Unit::Money, [&Cell::Empty, &Cell::Empty])?;
            told.push(label);
        }
        told.extend(action.facts.iter().map(String::as_str));
        told.extend([action.since.as_str(), &action.who].into_iter().filter(|text| !text.is_empty()));
        let told = told.join("\n");
        self.text(Column::Words, &told, &book.looks.wrapped)?;
        self.text(Column::Advice, &action.advice, &book.looks.wrapped)?;
        self.source(&action.source)?;
        self.end(&[
            (Column::What, &action.title),
            (Column::Words, &told),
            (Column::Advice, &action.advice),
            (Column::Source, &action.source),
        ])
    }

    fn findings(&mut self, findings: &[Finding]) -> Result<(), Fault> {
        let words = self.book.words;
        let count =
            |verdict| (words.verdict(verdict), findings.iter().filter(|finding| finding.verdict == verdict).count());
        let all = [Verdict::Red, Verdict::Yellow, Verdict::Green, Verdict::Unknown].map(count);
        let tally = all.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{word}: {count}"));
        let tally = tally.collect::<Vec<_>>().join(" · ");
        self.paragraph(
            if findings.is_empty() { words.no_data() } else { &tally },
            &self.book.looks.text.clone().set_bold(),
        )?;
        findings.iter().try_for_each(|finding| self.finding(finding))
    }

    fn finding(&mut self, finding: &Finding) -> Result<(), Fault> {
        let book = self.book;
        self.begin()?;
        match book.about(&finding.source) {
            Some(sheet) => link(
                &mut self.sheet,
                (self.row, Column::What as u16),
                sheet,
                &finding.title,
                (&book.looks.link, &book.looks),
            )?,
            None => self.text(Column::What, &finding.title, &book.looks.wrapped)?,
        }
        let verdict = verdict(finding.verdict, &book.looks);
        self.text(Column::Verdict, book.words.verdict(finding.verdict), &verdict)?;
        if finding.figure != Cell::Empty {
            self.figures(&finding.figure, finding.unit, [&finding.before.previous, &finding.before.year])?;
        }
        let told = [finding.value.as_str(), &finding.change, &finding.list];
        let told: Vec<&str> = told.into_iter().filter(|text| !text.is_empty()).collect();
        let told = told.join("\n");
        self.text(Column::Words, &told, &book.looks.wrapped)?;
        self.text(Column::Advice, &finding.advice, &book.looks.wrapped)?;
        self.source(&finding.source)?;
        self.end(&[
            (Column::What, &finding.title),
            (Column::Words, &told),
            (Column::Advice, &finding.advice),
            (Column::Source, &finding.source),
        ])
    }

    /// A value with its bounds, and what it was before.
    fn figures(&mut self, cell: &Cell, unit: Unit, before: [&Cell; 2]) -> Result<(), Fault> {
        let numbers: Vec<f64> = match cell {
            Cell::Interval { value, low, high } => vec![*value, *low, *high],
            Cell::Bounds { least, most } => vec![*least, *most],
            Cell::Number(value) => vec![*value],
            Cell::Money(money) => vec![*money as f64 / 10_000.0],
            _ => Vec::new(),
        };
        let kind = match (cell, unit) {
            (Cell::Money(_), _) => table::kind(Unit::Money, &numbers),
            _ => table::kind(unit, &numbers),
        };
        let format = match kind {
            Kind::Number(unit, digits) => self.looks().number(unit, digits),
            Kind::Plain | Kind::Text => self.looks().plain.clone(),
        };
        let strong = format.clone().set_bold();
        let at = |column: Column| (self.row, column as u16);
        write(&mut self.sheet, at(Column::Value), &table::value(cell), &strong, &self.book.looks)?;
        let ends = match cell {
            Cell::Bounds { .. } => [Part::Least, Part::Most],
            _ => [Part::Low, Part::High],
        };
        for (column, part) in [Column::Low, Column::High].into_iter().zip(ends) {
            let end = flat::part(cell, part);
            if *end != Cell::Empty {
                write(&mut self.sheet, at(column), &table::value(&end), &format, &self.book.looks)?;
            }
        }
        for (column, was) in [Column::Previous, Column::Year].into_iter().zip(before) {
            if *was != Cell::Empty {
                write(&mut self.sheet, at(column), &table::value(was), &format, &self.book.looks)?;
            }
        }
        Ok(())
    }

    /// A table or a chart: a link to its sheet.
    fn part(&mut self, block: &Block, title: &str, rows: usize, source: &str) -> Result<(), Fault> {
        let book = self.book;
        self.begin()?;
        let lang = book.doc.lang;
        let kind = match block {
            Block::Chart(_) => lang.pick("график", "chart"),
            _ => lang.pick("таблица", "table"),
        };
        if let Some(sheet) = book.sheet(block) {
            link(&mut self.sheet, (self.row, Column::What as u16), sheet, title, (&book.looks.link_line, &book.looks))?;
        }
        let said = match rows {
            0 => format!("{kind}, {}", book.words.no_data()),
            rows => format!("{kind}, {}: {rows}", lang.pick("строк", "rows")),
        };
        self.text(Column::Words, &said, &self.small())?;
        self.source(source)?;
        self.end(&[(Column::Source, source)])
    }

    /// The format of what stands beside the figures.
    fn small(&self) -> Format {
        let looks = self.looks();
        looks.wrapped.clone().merge(&looks.muted)
    }

    /// A text across all columns.
    fn paragraph(&mut self, text: &str, format: &Format) -> Result<(), Fault> {
        let last = Column::Advice as u16;
        let wide: f64 = WIDTHS[..=usize::from(last)].iter().sum();
        self.sheet.merge_range(self.row, 0, self.row, last, "", format)?;
        self.text(Column::What, text, format)?;
        self.sheet.set_row_height(self.row, height(lines(text, wide)) + 3.0)?;
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, column: Column, text: &str, format: &Format) -> Result<(), Fault> {
        let inert = format.clone().set_quote_prefix();
        Ok(write_text(&mut self.sheet, (self.row, column as u16), text, (format, &inert), &self.book.looks)?)
    }

    fn source(&mut self, source: &str) -> Result<(), Fault> {
        self.text(Column::Source, source, &self.small())
    }

    /// Ends a row that is as high as its longest text: not every program fits it by itself.
    fn end(&mut self, texts: &[(Column, &str)]) -> Result<(), Fault> {
        let of = |(column, text): &(Column, &str)| match column {
            Column::Source => (lines(text, WIDTHS[*column as usize] / SMALL) as f64 * SMALL).ceil() as usize,
            column => lines(text, WIDTHS[*column as usize] - 2.0),
        };
        self.sheet.set_row_height(self.row, height(texts.iter().map(of).max().unwrap_or(1)) + 2.0)?;
        self.row += 1;
        Ok(())
    }

    /// Begins a row: a line beneath all of it.
    fn begin(&mut self) -> Result<(), Fault> {
        for at in 0..WIDTHS.len() as u16 {
            self.sheet.write_blank(self.row, at, &self.book.looks.text)?;
        }
        Ok(())
    }
}

/// A verdict's cell: its word says it, its ground repeats it.
fn verdict(verdict: Verdict, looks: &Looks) -> Format {
    let ground = match verdict {
        Verdict::Red => 0xF6CDBF,
        Verdict::Yellow => 0xFBE5B6,
        Verdict::Green => 0xC9EBDF,
        Verdict::Unknown => 0xE4E8EC,
    };
    looks.wrapped.clone().set_bold().set_background_color(Color::RGB(ground))
}
