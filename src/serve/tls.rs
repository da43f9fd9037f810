//! TLS: an acceptor out of a certificate and its key. Whatever is wrong with them is an error, and the server does not start.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

use super::ServeError;
use crate::certificates::{certificates, private_key};
use crate::model::lang::both;

/// The acceptor of these files, PEM both. `alpn`: the protocols to offer, such as `b"http/1.1"`; PostgreSQL's is `b"postgresql"`.
///
/// # Errors
/// A file cannot be read, or others can read the key; a certificate is none, is not valid now, or is of another key.
pub fn acceptor(cert: &Path, key: &Path, alpn: &[&[u8]], now: DateTime<Utc>) -> Result<TlsAcceptor, ServeError> {
    let chain = certificates(cert, now).map_err(|what| ServeError::File { file: cert.to_owned(), what })?;
    let of_key = |what| ServeError::File { file: key.to_owned(), what };
    let private = private_key(key).map_err(of_key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => of_key(both!(
            "это ключ не того сертификата, что в {}",
            "this is not the key of the certificate in {}",
            cert.display()
        )),
        error => of_key(both!(
            "с сертификатом {} ключ не подходит для TLS: {error}",
            "the key will not do for TLS with the certificate {}: {error}",
            cert.display()
        )),
    })?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn whatever_is_wrong_with_the_files_is_said_and_nothing_starts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str, mode: u32| -> PathBuf {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            file
        };
        let made = |from: i32, until: i32| {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(until, 1, 1));
            let key = rcgen::KeyPair::generate().unwrap();
            (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
        };
        let (good, other, old, young) = (made(2020, 2090), made(2020, 2090), made(2020, 2021), made(2080, 2090));
        let now = DateTime::parse_from_rfc3339("2026-11-29T12:00:00Z").unwrap().to_utc();
        let (cert, key) = (put("cert.pem", &good.0, 0o644), put("key.pem", &good.1, 0o600));
        let refused = |cert: &Path, key: &Path| match acceptor(cert, key, &[b"http/1.1"], now) {
            Ok(_) => panic!("it starts with {} and {}", cert.display(), key.display()),
            Err(error) => error.to_string(),
        };
        assert!(acceptor(&cert, &key, &[b"postgresql"], now).is_ok());
        let cases = [
            (folder.path().join("none.pem"), key.clone(), "none.pem: there is no such file"),
            (cert.clone(), folder.path().join("none.pem"), "none.pem: there is no such file"),
            (cert.clone(), put("other.pem", &other.1, 0o600), "not the key of the certificate"),
            (put("old.pem", &old.0, 0o644), key.clone(), "certificate 1 in it expired 2021-01-01"),
            (put("young.pem", &young.0, 0o644), key.clone(), "valid from 2080-01-01"),
            (put("chain.pem", &format!("{}{}", good.0, old.0), 0o644), key.clone(), "certificate 2 in it expired"),
            (put("empty.pem", "", 0o644), key.clone(), "empty.pem: there is no certificate in it"),
            (key.clone(), key.clone(), "key.pem: there is no certificate in it"),
            (cert.clone(), cert.clone(), "everyone can read the key"),
            (cert.clone(), put("cert2.pem", &good.0, 0o600), "cert2.pem: there is no private key"),
            (put("cut.pem", &good.0[..good.0.len() - 60], 0o644), key.clone(), "cut.pem: this is no PEM"),
            (cert.clone(), put("cut-key.pem", &good.1[..60], 0o600), "cut-key.pem: there is no private key"),
            (cert.clone(), put("open.pem", &good.1, 0o644), "mode 644"),
        ];
        for (cert, key, says) in cases {
            let said = refused(&cert, &key);
            assert!(said.contains(says), "{said}");
        }
        let mut broken = good.0.clone();
        let middle = broken.len() / 2;
        let letter = if &broken[middle..=middle] == "A" { "B" } else { "A" };
        broken.replace_range(middle..=middle, letter);
        assert!(acceptor(&put("broken.pem", &broken, 0o644), &key, &[], now).is_err());
    }
}
