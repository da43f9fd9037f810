//! Money, lengths, words: as people and spreadsheets write them.

use super::{Company, deals, says};

fn money(keys: &str, values: &[&str]) -> Company {
    let company = Company::with_deals(keys, "amount = \"Сумма\"");
    let rows: String = values.iter().zip(1..).map(|(value, id)| format!("{id}\t{value}\n")).collect();
    company.put("deals.csv", format!("ID\tСумма\n{rows}"));
    company
}

/// What money was read as.
fn amounts(keys: &str, values: &[&str]) -> Vec<String> {
    let company = money(keys, values);
    let told = company.loads(&["deals.csv"]);
    assert!(!told.contains("in quarantine"), "{told}");
    company.of_deals("amount")
}

#[test]
fn euros_beside_bare_numbers_are_refused_unless_the_currency_is_stated() {
    let company = money("", &["€ 3.500,00", "3500"]);
    says(
        &company.refuses(&["deals.csv"]),
        &["deals.csv: `Сумма`: line 3 has `3500`, without a currency, and others are EUR", "currency = \"EUR\""],
    );
    let company = money("", &["3500", "€ 3.500,00"]);
    says(
        &company.refuses(&["deals.csv"]),
        &["line 3 has `€ 3.500,00`, which is EUR, and others name no currency", "currency = \"EUR\""],
    );
    assert_eq!(amounts("currency = \"EUR\"", &["€ 3.500,00", "3500"]), ["3500.0000", "3500.0000"]);
    assert_eq!(amounts("currency = \"€\"", &["3500", "€ 3.500,00"]), ["3500.0000", "3500.0000"]);
}

#[test]
fn two_currencies_never_add_up() {
    let company = money("", &["5 $", "6 €"]);
    says(&company.refuses(&["deals.csv"]), &["line 3 has `6 €`, which is EUR, and others are USD"]);
    let company = money("currency = \"USD\"", &["5 $", "6 €", "7"]);
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("amount"), ["5.0000", "7.0000"]);
    assert_eq!(company.quarantine(), ["3 | Сумма | 6 € | an amount in EUR, and the mapping states USD"]);
}

#[test]
fn thousands_that_may_be_decimals_are_refused_with_both_readings() {
    let company = money("", &["R$\u{a0}100.000"]);
    says(
        &company.refuses(&["deals.csv"]),
        &["line 2 has `R$\u{a0}100.000`, which is 100 with \".\" and 100000 with \",\"", "decimal = \",\""],
    );
    assert_eq!(amounts("decimal = \",\"", &["R$\u{a0}100.000", "R$\u{a0}1.100,50"]), ["100000.0000", "1100.5000"]);
    // another value of the column may prove it
    assert_eq!(amounts("", &["R$\u{a0}100.000", "R$\u{a0}1.100,50"]), ["100000.0000", "1100.5000"]);
    let company = money("", &["1,117K"]);
    says(&company.refuses(&["deals.csv"]), &["line 2 has `1,117K`, which is 1117000 with \".\" and 1117 with \",\""]);
}

#[test]
fn spaces_of_every_kind_part_thousands() {
    let values = ["1 234,56", "1\u{a0}234,56", "1\u{202f}234,56", "-1 234,56", "−1 234,56", "1 234 567"];
    let read = ["1234.5600", "1234.5600", "1234.5600", "-1234.5600", "-1234.5600", "1234567.0000"];
    assert_eq!(amounts("", &values), read);
}

#[test]
fn k_and_millions_are_powers_of_ten() {
    assert_eq!(amounts("", &["$1,117.10K", "$2", "$3M"]), ["1117100.0000", "2.0000", "3000000.0000"]);
    assert_eq!(
        amounts("currency = \"RUB\"", &["1,5 млн", "2,5К", "100 тыс. руб.", "7 ₽"]),
        ["1500000.0000", "2500.0000", "100000.0000", "7.0000"]
    );
    // metres, minutes or millions: nobody knows
    let company = money("", &["5m", "6"]);
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("amount"), ["6.0000"]);
    says(&company.quarantine()[0], &["2 | Сумма | 5m | not a number; a unit that the guide does not list"]);
}

