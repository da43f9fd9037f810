//! Nodes that are killed, that may not read a store, that others could hear, and questions that fail.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use super::nodes::{AS_OF, Node, Nodes, Sample, free_port, is_local, wait_for};
use super::{asks, both, difference, with_stack};
use crate::s3::server::Server;
use crate::support::{Ran, voronka};
use voronka::metrics::Catalog;

#[test]
fn questions_that_fail_take_nobody_s_place() {
    let sample = Sample::small();
    let nodes = Nodes::start(&sample.folder());
    let asked = |sql: &str| sample.run(&["sql", sql, "--format", "csv", "--cluster", &nodes.address, "--parts", "3"]);
    let failing = "SELECT stage, sum(1 / (deal_id::bigint - deal_id::bigint)) AS n FROM deals GROUP BY stage";
    // more than there are tasks at once
    for _ in 0..10 {
        let ran = asked(failing);
        assert!(ran.code == 2 && ran.err.contains("DivideByZero"), "{} {}", ran.code, ran.err);
    }
    let sound = "SELECT stage, count(*) AS n FROM deals GROUP BY stage ORDER BY stage";
    assert_eq!(asked(sound).ok(), sample.run(&["sql", sound, "--format", "csv"]).ok());
}

#[test]
fn an_executor_killed_in_mid_query_gives_the_right_answer_or_an_error() {
    with_stack(|runtime| {
        let sample = Sample::new();
        let folder = sample.folder();
        let mut nodes = Nodes::start(&folder);
        let both = runtime.block_on(both(&folder, &nodes.address));
        let catalog = Catalog::shipped();
        let metric = catalog.get("response").unwrap();
        let ask = asks(metric).remove(0);
        let right = runtime.block_on(metric.run(&both.here, &ask)).unwrap();
        let (there, mut answers, mut errors) = (Arc::new(both.there), 0, Vec::new());
        let began = Instant::now();
        runtime.block_on(metric.run(&there, &ask)).unwrap();
        let takes = began.elapsed();
        for round in 0..6_u32 {
            let killed = (round % 2) as usize;
            let (session, asked, own) = (Arc::clone(&there), ask.clone(), metric.clone());
            let running = runtime.spawn(async move { own.run(&session, &asked).await });
            std::thread::sleep(takes * (round + 1) / 8);
            nodes.kill(killed);
            match runtime.block_on(running).unwrap() {
                Ok(answer) => {
                    assert_eq!(difference(&right.batch, &answer.batch), None, "round {round}");
                    answers += 1;
                }
                Err(error) => {
                    let error = error.to_string();
                    assert!(error.contains(&nodes.address), "round {round}: {error}");
                    errors.push(error);
                }
            }
            nodes.begin(killed);
        }
        assert!(answers > 0, "{errors:?}");
        // and the cluster is as it was
        let answer = runtime.block_on(metric.run(&there, &ask)).unwrap();
        assert_eq!(difference(&right.batch, &answer.batch), None);
    });
}

#[test]
fn a_store_in_a_bucket_is_read_by_executors_with_keys_of_their_own() {
    const STORE: &str = "s3://acme/о нас/store";
    let (sample, server) = (Sample::small(), Server::start());
    let folder = sample.folder();
    // as the one who asks has them; the test itself has none, and the scheduler gets none
    let asked = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
        command.args(args).current_dir(&folder).env("VORONKA_LANG", "en").env("NO_COLOR", "1");
        command.env("XDG_CACHE_HOME", sample.dir.path().join("cache")).envs(server.environment());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    };
    let ingest = ["ingest", "--mapping", "mapping.toml", "deals.csv", "events_2025.csv", "clients.csv", "staff.csv"];
    asked(&[&ingest[..], &["--store", STORE]].concat()).ok();

    let address = format!("127.0.0.1:{}", free_port());
    let _scheduler = Node::start(&["cluster", "scheduler", "--listen", &address]);
    wait_for(&address);
    let executor = |data: &str, environment: &[(&str, String)]| {
        let listen = format!("127.0.0.1:{}", free_port());
        let args =
            ["cluster", "executor", "--scheduler", &address, "--listen", &listen, "--data", data, "--tasks", "2"];
        let node = Node::within(&[&args[..], &["--memory", "256MiB"]].concat(), environment);
        wait_for(&listen);
        node
    };
    let with_keys = server.environment();
    let question = ["query", "lead_quality", "--by", "source", "--as-of", AS_OF, "--format", "csv", "--fresh"];
    let there = [&question[..], &["--store", STORE, "--cluster", &address]].concat();

    // an executor that may read something else of the same bucket
    let elsewhere = executor("s3://acme/other", &with_keys);
    let refused = asked(&there);
    assert!(refused.code == 2 && refused.err.contains("not within --data"), "{} {}", refused.code, refused.err);
    drop(elsewhere);

    let executors = [executor("s3://acme/о нас", &with_keys), executor("s3://acme/о нас/store", &with_keys)];
    let before = server.requests();
    let (here, there) = (asked(&[&question[..], &["--store", STORE]].concat()), asked(&there));
    assert!(!is_local(&there.err), "{}", there.err);
    assert_eq!(here.ok(), there.ok());
    assert!(server.requests() > before, "nobody read the bucket");
    drop(executors);

    // without keys, or with wrong ones, an executor does not begin
    let wrong = with_keys.iter().map(|(name, value)| match *name {
        "AWS_ACCESS_KEY_ID" => (*name, "AKIANOBODY".to_owned()),
        name => (name, value.clone()),
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
    command.args(["cluster", "executor", "--scheduler", &address, "--data", STORE, "--lang", "en"]);
    let output = command.envs(wrong).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && told.contains("AWS_ACCESS_KEY_ID"), "{told}");
    assert!(!told.contains("AKIANOBODY"), "{told}");
}

