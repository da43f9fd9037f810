use super::*;
use crate::model::lang::Lang;
use crate::report::document::{Action, Actions, Cell, Verdict};
use crate::report::render::sample;

fn made(doc: &Document, new: &[String]) -> Letter {
    letter(doc, Around { new, files: &["weekly.html".to_owned()], mark: "m@example.com" }).unwrap()
}

#[test]
fn a_letter_is_the_first_section_and_names_the_others() {
    for lang in [Lang::Ru, Lang::En] {
        let mut doc = sample::document(lang);
        // pictures take their time without optimisation: one is enough
        let charts = |block: &Block| matches!(block, Block::Chart(_));
        let first = doc.sections[0].blocks.iter().position(charts).unwrap();
        let mut at = 0;
        doc.sections[0].blocks.retain(|block| {
            at += 1;
            !charts(block) || at == first + 1
        });
        let letter = made(&doc, &["A: B".to_owned()]);
        let text = text(&letter.lines);
        for part in
            [&doc.title, &doc.sections[1].title, &doc.colophon[0], &"A: B".to_owned(), &"weekly.html".to_owned()]
        {
            assert!(text.contains(part.as_str()), "{part} in {text}");
        }
        assert_eq!(letter.pictures.len(), 1);
        for picture in &letter.pictures {
            assert!(letter.html.contains(&format!("src=\"cid:{}\"", picture.id)), "{}", picture.id);
            assert!(picture.png.starts_with(b"\x89PNG"));
        }
        for part in ["<script", "<svg", "<link", "http:", "https:", "<style"] {
            assert!(!letter.html.contains(part), "{part}");
        }
        assert!(letter.lines.iter().all(|line| !line.text.contains(['\n', '\r'])));
    }
}

#[test]
fn names_with_markup_stay_names_and_a_line_stays_a_line() {
    let mut doc = sample::document(Lang::En);
    let evil = "<img src=x onerror=alert(1)>\r\nBcc: a@b.c";
    let action = Action {
        verdict: Verdict::Red,
        title: evil.into(),
        money: Some((evil.into(), Cell::Money(10_000))),
        facts: vec![evil.into()],
        since: evil.into(),
        who: evil.into(),
        advice: evil.into(),
        list: Some(("none".into(), 3)),
        source: evil.into(),
    };
    let actions = Actions {
        items: vec![action],
        nothing: String::new(),
        more: evil.into(),
        improved: vec![evil.into()],
        unjudged: evil.into(),
    };
    doc.title = evil.into();
    doc.sections.truncate(1);
    doc.sections[0].blocks = vec![Block::Actions(actions), Block::Text(evil.into()), Block::Notice(evil.into())];
    let letter = made(&doc, &[evil.to_owned()]);
    assert!(!letter.html.contains("<img"), "{}", letter.html);
    assert!(letter.lines.iter().all(|line| !line.text.contains(['\n', '\r'])));
}

#[test]
fn a_first_section_that_says_nothing_brings_the_next() {
    let mut doc = sample::document(Lang::En);
    doc.sections[0].blocks = vec![Block::Notice("nothing".into())];
    doc.sections[1].blocks = vec![Block::Text("t".into())];
    doc.sections[2].blocks = vec![Block::Findings(Vec::new())];
    assert_eq!(front(&doc).0.len(), 3);
    let text = text(&made(&doc, &[]).lines);
    assert!(text.contains(&doc.sections[2].title) && text.contains(&doc.sections[3].title), "{text}");
    doc.sections.truncate(2);
    assert_eq!(front(&doc).0.len(), 1);
}
