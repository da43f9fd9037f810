//! What to do first: a numbered list of what, how much, since when, with whom and what to do; then what got better and what could not
//! be judged.

use maud::{Markup, html};

use super::findings::{class, icon};
use super::markup::{Context, figure};
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions};

/// The list as markup.
pub fn render(actions: &Actions, context: &Context) -> Markup {
    let words = context.words;
    html! {
        h3 class="do" { (words.to_do()) } "\n"
        @if actions.items.is_empty() {
            p class="none" { (actions.nothing) } "\n"
        } @else {
            ol class="actions" { "\n" @for action in &actions.items { (item(action, context)) } } "\n"
        }
        @if !actions.more.is_empty() { p class="more" { (actions.more) } "\n" }
        @if !actions.improved.is_empty() {
            h3 class="do" { (words.improved()) } "\n"
            ul class="improved" { "\n" @for line in &actions.improved { li { (line) } "\n" } } "\n"
        }
        @if !actions.unjudged.is_empty() { p class="unjudged" { (actions.unjudged) } "\n" }
    }
}

fn item(action: &Action, context: &Context) -> Markup {
    let facts = action.facts.iter().chain([&action.since, &action.who]).map(String::as_str);
    let facts: Vec<&str> = facts.filter(|fact| !fact.is_empty()).collect();
    html! {
        li class={ "action " (class(action.verdict)) } { "\n"
            div class="head" {
                h4 {
                    (icon(action.verdict)) (action.title)
                    span class="verdict" { (context.words.verdict(action.verdict)) }
                }
                @if let Some((label, money)) = &action.money {
                    p class="money" { span { (label) } " " b { (figure(money, Unit::Money, &context.numbers)) } }
                }
            } "\n"
            p class="facts" { (facts.join(" ")) (context.mark(&action.source)) } "\n"
            @if !action.advice.is_empty() { p class="advice" { (action.advice) } "\n" }
            @if let Some((id, total)) = &action.list {
                p class="to-list" { a href={ "#table-" (id) } { (context.words.list()) ": " (context.words.rows(*total)) } } "\n"
            }
        } "\n"
    }
}
