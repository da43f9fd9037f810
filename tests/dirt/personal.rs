//! One client in two systems, by phone and by e-mail; and what of it is in the store afterwards.

use std::fs::File;

use arrow::util::pretty::pretty_format_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Company, files, says};

const MAPPING: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "crm"
files = "crm*.csv"
dates = "dd.mm.yyyy"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
client_id = { from = "Телефон", normal = "phone" }
created_at = "Создана"
[export.table.extra]
email = { from = "Почта", normal = "email" }
contact = { from = "Контакт", personal = true }

[[export]]
name = "calls"
files = "calls*.csv"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
at = "start"
kind = { const = "call" }
client_id = { from = "phone", normal = "phone" }
deal_id = { from = "deal", optional = true }

[[export]]
name = "letters"
files = "letters*.csv"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "clients"
[export.table.columns]
client_id = { from = "to", normal = "email" }
"#;

const CRM: &str = "ID;Телефон;Почта;Контакт;Создана\n\
    1;+7 (912) 123-45-67;Ivan@Example.com;Иван Петров;01.03.2025\n\
    2;8 800 555-35-35, доб. 1;;Анна;01.03.2025\n\
    3;нет;нет;;01.03.2025\n";
const CALLS: &str = "start,phone,deal\n2025-03-01 10:00:00,89121234567,1\n2025-03-01 11:00:00,'+78005553535,2\n";
const LETTERS: &str = "to\n\"Иван <ivan@example.com>\"\n";

/// What of a person must not be found: as it was written, and as it is brought into one form.
const SECRETS: [&str; 9] = [
    "9121234567",
    "912) 123-45-67",
    "8005553535",
    "800 555-35-35",
    "Ivan@Example.com",
    "ivan@example.com",
    "Иван",
    "Петров",
    "Анна",
];

fn company(personal: &str) -> Company {
    let company = Company::new(&format!("{personal}\n{MAPPING}"));
    company.put("crm.csv", CRM);
    company.put("calls.csv", CALLS);
    company.put("letters.csv", LETTERS);
    company
}

/// All that lies in the store, unpacked: the rows of every data file of every version, and what is beside them.
fn everything(company: &Company) -> String {
    let mut all = String::new();
    for (path, bytes) in files(&company.path("store")) {
        all += &format!("{}\n", path.display());
        match path.extension().is_some_and(|end| end == "parquet") {
            true => {
                let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
                let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
                all += &pretty_format_batches(&batches).unwrap().to_string();
            }
            false => all += &String::from_utf8_lossy(&bytes),
        }
        // and packed: what a footer holds of its columns is not
        all += &String::from_utf8_lossy(&bytes);
    }
    all
}

#[track_caller]
fn has_none(text: &str, of: &[&str]) {
    for secret in of {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "`{secret}` is in the store: {}", line.unwrap_or_default());
    }
}

#[test]
fn hashed_one_client_of_three_systems_is_one_and_the_store_does_not_know_the_phone() {
    for stated in ["", "personal = \"hash\""] {
        let company = company(stated);
        let told = company.loads(&["crm.csv", "calls.csv", "letters.csv"]);
        says(&told, &["phones and e-mails that are none, left out: 2"]);
        let clients = company.sql(
            "SELECT deals.client_id = events.client_id FROM deals JOIN events ON deals.deal_id = events.deal_id \
             ORDER BY deals.deal_id",
        );
        assert_eq!(clients, ["true", "true"]);
        assert_eq!(
            company.sql("SELECT deals.email = clients.client_id FROM deals, clients WHERE deal_id = '1'"),
            ["true"]
        );
        let form = "SELECT count(*) FROM deals WHERE client_id ~ '^h:[0-9a-f]{24}$'";
        assert_eq!(company.sql(form), ["2"]);
        has_none(&everything(&company), &SECRETS);
        // the same export again: the same hashes
        says(&company.loads(&["crm.csv", "calls.csv", "letters.csv"]), &["the data has not changed"]);
        // the key lies beside the store; with another one nobody would be himself
        assert!(company.path("store.key").is_file());
        company.put("store.key", "lost");
        says(
            &company.refuses(&["crm.csv"]),
            &["store.key: not a key that an ingest made", "put the store's own key back"],
        );
    }
}

#[test]
fn dropped_nothing_of_it_is_kept() {
    let company = company("personal = \"drop\"");
    company.loads(&["crm.csv", "calls.csv"]);
    assert_eq!(
        company.sql("SELECT deal_id, client_id, email, contact FROM deals ORDER BY deal_id"),
        ["1,,,", "2,,,", "3,,,"]
    );
    assert_eq!(company.sql("SELECT count(*), count(client_id) FROM events"), ["2,0"]);
    has_none(&everything(&company), &SECRETS);
    assert!(!company.path("store.key").exists(), "a key that nobody needs");
}

#[test]
fn kept_it_is_in_one_form() {
    let company = company("personal = \"keep\"");
    company.loads(&["crm.csv", "calls.csv", "letters.csv"]);
    assert_eq!(
        company.sql("SELECT deal_id, client_id, email, contact FROM deals ORDER BY deal_id"),
        ["1,'+79121234567,ivan@example.com,Иван Петров", "2,'+78005553535,,Анна", "3,,,"]
    );
    assert_eq!(company.sql("SELECT client_id FROM events ORDER BY at"), ["'+79121234567", "'+78005553535"]);
    assert!(!company.path("store.key").exists());
}

#[test]
fn a_refused_row_tells_nothing_of_the_person_either() {
    for (personal, phone) in [("hash", "9121234567"), ("drop", "9121234567")] {
        let company = company(&format!("personal = \"{personal}\""));
        company.put("crm.csv", CRM.replace("01.03.2025", "31.02.2025"));
        // too few cells: which of them is the phone is not known
        company.put("calls.csv", format!("{CALLS}2025-03-01 12:00:00,8{phone}\n2025-03-01 25:00:00,8{phone},1\n"));
        let ran = company.ingest(&["crm.csv", "calls.csv"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let told = ran.out;
        has_none(&told, &SECRETS);
        assert_eq!(company.sql("SELECT count(*) FROM quarantine"), ["5"], "{told}");
        has_none(&everything(&company), &SECRETS);
    }
}
