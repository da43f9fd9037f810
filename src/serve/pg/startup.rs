//! Who comes in: SCRAM-SHA-256 against the file of users; without one, on loopback, everybody.

#![allow(clippy::disallowed_types)] // pgwire's interface has hash maps; nothing here depends on their order

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::{Sink, SinkExt as _};
use pgwire::api::auth::{
    DefaultServerParameterProvider, ServerParameterProvider, StartupHandler, finish_authentication,
    protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, METADATA_USER, PgWireConnectionState, PidSecretKeyGenerator};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::{Authentication, PasswordMessageFamily};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::sync::Mutex;

use super::client::Client;
use super::error::{code, fatal, of_serve};
use super::shared::Pg;
use crate::model::lang::{Lang, Text, both};
use crate::serve::scram::{Exchange, Verifier};
use crate::serve::{Seat, User};

/// The only mechanism: what is kept of a password is made for it.
const MECHANISM: &str = "SCRAM-SHA-256";

/// One who comes in, until it is known who.
pub struct Entrance {
    pg: Arc<Pg>,
    seat: Seat,
    step: Mutex<Step>,
}

/// How far the log-in has come.
enum Step {
    /// The client is to name a mechanism and itself.
    First,
    /// The client is to prove that it knows the password.
    Proof(Box<Exchange>),
    /// It is in, or was refused.
    Over,
}

impl Entrance {
    /// For one connection.
    pub fn new(pg: Arc<Pg>, seat: Seat) -> Entrance {
        Entrance { pg, seat, step: Mutex::new(Step::First) }
    }

    async fn exchange<C>(&self, client: &mut C, message: PasswordMessageFamily) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let lang = self.pg.lang;
        let refused = |error| of_serve(&error, lang);
        let Some(roll) = &self.pg.users else { return Err(out_of_turn()) };
        let users = roll.users().map_err(refused)?;
        let name = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
        let (tries, from) = (roll.tries(), self.seat.peer().ip());
        let late = tries.may(from, &name, Instant::now()).map_err(|wait| too_often(wait, lang))?;
        let mut step = self.step.lock().await;
        match std::mem::replace(&mut *step, Step::Over) {
            Step::First => {
                let first = message.into_sasl_initial_response()?;
                if first.auth_method != MECHANISM {
                    return Err(fatal(code::PROTOCOL, format!("log in with {MECHANISM}")));
                }
                // whether the name is known is not to be seen
                let verifier = match users.find(&name).and_then(User::verifier) {
                    Some(verifier) => verifier.clone(),
                    None => Verifier::of_nobody(&name),
                };
                let first = first.data.unwrap_or_default();
                let (answer, exchange) = Exchange::begin(&verifier, &first).map_err(refused)?;
                *step = Step::Proof(Box::new(exchange));
                let answer = Authentication::SASLContinue(answer.into());
                client.send(PgWireBackendMessage::Authentication(answer)).await?;
                Ok(())
            }
            Step::Proof(exchange) => {
                let proof = message.into_sasl_response()?;
                let answer = exchange.finish(&proof.data);
                let wrong = || crate::serve::ServeError::Refused;
                let admitted = answer.and_then(|answer| Ok((answer, users.find(&name).cloned().ok_or_else(wrong)?)));
                // counted before anything is waited for: else many at once would all be tried before the first is wrong
                match &admitted {
                    Ok(_) => tries.was_right(from, &name),
                    Err(_) => tries.was_wrong(from, &name, Instant::now()),
                }
                tokio::time::sleep(late).await;
                let (answer, user) = admitted.map_err(refused)?;
                let answer = Authentication::SASLFinal(answer.into());
                client.feed(PgWireBackendMessage::Authentication(answer)).await?;
                self.admit(client, user).await
            }
            Step::Over => Err(out_of_turn()),
        }
    }

    /// Lets the client in as this user. Before this nothing is answered to it.
    async fn admit<C>(&self, client: &mut C, user: User) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.seat.enter(Some(user.name())).map_err(|error| of_serve(&error, self.pg.lang))?;
        let (pid, secret) = self.pg.keys.generate(client);
        let place = self.pg.running.enter(pid, &secret);
        client.set_pid_and_secret_key(pid, secret);
        let zone = self.pg.zone();
        let parameters = Parameters { name: user.name().to_owned(), zone: zone.clone() };
        let own = Client::new(user, place, self.pg.states.limits().statement, client.metadata(), &zone);
        client.session_extensions().insert(own);
        finish_authentication(client, &parameters).await
    }
}

fn too_often(wait: Duration, lang: Lang) -> PgWireError {
    let seconds = wait.as_secs() + 1;
    let text: Text = both!(
        "слишком много неверных паролей\nпопробуйте через {seconds} с",
        "too many wrong passwords\ntry again in {seconds} s"
    );
    fatal(code::WRONG_PASSWORD, text.get(lang))
}

fn out_of_turn() -> PgWireError {
    fatal(code::PROTOCOL, "this message does not belong here")
}

#[async_trait]
impl StartupHandler for Entrance {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                if self.pg.door.tls.is_some() && !client.is_secure() {
                    return Err(fatal(
                        code::NOT_AUTHORISED,
                        "this server speaks TLS only\nconnect with sslmode=require or stricter",
                    ));
                }
                let replicates = client.metadata().get("replication").is_some_and(|value| value != "false");
                if replicates {
                    return Err(fatal(code::NOT_SUPPORTED, "there is nothing to replicate: ask with SELECT"));
                }
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                match &self.pg.users {
                    None => self.admit(client, User::everyone()).await,
                    Some(_) => {
                        let offer = Authentication::SASL(vec![MECHANISM.to_owned()]);
                        client.send(PgWireBackendMessage::Authentication(offer)).await?;
                        Ok(())
                    }
                }
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => self.exchange(client, message).await,
            _ => Err(out_of_turn()),
        }
    }
}

/// What a client is told of the server when it is let in.
struct Parameters {
    name: String,
    zone: String,
}

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let mut told = DefaultServerParameterProvider::default();
        told.server_version = super::settings::VERSION.to_owned();
        told.is_superuser = false;
        told.default_transaction_read_only = true;
        told.time_zone = self.zone.clone();
        told.date_style = super::settings::DATE_STYLE.to_owned();
        told.session_authorization = Some(self.name.clone());
        told.server_parameters(client)
    }
}
