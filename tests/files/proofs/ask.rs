//! `metric NAME from D to D [as-of D] [by a,b] [show a,b]`.

use chrono::NaiveDate;
use voronka::metrics::Ask;

/// A day after all that proofs speak of, for plain SQL.
pub const FAR: NaiveDate = NaiveDate::from_ymd_opt(2100, 1, 1).unwrap();

/// The ask, and the columns to show.
pub fn parse(options: &[&str]) -> Result<(Ask, Vec<String>), String> {
    let (mut from, mut to, mut as_of, mut by, mut show) = (None, None, None, Vec::new(), Vec::new());
    for pair in options.chunks(2) {
        let [key, value] = pair else { return Err(format!("`{}` has no value", pair[0])) };
        let day = || value.parse::<NaiveDate>().map(Some).map_err(|e| format!("{value}: {e}"));
        let names = || value.split(',').map(str::to_owned).collect();
        match *key {
            "from" => from = day()?,
            "to" => to = day()?,
            "as-of" => as_of = day()?,
            "by" => by = names(),
            "show" => show = names(),
            other => return Err(format!("`{other}` is neither from, to, as-of, by nor show")),
        }
    }
    let (from, to) = (from.ok_or("from is missing")?, to.ok_or("to is missing")?);
    Ok((Ask { from, to, as_of: as_of.unwrap_or(to), by }, show))
}
