use super::*;
use crate::model::lang::Lang;
use crate::report::error::ReportError;

const FINE: &str = "\
title = { ru = 'Отчёт', en = 'Report' }
[[section]]
id = 'leads'
title = 'Leads'
[[section.tile]]
label = 'Leads'
metric = 'lead_quality'
column = 'leads'
[[section.chart]]
id = 'chart'
kind = 'intervals'
title = 'Who is worse?'
metric = 'lead_quality'
by = ['contractor']
period = '13w'
label = 'contractor'
value = 'win_rate'
low = 'win_rate_low'
high = 'win_rate_high'
[[section.paragraph]]
text = 'Look.'
[[section.table]]
id = 'table'
title = 'All of them'
metric = 'lead_quality'
by = ['contractor']
columns = ['leads', 'win_rate']
sort = 'leads desc'
limit = 10
";

fn parse(text: &str) -> Result<Definition, Problems> {
    Definition::parse("own/mine.toml", text, &Catalog::shipped())
}

fn problems(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_definition_is_read_with_its_parts_in_the_order_of_the_file() {
    let definition = parse(FINE).unwrap();
    assert_eq!((definition.name(), definition.title().get(Lang::Ru)), ("mine", "Отчёт"));
    let [section] = &definition.sections[..] else { panic!("one section") };
    let [Part::Tile(tile), Part::Chart(chart), Part::Text { .. }, Part::Table(table)] = &section.parts[..] else {
        panic!("not in order: {:?}", section.parts)
    };
    // what names no period takes the report's, which is the last week unless stated
    assert_eq!((tile.ask.period, chart.ask.period), (Period::Weeks(1), Period::Weeks(13)));
    assert_eq!(table.rows.sort, Some(Sort { column: "leads".to_owned(), less: None, descending: true }));
}

#[test]
fn every_mistake_names_line_cause_and_way_out() {
    for (right, wrong, message) in [
        (
            "'lead_quality'\ncolumn",
            "'lead_qualty'\ncolumn",
            "7: there is no metric `lead_qualty`\n    did you mean `lead_quality`?",
        ),
        ("column = 'leads'", "column = 'leeds'", "8: `lead_quality` has no column `leeds`\n    did you mean `leads`?"),
        (
            "column = 'leads'",
            "column = 'branch'",
            "8: `lead_quality` has no column `branch`\n    `branch` is a dimension: write by = [\"branch\"] to split by it",
        ),
        (
            "'intervals'",
            "'interval'",
            "11: `kind` in [[section.chart]] cannot be `interval`\n    did you mean `intervals`?",
        ),
        (
            "by = ['contractor']\nperiod",
            "by = ['contracter']\nperiod",
            "14: `lead_quality` cannot be split by `contracter`\n    did you mean `contractor`?",
        ),
        (
            "'13w'",
            "'13 weeks'",
            "15: `13 weeks` is no period\n    write so many weeks or months as `13w` or `12m`, or one of: last_week, last_month, this_month, ytd, all",
        ),
        (
            "value = 'win_rate'",
            "valeu = 'win_rate'",
            "17: unknown key `valeu` in [[section.chart]]\n    did you mean `value`?",
        ),
        ("low = 'win_rate_low'\n", "", "9: `low` is missing in [[section.chart]]\n    add low = \"…\""),
        (
            "text = 'Look.'",
            "text = 5",
            "21: `text` in [[section.paragraph]] must be text, or text in both languages, not the number 5\n    write text = { ru = \"…\", en = \"…\" }",
        ),
        (
            "id = 'table'",
            "id = 'chart'",
            "23: the id `chart` is taken\n    sections, tables and charts have an id each, no two alike",
        ),
        (
            "id = 'table'",
            "id = 'Таблица'",
            "23: `Таблица` cannot be an id\n    small Latin letters, digits and hyphens: `lead-quality`",
        ),
        ("'win_rate']", "'win_rat']", "27: `lead_quality` has no column `win_rat`\n    did you mean `win_rate`?"),
        (
            "'leads desc'",
            "'leads down'",
            "28: `leads down` is no order of rows\n    write sort = \"leads desc\": a column, or one less another, and asc or desc",
        ),
        ("'leads desc'", "'leds desc'", "28: `lead_quality` has no column `leds`\n    did you mean `leads`?"),
        ("limit = 10", "limit = 0", "29: a limit of 0 rows leaves none\n    write a number from 1, or remove the line"),
        ("[[section.table]]", "[[section.tabel]]", "22: unknown key `tabel` in [[section]]\n    did you mean `table`?"),
        ("{ ru = 'Отчёт', en = 'Report' }", "{ ru = 'Отчёт' }", "1: `en` is missing in [title]\n    add en = \"…\""),
    ] {
        assert!(FINE.contains(right), "{right}");
        assert_eq!(problems(&FINE.replacen(right, wrong, 1)), format!("own/mine.toml:{message}"), "{wrong}");
    }
}

#[test]
fn an_unknown_kind_of_chart_is_refused_and_the_known_ones_are_named() {
    let known: Vec<&str> = Encoding::KINDS.iter().map(|(name, _)| *name).collect();
    let message = format!("11: `kind` in [[section.chart]] cannot be `pie`\n    allowed: {}", known.join(", "));
    assert_eq!(problems(&FINE.replace("'intervals'", "'pie'")), format!("own/mine.toml:{message}"));
}

#[test]
fn all_mistakes_come_at_once() {
    let broken = FINE.replace("'win_rate'", "'win_rat'").replace("'13w'", "'13'").replace("id = 'table'", "id = 'T'");
    let lines: Vec<usize> = parse(&broken).unwrap_err().0.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [15, 17, 23, 27]);
}