#[test]
fn two_notations_in_one_column_are_refused() {
    let company = money("", &["2.00", "0,02"]);
    says(&company.refuses(&["deals.csv"]), &["two notations in one column: line 2 has `2.00`, line 3 has `0,02`"]);
    // stated, the others are quarantined
    let company = money("decimal = \".\"", &["2.00", "0,02"]);
    company.loads(&["deals.csv"]);
    assert_eq!(company.quarantine(), ["3 | Сумма | 0,02 | not a number with the decimal mark `.`"]);
}

#[test]
fn a_header_names_the_currency() {
    let mapping = "[[export]]\nname = \"ads\"\n[[export.table]]\nfill = \"spend\"\n[export.table.columns]\n\
                   day = \"Day\"\ncost = \"Amount spent (*)\"\n";
    let company = Company::new(mapping);
    company.put("ads.csv", "Day,Amount spent (USD)\n2025-03-13,\"1,234.50\"\n2025-03-14,$20.00\n");
    says(&company.loads(&["ads.csv"]), &["ads.csv: the amounts of `spend.cost` are in USD"]);
    assert_eq!(company.sql("SELECT cost FROM spend ORDER BY day"), ["1234.5000", "20.0000"]);
    company.put("ads.csv", "Day,Amount spent (USD)\n2025-03-13,\"1,234.50\"\n2025-03-14,€20.00\n");
    says(&company.refuses(&["ads.csv"]), &["line 3 has `€20.00`, which is EUR, and others are USD"]);
}

#[test]
fn lengths_of_time_in_every_form_and_two_parts_only_when_stated() {
    let mapping = |more: &str| {
        format!(
            "zone = \"UTC\"\n[[export]]\nname = \"calls\"\ndates = \"yyyy-mm-dd HH:MM\"\n[[export.table]]\nfill = \"events\"\n\
             [export.table.columns]\nat = \"At\"\nkind = {{ const = \"call\" }}\nclient_id = \"Client\"\n\
             duration_s = {{ from = \"Length\"{more} }}\n"
        )
    };
    let company = Company::new(&mapping(""));
    let lengths = ["\"4 days, 21:19:46\"", "00:03:25", "205", "1 ч 5 мин", "PT3M25S", "27:00:00", "soon"];
    let rows: String = lengths.iter().zip(1..).map(|(text, n)| format!("2025-03-01 10:0{n};{n};{text}\n")).collect();
    company.put("calls.csv", format!("At;Client;Length\n{rows}"));
    company.loads(&["calls.csv"]);
    let of_events = "SELECT duration_s FROM events ORDER BY client_id";
    assert_eq!(company.sql(of_events), ["422386", "205", "205", "3900", "205", "97200"]);
    says(&company.quarantine()[0], &["8 | Length | soon | not a length of time"]);

    company.put("calls.csv", "At;Client;Length\n2025-03-01 10:00;1;3:25\n");
    says(
        &company.refuses(&["calls.csv"]),
        &["`3:25`, which is 205 s as minutes and seconds, or 12300 s as hours and minutes", "duration = \"mm:ss\""],
    );
    for (stated, seconds) in [("mm:ss", "205"), ("hh:mm", "12300")] {
        let company = Company::new(&mapping(&format!(", duration = \"{stated}\"")));
        company.put("calls.csv", "At;Client;Length\n2025-03-01 10:00;1;3:25\n");
        company.loads(&["calls.csv"]);
        assert_eq!(company.sql(of_events), [seconds]);
    }
}

