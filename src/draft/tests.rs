use super::*;
use crate::export::mapping::Mapping;

fn drafted(text: &str) -> String {
    drafted_as("shop export.csv", text)
}

fn drafted_as(name: &str, text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    draft(&path, dir.path(), Lang::En, None).unwrap().text
}

#[test]
fn a_draft_is_a_mapping_with_what_the_names_suggest() {
    let stated = |draft: &str| draft.replace("\"Оплачен\" = \"?\"", "\"Оплачен\" = \"won\"");
    let text = "Отчёт магазина\n\nНомер заказа;Покупатель;Статус;Дата;Сумма, руб.;Тег;Тег\n\
        1;Иван \"И\";Оплачен;13.04.2025;1 000,50;а;б\n2;Пётр;Отменён;14.04.2025;500;;в\n";
    let draft = drafted(text);
    let open = Mapping::parse("draft.toml", &draft).unwrap_err().to_string();
    assert!(open.contains("`status` cannot be `?`"), "{open}");
    let mapping =
        Mapping::parse("draft.toml", &stated(&draft)).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    assert_eq!(mapping.exports().next().unwrap(), ("shop export", vec!["shop export*"]));
    for line in [
        "fill = \"deals\"",
        "dates = [\"d.m.yyyy\"]",
        "deal_id = \"Номер заказа\" # 2 filled, all different",
        "client_id = { from = \"Покупатель\", personal = true } # 2 filled, all different",
        "stage = \"Статус\" # 2 filled, all different",
        "status = { from = \"Статус\", values = { \"Отменён\" = \"lost\", \"Оплачен\" = \"?\" }, values_else = { const = \"open\" } } # ? won",
        "created_at = \"Дата\" # 2 filled, dates such as 13.04.2025",
        "amount = { from = \"Сумма, руб.\", decimal = \",\" } # 2 filled, sum 1,500.50",
        "# … = \"Тег#2\" # 2 filled",
    ] {
        assert!(draft.contains(line), "{line}\n---\n{draft}");
    }
}

#[test]
fn a_draft_is_toml_whatever_stands_in_the_cells() {
    let draft = drafted(
        "ID;\"Date\nof\";\"Sum \"\"all\\\"\"\nx\";\"Other\n\u{b}[a\"\n1;\"03/04/2025\nb = c\";\"1,234\n[x]\";\"d\n[e\"\n",
    );
    let answered = draft.replace("fill = \"?\"", "fill = \"deals\"");
    let answered = answered.replace("[export.table.columns]", "[export.table.columns]\ndeal_id = \"ID\"");
    Mapping::parse("draft.toml", &answered).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    assert!(draft.contains("\"Sum \\\"all\\\\\\\"\\u000Ax\""), "{draft}");
}

#[test]
fn what_only_a_person_can_say_is_asked() {
    let draft = drafted("date,campaign,clicks,cost\n03/04/2025,a,1,\"1,234\"\n04/04/2025,b,2,\"5,678\"\n");
    assert!(draft.contains("fill = \"spend\""), "{draft}");
    let day = "day = { from = \"date\", dates = \"?\" } # ? its dates may be read in several ways: 03/04/2025: \
        \"d/m/yyyy\" = 2025-04-03 or \"m/d/yyyy\" = 2025-03-04";
    let cost = "cost = { from = \"cost\", decimal = \"?\" } # ? the decimal mark: 1,234, the sum of the column: \".\" = 6,912.00 or \",\" = 6.912";
    has(&draft, &[day, cost]);
    let open = Mapping::parse("draft.toml", &draft).unwrap_err().to_string();
    assert!(open.contains("`dates` has a `?`") && open.contains("`decimal`"), "{open}");
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
    let client =
        "client_id = { from = \"Номер клиента\", normal = \"phone\", personal = true } # 2 filled, all different";
    let at = "at = { concat = [\"Дата\", \"Время\"], with = \" \" } # 2 filled, dates such as 13.03.2025";
    has(&draft, &["fill = \"events\"", client, at, "duration_s = \"Длительность\"", "kind = { const = \"call\" } # ?"]);
    assert!(!draft.contains("deal_id") && !draft.contains("# … = \"Время\"") && !draft.contains("7912"), "{draft}");
    assert!(draft.contains("dates = [\"d.m.yyyy H:MM:SS\"]"), "{draft}");
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
    let duration = "duration_s = { from = \"Длительность\", duration = \"?\" } # ? minutes and seconds";
    has(&draft, &["fill = \"events\"", "client_id = \"?\" # ?", direction, duration]);
    let answered = draft
        .replace("client_id = \"?\"", "client_id = \"Откуда\"")
        .replace("duration = \"?\"", "duration = \"mm:ss\"");
    Mapping::parse("draft.toml", &answered).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    let known = drafted("Дата и время;Номер абонента;Длительность\n13.03.2025 10:00;89121234567;65\n");
    has(&known, &["client_id = { from = \"Номер абонента\", normal = \"phone\", personal = true }"]);
}

