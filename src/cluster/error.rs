//! Why a cluster cannot be used, and the way out.

use std::net::SocketAddr;
use std::path::PathBuf;

use ballista_core::error::BallistaError;

use crate::model::lang::{Lang, Text};
use crate::store::StoreError;

/// What to look at where one side of a connection speaks TLS and the other does not, or believes another authority.
const CERTIFICATES: Both = Both {
    ru: "если узлы узнают друг друга по сертификатам, назовите свои: --tls ПАПКА исполнителя, --cluster-tls ПАПКА того, кто спрашивает",
    en: "where its nodes know each other by certificates, name yours: --tls DIR of an executor, --cluster-tls DIR of whoever asks",
};

struct Both {
    ru: &'static str,
    en: &'static str,
}

/// Why a cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// What was typed is no address.
    #[error("`{typed}` is no address\n    write HOST:PORT, such as 127.0.0.1:50050")]
    Address {
        /// What was typed.
        typed: String,
    },
    /// Nobody answers there.
    #[error(
        "no scheduler answers at {address}: {what}\n    start one there: voronka cluster scheduler --listen {address}\n    {}",
        CERTIFICATES.en
    )]
    Absent {
        /// The scheduler's address.
        address: String,
        /// What the system says.
        what: String,
    },
    /// Somebody answers who is no scheduler of ours.
    #[error(
        "at {address} answers what is no scheduler of Voronka: {what}\n    name the address of `voronka cluster scheduler`\n    {}",
        CERTIFICATES.en
    )]
    Stranger {
        /// The address.
        address: String,
        /// What it says.
        what: String,
    },
    /// The scheduler is of another build.
    #[error("the scheduler at {address} is another build: {}\n    install the same Voronka on all nodes", differs.en)]
    OtherBuild {
        /// The scheduler's address.
        address: String,
        /// In what the builds differ.
        differs: Text,
    },
    /// A file of the node's certificates is not as it must be.
    #[error("{}: {}", file.display(), what.en)]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and the way out.
        what: Text,
    },
    /// Nodes talk without encryption, and others could reach this address.
    #[error(
        "{address} can be reached from other machines, and without --tls nodes talk without encryption and ask nobody who he is\n    \
         give each node certificates (--tls DIR), or listen on 127.0.0.1, or in a network that is only yours (WireGuard, a VLAN): \
         then add --insecure-plaintext"
    )]
    Plaintext {
        /// The address that was to be listened on.
        address: SocketAddr,
    },
    /// The folder that an executor may read is not there.
    #[error("--data {}: {source}\n    name the folder that holds the stores, under the same path on all nodes", folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bucket that an executor may read cannot be read.
    #[error("--data: {0}")]
    Bucket(#[source] StoreError),
    /// The node could not begin, or ended.
    #[error("the node ended: {0}")]
    Node(#[source] BallistaError),
}

impl ClusterError {
    /// The message in a language; what libraries say is English.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            ClusterError::Address { typed } => {
                format!("`{typed}` — не адрес\n    пишите УЗЕЛ:ПОРТ, например 127.0.0.1:50050")
            }
            ClusterError::Absent { address, what } => format!(
                "по адресу {address} планировщик не отвечает: {what}\n    запустите его там: voronka cluster scheduler --listen {address}\n    {}",
                CERTIFICATES.ru
            ),
            ClusterError::Stranger { address, what } => format!(
                "по адресу {address} отвечает не планировщик Voronka: {what}\n    назовите адрес `voronka cluster scheduler`\n    {}",
                CERTIFICATES.ru
            ),
            ClusterError::OtherBuild { address, differs } => format!(
                "планировщик по адресу {address} — другой сборки: {}\n    установите одну и ту же Voronka на всех узлах",
                differs.ru
            ),
            ClusterError::File { file, what } => format!("{}: {}", file.display(), what.ru),
            ClusterError::Plaintext { address } => format!(
                "адрес {address} виден с других машин, а без --tls узлы говорят без шифрования и не спрашивают, кто их зовёт\n    \
                 дайте каждому узлу сертификаты (--tls ПАПКА), или слушайте 127.0.0.1, или сеть, которая только ваша (WireGuard, VLAN), \
                 и тогда добавьте --insecure-plaintext"
            ),
            ClusterError::Data { folder, source } => format!(
                "--data {}: {source}\n    назовите папку с хранилищами; её путь должен быть одним на всех узлах",
                folder.display()
            ),
            ClusterError::Bucket(source) => format!("--data: {}", source.text(lang)),
            ClusterError::Node(source) => format!("узел завершился: {source}"),
        }
    }
}
