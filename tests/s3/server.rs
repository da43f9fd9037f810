//! An S3 server for tests: objects in memory, conditional puts, ranges, listings in pages, deletion of many, uploads in parts. It can
//! be slow, fail, cut connections before or after it did what was asked, and die at a request.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The key that it accepts.
pub const KEY: &str = "AKIATEST";
pub const SECRET: &str = "very-secret-word";
/// The one bucket that there is.
pub const BUCKET: &str = "acme";

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Mood {
    /// Each answer comes so much later.
    pub latency: Duration,
    /// From this request on nothing is answered; the request itself is done before or not.
    pub dies_at: Option<(usize, bool)>,
    /// Each so many-th request fails with 500.
    pub fails_each: Option<usize>,
    /// Of each so many-th request the connection is cut, after it was done.
    pub cuts_each: Option<usize>,
    /// Whether nothing may be written.
    pub is_read_only: bool,
    /// Whether the conditions of puts are heeded.
    pub heeds_conditions: bool,
    /// How many keys a page of a listing has.
    pub page: usize,
}

impl Default for Mood {
    fn default() -> Mood {
        Mood {
            latency: Duration::ZERO,
            dies_at: None,
            fails_each: None,
            cuts_each: None,
            is_read_only: false,
            heeds_conditions: true,
            page: 1000,
        }
    }
}

#[derive(Default)]
struct State {
    objects: Mutex<BTreeMap<String, (Vec<u8>, String)>>,
    uploads: Mutex<BTreeMap<String, BTreeMap<usize, Vec<u8>>>>,
    mood: Mutex<Mood>,
    requests: AtomicUsize,
    /// Requests that wait for their answer now, and the most that ever did.
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
    bytes: AtomicUsize,
    log: Mutex<Vec<String>>,
    tags: AtomicUsize,
}

/// A running server. It ends with the test.
pub struct Server {
    state: Arc<State>,
    port: u16,
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Server {
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::new(State::default()));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                thread::spawn(move || state.serve(stream));
            }
        });
        Server { state, port }
    }

    /// What a program needs in its environment to come here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    /// Changes how it behaves, and counts requests anew.
    pub fn be(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
        self.state.requests.store(0, Ordering::SeqCst);
        self.state.most_waiting.store(0, Ordering::SeqCst);
        self.state.bytes.store(0, Ordering::SeqCst);
        self.state.log.lock().unwrap().clear();
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// How many requests waited for their answer at one moment, at most.
    pub fn most_at_once(&self) -> usize {
        self.state.most_waiting.load(Ordering::SeqCst)
    }

    /// The bytes of all bodies that were sent.
    pub fn bytes(&self) -> usize {
        self.state.bytes.load(Ordering::SeqCst)
    }

    /// The requests, as method and path.
    pub fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap().clone()
    }

    /// All keys.
    pub fn keys(&self) -> Vec<String> {
        self.state.objects.lock().unwrap().keys().cloned().collect()
    }

    /// The content of the bucket, to go back to it.
    pub fn content(&self) -> BTreeMap<String, (Vec<u8>, String)> {
        self.state.objects.lock().unwrap().clone()
    }

    pub fn restore(&self, content: BTreeMap<String, (Vec<u8>, String)>) {
        *self.state.objects.lock().unwrap() = content;
    }
}

