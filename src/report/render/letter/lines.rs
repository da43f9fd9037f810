//! The body of a letter as lines of text: for programs that show no HTML, and for messengers.

use super::html::{compact, is_listed};
use super::parts::{Around, Line, front};
use super::table;
use super::words::Words;
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions, Block, Document, Finding, Table, Tile, Verdict};
use crate::report::render::number::Numbers;
use crate::report::render::words;

/// The lines of a letter.
pub(super) fn lines(doc: &Document, around: Around<'_>) -> Vec<Line> {
    let mut out = Out { doc, lines: Vec::new() };
    out.heading(&format!("{} · {}", doc.title, doc.company));
    out.line(&doc.subtitle);
    if !around.new.is_empty() {
        out.gap();
        out.heading(out.own().newly_red());
        around.new.iter().for_each(|title| out.line(&format!("• {title}")));
    }
    let (shown, others) = front(doc);
    for section in shown {
        // of one section alone the report's title says enough
        if shown.len() > 1 {
            out.gap();
            out.heading(&section.title);
        }
        section.blocks.iter().for_each(|block| out.block(block));
    }
    let others: Vec<&str> = others.iter().map(|section| section.title.as_str()).collect();
    out.gap();
    if !others.is_empty() {
        out.line(&format!("{}: {}.", out.own().also(), others.join(" · ")));
    }
    if !around.files.is_empty() {
        out.line(&format!("{}: {}.", out.own().attached(), around.files.join(", ")));
    }
    doc.colophon.iter().for_each(|line| out.line(line));
    out.lines
}

struct Out<'a> {
    doc: &'a Document,
    lines: Vec<Line>,
}

impl<'a> Out<'a> {
    fn own(&self) -> Words {
        Words(self.doc.lang)
    }

    fn words(&self) -> words::Words {
        words::Words(self.doc.lang)
    }

    fn numbers(&self) -> Numbers<'a> {
        Numbers { lang: self.doc.lang, currency: &self.doc.currency }
    }

    /// A line, or several where the text has breaks; nothing for an empty text.
    fn line(&mut self, text: &str) {
        let of_text = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        self.lines.extend(of_text.map(|line| Line { text: line.to_owned(), is_heading: false }));
    }

    fn heading(&mut self, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.lines.push(Line { text, is_heading: true });
    }

    /// An empty line, never two.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|last| !last.text.is_empty()) {
            self.lines.push(Line { text: String::new(), is_heading: false });
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(text) => {
                self.gap();
                self.line(text);
            }
            Block::Notice(text) => {
                self.gap();
                self.line(&format!("{}. {text}", self.words().notice()));
            }
            Block::Tiles(tiles) => {
                self.gap();
                tiles.iter().for_each(|tile| self.tile(tile));
            }
            Block::Actions(actions) => self.actions(actions),
            Block::Findings(findings) => self.findings(findings),
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => {
                self.gap();
                let told = chart.plot.describe(&self.numbers());
                self.line(&format!("{}. {told}", chart.title));
            }
        }
    }

    fn tile(&mut self, tile: &Tile) {
        let value = compact(&tile.value, tile.unit, &self.numbers());
        let notes = tile.notes.iter().map(|note| format!("; {note}")).collect::<String>();
        self.line(&format!("{}: {value}{notes}", tile.label));
    }

    fn actions(&mut self, actions: &Actions) {
        self.gap();
        self.heading(self.words().to_do());
        if actions.items.is_empty() {
            self.line(&actions.nothing);
        }
        for (number, action) in (1..).zip(&actions.items) {
            self.action(number, action);
        }
        self.line(&actions.more);
        if !actions.improved.is_empty() {
            self.gap();
            self.heading(self.words().improved());
            actions.improved.iter().for_each(|line| self.line(&format!("+ {line}")));
        }
        if !actions.unjudged.is_empty() {
            self.gap();
            self.line(&actions.unjudged);
        }
    }

    fn action(&mut self, number: usize, action: &Action) {
        self.gap();
        self.heading(&format!("{number}. {}", action.title));
        let verdict = self.words().verdict(action.verdict);
        let money = action
            .money
            .as_ref()
            .map(|(label, cell)| format!(" · {label} {}", compact(cell, Unit::Money, &self.numbers())));
        self.line(&format!("{verdict}{}", money.unwrap_or_default()));
        let facts = action.facts.iter().chain([&action.since, &action.who]).map(String::as_str);
        self.line(&facts.filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" "));
        self.line(&action.advice);
        if let Some((_, total)) = &action.list {
            self.line(&format!("{}: {}", self.words().list(), self.own().elsewhere(*total)));
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        let (pressing, quiet): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow));
        for finding in pressing {
            self.gap();
            self.heading(&finding.title);
            self.line(&format!("{} · {}", self.words().verdict(finding.verdict), finding.value));
            self.line(&finding.change);
            self.line(&finding.advice);
        }
        if !quiet.is_empty() {
            self.gap();
            self.line(&self.own().quiet(quiet.len()));
        }
    }

    fn table(&mut self, table: &Table) {
        let Some(shown) = table::shown(table, self.doc) else {
            // the list of a thing to do is told where it is
            if !is_listed(table, self.doc) {
                self.line(&format!("{}: {}", table.title, self.own().elsewhere(table.rows.len())));
            }
            return;
        };
        self.gap();
        self.heading(&table.title);
        if shown.rows.is_empty() {
            self.line(self.words().no_data());
        } else {
            let heads: Vec<&str> = shown.heads.iter().map(|(head, _)| head.as_str()).collect();
            self.line(&heads.join(" · "));
            shown.rows.iter().for_each(|row| self.line(&one_line(&row.join(" · "))));
        }
        if let Some(left) = self.own().left_out(shown.left_out.0, shown.left_out.1) {
            self.line(&left);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
