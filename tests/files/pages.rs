//! Pages and data that the code writes: the docs of metrics and columns, the sample company.

use std::fs;
use std::sync::LazyLock;

use chrono::NaiveDate;
use voronka::export::columns_page;
use voronka::generate::{Plan, Season, generate};
use voronka::metrics::{Catalog, needs_page, page};
use voronka::model::lang::Lang;
use voronka::regulation::{Regulation, template};

use crate::case::{Case, same};

static SHIPPED: LazyLock<Catalog> = LazyLock::new(Catalog::shipped);

/// A test for each page.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (lang, code, metrics) in [(Lang::En, "en", "metrics.md"), (Lang::Ru, "ru", "metrics.ru.md")] {
        cases.push(Case::golden(format!("page::metrics::{code}"), format!("docs/{metrics}"), move || {
            Ok(page(&SHIPPED, lang))
        }));
        cases.push(Case::golden(
            format!("page::columns::{code}"),
            format!("docs/guide/columns.{code}.md"),
            move || Ok(columns_page(lang)),
        ));
        let needed = format!("docs/guide/what-is-needed.{code}.md");
        cases.push(Case::golden(format!("page::what_is_needed::{code}"), needed, move || {
            let regulation = Regulation::parse("regulation.toml", template(lang)).map_err(|e| e.to_string())?;
            Ok(needs_page(&SHIPPED, regulation.targets(), lang))
        }));
    }
    cases.push(Case::new("page::sample_data", sample_data));
    cases
}

/// The sample company is what the generator makes; its regulation alone is written by hand.
fn sample_data() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let plan = Plan {
        clients: 2_200,
        seed: 2,
        as_of: NaiveDate::from_ymd_opt(2025, 6, 30).unwrap(),
        listings: 0,
        season: Season::default(),
    };
    generate(&plan, dir.path(), &|_, _| ()).map_err(|e| e.to_string())?;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(dir.path()).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).map_err(|e| e.to_string())?;
        wrong.extend(same("page::sample_data", &format!("sample_data/{name}"), &bytes).err());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
