use super::super::mapping::Mapping;
use super::*;

fn drafted(text: &str) -> String {
    drafted_as("shop export.csv", text)
}

fn drafted_as(name: &str, text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    draft(&path, dir.path(), Lang::En).unwrap()
}

#[test]
fn a_draft_is_a_mapping_with_what_the_names_suggest() {
    let stated = |draft: &str| draft.replace("\"?\" = ", "\"Оплачен\" = ").replace("\"??\" = ", "\"Отменён\" = ");
    let text = "Отчёт магазина\n\nНомер заказа;Покупатель;Статус;Дата;Сумма, руб.;Тег;Тег\n\
        1;Иван \"И\";Оплачен;13.04.2025;1 000,50;а;б\n2;Пётр;Отменён;14.04.2025;500;;в\n";
    let draft = drafted(text);
    let open = Mapping::parse("draft.toml", &draft).unwrap_err().to_string();
    assert!(open.contains("what the draft leaves to you"), "{open}");
    let mapping =
        Mapping::parse("draft.toml", &stated(&draft)).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    assert_eq!(mapping.exports().next().unwrap(), ("shop export", vec!["shop export*"]));
    for line in [
        "fill = \"deals\"",
        "dates = [\"d.m.yyyy\"]",
        "deal_id = \"Номер заказа\" # 1 · 2",
        "client_id = \"Покупатель\" # Иван \"И\" · Пётр",
        "stage = \"Статус\" # Оплачен · Отменён",
        "created_at = \"Дата\" # 13.04.2025 · 14.04.2025",
        "amount = \"Сумма, руб.\" # 1 000,50 · 500",
        "# … = \"Тег#2\" # б · в",
    ] {
        assert!(draft.contains(line), "{line}\n---\n{draft}");
    }
}

#[test]
fn a_draft_is_toml_whatever_stands_in_the_cells() {
    let draft = drafted(
        "ID;\"Date\nof\";\"Sum \"\"all\\\"\"\nx\";\"Other\n\u{b}[a\"\n1;\"03/04/2025\nb = c\";\"1,234\n[x]\";\"d\n[e\"\n",
    );
    Mapping::parse("draft.toml", &draft).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    assert!(draft.contains("\"Sum \\\"all\\\\\\\"\\u000Ax\""), "{draft}");
}

#[test]
fn what_only_a_person_can_say_is_asked() {
    let draft = drafted("date,campaign,clicks,cost\n03/04/2025,a,1,\"1,234\"\n04/04/2025,b,2,\"5,678\"\n");
    assert!(draft.contains("fill = \"spend\""), "{draft}");
    assert!(draft.contains("d/m/yyyy = 2025-04-03, m/d/yyyy = 2025-03-04"), "{draft}");
    assert!(draft.contains("the decimal mark of «cost»: 1,234"), "{draft}");
}

fn has(draft: &str, lines: &[&str]) {
    for line in lines {
        assert!(draft.lines().any(|of| of.starts_with(line)), "{line}\n---\n{draft}");
    }
}

#[test]
fn calls_are_events_of_the_client_and_a_phone_is_no_deal() {
    let draft = drafted(
        "Дата;Время;Источник;Номер клиента;Номер телефона;Длительность;Статус\n\
        13.03.2025;10:00:05;google;79121234567;74951112233;00:01:05;Целевой\n\
        14.03.2025;11:00:05;yandex;79121234568;74951112233;00:00:05;Нецелевой\n",
    );
    let client = "client_id = { from = \"Номер клиента\", normal = \"phone\", personal = true } # 7912";
    let at = "at = { concat = [\"Дата\", \"Время\"], with = \" \" } # 13.03.2025 10:00:05";
    has(&draft, &["fill = \"events\"", client, at, "duration_s = \"Длительность\"", "kind = { const = \"call\" } # ?"]);
    assert!(!draft.contains("deal_id") && !draft.contains("# … = \"Время\""), "{draft}");
    Mapping::parse("draft.toml", &draft).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
}

#[test]
fn events_of_nobody_are_asked_about() {
    let draft = drafted(
        "Дата и время;Откуда;Направление;Длительность;Сотрудник\n13.03.2025 10:00;12;Входящий;1:05;Иванов\n\
        14.03.2025 10:00;12;Исходящий;12:05;Иванов\n",
    );
    let direction = "direction = { from = \"Направление\", values = { \"Входящий\" = \"incoming\", \
        \"Исходящий\" = \"outgoing\" }, values_else = \"empty\" }";
    let duration = "duration_s = { from = \"Длительность\", duration = \"mm:ss\" } # ?";
    has(&draft, &["fill = \"events\"", "client_id = \"?\" # ?", direction, duration]);
    let answered = draft.replace("client_id = \"?\"", "client_id = \"Откуда\"");
    Mapping::parse("draft.toml", &answered).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    let known = drafted("Дата и время;Номер абонента;Длительность\n13.03.2025 10:00;89121234567;65\n");
    has(&known, &["client_id = { from = \"Номер абонента\", normal = \"phone\", personal = true }"]);
}

