use chrono::NaiveDate;

use super::*;
use crate::model::lang::Text;

fn problems(text: &str, read: impl Fn(&Section<'_>)) -> String {
    match Document::read("f.toml", text) {
        Err(problems) => problems.to_string(),
        Ok(doc) => {
            read(&doc.root());
            doc.finish().map_or_else(|problems| problems.to_string(), |()| String::new())
        }
    }
}

#[test]
fn everything_well_written_is_read() {
    let text = "name = 'Ромашка'\nshare = 0.5\ndays = 3\non = true\nsince = 2025-03-01\n\
                list = ['a', 'b']\ntitle = { ru = 'да', en = 'yes' }\n[sub]\nx = 1\n[[row]]\nid = 'r1'\n[[row]]\nid = 'r2'\n";
    let doc = Document::read("f.toml", text).unwrap();
    let root = doc.root();
    assert_eq!(root.text("name"), "Ромашка");
    assert_eq!((root.number("share"), root.number("days"), root.whole("days")), (0.5, 3.0, 3));
    assert!(root.boolean("on") && !root.boolean("off"));
    assert_eq!(root.day("since"), NaiveDate::from_ymd_opt(2025, 3, 1));
    let list = root.texts("list");
    assert_eq!((list[1].as_str(), list[1].line), ("b", 6));
    assert_eq!(root.bilingual("title"), Text::new("да", "yes"));
    assert_eq!(root.table("sub").whole("x"), 1);
    let rows = root.tables("row");
    assert_eq!(
        rows.iter().map(|r| (r.text("id"), r.line())).collect::<Vec<_>>(),
        [("r1".to_owned(), 10), ("r2".to_owned(), 12)]
    );
    doc.finish().unwrap();
}

#[test]
fn all_problems_come_at_once_sorted_by_line() {
    let text = "nmae = 'x'\nshare = 'half'\n\n[sub]\ndays = 1.5\nkind = 'hihger'\n[[row]]\nid = 5\n";
    let found = problems(text, |root| {
        root.text("name");
        root.number("share");
        let sub = root.table("sub");
        sub.whole("days");
        sub.one_of("kind", &[("higher", 1), ("lower", 2)]);
        sub.text("owner");
        root.tables("row").iter().for_each(|row| drop(row.text("id")));
        root.table("gone").text("never_asked_for");
    });
    let expected = "\
f.toml:1: the table [gone] is missing
    add a line [gone] and its values
f.toml:1: unknown key `nmae`
    did you mean `name`?
f.toml:2: `share` must be a number, not the text \"half\"
    write share = 0.5, without quotes
f.toml:4: `owner` is missing in [sub]
    add owner = \"…\"
f.toml:5: `days` in [sub] must be a whole number, not the number 1.5
    write days = 1, without quotes
f.toml:6: `kind` in [sub] cannot be `hihger`
    did you mean `higher`?
f.toml:8: `id` in [[row]] must be text, not the number 5
    write id = \"5\", in quotes";
    assert_eq!(found, expected);
}

#[test]
fn free_keys_keep_their_order_and_lines() {
    let doc = Document::read_from_line("q.sql", "[columns]\nzeta = 'Z'\nalpha = { from = 'A' }\n", 3).unwrap();
    let columns = doc.root().table("columns");
    let keys: Vec<_> = columns.keys().iter().map(|k| (k.name, k.line)).collect();
    assert_eq!(keys, [("zeta", 4), ("alpha", 5)]);
    assert!(matches!(columns.value("zeta"), Some(Value::Text(_))));
    assert_eq!(columns.table("alpha").text("from"), "A");
    doc.finish().unwrap();
}

#[test]
fn what_is_no_toml_is_told_in_plain_words() {
    let nothing = |_: &Section<'_>| ();
    let table = [
        (
            "name = Ромашка\n",
            "f.toml:1: not TOML: string values must be quoted in `name = Ромашка`\n    text stands in quotes: name = \"…\"",
        ),
        (
            "name = «Ромашка»\n",
            "f.toml:1: not TOML: string values must be quoted in `name = «Ромашка»`\n    text stands in straight quotes: \"…\"",
        ),
        (
            "a = 1\nshare = 0,5\n",
            "f.toml:2: not TOML: unexpected key or value in `share = 0,5`\n    a decimal is written with a point: 0.5",
        ),
        (
            "a = 1\na = 2\n",
            "f.toml:2: not TOML: duplicate key in `a = 2`\n    a key may stand once in a table: remove or rename one of the two",
        ),
        ("[stage\nid = 'x'\n", "f.toml:1: not TOML: unclosed table, expected `]` in `[stage`"),
        ("name = \"x\n", "f.toml:1: not TOML: invalid basic string, expected `\"` in `name = \"x`"),
        (
            "just words\n",
            "f.toml:1: not TOML: key with no value in `just words`\n    a line is `name = value`, a `[table]`, or a comment that begins with #",
        ),
        ("d = 2025-02-30\n", "f.toml:1: not TOML: invalid date, expected day between 01 and 28 in `d = 2025-02-30`"),
        ("n = 99999999999999999999\n", "f.toml:1: the number 99999999999999999999 is too large"),
        ("n = inf\n", "f.toml:1: inf is no number that can be used"),
    ];
    for (text, expected) in table {
        assert_eq!(problems(text, nothing), expected);
    }
}

#[test]
fn front_matter_keeps_the_lines_of_its_file() {
    let problems = Document::read_from_line("q.sql", "a = 1\nb = x\n", 7).unwrap_err();
    assert_eq!(problems.0[0].line, 8);
}

#[test]
fn a_table_in_the_wrong_place_is_one_problem() {
    let found = problems("name = { first = 'a', last = 'b' }\n", |root| drop(root.text("name")));
    assert_eq!(found, "f.toml:1: `name` must be text, not a table\n    write name = \"…\"");
    let found = problems("[sub]\nx = 1\n", |root| drop(root.table("sub")));
    assert_eq!(found, "f.toml:2: unknown key `x` in [sub]\n    nothing may stand here");
}
