//! Certificates and keys, as PEM files have them. What is wrong with a file is said with the way out.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_certificate::X509Certificate;

use crate::model::lang::{Text, both};

/// The certificates of a file, the holder's own first; each is valid at that moment.
///
/// # Errors
/// The file cannot be read or has no certificate, or one of them is none or not valid.
pub fn certificates(file: &Path, now: DateTime<Utc>) -> Result<Vec<CertificateDer<'static>>, Text> {
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

/// The key of a file, which others than its owner and group cannot read.
///
/// # Errors
/// The file cannot be read or has no key, or others can read it.
pub fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Text> {
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
