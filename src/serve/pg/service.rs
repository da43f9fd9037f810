//! Statements answered: queries by the engine; what clients say beside them (settings, transactions, cursors) here.

use std::pin::Pin;
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::sqlparser::ast::{CloseCursor, DeclareType, DiscardObject, FetchDirection, Statement, Value};
use futures::Stream;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::results::QueryResponse;
use pgwire::error::PgWireResult;
use pgwire::messages::copy::CopyData;
use pgwire::messages::response::TransactionStatus;

use super::client::{Client, Cursor, MOST_HELD};
use super::copy;
use super::error::{changes, code, error, fatal, of_engine, of_serve, said};
use super::nested;
use super::question::Question;
use super::rows::{Shape, table, texts};
use super::settings::Told;
use super::shared::Pg;
use super::space::Space;
use super::statement::{self, Prepared};
use crate::model::lang::{Text, both};
use crate::session::bounds::{guarded, refuse};

/// What a statement is answered with.
pub enum Answer {
    /// Rows, as they come.
    Rows(QueryResponse),
    /// So many rows of a cursor, all if none is said.
    Fetch(String, Option<usize>),
    /// Lines, as they come: how many columns they have, and the lines.
    Copy(usize, Lines),
    /// It is done.
    Done(Done),
}

/// Lines of a copy, each message with the number of its rows.
pub type Lines = Pin<Box<dyn Stream<Item = PgWireResult<(CopyData, usize)>> + Send>>;

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// Its name.
    pub tag: String,
    /// The transaction from now on.
    pub status: Option<TransactionStatus>,
    /// The setting that the client is to be told of.
    pub told: Told,
    /// The prepared statements that are forgotten; an empty name means all.
    pub forgotten: Option<String>,
}

impl Done {
    fn of(tag: &str) -> Answer {
        Answer::Done(Done { tag: tag.to_owned(), ..Done::default() })
    }

    fn then(tag: &str, status: TransactionStatus) -> Answer {
        Answer::Done(Done { tag: tag.to_owned(), status: Some(status), ..Done::default() })
    }
}

impl Pg {
    /// The statements of a text.
    pub fn parse(&self, text: &str) -> PgWireResult<Vec<Statement>> {
        if let Some(what) = refuse(text) {
            return Err(said(code::TOO_COMPLEX, &what, self.lang));
        }
        let text = crate::model::letters::composed(text);
        self.parser.parse(&text).map_err(|wrong| error(code::SYNTAX, wrong.to_string()))
    }

    /// A question of a client: to the newest state, and what the client sees of it.
    pub async fn question(&self, client: &Client) -> PgWireResult<(Arc<Space>, Arc<Question>)> {
        let session = self.states.session(&client.user).await.map_err(|failed| of_serve(&failed, self.lang))?;
        let catalog = self.states.catalog();
        let mut spaces = self.spaces.lock().await;
        let known = spaces.get(client.user.name()).filter(|space| space.shows(&session, &catalog));
        let space = match known {
            Some(space) => Arc::clone(space),
            None => {
                let opened = Space::open(&session, catalog, client.user.name(), self.lang).await;
                let opened = Arc::new(opened.map_err(|failed| of_engine(&failed, self.lang))?);
                spaces.insert(client.user.name().to_owned(), Arc::clone(&opened));
                opened
            }
        };
        drop(spaces);
        Ok((space, Arc::new(Question::new(session, Arc::clone(&self.company), self.states.regulation()))))
    }

    /// Whether a client is still who it was: one whose password or rows were changed, or who was removed, is sent away.
    pub fn still(&self, client: &Client) -> PgWireResult<()> {
        let Some(roll) = &self.users else { return Ok(()) };
        let users = roll.users().map_err(|failed| of_serve(&failed, self.lang))?;
        if users.find(client.user.name()) == Some(&client.user) {
            return Ok(());
        }
        let name = client.user.name();
        let text: Text = both!(
            "пользователь `{name}` изменён или удалён\nвойдите снова",
            "the user `{name}` was changed or removed\nlog in again"
        );
        Err(fatal(code::NOT_AUTHORISED, text.get(self.lang)))
    }

