//! The protocol's two ways of asking: a text, or parse, bind, describe, execute. Rows are sent as they come, by both.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::sql::sqlparser::ast::Statement;
use futures::{Sink, SinkExt as _, StreamExt as _};
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler, send_ready_for_query};
use pgwire::api::results::{
    DescribePortalResponse, DescribeStatementResponse, FieldInfo, QueryResponse, Response, Tag,
};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::copy::{CopyDone, CopyOutResponse};
use pgwire::messages::data::RowDescription;
use pgwire::messages::extendedquery::{Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, TransactionStatus};
use pgwire::messages::simplequery::Query;
use pgwire::messages::startup::ParameterStatus;

use super::client::Client;
use super::error::{code, error};
use super::running::Run;
use super::service::{Answer, no_cursor};
use super::shared::Pg;
use super::statement::Prepared;

/// A prepared statement, or a portal of it.
const STATEMENT: u8 = b'S';

/// Answers the messages of a connection.
pub struct Handlers(pub Arc<Pg>);

/// Whether rows come with their columns: they do where nobody could have asked for these before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Columns,
    Rows,
}

impl Handlers {
    /// Answers one statement of a text.
    async fn one<C>(&self, client: &mut C, own: &Client, statement: Statement) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let mut run = own.begin();
        let status = client.transaction_status();
        let answer = async {
            let prepared = self.0.prepare(own, statement).await?;
            self.0.answer(own, status, &prepared, None).await
        };
        let answer = run.within(answer).await?;
        self.send(client, own, &mut run, answer, Told::Columns).await
    }

    async fn send<C>(&self, client: &mut C, own: &Client, run: &mut Run, answer: Answer, told: Told) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match answer {
            Answer::Rows(mut rows) => {
                if told == Told::Columns {
                    columns(client, rows.row_schema()).await?;
                }
                let (sent, _) = send_rows(client, run, &mut rows, None).await?;
                let tag = rows.command_tag().to_owned();
                complete(client, &tag, sent).await
            }
            Answer::Fetch(name, most) => {
                let mut cursors = own.cursors.lock().await;
                let rows = &mut cursors.get_mut(&name).ok_or_else(|| no_cursor(&name))?.rows;
                if told == Told::Columns {
                    columns(client, rows.row_schema()).await?;
                }
                let (sent, _) = send_rows(client, run, rows, most).await?;
                complete(client, "FETCH", sent).await
            }
            Answer::Copy(count, mut lines) => {
                let formats = vec![0; count];
                let count = i16::try_from(count).unwrap_or(i16::MAX);
                client.feed(PgWireBackendMessage::CopyOutResponse(CopyOutResponse::new(0, count, formats))).await?;
                let mut sent = 0;
                while let Some(next) = run.within(async { lines.next().await.transpose() }).await? {
                    let (data, rows) = next;
                    sent += rows;
                    run.check()?;
                    run.within(async { Ok(client.feed(PgWireBackendMessage::CopyData(data)).await?) }).await?;
                }
                client.feed(PgWireBackendMessage::CopyDone(CopyDone::new())).await?;
                complete(client, "COPY", sent).await
            }
            Answer::Done(done) => {
                if let Some((name, value)) = done.told {
                    client.feed(PgWireBackendMessage::ParameterStatus(ParameterStatus::new(name, value))).await?;
                }
                match done.forgotten.as_deref() {
                    Some("") => own.forget_all().iter().for_each(|name| client.portal_store().rm_statement(name)),
                    Some(name) => {
                        own.forget(name);
                        client.portal_store().rm_statement(name);
                    }
                    None => {}
                }
                if let Some(status) = done.status {
                    client.set_transaction_status(status);
                }
                let tag = CommandComplete::from(Tag::new(&done.tag));
                client.feed(PgWireBackendMessage::CommandComplete(tag)).await?;
                Ok(())
            }
        }
    }

    /// The columns of what a statement gives; none where it gives no rows.
    async fn fields(
        &self,
        own: &Client,
        prepared: &Prepared,
        portal: Option<&Portal<Prepared>>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = portal.map_or(Format::UnifiedText, |portal| portal.result_column_format.clone());
        let Some(planned) = &prepared.plan else {
            return match &*prepared.ast {
                Statement::ShowVariable { .. } => {
                    match self.0.answer(own, TransactionStatus::Idle, prepared, None).await? {
                        Answer::Rows(rows) => Ok(rows.row_schema().as_ref().clone()),
                        _ => Ok(Vec::new()),
                    }
                }
                Statement::Fetch { name, .. } => {
                    let cursors = own.cursors.lock().await;
                    let cursor = cursors.get(&name.value).ok_or_else(|| no_cursor(&name.value))?;
                    Ok(cursor.rows.row_schema().as_ref().clone())
                }
                _ => Ok(Vec::new()),
            };
        };
        let shape = self.0.shape_of(own, prepared);
        if !planned.has_open_columns() {
            return shape.fields(planned.plan.schema().as_arrow(), &format);
        }
        if portal.is_none() {
            return Err(error(
                code::NOT_SUPPORTED,
                "the columns of the answer depend on the parameter `by`\nwrite what to split by into the query itself",
            ));
        }
        let (space, question) = self.0.question(own).await?;
        let plan = prepared.bound(portal, &space, &question, self.0.lang).await?;
        shape.fields(plan.schema().as_arrow(), &format)
    }
}

