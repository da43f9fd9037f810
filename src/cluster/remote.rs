//! A cluster as a session sees it: plans go there, and rows come back.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use ballista_core::execution_plans::execute_physical_plan;
use ballista_core::extension::SessionConfigExt as _;
use ballista_core::planner::scans_only_information_schema;
use datafusion::catalog::Session as EngineSession;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, Partitioning, PhysicalExpr,
    PlanProperties,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner as _};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryStreamExt as _};

use super::build::Build;
use super::codec::{Codec, Law};
use super::cut::Cutter;
use super::error::ClusterError;
use super::tls::{self, Tls};
use super::{hello, plan, settings};
use crate::model::lang::{Text, both};
use crate::model::timings;
use crate::regulation::Regulation;
use crate::session::elsewhere::{Computes, Elsewhere};

/// A question is asked so often where machines are lost on the way.
const ATTEMPTS: usize = 3;

/// What is told of a plan that does not go to the cluster.
type Tell = Box<dyn Fn(&Text) + Send + Sync>;

/// A cluster that somebody connected to.
#[derive(Clone)]
pub struct Cluster(Arc<Connected>);

struct Connected {
    address: String,
    /// What executors know of files, they know as long as this name asks.
    session: String,
    build: Build,
    tls: Option<Tls>,
    parts: Option<usize>,
    tell: Tell,
    told: Mutex<BTreeSet<Text>>,
    /// The regulations that sessions of this process judge by, by their texts.
    laws: Mutex<Vec<(String, Arc<Law>)>>,
    cutter: Cutter,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.0.address)
    }
}

impl Cluster {
    /// Connects to the scheduler at `HOST:PORT`. `parts`: into how many parts a query is cut. `tls`: the certificates
    /// by which its nodes know each other. `tell` is told of each plan that runs here.
    ///
    /// # Errors
    /// Nobody answers there, or a scheduler of another build or without such a certificate.
    pub async fn connect(
        address: &str,
        parts: Option<usize>,
        tls: Option<Tls>,
        tell: impl Fn(&Text) + Send + Sync + 'static,
    ) -> Result<Cluster, ClusterError> {
        let typed = || ClusterError::Address { typed: address.to_owned() };
        let (host, port) = address.rsplit_once(':').ok_or_else(typed)?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(typed());
        }
        let build = Build::own();
        hello::ask(address, &build, tls.as_ref()).await?;
        let (told, laws, tell) = (Mutex::default(), Mutex::default(), Box::new(tell));
        let cutter = Cutter::new().map_err(|error| ClusterError::Node(error.into()))?;
        let (address, session) = (address.to_owned(), uuid::Uuid::new_v4().to_string());
        Ok(Cluster(Arc::new(Connected { address, session, build, tls, parts, tell, told, laws, cutter })))
    }

    /// Tells once what is not computed by the cluster.
    fn tell(&self, what: Option<&str>, why: &Text) {
        let told = match what {
            Some(what) => Text::new(
                format!("{what}: считается здесь, а не на кластере: {}", why.ru),
                format!("{what} runs locally, because {}", why.en),
            ),
            None => why.clone(),
        };
        if self.0.told.lock().unwrap_or_else(PoisonError::into_inner).insert(told.clone()) {
            (self.0.tell)(&told);
        }
    }

    fn law(&self, regulation: &Regulation) -> Result<Arc<Law>> {
        let mut laws = self.0.laws.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, law)) = laws.iter().find(|(text, _)| text == regulation.text()) {
            return Ok(Arc::clone(law));
        }
        let law = Arc::new(Law::of(regulation)?);
        laws.push((regulation.text().to_owned(), Arc::clone(&law)));
        Ok(law)
    }
}

impl Elsewhere for Cluster {
    fn state(&self, state: SessionState, regulation: &Regulation, store: Option<&Path>, bytes: u64) -> SessionState {
        let parts = self.0.parts.unwrap_or_else(|| settings::parts(bytes));
        let config = settings::of_job(state.config(), parts, &self.0.build, self.0.tls.as_ref());
        let law = self.law(regulation).map_err(|error| error.to_string());
        let planner = Planner { cluster: self.clone(), law, store: store.map(Path::to_owned) };
        // our own operators stay here: a node has those of the engine
        SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_physical_optimizer_rules(PhysicalOptimizer::new().rules)
            .with_query_planner(Arc::new(planner))
            .build()
    }
}

/// Plans here, for the cluster.
#[derive(Debug)]
struct Planner {
    cluster: Cluster,
    law: Result<Arc<Law>, String>,
    store: Option<PathBuf>,
}