impl State {
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while let Some(request) = read(&mut reader) {
            let mood = self.mood.lock().unwrap().clone();
            let number = self.requests.fetch_add(1, Ordering::SeqCst);
            self.log.lock().unwrap().push(format!("{} {}", request.method, request.path));
            let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_waiting.fetch_max(waiting, Ordering::SeqCst);
            thread::sleep(mood.latency);
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            if let Some((at, is_done)) = mood.dies_at.filter(|(at, _)| number >= *at) {
                if is_done && number == at {
                    self.answer(&request, &mood);
                }
                return;
            }
            let is_nth = |each: Option<usize>| each.is_some_and(|each| number % each == each - 1);
            let answer = match is_nth(mood.fails_each) {
                // a failure may come after the deed
                true if number.is_multiple_of(2) => {
                    self.answer(&request, &mood);
                    fault(500, "InternalError")
                }
                true => fault(500, "InternalError"),
                false => self.answer(&request, &mood),
            };
            if is_nth(mood.cuts_each) {
                return;
            }
            self.bytes.fetch_add(answer.body.len(), Ordering::SeqCst);
            if write(&mut stream, &answer, request.method == "HEAD").is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Request, mood: &Mood) -> Answer {
        let signed = request.headers.get("authorization").map(String::as_str).unwrap_or_default();
        if signed.is_empty() {
            return fault(403, "AccessDenied");
        }
        if !signed.contains(&format!("Credential={KEY}/")) {
            return fault(403, "InvalidAccessKeyId");
        }
        let (bucket, key) = request.path.trim_start_matches('/').split_once('/').unwrap_or((&request.path[1..], ""));
        if bucket != BUCKET {
            return fault(404, "NoSuchBucket");
        }
        let writes = request.method != "GET" && request.method != "HEAD";
        if writes && mood.is_read_only {
            return fault(403, "AccessDenied");
        }
        let has = |name: &str| request.query.contains_key(name);
        match request.method.as_str() {
            "GET" if has("list-type") => self.list(request, mood),
            "GET" | "HEAD" => self.get(key, request),
            "PUT" if has("uploadId") => self.part(request),
            "PUT" => self.put(key, request, mood),
            "DELETE" if has("uploadId") => {
                self.uploads.lock().unwrap().remove(&request.query["uploadId"]);
                plain(204, String::new())
            }
            "DELETE" => {
                self.objects.lock().unwrap().remove(key);
                plain(204, String::new())
            }
            "POST" if has("delete") => self.delete_many(request),
            "POST" if has("uploads") => {
                let id = format!("upload-{}", self.tags.fetch_add(1, Ordering::SeqCst));
                self.uploads.lock().unwrap().insert(id.clone(), BTreeMap::new());
                plain(
                    200,
                    format!(
                        "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                    ),
                )
            }
            "POST" if has("uploadId") => {
                let parts = self.uploads.lock().unwrap().remove(&request.query["uploadId"]);
                let Some(parts) = parts else { return fault(404, "NoSuchUpload") };
                let tag = self.store(key, parts.into_values().flatten().collect());
                plain(200, format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"))
            }
            _ => fault(501, "NotImplemented"),
        }
    }

    fn store(&self, key: &str, body: Vec<u8>) -> String {
        let tag = format!("\"tag-{}\"", self.tags.fetch_add(1, Ordering::SeqCst));
        self.objects.lock().unwrap().insert(key.to_owned(), (body, tag.clone()));
        tag
    }

    fn put(&self, key: &str, request: &Request, mood: &Mood) -> Answer {
        let tag = format!("\"tag-{}\"", self.tags.fetch_add(1, Ordering::SeqCst));
        let mut objects = self.objects.lock().unwrap();
        let known = objects.get(key).map(|(_, tag)| tag.clone());
        if mood.heeds_conditions {
            if request.headers.get("if-none-match").is_some_and(|any| any == "*") && known.is_some() {
                return fault(412, "PreconditionFailed");
            }
            match (request.headers.get("if-match"), &known) {
                (Some(_), None) => return fault(404, "NoSuchKey"),
                (Some(wanted), Some(known)) if wanted != known => return fault(412, "PreconditionFailed"),
                _ => {}
            }
        }
        objects.insert(key.to_owned(), (request.body.clone(), tag.clone()));
        Answer { status: 200, headers: vec![("ETag", tag)], body: Vec::new() }
    }

    fn part(&self, request: &Request) -> Answer {
        let number: usize = request.query["partNumber"].parse().unwrap();
        let mut uploads = self.uploads.lock().unwrap();
        let Some(parts) = uploads.get_mut(&request.query["uploadId"]) else { return fault(404, "NoSuchUpload") };
        parts.insert(number, request.body.clone());
        Answer { status: 200, headers: vec![("ETag", format!("\"part-{number}\""))], body: Vec::new() }
    }

    fn get(&self, key: &str, request: &Request) -> Answer {
        let Some((body, tag)) = self.objects.lock().unwrap().get(key).cloned() else { return fault(404, "NoSuchKey") };
        let modified = "Sat, 01 Nov 2025 00:00:00 GMT".to_owned();
        let mut headers = vec![("ETag", tag), ("Last-Modified", modified)];
        let range = request.headers.get("range").and_then(|range| range.strip_prefix("bytes="));
        let Some((begin, end)) = range.and_then(|range| range.split_once('-')) else {
            return Answer { status: 200, headers, body };
        };
        let (begin, end) = match (begin.parse::<usize>(), end.parse::<usize>()) {
            (Ok(begin), Ok(end)) => (begin, (end + 1).min(body.len())),
            (Ok(begin), Err(_)) => (begin, body.len()),
            (Err(_), Ok(last)) => (body.len().saturating_sub(last), body.len()),
            _ => return fault(416, "InvalidRange"),
        };
        headers.push(("Content-Range", format!("bytes {begin}-{}/{}", end - 1, body.len())));
        Answer { status: 206, headers, body: body[begin..end].to_vec() }
    }

    fn list(&self, request: &Request, mood: &Mood) -> Answer {
        let word = |name: &str| request.query.get(name).cloned().unwrap_or_default();
        let (prefix, delimiter) = (word("prefix"), word("delimiter"));
        let after = word("start-after").max(word("continuation-token"));
        let objects = self.objects.lock().unwrap();
        let (mut keys, mut folders, mut shown) = (String::new(), Vec::<String>::new(), 0);
        let (mut last, mut has_more) = (String::new(), false);
        for (key, (body, tag)) in objects.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix)) {
            let within = &key[prefix.len()..];
            let folder = within.split_once('/').filter(|_| delimiter == "/");
            let folder = folder.map(|(first, _)| format!("{prefix}{first}/"));
            let is_told =
                folder.as_ref().is_some_and(|folder| folders.last() == Some(folder) || after.starts_with(folder));
            if *key <= after || is_told {
                continue;
            }
            if shown == mood.page {
                has_more = true;
                break;
            }
            shown += 1;
            last = key.clone();
            match folder {
                Some(folder) => folders.push(folder),
                None => {
                    keys += &format!(
                        "<Contents><Key>{}</Key><LastModified>2025-11-01T00:00:00.000Z</LastModified><ETag>{}</ETag>\
                         <Size>{}</Size></Contents>",
                        escaped(key),
                        escaped(tag),
                        body.len()
                    );
                }
            }
        }
        let next = match has_more {
            true => format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(&last)),
            false => String::new(),
        };
        let folders: String = folders
            .iter()
            .map(|folder| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(folder)))
            .collect();
        plain(
            200,
            format!(
                "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{has_more}</IsTruncated>{next}{keys}{folders}</ListBucketResult>"
            ),
        )
    }

    fn delete_many(&self, request: &Request) -> Answer {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let mut deleted = String::new();
        for key in text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).map(|(key, _)| key) {
            self.objects.lock().unwrap().remove(&key.replace("&amp;", "&"));
            deleted += &format!("<Deleted><Key>{key}</Key></Deleted>");
        }
        plain(200, format!("<DeleteResult>{deleted}</DeleteResult>"))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn plain(status: u16, body: String) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into_bytes() }
}

fn fault(status: u16, code: &str) -> Answer {
    plain(status, format!("<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>"))
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap()
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        match header.trim_end().split_once(':') {
            Some((name, value)) => _ = headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(&value.replace('+', " ")))
    });
    Some(Request { method, path: decoded(path), query: query.collect(), headers, body })
}

fn write(stream: &mut TcpStream, answer: &Answer, is_head: bool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut bytes = (head + "\r\n").into_bytes();
    if !is_head {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes)
}
