//! Repair files (`X.repair.csv`): how they are recognised and which of their rows are accepted.
//!
//! A mended row is known by its line in the export and by the ingest that refused it there. It is taken while such a row
//! waits in the store: a file that was written out before the newest export of that name came tells of another export.

use std::path::Path;

use csv::ByteRecord;

use super::ExportError;
use super::files::{ExportId, Input, REPAIR_COLUMNS, nearly_repaired};
use super::mapping::{Export, Repeated};
use super::records::{Cut, DELIMITERS, Readable, Record, RepairOrigin};
use crate::model::lang::Text;

/// So many rows are looked at for the header.
const ROWS: u64 = 20;
/// So many lines are told.
const TOLD: usize = 5;

/// Tells which files hold mended rows: those of such a name, and those of nearly such a name that have its columns. A file
/// of mended rows without one of these is refused: nothing would tell which rows its own are.
pub(crate) fn known(inputs: Vec<Input>, scratch: &Path) -> Result<Vec<Input>, ExportError> {
    inputs.into_iter().map(|input| known_one(input, scratch)).collect()
}

fn known_one(mut input: Input, scratch: &Path) -> Result<Input, ExportError> {
    let nearly = match input.repairs {
        true => None,
        false => nearly_repaired(&input.name),
    };
    if !input.repairs && nearly.is_none() {
        return Ok(input);
    }
    let lacks = match lacks(&input, scratch) {
        // what is wrong with an export is said where it is read as its section states
        Err(_) if nearly.is_some() => return Ok(input),
        lacks => lacks?,
    };
    match nearly {
        // an export of such a name
        Some(_) if lacks.iter().filter(|(_, found)| found.is_none()).count() == REPAIR_COLUMNS.len() => Ok(input),
        _ if !lacks.is_empty() => Err(lacking(&input.path, &lacks)),
        Some(name) => {
            input.id = ExportId { file: name.clone(), folder: String::new() };
            input.name = name;
            input.repairs = true;
            Ok(input)
        }
        None => Ok(input),
    }
}

/// Columns of the quarantine that do not stand where they belong: the place of each, and where it is found instead.
type Lacks = Vec<(usize, Option<usize>)>;

/// What the header lacks to be one of mended rows, cut as it fits best.
fn lacks(input: &Input, scratch: &Path) -> Result<Lacks, ExportError> {
    let mut plain = input.clone();
    plain.repairs = false;
    let readable = Readable::new(&plain, None, scratch, Some(ROWS))?;
    let mut best: Option<Lacks> = None;
    for (sheet, _) in readable.sheets() {
        for delimiter in DELIMITERS {
            let mut records = readable.records(sheet, &Cut::default(), delimiter)?;
            let mut record = Record::default();
            while records.next(&mut record)? && record.is_blank() {}
            let found = lacks_of(&record.cells);
            let rank = |lacks: &Lacks| (lacks.iter().filter(|(_, found)| found.is_none()).count(), lacks.len());
            if best.as_ref().is_none_or(|best| rank(&found) < rank(best)) {
                best = Some(found);
            }
        }
    }
    Ok(best.unwrap_or_default())
}

fn lacks_of(header: &ByteRecord) -> Lacks {
    let found = |name: &str| header.iter().position(|cell| cell.trim_ascii() == name.as_bytes());
    let places = REPAIR_COLUMNS.iter().enumerate().map(|(place, name)| (place, found(name)));
    places.filter(|(place, found)| *found != Some(*place)).collect()
}

fn lacking(path: &Path, lacks: &[(usize, Option<usize>)]) -> ExportError {
    let names = |missing: bool| {
        let some = lacks.iter().filter(|(_, found)| found.is_none() == missing);
        some.map(|(place, _)| format!("`{}`", REPAIR_COLUMNS[*place])).collect::<Vec<_>>().join(", ")
    };
    let what = match lacks.iter().any(|(_, found)| found.is_none()) {
        true => Text::new(
            format!("по имени это файл исправленных строк, а столбца {} в нём нет", names(true)),
            format!("a file of mended rows by its name, and it has no column {}", names(true)),
        ),
        false => Text::new(
            format!("это файл исправленных строк, а столбцы стоят не на своих местах: {}", names(false)),
            format!("a file of mended rows, and columns of it do not stand where they belong: {}", names(false)),
        ),
    };
    let first = REPAIR_COLUMNS.join(", ");
    let way_out = Text::new(
        format!(
            "первые его столбцы — {first}, как они были выписаны: выпишите его заново, voronka quarantine --out ПАПКА; выгрузке нужно \
             другое имя"
        ),
        format!(
            "its first columns are {first}, as they were written: write it out anew, voronka quarantine --out DIR; an export needs \
             another name"
        ),
    );
    ExportError::unreadable(path, what, way_out)
}

