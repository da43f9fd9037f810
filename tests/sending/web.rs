//! The endpoints of a company, of Telegram and of MAX, which fail as servers do: at random, by a seed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use super::chance::{Chance, LATE};

/// A request that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The path with its parameters.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Taken {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Closes as soon as somebody comes.
    Closes,
    /// Says 500 or 503.
    Fails(u16),
    /// Says 429, and to wait.
    TooMany,
    /// Takes it, and closes without an answer.
    TakesAndCloses,
    /// Takes it, and answers too late.
    TakesAndIsLate,
    /// Somebody between says 502.
    Gateway,
}

const FAULTS: [Fault; 7] = [
    Fault::Closes,
    Fault::Fails(500),
    Fault::Fails(503),
    Fault::TooMany,
    Fault::TakesAndCloses,
    Fault::TakesAndIsLate,
    Fault::Gateway,
];

/// The server.
#[derive(Clone)]
pub struct Web {
    pub port: u16,
    pub taken: Arc<Mutex<Vec<Taken>>>,
    pub is_calm: Arc<AtomicBool>,
    pub requests: Arc<AtomicUsize>,
    /// What it says of every request instead, with which status.
    pub always: Arc<Mutex<Option<(u16, String)>>>,
}

impl Web {
    pub fn new(seed: u64, is_calm: bool) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Web {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            is_calm: Arc::new(AtomicBool::new(is_calm)),
            requests: Arc::default(),
            always: Arc::default(),
        };
        let ours = server.clone();
        thread::spawn(move || {
            let mut chance = Chance::new(seed);
            for stream in listener.incoming().flatten() {
                let fails = !ours.is_calm.load(Ordering::SeqCst) && chance.one_in(3);
                let fault = if fails { FAULTS[chance.below(FAULTS.len())] } else { Fault::None };
                let server = ours.clone();
                thread::spawn(move || drop(server.talk(stream, fault)));
            }
        });
        server
    }

    pub fn all(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn talk(&self, stream: TcpStream, fault: Fault) -> std::io::Result<()> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if fault == Fault::Closes {
            return Ok(());
        }
        let mut out = stream.try_clone()?;
        let request = request(stream)?;
        let always = self.always.lock().unwrap().clone();
        if let Some((status, body)) = always {
            return answer(&mut out, status, &body);
        }
        match fault {
            Fault::Fails(status) => return answer(&mut out, status, "{\"ok\":false,\"description\":\"no\"}"),
            Fault::TooMany => {
                return answer(
                    &mut out,
                    429,
                    "{\"ok\":false,\"description\":\"slow\",\"parameters\":{\"retry_after\":0}}",
                );
            }
            _ => {}
        }
        let body = self.body(&request.path);
        self.taken.lock().unwrap().push(request);
        match fault {
            Fault::TakesAndCloses => return Ok(()),
            Fault::TakesAndIsLate => thread::sleep(LATE),
            Fault::Gateway => return answer(&mut out, 502, "bad gateway"),
            _ => {}
        }
        answer(&mut out, 200, &body)
    }

    /// What is answered to what went well.
    fn body(&self, path: &str) -> String {
        match path {
            path if path.starts_with("/uploads") => format!("{{\"url\":\"http://127.0.0.1:{}/put\"}}", self.port),
            "/put" => "{\"token\":\"uploaded\"}".to_owned(),
            _ => "{\"ok\":true,\"result\":{}}".to_owned(),
        }
    }
}

fn request(stream: TcpStream) -> std::io::Result<Taken> {
    let mut lines = BufReader::new(stream);
    let cut_off = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let mut first = String::new();
    lines.read_line(&mut first)?;
    if !first.ends_with('\n') {
        return Err(cut_off());
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(cut_off());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            lines.read_exact(&mut body)?;
        }
        None if headers.contains_key("transfer-encoding") => chunks(&mut lines, &mut body)?,
        None => {}
    }
    Ok(Taken { path, headers, body })
}

/// A body of pieces, each after its length.
fn chunks(lines: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut size = String::new();
        lines.read_line(&mut size)?;
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { return Ok(()) };
        let mut piece = vec![0; size + 2];
        lines.read_exact(&mut piece)?;
        if size == 0 {
            return Ok(());
        }
        body.extend_from_slice(&piece[..size]);
    }
}

fn answer(out: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    out.write_all(head.as_bytes())?;
    out.write_all(body.as_bytes())
}