#[test]
fn an_event_that_comes_again_under_its_id_is_told_and_its_id_is_written_once() {
    let draft = drafted(
        "callId,start_time,contact_phone_number,talk_duration,direction\n\
        7,2025-10-05 09:15:00,79161112233,171,in\n7,2025-10-05 09:16:00,79161112233,180,in\n8,2025-10-05 09:17:00,79161112244,3,in\n",
    );
    assert_eq!(draft.matches("\nevent_id = ").count(), 1, "{draft}");
    has(
        &draft,
        &["# rows that repeat a key, of which the last is taken: 1", "event_id = \"callId\" # 3 filled, 2 different"],
    );
    let problems = Mapping::parse("draft.toml", &draft).err().map(|problems| problems.to_string()).unwrap_or_default();
    assert!(!problems.contains("not TOML"), "{problems}\n{draft}");
}

#[test]
fn a_day_that_is_expected_or_of_another_kind_is_no_role() {
    let closed = drafted("Order;Amount;Closed date;Pipeline\n1;1,5;13.03.2025;a\n2;2,5;14.04.2025;b\n");
    has(&closed, &["closed_at = \"Closed date\"", "deal_id = \"?\" # ?"]);
    assert!(!closed.contains("created_at"), "{closed}");
    let expected = drafted("ID;Stage;Created on;expectedCloseDate\n1;New;13.01.2025;20.01.2025\n");
    has(
        &expected,
        &["created_at = \"Created on\"", "expected_close = \"expectedCloseDate\" # 1 filled, dates such as 20.01.2025"],
    );
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
    let cost = "cost = \"?\" # ? which of the columns: \"Расход, с НДС\" (2 filled, sum 12.00), \"Расход, без НДС\" (2 filled, sum 9.00)";
    has(&draft, &["fill = \"spend\"", cost]);
    assert_eq!(draft.matches("\ncost = ").count(), 1, "{draft}");
}

#[test]
fn leads_alone_are_no_spend() {
    let draft = drafted_as("leads.json", "{\"_page\":1,\"_embedded\":{\"leads\":[{\"id\":1,\"price\":100}]}}\n");
    has(&draft, &["fill = \"deals\"", "deal_id = \"?\" # ?"]);
    let draft = drafted("Client;Leads;Note\nx;1;a\ny;2;b\n");
    assert!(!draft.contains("spend\""), "{draft}");
}

#[test]
fn a_hidden_file_has_a_name_and_totals_are_told_from_names() {
    let draft = drafted_as(".hidden.csv", "ID;Stage;Amount\n1;New;10,5\n2;Won;20,5\n");
    let totals = "totals = [\"Итого\", \"Всего\", \"Total\", \"Grand total\"] # totals below the rows, here: 0";
    has(&draft, &["name = \"export\"", "files = \".hidden.csv\"", totals]);
    assert!(!draft.contains("ignore_rows"), "{draft}");
}

#[test]
fn what_a_row_is_is_told_from_the_columns_and_asked_where_they_do_not_tell() {
    for (name, text, table) in [
        (
            "x.csv",
            "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Create Date\n1,a,b,a@b.com,+49170123456,x,New,2025-01-02\n",
            "clients",
        ),
        ("x.csv", "Код клиента;ФИО;Телефон;Дата рождения\n1;а;+79121234567;01.02.1990\n", "clients"),
        (
            "x.csv",
            "Lead ID,Name,Phone,Email,Lead Status,Source,Created\n1,a,+49170123456,a@b.com,New,web,2025-01-02\n",
            "deals",
        ),
        ("x.csv", "lead_id,from_stage,to_stage,moved_at\n1,a,b,2025-01-02\n", "events"),
        ("x.csv", "deal_id,stage,changed_at\n1,a,2025-01-02\n1,b,2025-01-03\n", "events"),
        ("x.csv", "deal_id,stage,created_at\n1,a,2025-01-02\n2,b,2025-01-03\n", "deals"),
        (
            "x.csv",
            "Дата звонка;Тип звонка;Телефон клиента;Менеджер\n01.02.2025 10:00;входящий;+79121234567;x\n",
            "events",
        ),
        ("x.csv", "sales_agent,manager,regional_office\na,m,east\nb,m,west\n", "staff"),
        ("x.csv", "Акция;Начало;Окончание;Скидка, %\nЛето;01.06.2025;30.06.2025;15\n", "promos"),
        ("x.csv", "Кампания;Дата;Показы;Клики;Расход\nа;01.06.2025;1;1;15\n", "spend"),
        ("x.csv", "product,series,sales_price\nA,B,5\nC,B,6\n", "?"),
        ("x.csv", "Id,Contact Owner,Modified Time\n1,x,2025-01-02\n2,x,2025-01-02\n", "?"),
        ("contacts.csv", "Id,Contact Owner,Modified Time\n1,x,2025-01-02\n2,x,2025-01-02\n", "clients"),
    ] {
        let draft = drafted_as(name, text);
        assert!(draft.contains(&format!("fill = \"{table}\"")), "{table}\n---\n{draft}");
    }
}