    /// Prepares a statement: plans it where it is a query.
    pub async fn prepare(&self, client: &Client, statement: Statement) -> PgWireResult<Prepared> {
        match statement::is_query(&statement) {
            true => {
                let (space, question) = self.question(client).await?;
                let settings = client.settings().clone();
                statement::plan(statement, &space, &question, &|name| settings.get(name), self.lang).await
            }
            false => Ok(Prepared { ast: Arc::new(statement), plan: None }),
        }
    }

    /// Answers a statement that was prepared, with the parameters of a portal.
    pub async fn answer(
        &self,
        client: &Client,
        status: TransactionStatus,
        prepared: &Prepared,
        portal: Option<&Portal<Prepared>>,
    ) -> PgWireResult<Answer> {
        let ends = matches!(&*prepared.ast, Statement::Commit { .. } | Statement::Rollback { .. });
        if status == TransactionStatus::Error && !ends {
            let text = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(error(code::ABORTED, text));
        }
        if prepared.plan.is_some() {
            let format = portal.map_or(Format::UnifiedText, |portal| portal.result_column_format.clone());
            let shape = self.shape_of(client, prepared);
            let mut rows = shape.response(self.rows(client, prepared, portal).await?, &format)?;
            if matches!(&*prepared.ast, Statement::Explain { .. }) {
                rows.set_command_tag("EXPLAIN");
            }
            return Ok(Answer::Rows(rows));
        }
        self.other(client, status, &prepared.ast).await
    }

    /// How rows are written for a client.
    pub fn shape(&self, client: &Client) -> Shape {
        Shape::new(client.settings().zone(), self.lang)
    }

    /// How the rows of a statement are written for a client.
    pub fn shape_of(&self, client: &Client, prepared: &Prepared) -> Shape {
        self.shape(client).named(prepared.plan.as_ref().and_then(|plan| plan.names.clone()))
    }

    async fn rows(
        &self,
        client: &Client,
        prepared: &Prepared,
        portal: Option<&Portal<Prepared>>,
    ) -> PgWireResult<SendableRecordBatchStream> {
        let (space, question) = self.question(client).await?;
        let plan = prepared.bound(portal, &space, &question, self.lang).await?;
        self.run(&space.state(&question), &plan).await
    }

    async fn run(&self, state: &SessionState, plan: &LogicalPlan) -> PgWireResult<SendableRecordBatchStream> {
        let rows = guarded(async {
            let plan = nested::physical(state, plan).await?;
            execute_stream(plan, state.task_ctx())
        });
        rows.await.map_err(|failed| of_engine(&failed, self.lang))
    }

