//! Files of rows that were refused, to be mended by a person and ingested again.

/// The suffix of a repair file's name.
const END: &str = ".repair.csv";
/// What stands in it after the export's name, whatever it became.
const MARK: &str = ".repair";

/// The columns that stand before the export's own: the line of the row in the export, the ingest that refused it there, and
/// why.
pub(crate) const REPAIR_COLUMNS: [&str; 3] = ["quarantine_line", "quarantine_ingest", "quarantine_reason"];

/// The name of the file in which rows of an export are mended. A member of an archive is known by a path, which is no name
/// of a file.
pub(crate) fn repair_name(export: &str) -> String {
    let mut name = export.replace('%', "%25").replace('/', "%2F").replace('\\', "%5C");
    name.push_str(END);
    name
}

/// The name of the export that a repair file of this name belongs to. `None` if this is an export itself.
pub(super) fn repaired(name: &str) -> Option<String> {
    name.strip_suffix(END).filter(|name| !name.is_empty()).map(export)
}

/// The same of a name that programs make of it: `deals.csv.repair (1).csv`, `deals.csv.repair.xlsx`. Only its columns tell
/// whether it is one.
pub(crate) fn nearly_repaired(name: &str) -> Option<String> {
    let (of, rest) = name.rsplit_once(MARK)?;
    let is_name = !of.is_empty() && !of.contains(['/', '\\']);
    (is_name && rest.starts_with(['.', ' ', '(', '-', '_'])).then(|| export(of))
}

/// The name of an export, as it was before it became part of another.
fn export(name: &str) -> String {
    name.replace("%2F", "/").replace("%5C", "\\").replace("%25", "%")
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
        for end in [".xlsx", " (1).csv", "(1).csv", " - Copy.csv", ".csv.gz", ".CSV", "_2.csv"] {
            assert_eq!(nearly_repaired(&format!("deals.csv.repair{end}")).as_deref(), Some("deals.csv"), "{end}");
        }
        for name in ["deals.csv", "deals.repaired.csv", ".repair.xlsx", "a.zip/deals.csv.repair.xlsx"] {
            assert_eq!(nearly_repaired(name), None, "{name}");
        }
    }
}
