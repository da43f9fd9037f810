//! A scheduler and executors as processes of this machine, and the companies whose stores they read.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Ran, few_clients, voronka};

pub const AS_OF: &str = "2025-06-30";

/// A node, which ends with the test.
pub struct Node(Child);

impl Node {
    pub fn start(args: &[&str]) -> Node {
        Node::within(args, &[])
    }

    /// With this in its environment.
    pub fn within(args: &[&str], environment: &[(&str, String)]) -> Node {
        let child = Command::new(env!("CARGO_BIN_EXE_voronka"))
            .args(args)
            .env("RUST_MIN_STACK", "33554432")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Node(child)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A cluster of one scheduler and two executors.
pub struct Nodes {
    pub address: String,
    ports: [u16; 2],
    data: PathBuf,
    more: Vec<String>,
    executors: [Option<Node>; 2],
    _scheduler: Node,
}

impl Nodes {
    pub fn start(data: &Path) -> Nodes {
        Nodes::with(data, &[])
    }

    /// With these arguments for each node.
    pub fn with(data: &Path, more: &[&str]) -> Nodes {
        let address = format!("127.0.0.1:{}", free_port());
        let _scheduler = Node::start(&[&["cluster", "scheduler", "--listen", &address], more].concat());
        wait_for(&address);
        let (ports, executors) = ([free_port(), free_port()], [None, None]);
        let more = more.iter().map(ToString::to_string).collect();
        let mut nodes = Nodes { address, ports, data: data.to_owned(), more, executors, _scheduler };
        nodes.begin(0);
        nodes.begin(1);
        nodes
    }

    pub fn begin(&mut self, executor: usize) {
        let listen = format!("127.0.0.1:{}", self.ports[executor]);
        let data = self.data.to_string_lossy();
        let mut args = vec!["cluster", "executor", "--scheduler", &self.address, "--listen", &listen, "--data", &data];
        args.extend(["--tasks", "2", "--memory", "512MiB"]);
        args.extend(self.more.iter().map(String::as_str));
        self.executors[executor] = Some(Node::start(&args));
        wait_for(&listen);
    }

    pub fn kill(&mut self, executor: usize) {
        self.executors[executor] = None;
    }
}

/// A port that is free.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn wait_for(address: &str) {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody listens on {address}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A made-up company with its store.
pub struct Sample {
    pub dir: tempfile::TempDir,
}

impl Sample {
    /// The sample company.
    pub fn new() -> Sample {
        let dir = tempfile::tempdir().unwrap();
        voronka(dir.path(), &["demo", "--out", "company"]).ok();
        Sample { dir }
    }

    /// A company of few clients.
    pub fn small() -> Sample {
        let sample = Sample { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(sample.folder()).unwrap();
        few_clients(&sample.folder(), AS_OF);
        sample
    }

    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("company")
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        voronka(&self.folder(), args)
    }
}

/// Whether a command says that something was computed here.
pub fn is_local(told: &str) -> bool {
    told.contains("runs locally") || told.contains("считается здесь")
}
