use super::*;
use crate::export::records::Encoding;

const DEALS: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = ["deals*.csv", "сделки*.csv"]
encoding = "cp1251"
delimiter = "\t"
dates = ["dd.mm.yyyy HH:MM:SS", "dd.mm.yyyy"]
decimal = ","
empty = "—"
ignore_rows = [{ column = "ID", equals = "Итого" }]
[[export.table]]
fill = "deals"
when = { column = "ID", filled = true }
[export.table.columns]
deal_id = "ID "
status = { from = "Стадия", values = { "Сделка успешна" = "won" }, values_else = { const = "open" } }
list_amount = { add = ["Сумма", "Скидка", 1.5] }
created_at = { from = "Дата", empty = ["нет"] }
source = { from = ["Источник", "utm_source"], case = "lower" }
[export.table.extra]
town = { from = "Город", nth = 2 }
[[export.table]]
fill = "events"
[export.table.columns]
at = "Дата"
kind = { const = "stage" }
deal_id = "ID"
"#;

fn problems(text: &str) -> String {
    Mapping::parse("m.toml", text).unwrap_err().to_string()
}

#[test]
fn a_mapping_is_read_with_its_defaults() {
    let mapping = Mapping::parse("m.toml", DEALS).unwrap();
    let export = &mapping.exports[0];
    assert_eq!((export.encoding, export.cut.delimiter), (Some(Encoding::Cp1251), Some(b'\t')));
    let deals = &export.fills[0];
    let names: Vec<&str> = deals.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["deal_id", "status", "list_amount", "created_at", "source", "town"]);
    assert_eq!(deals.columns[3].reading.empty, ["—", "нет"]);
    assert_eq!(deals.columns[3].reading.dates.as_ref().map(Vec::len), Some(2));
    assert_eq!(deals.columns[1].reading.values_else, Otherwise::Const("open".into()));
    assert_eq!(deals.columns[5].source, Source::From(vec![Header { text: "Город".into(), nth: Some(2) }]));
    let headers: Vec<String> = export.wanted().flat_map(|w| w.headers).map(|h| h.text).collect();
    assert_eq!(headers, ["ID", "Город", "Дата", "Источник", "utm_source", "Стадия", "Сумма", "Скидка"]);
}

#[test]
fn every_problem_is_told_at_once_with_the_way_out() {
    let text = r#"
zoen = "Europe/Moscow"
[[export]]
name = "deals"
delimiter = ":"
dates = "DD.MM.YYYY"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
amuont = "Сумма"
created_at = "Дата"
status = { const = "closed" }
cost = { from = "A", const = 3 }
promo = { from = "Акция", casee = "lower" }
[export.table.extra]
"Город" = "Город"
[[export.table]]
fill = "evnts"
[export.table.columns]
at = { from = "x" }
[[export.table]]
fill = "events"
[export.table.columns]
kind = 5
"#;
    let expected = "\
m.toml:2: unknown key `zoen`
    did you mean `zone`?
m.toml:5: `delimiter` in [[export]] cannot be `:`
    one symbol:
m.toml:6: `D` in `DD.MM.YYYY` stands for nothing
    write dates = \"dd.mm.yyyy HH:MM:SS\": mm is the month, MM the minutes
m.toml:11: `deals` has no column `amuont`
    did you mean `amount`?; columns of your own stand in [export.table.extra]
m.toml:12: `created_at` is a time, and its zone is not said
    add zone = \"Europe/Moscow\" at the top of the file (or \"UTC\")
m.toml:13: `status` cannot be `closed`
    allowed: open, won, lost
";
    let found = problems(text);
    for line in expected.lines() {
        assert!(found.contains(line), "{line}\n---\n{found}");
    }
    for part in [
        "m.toml:14: a column has exactly one source",
        "m.toml:15: unknown key `casee`",
        "m.toml:17: `Город` cannot be the name of an extra column",
        "m.toml:19: `fill` in [[export.table]] cannot be `evnts`",
        "m.toml:22: `events` is filled without `at`",
        "m.toml:22: `events` is filled without `deal_id` or `client_id`",
        "m.toml:25: `kind` cannot come from the number 5",
    ] {
        assert!(found.contains(part), "{part}\n---\n{found}");
    }
}

