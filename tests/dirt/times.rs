//! Dates and times: forms, zones, a clock that was put back.

use super::{Company, says};

const CREATED: &str = "created_at = \"Создана\"\nclosed_at = { from = \"Закрыта\", optional = true }";
/// UTC, to the second.
const SHOWN: &str = "to_char(created_at, '%Y-%m-%d %H:%M:%S')";

fn created(keys: &str, values: &[&str]) -> Company {
    let company = Company::with_deals(keys, CREATED);
    let rows: String = values.iter().zip(1..).map(|(value, id)| format!("{id};{value}\n")).collect();
    company.put("deals.csv", format!("ID;Создана\n{rows}"));
    company
}

/// When the deals were created, in UTC; the mapping's zone is Moscow's.
fn read(keys: &str, values: &[&str]) -> Vec<String> {
    let company = created(keys, values);
    let told = company.loads(&["deals.csv"]);
    assert!(!told.contains("in quarantine"), "{told}");
    company.of_deals(SHOWN)
}

#[test]
fn a_month_by_its_name_is_stated() {
    let told = created("", &["\"15 Apr, 2021 00:02:00\""]).refuses(&["deals.csv"]);
    says(
        &told,
        &["`Создана`: no one date format fits the whole column: line 2 has `15 Apr, 2021 00:02:00`", "dates = "],
    );
    assert_eq!(read("dates = \"d mon, yyyy HH:MM:SS\"", &["15 Apr, 2021 00:02:00"]), ["2021-04-14 21:02:00"]);
    assert_eq!(
        read("dates = \"d mon yyyy\"", &["15 апреля 2021", "1 мая 2021"]),
        ["2021-04-14 21:00:00", "2021-04-30 21:00:00"]
    );
}

#[test]
fn day_and_month_that_may_change_places_are_refused_with_both_readings() {
    let told = created("", &["03/04/2025", "05/06/2025"]).refuses(&["deals.csv"]);
    says(
        &told,
        &[
            "line 2 has `03/04/2025`, which is 3 April 2025 as d/m/yyyy or 4 March 2025 as m/d/yyyy",
            "dates = \"d/m/yyyy\" or dates = \"m/d/yyyy\"",
        ],
    );
    // one value proves it for all
    assert_eq!(read("", &["03/04/2025", "13/04/2025"])[0], "2025-04-02 21:00:00");
}

#[test]
fn an_iso_file_that_excel_saved_anew_is_refused_with_both_readings_and_read_when_both_forms_are_stated() {
    let saved = ["2025-03-31", "3/4/2025", "12/4/2025"];
    let told = created("", &saved).refuses(&["deals.csv"]);
    says(
        &told,
        &[
            "`Создана`: no one date format fits the whole column: line 3 has `3/4/2025`, which is 3 April 2025 as d/m/yyyy or \
             4 March 2025 as m/d/yyyy (the values before it are yyyy-mm-dd)",
            "state both forms in the mapping, and what does not fit is quarantined alone: dates = [\"yyyy-mm-dd\", \
             \"d/m/yyyy\"] or dates = [\"yyyy-mm-dd\", \"m/d/yyyy\"]",
        ],
    );
    // the other one first
    let told = created("", &["3/4/2025", "2025-03-31"]).refuses(&["deals.csv"]);
    says(
        &told,
        &[
            "line 3 has `2025-03-31`",
            "dates = [\"d/m/yyyy\", \"yyyy-mm-dd\"] or dates = [\"m/d/yyyy\", \"yyyy-mm-dd\"]",
        ],
    );
    assert_eq!(
        read("dates = [\"yyyy-mm-dd\", \"m/d/yyyy\"]", &saved),
        ["2025-03-30 21:00:00", "2025-03-03 21:00:00", "2025-12-03 21:00:00"]
    );
    // two readings of one form are no two forms
    let told = created("", &["13/04/2025", "04/13/2025"]).refuses(&["deals.csv"]);
    assert!(!told.contains("both forms"), "{told}");
}

