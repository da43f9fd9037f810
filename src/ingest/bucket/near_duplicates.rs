//! New ids that are written almost like others: 7 beside 007, which a spreadsheet made of it. They stay two, and a person hears
//! of it: the same export saved anew would otherwise double every deal without a word.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::export::values::lookalikes::folded;
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::ingest::rows::Rows;
use crate::model::lang::Text;
use crate::model::layout::{Layout, NoColumn};
use crate::model::parallel::each;
use crate::model::shown::is_unseen;
use crate::model::tables::Table;
use crate::store::{DataFile, TableState};

/// More ids than these are not compared: the first ingest of a great company has nothing to compare them with.
const MOST: usize = 2_000_000;
/// So many pairs are shown.
const SHOWN: usize = 3;

/// The column of a table that is compared.
fn id_of(table: Table) -> Option<&'static str> {
    match table {
        Table::Deals => Some("deal_id"),
        Table::Clients => Some("client_id"),
        _ => None,
    }
}

/// The ids of the rows from `known` on, which is where those begin that were added.
pub(crate) fn fresh(rows: &Rows<'_>, known: usize, layout: &Layout) -> Result<Vec<String>, NoColumn> {
    let Some(id) = id_of(layout.table) else { return Ok(Vec::new()) };
    let slot = layout.slot(id)?;
    Ok((known..rows.len()).filter_map(|row| rows.cell(row, slot).text()).map(str::to_owned).collect())
}

/// Adds those of another bucket.
pub(crate) fn add(all: &mut Vec<String>, more: Vec<String>) {
    let room = MOST.saturating_sub(all.len());
    all.extend(more.into_iter().take(room));
}

/// Looks for new ids that are written almost like ids of the store, or like each other.
pub(crate) fn look(table: Table, fresh: &[String], base: Option<&TableState>) -> Result<Option<Text>, IngestError> {
    let Some(column) = id_of(table).filter(|_| !fresh.is_empty() && fresh.len() < MOST) else { return Ok(None) };
    let mut forms: Vec<(u64, u32)> = (0..).zip(fresh).map(|(at, id)| (xxh3_64(form(id).as_bytes()), at)).collect();
    forms.sort_unstable();
    let mut twins: Vec<Option<String>> = vec![None; fresh.len()];
    // those that the ids of a file resemble, with these
    let of_file = |file: &DataFile| {
        let old = OldBucket::read_columns(&file.path, &[column])?;
        let mut found = Vec::new();
        for id in old.texts(column)?.flatten() {
            let hash = xxh3_64(form(id).as_bytes());
            let from = forms.partition_point(|(known, _)| *known < hash);
            for (_, at) in forms[from..].iter().take_while(|(known, _)| *known == hash).take(SHOWN) {
                let known = &fresh[*at as usize];
                if known != id && form(known) == form(id) {
                    found.push((*at, id.to_owned()));
                }
            }
        }
        Ok::<_, IngestError>(found)
    };
    for (at, id) in each(base.map_or(&[][..], |state| &state.files), of_file, |_| ())?.into_iter().flatten() {
        twins[at as usize].get_or_insert(id);
    }
    let of_store = twins.iter().flatten().count();
    for same in forms.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
        let first = same[0].1 as usize;
        for (_, at) in &same[1..] {
            if form(&fresh[*at as usize]) == form(&fresh[first]) {
                twins[*at as usize].get_or_insert_with(|| fresh[first].clone());
            }
        }
    }
    let pairs: Vec<(&String, &String)> =
        fresh.iter().zip(&twins).filter_map(|(id, twin)| Some((id, twin.as_ref()?))).collect();
    Ok((!pairs.is_empty()).then(|| told(table, &pairs, of_store, fresh.len())))
}

fn told(table: Table, pairs: &[(&String, &String)], of_store: usize, new: usize) -> Text {
    let shown = |and: &str| {
        let pairs = pairs.iter().take(SHOWN).map(|(id, twin)| format!("`{id}`{and}`{twin}`"));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let (name, all) = (table.name(), pairs.len());
    Text::new(
        format!(
            "{name}: новых номеров {new}, из них отличаются от других лишь нулями впереди, `.0`, апострофом, пробелами, регистром или \
             похожей буквой: {all}, из них от тех, что уже в хранилище: {of_store} ({}); они считаются разными. Если это те же строки, всё \
             удвоилось: выгрузите номера как текст, не сохраняя файл в электронной таблице, и соберите хранилище заново",
            shown(" и ")
        ),
        format!(
            "{name}: {new} new ids, of which {all} differ from others only by leading zeros, `.0`, an apostrophe, spaces, case or a look-alike \
             letter, {of_store} of them from ids that the store knew ({}); they count as different. If they are the same, everything is \
             doubled: export the ids as text, do not save the file in a spreadsheet, and make the store anew",
            shown(" and ")
        ),
    )
}

/// An id without what programs add to it or take from it.
fn form(id: &str) -> Cow<'_, str> {
    if id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')) {
        return without_zeros(id).into();
    }
    let seen: String = id.chars().filter(|symbol| !symbol.is_whitespace() && !is_unseen(*symbol)).collect();
    let bare = seen.trim_matches(['\'', '’', '"', '=']).to_uppercase();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = |text: &str| text.len() <= 2 && !text.is_empty() && text.bytes().all(|byte| byte == b'0');
    let parts = bare.split_once(['.', ',']).filter(|(whole, rest)| is_number(whole) && decimals(rest));
    let whole = parts.map_or(bare.as_str(), |(whole, _)| whole);
    folded(without_zeros(whole)).collect::<String>().into()
}

/// A number without the zeros before it, unless nothing or a sign would be left of it.
fn without_zeros(whole: &str) -> &str {
    let short = whole.trim_start_matches('0');
    if short.starts_with(char::is_alphanumeric) { short } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_programs_write_anew_have_one_form() {
        for (id, other) in [
            ("007", "7"),
            ("0012", "12"),
            ("12.0", "12"),
            ("12,00", "0012"),
            ("'007", "7"),
            ("=\"007\"", "7"),
            ("1 234", "1234"),
            ("1\u{a0}234", "1234"),
            ("ab-7", "AB-7"),
            ("\u{410}-7", "A-7"),
            ("00A7", "A7"),
            ("0-7", "'0-7"),
            ("A_7", "a_7"),
        ] {
            assert_eq!(form(id), form(other), "{id} {other}");
        }
        for (id, other) in
            [("7", "70"), ("12.5", "12"), ("0", "00A"), ("1.0.0", "1"), ("a-7", "a7"), ("12.010", "12.01")]
        {
            assert_ne!(form(id), form(other), "{id} {other}");
        }
        assert_eq!((form("0"), form("000")), ("0".into(), "000".into()));
    }

    #[test]
    fn twins_among_the_new_are_told() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let told = look(Table::Deals, &ids(&["007", "7", "8"]), None).unwrap().unwrap();
        assert!(told.en.starts_with("deals: 3 new ids, of which 1 differ"), "{}", told.en);
        assert_eq!(look(Table::Deals, &ids(&["7", "8"]), None).unwrap(), None);
        assert_eq!(look(Table::Events, &ids(&["7", "07"]), None).unwrap(), None);
    }
}
