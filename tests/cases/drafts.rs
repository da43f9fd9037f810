//! Drafts: what `voronka ingest FILE` makes of an export that no preset knows.

use super::Case;
use crate::support::{checkout, voronka};

/// The draft of an export, and what was said of it.
fn drafted(case: &Case, export: &str) -> (String, String) {
    let ran = voronka(case.dir(), &["ingest", "--lang", "en", export]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let stem = export.rsplit_once('.').unwrap().0;
    (std::fs::read_to_string(case.dir().join(format!("{stem}.mapping.toml"))).unwrap(), ran.out)
}

/// Answers a draft's questions and loads the export by it: what was said.
fn loaded(case: &Case, export: &str, answers: &[(&str, &str)]) -> String {
    let (mut draft, _) = drafted(case, export);
    for (asked, answer) in answers {
        assert!(draft.contains(asked), "{asked} is not in\n{draft}");
        draft = draft.replace(asked, answer);
    }
    case.put("mapping.toml", draft);
    std::fs::copy(checkout("sample_data/regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    case.run(&["ingest", "--lang", "en", "--mapping", "mapping.toml", export])
}

#[track_caller]
fn has(draft: &str, lines: &[&str]) {
    for line in lines {
        assert!(draft.lines().any(|of| of.starts_with(line)), "{line}\n---\n{draft}");
    }
}

/// The first row of an answer, its cells joined.
fn first(case: &Case, query: &str) -> String {
    case.run(&["sql", query, "--format", "csv"]).lines().nth(1).unwrap_or_default().to_owned()
}

/// n07: names in any case and with any mark between words; a planned day is no closing.
#[test]
fn names_are_known_however_they_are_written() {
    let case = Case::new();
    case.put(
        "deals.csv",
        "deal_id,stage_id,manager_id,source,amount,created_at,CLOSE_DATE\n\
         D1,NEW,U1,web,100,2026-06-01T09:14:58+05:00,\nD2,WON,U1,web,100,2026-06-02T09:14:58+05:00,2026-06-08T16:45:00+05:00\n",
    );
    // of the two stages one is won, and none is lost: the one question
    loaded(&case, "deals.csv", &[(", \"??\" = \"lost\"", "")]);
    let found = first(
        &case,
        "SELECT count(*), sum(amount), count(closed_at), count(*) FILTER (WHERE status = 'won'), max(stage) FROM deals",
    );
    assert_eq!(found, "2,200.0000,1,1,WON");

    for (planned, closed) in [
        ("Tentative Close Date", "Closing Date"),
        ("Ожидаемая дата закрытия", "Дата закрытия"),
        ("forecast_close_date", "CLOSED_AT"),
    ] {
        let case = Case::new();
        case.put("leads.csv", format!("LEAD_ID,Stage,{planned},{closed},Created Time\n1,Won,2025-03-09,2025-03-05,2025-03-01\n2,New,2025-03-09,,2025-03-02\n3,Lost,2025-03-09,2025-03-06,2025-03-02\n"));
        loaded(&case, "leads.csv", &[]);
        let found = first(
            &case,
            "SELECT count(*), count(closed_at), count(*) FILTER (WHERE closed_at < '2025-03-06T12:00:00Z'), count(expected_close) FROM deals",
        );
        assert_eq!(found, "3,2,2,3", "{planned}");
    }
}

/// n08: what was spent on several adverts of a campaign on a day adds up, and the draft says the sum.
#[test]
fn spend_by_advert_keeps_all_its_money() {
    let case = Case::new();
    case.put(
        "spend.csv",
        "Date,Source,Campaign,AdGroup,Ad,Impressions,Spend,Clicks\n2024-03-13,fb,c1,g1,a1,10,100,1\n2024-03-13,fb,c1,g2,a2,10,50,1\n2024-03-14,fb,c1,g1,a1,10,70,1\n",
    );
    let (draft, said) = drafted(&case, "spend.csv");
    has(
        &draft,
        &[
            "fill = \"spend\" # 3 rows",
            "repeated = \"sum\" # rows that repeat day and campaign, which add up: 1",
            "cost = \"Spend\" # 3 filled, sum 220.00",
        ],
    );
    assert!(said.contains("cost ← «Spend»: 3 filled, sum 220.00"), "{said}");
    std::fs::remove_file(case.dir().join("spend.mapping.toml")).unwrap();
    loaded(&case, "spend.csv", &[]);
    assert_eq!(first(&case, "SELECT count(*), sum(cost), sum(clicks) FROM spend"), "2,220.0000,3");
}

/// n09: a list of contacts makes clients, and not one deal.
#[test]
fn contacts_are_clients() {
    let case = Case::new();
    case.put(
        "contacts.csv",
        "Id,Contact Owner Name,Created Time,Modified Time\n580502,Rachel White,27.06.2023 11:28,22.12.2023 13:34\n580503,Bob Brown,28.06.2023 11:28,22.12.2023 13:34\n",
    );
    loaded(&case, "contacts.csv", &[]);
    assert_eq!(first(&case, "SELECT count(*), min(client_id), min(first_seen) FROM clients"), "2,580502,2023-06-27");
    assert_eq!(first(&case, "SELECT count(*) FROM deals"), "0");
}

/// n18: a log of stages makes events; so do calls.
#[test]
fn logs_are_events() {
    let case = Case::new();
    case.put("history.csv", "DEAL_ID,STAGE_CREATED_AT,STAGE_NAME\n1,2024-01-08T09:00:00Z,New\n1,2024-01-09T09:00:00Z,Won\n2,2024-01-09T09:00:00Z,New\n");
    loaded(&case, "history.csv", &[]);
    assert_eq!(
        first(
            &case,
            "SELECT count(*), count(DISTINCT deal_id), min(kind), max(kind), count(DISTINCT stage) FROM events"
        ),
        "3,2,stage,stage,2"
    );
    assert_eq!(first(&case, "SELECT count(*) FROM deals"), "0");

    let case = Case::new();
    case.put(
        "calls.csv",
        "Id,Call Start Time,Call Owner Name,CONTACTID,Call Type,Call Duration (in seconds),Call Status\n\
         8050280000008051,27.06.2023 11:28,John,5805028000000000001,Outbound,10,Attended\n8050280000008052,28.06.2023 11:28,John,5805028000000000002,Inbound,,Missed\n",
    );
    loaded(&case, "calls.csv", &[]);
    let found = first(
        &case,
        "SELECT count(*), min(kind), count(DISTINCT client_id), count(*) FILTER (WHERE direction = 'outgoing'), sum(duration_s), min(client_id) FROM events",
    );
    assert_eq!(found, "2,call,2,1,10,5805028000000000001");
}

/// Each column of dates in its own form, by all its rows: rows that come late in the file count as the first do.
#[test]
fn no_row_is_lost_to_the_form_of_a_date() {
    let case = Case::new();
    let row = |n: u32| {
        let created = format!("{:02}.{:02}.2024 10:00", n % 28 + 1, n % 12 + 1);
        let closed = if n < 1500 { String::new() } else { format!("2025-{:02}-{:02}", n % 12 + 1, n % 28 + 1) };
        format!(
            "{n};{};{created};{closed};100,50\n",
            if closed.is_empty() {
                "New"
            } else if n.is_multiple_of(2) {
                "Won"
            } else {
                "Lost"
            }
        )
    };
    case.put(
        "deals.csv",
        format!("Deal ID;Stage;Created;Closing Date;Amount\n{}", (0..2000).map(row).collect::<String>()),
    );
    let said = loaded(&case, "deals.csv", &[]);
    assert!(!said.contains("in quarantine"), "{said}");
    let found = first(&case, "SELECT count(*), count(created_at), count(closed_at), sum(amount) FROM deals");
    assert_eq!(found, "2000,2000,500,201000.0000");

    // where nothing proves the order of day and month, both readings are shown, and no file is loaded before one is chosen
    let case = Case::new();
    case.put("deals.csv", "Deal ID;Stage;Created;Amount\n1;Won;03/04/2024;1\n2;Lost;05/06/2024;1\n");
    let (draft, _) = drafted(&case, "deals.csv");
    has(
        &draft,
        &[
            "created_at = { from = \"Created\", dates = \"?\" } # ? its dates may be read in several ways: 03/04/2024: \"d/m/yyyy\" = 2024-04-03 or \"m/d/yyyy\" = 2024-03-04",
        ],
    );
    let ran = voronka(case.dir(), &["ingest", "--lang", "en", "--mapping", "deals.mapping.toml", "deals.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("deals.mapping.toml:") && ran.err.contains("`dates` has a `?`"), "{}", ran.err);
}

/// Money and deals are neither lost nor made: of two sums, of an order's lines, of an unproven decimal mark, a person says which.
#[test]
fn what_money_is_meant_is_asked_with_the_sums() {
    let case = Case::new();
    case.put("orders.csv", "Order ID,Initial Amount Paid,Offer Total Amount,Status,Created\n1,10,100,Paid,2024-01-13\n1,20,200,Paid,2024-01-13\n2,40,\"1,300\",Cancelled,2024-01-14\n");
    let (draft, said) = drafted(&case, "orders.csv");
    has(
        &draft,
        &[
            "amount = \"?\" # ? which of the columns: \"Initial Amount Paid\" (3 filled, sum 70.00), \"Offer Total Amount\" (3 filled, sum 1,600.00 or 301.30)",
            "repeated = \"?\" # ? rows that repeat a key: 1, of them in every cell: 0;",
            "status = { from = \"Status\", values = { \"Cancelled\" = \"lost\", \"Paid\" = \"?\" }",
            "# snapshot = true # if every export lists all deals",
        ],
    );
    assert!(said.contains("orders.csv: rows 3, read as deals") && said.contains("(3 of them, lines "), "{said}");
}

/// t21: a draft shows nothing of a client, and only its owner reads it.
#[test]
fn a_draft_keeps_clients_to_itself() {
    let case = Case::new();
    case.put(
        "people.csv",
        "ID,Name,Phone,Mail,D,A\nL1,Secretova Anna,+7 903 111-22-33,anna@secret.example,2025-06-01,5\nL2,Hidden B,+7 903 444-55-66,b@secret.example,2025-06-02,6\n",
    );
    let (draft, said) = drafted(&case, "people.csv");
    for secret in ["Secretova", "Hidden", "903", "secret.example"] {
        assert!(!draft.contains(secret) && !said.contains(secret), "{secret}\n{said}\n{draft}");
    }
    // words that repeat are shown where they are nobody's own: a phone in a column of sources is somebody's
    let row = |n: u32| {
        format!(
            "{n},+7903{:07},{},{},Иванова Мария {n}\n",
            n,
            if n.is_multiple_of(2) { "+7 903 111-22-33" } else { "web" },
            ["New", "Won", "Lost"][n as usize % 3]
        )
    };
    case.put("leads.csv", format!("Lead ID,Client,Source,Stage,Note\n{}", (0..30).map(row).collect::<String>()));
    let (draft, _) = drafted(&case, "leads.csv");
    assert!(draft.contains("web (15)") && !draft.contains("903") && !draft.contains("Иванова"), "{draft}");
    has(&draft, &["client_id = { from = \"Client\", normal = \"phone\", personal = true }"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(case.dir().join("people.mapping.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// A row that is the sum of the others would double the money: a person says whether it is a total.
#[test]
fn a_total_without_a_word_is_asked_about() {
    let case = Case::new();
    case.put(
        "ads.csv",
        "Reporting starts,Campaign name,Impressions,Amount spent (USD)\n2025-10-01,,30,\"1,470.50\"\n2025-10-01,a,20,\"1,234.50\"\n2025-10-02,b,10,236.00\n",
    );
    let (draft, _) = drafted(&case, "ads.csv");
    has(
        &draft,
        &[
            "fill = \"spend\"",
            "ignore_rows = { column = \"?\", filled = false } # ? one row has as much as all others together",
        ],
    );
    std::fs::remove_file(case.dir().join("ads.mapping.toml")).unwrap();
    let said = loaded(&case, "ads.csv", &[("column = \"?\"", "column = \"Campaign name\"")]);
    assert!(said.contains("ignored by the mapping 1"), "{said}");
    assert_eq!(first(&case, "SELECT count(*), sum(cost) FROM spend"), "2,1470.5000");
}

/// A workbook's other sheets, totals and rows of another shape are counted.
#[test]
fn what_a_draft_leaves_out_has_a_number() {
    let case = Case::new();
    case.put("deals.csv", "Deal ID;Stage;Amount\n1;Won;10\n2;Lost;20;x\nИтого;;30\n");
    let (draft, said) = drafted(&case, "deals.csv");
    has(
        &draft,
        &[
            "totals = [\"Итого\", \"Всего\", \"Total\", \"Grand total\"] # totals below the rows, here: 1",
            "# rows with another number of cells than the header, which will be quarantined: 1",
        ],
    );
    assert!(said.contains("deals.csv: rows 2 (and totals 1), read as deals"), "{said}");
}

/// A column that the ingest makes is not to be named in a mapping: the hint says of what it is made.
#[test]
fn a_column_of_journeys_is_made_and_not_mapped() {
    let case = Case::new();
    for (section, name, hint) in [
        ("[export.table.extra]", "refunded_at", "events of kind refund"),
        ("[export.table.columns]", "refunded_at", "events of kind refund"),
        ("[export.table.extra]", "entries", "events of kind stage"),
        ("[export.table.columns]", "touch_at", "calls, letters, messages and meetings"),
    ] {
        let head = "zone = \"UTC\"\n[[export]]\nname = \"d\"\n[[export.table]]\nfill = \"deals\"\n[export.table.columns]\ndeal_id = \"ID\"\n";
        let section = if section.ends_with("extra]") { format!("{section}\n") } else { String::new() };
        case.put("m.toml", format!("{head}{section}{name} = \"Refunded\"\n"));
        let ran = voronka(case.dir(), &["check", "m.toml"]);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(hint) && !told.contains("use [export.table.columns]"), "{told}");
    }
}

/// A header that says thousands: the draft writes the line that ingests would otherwise ask for.
#[test]
fn money_in_thousands_is_multiplied_by_the_draft_itself() {
    for (header, cells, sum) in [
        ("Сумма, тыс. руб.", ["1,5", "20"], "21500.0000"),
        ("Сумма сделки (млн руб.)", ["1,5", "0,25"], "1750000.0000"),
        ("Сумма, коп.", ["150000", "50"], "1500.5000"),
        ("Сумма, руб.", ["1,5", "20"], "21.5000"),
    ] {
        let case = Case::new();
        let [first_deal, second] = cells;
        case.put(
            "deals.csv",
            format!(
                "ID сделки;Этап;{header};Дата создания;Дата закрытия\n1;Успешно реализовано;{first_deal};13.03.2025;15.03.2025\n\
                 2;Закрыто и не реализовано;{second};14.03.2025;16.03.2025\n"
            ),
        );
        let said = loaded(&case, "deals.csv", &[]);
        assert_eq!(first(&case, "SELECT count(*), sum(amount) FROM deals"), format!("2,{sum}"), "{said}");
    }
}

/// The cells say thousands as well, or amounts are beyond all measure: the draft asks.
#[test]
fn money_whose_header_and_values_disagree_is_asked_about() {
    for (header, cell) in [("Сумма, тыс. руб.", "15 тыс."), ("Сумма, млн", "25000000")] {
        let case = Case::new();
        case.put(
            "deals.csv",
            format!("ID сделки;Этап;{header};Дата создания\n1;Успешно реализовано;{cell};13.03.2025\n2;Новая;{cell};14.03.2025\n"),
        );
        let (draft, _) = drafted(&case, "deals.csv");
        has(&draft, &[&format!("amount = {{ multiply = [\"{header}\", \"?\"]")]);
        case.put("mapping.toml", &draft);
        let ran = voronka(case.dir(), &["ingest", "--lang", "en", "--mapping", "mapping.toml", "deals.csv"]);
        assert!(ran.code == 2 && ran.err.contains("`amount` has a `?`"), "{}", ran.err);
    }
}
