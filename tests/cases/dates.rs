//! Dates: planned ones, closings of which none is known, dates that cannot be, and up to when exports reach.

use super::{Case, Row};

/// The cells of a row, in this order.
fn cells<'r>(row: &'r Row, columns: &[&str]) -> Vec<&'r str> {
    columns.iter().map(|column| row[*column].as_str()).collect()
}

/// Ingests every export of the folder, taken at a moment.
fn taken(case: &Case, at: &str, exports: &[&str]) -> String {
    case.run(&[&["ingest", "--mapping", "mapping.toml", "--taken", at], exports].concat())
}

#[track_caller]
fn says(told: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(told.contains(sentence), "{sentence}\n---\n{told}");
    }
}

const CLOSINGS: &str = "SELECT deal_id, status, CAST(closed_at AS VARCHAR) AS closed_at, CAST(expected_close AS VARCHAR) AS planned, \
    CAST(closed_after AS VARCHAR) AS closed_after, CAST(closed_by AS VARCHAR) AS closed_by FROM deals ORDER BY deal_id";
const COLUMNS: [&str; 5] = ["status", "closed_at", "planned", "closed_after", "closed_by"];

/// n02, n03: a win without a date is known to be won from the first export that shows it so.
#[test]
fn a_win_without_a_date_is_known_by_the_export_that_shows_it() {
    let case = Case::of("n02");
    let told = taken(&case, "2024-06-24T12:00", &["deals.csv"]);
    says(&told, &["closed deals without a closing date: won 1, lost 0", "(closed_at)"]);
    let wins =
        "SELECT count(*) AS deals, count(closed_by) AS known, CAST(max(closed_by) AS VARCHAR) AS by FROM journeys";
    let row = &case.sql(wins)[0];
    // noon in Berlin; journeys have what deals have
    assert_eq!(cells(row, &["deals", "known", "by"]), ["50", "1", "2024-06-24T10:00:00Z"]);
    // an ingest later it is still that export which showed it first, and nothing has changed
    let again = case.run(&["ingest", "--lang", "ru", "--mapping", "mapping.toml", "deals.csv"]);
    says(&again, &["данные не изменились", "закрытых сделок без даты закрытия: выиграно 1, проиграно 0"]);
    assert_eq!(&case.sql(wins)[0], row);
    let case = Case::of("n03");
    case.ingest(&["deals.csv"]);
    // nothing says when it was taken: it is known since now, and not since 2024
    let known = "SELECT count(*) AS known FROM deals WHERE closed_by > to_timestamp('2026-01-01')";
    assert_eq!(case.sql(known)[0]["known"], "1");
}

/// n06, f37: the status says what is closed; the date of an open deal is planned.
#[test]
fn the_date_of_an_open_deal_is_planned() {
    let case = Case::of("n06");
    let told = case.ingest(&["deals.csv"]);
    says(&told, &["open deals that carry a closing date: 10; taken as planned (expected_close)"]);
    let closed = "SELECT status, count(*) AS deals, count(closed_at) AS closed, count(expected_close) AS planned FROM journeys \
        GROUP BY status ORDER BY status";
    let rows = case.sql(closed);
    let rows: Vec<_> = rows.iter().map(|row| cells(row, &["status", "deals", "closed", "planned"])).collect();
    assert_eq!(rows, [["open", "10", "0", "10"], ["won", "1", "1", "0"]]);

    let case = Case::of("f37");
    says(
        &taken(&case, "2025-03-31", &["deals.csv"]),
        &[
            "open deals that carry a closing date: 2",
            "closed deals whose closing date is later than their export was taken: 1",
            "closed deals without a closing date: won 0, lost 1",
        ],
    );
    let rows = case.sql(CLOSINGS);
    assert_eq!(cells(&rows[0], &COLUMNS), ["open", "", "2025-03-03", "", ""]);
    assert_eq!(cells(&rows[1], &COLUMNS), ["open", "", "2025-12-31", "", ""]);
    // won later than the export was taken: kept as it is
    assert_eq!(cells(&rows[2], &COLUMNS), ["won", "2025-06-30T08:00:00Z", "", "", ""]);
    assert!(case.ingest(&["deals.csv"]).contains("the data has not changed"));
    // it is won in the end, and the date is the closing's
    let csv = std::fs::read_to_string(case.dir().join("deals.csv")).unwrap();
    case.put("deals.csv", csv.replace("1,c1,new,open,", "1,c1,won,won,"));
    case.ingest(&["deals.csv"]);
    assert_eq!(cells(&case.sql(CLOSINGS)[0], &COLUMNS), ["won", "2025-03-03T09:05:00Z", "2025-03-03", "", ""]);
}

