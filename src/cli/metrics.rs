//! `voronka metrics`: what can be asked.

use std::fmt::Write as _;

use anyhow::Result;

use super::args::{Metrics, Place};
use super::open;
use super::outcome::Outcome;
use super::screen::say;
use crate::metrics::Metric;
use crate::model::lang::Lang;

pub fn run(args: &Metrics, place: &Place) -> Result<Outcome> {
    let catalog = open::company(place).catalog()?;
    let lang = open::lang(args.lang, place);
    let mut text = String::new();
    match &args.name {
        Some(name) => whole(&mut text, catalog.get(name)?, lang)?,
        None => {
            for name in catalog.names() {
                short(&mut text, catalog.get(name)?, lang)?;
            }
        }
    }
    say(text.trim_end_matches('\n'))?;
    Ok(Outcome::Fine)
}

fn short(out: &mut String, metric: &Metric, lang: Lang) -> std::fmt::Result {
    writeln!(out, "{:22} {}", metric.name, metric.title.get(lang))?;
    let (by, needs) = match lang {
        Lang::Ru => ("разрезы", "нужно"),
        Lang::En => ("by", "needs"),
    };
    if !metric.dimensions.is_empty() {
        writeln!(out, "{:22} {by}: {}", "", metric.dimensions.join(", "))?;
    }
    if !metric.needs.is_empty() {
        writeln!(
            out,
            "{:22} {needs}: {}",
            "",
            metric.needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        )?;
    }
    Ok(())
}

fn whole(out: &mut String, metric: &Metric, lang: Lang) -> std::fmt::Result {
    short(out, metric, lang)?;
    writeln!(out, "\n{}\n", metric.about.get(lang).trim())?;
    for column in &metric.columns {
        writeln!(out, "  {:24} {}", column.name, column.title.get(lang))?;
    }
    Ok(())
}
