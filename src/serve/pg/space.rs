//! What a user sees of one state of the store: a catalog of the engine that holds tables, views, metrics and PostgreSQL's own catalog.
//! It is made once per user and state, and shared by that user's connections; what takes time is made when it is named.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::execution::session_state::SessionStateBuilder;

use super::catalog::{self, Described};
use super::metric::{Function, SCHEMA};
use super::question::Question;
use super::schemas::{DATABASE, Metrics, PUBLIC, Tables};
use crate::metrics::Catalog;
use crate::model::lang::Lang;
use crate::session::Session;

/// What a user sees of one state.
pub struct Space {
    version: u64,
    as_of: NaiveDate,
    held: Vec<(String, String)>,
    /// The metrics there are.
    pub catalog: Arc<Catalog>,
    /// What is known of all there is.
    pub described: Described,
    base: SessionContext,
}

impl Space {
    /// Opens what the session sees, for a user of this name.
    pub async fn open(session: &Arc<Session>, catalog: Arc<Catalog>, user: &str, lang: Lang) -> Result<Space> {
        let door = session.door().await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let state = door.state();
        let mut config = state.config().clone().with_default_catalog_and_schema(DATABASE, PUBLIC);
        config = config.with_create_default_catalog_and_schema(false).with_information_schema(false);
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        let own = MemoryCatalogProvider::new();
        let tables = Arc::new(Tables::of(&door)?);
        let metrics = Arc::new(Metrics::of(&catalog));
        own.register_schema(PUBLIC, Arc::clone(&tables) as Arc<dyn SchemaProvider>)?;
        own.register_schema(SCHEMA, Arc::clone(&metrics) as Arc<dyn SchemaProvider>)?;
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(DATABASE.to_owned(), Arc::new(own));
        let state = SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_catalog_list(Arc::new(list) as Arc<dyn CatalogProviderList>)
            .build();
        let base = SessionContext::new_with_state(state);
        for metric in metrics.all() {
            let name = metric.name.clone();
            // a metric of the company may be called as a function of the engine: then it is a view alone
            if !base.state().table_functions().contains_key(&name) {
                base.register_udtf(&name, Arc::new(Function(metric)));
            }
        }
        let described = catalog::register(&base, &tables, &metrics, session, user, lang).await?;
        let (version, as_of, held) = (session.version(), session.as_of(), session.held().to_vec());
        Ok(Space { version, as_of, held, catalog, described, base })
    }

    /// Whether it shows what this session sees.
    pub fn shows(&self, session: &Session, catalog: &Arc<Catalog>) -> bool {
        self.version == session.version()
            && self.as_of == session.as_of()
            && self.held == session.held()
            && Arc::ptr_eq(&self.catalog, catalog)
    }

    /// The state of the engine in which a question is planned and answered: with the question's memory, and the question itself where
    /// metrics find it.
    pub fn state(&self, question: &Arc<Question>) -> SessionState {
        let state = self.base.state();
        let config = state.config().clone().with_extension(Arc::clone(question));
        SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_runtime_env(question.session.context().runtime_env())
            .build()
    }
}