/// Sends the columns of rows.
async fn columns<C>(client: &mut C, fields: Arc<Vec<FieldInfo>>) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let fields = fields.iter().map(Into::into).collect();
    client.feed(PgWireBackendMessage::RowDescription(RowDescription::new(fields))).await?;
    Ok(())
}

/// Sends rows as they come, at most so many. Returns how many they were, and whether they were all.
async fn send_rows<C>(
    client: &mut C,
    run: &mut Run,
    rows: &mut QueryResponse,
    most: Option<usize>,
) -> PgWireResult<(usize, bool)>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let mut sent = 0;
    while most.is_none_or(|most| sent < most) {
        let next = run.within(async { rows.data_rows().next().await.transpose() }).await?;
        let Some(row) = next else { return Ok((sent, true)) };
        // a client that does not read is cut off as one whose query takes too long
        run.within(async { Ok(client.feed(PgWireBackendMessage::DataRow(row)).await?) }).await?;
        sent += 1;
        if sent % 1024 == 0 {
            run.check()?;
        }
    }
    Ok((sent, false))
}

async fn complete<C>(client: &mut C, tag: &str, rows: usize) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let tag = match tag {
        "SELECT" | "FETCH" | "COPY" => Tag::new(tag).with_rows(rows),
        tag => Tag::new(tag),
    };
    client.feed(PgWireBackendMessage::CommandComplete(tag.into())).await?;
    Ok(())
}

fn not_here() -> PgWireError {
    error(code::OTHER, "this road is not used")
}

#[async_trait]
impl SimpleQueryHandler for Handlers {
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        let statements = self.0.parse(&query.query)?;
        if statements.is_empty() {
            client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        for statement in statements {
            self.one(client, &own, statement).await?;
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        let status = client.transaction_status();
        send_ready_for_query(client, status).await
    }

    async fn do_query<C>(&self, _: &mut C, _: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        Err(not_here())
    }
}

/// Parses for the protocol's second way; what it gives is described by [`Handlers`] itself.
pub struct Parser(Arc<Pg>);

#[async_trait]
impl QueryParser for Parser {
    type Statement = Prepared;

    async fn parse_sql<C>(&self, client: &C, sql: &str, _: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let own = Client::of(client)?;
        let mut statements = self.0.parse(sql)?;
        match statements.len() {
            0 => Ok(None),
            1 => {
                let mut run = own.begin();
                run.within(self.0.prepare(&own, statements.remove(0))).await.map(Some)
            }
            _ => Err(error(code::SYNTAX, "cannot insert multiple commands into a prepared statement")),
        }
    }

