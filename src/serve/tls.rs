//! TLS: an acceptor out of a certificate and its key. Whatever is wrong with them is an error, and the server does not start.

use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};
use x509_certificate::X509Certificate;

use super::ServeError;
use crate::model::lang::{Text, both};

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

/// The certificates of a file, the server's first; each is valid now.
fn certificates(file: &Path, now: DateTime<Utc>) -> Result<Vec<CertificateDer<'static>>, Text> {
    let text = read(file)?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| both!("это не PEM: {error}", "this is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err(both!(
            "в нём нет сертификата: нет строки `-----BEGIN CERTIFICATE-----`",
            "there is no certificate in it: no line is `-----BEGIN CERTIFICATE-----`"
        ));
    }
    for (certificate, number) in chain.iter().zip(1..) {
        let read = X509Certificate::from_der(certificate.as_ref()).map_err(|error| {
            both!(
                "сертификат {number} в нём не прочитать: {error}",
                "certificate {number} in it cannot be read: {error}"
            )
        })?;
        let (from, until) = (read.validity_not_before(), read.validity_not_after());
        if now < from {
            return Err(both!(
                "сертификат {number} в нём действует только с {from}",
                "certificate {number} in it is valid from {from} only"
            ));
        }
        if now > until {
            return Err(both!(
                "сертификат {number} в нём истёк {until}\n    получите новый и запустите сервер снова",
                "certificate {number} in it expired {until}\n    get a new one and start the server again"
            ));
        }
    }
    Ok(chain)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Text> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).map_err(|error| unreadable(&error))?.permissions().mode() & 0o777;
        // a group may have it: certificates are often got by another user than the server's
        if mode & 0o027 != 0 {
            return Err(both!(
                "ключ могут читать все, или менять другие (права {mode:03o})\n    chmod 640 {}",
                "everyone can read the key, or others change it (mode {mode:03o})\n    chmod 640 {}",
                file.display()
            ));
        }
    }
    PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|error| {
        both!("в нём нет закрытого ключа в PEM: {error}", "there is no private key in it, as PEM: {error}")
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Text> {
    std::fs::read(file).map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Text {
    match error.kind() {
        io::ErrorKind::NotFound => both!("такого файла нет", "there is no such file"),
        _ => both!("не прочитать: {error}", "cannot be read: {error}"),
    }
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
