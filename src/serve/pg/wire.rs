//! A connection from its first byte: TLS is agreed on, then messages are taken and answered one by one.
//!
//! The library's own loop goes on with a connection that was refused, and takes what was sent before the handshake of TLS for what came
//! within it; so this one is ours.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use pgwire::api::{ClientInfo as _, DefaultClient, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::response::{GssEncResponse, SslResponse};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage, SslNegotiationMetaMessage};
use pgwire::tokio::server::{MaybeTls, PgWireMessageServerCodec, process_error, process_message};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{Framed, FramedParts};

use super::client::Client;
use super::error::{code, fatal};
use super::handlers::Handlers;
use super::shared::Pg;
use super::startup::Entrance;
use super::statement::Prepared;
use crate::serve::Seat;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// What TLS without a request before it must name.
const ALPN: &[u8] = b"postgresql";
/// A client that does not read is not told of an error for longer.
const FAREWELL: Duration = Duration::from_secs(5);

type Connection = Framed<MaybeTls, PgWireMessageServerCodec<Prepared>>;

/// Serves one connection to its end.
pub async fn serve(pg: Arc<Pg>, stream: TcpStream, seat: Seat) {
    // whoever breaks off has nothing to be told
    let _ = served(pg, stream, seat).await;
}

async fn served(pg: Arc<Pg>, stream: TcpStream, seat: Seat) -> io::Result<()> {
    let Some(mut connection) = agree(stream, pg.door.tls.as_ref()).await? else { return Ok(()) };
    let entrance = Arc::new(Entrance::new(Arc::clone(&pg), seat.clone()));
    let handlers = Arc::new(Handlers(Arc::clone(&pg)));
    let none = Arc::new(NoopHandler);
    loop {
        let message = tokio::select! {
            message = connection.next() => message,
            () = seat.stopped() => {
                let farewell = fatal(code::SHUTDOWN, "terminating connection due to administrator command");
                return tell(&mut connection, farewell, false).await;
            }
        };
        let message = match message {
            None => return Ok(()),
            Some(Err(broken)) => {
                let text = broken.to_string();
                return tell(&mut connection, fatal(code::PROTOCOL, text), false).await;
            }
            Some(Ok(PgWireFrontendMessage::Terminate(_))) => return Ok(()),
            Some(Ok(message)) => message,
        };
        let is_in = !matches!(
            connection.state(),
            PgWireConnectionState::AwaitingStartup | PgWireConnectionState::AuthenticationInProgress
        );
        let is_last = matches!(message, PgWireFrontendMessage::CancelRequest(_));
        let extended = message.is_extended_query();
        if is_in
            && !is_last
            && let Err(gone) = Client::of(&connection).and_then(|client| pg.still(&client))
        {
            return tell(&mut connection, gone, false).await;
        }
        let working = is_in.then(|| seat.work());
        let done = process_message(
            message,
            &mut connection,
            Arc::clone(&entrance),
            Arc::clone(&handlers),
            Arc::clone(&handlers),
            Arc::clone(&none),
            Arc::clone(&pg.running),
        );
        let done = done.await;
        drop(working);
        match done {
            Ok(()) if is_last => return Ok(()),
            Ok(()) => {}
            Err(failed) => {
                let mut info = ErrorInfo::from(failed);
                if !is_in {
                    // an error that is not the last one would leave the connection as if it had logged in
                    info.severity = "FATAL".to_owned();
                }
                let is_over = info.is_fatal();
                tell(&mut connection, PgWireError::UserError(Box::new(info)), extended).await?;
                if is_over {
                    return Ok(());
                }
            }
        }
    }
}

async fn tell(connection: &mut Connection, failed: PgWireError, waits_for_sync: bool) -> io::Result<()> {
    let told = tokio::time::timeout(FAREWELL, process_error(connection, failed, waits_for_sync)).await;
    told.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Agrees on TLS. None: the client wants what there is not.
async fn agree(stream: TcpStream, tls: Option<&TlsAcceptor>) -> io::Result<Option<Connection>> {
    let peer = stream.peer_addr()?;
    let mut first = [0];
    let is_direct = stream.peek(&mut first).await? > 0 && first[0] == HANDSHAKE;
    if is_direct {
        let Some(tls) = tls else { return Ok(None) };
        let stream = tls.accept(stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Ok(None);
        }
        return Ok(Some(begun(MaybeTls::Tls(Box::new(stream)), DefaultClient::new(peer, true))));
    }
    let mut plain = Framed::new(stream, PgWireMessageServerCodec::<Prepared>::new(DefaultClient::new(peer, false)));
    // the two requests may come once each, in any order
    for _ in 0..2 {
        match plain.next().await {
            Some(Ok(PgWireFrontendMessage::SslNegotiation(SslNegotiationMetaMessage::PostgresSsl(_)))) => match tls {
                Some(tls) => {
                    if !plain.read_buffer().is_empty() {
                        // it came before the handshake, so anybody may have sent it
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    plain.send(PgWireBackendMessage::SslResponse(SslResponse::Accept)).await?;
                    if !plain.read_buffer().is_empty() {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    let stream = tls.accept(plain.into_inner()).await?;
                    return Ok(Some(begun(MaybeTls::Tls(Box::new(stream)), DefaultClient::new(peer, true))));
                }
                None => plain.send(PgWireBackendMessage::SslResponse(SslResponse::Refuse)).await?,
            },
            Some(Ok(PgWireFrontendMessage::SslNegotiation(SslNegotiationMetaMessage::PostgresGss(_)))) => {
                plain.send(PgWireBackendMessage::GssEncResponse(GssEncResponse::Refuse)).await?;
            }
            Some(Ok(PgWireFrontendMessage::SslNegotiation(SslNegotiationMetaMessage::None))) => break,
            _ => return Ok(None),
        }
    }
    let old = plain.into_parts();
    let mut parts = FramedParts::new(MaybeTls::Plain(old.io), old.codec);
    parts.read_buf = old.read_buf;
    parts.write_buf = old.write_buf;
    let mut connection = Framed::from_parts(parts);
    connection.set_state(PgWireConnectionState::AwaitingStartup);
    Ok(Some(connection))
}

fn begun(stream: MaybeTls, client: DefaultClient<Prepared>) -> Connection {
    let mut connection = Framed::new(stream, PgWireMessageServerCodec::new(client));
    connection.set_state(PgWireConnectionState::AwaitingStartup);
    connection
}