/// f38: dates that cannot be stretch no span, and each is told.
#[test]
fn dates_that_cannot_be_are_told_and_stretch_nothing() {
    let case = Case::of("f38");
    let told = case.ingest(&["deals_new.csv"]);
    says(
        &told,
        &[
            "`deals.closed_at`: dates that stand for an empty cell: 1 (`9999-12-31 00:00:00`); not filled",
            "`deals.closed_at`: impossible dates: 1 (`2205-03-03 15:00:00`); not filled",
            "closed deals without a closing date: won 2, lost 0",
        ],
    );
    let span = "SELECT count(*) AS deals, CAST(min(created_at) AS VARCHAR) AS first, CAST(max(closed_at) AS VARCHAR) AS last \
        FROM deals";
    let row = &case.sql(span)[0];
    assert_eq!(cells(row, &["deals", "first", "last"]), ["42", "2025-03-01T09:00:00Z", "2025-03-28T14:00:00Z"]);

    // of a creation too, and of an event; what stands for an empty cell is none
    let head = "ID,Client,Stage,Status,Created,Closed,Amount\n";
    let rows = "a,c,new,open,0202-03-03 10:00:00,,1\nb,c,new,open,1970-01-01 00:00:00,1899-12-30,1\n\
        c,c,new,open,2052-03-03 10:00:00,,1\nd,c,new,open,1900-01-01,0001-01-01,1\ne,c,new,open,2025-03-03,2026-01-01,1\n";
    case.put("deals_slips.csv", format!("{head}{rows}"));
    case.put(
        "events_slips.csv",
        "ID,At,Kind,Deal,Direction,Stage\ne1,1970-01-01,call,1,outgoing,\ne2,2025-03-03,call,1,outgoing,\n",
    );
    let told = case.ingest(&["deals_slips.csv", "events_slips.csv"]);
    says(
        &told,
        &[
            "2 × deals_slips.csv, `Created`: an impossible date for `created_at`: before 1980, or long after the export was taken",
            "(line 2, value `0202-03-03 10:00:00`)",
            "`At`: an impossible date for `at`",
            "`deals.created_at`: dates that stand for an empty cell: 2 (`1970-01-01 00:00:00`)",
            "`deals.closed_at`: dates that stand for an empty cell: 2 (`1899-12-30`)",
        ],
    );
    let kept = case.sql("SELECT deal_id, CAST(created_at AS VARCHAR) AS created_at FROM deals WHERE deal_id > 'a' AND deal_id < 'n' ORDER BY 1");
    let kept: Vec<_> = kept.iter().map(|row| cells(row, &["deal_id", "created_at"])).collect();
    assert_eq!(kept, [["b", ""], ["d", ""], ["e", "2025-03-02T23:00:00Z"]]);
    let quarantined = case.sql("SELECT value FROM quarantine ORDER BY value");
    let quarantined: Vec<_> = quarantined.iter().map(|row| row["value"].as_str()).collect();
    assert_eq!(quarantined, ["0202-03-03 10:00:00", "1970-01-01", "2052-03-03 10:00:00"]);
    // and the whole report is made
    case.run(&["report", "weekly", "--as-of", "2025-03-31", "--out", "out"]);
}

