//! The parts of a regulation that a section may show, and what each of them states.

use crate::model::lang::Text;

/// A part of the regulation, named as in `regulation.toml`; the items of `[[quality.item]]` and what changed are parts of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Topic {
    Company,
    Schedule,
    Contact,
    Stage,
    Response,
    Cap,
    ClientKind,
    Mailing,
    Promotions,
    Control,
    Load,
    Quality,
    QualityItem,
    LostReason,
    Interest,
    Arm,
    Thresholds,
    Funnel,
    Target,
    /// What is not as in the edition before.
    Changes,
}

/// Something that a part states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Stated {
    /// Its key, as in the file where the file has one.
    pub key: &'static str,
    ru: &'static str,
    en: &'static str,
    /// Whether metrics tell how it is now.
    pub has_now: bool,
}

const fn norm(key: &'static str, ru: &'static str, en: &'static str) -> Stated {
    Stated { key, ru, en, has_now: false }
}

const fn measured(key: &'static str, ru: &'static str, en: &'static str) -> Stated {
    Stated { key, ru, en, has_now: true }
}

impl Stated {
    /// Its title.
    pub fn title(&self) -> Text {
        Text::new(self.ru, self.en)
    }
}

impl Topic {
    /// All parts, in the order in which changes are told.
    pub const ALL: [Topic; 20] = [
        Topic::Company,
        Topic::Schedule,
        Topic::Stage,
        Topic::Response,
        Topic::Contact,
        Topic::Cap,
        Topic::ClientKind,
        Topic::Mailing,
        Topic::Promotions,
        Topic::Control,
        Topic::Load,
        Topic::Quality,
        Topic::QualityItem,
        Topic::LostReason,
        Topic::Interest,
        Topic::Arm,
        Topic::Thresholds,
        Topic::Funnel,
        Topic::Target,
        Topic::Changes,
    ];

    /// Its name in a definition.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Company => "company",
            Topic::Schedule => "schedule",
            Topic::Contact => "contact",
            Topic::Stage => "stage",
            Topic::Response => "response",
            Topic::Cap => "cap",
            Topic::ClientKind => "client_kind",
            Topic::Mailing => "mailing",
            Topic::Promotions => "promotions",
            Topic::Control => "control",
            Topic::Load => "load",
            Topic::Quality => "quality",
            Topic::QualityItem => "quality_item",
            Topic::LostReason => "lost_reason",
            Topic::Interest => "interest",
            Topic::Arm => "arm",
            Topic::Thresholds => "thresholds",
            Topic::Funnel => "funnel",
            Topic::Target => "target",
            Topic::Changes => "changes",
        }
    }

    /// What one item of it is called: `Этап`. Parts without items are called as a whole.
    pub fn title(self) -> Text {
        let (ru, en) = match self {
            Topic::Company => ("Компания", "Company"),
            Topic::Schedule => ("Рабочее время", "Working time"),
            Topic::Contact => ("Когда можно беспокоить клиента", "When a client may be contacted"),
            Topic::Stage => ("Этап", "Stage"),
            Topic::Response => ("Первый ответ", "First response"),
            Topic::Cap => ("Предел касаний", "Cap"),
            Topic::ClientKind => ("Вид клиентов", "Client kind"),
            Topic::Mailing => ("Кому рассылка", "Mailings to"),
            Topic::Promotions => ("Акции", "Promotions"),
            Topic::Control => ("Правило", "Rule"),
            Topic::Load => ("Нагрузка менеджера", "Load of a manager"),
            Topic::Quality => ("Выборка контроля качества", "Sample of quality control"),
            Topic::QualityItem => ("Пункт проверки", "Checklist item"),
            Topic::LostReason => ("Причина отказа", "Lost reason"),
            Topic::Interest => ("Интерес", "Interest"),
            Topic::Arm => ("Группа испытания", "Arm of the test"),
            Topic::Thresholds => ("Порог расчёта", "Threshold"),
            Topic::Funnel => ("Воронка", "Funnel"),
            Topic::Target => ("Цель", "Target"),
            Topic::Changes => ("Что изменилось", "What changed"),
        };
        Text::new(ru, en)
    }

    /// Whether it has items, such as stages, and is not stated once as a whole.
    pub fn has_items(self) -> bool {
        matches!(
            self,
            Topic::Stage
                | Topic::Cap
                | Topic::ClientKind
                | Topic::Mailing
                | Topic::Control
                | Topic::QualityItem
                | Topic::LostReason
                | Topic::Interest
                | Topic::Arm
                | Topic::Target
        )
    }

    /// What it states, in the order in which it is shown.
    pub fn states(self) -> &'static [Stated] {
        match self {
            Topic::Company => COMPANY,
            Topic::Schedule => SCHEDULE,
            Topic::Contact => CONTACT,
            Topic::Stage => STAGE,
            Topic::Response => RESPONSE,
            Topic::Cap => CAP,
            Topic::ClientKind => CLIENT_KIND,
            Topic::Mailing => MAILING,
            Topic::Promotions => PROMOTIONS,
            Topic::Control => CONTROL,
            Topic::Load => LOAD,
            Topic::Quality => QUALITY,
            Topic::QualityItem => QUALITY_ITEM,
            Topic::LostReason => LOST_REASON,
            Topic::Interest => INTEREST,
            Topic::Arm => ARM,
            Topic::Thresholds => THRESHOLDS,
            Topic::Funnel => FUNNEL,
            Topic::Target => TARGET,
            Topic::Changes => &[],
        }
    }

    /// What it states under this key.
    pub fn stated(self, key: &str) -> Option<&'static Stated> {
        self.states().iter().find(|stated| stated.key == key)
    }
}