#[test]
fn a_node_that_others_could_hear_and_a_scheduler_that_is_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (lang, told) in [("en", "--insecure-plaintext"), ("ru", "без шифрования")] {
        let ran = voronka(dir.path(), &["cluster", "scheduler", "--listen", "0.0.0.0:0", "--lang", lang]);
        assert!(ran.code == 2 && ran.err.contains(told), "{}", ran.err);
    }
    let nobody = format!("127.0.0.1:{}", free_port());
    let args = ["cluster", "executor", "--scheduler", &nobody, "--data", ".", "--lang", "en"];
    let ran = voronka(dir.path(), &args);
    assert!(ran.code == 2 && ran.err.contains(&format!("no scheduler answers at {nobody}")), "{}", ran.err);
}

/// An authority of certificates, which signs those of nodes.
struct Authority {
    pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: rcgen::Issuer::new(params, key) }
    }

    /// Puts what a node of this name needs into a folder.
    fn equip(&self, folder: &Path, name: &str) -> String {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = rcgen::KeyPair::generate().unwrap();
        let own = params.signed_by(&key, &self.issuer).unwrap().pem();
        fs::create_dir_all(folder).unwrap();
        put(folder, "ca.pem", &self.pem);
        put(folder, "cert.pem", &own);
        put(folder, "key.pem", &key.serialize_pem());
        folder.to_string_lossy().into_owned()
    }
}

/// Writes a file that its owner alone can read.
fn put(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn nodes_with_certificates_answer_nobody_who_has_none_of_their_authority() {
    let sample = Sample::small();
    let (ours, others) = (Authority::new(), Authority::new());
    let equip =
        |authority: &Authority, folder: &str, name: &str| authority.equip(&sample.dir.path().join(folder), name);
    let node = equip(&ours, "node", "127.0.0.1");
    let stranger = equip(&others, "stranger", "127.0.0.1");
    let nodes = Nodes::with(&sample.folder(), &["--tls", &node]);

    let question = ["query", "lead_quality", "--by", "source", "--as-of", AS_OF, "--format", "csv", "--fresh"];
    let asked = |more: &[&str]| {
        sample.run(&[&question[..], &["--cluster", &nodes.address, "--parts", "3", "--timeout", "60s"], more].concat())
    };
    let there = asked(&["--cluster-tls", &node]);
    assert!(!is_local(&there.err), "{}", there.err);
    assert_eq!(there.ok(), sample.run(&question).ok());
    for more in [&[][..], &["--cluster-tls", &stranger]] {
        let refused = asked(more);
        assert!(refused.code == 2 && refused.out.is_empty(), "{more:?} {} {}", refused.code, refused.err);
        assert!(refused.err.contains(&nodes.address) && refused.err.contains("--cluster-tls"), "{}", refused.err);
    }

    // an executor of others is none of this scheduler, and this scheduler none of theirs
    let data = sample.folder().to_string_lossy().into_owned();
    let executor = |tls: &[&str]| {
        let args = ["cluster", "executor", "--scheduler", &nodes.address, "--data", &data, "--lang", "en"];
        sample.run(&[&args[..], tls].concat())
    };
    for tls in [&[][..], &["--tls", &stranger]] {
        let refused = executor(tls);
        assert!(refused.code == 2 && refused.err.contains("--tls DIR"), "{tls:?} {}", refused.err);
    }
    // one that is not where its certificate says: whoever asks does not believe it
    let moved = equip(&ours, "moved", "10.9.9.9");
    let scheduler = format!("127.0.0.1:{}", free_port());
    let _moved = Node::start(&["cluster", "scheduler", "--listen", &scheduler, "--tls", &moved]);
    wait_for(&scheduler);
    let args = ["sql", "SELECT 1", "--cluster", &scheduler, "--cluster-tls", &node];
    let refused = sample.run(&args);
    assert!(refused.code == 2 && refused.err.contains("not valid for name"), "{}", refused.err);

    // files that are not as they must be
    let folder = sample.dir.path().join("node");
    let key = fs::read_to_string(folder.join("key.pem")).unwrap();
    let other = fs::read_to_string(sample.dir.path().join("stranger/key.pem")).unwrap();
    put(&folder, "key.pem", &other);
    let wrong = executor(&["--tls", &node]);
    assert!(wrong.code == 2 && wrong.err.contains("key.pem: it does not fit cert.pem"), "{}", wrong.err);
    put(&folder, "key.pem", &key);
    put(&folder, "ca.pem", "nothing");
    let wrong = executor(&["--tls", &node]);
    assert!(wrong.code == 2 && wrong.err.contains("ca.pem: there is no certificate in it"), "{}", wrong.err);
    fs::remove_file(folder.join("ca.pem")).unwrap();
    let wrong = executor(&["--tls", &node]);
    assert!(wrong.code == 2 && wrong.err.contains("ca.pem: there is no such file"), "{}", wrong.err);
}
