//! Files of rows that were refused, to be mended by a person and ingested again.

/// What the name of such a file ends with.
const END: &str = ".repair.csv";

/// The columns that stand before the export's own: the line of the row in the export, and why it was refused.
pub(in crate::ingest) const REPAIR_COLUMNS: [&str; 2] = ["quarantine_line", "quarantine_reason"];

/// The name of the file in which rows of an export are mended. A member of an archive is known by a path, which is no name
/// of a file.
pub(in crate::ingest) fn repair_name(export: &str) -> String {
    let mut name = export.replace('%', "%25").replace('/', "%2F").replace('\\', "%5C");
    name.push_str(END);
    name
}

/// The export whose rows are mended in a file of this name; none: it is an export itself.
pub(super) fn repaired(name: &str) -> Option<String> {
    let name = name.strip_suffix(END).filter(|name| !name.is_empty())?;
    Some(name.replace("%2F", "/").replace("%5C", "\\").replace("%25", "%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_known_by_the_name_of_its_repairs() {
        for name in ["deals.csv", "c.zip/deep/deals%2F.csv", "Сделки.xlsx", "a\\b"] {
            let repair = repair_name(name);
            assert!(!repair.contains(['/', '\\']), "{repair}");
            assert_eq!(repaired(&repair).as_deref(), Some(name));
        }
        assert_eq!((repaired("deals.csv"), repaired(".repair.csv")), (None, None));
    }
}