/// Up to when the exports reach, by table.
#[test]
fn an_ingest_keeps_up_to_when_its_exports_reach() {
    let case = Case::of("n19");
    taken(&case, "2024-01-12T18:00", &["deals.csv", "calls.csv"]);
    let reach = "SELECT table_name, CAST(taken AS VARCHAR) AS taken FROM ingests ORDER BY ingest, table_name";
    let rows = case.sql(reach);
    let rows: Vec<_> = rows.iter().map(|row| cells(row, &["table_name", "taken"])).collect();
    assert_eq!(rows, [["deals", "2024-01-12T17:00:00Z"], ["events", "2024-01-12T17:00:00Z"]]);
    // an old file that is read again reaches no farther
    case.ingest(&["calls.csv"]);
    assert_eq!(case.sql(reach)[2]["taken"], "");
}

/// n17, n19: events of deals that nobody knows, and amounts below zero.
#[test]
fn events_of_unknown_deals_and_amounts_below_zero_are_told() {
    let case = Case::of("n17");
    let told = case.ingest(&["deals.csv", "hist.csv"]);
    says(&told, &["events of deals that the store does not know: 1 (deal 77)"]);
    let case = Case::of("n19");
    let told = case.ingest(&["deals.csv", "calls.csv"]);
    says(
        &told,
        &[
            "events of deals that the store does not know: 1 (deal D9999)",
            "`deals.amount`: amounts below zero: 1 (`-12000`)",
            "there is no log of stages",
            "add snapshot = true to [[export]] `deals`",
        ],
    );
    let told = case.run(&["ingest", "--lang", "ru", "--mapping", "mapping.toml", "deals.csv", "calls.csv"]);
    says(
        &told,
        &[
            "событий сделок, которых нет в хранилище: 1 (сделка D9999)",
            "`deals.amount`: сумм меньше нуля: 1 (`-12000`)",
            "добавьте snapshot = true в [[export]] «deals»",
        ],
    );
}

/// Deals without an id are known by the number of their row.
#[test]
fn a_row_number_is_a_key() {
    let case = Case::of("n06");
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    case.put("mapping.toml", mapping.replace("deal_id = \"id\"", "deal_id = { row_number = true }"));
    let told = case.ingest(&["deals.csv"]);
    says(&told, &["deals are known by the number of their row (row_number)"]);
    let ids = "SELECT min(deal_id) AS first, count(*) AS deals FROM deals";
    assert_eq!(cells(&case.sql(ids)[0], &["first", "deals"]), ["deals-1", "11"]);
    // the same rows and one more: one is new
    let csv = std::fs::read_to_string(case.dir().join("deals.csv")).unwrap();
    case.put("deals.csv", format!("{}\n12,c12,ann,new,2024-02-01 09:00:00,,\n", csv.trim_end()));
    case.ingest(&["deals.csv"]);
    let log = case.sql("SELECT new, changed, unchanged FROM ingests WHERE ingest = 2");
    assert_eq!(cells(&log[0], &["new", "changed", "unchanged"]), ["1", "0", "11"]);
    // two files would both begin with row 1
    case.put("deals_2.csv", csv);
    case.put(
        "mapping.toml",
        mapping
            .replace("deal_id = \"id\"", "deal_id = { row_number = true }")
            .replace("\"deals.csv\"", "\"deals*.csv\""),
    );
    let ran = crate::support::voronka(case.dir(), &["ingest", "--mapping", "mapping.toml", "deals.csv", "deals_2.csv"]);
    assert!(ran.code == 2 && ran.err.contains("each file begins with row 1"), "{}", ran.err);
    case.put("mapping.toml", mapping.replace("client_id = \"client\"", "client_id = { row_number = true }"));
    let ran = crate::support::voronka(case.dir(), &["check", "mapping.toml"]);
    assert!(
        ran.code == 1 && format!("{}{}", ran.out, ran.err).contains("`row_number` tells deals apart"),
        "{}",
        ran.err
    );
}
