//! A report as JSON, posted to an address of the company's own.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use url::Url;

use super::begin::Begin;
use super::due::Errand;
use super::http::{Web, ask, judged, words};
use super::message::Message;
use super::outcome::Outcome;
use super::secret::Secret;
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions, Block, Cell, Finding, Tile, Verdict};
use crate::report::render::letter::{front, text};

/// The header by which the receiver knows a repeat.
const IDEMPOTENCY: &str = "Idempotency-Key";

/// The body.
pub(super) fn body(errand: &Errand<'_>, message: &Message) -> Value {
    let (doc, package) = (&message.package.document, &message.package);
    let blocks = || front(doc).0.iter().flat_map(|section| &section.blocks);
    let tiles = blocks().filter_map(|block| if let Block::Tiles(tiles) = block { Some(tiles) } else { None });
    let actions =
        blocks().filter_map(|block| if let Block::Actions(Actions { items, .. }) = block { Some(items) } else { None });
    let findings =
        blocks().filter_map(|block| if let Block::Findings(findings) = block { Some(findings) } else { None });
    let file = |file: &super::package::Attached| json!({ "name": file.name, "type": file.mime, "base64": STANDARD.encode(&file.bytes) });
    json!({
        "id": errand.key,
        "report": doc.name,
        "recipient": errand.recipient.name,
        "title": doc.title,
        "subtitle": doc.subtitle,
        "company": doc.company,
        "subject": message.subject,
        "language": doc.lang.pick("ru", "en"),
        "currency": doc.currency,
        "period": { "from": errand.from, "to": errand.to },
        "as_of": doc.as_of,
        "rows": errand.recipient.only.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "store_version": package.version,
        "new": message.new,
        "red": doc.red.iter().map(|red| red.title.as_str()).collect::<Vec<_>>(),
        "figures": tiles.flatten().map(figure).collect::<Vec<_>>(),
        "actions": actions.flatten().map(action).collect::<Vec<_>>(),
        "findings": findings.flatten().map(finding).collect::<Vec<_>>(),
        "text": text(&message.letter.lines),
        "files": package.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn figure(tile: &Tile) -> Value {
    json!({ "label": tile.label, "value": cell(&tile.value), "unit": unit(tile.unit), "notes": tile.notes })
}

fn action(action: &Action) -> Value {
    json!({
        "verdict": verdict(action.verdict),
        "title": action.title,
        "money": action.money.as_ref().map(|(label, money)| json!({ "label": label, "value": cell(money) })),
        "facts": action.facts,
        "since": action.since,
        "who": action.who,
        "advice": action.advice,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "verdict": verdict(finding.verdict),
        "title": finding.title,
        "value": finding.value,
        "change": finding.change,
        "advice": finding.advice,
    })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Red => "red",
        Verdict::Yellow => "yellow",
        Verdict::Green => "green",
        Verdict::Unknown => "unknown",
    }
}

fn unit(unit: Unit) -> String {
    format!("{unit:?}").to_lowercase()
}

/// A value for programs: money as text, to the last digit; what is not known is null.
fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Count(count) => json!(count),
        Cell::Money(money) => {
            let sign = if *money < 0 { "-" } else { "" };
            let size = money.unsigned_abs();
            json!(format!("{sign}{}.{:04}", size / 10_000, size % 10_000))
        }
        Cell::Number(value) => json!(value),
        Cell::Interval { value, low, high } => json!({ "value": value, "low": low, "high": high }),
        Cell::Bounds { least, most } => json!({ "least": least, "most": most }),
        Cell::Date(day) => json!(day),
    }
}

/// Posts it.
pub(super) async fn deliver(
    web: &Web,
    url: Url,
    token: Option<&Secret>,
    key: &str,
    (body, limit): (Vec<u8>, Duration),
    begin: Begin,
) -> Outcome {
    let mut request = web.call(Method::POST, url).header(CONTENT_TYPE, "application/json").header(IDEMPOTENCY, key);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
    }
    if let Err(why) = begin() {
        return Outcome::Failed { why, wait: None };
    }
    match ask(request.timeout(limit).body(body)).await {
        Ok(answer) => judged(answer.status, answer.wait, &words(&answer.body)),
        Err(outcome) => outcome,
    }
}
