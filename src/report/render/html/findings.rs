//! Findings as cards. The verdict is shown by shape, word and colour. Findings that are on target or cannot be judged
//! take a line instead of a card.

use maud::{Markup, PreEscaped, html};

use super::markup::Context;
use crate::report::document::{Finding, Verdict};

/// More green and unknown findings than this are collapsed on a screen; paper shows all.
const FOLDED: usize = 6;

/// A count per verdict; then, in the order given, red and yellow findings, then green and unknown ones.
pub fn render(findings: &[Finding], context: &Context) -> Markup {
    let words = context.words;
    if findings.is_empty() {
        return html! { p class="none" { (words.no_data()) } "\n" };
    }
    let count = |verdict| findings.iter().filter(|f| f.verdict == verdict).count();
    let (pressing, quiet): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|f| pressing(f.verdict));
    html! {
        ul class="tally" { "\n"
            @for verdict in [Verdict::Red, Verdict::Yellow, Verdict::Green, Verdict::Unknown] {
                @if count(verdict) > 0 {
                    li class=(class(verdict)) { (icon(verdict)) (words.verdict(verdict)) ": " b { (count(verdict)) } } "\n"
                }
            }
        } "\n"
        @if context.folds {
            details class="fold" { "\n"
                summary { (words.all_findings()) ": " (findings.len()) } "\n"
                (list(&findings.iter().collect::<Vec<_>>(), context))
            } "\n"
        } @else {
            (list(&pressing, context))
        }
        @if context.folds {
        } @else if quiet.len() > FOLDED {
            details { "\n"
                summary { (words.quiet_findings()) ": " (quiet.len()) } "\n"
                (list(&quiet, context))
            } "\n"
        } @else {
            (list(&quiet, context))
        }
    }
}

fn list(findings: &[&Finding], context: &Context) -> Markup {
    html! {
        @if !findings.is_empty() {
            ul class="findings" { "\n" @for finding in findings { (card(finding, context)) } } "\n"
        }
    }
}

/// Whether the finding needs action.
fn pressing(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Red | Verdict::Yellow)
}

fn card(finding: &Finding, context: &Context) -> Markup {
    let (words, verdict) = (context.words, finding.verdict);
    let size = if pressing(verdict) { "full" } else { "brief" };
    let told = [("change", words.change(), &finding.change), ("advice", words.advice(), &finding.advice)];
    let told: Vec<_> = told.into_iter().filter(|(_, _, text)| !text.is_empty()).collect();
    html! {
        li class={ "finding " (class(verdict)) " " (size) } { "\n"
            p class="verdict" { (icon(verdict)) (words.verdict(verdict)) } "\n"
            h3 { (finding.title) (context.mark(&finding.source)) } "\n"
            p class="value" { (finding.value) } "\n"
            @if !told.is_empty() {
                dl { "\n"
                    @for (class, head, text) in told {
                        div class=(class) { dt { (head) } dd { (text) } } "\n"
                    }
                } "\n"
            }
            @if !finding.list.is_empty() {
                p class="to-list" { (words.list()) ": " code { (finding.list) } } "\n"
            }
        } "\n"
    }
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
pub(super) fn icon(verdict: Verdict) -> Markup {
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
    html! {
        svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" { (PreEscaped(shape)) }
    }
}