#[test]
fn a_time_zone_that_changes_inside_a_log_is_read_row_by_row() {
    let rows =
        ["2025-03-01 10:00:00+03:00", "2025-03-01 10:00:00 +05:00", "2025-03-01 10:00:00Z", "2025-03-01 10:00:00-0800"];
    let told = created("", &rows).refuses(&["deals.csv"]);
    says(&told, &["no one date format fits the whole column: line 3 has `2025-03-01 10:00:00 +05:00`"]);
    let stated = "dates = [\"yyyy-mm-dd HH:MM:SSZ\", \"yyyy-mm-dd HH:MM:SS Z\"]";
    assert_eq!(
        read(stated, &rows),
        ["2025-03-01 07:00:00", "2025-03-01 05:00:00", "2025-03-01 10:00:00", "2025-03-01 18:00:00"]
    );
    // the offsets alone need no statement
    assert_eq!(read("", &[rows[0], rows[2]]), ["2025-03-01 07:00:00", "2025-03-01 10:00:00"]);
    // a time without an offset among them is not guessed
    let told = created("", &[rows[0], "2025-03-01 10:00:00"]).refuses(&["deals.csv"]);
    says(&told, &["line 3 has `2025-03-01 10:00:00`"]);
}

#[test]
fn a_zone_whose_clock_is_put_forward_and_back_is_known() {
    let zone = "zone = \"Europe/Berlin\"\ndates = \"yyyy-mm-dd HH:MM\"";
    let rows = ["2025-03-29 12:00", "2025-03-30 12:00", "2025-03-30 02:30", "2025-10-26 02:30", "2025-10-26 12:00"];
    assert_eq!(
        read(zone, &rows),
        [
            "2025-03-29 11:00:00",
            "2025-03-30 10:00:00",
            // an hour that is not there: the first moment after it
            "2025-03-30 01:00:00",
            // an hour that is there twice: the first of them
            "2025-10-26 00:30:00",
            "2025-10-26 11:00:00",
        ]
    );
    // Moscow, too, was at +4 once
    assert_eq!(
        read("dates = \"dd.mm.yyyy HH:MM\"", &["25.10.2014 12:00", "27.10.2014 12:00"]),
        ["2014-10-25 08:00:00", "2014-10-27 09:00:00"]
    );
}

#[test]
fn a_deal_closed_before_it_was_created_is_kept_and_told() {
    let company = Company::with_deals("dates = \"dd.mm.yyyy\"", CREATED);
    company.put("deals.csv", "ID;Создана;Закрыта\n17;15.03.2025;01.03.2025\n18;15.03.2025;15.03.2025\n");
    says(&company.loads(&["deals.csv"]), &["! deals closed before they were created: 1 (17)"]);
    assert_eq!(company.of_deals("to_char(closed_at, '%Y-%m-%d')"), ["2025-02-28", "2025-03-14"]);
    let quality = company.run(&["query", "data_quality", "--as-of", "2025-06-30", "--format", "csv"]).ok();
    says(&quality, &["closed_before_created", "2,0,1,"]);
}

#[test]
fn a_date_that_is_none_is_quarantined_alone_where_the_format_is_stated() {
    let company = created("dates = \"dd.mm.yyyy\"", &["31.02.2025", "##########", "00.00.0000", "45000", "01.03.2025"]);
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["5"]);
    let reason = "not a date as dd.mm.yyyy";
    assert_eq!(
        company.quarantine(),
        [
            format!("2 | Создана | 31.02.2025 | {reason}"),
            format!("3 | Создана | ########## | {reason}"),
            format!("4 | Создана | 00.00.0000 | {reason}"),
            format!("5 | Создана | 45000 | {reason}"),
        ]
    );
    // a day as a spreadsheet counts it, where it is said
    assert_eq!(read("dates = [\"dd.mm.yyyy\", \"excel\"]", &["45000", "01.03.2025"])[0], "2023-03-14 21:00:00");
}

#[test]
fn a_cost_of_a_period_is_spread_over_its_days() {
    let mapping = "[[export]]\nname = \"ads\"\ndecimal = \",\"\ndates = \"dd.mm.yyyy\"\n[[export.table]]\nfill = \"spend\"\n\
                   [export.table.columns]\nday = \"Период\"\ncampaign = \"Кампания\"\ncost = \"Расход\"\nclicks = \"Клики\"\n";
    let company = Company::new(mapping);
    company.put("ads.csv", "Период;Кампания;Расход;Клики\n01.03.2025 - 03.03.2025;A;10;4\n05.03.2025;A;7;1\n03.03.2025 - 01.03.2025;B;1;1\n");
    says(&company.loads(&["ads.csv"]), &["rows of a period, spread evenly over its days: 1"]);
    assert_eq!(
        company.sql("SELECT day, cost, clicks FROM spend ORDER BY day"),
        ["2025-03-01,3.3334,2", "2025-03-02,3.3333,1", "2025-03-03,3.3333,1", "2025-03-05,7.0000,1"]
    );
    says(&company.quarantine()[0], &["4 | Период | 03.03.2025 - 01.03.2025 | a period that ends before it begins"]);
}