const COMPANY: &[Stated] = &[
    norm("name", "Компания", "Company"),
    norm("valid_from", "Редакция действует с", "This edition is in force from"),
    norm("currency", "Валюта", "Currency"),
    norm("time_zone", "Часовой пояс", "Time zone"),
    norm("language", "Язык отчётов", "Language of reports"),
    norm("deal_url", "Сделка в CRM", "A deal in the CRM"),
    norm("client_url", "Клиент в CRM", "A client in the CRM"),
];

const SCHEDULE: &[Stated] = &[
    norm("week", "Рабочие часы", "Working hours"),
    norm("dates", "Дни со своими часами", "Days with hours of their own"),
    norm("holidays", "Праздники", "Holidays"),
];

const CONTACT: &[Stated] = &[
    measured("week", "Часы", "Hours"),
    norm("holidays", "В праздники", "On holidays"),
    norm("dates", "Дни со своими часами", "Days with hours of their own"),
    measured("silence_after_refusal_days", "После отказа не беспокоить", "After a refusal, no contact for"),
    measured("opt_out", "После отписки", "After an opt-out"),
];

const STAGE: &[Stated] = &[
    norm("meaning", "Что значит", "What it means"),
    measured("evidence", "Можно перевести, если уже было", "A deal may be moved here if there was"),
    measured("required", "В сделке заполнено", "Filled in the deal"),
    measured("next_step", "Что сделать дальше", "What to do next"),
    measured("sla", "Сколько можно стоять", "Time allowed"),
    measured("expected_share", "Сколько идут дальше", "Share that moves on"),
    norm("advice", "Совет", "Advice"),
    norm("role", "Место в воронке", "Place in the funnel"),
    norm("id", "Код", "Code"),
    norm("evidence_sql", "Основание в файле", "Evidence in the file"),
    norm("required_columns", "Поля в файле", "Fields in the file"),
];

const RESPONSE: &[Stated] = &[
    measured("sla", "Ответить не позже чем через", "Answer within"),
    norm("counted", "В каком времени", "Counted in"),
    norm("buckets", "Как показываем остывание лидов", "How the cooling of leads is shown"),
];

const CAP: &[Stated] = &[
    norm("per_week", "Не больше в неделю", "At most per week"),
    norm("per_month", "Не больше в месяц", "At most per month"),
    measured("kept", "Соблюдение", "Kept"),
];