#[test]
fn each_column_of_dates_has_its_own_form_and_what_no_form_reads_is_asked() {
    let draft = drafted("Deal ID,Stage,Created,Closed\n1,Won,13.04.2025,2025-04-14\n2,Lost,14.04.2025,не закрыта\n");
    has(
        &draft,
        &[
            "created_at = { from = \"Created\", dates = \"d.m.yyyy\" }",
            "closed_at = { from = \"Closed\", dates = \"yyyy-mm-dd\", empty = \"не закрыта\" } # words in place of values",
        ],
    );
    Mapping::parse("draft.toml", &draft).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    let draft = drafted("Deal ID,Stage,Created\n1,Won,13/04/2025\n2,Lost,04/14/2025\n");
    has(
        &draft,
        &[
            "created_at = { from = \"Created\", dates = \"?\" } # ? the format of its dates: \"d/m/yyyy\", 1 are not read",
        ],
    );
}

#[test]
fn nothing_of_a_client_is_shown() {
    let text = "ID,Client Name,Phone,Mail,Комментарий,Stage,Amount\n\
        L1,Secretova Anna,+7 903 111-22-33,anna@secret.example,позвонить Анне,Secretova Anna,5\n\
        L2,Secretova Anna,+7 903 111-22-33,anna@secret.example,позвонить Анне,New,5\n";
    let draft = drafted(text);
    for secret in ["903", "anna@", "Анне"] {
        assert!(!draft.contains(secret), "{secret}\n---\n{draft}");
    }
}

#[test]
fn rows_of_one_key_are_added_up_or_asked_about_with_their_sums() {
    let draft = drafted("Order ID,Price,Status\n1,10,won\n1,5,won\n2,1,lost\n");
    has(
        &draft,
        &[
            "repeated = \"?\" # ? rows that repeat a key: 1, of them in every cell: 0; \"last\" (the last is taken): \"Price\" 6.00; \"sum\" (they add up): \"Price\" 16.00",
        ],
    );
    let draft = drafted("Date,Campaign,Ad,Cost,Clicks\n2025-01-01,a,1,10,1\n2025-01-01,a,2,5,1\n");
    has(&draft, &["repeated = \"sum\" # rows that repeat day and campaign, which add up: 1"]);
    let draft = drafted("Date,Campaign,Ad,Cost,Clicks\n2025-01-01,a,1,10,1\n2025-01-01,a,1,10,1\n");
    has(&draft, &["repeated = \"?\""]);
}