#[test]
fn a_chart_of_lines_wants_lines_that_can_be_told_apart() {
    let lines = |values: &str| {
        format!(
            "title = 'T'\n[[section]]\nid = 's'\ntitle = 'S'\n[[section.chart]]\nid = 'c'\ntitle = 'C'\nkind = 'lines'\n\
             metric = 'weekly_conversion'\nx = 'week'\n{values}"
        )
    };
    assert!(
        parse(&lines("values = 'eventual'\nlow = 'eventual_low'\nhigh = 'eventual_high'\nyoung = 'young'")).is_ok()
    );
    assert!(parse(&lines("values = ['leads']\nby = ['branch']\nseries = 'branch'\nlimit = 5")).is_ok());
    for (values, message) in [
        ("values = []", "5: the chart says not what to draw\n    add values = [\"…\"]: the metric's columns"),
        (
            "values = ['won', 'lost']\nby = ['branch']\nseries = 'branch'",
            "13: lines are told apart by `series` or by several `values`, not by both\n    leave one of `values`, or remove `series = \"branch\"`",
        ),
        (
            "values = 'eventual'\nlow = 'eventual_low'",
            "5: an interval needs both `low` and `high`\n    add the other one, or remove this one",
        ),
    ] {
        assert_eq!(problems(&lines(values)), format!("own/mine.toml:{message}"));
    }
}

#[test]
fn labels_name_a_metric_and_its_column() {
    let with = |labels: &str| format!("{FINE}[labels.{labels}]\npromo_only = {{ ru = 'по акции', en = 'promo' }}\n");
    let labels = parse(&with("promo_clients.kind")).unwrap().labels;
    assert_eq!(labels["promo_clients"]["kind"]["promo_only"].ru, "по акции");
    let message = "own/mine.toml:30: there is no metric `promo_client`\n    did you mean `promo_clients`?";
    assert_eq!(problems(&with("promo_client.kind")), message);
    let message = "own/mine.toml:30: `promo_clients` has no column `kid`\n    did you mean `kind`?";
    assert_eq!(problems(&with("promo_clients.kid")), message);
}

#[test]
fn a_report_without_sections_and_an_empty_section() {
    assert_eq!(
        problems("title = 'T'"),
        "own/mine.toml: the report has no section\n    add [[section]] with an id and a title, and in it a table or a chart"
    );
    assert!(
        problems("title = 'T'\n[[section]]\nid = 's'\ntitle = 'S'\n")
            .starts_with("own/mine.toml:2: the section is empty")
    );
}

#[test]
fn what_ships_is_sound_and_found_by_name() {
    for name in names() {
        shipped(name, &Catalog::shipped()).unwrap_or_else(|problems| panic!("{problems}"));
    }
    assert_eq!(
        names(),
        ["audit", "bases", "brief", "contractors", "control", "handbook", "plan", "weekly", "worklist"]
    );
    let error = shipped("weakly", &Catalog::shipped()).unwrap_err().to_string();
    assert_eq!(
        error,
        "weakly: there is no report `weakly`\n    did you mean `weekly`? Or name a definition file: weakly.toml"
    );
}

