//! Events that know only their client, answers before the deal, and days that are no midnights.

use super::Case;

/// Working hours from nine to six, an answer due within half a working hour.
const REGULATION: &str = include_str!("f22/regulation.toml");

fn company(name: &str) -> Case {
    let case = Case::of(name);
    case.put("regulation.toml", REGULATION);
    case
}

/// Some columns of rows, joined by a blank.
fn told(rows: &[super::Row], columns: &[&str]) -> Vec<String> {
    let row = |row: &super::Row| columns.iter().map(|name| row[*name].as_str()).collect::<Vec<_>>().join(" ");
    rows.iter().map(row).collect()
}

fn answers(case: &Case) -> Vec<String> {
    let query = "SELECT deal_id, coalesce(arrow_cast(response_at, 'Utf8'), 'never') AS answered, events, \
                 coalesce(array_length(touch_at), 0) AS touches FROM journeys ORDER BY deal_id";
    told(&case.sql(query), &["deal_id", "answered", "events", "touches"])
}

/// n01: calls that know only the client reach its deals, whichever comes first.
#[test]
fn a_call_to_a_client_answers_the_client_s_deal() {
    let expected = ["1 2024-01-08T09:05:00Z 1 1", "2 2024-01-09T10:00:00Z 1 1"];
    for order in
        [&[&["deals.csv", "calls.csv"][..]][..], &[&["calls.csv"], &["deals.csv"]], &[&["deals.csv"], &["calls.csv"]]]
    {
        let case = company("n01");
        let said: Vec<String> = order.iter().map(|exports| case.ingest(exports)).collect();
        assert_eq!(answers(&case), expected, "{order:?}");
        let last = said.last().unwrap();
        assert!(last.contains("joined to a deal of the client: 2;"), "{last}");
        let response = case.query(&["response", "--as-of", "2024-02-01"]);
        assert_eq!(told(&response, &["answered", "judged", "within_sla"]), ["2 2 1"]);
        let breaches = case.query(&["breaches", "--as-of", "2024-02-01"]);
        let of_response: Vec<_> = breaches.into_iter().filter(|row| row["rule"] == "response").collect();
        assert_eq!(told(&of_response, &["deal_id"]), ["2"], "{order:?}");
        // the export's own word stays, and a metric counts what was joined
        assert_eq!(
            told(
                &case.sql("SELECT event_id, deal_id, joined_deal FROM events ORDER BY event_id"),
                &["event_id", "deal_id", "joined_deal"]
            ),
            ["a1  1", "a2  2"]
        );
        let quality = case.query(&["data_quality", "--by", "manager", "--as-of", "2024-02-01"]);
        assert_eq!(
            told(&quality, &["manager", "events_of_clients", "events_joined", "events_not_joined"]),
            ["ann 2 2 0"]
        );
    }
}

#[test]
fn what_belongs_to_no_deal_is_told_and_judges_nobody() {
    let case = company("n01");
    case.put(
        "calls.csv",
        "id,at,client,dir\na1,2024-01-08 10:05:00,c1,outgoing\na2,2024-01-20 11:00:00,c2,outgoing\na3,2024-01-08 11:00:00,c9,outgoing\n",
    );
    let said = case.ingest(&["deals.csv", "calls.csv"]);
    let told_of = "joined to a deal of the client: 1; the client had no deal then to which they could belong: 1; no deal of the \
                   client is known: 1";
    assert!(said.contains(told_of), "{said}");
    assert_eq!(answers(&case), ["1 2024-01-08T09:05:00Z 1 1", "2 never 0 0"]);
    let quality = case.query(&["data_quality", "--as-of", "2024-02-01"]);
    assert_eq!(told(&quality, &["events_of_clients", "events_joined", "events_not_joined"]), ["3 1 2"]);
}

/// f22: who was called twenty minutes before the deal was entered was answered, and waited no time, never a negative one.
#[test]
fn a_call_before_the_deal_was_entered_is_its_answer() {
    let case = company("f22");
    case.ingest(&["deals.csv", "events.csv"]);
    let expected = [
        "1 2025-03-03T09:00:00Z 1 1",
        "2 2025-03-03T09:00:00Z 1 1",
        "3 never 0 0",
        "4 2025-03-03T09:20:00Z 1 1",
        "5 never 2 0",
    ];
    assert_eq!(answers(&case), expected);
    let response = case.query(&["response", "--as-of", "2025-04-01"]);
    assert_eq!(response[0]["answered"], "3");
    assert!(response[0]["median_minutes"].parse::<f64>().unwrap() >= 0.0, "{response:?}");
    // the touch keeps its own time
    let touches = case.sql("SELECT arrow_cast(touch_at[1], 'Utf8') AS at FROM journeys WHERE deal_id = '1'");
    assert_eq!(touches[0]["at"], "2025-03-03T08:40:00Z");
}

