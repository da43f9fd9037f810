use std::io::Read as _;

use super::*;
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::document::{Block, Cell, Column, Section, Table};
use crate::report::render::sample;

/// A document of one section with these blocks.
fn document(blocks: Vec<Block>) -> Document {
    let mut doc = sample::document(Lang::Ru);
    doc.sections = vec![Section { id: "one".into(), title: "Раздел".into(), blocks }];
    doc
}

fn table(rows: usize, columns: usize, text: impl Fn(usize, usize) -> String) -> Block {
    let column = |at: usize| Column { name: format!("c{at}"), title: format!("Столбец {at}"), unit: Unit::Text };
    Block::Table(Table {
        id: "t".into(),
        title: "Таблица".into(),
        columns: (0..columns).map(column).collect(),
        rows: (0..rows).map(|row| (0..columns).map(|at| Cell::Text(text(row, at))).collect()).collect(),
        source: "metric, 2025".into(),
    })
}

/// What the pages show, line by line, read back by what their glyphs say.
fn read(doc: &Document) -> Vec<String> {
    let fonts = Fonts::open().unwrap();
    let words = Words(doc.lang);
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let context = Context { doc, numbers, words, sources: RefCell::default() };
    let (mut flow, mut folded) = (Flow::new(&fonts), Vec::new());
    for section in &doc.sections {
        blocks::section(&mut flow, section, &context, &mut folded);
    }
    notes::appendix(&mut flow, &folded, &context);
    notes::end(&mut flow, &context);
    flow.finish("title", |number, count| words.page_of(number, count));
    let said: Vec<Vec<(u16, char)>> =
        flow.sheets.used.iter().map(|used| used.letters.iter().map(|(at, _, says)| (*at, *says)).collect()).collect();
    flow.sheets.pages.iter().map(|page| shown(page.content.as_bytes(), &said)).collect()
}

/// The texts of a page's operators.
fn shown(content: &[u8], said: &[Vec<(u16, char)>]) -> String {
    let (mut text, mut font, mut at) = (String::new(), 0, 0);
    while at < content.len() {
        let rest = &content[at..];
        if rest.starts_with(b"/F") {
            font = usize::from(rest[2] - b'0');
        }
        // texts of glyph numbers alone; what replaces them begins with a byte order mark
        if let Some((bytes, length)) = string(rest) {
            if content[at + length..].trim_ascii_start().starts_with(b"Tj") {
                for code in bytes.chunks_exact(2) {
                    let code = u16::from_be_bytes([code[0], code[1]]);
                    text.extend(said[font].iter().find(|(known, _)| *known == code).map(|(_, says)| *says));
                }
                text.push('\n');
            }
            at += length;
        } else {
            at += 1;
        }
    }
    text
}

/// A string at the beginning of `bytes`, and its length in the file.
fn string(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    match bytes {
        [b'<', next, ..] if *next != b'<' => {
            let end = bytes.iter().position(|byte| *byte == b'>')?;
            let digits = std::str::from_utf8(&bytes[1..end]).ok()?;
            let pairs = (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16));
            Some((pairs.collect::<Result<_, _>>().ok()?, end + 1))
        }
        [b'(', ..] => {
            let (mut found, mut at, mut depth) = (Vec::new(), 1, 1);
            loop {
                match *bytes.get(at)? {
                    b'\\' => {
                        at += 1;
                        match *bytes.get(at)? {
                            b'n' => found.push(b'\n'),
                            b'r' => found.push(b'\r'),
                            b't' => found.push(b'\t'),
                            b'b' => found.push(8),
                            b'f' => found.push(12),
                            digit @ b'0'..=b'7' => {
                                let octal = std::str::from_utf8(bytes.get(at..at + 3)?).ok()?;
                                let _ = digit;
                                found.push(u8::from_str_radix(octal, 8).ok()?);
                                at += 2;
                            }
                            plain => found.push(plain),
                        }
                    }
                    b'(' => {
                        depth += 1;
                        found.push(b'(');
                    }
                    b')' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some((found, at + 1));
                        }
                        found.push(b')');
                    }
                    byte => found.push(byte),
                }
                at += 1;
            }
        }
        _ => None,
    }
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn the_sample_in_both_languages_is_the_same_twice_and_says_what_it_is() {
    for (lang, code) in [(Lang::Ru, "/Lang(ru)"), (Lang::En, "/Lang(en)")] {
        for folds in [false, true] {
            let mut doc = sample::document(lang);
            doc.folds = folds;
            let bytes = file(&doc).unwrap();
            assert!(bytes == file(&doc).unwrap());
            for part in [code, "/StructTreeRoot", "/Marked true", "/DisplayDocTitle true", "pdfuaid:part", "/Outlines"]
            {
                assert!(contains(&bytes, part), "{part}");
            }
            let pages = bytes.windows(11).filter(|window| window == b"/Type/Page/").count();
            assert!((3..30).contains(&pages), "{pages} pages");
        }
    }
}