/// Refuses an export that has the columns of the quarantine in its header: mended rows under a name that does not say whose
/// they are, or with columns moved before these.
pub(crate) fn refuse_unknown<'h>(path: &Path, mut header: impl Iterator<Item = &'h str>) -> Result<(), ExportError> {
    let Some(name) = header.find(|cell| REPAIR_COLUMNS.contains(cell)) else { return Ok(()) };
    let what = Text::new(
        format!("в нём есть столбец `{name}`, значит это исправленные строки, а чьи они, имя не говорит"),
        format!("it has the column `{name}`, so it holds mended rows, and its name does not say of which export"),
    );
    let way_out = Text::new(
        "назовите его так, как он был выписан: ВЫГРУЗКА.repair.csv, например deals.csv.repair.csv",
        "name it as it was written out: EXPORT.repair.csv, such as deals.csv.repair.csv",
    );
    Err(ExportError::unreadable(path, what, way_out))
}

/// Refuses mended rows of an export whose rows of one key add up: one of them would take the place of the sum.
pub(crate) fn refuse_sums(input: &Input, export: &Export, mapping: &str) -> Result<(), ExportError> {
    let adds = export.fills.iter().find(|fill| fill.repeated == Repeated::Sum).filter(|_| input.repairs);
    let Some(fill) = adds else { return Ok(()) };
    let (section, table) = (&export.name, fill.table.name());
    let what = Text::new(
        format!(
            "в [[export]] `{section}` маппинга {mapping} строки одного ключа складываются ({table}, repeated = \"sum\"): исправленная строка \
             встала бы на место их суммы"
        ),
        format!(
            "in [[export]] `{section}` of {mapping} rows of one key add up ({table}, repeated = \"sum\"): a mended row would take the place \
             of their sum"
        ),
    );
    let way_out = Text::new(
        format!("исправьте саму выгрузку и загрузите её снова под её именем: {}", input.name),
        format!("mend the export itself, and ingest it again under its own name: {}", input.name),
    );
    Err(ExportError::unreadable(&input.path, what, way_out))
}

/// Mended rows that were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NotTaken {
    /// Those that wait no more.
    gone: Lines,
    /// Those at whose place several rows wait, of which not all came.
    partly: Lines,
}

/// How many they are, and what the first ones say of their line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lines {
    rows: u64,
    first: Vec<String>,
}

impl Lines {
    fn add(&mut self, mends: Option<RepairOrigin>) {
        self.rows += 1;
        let line = mends.map_or_else(|| "?".to_owned(), |mends| mends.line.to_string());
        if self.first.len() < TOLD && !self.first.contains(&line) {
            self.first.push(line);
        }
    }
}

impl NotTaken {
    /// Takes note of a row; `waits` says how many wait at its place.
    pub(crate) fn add(&mut self, mends: Option<RepairOrigin>, waits: u64) {
        match waits {
            0 => self.gone.add(mends),
            _ => self.partly.add(mends),
        }
    }

    /// What is worth telling of them.
    pub(crate) fn notes(&self) -> Vec<Text> {
        let mut notes = Vec::new();
        let told = |lines: &Lines| format!("{} (quarantine_line {})", lines.rows, lines.first.join(", "));
        if self.gone.rows > 0 {
            let rows = told(&self.gone);
            notes.push(Text::new(
                format!(
                    "строк, которые в карантине уже не ждут, не взято: {rows}: их исправили раньше, выгрузку загрузили заново \
                     или номер строки изменён; выпишите ждущее снова: voronka quarantine --out ПАПКА"
                ),
                format!(
                    "rows that wait in quarantine no more, not taken: {rows}: mended before, or the export was ingested anew, \
                     or the line was edited; write out anew what waits: voronka quarantine --out DIR"
                ),
            ));
        }
        if self.partly.rows > 0 {
            let rows = told(&self.partly);
            notes.push(Text::new(
                format!(
                    "строк, под номером которых ждёт несколько, а пришли не все, не взято: {rows}; все ждут дальше: \
                     исправьте их вместе, в одном файле"
                ),
                format!(
                    "rows of a line of which several wait, and not all came, not taken: {rows}; all of them wait on: mend \
                     them together, in one file"
                ),
            ));
        }
        notes
    }
}

/// That mended rows were overtaken.
pub(crate) fn of_overtaken(rows: u64) -> Option<Text> {
    (rows > 0).then(|| {
        Text::new(
            format!(
                "исправленных строк, о ключе которых после них загружено другое (или это неизвестно): {rows}; они заполнили только то, что было \
                 пусто"
            ),
            format!(
                "mended rows of whose key something came after them (or nobody can say): {rows}; they filled only what was empty"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_lacks_is_known() {
        let header = |cells: &[&str]| lacks_of(&ByteRecord::from(cells.to_vec()));
        assert!(header(&["quarantine_line", "quarantine_ingest ", "quarantine_reason", "ID"]).is_empty());
        assert_eq!(header(&["quarantine_line", "quarantine_ingest", "ID"]), [(2, None)]);
        assert_eq!(header(&["ID", "Name"]), [(0, None), (1, None), (2, None)]);
        let moved = header(&["ID", "quarantine_line", "quarantine_ingest", "quarantine_reason"]);
        assert_eq!(moved, [(0, Some(1)), (1, Some(2)), (2, Some(3))]);
    }
}