#[test]
fn a_day_that_is_expected_or_of_another_kind_is_no_role() {
    let closed = drafted("Order;Amount;Closed date;Pipeline\n1;1,5;13.03.2025;a\n2;2,5;14.04.2025;b\n");
    has(&closed, &["closed_at = \"Closed date\"", "deal_id = \"?\" # ?"]);
    assert!(!closed.contains("created_at"), "{closed}");
    let expected = drafted("ID;Stage;Created on;expectedCloseDate\n1;New;13.01.2025;20.01.2025\n");
    has(&expected, &["created_at = \"Created on\"", "expected_close = \"expectedCloseDate\" # 20.01.2025"]);
    assert!(!expected.contains("closed_at"), "{expected}");
    for (header, closed) in [
        ("Tentative Close Date", "Close Date"),
        ("Estimated closing date", "Closed date"),
        ("Планируемая дата закрытия", "Дата закрытия"),
        ("Предполагаемая дата закрытия", "Дата завершения (закрыта)"),
        ("Ожидаемая дата завершения", "Сделка закрыта"),
    ] {
        let head = format!("ID;Stage;{header};{closed}\n1;New;13.01.2025;20.01.2025\n");
        let both = drafted(&head);
        has(&both, &[&format!("expected_close = \"{header}\""), &format!("closed_at = \"{closed}\"")]);
    }
    let other = drafted("ID;Stage;Планируемая дата доставки сделки;Next contact\n1;New;13.01.2025;20.01.2025\n");
    assert!(!other.contains("expected_close"), "{other}");
}

#[test]
fn a_discount_is_no_promotion_and_a_phone_has_its_normal_form() {
    let draft = drafted(
        "№ заказа;Клиент;Телефон;Сумма, руб.;Скидка;Дата заказа;Статус\n\
        000001;Иванов;8 912 123-45-67;1 500,00;10%;13.03.2025;Оплачен\n",
    );
    let client = "client_id = { from = \"Телефон\", normal = \"phone\", personal = true }";
    has(&draft, &["fill = \"deals\"", client, "# … = \"Скидка\"", "deal_id = \"№ заказа\""]);
    let draft = drafted("ID;E-mail;Stage;Amount\n1;a@b.com;New;10\n");
    has(&draft, &["client_id = { from = \"E-mail\", normal = \"email\", personal = true }"]);
}

#[test]
fn of_two_columns_for_one_role_a_person_names_one() {
    let draft = drafted(
        "Дата\tКампания\tПоказы\tКлики\tРасход, с НДС\tРасход, без НДС\n01.01.2025\tБ\t10\t1\t5,5\t4\n\
        13.01.2025\tБ\t10\t1\t6,5\t5\n",
    );
    let cost = "cost = \"?\" # ? which of the columns: \"Расход, с НДС\" (5,5 · 6,5), \"Расход, без НДС\" (4 · 5)";
    has(&draft, &["fill = \"spend\"", cost]);
    assert_eq!(draft.matches("\ncost = ").count(), 1, "{draft}");
}

#[test]
fn leads_alone_are_no_spend() {
    let draft = drafted_as("leads.json", "{\"_page\":1,\"_embedded\":{\"leads\":[{\"id\":1,\"price\":100}]}}\n");
    has(&draft, &["fill = \"deals\"", "deal_id = \"?\" # ?"]);
    let draft = drafted("Client;Leads;Note\nx;1;a\ny;2;b\n");
    has(&draft, &["fill = \"deals\""]);
}

#[test]
fn a_hidden_file_has_a_name_and_totals_are_told_from_names() {
    let draft = drafted_as(".hidden.csv", "ID;Stage;Amount\n1;New;10,5\n2;Won;20,5\n");
    let totals = "totals = [\"Итого\", \"Всего\", \"Total\", \"Grand total\"] # totals below the rows";
    has(&draft, &["name = \"export\"", "files = \".hidden.csv\"", totals]);
    assert!(!draft.contains("ignore_rows"), "{draft}");
}
