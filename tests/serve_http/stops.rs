//! SIGTERM: whoever is being answered gets the answer, and what does not end is cut off in time.

use std::process::Command;
use std::time::{Duration, Instant};

use super::server::{COMPANY, Server};

/// Those who are being answered have so long; `docs/guide/serve.en.md` says so.
const PATIENCE: Duration = Duration::from_secs(10);

fn terminate(server: &Server) {
    let mut kill = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).spawn().unwrap();
    kill.wait().unwrap();
}

/// How long it takes until the process is gone, in good order.
fn ended(server: &mut Server) -> Duration {
    let began = Instant::now();
    let code = loop {
        match server.child.try_wait().unwrap() {
            Some(code) => break code,
            None if began.elapsed() > Duration::from_secs(60) => panic!("the server does not end"),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(code.success(), "a stop is no fault: {code}");
    began.elapsed()
}

#[test]
fn who_is_being_answered_gets_the_answer_and_then_it_ends() {
    let mut server = Server::start(&COMPANY.at, &[]);
    let address = server.address;
    let asked = std::thread::spawn(move || {
        let server = Asked(address);
        server.get("/metrics/adherence/csv?from=2024-01-01&to=2025-06-29&by=manager&by=branch")
    });
    // the question is under way
    std::thread::sleep(Duration::from_millis(100));
    terminate(&server);
    let took = ended(&mut server);
    let answer = asked.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.lines().count() > 20, "{answer}");
    assert!(took < PATIENCE, "{took:?}");
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// Asks without the server's own handle, which is wanted elsewhere.
struct Asked(std::net::SocketAddr);

impl Asked {
    fn get(&self, path: &str) -> String {
        use std::io::{Read as _, Write as _};

        let mut stream = std::net::TcpStream::connect(self.0).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[test]
fn what_does_not_end_is_cut_off() {
    let mut server = Server::start(&COMPANY.at, &["--pg", "127.0.0.1:0", "--statement-timeout", "10m"]);
    let (address, pg) = (server.address, server.pg.unwrap());
    // one door computes for ever, the other makes a large report
    let endless: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(move || {
                tokio::runtime::Runtime::new().unwrap().block_on(async move {
                    let config = format!("host=127.0.0.1 port={} user=voronka dbname=voronka", pg.port());
                    let (client, connection) = tokio_postgres::connect(&config, tokio_postgres::NoTls).await.unwrap();
                    tokio::spawn(connection);
                    client.simple_query("SELECT count(*) FROM generate_series(1, 1000000000000)").await
                })
            })
        })
        .collect();
    let report = std::thread::spawn(move || Asked(address).get("/reports/weekly/xlsx"));
    std::thread::sleep(Duration::from_secs(1));
    terminate(&server);
    let took = ended(&mut server);
    assert!(took < PATIENCE + Duration::from_secs(5), "{took:?}");
    for one in endless {
        assert!(one.join().unwrap().is_err(), "a count that was cut off came as an answer");
    }
    drop(report.join());
    // a second signal does not wait
    let mut server = Server::start(&COMPANY.at, &["--statement-timeout", "10m"]);
    let address = server.address;
    let report = std::thread::spawn(move || Asked(address).get("/reports/weekly/xlsx"));
    std::thread::sleep(Duration::from_millis(500));
    terminate(&server);
    std::thread::sleep(Duration::from_millis(200));
    terminate(&server);
    let took = ended(&mut server);
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(report.join());
}