#[test]
fn a_report_is_not_built_with_metrics_that_lack_its_columns() {
    let definition = parse(FINE).unwrap();
    definition.check(&Catalog::shipped()).unwrap();
    let own = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let sql = "/*\ntitle = 'T'\nabout = 'A'\ngrain = 'one row'\ncolumns = [{ name = 'leads', unit = 'count', title = 'N' }]\n*/\n\
            SELECT grp, count(*) AS leads FROM scope GROUP BY grp ORDER BY grp\n";
        std::fs::write(dir.path().join(format!("{name}.sql")), sql).unwrap();
        definition.check(&Catalog::load(Some(dir.path())).unwrap()).unwrap_err()
    };
    let error = own("lead_quality");
    let ReportError::Column { metric, column, .. } = &error else { panic!("{error}") };
    assert_eq!(metric, "lead_quality");
    assert!(
        error
            .to_string()
            .starts_with(&format!("the report reads the column `{column}`, which the metric `lead_quality`"))
    );
    assert!(
        error
            .text(Lang::Ru)
            .starts_with(&format!("отчёт читает столбец `{column}`, а в метрике `lead_quality` его нет"))
    );
    // what every report reads, though this one does not ask for it
    assert!(
        matches!(own("unjudged"), ReportError::Column { metric, column, .. } if (metric.as_str(), column.as_str()) == ("unjudged", "rule"))
    );
}

const NORMS: &str = "\
title = 'T'
[[role]]
id = 'head'
title = { ru = 'Руководителю', en = 'For the head' }
[[role]]
id = 'staff'
title = 'Staff'
[[section]]
id = 's'
title = 'S'
roles = ['head']
[[section.regulation]]
id = 'norms'
title = 'N'
part = 'control'
look = 'daily'
columns = ['advice', 'now.look']
[[section]]
id = 'all'
title = 'A'
[[section.regulation]]
id = 'hours'
title = 'H'
part = 'contact'
columns = ['week']
";

#[test]
fn a_role_reads_its_sections_and_those_for_all() {
    let definition = parse(NORMS).unwrap();
    assert_eq!(definition.roles().iter().map(|role| role.id.as_str()).collect::<Vec<_>>(), ["head", "staff"]);
    let sections = |role: &str| {
        let own = definition.for_role(role).unwrap();
        (own.name().to_owned(), own.sections.iter().map(|section| section.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(sections("head"), ("mine-head".to_owned(), vec!["s".to_owned(), "all".to_owned()]));
    // by its title as well, in either language
    assert_eq!(sections("руководителю").0, "mine-head");
    assert_eq!(sections("staff"), ("mine-staff".to_owned(), vec!["all".to_owned()]));
    assert!(definition.for_role("marketing").is_none());
}

#[test]
fn a_mistake_in_a_part_of_the_regulation_names_line_cause_and_way_out() {
    for (right, wrong, message) in [
        (
            "'control'",
            "'controls'",
            "15: `part` in [[section.regulation]] cannot be `controls`\n    did you mean `control`?",
        ),
        ("'advice'", "'advise'", "17: the part `control` has no `advise`\n    did you mean `advice`?"),
        ("'now.look'", "'now.advice'", "17: how it is now with `advice` is not measured\n    allowed: look"),
        (
            "['week']",
            "['now.week']",
            "25: `now.week` is a column of a table\n    a card tells how it is now beside the norm by itself: write the norm, without now.",
        ),
        (
            "part = 'contact'",
            "part = 'contact'\nlook = 'daily'",
            "25: `look` chooses among the rules of control\n    write part = \"control\"",
        ),
        ("roles = ['head']", "roles = ['haed']", "11: there is no role `haed`\n    did you mean `head`?"),
        ("id = 'staff'", "id = 'head'", "6: the role `head` is written twice\n    keep one"),
        (
            "title = 'T'",
            "title = 'T'\nfor = 'manager'",
            "3: the report is both for each manager and by role: `--for` cannot mean both\n    remove `for`, or [[role]]",
        ),
    ] {
        assert!(NORMS.contains(right), "{right}");
        assert_eq!(problems(&NORMS.replacen(right, wrong, 1)), format!("own/mine.toml:{message}"), "{wrong}");
    }
}