/// n04: a closing known as a day is no closing at midnight.
#[test]
fn a_touch_on_the_day_of_the_closing_came_before_it() {
    let case = company("n04");
    let said = case.ingest(&["deals.csv", "calls.csv"]);
    assert!(!said.contains("closed before"), "{said}");
    let quality = case.query(&["data_quality", "--as-of", "2024-02-01"]);
    assert_eq!(quality[0]["closed_before_created"], "0");
    let hazard = case.query(&["touch_hazard", "--as-of", "2024-02-01"]);
    assert_eq!(told(&hazard, &["touch", "deals", "won_next", "harm_next"]), ["1 2 2 "]);
    // a closing at a moment stays one
    case.put(
        "deals.csv",
        "id,client,owner,stage,created,closed,amount\n3,c3,ann,won,2024-01-10 09:00:00,2024-01-10 08:59:00,100\n",
    );
    let said = case.ingest(&["deals.csv"]);
    assert!(said.contains("deals closed before they were created: 1 (3)"), "{said}");
}

/// A call of which only the day is known answers a deal of that day, and is not ahead of one of the next.
#[test]
fn a_day_answers_a_deal_of_that_day() {
    let case = company("n04");
    case.put("calls.csv", "id,at,deal,dir\na1,2024-01-10,1,outgoing\na2,2024-01-07,2,outgoing\n");
    case.ingest(&["deals.csv", "calls.csv"]);
    assert_eq!(answers(&case), ["1 2024-01-09T23:00:00Z 1 1", "2 never 1 1"]);
}

/// n13: where no refusal, complaint or opt-out was ever loaded, nobody knows what a touch costs.
#[test]
fn without_harm_there_is_no_advice_on_touches() {
    let case = company("n13");
    case.ingest(&["deals.csv", "calls.csv"]);
    let hazard = case.query(&["touch_hazard", "--as-of", "2024-08-01"]);
    assert!(!hazard.is_empty());
    assert!(hazard.iter().all(|row| row["harm_next"].is_empty() && row["harm_hazard"].is_empty()), "{hazard:?}");
    let refused = super::voronka(case.dir(), &["query", "advised_stop", "--as-of", "2024-08-01"]);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(said.contains("refused_at") || said.contains("refusal"), "{said}");
}

/// What was joined is evidence, a next step, a contact and a day's work of the deal's manager, as if it had named the deal.
#[test]
fn a_joined_event_counts_wherever_events_of_deals_do() {
    let case = company("n01");
    case.put(
        "regulation.toml",
        REGULATION.replace("title = \"Offer\"\n", "title = \"Offer\"\nevidence = \"call >= 1\"\n"),
    );
    let more = r#"
[[export]]
name = "log"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = { const = "stage" }
deal_id = "deal"
stage = "stage"
[[export]]
name = "tasks"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = { const = "task" }
client_id = "client"
"#;
    case.put("mapping.toml", format!("{}{more}", include_str!("n01/mapping.toml")));
    case.put("deals.csv", "id,client,owner,stage,created,closed,amount\n1,c1,ann,offer,2024-01-08 10:00:00,,\n2,c2,ann,offer,2024-01-08 10:00:00,,\n");
    case.put("log.csv", "deal,at,stage\n1,2024-01-08 12:00:00,offer\n2,2024-01-08 12:00:00,offer\n");
    case.put("tasks.csv", "at,client\n2024-02-01 10:00:00,c2\n");
    case.ingest(&["deals.csv", "calls.csv", "log.csv", "tasks.csv"]);
    let breaches = case.query(&["breaches", "--as-of", "2024-01-20"]);
    let of = |rule: &str| {
        let of_rule: Vec<_> = breaches.iter().filter(|row| row["rule"] == rule).cloned().collect();
        told(&of_rule, &["deal_id"])
    };
    // deal 1 was called before it came there, deal 2 a day after; for client 2 a task is planned
    assert_eq!((of("evidence"), of("next_step")), (vec!["2".to_owned()], vec!["1".to_owned()]));
    let contacts = case.query(&["contacts", "--by", "manager", "--as-of", "2024-01-20"]);
    assert!(contacts.iter().all(|row| row["manager"] == "ann" && row["contacts"] == "2"), "{contacts:?}");
    let load = case.query(&["staff_load", "--as-of", "2024-01-20"]);
    // who called, the log does not say
    assert_eq!(told(&load, &["nobodys_touches"]), ["2"]);
}