#[test]
fn an_empty_mapping_says_what_to_write() {
    assert!(problems("zone = \"UTC\"\n").starts_with("m.toml: there is no [[export]]"));
    assert!(problems("[[export]]\nname = \"a\"\n").contains("fills no table"));
}

#[test]
fn what_cuts_the_cells_cannot_stand_around_them() {
    let with = |keys: &str| DEALS.replace(r#"delimiter = "\t""#, keys);
    for (keys, expected) in [
        ("delimiter = \"|\"\nquote = \"|\"", "`quote` is `|`, which cuts the cells"),
        ("escape = \";\"", "`escape` is `;`, which cuts the cells"),
        // left out, the delimiter may be any of four
        ("quote = \",\"", "`quote` is `,`, which cuts the cells"),
    ] {
        let found = problems(&with(keys));
        assert!(found.contains(expected) && found.contains("stated: delimiter"), "{found}");
    }
    let mapping = Mapping::parse("m.toml", &with("delimiter = \";\"\nquote = \"|\"")).unwrap();
    assert_eq!((mapping.exports[0].cut.delimiter, mapping.exports[0].cut.quote), (Some(b';'), b'|'));
}

#[test]
fn a_snapshot_tells_stages_and_when_it_was_taken() {
    let snapshot = DEALS.replace("name = \"deals\"", "name = \"deals\"\nsnapshot = true\ntaken = \"yyyy-mm-dd\"");
    let found = problems(&snapshot);
    assert!(
        found.starts_with("m.toml:5: a snapshot tells the present stage of deals, and this export does not"),
        "{found}"
    );
    let staged = snapshot.replace("status = {", "stage = \"Стадия\"\nstatus = {");
    let export = &Mapping::parse("m.toml", &staged).unwrap().exports[0];
    assert!(export.snapshot && export.taken.is_some() && export.zone.is_some());

    let unsure = staged.replace("stage = \"Стадия\"", "stage = { from = \"Стадия\", if_unknown = true }");
    assert!(problems(&unsure).contains("without if_unknown"));
    let no_zone = staged.replace("zone = \"Europe/Moscow\"", "");
    assert!(problems(&no_zone).contains("when a snapshot was taken is local time, and its zone is not said"));
    let no_snapshot = staged.replace("snapshot = true\n", "");
    assert!(Mapping::parse("m.toml", &no_snapshot).unwrap().exports[0].taken.is_some());
    let no_zone = no_snapshot.replace("zone = \"Europe/Moscow\"", "");
    assert!(problems(&no_zone).contains("when an export was taken is local time, and its zone is not said"));
    let no_date = staged.replace("\"yyyy-mm-dd\"", "\"deals_yyyy-mm-dd\"");
    assert!(problems(&no_date).contains("write the date alone, as names have it"));
    for (column, table) in [("seen_at", "deal_id = \"ID \""), ("before", "at = \"Дата\"")] {
        let kept = DEALS.replace(table, &format!("{table}\n{column} = \"x\""));
        assert!(problems(&kept).contains(&format!("`{column}` is kept by the ingest itself")), "{column}");
    }
}

#[test]
fn a_number_that_cannot_be_kept_exactly_is_no_operand() {
    for number in ["9223372036854775807", "1e300", "0.00001"] {
        let text = DEALS.replace("status = {", &format!("cost = {{ add = [\"a\", {number}] }}\nstatus = {{"));
        let found = problems(&text);
        assert!(found.contains("`add` cannot reckon with"), "{number}: {found}");
    }
}
