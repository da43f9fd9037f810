//! One regulation, broken one way at a time: the exact messages.

use super::*;

/// How hours are written.
const FORMS: &str = "    write \"09:00-18:00\", with a break \"09:00-13:00, 14:00-18:00\", a night shift \"22:00-06:00\", \"00:00-24:00\", or \"off\"";

/// What is replaced in the sound regulation, by what, and the message.
const BROKEN: &[(&str, &str, &[&str])] = &[
    (
        "Europe/Moscow",
        "Europe/Moskow",
        &["r.toml:4: there is no time zone `Europe/Moskow`", "    did you mean `Europe/Moscow`?"],
    ),
    ("Europe/Moscow", "moscow", &["r.toml:4: there is no time zone `moscow`", "    did you mean `Europe/Moscow`?"]),
    (
        "Europe/Moscow",
        "UTC+3",
        &[
            "r.toml:4: there is no time zone `UTC+3`",
            "    write it as Continent/City, such as Europe/Moscow or Asia/Yekaterinburg",
        ],
    ),
    (
        "\"RUB\"",
        "\"RUB\"\ndeal_url = \"https://example.com/deal/\"",
        &[
            "r.toml:4: the address `https://example.com/deal/` has no place for `{deal_id}`",
            "    such as https://example.bitrix24.ru/crm/deal/details/{deal_id}/",
        ],
    ),
    (
        "\"RUB\"",
        "\"RUB\"\nclient_url = \"https://example.com/{deal_id}/{client_id}\"",
        &[
            "r.toml:4: there is no `{deal_id}` here, only `{client_id}`",
            "    such as https://example.bitrix24.ru/crm/contact/details/{client_id}/",
        ],
    ),
    (
        "\"RUB\"",
        "\"RUB\"\ndeal_url = \"example.com/{deal_id}\"",
        &[
            "r.toml:4: `example.com/{deal_id}` is no address of a page",
            "    an address begins with https:// or http://, such as https://example.bitrix24.ru/crm/deal/details/{deal_id}/",
        ],
    ),
    ("\"RUB\"", "\"₽\"", &["r.toml:3: `₽` is no currency code", "    write its code: RUB"]),
    (
        "\"RUB\"",
        "\"руб\"",
        &[
            "r.toml:3: `руб` is no currency code",
            "    three capital letters, such as RUB; allowed: RUB, USD, EUR, KZT, UAH, GBP, CNY, JPY, TRY, GEL, AMD, AZN, INR, BRL",
        ],
    ),
    (
        "language = \"ru\"",
        "language = \"russian\"",
        &["r.toml:5: `language` in [company] cannot be `russian`", "    allowed: ru, en"],
    ),
    ("name = \"Ромашка\"\n", "", &["r.toml:1: `name` is missing in [company]", "    add name = \"…\""]),
    (
        "name = \"Ромашка\"",
        "nmae = \"Ромашка\"",
        &["r.toml:2: unknown key `nmae` in [company]", "    did you mean `name`?"],
    ),
    (
        "mon = \"09:00-18:00\"",
        "mon = \"09:00-09:00\"",
        &[
            "r.toml:7: `09:00-09:00` ends when it begins: no time at all, or a day and a night",
            "    write \"off\" for no work, \"00:00-24:00\" for work around the clock",
        ],
    ),
    (
        "mon = \"09:00-18:00\"",
        "mon = \"09:00-14:00, 13:00-18:00\"",
        &[
            "r.toml:7: 09:00-14:00 and 13:00-18:00 of `mon` overlap",
            "    write each stretch once; where one ends, the next may begin",
        ],
    ),
    (
        "mon = \"09:00-18:00\"",
        "mon = [\"22:00-10:00\", \"09:00-13:00\"]",
        &["r.toml:8: 22:00-10:00 of `mon` runs into 09:00-18:00 of `tue`", "    let one end where the other begins"],
    ),
    (
        "mon = \"09:00-18:00\"",
        "mon = [\"09:00-13:00\", 14]",
        &["r.toml:7: `mon` in [schedule] must be text, not the number 14", "    write mon = \"14\", in quotes"],
    ),
    (
        "mon = \"09:00-18:00\"",
        "mon = [\"09:00-13:00\", \"off\", \"14:00\"]",
        &["r.toml:7: `14:00` are no working hours", FORMS],
    ),
    (
        "[response]",
        "working_days = [2026-02-21]\n[response]",
        &[
            "r.toml:15: unknown key `working_days` in [schedule]",
            "    allowed: dates, fri, holidays, mon, sat, sun, thu, tue, wed",
        ],
    ),
    (
        "[response]",
        "[schedule.dates]\n2026-02-23 = \"10:00-15:00\"\n2026-02-31 = \"off\"\n2026-03-07 = \"friday\"\n[response]",
        &[
            "r.toml:16: 2026-02-23 has hours of its own and is a holiday",
            "    it stands in line 14: remove it from one of the two",
            "r.toml:17: `2026-02-31` is no date",
            "    write a date, 2026-02-23, or a range, \"2026-01-01..2026-01-08\"",
            "r.toml:18: `friday` are no working hours",
            FORMS,
        ],
    ),
    (
        "[response]",
        "[schedule.dates]\n2026-03-06 = \"20:00-10:00\"\n\"2026-03-06..2026-03-07\" = \"09:00-15:00\"\n[response]",
        &[
            "r.toml:17: the hours of 2026-03-06 are written twice",
            "    it stands in line 16 already: remove one of the two",
        ],
    ),
    (
        "[response]",
        "[schedule.dates]\n2026-03-05 = \"20:00-10:00\"\n[response]",
        &[
            "r.toml:15: 20:00-10:00 of 2026-03-05 runs into 09:00-18:00 of 2026-03-06",
            "    let one end where the other begins",
        ],
    ),
    ("mon = \"09:00-18:00\"", "mon = \"9 to 6\"", &["r.toml:7: `9 to 6` are no working hours", FORMS]),
    ("mon = \"09:00-18:00\"", "mon = \"25:00-26:00\"", &["r.toml:7: `25:00-26:00` are no working hours", FORMS]),
    ("sun = \"off\"\n", "", &["r.toml:6: `sun` is missing in [schedule]", "    add sun = \"…\""]),
    (
        "2026-02-23,",
        "2026-02-23, 2026-01-07,",
        &[
            "r.toml:14: the holiday 2026-01-07 is written twice",
            "    it stands in line 14 already: remove one of the two",
        ],
    ),
    (
        "2026-02-23,",
        "2026-02-30,",
        &[
            "r.toml:14: not TOML: invalid date, expected day between 01 and 28 in `holidays = [2026-02-30, \"2026-01-01..2026-01-08\"]`",
        ],
    ),
    (
        "2026-02-23,",
        "\"23.02.2026\",",
        &[
            "r.toml:14: `23.02.2026` is no holiday",
            "    write a date, 2026-02-23, or a range, \"2026-01-01..2026-01-08\"",
        ],
    ),
    (
        "..2026-01-08",
        "..2025-01-08",
        &["r.toml:14: `2026-01-01..2025-01-08` ends before it begins", "    write the earlier date first"],
    ),
    (
        "..2026-01-08",
        "..2027-01-08",
        &[
            "r.toml:14: `2026-01-01..2027-01-08` are 373 days of holidays",
            "    at most 60 days in a row; check the year",
        ],
    ),
    (
        "sla = \"30m\"",
        "sla = \"30 мигов\"",
        &[
            "r.toml:16: `30 мигов` is no duration",
            "    write a number and its unit: \"30m\", \"4h\", \"2d\", \"1w\", or \"30 мин\", \"4 часа\", \"2 дня\", \"1 неделя\"",
        ],
    ),
    (
        "sla = \"30m\"",
        "sla = 30",
        &["r.toml:16: `sla` in [response] must be text, not the number 30", "    write sla = \"30\", in quotes"],
    ),
    (
        "sla = \"2d\"",
        "sla = \"2d\"\nevidence = \"cal >= 1\"",
        &["r.toml:23: `cal` is neither a column of deals nor a kind of event", "    did you mean `call`?"],
    ),
    (
        "sla = \"2d\"",
        "sla = \"2d\"\nevidence = \"call >= \"",
        &[
            "r.toml:23: `call >= ` is no condition: Expected: an expression, found: EOF",
            "    write it as SQL: call >= 1 AND amount > 0",
        ],
    ),
    (
        "sla = \"2d\"",
        "sla = \"2d\"\nrequired = [\"intrest\"]",
        &["r.toml:23: deals have no column `intrest`", "    did you mean `interest`?"],
    ),
    (
        "sla = \"2d\"",
        "sla = \"2d\"\nexpected_share = 60",
        &["r.toml:23: `expected_share` = 60 is no share of one", "    write 60 % as 0.6"],
    ),
    (
        "sla = \"2d\"",
        "sla = \"2d\"\nexpected_share = 0.6\nparking = true",
        &[
            "r.toml:23: stage `new` is a parking place and has an expected share",
            "    nobody advances from what is no step: remove the expected_share",
        ],
    ),
    (
        "qualified = true",
        "qualified = true\nparking = true",
        &[
            "r.toml:27: stage `qualified` is the qualified one and a parking place",
            "    a parking place is no step of the funnel: mark a step as qualified",
        ],
    ),
    (
        "terminal = \"won\"",
        "terminal = \"won\"\nparking = true",
        &[
            "r.toml:31: stage `won` is terminal and a parking place",
            "    a deal does not leave a terminal stage: remove the parking",
        ],
    ),
    (
        "[[cap]]",
        "[[client_kind]]\nkind = \"new\"\ntitle = \"New\"\nwhen = \"wons = 0\"\n[[cap]]",
        &["r.toml:38: nothing is known as `wons` of a client", "    did you mean `won`?"],
    ),
    (
        "[[cap]]",
        "[[control]]\nrule = \"stael\"\nlook = \"daily\"\n[[cap]]",
        &["r.toml:36: there is no rule `stael`", "    did you mean `stale`?"],
    ),
    (
        "[[cap]]",
        "[[mailing]]\nstage = \"newest\"\nper_month = 2\n[[cap]]",
        &["r.toml:36: there is no stage `newest`", "    allowed: new, qualified, won, lost"],
    ),
    ("[[cap]]", "[contact]\nsat = \"20:00\"\n[[cap]]", &["r.toml:36: `20:00` are no working hours", FORMS]),
    (
        "[[cap]]",
        "[[arm]]\narm = \"A\"\n[[arm]]\narm = \"B\"\n[[cap]]",
        &["r.toml:35: no arm is the control", "    add control = true to the arm that was left as it is"],
    ),
    (
        "[[cap]]",
        "[[arm]]\narm = \"A\"\ncontrol = true\nshare = 0.5\n[[arm]]\narm = \"B\"\nshare = 0.4\n[[cap]]",
        &["r.toml:35: the shares of the arms add up to 0.9", "    write shares that add up to 1: 0.5 and 0.5"],
    ),
    (
        "[[cap]]",
        "[promotions]\ndeepest = 25\n[[cap]]",
        &["r.toml:36: `deepest` = 25 is no share of one", "    write 25 % as 0.25"],
    ),
    (
        "by = [\"branch\"]",
        "only = \"Юг\"",
        &[
            "r.toml:49: `only` names one group of one dimension",
            "    write by = [\"branch\"] beside it: the dimension that the group is one of",
        ],
    ),
    (
        "sla = \"2d\"",
        "sla = \"0d\"",
        &[
            "r.toml:22: `0d` is no duration",
            "    write a number and its unit: \"30m\", \"4h\", \"2d\", \"1w\", or \"30 мин\", \"4 часа\", \"2 дня\", \"1 неделя\"",
        ],
    ),
    (
        "\"15m\", \"1d\"",
        "\"1d\", \"15m\"",
        &[
            "r.toml:18: the bucket `15m` is not longer than the one before it",
            "    write buckets from the shortest to the longest",
        ],
    ),
    (
        "counted = \"working\"",
        "counted = \"work\"",
        &["r.toml:17: `counted` in [response] cannot be `work`", "    allowed: working, calendar"],
    ),
    (
        "id = \"qualified\"",
        "id = \"new\"",
        &["r.toml:24: stage `new` is written twice", "    it stands in line 20 already"],
    ),
    (
        "terminal = \"won\"",
        "",
        &["r.toml:19: no stage is the won one", "    add terminal = \"won\" to the stage of successful deals"],
    ),
    (
        "terminal = \"won\"",
        "terminal = \"win\"",
        &["r.toml:30: `terminal` in [[stage]] cannot be `win`", "    did you mean `won`?"],
    ),
    (
        "terminal = \"lost\"",
        "terminal = \"won\"",
        &[
            "r.toml:19: no stage is the lost one",
            "    add terminal = \"lost\" to the stage of failed deals",
            "r.toml:34: `lost` is a second won stage",
            "    there is one won stage: let the mapping translate both to it",
        ],
    ),
    (
        "qualified = true",
        "",
        &[
            "r.toml:19: no stage is the qualified one",
            "    add qualified = true to the stage from which on a lead is worth selling to",
        ],
    ),
    (
        "sla = \"2d\"",
        "qualified = true",
        &[
            "r.toml:26: `qualified` is a second qualified stage, after `new`",
            "    mark the earliest only: the later ones count as qualified anyway",
        ],
    ),
    (
        "sla = \"2d\"",
        "terminal = \"lost\"",
        &[
            "r.toml:23: stage `qualified` stands after the terminal stage `new`",
            "    terminal stages come last: move this [[stage]] above them",
            "r.toml:27: the won stage `won` stands after the lost stage `new`",
            "    the won stage comes first of the terminal ones",
        ],
    ),
    (
        "terminal = \"won\"",
        "terminal = \"won\"\nsla = \"1d\"",
        &[
            "r.toml:31: stage `won` is terminal and has an SLA",
            "    a deal does not leave a terminal stage: remove the sla",
        ],
    ),
    (
        "title = \"Won\"",
        "titel = \"Won\"",
        &["r.toml:29: unknown key `titel` in [[stage]]", "    did you mean `title`?"],
    ),
    (
        "title = { ru = \"Новая\", en = \"New\" }",
        "title = { ru = \"Новая\" }",
        &["r.toml:21: `en` is missing in [stage.title]", "    add en = \"…\""],
    ),
    (
        "kind = \"call\"",
        "kind = \"calls\"",
        &["r.toml:36: there is no kind of contact `calls`", "    did you mean `call`?"],
    ),
    (
        "per_week = 3",
        "per_week = 0",
        &["r.toml:37: `per_week` = 0 is not positive", "    write a whole number from 1 up"],
    ),
    (
        "per_week = 3",
        "per_week = 3\nper_month = 2",
        &[
            "r.toml:38: per_month = 2 is less than per_week = 3",
            "    a month holds more than a week: correct one of the two",
        ],
    ),
    ("per_week = 3", "", &["r.toml:35: the cap for `call` sets no limit", "    add per_week or per_month"]),
    (
        "means = \"invalid\"",
        "means = \"bad\"",
        &["r.toml:41: `means` in [[lost_reason]] cannot be `bad`", "    allowed: invalid, price"],
    ),
    (
        "better = \"higher\"",
        "better = \"lower\"",
        &[
            "r.toml:51: green 0.8 and red 0.6 do not fit better = \"lower\"",
            "    green must lie below red: swap the two, or change `better`",
        ],
    ),
    (
        "green = 0.8",
        "green = 80",
        &["r.toml:51: `green` = 80 for sla_share, which is a share of one", "    write 80 % as 0.8"],
    ),
    (
        "green = 0.8",
        "green = 0,8",
        &[
            "r.toml:51: not TOML: unexpected key or value in `green = 0,8`",
            "    a decimal is written with a point: 0.5",
        ],
    ),
    ("[[target]]", "[[targets]]", &["r.toml:46: unknown key `targets`", "    did you mean `target`?"]),
    (
        "[response]",
        "[thresholds]\nsmall_group = 30\nsmal_group = 20\n[response]",
        &["r.toml:17: unknown key `smal_group` in [thresholds]", "    did you mean `small_group`?"],
    ),
    (
        "[response]",
        "[funnel]\nhorizons_days = [60, 30]\n[response]",
        &[
            "r.toml:16: the horizon 30 does not come after the one before it",
            "    write days from the shortest to the longest: [30, 60, 90]",
        ],
    ),
    (
        "[company]",
        "[firm]",
        &[
            "r.toml:1: the table [company] is missing",
            "    add a line [company] and its values",
            "r.toml:1: unknown key `firm`",
            "    allowed: arm, cap, client_kind, company, contact, control, funnel, interest, load, lost_reason, mailing, promotions, quality, response, schedule, stage, target, thresholds, valid_from",
        ],
    ),
    (
        "name = \"Ромашка\"",
        "name = \" \"",
        &["r.toml:2: `name` in [company] is empty", "    write something between the quotes, or remove the line"],
    ),
    (
        "by = [\"branch\"]",
        "by = [\"branch\", \"branch\"]",
        &["r.toml:49: `branch` stands twice in `by`", "    name a dimension once"],
    ),
    (
        "[[target]]",
        "[[target]]\nmetric = \"response\"\ncolumn = \"sla_share\"\nby = [\"branch\"]\nbetter = \"higher\"\ngreen = 0.9\nred = 0.5\ntitle = \"Again\"\nadvice = \"Again.\"\n[[target]]",
        &["r.toml:55: a second target for response.sla_share by branch", "    the first stands in line 46: keep one"],
    ),
    (
        "advice = \"Answer.\"\n",
        "",
        &["r.toml:46: `advice` is missing in [[target]]", "    add advice = { ru = \"…\", en = \"…\" }"],
    ),
    (
        "better = \"higher\"",
        "better = \"hihger\"",
        &["r.toml:50: `better` in [[target]] cannot be `hihger`", "    did you mean `higher`?"],
    ),
    (
        "[[interest]]",
        "[[lost_reason]]\nreason = \"spam\"\ntitle = \"Spam\"\n[[interest]]",
        &["r.toml:43: lost reason `spam` is written twice", "    it stands in line 39 already"],
    ),
    ("id = \"new\"", "id = \"new \"", &["r.toml:20: `new ` begins or ends with a blank", "    write id = \"new\""]),
    (
        "title = \"Lost\"",
        "title = \"Lost\"\nqualified = true",
        &[
            "r.toml:34: `lost` is a second qualified stage, after `qualified`",
            "    mark the earliest only: the later ones count as qualified anyway",
            "r.toml:34: the lost stage `lost` cannot be the qualified one",
            "    mark the stage from which on a lead is worth selling to",
        ],
    ),
    (
        "[[cap]]",
        "[[cap]]\nkind = \"call\"\nper_week = 9\n[[cap]]",
        &["r.toml:39: the cap for `call` is written twice", "    it stands in line 36 already"],
    ),
];

#[test]
fn every_fault_is_told_with_its_line_and_the_way_out() {
    for (from, to, expected) in BROKEN {
        assert!(SOUND.contains(from), "{from}");
        let broken = SOUND.replacen(from, to, 1);
        let message = Regulation::parse("r.toml", &broken).map_or_else(|p| p.to_string(), |_| "sound".to_owned());
        assert_eq!(message, expected.join("\n"), "{from} -> {to}");
    }
}