#[test]
fn case_is_levelled_where_the_mapping_says_so() {
    let text = "ID;Источник\n1;google\n2;Google\n3;GOOGLE \n";
    let level = Company::with_deals("", "source = { from = \"Источник\", case = \"lower\" }");
    level.put("deals.csv", text);
    level.loads(&["deals.csv"]);
    assert_eq!(level.of_deals("source"), ["google", "google", "google"]);
    let as_is = Company::with_deals("", "source = \"Источник\"");
    as_is.put("deals.csv", text);
    says(
        &as_is.loads(&["deals.csv"]),
        &["`source`: values that differ only in case", "`GOOGLE` and `Google` and `google`"],
    );
    assert_eq!(as_is.of_deals("source"), ["google", "Google", "GOOGLE"]);
}

#[test]
fn what_means_not_filled_is_not_a_value() {
    let company = Company::with_deals(
        "empty = [\"Select\", \"—\", \"--\"]",
        "source = \"Источник\"\nlost_reason = \"Причина\"\namount = \"Сумма\"",
    );
    company.put("deals.csv", "ID;Источник;Причина;Сумма\n1;Select;—;--\n2;selected;– ;5\n");
    company.loads(&["deals.csv"]);
    assert_eq!(
        company.sql("SELECT source, lost_reason, amount FROM deals ORDER BY deal_id"),
        [",,", "selected,–,5.0000"]
    );
}

#[test]
fn a_row_of_a_spreadsheets_errors_is_quarantined() {
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"");
    company.put("deals.csv", "ID;Источник;Сумма\n#REF!;#REF!;#REF!\n2;#N/A;5\n3;#Н/Д;5\n4;#1 in town;5\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.sql("SELECT deal_id, source FROM deals"), ["4,#1 in town"]);
    let reason = "a spreadsheet's error, no value";
    assert_eq!(
        company.quarantine(),
        [
            format!("2 | ID | #REF! | {reason}"),
            format!("3 | Источник | #N/A | {reason}"),
            format!("4 | Источник | #Н/Д | {reason}"),
        ]
    );
}

#[test]
fn values_are_translated_by_patterns_and_of_several_the_first_is_taken() {
    let columns = "status = { from = \"Стадия\", values = { \"*WON\" = \"won\", \"*:LOSE*\" = \"lost\", \"NEW\" = \"open\" } }\n\
                   client_id = { from = \"Контакты\", first_of = \";\" }";
    let company = Company::with_deals("", columns);
    company.put(
        "deals.csv",
        "ID,Стадия,Контакты\n1,C2:WON,8001;8002\n2,WON,8003\n3,C2:LOSE_BAD,;8004\n4,NEW,;\n5,C1:NEW,8005\n",
    );
    says(&company.loads(&["deals.csv"]), &["cells of several values, of which the first was taken: 3"]);
    assert_eq!(
        company.sql("SELECT deal_id, status, client_id FROM deals ORDER BY deal_id"),
        ["1,won,8001", "2,won,8003", "3,lost,8004", "4,open,"]
    );
    assert_eq!(company.quarantine(), ["6 | Стадия | C1:NEW | not listed in `values`"]);
}

#[test]
fn unseen_symbols_are_taken_out_of_names_and_told() {
    let company = Company::with_deals("", "manager = \"Менеджер\"");
    company.put("deals.csv", "ID;Менеджер\n1;\u{202e}Ива\u{200b}нов\u{1b}[31m\n2;Иванов[31m\n");
    says(&company.loads(&["deals.csv"]), &["texts out of which unseen symbols were taken: 1"]);
    assert_eq!(company.of_deals("manager"), ["Иванов[31m", "Иванов[31m"]);
}

