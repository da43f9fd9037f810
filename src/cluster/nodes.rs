//! The nodes of a cluster: a scheduler, which cuts plans into tasks, and executors, which run them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::ConfigProducer;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::utils::create_grpc_server;
use ballista_executor::ArrowFlightServerProvider;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::flight_service::BallistaFlightService;
use ballista_scheduler::cluster::{BallistaCluster, ClusterStateEvent};
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::create_scheduler;
use datafusion::error::Result;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use futures::StreamExt as _;
use tonic::transport::Server;

use super::build::Build;
use super::codec::Codec;
use super::error::ClusterError;
use super::folder::{Allowed, Folders};
use super::losses::Losses;
use super::tls::{self, Tls};
use super::{hello, settings};
use crate::functions::Functions;
use crate::model::calendar::Calendar;
use crate::session::library;
use crate::store::{Beneath, is_remote};

/// An executor that says nothing for so long is lost.
const LOST_AFTER_SECONDS: u64 = 20;
/// So often an executor says that it is there, and the scheduler looks who is not.
const SIGN_OF_LIFE: Duration = Duration::from_secs(4);
/// Executors ask for tasks when they have room. Where the scheduler hands them out (`PushStaged`), it keeps the room of each executor in its own
/// books, and Ballista 55 never gives back that of tasks which were cancelled: after some failed jobs nothing is begun any more.
const HANDED_OUT: TaskSchedulingPolicy = TaskSchedulingPolicy::PullStaged;
/// What a job left on an executor is removed after so long.
const LEFT_SECONDS: u64 = 600;

/// A scheduler.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Where it listens.
    pub listen: SocketAddr,
    /// By what the nodes know each other; `None`: they talk in the open, and ask nobody who he is.
    pub tls: Option<Tls>,
    /// Whether it may listen where others could hear what the nodes tell each other in the open.
    pub is_plaintext_fine: bool,
}

/// An executor.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler, as `HOST:PORT`.
    pub scheduler: String,
    /// Where others fetch the rows that it computed. Tasks it fetches itself.
    pub listen: SocketAddr,
    /// The name under which the others find it; `None` for the address on which it listens.
    pub advertise: Option<String>,
    /// The folders that it may read, and paths of buckets: `s3://bucket/path`.
    pub data: Vec<PathBuf>,
    /// Where it puts rows on their way, a folder of its own within; `None` for the system's folder of temporary files.
    pub work: Option<PathBuf>,
    /// So many tasks at once; `None` for the number of cores.
    pub tasks: Option<usize>,
    /// Bytes for sorting, grouping and joining, for all tasks; `None` for 70 % of the memory.
    pub memory: Option<usize>,
    /// By what the nodes know each other; `None`: they talk in the open, and ask nobody who he is.
    pub tls: Option<Tls>,
    /// Whether it may listen where others could hear what the nodes tell each other in the open.
    pub is_plaintext_fine: bool,
}

impl Scheduler {
    /// Runs until the process ends.
    ///
    /// # Errors
    /// The address may not or cannot be listened on.
    pub async fn run(self) -> Result<(), ClusterError> {
        guarded(self.listen, self.tls.is_some() || self.is_plaintext_fine)?;
        let config = SchedulerConfig {
            bind_host: self.listen.ip().to_string(),
            bind_port: self.listen.port(),
            external_host: self.listen.ip().to_string(),
            scheduling_policy: HANDED_OUT,
            grpc_server_max_decoding_message_size: settings::MESSAGE,
            grpc_server_max_encoding_message_size: settings::MESSAGE,
            grpc_client_max_message_size: settings::MESSAGE,
            executor_timeout_seconds: LOST_AFTER_SECONDS,
            expire_dead_executor_interval_seconds: SIGN_OF_LIFE.as_secs(),
            no_executors_grace_period_seconds: LOST_AFTER_SECONDS,
            override_config_producer: Some(producer(self.tls.clone())),
            override_create_grpc_client_endpoint: tls::secure(self.tls.as_ref()),
            use_tls: self.tls.is_some(),
            override_session_builder: Some(Arc::new(|config| {
                let names = Arc::new(Folders::named_only());
                state(config, RuntimeEnvBuilder::new().with_object_store_registry(names).build_arc()?)
            })),
            // what is run again is counted twice (docs/decisions/cluster.md): a job fails, and whoever asked asks again
            task_max_failures: 0,
            stage_max_failures: 1,
            ..SchedulerConfig::default()
        };
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(ClusterError::Node)?;
        let told = cluster.cluster_state().cluster_state_events().await.map_err(ClusterError::Node)?;
        let losses = Losses::told(told.map(|event| matches!(event, ClusterStateEvent::RemovedExecutor { .. })));
        let codec = Arc::new(Codec::of_node(Build::own(), losses));
        let config = SchedulerConfig { override_physical_codec: Some(codec), ..config };
        config.validate().map_err(ClusterError::Node)?;
        let scheduler = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await;
        let service = SchedulerGrpcServer::new(scheduler.map_err(ClusterError::Node)?)
            .max_decoding_message_size(settings::MESSAGE as usize)
            .max_encoding_message_size(settings::MESSAGE as usize);
        let ended = |error| ClusterError::Node(BallistaError::TonicError(error));
        // without the time limit of Ballista's servers: a large plan takes its time
        let server = Server::builder().tcp_nodelay(true).http2_keepalive_interval(Some(SIGN_OF_LIFE));
        let server = tls::server(server, self.tls.as_ref()).map_err(ended)?.add_service(service);
        server.serve(self.listen).await.map_err(ended)
    }
}

