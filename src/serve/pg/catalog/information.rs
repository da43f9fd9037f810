//! The schema `information_schema`: views over PostgreSQL's catalog, as there; each is planned when it is first asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::datasource::{TableType, ViewTable};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::{SessionContext, SessionState};

use super::columns;

/// The schema's name.
pub const SCHEMA: &str = "information_schema";

/// The schema.
pub struct Information {
    /// The state that plans the views. It holds this schema, so this does not hold it.
    state: Box<dyn Fn() -> Option<SessionState> + Send + Sync>,
    made: Mutex<BTreeMap<String, Arc<dyn TableProvider>>>,
}

impl fmt::Debug for Information {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEMA)
    }
}

impl Information {
    /// Over the catalog that this context sees.
    pub fn new(context: &SessionContext) -> Information {
        let state = context.state_weak_ref();
        let state = move || state.upgrade().map(|state| state.read().clone());
        Information { state: Box::new(state), made: Mutex::default() }
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<dyn TableProvider>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The query of a view: what is said in `information.sql`, and null for all other columns. None where there is nothing to say.
fn query(name: &str) -> Option<String> {
    let columns = columns::of(SCHEMA, name)?;
    let text = include_str!("information.sql");
    let own = text.split("-- ").find_map(|part| part.split_once('\n').filter(|(of, _)| of.trim() == name))?.1;
    let said = |column: &str| own.contains(&format!(" AS {column}\n")) || own.contains(&format!(" AS {column},"));
    let column = |(column, kind): &(&str, _)| match said(column) {
        true => format!("v.{column} AS {column}"),
        false => format!("CAST(NULL AS {}) AS {column}", columns::sql_type(kind)),
    };
    let list = columns.columns.iter().map(column).collect::<Vec<_>>().join(", ");
    Some(format!("SELECT {list} FROM ({}) AS v", own.trim().trim_end_matches(';')))
}

#[async_trait]
impl SchemaProvider for Information {
    fn table_names(&self) -> Vec<String> {
        let all = columns::all().keys().filter(|(schema, _)| *schema == SCHEMA);
        all.map(|(_, name)| (*name).to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(columns) = columns::of(SCHEMA, name) else { return Ok(None) };
        if let Some(known) = self.made().get(name) {
            return Ok(Some(Arc::clone(known)));
        }
        let table: Arc<dyn TableProvider> = match query(name) {
            None => {
                let none = columns::empty(columns);
                Arc::new(MemTable::try_new(none.schema(), vec![vec![none]])?)
            }
            Some(text) => {
                let state = (self.state)();
                let state = state.ok_or_else(|| DataFusionError::Internal("nobody asks any more".to_owned()))?;
                let plan = Box::pin(state.create_logical_plan(&text)).await?;
                Arc::new(ViewTable::new(plan, None))
            }
        };
        self.made().insert(name.to_owned(), Arc::clone(&table));
        Ok(Some(table))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        columns::of(SCHEMA, name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_stands_under_the_name_of_a_view_and_names_its_columns() {
        for part in include_str!("information.sql").split("-- ").skip(1) {
            let (name, text) = part.split_once('\n').unwrap();
            let columns = columns::of(SCHEMA, name.trim()).unwrap_or_else(|| panic!("{name}"));
            let said = text.split(" AS ").skip(1).map(|rest| rest.split([',', '\n', ')']).next().unwrap().trim());
            let known = |column: &&str| columns.columns.iter().any(|(name, _)| name == column);
            let other: Vec<&str> = said.filter(|name| !known(name) && !["int", "text", "v"].contains(name)).collect();
            assert!(other.is_empty(), "{name}: {other:?}");
        }
        assert!(query("columns").unwrap().contains("CAST(NULL AS text) AS column_default"));
        assert!(query("triggers").is_none());
    }
}