    fn get_parameter_types(&self, statement: &Prepared) -> PgWireResult<Vec<Type>> {
        Ok(statement.plan.as_ref().map(super::statement::Planned::types).unwrap_or_default())
    }

    fn get_result_schema(&self, _: &Prepared, _: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        Err(not_here())
    }
}

#[async_trait]
impl ExtendedQueryHandler for Handlers {
    type Statement = Prepared;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        Arc::new(Parser(Arc::clone(&self.0)))
    }

    async fn on_parse<C>(&self, client: &mut C, message: Parse) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        let name = message.name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
        own.note(&name)?;
        match StoredStatement::parse(client, &message, self.query_parser()).await? {
            Some(statement) => client.portal_store().put_statement(Arc::new(statement)),
            None => client.portal_store().put_empty_statement(&name),
        }
        client.feed(PgWireBackendMessage::ParseComplete(ParseComplete::new())).await?;
        Ok(())
    }

    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) => portal,
            Some(Entry::Empty) => {
                client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
                return Ok(());
            }
            None => return Err(PgWireError::PortalNotFound(name.to_owned())),
        };
        let most = usize::try_from(message.max_rows).ok().filter(|most| *most > 0);
        let mut run = own.begin();
        let state = portal.state();
        let mut state = state.lock().await;
        if matches!(*state, PortalExecutionState::Initial) {
            let status = client.transaction_status();
            let prepared = &portal.statement.statement;
            let answer = run.within(self.0.answer(&own, status, prepared, Some(&portal))).await?;
            match answer {
                Answer::Rows(rows) => *state = PortalExecutionState::Suspended(rows),
                other => {
                    *state = PortalExecutionState::Finished;
                    return self.send(client, &own, &mut run, other, Told::Rows).await;
                }
            }
        }
        let PortalExecutionState::Suspended(rows) = &mut *state else {
            return complete(client, "SELECT", 0).await;
        };
        let tag = rows.command_tag().to_owned();
        let sent = send_rows(client, &mut run, rows, most).await;
        match sent {
            Ok((_, false)) => {
                client.feed(PgWireBackendMessage::PortalSuspended(PortalSuspended::new())).await?;
                Ok(())
            }
            Ok((sent, true)) => {
                *state = PortalExecutionState::Finished;
                complete(client, &tag, sent).await
            }
            Err(failed) => {
                // what is dropped stops
                *state = PortalExecutionState::Finished;
                Err(failed)
            }
        }
    }

    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        if message.target_type != STATEMENT {
            // psycopg describes as a portal what it declared as a cursor
            let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
            let cursor = own.cursors.lock().await.get(name).map(|cursor| cursor.rows.row_schema());
            if let Some(fields) = cursor {
                return columns(client, fields).await;
            }
        }
        self._on_describe(client, message).await
    }

    async fn on_close<C>(&self, client: &mut C, message: Close) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        match message.target_type {
            STATEMENT => {
                Client::of(client)?.forget(name);
                client.portal_store().rm_statement(name);
            }
            _ => client.portal_store().rm_portal(name),
        }
        client.feed(PgWireBackendMessage::CloseComplete(CloseComplete::new())).await?;
        Ok(())
    }

    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        target: &StoredStatement<Prepared>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        let ours = self.query_parser().get_parameter_types(&target.statement)?;
        let count = ours.len().max(target.parameter_types.len());
        let stated = |at: usize| target.parameter_types.get(at).cloned().flatten();
        let types =
            (0..count).map(|at| stated(at).or_else(|| ours.get(at).cloned()).unwrap_or(Type::UNKNOWN)).collect();
        Ok(DescribeStatementResponse::new(types, self.fields(&own, &target.statement, None).await?))
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        target: &Portal<Prepared>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let own = Client::of(client)?;
        let fields = self.fields(&own, &target.statement.statement, Some(target)).await?;
        Ok(DescribePortalResponse::new(fields))
    }

    async fn do_query<C>(&self, _: &mut C, _: &Portal<Prepared>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        Err(not_here())
    }
}
