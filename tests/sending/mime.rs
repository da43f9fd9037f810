//! The parts of a letter, decoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A part of a letter.
#[derive(Debug)]
pub struct Part {
    pub head: String,
    pub body: Vec<u8>,
}

impl Part {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// The head of a letter, and all its parts that have content.
pub fn parts(eml: &str) -> (String, Vec<Part>) {
    let (head, _) = eml.split_once("\r\n\r\n").unwrap();
    let mut parts = Vec::new();
    for piece in eml.split("\r\n--voronka-").skip(1) {
        // the rest of the boundary's line, then the part
        let Some((_, piece)) = piece.split_once("\r\n") else { continue };
        let Some((head, body)) = piece.split_once("\r\n\r\n") else { continue };
        if head.contains("multipart/") || head.trim().is_empty() {
            continue;
        }
        let body = match encoding(head).as_str() {
            "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap(),
            "quoted-printable" => unquoted(body),
            _ => body.as_bytes().to_vec(),
        };
        parts.push(Part { head: head.to_owned(), body });
    }
    (head.to_owned(), parts)
}

fn encoding(head: &str) -> String {
    let lower = head.to_lowercase();
    let value = lower.split("content-transfer-encoding:").nth(1).unwrap_or_default();
    value.lines().next().unwrap_or_default().trim().to_owned()
}

fn unquoted(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let (bytes, mut out, mut at) = (joined.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1..at + 3)) {
            (b'=', Some(hex)) => {
                out.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The value of a header, its encoded words decoded.
pub fn header(head: &str, name: &str) -> String {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let line = unfolded.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default().to_owned();
    let mut out = String::new();
    for word in line.split(' ') {
        match word.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?=")) {
            Some(encoded) => out.push_str(&String::from_utf8_lossy(&STANDARD.decode(encoded).unwrap())),
            None => {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
            }
        }
    }
    out
}