#[test]
fn a_value_that_a_terminal_would_obey_is_shown_and_not_obeyed() {
    let company = Company::with_deals("dates = \"dd.mm.yyyy\"", "created_at = \"Создана\"");
    company.put("deals.csv", "ID;Создана\n1;\u{1b}[2J01.03.2025\u{202e}\n2;01.03.2025\n");
    let told = company.loads(&["deals.csv"]);
    says(&told, &["value `\\u{1b}[2J01.03.2025\\u{202e}`"]);
    let table = company.run(&["sql", "SELECT value, raw FROM quarantine"]).ok();
    assert!(!table.contains('\u{1b}') && !table.contains('\u{202e}'), "{table:?}");
    // and in a message
    company.put("deals.csv", "ID;Соз\u{1b}[2Jдано\n1;01.03.2025\n");
    let refused = company.refuses(&["deals.csv"]);
    assert!(refused.contains("\\u{1b}[2J") && !refused.contains('\u{1b}'), "{refused:?}");
}

#[test]
fn shares_are_read_with_and_without_their_sign() {
    let mapping = deals("", "")
        .replace("fill = \"deals\"", "fill = \"promos\"")
        .replace("deal_id = \"ID\"", "promo = \"ID\"\ndiscount = { from = \"Скидка\", percent = true }");
    let company = Company::new(&mapping);
    company.put("promos.csv", "ID;Скидка\nA;15 %\nB;15\nC;7,5%\n");
    company.loads(&["promos.csv"]);
    assert_eq!(company.sql("SELECT discount FROM promos ORDER BY promo"), ["0.15", "0.15", "0.075"]);
}

#[test]
fn a_column_of_currencies_says_what_the_amounts_are_in() {
    let company = Company::with_deals("", "amount = \"Сумма\"");
    company.put("deals.csv", "ID;Сумма;Валюта\n1;10;USD\n2;20;USD\n");
    says(&company.loads(&["deals.csv"]), &["the amounts of `deals.amount` are in USD"]);
    company.put("deals.csv", "ID;Сумма;Валюта\n1;10;USD\n2;20;RUB\n");
    let told = company.refuses(&["deals.csv"]);
    says(&told, &["line 3 has `20`, which is RUB, and others are USD", "currency = \"USD\" or currency = \"RUB\""]);
    let company = Company::with_deals("currency = \"USD\"", "amount = \"Сумма\"");
    company.put("deals.csv", "ID;Сумма;Валюта\n1;10;USD\n2;20;RUB\n3;$30;RUB\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("amount"), ["10.0000", "30.0000"]);
    assert_eq!(company.quarantine(), ["3 | Сумма | 20 | an amount in RUB, and the mapping states USD"]);
}

#[test]
fn a_column_that_proves_nothing_follows_those_that_do() {
    let columns = "amount = \"Сумма\"\nlist_amount = \"Цена\"\ncreated_at = \"Создана\"\nclosed_at = \"Закрыта\"";
    let company = Company::with_deals("", columns);
    company
        .put("deals.csv", "ID;Сумма;Цена;Создана;Закрыта\n1;1,234;1,234.50;03/14/2025;03/04/2025\n2;2;2;01/02/2025;\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("amount"), ["1234.0000", "2.0000"]);
    let days = company.sql("SELECT closed_at::date, created_at::date FROM deals ORDER BY deal_id");
    assert_eq!(days, ["2025-03-03,2025-03-13", ",2025-01-01"]);
    // what contradicts itself proves nothing
    company.put("deals.csv", "ID;Сумма;Цена;Создана;Закрыта\n1;1,234;1,5;03/14/2025;\n2;2;2.5;01/02/2025;\n");
    let told = company.refuses(&["deals.csv"]);
    says(&told, &["`Сумма`: the decimal mark is not stated", "`Цена`: two notations in one column"]);
}

#[test]
fn a_formula_that_says_a_text_is_that_text_and_the_first_day_of_all_is_none() {
    let company = Company::with_deals("dates = \"dd.mm.yyyy H:MM:SS\"", "closed_at = \"Закрыта\"");
    company.put("deals.csv", "ID;Закрыта\n\"=\"\"007\"\"\";01.01.0001 0:00:00\n=\"08\";01.02.2025 9:00:00\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.sql("SELECT deal_id, closed_at IS NULL FROM deals ORDER BY deal_id"), ["007,true", "08,false"]);
}
