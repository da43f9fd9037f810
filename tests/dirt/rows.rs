//! Rows: repeated, too short, too long, none at all, and what stands around them.

use super::{Company, says};

const SUM: &str = "amount = \"Сумма\"";

#[test]
fn a_repeated_row_is_one_and_told() {
    let company = Company::with_deals("", SUM);
    company.put("deals.csv", "ID;Сумма\n1;10\n2;20\n1;10\n1;15\n");
    let told = company.loads(&["deals.csv"]);
    says(
        &told,
        &[
            "deals: rows that repeat the key of an earlier row of the same file or of one of its kind: 2",
            "deals     4    2",
        ],
    );
    assert_eq!(company.sql("SELECT deal_id, amount FROM deals ORDER BY deal_id"), ["1,15.0000", "2,20.0000"]);
    says(&company.loads(&["deals.csv"]), &["the data has not changed"]);
}

#[test]
fn a_last_line_without_an_end_is_a_row() {
    for end in ["", "\n", "\r\n", "\n\n\n", "\r\n\r\n", "\n \n"] {
        let company = Company::with_deals("", SUM);
        company.put("deals.csv", format!("ID;Сумма\r\n1;10\r\n2;20{end}"));
        company.loads(&["deals.csv"]);
        assert_eq!(company.of_deals("amount"), ["10.0000", "20.0000"], "{end:?}");
    }
}

#[test]
fn a_file_of_nothing_and_a_header_alone_are_refused() {
    let company = Company::with_deals("", SUM);
    for (text, what) in [
        ("", "deals.csv: the file is empty"),
        ("\n\r\n", "deals.csv: the file has no header line"),
        ("ID;Сумма", "deals.csv: the file has a header and no rows"),
        ("ID;Сумма\r\n\r\n", "deals.csv: the file has a header and no rows"),
    ] {
        company.put("deals.csv", text);
        says(&company.refuses(&["deals.csv"]), &[what, "export it again; if it is right so, leave the file out"]);
    }
}

#[test]
fn rows_with_too_few_and_too_many_fields_are_quarantined_and_the_rest_goes_on() {
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"");
    company.put("deals.csv", "ID;Источник;Сумма\n1;a;10\n2;b\n3;c;30;x\n4;d; 40\n5\n;;\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["1", "4"]);
    assert_eq!(
        company.quarantine(),
        [
            "3 |  |  | 2 cells, the header has 3",
            "4 |  |  | 4 cells, the header has 3",
            "6 |  |  | 1 cells, the header has 3",
        ]
    );
}

#[test]
fn a_quote_that_is_not_closed_never_swallows_a_file_in_silence() {
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"");
    let rows: String = (2..200).map(|id| format!("{id};b;{id}\n")).collect();
    company.put("deals.csv", format!("ID;Источник;Сумма\n1;\"a;10\n{rows}"));
    says(
        &company.refuses(&["deals.csv"]),
        &["deals.csv:2: a quote opens here that is not closed in the next 199 lines"],
    );
    // a few lines are a matter of their row
    company.put("deals.csv", "ID;Источник;Сумма\n1;\"a;10\n2;b;20\n3;c\";30\n4;d;40\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["1", "4"]);
    assert_eq!(company.of_deals("source")[0], "\"a;10");
}

#[test]
fn a_quote_in_the_last_cell_that_is_not_closed_is_found_though_no_cell_is_missing() {
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"");
    company.put("deals.csv", "ID;Сумма;Источник\n1;10;\"a\n2;20;b\n3;30;c\n");
    let told = company.refuses(&["deals.csv"]);
    says(&told, &["deals.csv:2: a quote opens here that is not closed in the next", "mend it in the file"]);
    // a row that the mapping leaves out takes no others with it
    let company = Company::with_deals("totals = [\"Итого\"]", "source = \"Источник\"\namount = \"Сумма\"");
    company.put("deals.csv", "ID;Сумма;Источник\nИтого;60;\"a\n2;20;b\n3;30;c\n");
    says(&company.refuses(&["deals.csv"]), &["deals.csv:2: a quote opens here that is not closed in the next"]);
    company.put("deals.csv", "ID;Сумма;Источник\n2;20;b\nИтого;20;\"a\n");
    says(&company.loads(&["deals.csv"]), &["rows 2, ignored by the mapping 1"]);
    // closed by the next stray one: the lines between look like rows
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"\nmanager = \"Менеджер\"");
    let text = "ID;Сумма;Менеджер;Источник\n1;10;x;\"a\n2;20;x;b\n3;30;x;c\"\n4;40;x;d\n5;50;x;\"e\nf;g\"\n";
    company.put("deals.csv", text);
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["4", "5"]);
    let expected = "a cell holds several lines, and one of them looks like a row: a quote before it is not closed";
    assert_eq!(company.quarantine(), [format!("2 |  |  | {expected}")]);
}

