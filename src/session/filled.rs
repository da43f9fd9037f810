//! Which columns hold anything: read from the footers of the Parquet files, not from their rows.

use std::collections::BTreeSet;
use std::fs::File;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};

use super::SessionError;
use crate::store::{TableState, at_hand};

/// The columns of a table that hold at least one value.
pub(super) fn columns(state: &TableState) -> Result<BTreeSet<String>, SessionError> {
    let mut filled = BTreeSet::new();
    at_hand(&state.files)?;
    for file in state.files.iter().filter(|f| f.rows > 0) {
        let error = |source| SessionError::Parquet { path: file.path.clone(), source };
        let open = File::open(&file.path).map_err(|e| error(e.into()))?;
        let footer = ParquetMetaDataReader::new().parse_and_finish(&open).map_err(error)?;
        for chunk in footer.row_groups().iter().flat_map(|group| group.columns()).filter(|c| holds_values(c)) {
            filled.extend(chunk.column_path().parts().first().cloned());
        }
        // most columns are filled in the first file; only what is empty there makes the others be opened
        if state.schema.fields().iter().all(|f| filled.contains(f.name())) {
            break;
        }
    }
    // the record of ingests holds columns of the store's own, which nobody sees
    filled.retain(|name| state.schema.column_with_name(name).is_some());
    Ok(filled)
}

/// Whether a column chunk, possibly a leaf of a list, holds a value. One without statistics may.
fn holds_values(chunk: &ColumnChunkMetaData) -> bool {
    let Some(statistics) = chunk.statistics() else { return chunk.num_values() > 0 };
    // Polars counts an empty list as a value that is not null: only a least value shows that any list holds something
    if chunk.column_descr().max_rep_level() > 0 && statistics.min_bytes_opt().is_none() {
        return false;
    }
    let nulls = statistics.null_count_opt().unwrap_or(0);
    u64::try_from(chunk.num_values()).is_ok_and(|values| values > nulls)
}