    /// Answers what is no query.
    async fn other(&self, client: &Client, status: TransactionStatus, statement: &Statement) -> PgWireResult<Answer> {
        match statement {
            Statement::StartTransaction { .. } => Ok(Done::then("BEGIN", TransactionStatus::Transaction)),
            Statement::Commit { .. } => {
                client.cursors.lock().await.retain(|_, cursor| cursor.is_held);
                let tag = if status == TransactionStatus::Error { "ROLLBACK" } else { "COMMIT" };
                Ok(Done::then(tag, TransactionStatus::Idle))
            }
            Statement::Rollback { savepoint: Some(_), .. } => {
                Ok(Done::then("ROLLBACK", TransactionStatus::Transaction))
            }
            Statement::Rollback { .. } => {
                client.cursors.lock().await.retain(|_, cursor| cursor.is_held);
                Ok(Done::then("ROLLBACK", TransactionStatus::Idle))
            }
            Statement::Savepoint { .. } | Statement::ReleaseSavepoint { .. } if status == TransactionStatus::Idle => {
                Err(error(code::NO_TRANSACTION, "SAVEPOINT can only be used in transaction blocks"))
            }
            Statement::Savepoint { .. } => Ok(Done::of("SAVEPOINT")),
            Statement::ReleaseSavepoint { .. } => Ok(Done::of("RELEASE")),
            Statement::Set(_) | Statement::Reset(_) => {
                let told = client.settings().apply(statement)?;
                let tag = if matches!(statement, Statement::Set(_)) { "SET" } else { "RESET" };
                Ok(Answer::Done(Done { tag: tag.to_owned(), told, ..Done::default() }))
            }
            Statement::ShowVariable { variable } => {
                let words: Vec<String> = variable.iter().map(|word| word.value.to_lowercase()).collect();
                self.show(client, &words.join(" "))
            }
            Statement::Discard { object_type } => {
                if *object_type == DiscardObject::ALL {
                    client.cursors.lock().await.clear();
                    client.statements().clear();
                    let forgotten = Some(String::new());
                    return Ok(Answer::Done(Done { tag: "DISCARD ALL".to_owned(), forgotten, ..Done::default() }));
                }
                Ok(Done::of(&format!("DISCARD {object_type}")))
            }
            Statement::Deallocate { name, .. } => {
                let is_all = name.value.eq_ignore_ascii_case("all") && name.quote_style.is_none();
                if is_all {
                    client.statements().clear();
                } else if client.statements().remove(&name.value).is_none() && !client.holds(&name.value) {
                    let text = format!("prepared statement \"{}\" does not exist", name.value);
                    return Err(error(code::NO_STATEMENT, text));
                }
                let forgotten = Some(if is_all { String::new() } else { name.value.clone() });
                let tag = if is_all { "DEALLOCATE ALL" } else { "DEALLOCATE" };
                Ok(Answer::Done(Done { tag: tag.to_owned(), forgotten, ..Done::default() }))
            }
            Statement::Prepare { name, statement: inner, .. } => {
                if client.statements().len() >= MOST_HELD {
                    return Err(error(code::TOO_MUCH, format!("{MOST_HELD} prepared statements are held already")));
                }
                if !statement::is_query(inner) {
                    return Err(changes(inner, self.lang));
                }
                let kept = Prepared { ast: Arc::new(statement.clone()), plan: None };
                client.statements().insert(name.value.clone(), kept);
                Ok(Done::of("PREPARE"))
            }
            Statement::Execute { name: Some(name), parameters, .. } => {
                let name = name.to_string().replace('"', "");
                let kept = client.statements().get(&name).cloned();
                let Some(Statement::Prepare { data_types, statement, .. }) = kept.as_ref().map(|kept| &*kept.ast)
                else {
                    return Err(error(code::NO_STATEMENT, format!("prepared statement \"{name}\" does not exist")));
                };
                let statement = statement::executed(statement, data_types, parameters)?;
                let prepared = self.prepare(client, statement).await?;
                let rows = self.rows(client, &prepared, None).await?;
                Ok(Answer::Rows(self.shape_of(client, &prepared).response(rows, &Format::UnifiedText)?))
            }
            Statement::Declare { stmts } => self.declare(client, status, stmts).await,
            Statement::Fetch { name, direction, .. } => Ok(Answer::Fetch(name.value.clone(), forward(direction)?)),
            Statement::Close { cursor } => {
                let mut cursors = client.cursors.lock().await;
                match cursor {
                    CloseCursor::All => cursors.clear(),
                    CloseCursor::Specific { name } => {
                        drop(cursors.remove(&name.value).ok_or_else(|| no_cursor(&name.value))?)
                    }
                }
                Ok(Done::of("CLOSE CURSOR"))
            }
            Statement::Copy { .. } => match copy::read(statement)? {
                None => Err(changes(statement, self.lang)),
                Some((query, how)) => {
                    let prepared = self.prepare(client, Statement::Query(Box::new(query))).await?;
                    let rows = self.rows(client, &prepared, None).await?;
                    let columns = rows.schema().fields().len();
                    let shape = self.shape_of(client, &prepared);
                    Ok(Answer::Copy(columns, Box::pin(how.lines(rows, &shape, self.lang))))
                }
            },
            Statement::UNLISTEN { .. } => Ok(Done::of("UNLISTEN")),
            Statement::LISTEN { .. } => Ok(Done::of("LISTEN")),
            other => Err(changes(other, self.lang)),
        }
    }

