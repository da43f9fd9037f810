//! What a job carries beside its plan: who made it.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::config_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionConfig;

use ballista_core::config::BALLISTA_CLIENT_PULL;
use ballista_core::extension::SessionConfigExt as _;

use super::build::Build;
use super::tls::{self, Tls};

/// What the nodes of a cluster tell each other of themselves.
#[derive(Debug, Clone, Default)]
struct Sender {
    /// The build that planned a job, on one line.
    build: String,
}

/// The one setting, under the name that is sent. The engine's macro for settings would send it without the prefix, and no node would read it.
const BUILD: &str = "voronka.build";

impl ConfigExtension for Sender {
    const PREFIX: &'static str = "voronka";
}

impl ExtensionOptions for Sender {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if key != "build" {
            return config_err!("there is no setting voronka.{key}");
        }
        value.clone_into(&mut self.build);
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let description = "The build that planned the job";
        vec![ConfigEntry { key: BUILD.to_owned(), value: Some(self.build.clone()), description }]
    }
}

/// So large may a message be: a column of texts goes with all that its rows share.
pub(super) const MESSAGE: u32 = 1 << 30;
/// Where nobody says otherwise, a query is cut into so many parts at most.
const PARTS: u64 = 8;
/// And no part is of fewer bytes of the store's files: handing out its task would take longer than computing it.
const PART_BYTES: u64 = 16 << 20;

/// Into how many parts the queries of a store are cut, whose files have so many bytes.
pub(super) fn parts(bytes: u64) -> usize {
    usize::try_from((bytes / PART_BYTES).clamp(1, PARTS)).unwrap_or(1)
}

/// The settings of a node before a job tells its own.
pub(super) fn of_node(tls: Option<&Tls>) -> SessionConfig {
    secured(SessionConfig::new_with_ballista().with_option_extension(Sender::default()), tls)
}

/// With what makes connections to executors ones of TLS.
fn secured(config: SessionConfig, tls: Option<&Tls>) -> SessionConfig {
    let config = config.with_ballista_use_tls(tls.is_some());
    match tls::secure(tls) {
        Some(secure) => config.with_ballista_override_create_grpc_client_endpoint(secure),
        None => config,
    }
}

/// The settings of a session whose plans run on the cluster. `parts`: into how many parts a query is cut.
pub(super) fn of_job(config: &SessionConfig, parts: usize, build: &Build, tls: Option<&Tls>) -> SessionConfig {
    let (parsed, scanned) = {
        let options = config.options();
        (options.sql_parser.map_string_types_to_utf8view, options.execution.parquet.schema_force_view_types)
    };
    let mut config = config
        .clone()
        .upgrade_for_ballista()
        .with_ballista_grpc_client_max_message_size(MESSAGE as usize)
        .with_option_extension(Sender { build: build.line() })
        .with_target_partitions(parts)
        // whoever asks looks again and again how far a job is: of what it tells by itself, a scheduler drops what cannot be sent at once
        .set_bool(BALLISTA_CLIENT_PULL, true);
    let options = config.options_mut();
    // our functions take the texts that the engine reads here
    options.sql_parser.map_string_types_to_utf8view = parsed;
    options.execution.parquet.schema_force_view_types = scanned;
    // which side of a join every task gets is decided when the plan is cut: taking it back then, as Ballista does for some joins, leaves in
    // several parts what is needed in one
    options.optimizer.hash_join_single_partition_threshold = 0;
    options.optimizer.hash_join_single_partition_threshold_rows = 0;
    options.optimizer.prefer_hash_join = true;
    // tasks get some of the partitions, and of a union whose parts are interleaved a node reads only all or nothing
    options.optimizer.prefer_existing_union = true;
    secured(config, tls)
}

/// Refuses a job that another build planned.
pub(super) fn check(config: &SessionConfig, own: &Build) -> Result<()> {
    let sent = config.options().extensions.get::<Sender>().map(|sender| sender.build.as_str()).unwrap_or_default();
    let differs = match Build::read(sent) {
        Some(build) => own.differs(&build).map(|differs| differs.en),
        None => Some("it does not say which".to_owned()),
    };
    match differs {
        None => Ok(()),
        Some(differs) => Err(DataFusionError::Execution(format!("the job was planned by another build: {differs}"))),
    }
}

#[cfg(test)]
mod tests {
    use ballista_core::extension::SessionConfigHelperExt as _;

    use super::*;

    #[test]
    fn small_stores_are_not_cut() {
        let found = [0, 1 << 20, (32 << 20) - 1, 32 << 20, 100 << 20, 1 << 40].map(parts);
        assert_eq!(found, [1, 1, 1, 2, 6, 8]);
    }

    #[test]
    fn an_executor_knows_who_planned_a_job_and_refuses_another_build() {
        let own = Build::own();
        let received = |sent: &SessionConfig| of_node(None).update_from_key_value_pair(&sent.to_key_value_pairs());
        let sent = of_job(&SessionConfig::new(), 3, &own, None);
        assert!(check(&received(&sent), &own).is_ok());
        assert_eq!(received(&sent).target_partitions(), 3);
        let nameless = check(&received(&of_node(None)), &own).unwrap_err().to_string();
        assert!(nameless.contains("another build"), "{nameless}");
        let other = Build::read(&own.line().replace(env!("CARGO_PKG_VERSION"), "9.9.9")).unwrap();
        let refused = check(&received(&sent), &other).unwrap_err().to_string();
        assert!(refused.contains("9.9.9 here"), "{refused}");
    }
}
