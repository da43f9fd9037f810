//! What to do first: a numbered list of what, how much, since when, with whom and what to do; then what got better and what could not
//! be judged.

use super::findings::{class, icon};
use super::markup::{Context, escape};
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions};

/// The list as markup.
pub fn render(actions: &Actions, context: &Context) -> String {
    let words = context.words;
    let mut html = format!("<h3 class=\"do\">{}</h3>\n", words.to_do());
    match actions.items.is_empty() {
        true => html.push_str(&format!("<p class=\"none\">{}</p>\n", escape(&actions.nothing))),
        false => {
            let items: String = actions.items.iter().map(|action| item(action, context)).collect();
            html.push_str(&format!("<ol class=\"actions\">\n{items}</ol>\n"));
        }
    }
    if !actions.more.is_empty() {
        html.push_str(&format!("<p class=\"more\">{}</p>\n", escape(&actions.more)));
    }
    if !actions.improved.is_empty() {
        let lines: String = actions.improved.iter().map(|line| format!("<li>{}</li>\n", escape(line))).collect();
        html.push_str(&format!("<h3 class=\"do\">{}</h3>\n<ul class=\"improved\">\n{lines}</ul>\n", words.improved()));
    }
    if !actions.unjudged.is_empty() {
        html.push_str(&format!("<p class=\"unjudged\">{}</p>\n", escape(&actions.unjudged)));
    }
    html
}

fn item(action: &Action, context: &Context) -> String {
    let (class, icon) = (class(action.verdict), icon(action.verdict));
    let verdict = context.words.verdict(action.verdict);
    let mut html = format!("<li class=\"action {class}\">\n<div class=\"head\"><h4>{icon}{}", escape(&action.title));
    html.push_str(&format!("<span class=\"verdict\">{verdict}</span></h4>"));
    if let Some((label, money)) = &action.money {
        let amount = context.numbers.figure(money, Unit::Money);
        html.push_str(&format!("<p class=\"money\"><span>{}</span> <b>{}</b></p>", escape(label), escape(&amount)));
    }
    html.push_str("</div>\n");
    let facts: Vec<&str> =
        action.facts.iter().map(String::as_str).chain([action.since.as_str(), &action.who]).collect();
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).map(escape).collect();
    html.push_str(&format!("<p class=\"facts\">{}{}</p>\n", facts.join(" "), context.mark(&action.source)));
    if !action.advice.is_empty() {
        html.push_str(&format!("<p class=\"advice\">{}</p>\n", escape(&action.advice)));
    }
    html.push_str("</li>\n");
    html
}
