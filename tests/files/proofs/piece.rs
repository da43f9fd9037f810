//! `piece NAME from D to D [as-of D] [by a,b] show a,b:money`: what a SELECT of `queries/shared/` gives. Nobody asks it but metrics, so one
//! is made that gives its columns: as text, unless a unit stands behind the name. A column may be made of the piece's: `days=array_length(list):count`.

use voronka::metrics::{Catalog, Metric};

use super::files;

/// The metric, and the names of its columns.
pub fn metric(catalog: &Catalog, name: &str, by: &[String], shown: &[String]) -> Result<(Metric, Vec<String>), String> {
    let is_it = |file: &std::path::Path| file.ends_with(format!("shared/{name}.sql"));
    let file = files("sql").into_iter().find(|file| is_it(file)).ok_or(format!("there is no piece `{name}`"))?;
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let has_group = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "grp");
    let group = if has_group { "grp" } else { "'' AS grp" };
    let all: Vec<(&str, &str)> = shown.iter().map(|one| one.split_once(':').unwrap_or((one, "text"))).collect();
    let named = |(told, unit): (&'_ str, &'_ str)| {
        let (name, made) = told.split_once('=').unwrap_or((told, told));
        (name.to_owned(), made.to_owned(), unit.to_owned())
    };
    let all: Vec<(String, String, String)> = all.into_iter().map(named).collect();
    let shown = all.iter().map(|(name, ..)| name.clone()).collect();
    let columns: Vec<_> = all.into_iter().filter(|(name, ..)| !by.iter().any(|dimension| dimension == name)).collect();
    if columns.is_empty() {
        return Err("show says which columns the piece gives".to_owned());
    }
    let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
    let made: Vec<String> = columns.iter().map(|(name, made, _)| format!("{made} AS {name}")).collect();
    let declared = columns.iter().map(|(name, _, unit)| format!("{{ name = '{name}', unit = '{unit}', title = 'C' }}"));
    let text = format!(
        "/*\ntitle = 'P'\nabout = 'P'\ngrain = 'a row of the piece'\ndimensions = {by:?}\ncolumns = [{}]\n*/\n\
         SELECT {group}, {made} FROM {name} ORDER BY grp, {names}\n",
        declared.collect::<Vec<_>>().join(", "),
        made = made.join(", "),
        names = names.join(", "),
    );
    let metric = catalog.check(&format!("proofs/of_{name}.sql"), &text).map_err(|problems| problems.to_string())?;
    Ok((metric.ok_or("a piece")?, shown))
}