#[test]
fn a_table_has_its_head_on_each_page_and_loses_no_row() {
    let doc = document(vec![table(300, 3, |row, at| format!("строка{row}столбец{at}"))]);
    let pages = read(&doc);
    let with_rows: Vec<&String> = pages.iter().filter(|page| page.contains("строка")).collect();
    assert!(with_rows.len() > 3, "{}", with_rows.len());
    assert!(with_rows.iter().all(|page| page.contains("Столбец 0") && page.contains("Столбец 2")));
    for row in 0..300 {
        assert_eq!(pages.iter().filter(|page| page.contains(&format!("строка{row}столбец2\n"))).count(), 1, "{row}");
    }
    // a row of several lines is whole on one page
    let doc = document(vec![table(60, 2, |row, at| format!("начало{row} {} конец{row}x{at}", "слово ".repeat(60)))]);
    let pages = read(&doc);
    for row in 0..60 {
        let on = |word: String| pages.iter().position(|page| page.contains(&word));
        assert_eq!(on(format!("начало{row} ")), on(format!("конец{row}x1")), "row {row}");
    }
}

#[test]
fn what_a_long_table_leaves_out_is_said() {
    let doc = document(vec![table(1_200, 2, |row, at| format!("r{row}c{at}"))]);
    let text = read(&doc).concat().replace('\n', " ");
    assert!(text.contains("Показаны первые 1000 строк из 1200") && text.contains("--format csv,xlsx"));
    assert!(text.contains("r999c1 ") && !text.contains("r1000c0"));
}

#[test]
fn a_row_taller_than_a_page_goes_on_and_loses_nothing() {
    let doc = document(vec![table(2, 1, |row, _| format!("начало{row} {} конец{row}", "слово ".repeat(6_000)))]);
    let pages = read(&doc);
    let text = pages.concat();
    assert_eq!(text.matches("слово").count(), 12_000);
    assert!(pages.len() > 3 && text.contains("конец1"));
}

#[test]
fn hostile_names_are_inert() {
    let names = [
        "#let x = 1; $ * \\ @ < > _ ` ~ [ ] { }",
        ") Tj ET Q /F9 1 Tf (",
        "endstream endobj 1 0 obj",
        "\u{0}\u{7}\u{1b}[31m\u{202e}",
        "שלום עולם مرحبا",
        "🙂👨‍👩‍👧 中文 Əş ₼ ₾",
        "   ",
        "",
        "\r\n\r\n",
    ];
    let long = "Щ".repeat(3_000);
    let names: Vec<&str> = names.into_iter().chain([long.as_str()]).collect();
    let mut doc = document(vec![table(names.len(), 4, |row, _| names[row].to_owned())]);
    doc.company = names.concat();
    doc.title = names[1].into();
    doc.subtitle = names[3].into();
    for block in sample::document(Lang::Ru).sections.into_iter().flat_map(|section| section.blocks) {
        if let Block::Chart(mut chart) = block {
            sample::rename(&mut chart, names[1]);
            chart.title = names[5].into();
            doc.sections[0].blocks.push(Block::Chart(chart));
        }
    }
    doc.sections[0].blocks.push(Block::Text(names[3].into()));
    let pages = read(&doc);
    let text = pages.concat();
    assert!(text.replace('\n', " ").contains("#let x = 1; $ * \\ @ < > _ ` ~ [ ] { }"), "{text}");
    assert!(text.contains("endobj"));
    assert_eq!(text.matches('Щ').count(), 4 * 3_000);
    // what no font has is a box, and a search finds the letter
    assert!(text.contains('□'));
}

#[test]
fn links_lead_to_the_crm() {
    let url = "https://example.bitrix24.ru/crm/deal/details/17/?q=(1)&имя=Ёж";
    let block = Block::Table(Table {
        id: "t".into(),
        title: "t".into(),
        columns: vec![Column { name: "url".into(), title: "CRM".into(), unit: Unit::Text }],
        rows: vec![vec![Cell::Text(url.into())], vec![Cell::Text("javascript:alert(1)".into())]],
        source: String::new(),
    });
    let bytes = file(&document(vec![block])).unwrap();
    assert!(contains(&bytes, "/URI(https://example.bitrix24.ru/crm/deal/details/17/?q="));
    assert!(contains(&bytes, "%D0%81%D0%B6") && !contains(&bytes, "javascript"));
}

#[test]
fn streams_unpack() {
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(&packed::packed(b"aaaa")[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, b"aaaa");
}
