//! TLS between the nodes of a cluster: each shows a certificate of the cluster's own authority, and answers nobody who has none.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use chrono::{DateTime, Utc};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};

use super::error::ClusterError;
use crate::certificates::{certificates, private_key};
use crate::model::lang::{Text, both};

/// The certificates of the authority whose nodes are believed.
const AUTHORITY: &str = "ca.pem";
/// The node's own certificate, and those between it and the authority.
const OWN: &str = "cert.pem";
/// The key of the node's own certificate.
const KEY: &str = "key.pem";

/// Whoever says nothing for so long after he has connected is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How Ballista has the ends of connections changed.
pub(super) type Secure =
    Arc<dyn Fn(Endpoint) -> Result<Endpoint, Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// The certificates of a node: what it shows, and whom it believes.
#[derive(Clone)]
pub struct Tls {
    folder: PathBuf,
    server: ServerTlsConfig,
    client: ClientTlsConfig,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.folder.display())
    }
}

impl Tls {
    /// Reads `ca.pem`, `cert.pem` and `key.pem` of a folder.
    ///
    /// # Errors
    /// One of them cannot be read, is not what its name says, is not valid now, or can be read by others; the key is of another certificate.
    pub fn read(folder: &Path, now: DateTime<Utc>) -> Result<Tls, ClusterError> {
        // of the libraries linked here several have ciphers, and tonic's servers ask which to take
        default_provider().install_default().ok();
        let wrong = |name: &str, what: Text| ClusterError::File { file: folder.join(name), what };
        for name in [AUTHORITY, OWN] {
            certificates(&folder.join(name), now).map_err(|what| wrong(name, what))?;
        }
        private_key(&folder.join(KEY)).map_err(|what| wrong(KEY, what))?;
        let text = |name: &str| {
            std::fs::read(folder.join(name))
                .map_err(|error| wrong(name, both!("не прочитать: {error}", "cannot be read: {error}")))
        };
        let (authority, own) = (Certificate::from_pem(text(AUTHORITY)?), Identity::from_pem(text(OWN)?, text(KEY)?));
        let tls = Tls {
            folder: folder.to_owned(),
            server: ServerTlsConfig::new().identity(own.clone()).client_ca_root(authority.clone()).timeout(HANDSHAKE),
            client: ClientTlsConfig::new().identity(own).ca_certificate(authority).timeout(HANDSHAKE),
        };
        Server::builder().tls_config(tls.server.clone()).map_err(|error| {
            let error = causes(&error);
            wrong(KEY, both!("не подходит к {OWN}: {error}", "it does not fit {OWN}: {error}"))
        })?;
        Ok(tls)
    }

    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, Box<dyn std::error::Error + Send + Sync>> {
        let uri = endpoint.uri().clone();
        // an executor's process names its scheduler without TLS, and nothing else can be told it
        let endpoint = match uri.scheme_str() {
            Some("https") => endpoint,
            _ => {
                let address = uri.authority().map(ToString::to_string).unwrap_or_default();
                create_grpc_client_endpoint(format!("https://{address}"), Some(&GrpcClientConfig::default()))?
            }
        };
        Ok(endpoint.tls_config(self.client.clone())?)
    }
}

/// What makes each end of a connection one of TLS; `None` where nodes talk in the open.
pub(super) fn secure(tls: Option<&Tls>) -> Option<Secure> {
    let tls = tls?.clone();
    Some(Arc::new(move |endpoint| tls.secured(endpoint)))
}

/// A server, which asks whoever connects for his certificate where the nodes have some.
pub(super) fn server(server: Server, tls: Option<&Tls>) -> Result<Server, tonic::transport::Error> {
    match tls {
        Some(tls) => server.tls_config(tls.server.clone()),
        None => Ok(server),
    }
}

/// The URL of an address.
pub(super) fn url(address: &str, tls: Option<&Tls>) -> String {
    let scheme = if tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// An error with its causes.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    all.collect::<Vec<_>>().join(": ")
}