impl Executor {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// The scheduler is not there or of another build; a folder is not there; the address may not or cannot be listened on.
    pub async fn run(self) -> Result<(), ClusterError> {
        guarded(self.listen, self.tls.is_some() || self.is_plaintext_fine)?;
        let typed = || ClusterError::Address { typed: self.scheduler.clone() };
        let (host, port) = self.scheduler.rsplit_once(':').ok_or_else(typed)?;
        let (scheduler_host, scheduler_port) = (host.to_owned(), port.parse().map_err(|_| typed())?);
        let data = allowed(&self.data).await?;
        let own = Build::own();
        hello::ask(&self.scheduler, &own, self.tls.as_ref()).await?;
        let node = |error| ClusterError::Node(error);
        let work = match &self.work {
            Some(within) => tempfile::tempdir_in(within),
            None => tempfile::tempdir(),
        };
        let work = work.map_err(|error| node(error.into()))?;
        let functions = state(settings::of_node(None), Arc::default()).map_err(|error| node(error.into()))?;
        let (temporary, build) = (work.path().to_owned(), own.clone());
        let config = ExecutorProcessConfig {
            bind_host: self.listen.ip().to_string(),
            external_host: Some(self.advertise.clone().unwrap_or_else(|| self.listen.ip().to_string())),
            port: self.listen.port(),
            // nobody calls there: tasks are asked for
            grpc_port: self.listen.port(),
            scheduler_host,
            scheduler_port,
            scheduler_connect_timeout_seconds: 10,
            task_scheduling_policy: HANDED_OUT,
            vcores: self.tasks.unwrap_or(0),
            work_dir: Some(work.path().to_string_lossy().into_owned()),
            job_data_ttl_seconds: LEFT_SECONDS,
            job_data_clean_up_interval_seconds: LEFT_SECONDS,
            grpc_max_decoding_message_size: settings::MESSAGE,
            grpc_max_encoding_message_size: settings::MESSAGE,
            executor_heartbeat_interval_seconds: SIGN_OF_LIFE.as_secs(),
            memory_pool_size: self.memory.map(|bytes| bytes as u64),
            override_function_registry: Some(Arc::new(BallistaFunctionRegistry::from(&functions))),
            override_runtime_producer: Some(Arc::new(move |config| {
                settings::check(config, &build)?;
                RuntimeEnvBuilder::new()
                    .with_object_store_registry(Arc::new(Folders::within(data.clone())))
                    .with_temp_file_path(temporary.clone())
                    .build_arc()
            })),
            override_config_producer: Some(producer(self.tls.clone())),
            override_create_grpc_client_endpoint: tls::secure(self.tls.as_ref()),
            override_arrow_flight_service: Some(rows_server(self.tls.clone())),
            override_physical_codec: Some(Arc::new(Codec::of_node(own, Losses::default()))),
            ..ExecutorProcessConfig::default()
        };
        start_executor_process(Arc::new(config)).await.map_err(node)
    }
}

/// Makes the settings of a node.
fn producer(tls: Option<Tls>) -> ConfigProducer {
    Arc::new(move || settings::of_node(tls.as_ref()))
}

/// The server from which the other nodes, and whoever asks, fetch the rows that an executor computed.
fn rows_server(tls: Option<Tls>) -> Arc<ArrowFlightServerProvider> {
    Arc::new(move |work, address, mut shutdown, config| {
        let server = tls::server(create_grpc_server(&config), tls.as_ref());
        tokio::spawn(async move {
            let service = FlightServiceServer::new(BallistaFlightService::new(work))
                .max_decoding_message_size(settings::MESSAGE as usize)
                .max_encoding_message_size(settings::MESSAGE as usize);
            let server = server.map_err(BallistaError::TonicError)?.add_service(service);
            server.serve_with_shutdown(address, shutdown.recv()).await.map_err(BallistaError::TonicError)
        })
    })
}

/// What an executor may read: each is a folder that is there, or a path of a bucket that lets itself be read.
async fn allowed(data: &[PathBuf]) -> Result<Allowed, ClusterError> {
    let mut allowed = Allowed::default();
    for path in data {
        if !is_remote(path) {
            let whole = path.canonicalize();
            allowed.folders.push(whole.map_err(|source| ClusterError::Data { folder: path.clone(), source })?);
            continue;
        }
        let beneath = Beneath::of(path).await.map_err(ClusterError::Bucket)?;
        let same = allowed.buckets.iter().position(|other| other.bucket() == beneath.bucket());
        let beneath = match same.map(|at| allowed.buckets.remove(at)) {
            Some(other) => beneath.and(&other),
            None => beneath,
        };
        allowed.buckets.push(Arc::new(beneath));
    }
    Ok(allowed)
}

/// Refuses to talk in the open where others could listen.
fn guarded(address: SocketAddr, is_plaintext_fine: bool) -> Result<(), ClusterError> {
    match address.ip().is_loopback() || is_plaintext_fine {
        true => Ok(()),
        false => Err(ClusterError::Plaintext { address }),
    }
}

/// The state in which a node reads plans: the engine's functions, and those of ours that need no regulation.
pub(super) fn state(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> Result<SessionState> {
    let state =
        SessionStateBuilder::new().with_default_features().with_config(config).with_runtime_env(runtime).build();
    let context = SessionContext::new_with_state(state);
    library::register_plain(&context)?;
    let any = Calendar::of_zone(chrono_tz::UTC);
    Functions::all(&any, &any).aggregates.into_iter().for_each(|function| context.register_udaf(function));
    Ok(context.state())
}