/// Of each CRM the header of a deal's export, and the column that each of ours comes from
const CRMS: [(&str, &[(&str, &str)]); 8] = [
    (
        "id,name,price,responsible_user_id,status_id,pipeline_id,created_at,closed_at,loss_reason_id",
        &[
            ("deal_id", "id"),
            ("amount", "price"),
            ("manager", "responsible_user_id"),
            ("stage", "status_id"),
            ("created_at", "created_at"),
            ("closed_at", "closed_at"),
            ("lost_reason", "loss_reason_id"),
        ],
    ),
    (
        "ID,TITLE,STAGE_ID,ASSIGNED_BY_ID,CONTACT_ID,DATE_CREATE,CLOSEDATE,UTM_SOURCE,UTM_CAMPAIGN",
        &[
            ("deal_id", "ID"),
            ("stage", "STAGE_ID"),
            ("manager", "ASSIGNED_BY_ID"),
            ("client_id", "CONTACT_ID"),
            ("created_at", "DATE_CREATE"),
            ("closed_at", "CLOSEDATE"),
            ("source", "UTM_SOURCE"),
            ("campaign", "UTM_CAMPAIGN"),
        ],
    ),
    (
        "hs_object_id,dealname,dealstage,amount,hubspot_owner_id,createdate,closedate,pipeline",
        &[
            ("stage", "dealstage"),
            ("amount", "amount"),
            ("manager", "hubspot_owner_id"),
            ("created_at", "createdate"),
            ("closed_at", "closedate"),
            ("pipeline", "pipeline"),
        ],
    ),
    (
        "OpportunityId,StageName,Amount,OwnerId,CreatedDate,CloseDate,LeadSource,AccountId",
        &[
            ("deal_id", "OpportunityId"),
            ("stage", "StageName"),
            ("amount", "Amount"),
            ("manager", "OwnerId"),
            ("created_at", "CreatedDate"),
            ("closed_at", "CloseDate"),
            ("source", "LeadSource"),
            ("client_id", "AccountId"),
        ],
    ),
    (
        "Deal - ID,Deal - Stage,Deal - Value,Deal - Owner,Deal - Deal created,Deal - Deal closed on,Deal - Expected close date,Deal - Lost reason",
        &[
            ("deal_id", "Deal - ID"),
            ("stage", "Deal - Stage"),
            ("amount", "Deal - Value"),
            ("manager", "Deal - Owner"),
            ("created_at", "Deal - Deal created"),
            ("closed_at", "Deal - Deal closed on"),
            ("expected_close", "Deal - Expected close date"),
            ("lost_reason", "Deal - Lost reason"),
        ],
    ),
    (
        "Record Id,Deal Owner,Amount,Stage,Closing Date,Tentative Close Date,Created Time,Lead Source,Contact Name",
        &[
            ("deal_id", "Record Id"),
            ("manager", "Deal Owner"),
            ("amount", "Amount"),
            ("stage", "Stage"),
            ("closed_at", "Closing Date"),
            ("expected_close", "Tentative Close Date"),
            ("created_at", "Created Time"),
            ("source", "Lead Source"),
            ("client_id", "Contact Name"),
        ],
    ),
    (
        "Номер,Дата,Контрагент,Сумма,Менеджер,Состояние",
        &[
            ("deal_id", "Номер"),
            ("created_at", "Дата"),
            ("client_id", "Контрагент"),
            ("amount", "Сумма"),
            ("manager", "Менеджер"),
            ("stage", "Состояние"),
        ],
    ),
    (
        "ID сделки,Этап сделки,Воронка,Бюджет,Ответственный,Дата создания сделки,Дата закрытия,Планируемая дата закрытия,Причина отказа,Телефон",
        &[
            ("deal_id", "ID сделки"),
            ("stage", "Этап сделки"),
            ("pipeline", "Воронка"),
            ("amount", "Бюджет"),
            ("manager", "Ответственный"),
            ("created_at", "Дата создания сделки"),
            ("closed_at", "Дата закрытия"),
            ("expected_close", "Планируемая дата закрытия"),
            ("lost_reason", "Причина отказа"),
            ("client_id", "Телефон"),
        ],
    ),
];

#[test]
fn the_fields_of_the_usual_crms_are_known() {
    for (header, expected) in CRMS {
        let of_row = |n: usize| -> String {
            let cell = |name: &str| match super::words::ideas(name).join(" ") {
                ideas
                    if ideas.contains("date")
                        || ["create", "create time", "close", "close time", "deal create", "deal close"]
                            .contains(&ideas.as_str()) =>
                {
                    format!("2025-0{n}-13 10:00:00")
                }
                ideas if ["amount", "price", "budget", "value", "deal value"].contains(&ideas.as_str()) => {
                    format!("{n}00")
                }
                ideas if ideas.contains("phone") => format!("+7912000000{n}"),
                ideas if ideas.contains("stage") || ideas.contains("status") => {
                    ["New", "Won", "Lost"][n % 3].to_owned()
                }
                ideas if ideas.contains("id") => format!("{n}"),
                _ => format!("word{}", ["a", "b"][n % 2]),
            };
            header.split(',').map(cell).collect::<Vec<String>>().join(",")
        };
        let draft = drafted_as("export.csv", &format!("{header}\n{}\n{}\n{}\n", of_row(1), of_row(2), of_row(3)));
        assert!(draft.contains("fill = \"deals\""), "{header}\n---\n{draft}");
        for (role, column) in expected {
            let line = draft
                .lines()
                .find(|line| line.starts_with(&format!("{role} = ")))
                .unwrap_or_else(|| panic!("no {role}\n---\n{draft}"));
            let from = line.split(" # ").next().unwrap();
            assert!(from.contains(&format!("\"{column}\"")), "{role}: {column}\n---\n{draft}");
        }
    }
}