impl Planner {
    async fn plan(&self, logical: &LogicalPlan, session: &dyn EngineSession) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = DefaultPhysicalPlanner::default().create_physical_plan(logical, session).await?;
        // what is told of a plan, and of what there is, is told of this process
        let is_of_here =
            matches!(logical, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_));
        if is_of_here || scans_only_information_schema(logical)? {
            return Ok(plan);
        }
        let sent = match plan::lost(logical)? {
            Some(why) => Err(why),
            None => self.remote(&plan, session.config().options()),
        };
        match sent {
            Ok(remote) => Ok(Arc::new(remote)),
            Err(why) => {
                let computes = session.config().get_extension::<Computes>();
                self.cluster.tell(Some(computes.as_ref().map_or("SQL", |computes| &*computes.0)), &why);
                Ok(plan)
            }
        }
    }

    /// The plan for the cluster, or why it runs here.
    fn remote(&self, local: &Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<RemoteExec, Text> {
        let failed = |error: DataFusionError| {
            let error = error.strip_backtrace();
            both!("его план не послать: {error}", "its plan cannot be sent: {error}")
        };
        let law = self.law.clone().map_err(|error| both!("{error}", "{error}"))?;
        let fit = plan::fit(local, self.store.as_deref(), options).map_err(failed)??;
        let codec = Arc::new(Codec::of(law));
        let sent = PhysicalPlanNode::try_from_physical_plan(Arc::clone(&fit), codec.as_ref()).map_err(failed)?;
        // what the scheduler could not read runs here
        let mut bytes = Vec::new();
        let read = sent.try_encode(&mut bytes).and_then(|()| PhysicalPlanNode::try_decode(&bytes)).map_err(failed)?;
        // and what it would cut wrongly
        if let Some(why) = self.cluster.0.cutter.refused(&read, options).map_err(failed)? {
            return Err(why);
        }
        Ok(RemoteExec::new(self.cluster.clone(), fit, codec))
    }
}

impl QueryPlanner for Planner {
    fn create_physical_plan<'planner, 'plan, 'session, 'all>(
        &'planner self,
        logical: &'plan LogicalPlan,
        session: &'session dyn EngineSession,
    ) -> BoxFuture<'all, Result<Arc<dyn ExecutionPlan>>>
    where
        'planner: 'all,
        'plan: 'all,
        'session: 'all,
        Self: 'all,
    {
        self.plan(logical, session).boxed()
    }
}

/// The operator: the rows of a plan that the cluster runs.
#[derive(Debug)]
struct RemoteExec {
    cluster: Cluster,
    plan: Arc<dyn ExecutionPlan>,
    codec: Arc<Codec>,
    properties: Arc<PlanProperties>,
}

impl RemoteExec {
    fn new(cluster: Cluster, plan: Arc<dyn ExecutionPlan>, codec: Arc<Codec>) -> RemoteExec {
        // of several parts nothing says which comes first
        let known = match plan.output_partitioning().partition_count() {
            1 => plan.equivalence_properties().clone(),
            _ => EquivalenceProperties::new(plan.schema()),
        };
        let one = Partitioning::UnknownPartitioning(1);
        let properties = PlanProperties::new(known, one, EmissionType::Incremental, Boundedness::Bounded);
        RemoteExec { cluster, plan, codec, properties: Arc::new(properties) }
    }
}

impl DisplayAs for RemoteExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteExec: {}", self.cluster.0.address)
    }
}

impl ExecutionPlan for RemoteExec {
    fn name(&self) -> &str {
        "RemoteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let job = Job {
            cluster: self.cluster.clone(),
            plan: Arc::clone(&self.plan),
            codec: Arc::clone(&self.codec),
            context,
        };
        let schema = self.plan.schema();
        let rows = futures::stream::once(job.rows(Arc::clone(&schema))).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// A question that is asked of the cluster.
struct Job {
    cluster: Cluster,
    plan: Arc<dyn ExecutionPlan>,
    codec: Arc<Codec>,
    context: Arc<TaskContext>,
}

impl Job {
    /// The rows. Where a machine is lost on the way, none of them is believed, and the question is asked again.
    async fn rows(self, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let Connected { address, build, tls, .. } = &*self.cluster.0;
        let losses = || async {
            hello::ask(address, build, tls.as_ref()).await.map_err(|e| DataFusionError::External(Box::new(e)))
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let before = losses().await?;
            let began = timings::begin();
            let answer = async { self.asked().await?.try_collect::<Vec<_>>().await }.await;
            timings::end(began, || "ask the cluster".to_owned(), None);
            // where nobody says it any more, nobody knows
            let is_lost = losses().await.map_or(true, |after| after != before);
            let error = match answer {
                Ok(rows) if !is_lost => {
                    let rows = futures::stream::iter(rows.into_iter().map(Ok));
                    return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)));
                }
                Ok(_) => DataFusionError::Execution("a machine was lost while it computed".to_owned()),
                Err(error) if is_lost || is_of_a_lost_machine(&error) => error,
                Err(error) => return Err(error.context(format!("the cluster at {address}"))),
            };
            if attempt == ATTEMPTS {
                return Err(error.context(format!("the cluster at {address} lost machines {ATTEMPTS} times")));
            }
            let again = Text::new(
                "кластер потерял машину: вопрос задан ещё раз",
                "the cluster lost a machine: the question is asked again",
            );
            self.cluster.tell(None, &again);
        }
    }

    async fn asked(&self) -> Result<SendableRecordBatchStream> {
        let config = self.context.session_config().clone();
        let ballista = config.ballista_config();
        execute_physical_plan::<PhysicalPlanNode>(
            tls::url(&self.cluster.0.address, self.cluster.0.tls.as_ref()),
            &ballista,
            Arc::clone(&self.plan),
            self.codec.as_ref(),
            self.cluster.0.session.clone(),
            config,
        )
        .await
    }
}

/// Whether a question failed since a machine was lost, and not for what is asked.
fn is_of_a_lost_machine(error: &DataFusionError) -> bool {
    const SIGNS: [&str; 7] = [
        "transport error",
        "GrpcConnectionError",
        "GrpcActionError",
        "ConnectionRefused",
        "Connection refused",
        "FetchFailed",
        "has failed 1 times",
    ];
    let told = error.to_string();
    SIGNS.iter().any(|sign| told.contains(sign))
}