    fn show(&self, client: &Client, name: &str) -> PgWireResult<Answer> {
        let name = match name {
            "time zone" => "timezone",
            "transaction isolation level" => "transaction_isolation",
            "session authorization" => "session_authorization",
            name => name,
        };
        if name == "all" {
            let all = client.settings().all();
            let fields = ["name", "setting", "description"]
                .map(|name| arrow::datatypes::Field::new(name, arrow::datatypes::DataType::Utf8, false));
            let schema = Arc::new(arrow::datatypes::Schema::new(fields.to_vec()));
            let (names, values): (Vec<String>, Vec<String>) = all.into_iter().unzip();
            let empty = vec![String::new(); names.len()];
            return Ok(Answer::Rows(tagged(table(&schema, &[names, values, empty]), "SHOW")));
        }
        match client.settings().get(name) {
            Some(value) => Ok(Answer::Rows(tagged(texts(name, vec![value]), "SHOW"))),
            None => {
                let text: Text = both!("нет настройки `{name}`", "unrecognized configuration parameter \"{name}\"");
                Err(said("42704", &text, self.lang))
            }
        }
    }

    async fn declare(
        &self,
        client: &Client,
        status: TransactionStatus,
        declared: &[datafusion::sql::sqlparser::ast::Declare],
    ) -> PgWireResult<Answer> {
        for declare in declared {
            let (Some(DeclareType::Cursor), Some(name), Some(query)) =
                (&declare.declare_type, declare.names.first(), &declare.for_query)
            else {
                return Err(error(code::SYNTAX, "only a cursor for a query can be declared"));
            };
            let is_held = declare.hold == Some(true);
            if status == TransactionStatus::Idle && !is_held {
                return Err(error(code::NO_TRANSACTION, "DECLARE CURSOR can only be used in transaction blocks"));
            }
            if declare.binary == Some(true) {
                return Err(error(code::NOT_SUPPORTED, "cursors give text"));
            }
            let prepared = self.prepare(client, Statement::Query(query.clone())).await?;
            let rows = self.rows(client, &prepared, None).await?;
            let response = tagged(self.shape_of(client, &prepared).response(rows, &Format::UnifiedText)?, "FETCH");
            let mut cursors = client.cursors.lock().await;
            if cursors.len() >= MOST_HELD {
                return Err(error(code::TOO_MUCH, format!("{MOST_HELD} cursors are open already")));
            }
            cursors.insert(name.value.clone(), Cursor { rows: response, is_held });
        }
        Ok(Done::of("DECLARE CURSOR"))
    }
}

fn tagged(mut rows: QueryResponse, tag: &str) -> QueryResponse {
    rows.set_command_tag(tag);
    rows
}

/// What is said where there is no such cursor.
pub fn no_cursor(name: &str) -> pgwire::error::PgWireError {
    error(code::NO_CURSOR, format!("cursor \"{name}\" does not exist"))
}

/// How many rows are fetched; none: all.
fn forward(direction: &FetchDirection) -> PgWireResult<Option<usize>> {
    let count = |value: &Value| match value {
        Value::Number(text, _) => text.parse().ok(),
        _ => None,
    };
    let wrong = || error(code::NOT_SUPPORTED, "a cursor goes forward only");
    match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Ok(Some(1)),
        FetchDirection::All | FetchDirection::ForwardAll => Ok(None),
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => {
            count(&limit.value).map(Some).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}
