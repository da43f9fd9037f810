//! Findings as cards. The verdict is shown by shape, word and colour. Findings that are on target or cannot be judged
//! take a line instead of a card.

use super::markup::{Context, escape};
use crate::report::document::{Finding, Verdict};

/// More green and unknown findings than this are collapsed on a screen; paper shows all.
const FOLDED: usize = 6;

/// A count per verdict; then, in the order given, red and yellow findings, then green and unknown ones.
pub fn render(findings: &[Finding], context: &Context) -> String {
    if findings.is_empty() {
        return format!("<p class=\"none\">{}</p>\n", context.words.no_data());
    }
    let mut html = String::from("<ul class=\"tally\">\n");
    for verdict in [Verdict::Red, Verdict::Yellow, Verdict::Green, Verdict::Unknown] {
        let count = findings.iter().filter(|f| f.verdict == verdict).count();
        if count > 0 {
            let (class, icon, word) = (class(verdict), icon(verdict), context.words.verdict(verdict));
            html.push_str(&format!("<li class=\"{class}\">{icon}{word}: <b>{count}</b></li>\n"));
        }
    }
    html.push_str("</ul>\n");
    if context.folds {
        let head = context.words.all_findings();
        let all: Vec<&Finding> = findings.iter().collect();
        html.push_str(&format!("<details class=\"fold\">\n<summary>{head}: {}</summary>\n", findings.len()));
        html.push_str(&list(&all, context));
        html.push_str("</details>\n");
        return html;
    }
    let (pressing, quiet): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|f| pressing(f.verdict));
    html.push_str(&list(&pressing, context));
    match quiet.len() > FOLDED {
        true => {
            let head = context.words.quiet_findings();
            html.push_str(&format!("<details>\n<summary>{head}: {}</summary>\n", quiet.len()));
            html.push_str(&list(&quiet, context));
            html.push_str("</details>\n");
        }
        false => html.push_str(&list(&quiet, context)),
    }
    html
}

fn list(findings: &[&Finding], context: &Context) -> String {
    match findings.is_empty() {
        true => String::new(),
        false => {
            let cards: String = findings.iter().map(|f| card(f, context)).collect();
            format!("<ul class=\"findings\">\n{cards}</ul>\n")
        }
    }
}

/// Whether the finding needs action.
fn pressing(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Red | Verdict::Yellow)
}

fn card(finding: &Finding, context: &Context) -> String {
    let words = context.words;
    let size = if pressing(finding.verdict) { "full" } else { "brief" };
    let mut html = format!(
        "<li class=\"finding {} {size}\">\n<p class=\"verdict\">{}{}</p>\n<h3>{}{}</h3>\n<p class=\"value\">{}</p>\n",
        class(finding.verdict),
        icon(finding.verdict),
        words.verdict(finding.verdict),
        escape(&finding.title),
        context.mark(&finding.source),
        escape(&finding.value),
    );
    let told = [("change", words.change(), &finding.change), ("advice", words.advice(), &finding.advice)];
    let told: Vec<_> = told.into_iter().filter(|(_, _, text)| !text.is_empty()).collect();
    if !told.is_empty() {
        html.push_str("<dl>\n");
        for (class, head, text) in told {
            html.push_str(&format!("<div class=\"{class}\"><dt>{head}</dt><dd>{}</dd></div>\n", escape(text)));
        }
        html.push_str("</dl>\n");
    }
    html.push_str("</li>\n");
    html
}

pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Red => "red",
        Verdict::Yellow => "yellow",
        Verdict::Green => "green",
        Verdict::Unknown => "unknown",
    }
}

/// An octagon, a triangle, a disc and a ring: distinguishable without colour.
pub(super) fn icon(verdict: Verdict) -> String {
    let shape = match verdict {
        Verdict::Red => {
            "<path fill=\"currentColor\" d=\"M6 1h8l5 5v8l-5 5H6l-5-5V6z\"/>\
             <path stroke=\"#fff\" stroke-width=\"2.4\" stroke-linecap=\"round\" d=\"M10 5.5v5M10 14.3v.1\"/>"
        }
        Verdict::Yellow => {
            "<path fill=\"currentColor\" stroke=\"currentColor\" stroke-width=\"1.5\" stroke-linejoin=\"round\" d=\"M10 2l8.5 15.5h-17z\"/>\
             <path stroke=\"#fff\" stroke-width=\"2.2\" stroke-linecap=\"round\" d=\"M10 7.5v4.3M10 14.9v.1\"/>"
        }
        Verdict::Green => {
            "<circle fill=\"currentColor\" cx=\"10\" cy=\"10\" r=\"9\"/>\
             <path fill=\"none\" stroke=\"#fff\" stroke-width=\"2.2\" stroke-linecap=\"round\" d=\"M5.8 10.4l2.9 2.9 5.5-6\"/>"
        }
        Verdict::Unknown => {
            "<circle fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" stroke-dasharray=\"3 2.4\" cx=\"10\" cy=\"10\" r=\"8\"/>\
             <path stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\" d=\"M6.8 10h6.4\"/>"
        }
    };
    format!("<svg class=\"icon\" viewBox=\"0 0 20 20\" width=\"18\" height=\"18\" aria-hidden=\"true\">{shape}</svg>")
}