const CLIENT_KIND: &[Stated] = &[
    norm("when", "Кто это", "Who they are"),
    norm("means", "Чем связываться", "By which means"),
    measured("contact_every_days", "Не реже чем раз в", "At least once in"),
    norm("advice", "Совет", "Advice"),
    norm("kind", "Код", "Code"),
    norm("when_sql", "Условие в файле", "Condition in the file"),
];

const MAILING: &[Stated] = &[
    measured("per_month", "Не больше в месяц", "At most per month"),
    norm("templates", "Что слать", "What may be sent"),
];

const PROMOTIONS: &[Stated] = &[
    measured("deepest", "Скидка не больше", "Discount at most"),
    measured("revenue_share", "Доля выручки по акциям не больше", "Share of revenue under promotions at most"),
    measured("rest_days", "Между акциями не меньше", "Between two promotions at least"),
];

const CONTROL: &[Stated] = &[
    measured("look", "Смотреть", "Look"),
    norm("advice", "Поручение, если нарушено", "What to do if it is broken"),
    norm("rule", "Код", "Code"),
];

const LOAD: &[Stated] = &[
    measured("open_deals", "Открытых сделок не больше", "Open deals at most"),
    measured("touches_per_day", "Касаний в день не больше", "Touches a day at most"),
];

const QUALITY: &[Stated] = &[
    norm("sample", "Сколько сделок проверить за период", "Deals to check within a period"),
    norm("seed", "Число жребия", "Number of the draw"),
];

const QUALITY_ITEM: &[Stated] = &[measured("id", "Код", "Code")];

const LOST_REASON: &[Stated] =
    &[norm("means", "Что это говорит о лиде", "What it says of the lead"), norm("reason", "Код", "Code")];

const INTEREST: &[Stated] = &[norm("price", "О чём это говорит", "What it says"), norm("interest", "Код", "Code")];

const ARM: &[Stated] =
    &[norm("control", "Роль", "Role"), norm("share", "Доля сделок", "Share of deals"), norm("arm", "Код", "Code")];

const THRESHOLDS: &[Stated] = &[
    norm("small_group", "Меньше сделок — судить рано", "With fewer deals it is too early to judge"),
    norm("lapsed_days", "Клиент ушёл, если не покупал", "A client has lapsed without a purchase for"),
    norm("regret_days", "Возврат или жалоба — сожаление, если не позже", "A refund or complaint is regret within"),
    norm("full_price_repeat_days", "Повтор по полной цене ждём", "A repeat purchase at full price is awaited for"),
    norm("waiting_idle_days", "Сделка ждала акции, если стояла", "A deal waited for a promotion if it stood idle for"),
    norm("waiting_first_days", "и выиграна в первые дни акции", "and was won within the first days of the promotion"),
    norm("dip_days", "Провал до и после акции ищем", "A dip before and after a promotion is looked for within"),
    norm("promo_months", "Зависимость от акций считаем за", "Dependency on promotions is taken over"),
    norm("variability_weeks", "Ровность выручки считаем за", "Stability of revenue is taken over"),
];

const FUNNEL: &[Stated] = &[
    norm("horizons_days", "Конверсию считаем к дню", "Conversion is told by day"),
    norm("counted_first", "Мост воронки считает первым", "The bridge of the pipeline counts first"),
];

const TARGET: &[Stated] = &[
    norm("split", "Для кого", "For whom"),
    norm("green", "Хорошо", "Good"),
    norm("red", "Плохо", "Bad"),
    measured("figure", "Показатель", "Figure"),
    norm("except", "Кроме", "Except"),
    norm("advice", "Что делать", "What to do"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_a_name_of_its_own_and_each_key_stands_once() {
        let mut names: Vec<&str> = Topic::ALL.iter().map(|topic| topic.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Topic::ALL.len());
        for topic in Topic::ALL {
            let mut keys: Vec<&str> = topic.states().iter().map(|stated| stated.key).collect();
            assert!(keys.is_empty() == (topic == Topic::Changes), "{}", topic.name());
            keys.sort_unstable();
            let all = keys.len();
            keys.dedup();
            assert_eq!(keys.len(), all, "{}", topic.name());
        }
    }
}
