//! A mail server that takes letters, and fails as servers do: at random, by a seed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::chance::{Chance, LATE};

/// A letter that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub id: String,
    pub text: String,
}

/// What the server does on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Closes as soon as somebody comes.
    Closes,
    /// Says that it is busy.
    Busy,
    /// Answers the greeting too late.
    LateAtFirst,
    /// Takes no letter for this address now.
    LaterPlease,
    /// Closes within the letter.
    ClosesWithin,
    /// Reads the letter, and says that it did not take it.
    NotTaken,
    /// Takes the letter, and closes without an answer.
    TakesAndCloses,
    /// Takes the letter, and answers too late.
    TakesAndIsLate,
}

const FAULTS: [Fault; 8] = [
    Fault::Closes,
    Fault::Busy,
    Fault::LateAtFirst,
    Fault::LaterPlease,
    Fault::ClosesWithin,
    Fault::NotTaken,
    Fault::TakesAndCloses,
    Fault::TakesAndIsLate,
];

/// The server.
#[derive(Clone)]
pub struct Smtp {
    pub port: u16,
    pub taken: Arc<Mutex<Vec<Letter>>>,
    pub connections: Arc<AtomicUsize>,
    /// Whether it does not fail at all.
    pub is_calm: Arc<AtomicBool>,
    /// What it says of an address for good.
    pub refuses: Arc<Mutex<Option<(String, String)>>>,
    /// What it says of every login; `None`: welcome.
    pub login: Arc<Mutex<Option<String>>>,
}

impl Smtp {
    pub fn new(seed: u64, is_calm: bool) -> Smtp {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Smtp {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            connections: Arc::default(),
            is_calm: Arc::new(AtomicBool::new(is_calm)),
            refuses: Arc::default(),
            login: Arc::default(),
        };
        let ours = server.clone();
        thread::spawn(move || {
            let mut chance = Chance::new(seed);
            for stream in listener.incoming().flatten() {
                ours.connections.fetch_add(1, Ordering::SeqCst);
                let fails = !ours.is_calm.load(Ordering::SeqCst) && chance.one_in(3);
                let fault = if fails { FAULTS[chance.below(FAULTS.len())] } else { Fault::None };
                let server = ours.clone();
                // whoever hangs up ends its own thread
                thread::spawn(move || drop(server.talk(stream, fault)));
            }
        });
        server
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.taken.lock().unwrap().clone()
    }

    fn talk(&self, stream: TcpStream, fault: Fault) -> std::io::Result<()> {
        if fault == Fault::Closes {
            return Ok(());
        }
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream);
        if fault == Fault::Busy {
            return out.write_all(b"421 busy\r\n");
        }
        if fault == Fault::LateAtFirst {
            thread::sleep(LATE);
        }
        out.write_all(b"220 here\r\n")?;
        let mut to = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let command = line.trim().to_owned();
            let word = command.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            match word.as_str() {
                "EHLO" => out.write_all(b"250-here\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")?,
                "AUTH" => match self.login.lock().unwrap().clone() {
                    Some(refusal) => out.write_all(format!("535 {refusal}\r\n").as_bytes())?,
                    None => out.write_all(b"235 welcome\r\n")?,
                },
                "RCPT" => {
                    to = command.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    let refused = self.refuses.lock().unwrap().clone().filter(|(address, _)| *address == to);
                    match refused {
                        Some((_, why)) => out.write_all(format!("550 {why}\r\n").as_bytes())?,
                        None if fault == Fault::LaterPlease => out.write_all(b"451 later please\r\n")?,
                        None => out.write_all(b"250 ok\r\n")?,
                    }
                }
                "DATA" => {
                    out.write_all(b"354 go on\r\n")?;
                    let mut text = String::new();
                    loop {
                        let mut line = String::new();
                        if lines.read_line(&mut line)? == 0 || fault == Fault::ClosesWithin {
                            return Ok(());
                        }
                        if line == ".\r\n" {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').filter(|rest| rest.starts_with('.')).unwrap_or(&line));
                    }
                    if fault == Fault::NotTaken {
                        out.write_all(b"452 no room\r\n")?;
                        continue;
                    }
                    let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default();
                    self.taken.lock().unwrap().push(Letter { to: to.clone(), id: id.to_owned(), text });
                    match fault {
                        Fault::TakesAndCloses => return Ok(()),
                        Fault::TakesAndIsLate => thread::sleep(LATE),
                        _ => {}
                    }
                    out.write_all(b"250 taken\r\n")?;
                }
                "QUIT" => return out.write_all(b"221 bye\r\n"),
                _ => out.write_all(b"250 ok\r\n")?,
            }
        }
    }
}
