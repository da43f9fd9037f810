//! Who answers at an address: whoever connects asks the scheduler which build it is, before anything else.
//!
//! The question is a plan that cannot be read, and the refusal to read it says the build: so the question needs no service beside Ballista's.

#[allow(clippy::disallowed_types)] // as Ballista takes it
use std::collections::HashMap;

use ballista_core::config::BallistaConfig;
use ballista_core::extension::SessionConfigExt as _;
use ballista_core::serde::protobuf::execute_query_failure_result::Failure;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{ExecuteQueryParams, execute_query_result};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use ballista_core::version::BALLISTA_VERSION_HEADER;
use datafusion::error::DataFusionError;
use datafusion_proto::physical_plan::AsExecutionPlan as _;
use datafusion_proto::protobuf::physical_plan_node::PhysicalPlanType;
use datafusion_proto::protobuf::{PhysicalExtensionNode, PhysicalPlanNode};

use super::build::Build;
use super::error::ClusterError;
use super::tls::{self, Tls, causes};
use super::{piece, settings};

/// The answer stands between these in what else the refusal says.
const BEGINS: &str = "<voronka build ";
const ENDS: &str = " voronka build>";

/// What a scheduler answers: which build it is, and how many executors it has lost so far.
pub(super) fn answer(build: &Build, losses: u64) -> DataFusionError {
    DataFusionError::Plan(format!("{BEGINS}{losses} {}{ENDS}", build.line()))
}

/// The build in an answer, and the losses.
fn read(answer: &str) -> Option<(Build, u64)> {
    let (_, rest) = answer.split_once(BEGINS)?;
    let (losses, build) = rest.split_once(ENDS)?.0.split_once(' ')?;
    Some((Build::read(build)?, losses.parse().ok()?))
}

/// Asks the scheduler at an address which build it is, and refuses another than ours. Returns how many executors it has lost so far.
pub(super) async fn ask(address: &str, own: &Build, tls: Option<&Tls>) -> Result<u64, ClusterError> {
    let stranger = |what: String| ClusterError::Stranger { address: address.to_owned(), what };
    let said = said(address, tls).await?;
    let (build, losses) = read(&said).ok_or_else(|| stranger(said))?;
    match own.differs(&build) {
        None => Ok(losses),
        Some(differs) => Err(ClusterError::OtherBuild { address: address.to_owned(), differs }),
    }
}

/// What the scheduler says to a plan that it cannot read.
async fn said(address: &str, tls: Option<&Tls>) -> Result<String, ClusterError> {
    let absent = |what: String| ClusterError::Absent { address: address.to_owned(), what };
    let stranger = |what: String| ClusterError::Stranger { address: address.to_owned(), what };
    let config = GrpcClientConfig::from(&BallistaConfig::default());
    let typed = || ClusterError::Address { typed: address.to_owned() };
    let mut endpoint = create_grpc_client_endpoint(tls::url(address, tls), Some(&config)).map_err(|_| typed())?;
    if let Some(secure) = tls::secure(tls) {
        endpoint = secure(endpoint).map_err(|_| typed())?;
    }
    let connection = endpoint.connect().await.map_err(|error| absent(causes(&error)))?;
    #[allow(clippy::disallowed_types)]
    let version = HashMap::from([(BALLISTA_VERSION_HEADER.to_owned(), ballista_core::BALLISTA_VERSION.to_owned())]);
    let interceptor = settings::of_node(None).with_ballista_grpc_metadata(version).ballista_grpc_interceptor();
    let mut scheduler = SchedulerGrpcClient::with_interceptor(connection, interceptor.as_ref().clone());
    let node = PhysicalExtensionNode { node: piece::head(piece::Kind::Hello), inputs: Vec::new() };
    let mut plan = Vec::new();
    PhysicalPlanNode { physical_plan_type: Some(PhysicalPlanType::Extension(node)) }
        .try_encode(&mut plan)
        .map_err(|error| stranger(error.to_string()))?;
    let question = ExecuteQueryParams { query: Some(Query::PhysicalPlan(plan)), ..ExecuteQueryParams::default() };
    let answer = scheduler.execute_query(question).await.map_err(|status| stranger(status.message().to_owned()))?;
    match answer.into_inner().result {
        Some(execute_query_result::Result::Failure(result)) => Ok(match result.failure {
            Some(
                Failure::PlanParsingFailure(said) | Failure::SqlParsingFailure(said) | Failure::SessionNotFound(said),
            ) => said,
            None => String::new(),
        }),
        _ => Err(stranger("it runs what nobody can read".to_owned())),
    }
}