#[test]
fn a_text_of_several_lines_with_delimiters_is_a_text() {
    let company = Company::with_deals("", "source = \"Источник\"\namount = \"Сумма\"");
    company.put("deals.csv", "ID;Источник;Сумма\n1;\"список:\n1; хлеб; соль\n2;3;4\";10\n2;\"a;10\n3;b;\"x\"\n");
    company.loads(&["deals.csv"]);
    // the quote of the second deal is a letter, and the third one has no sum
    assert_eq!(company.of_deals("deal_id"), ["1", "2"]);
    assert_eq!(company.of_deals("source").last().unwrap(), "\"\"\"a\"");
    assert_eq!(company.quarantine().len(), 1, "{:?}", company.quarantine());
}

#[test]
fn a_delimiter_at_the_end_of_each_row_is_no_cell() {
    let company = Company::with_deals("", SUM);
    company.put("deals.csv", "ID;Сумма\n1;10;\n2;20; ;\n3;30;x\n4;40\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["1", "2", "4"]);
    assert_eq!(company.quarantine(), ["4 |  |  | 3 cells, the header has 2"]);
}

#[test]
fn a_total_is_no_row_and_a_name_that_begins_like_one_is() {
    let company = Company::with_deals("totals = [\"Итого\", \"Total\"]", "source = \"Название\"\namount = \"Сумма\"");
    let text = "Название;ID;Сумма\nИтоговая распродажа;1;10\nTotal Energies;2;20\nтотал;3;30\nИтого по отделу;;60\nИТОГО:;9;60\n";
    company.put("deals.csv", text);
    says(&company.loads(&["deals.csv"]), &["rows 5, ignored by the mapping 2"]);
    assert_eq!(company.of_deals("source"), ["Итоговая распродажа", "Total Energies", "тотал"]);
}

#[test]
fn rows_of_one_key_in_two_files_are_told() {
    let company = Company::with_deals("", SUM);
    company.put("a.csv", "ID;Сумма\n1;10\n2;20\n");
    company.put("b.csv", "ID;Сумма\n1;15\n3;30\n");
    let told = company.loads(&["a.csv", "b.csv"]);
    says(&told, &["deals: rows that repeat the key of an earlier row of the same file or of one of its kind: 1"]);
    assert_eq!(company.of_deals("amount"), ["15.0000", "20.0000", "30.0000"]);
}

#[test]
fn title_lines_totals_and_doubled_headers() {
    let keys = "decimal = \",\"\nignore_rows = [{ column = \"#1\", starts_with = \"Итого\" }, { column = \"ID\", filled = false }]";
    let company = Company::with_deals(keys, "source = \"Источник#2\"\nlost_reason = \"#5\"\namount = \"Сумма *\"");
    company.put(
        "deals.csv",
        "\u{feff}Отчёт по сделкам;;;;\r\nПериод: март;;;;\r\n\r\nID;Источник;Сумма (руб.);Источник;Примечание\r\n\
         1;старый;1 000,50;сайт;дорого\r\n2;старый;2;vk;\r\nИтого: 2;;1 002,50;;\r\n;;;;\r\n",
    );
    says(
        &company.loads(&["deals.csv"]),
        &["rows 3, ignored by the mapping 1", "the amounts of `deals.amount` are in RUB"],
    );
    assert_eq!(
        company.sql("SELECT deal_id, source, lost_reason, amount FROM deals ORDER BY deal_id"),
        ["1,сайт,дорого,1000.5000", "2,vk,,2.0000"]
    );
    // without its number it is not clear which one is meant
    let unclear = Company::with_deals("", "source = \"Источник\"");
    unclear.put("deals.csv", "ID;Источник;Источник\n1;a;b\n");
    says(
        &unclear.refuses(&["deals.csv"]),
        &["the column `Источник` is there 2 times (columns 2 and 3): say which, \"Источник#1\" or \"Источник#2\""],
    );
}

#[test]
fn five_thousand_columns_are_read_and_a_missing_one_is_told_soon() {
    let header: Vec<String> = (0..5000).map(|n| format!("Поле {n}")).collect();
    let row: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    let rows = format!("{}\n", row.join(";")).repeat(120);
    let company = Company::with_deals("", "source = \"Поле 4999\"\namount = \"Поле 17\"");
    company.put("deals.csv", format!("ID;{}\n1;{rows}", header.join(";")).replace("\n0;", "\n1;0;"));
    let begun = std::time::Instant::now();
    company.loads(&["deals.csv"]);
    assert_eq!(company.sql("SELECT deal_id, source, amount FROM deals"), ["1,4999,17.0000"]);
    let company = Company::with_deals("", "source = \"Поле 5001\"\namount = \"Сумма\"");
    company.put("deals.csv", format!("ID;{}\n1;{rows}", header.join(";")));
    let told = company.refuses(&["deals.csv"]);
    says(
        &told,
        &["there is no column `Поле 5001`; did you mean `Поле 5", "there is no column `Сумма`", "| and 4961 more"],
    );
    let took = begun.elapsed();
    assert!(took.as_secs() < 60, "{took:?}: that many columns are looked through again and again");
}
