//! What a regulation states, in the words of one language: a part of it as items, and of each item its facts by key.

use std::fmt::Display;

use super::calendar;
use crate::model::lang::{Lang, Text, russian};
use crate::model::unit::Unit;
use crate::regulation::{
    Better, ChecklistItem, CountedFirst, Look, Meaning, Regulation, Stage, Target, Terminal, of_column, of_contact,
};
use crate::report::definition::Topic;
use crate::report::render::number::Numbers;

/// A stage, a cap, a target; or a part that is stated once.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Item {
    /// What it is known by: two editions that have it have the same item.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// How often the supervisor looks at it, for a rule.
    pub look: Option<Look>,
    /// Whether there is nothing to say of it but that it is there, such as the stage of lost deals.
    pub is_bare: bool,
    /// What is stated, by key; what is not stated is not there.
    pub facts: Vec<(&'static str, String)>,
}

impl Item {
    fn of(id: &str, title: &str) -> Item {
        Item { id: id.to_owned(), title: title.to_owned(), ..Item::default() }
    }

    /// The same, with a fact; without it if it is `None`.
    fn with(mut self, key: &'static str, value: Option<impl Into<String>>) -> Item {
        self.facts.extend(value.map(|value| (key, value.into())));
        self
    }

    /// What it states under a key.
    pub fn fact(&self, key: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }
}

/// Tells what a regulation states, in one language.
pub(super) struct Teller<'a> {
    pub numbers: Numbers<'a>,
    /// The unit of a metric's column.
    pub unit: &'a dyn Fn(&str, &str) -> Unit,
}

impl Teller<'_> {
    /// The items of a part, in the order of the file.
    pub fn items(&self, topic: Topic, of: &Regulation) -> Vec<Item> {
        match topic {
            Topic::Company => vec![self.company(of)],
            Topic::Schedule => vec![self.schedule(of)],
            Topic::Contact => vec![self.contact(of)],
            Topic::Stage => of.stages().iter().map(|stage| self.stage(of, stage)).collect(),
            Topic::Response => vec![self.response(of)],
            Topic::Cap => self.caps(of),
            Topic::ClientKind => self.client_kinds(of),
            Topic::Mailing => self.mailings(of),
            Topic::Promotions => self.promotions(of),
            Topic::Control => self.controls(of),
            Topic::Load => self.load(of),
            Topic::Quality => self.quality(of),
            Topic::QualityItem => of.quality().checklist.iter().map(|item| self.quality_item(item)).collect(),
            Topic::LostReason => self.lost_reasons(of),
            Topic::Interest => self.interests(of),
            Topic::Arm => self.arms(of),
            Topic::Thresholds => vec![self.thresholds(of)],
            Topic::Funnel => vec![self.funnel(of)],
            Topic::Target => of.targets().iter().map(|target| self.target(target)).collect(),
            Topic::Changes => Vec::new(),
        }
    }

    fn pick(&self, ru: &str, en: &str) -> String {
        self.numbers.lang.pick(ru, en).to_owned()
    }

    fn text(&self, text: &Text) -> String {
        text.get(self.numbers.lang).to_owned()
    }

    fn own(&self, text: Option<&Text>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn share(&self, share: f64) -> String {
        self.number(share, Unit::Share)
    }

    /// A number as a person would state it: with the digits that it has and no others.
    fn number(&self, number: f64, unit: Unit) -> String {
        match unit {
            Unit::Share | Unit::Ratio | Unit::Index | Unit::Days => {
                self.numbers.ticks(&[number], unit).into_iter().next().unwrap_or_default()
            }
            _ => self.numbers.exact(number, unit),
        }
    }

    #[allow(clippy::cast_precision_loss)] // numbers that a person wrote
    fn count(&self, number: i64) -> String {
        self.numbers.exact(number as f64, Unit::Count)
    }

    /// A number of days, weeks or months in words.
    fn so_many(&self, number: i64, ru: [&str; 3], en: &str) -> String {
        let written = self.count(number);
        match self.numbers.lang {
            Lang::Ru => format!("{written}\u{a0}{}", russian(u32::try_from(number).unwrap_or(u32::MAX), ru)),
            Lang::En => format!("{written}\u{a0}{en}{}", if number == 1 { "" } else { "s" }),
        }
    }

    fn days(&self, number: i64) -> String {
        self.so_many(number, ["день", "дня", "дней"], "day")
    }

    fn company(&self, of: &Regulation) -> Item {
        let in_force = match of.valid_from() {
            Some(day) => self.numbers.date(day),
            None => self.pick("всегда: дата не указана", "always: no date is stated"),
        };
        let currency = match (of.currency(), of.currency_sign()) {
            (code, sign) if code == sign => code.to_owned(),
            (code, sign) => format!("{code}, {sign}"),
        };
        let language = match of.lang() {
            Lang::Ru => self.pick("русский", "Russian"),
            Lang::En => self.pick("английский", "English"),
        };
        let [deal, client] = of.link_templates();
        Item::of("", of.company())
            .with("name", Some(of.company()))
            .with("valid_from", Some(in_force))
            .with("currency", Some(currency))
            .with("time_zone", Some(of.calendar().zone.name()))
            .with("language", Some(language))
            .with("deal_url", deal)
            .with("client_url", client)
    }

    fn schedule(&self, of: &Regulation) -> Item {
        let calendar = of.calendar();
        self.once(Topic::Schedule)
            .with("week", Some(calendar::week(calendar, self.numbers.lang)))
            .with("dates", calendar::dates(calendar, &self.numbers))
            .with("holidays", calendar::holidays(calendar.holidays.iter(), &self.numbers))
    }

    fn contact(&self, of: &Regulation) -> Item {
        let (working, contact) = (of.calendar(), of.contact_hours());
        let forbidden = working.holidays.iter().any(|day| contact.holidays.contains(day));
        let further = contact.holidays.iter().filter(|day| !working.holidays.contains(day));
        let further = calendar::holidays(further, &self.numbers);
        let holidays = match (working.holidays.is_empty(), forbidden) {
            (true, _) => None,
            (false, true) => Some(self.pick("нельзя", "not allowed")),
            (false, false) => Some(self.pick("можно", "allowed")),
        };
        let also = further.map(|days| format!("{}: {days}", self.pick("нельзя и", "not allowed on")));
        let said: Vec<String> = holidays.into_iter().chain(also).collect();
        let silence = of.rules().silence_days.map(|days| self.days(days));
        self.once(Topic::Contact)
            .with("week", Some(calendar::week(contact, self.numbers.lang)))
            .with("holidays", (!said.is_empty()).then(|| said.join("; ")))
            .with("dates", calendar::dates(contact, &self.numbers))
            .with("silence_after_refusal_days", silence)
            .with("opt_out", Some(self.pick("не беспокоить никогда", "no contact, ever")))
    }

    fn stage(&self, of: &Regulation, stage: &Stage) -> Item {
        let evidence = stage.evidence.as_ref();
        let said = evidence.map(|condition| condition.words().map_or(condition.sql.clone(), |text| self.text(&text)));
        let required: Vec<String> = stage.required.iter().map(|name| self.text(&of_column(name))).collect();
        let said = said.unwrap_or_else(|| self.pick("ничего не требуется", "nothing is required"));
        let required = match required.is_empty() {
            true => self.pick("ничего не требуется", "nothing is required"),
            false => required.join(", "),
        };
        let time = self.own(of.time_allowed(stage).as_ref());
        let time = time.or_else(|| stage.terminal.is_none().then(|| self.pick("срока нет", "no limit")));
        let role = match (stage.terminal, stage.parking, stage.qualified) {
            (Some(Terminal::Won), ..) => Some(self.pick("конец: сделка успешна", "the end: the deal is won")),
            (Some(Terminal::Lost), ..) => Some(self.pick("конец: сделка проиграна", "the end: the deal is lost")),
            (None, true, _) => Some(self.pick("стоянка: не шаг воронки", "a place to wait: no step of the funnel")),
            (None, false, true) => {
                Some(self.pick("с этого этапа лид квалифицирован", "from here on a lead is qualified"))
            }
            (None, false, false) => None,
        };
        let words = [&stage.meaning, &stage.next_step, &stage.advice];
        let is_bare = stage.terminal.is_some()
            && words.iter().all(|text| text.is_none())
            && stage.evidence.is_none()
            && stage.required.is_empty();
        let item = Item::of(&stage.id, stage.title.get(self.numbers.lang))
            .with("meaning", self.own(stage.meaning.as_ref()))
            .with("evidence", Some(said))
            .with("required", Some(required))
            .with("next_step", self.own(stage.next_step.as_ref()))
            .with("sla", time)
            .with("expected_share", stage.expected_share.map(|share| self.share(share)))
            .with("advice", self.own(stage.advice.as_ref()))
            .with("role", role)
            .with("id", Some(stage.id.as_str()))
            .with("evidence_sql", evidence.map(|condition| condition.sql.as_str()))
            .with("required_columns", (!stage.required.is_empty()).then(|| stage.required.join(", ")));
        Item { is_bare, ..item }
    }

    fn response(&self, of: &Regulation) -> Item {
        let counted = match of.rules().response_working {
            true => self.pick("в рабочем: ночь и выходные не в счёт", "working time: nights and days off do not count"),
            false => self.pick("в обычном, с ночами и выходными", "calendar time, with nights and days off"),
        };
        let buckets: Vec<String> = of.buckets().iter().map(|bucket| self.text(&bucket.label)).collect();
        self.once(Topic::Response)
            .with("sla", Some(self.text(&of.response_time())))
            .with("counted", Some(counted))
            .with("buckets", Some(buckets.join(", ")))
    }

    fn caps(&self, of: &Regulation) -> Vec<Item> {
        let limit =
            |most: Option<i64>| most.map_or_else(|| self.pick("без предела", "no cap"), |most| self.count(most));
        let cap = |cap: &crate::regulation::Cap| {
            Item::of(&cap.kind, of_contact(&cap.kind).get(self.numbers.lang))
                .with("per_week", Some(limit(cap.per_week)))
                .with("per_month", Some(limit(cap.per_month)))
        };
        of.caps().iter().map(cap).collect()
    }

    fn client_kinds(&self, of: &Regulation) -> Vec<Item> {
        let kind = |kind: &crate::regulation::ClientKind| {
            let when = kind.when.as_ref();
            let said = when.map(|condition| condition.words().map_or(condition.sql.clone(), |text| self.text(&text)));
            let means: Vec<String> = kind.means.iter().map(|means| self.text(&of_contact(means))).collect();
            let means = match means.is_empty() {
                true => kind.contact_days.map(|_| self.pick("любым касанием", "any touch")),
                false => Some(means.join(", ")),
            };
            Item::of(&kind.id, kind.title.get(self.numbers.lang))
                .with("when", said)
                .with("means", means)
                .with("contact_every_days", kind.contact_days.map(|days| self.days(days)))
                .with("advice", self.own(kind.advice.as_ref()))
                .with("kind", Some(kind.id.as_str()))
                .with("when_sql", when.map(|condition| condition.sql.as_str()))
        };
        of.client_kinds().iter().map(kind).collect()
    }

    fn mailings(&self, of: &Regulation) -> Vec<Item> {
        let rule = |rule: &crate::regulation::MailingRule| {
            let stage = rule.stage.as_deref().unwrap_or_default();
            let known = of.stages().iter().find(|known| known.id == stage);
            let title = match known {
                Some(known) => self.text(&known.title),
                None => self.pick("всем клиентам", "every client"),
            };
            let per_month = match rule.per_month {
                0 => self.pick("ни одной", "none"),
                number => self.count(number),
            };
            Item::of(stage, &title)
                .with("per_month", Some(per_month))
                .with("templates", (!rule.templates.is_empty()).then(|| rule.templates.join(", ")))
        };
        of.mailings().iter().map(rule).collect()
    }

    fn promotions(&self, of: &Regulation) -> Vec<Item> {
        let rules = of.promotions();
        self.if_any(
            self.once(Topic::Promotions)
                .with("deepest", rules.deepest.map(|share| self.share(share)))
                .with("revenue_share", rules.revenue_share.map(|share| self.share(share)))
                .with("rest_days", rules.rest_days.map(|days| self.days(days))),
        )
    }

    fn controls(&self, of: &Regulation) -> Vec<Item> {
        let control = |control: &crate::regulation::Control| {
            let look = match control.look {
                Some(Look::Daily) => self.pick("каждый день", "every day"),
                Some(Look::Weekly) => self.pick("раз в неделю", "once a week"),
                None => self.pick("не назначено", "not set"),
            };
            let item = Item::of(&control.rule, control.title.get(self.numbers.lang))
                .with("look", Some(look))
                .with("advice", self.own(control.advice.as_ref()))
                .with("rule", Some(control.rule.as_str()));
            Item { look: control.look, ..item }
        };
        of.controls().iter().map(control).collect()
    }

    fn load(&self, of: &Regulation) -> Vec<Item> {
        let load = of.load();
        self.if_any(
            self.once(Topic::Load)
                .with("open_deals", load.open_deals.map(|number| self.count(number)))
                .with("touches_per_day", load.touches_per_day.map(|number| self.count(number))),
        )
    }

    fn quality(&self, of: &Regulation) -> Vec<Item> {
        let Some(sample) = of.quality().sample else { return Vec::new() };
        let seed = of.quality().seed.to_string();
        vec![self.once(Topic::Quality).with("sample", Some(self.count(sample))).with("seed", Some(seed))]
    }

    fn quality_item(&self, item: &ChecklistItem) -> Item {
        Item::of(&item.id, item.title.get(self.numbers.lang)).with("id", Some(item.id.as_str()))
    }

    fn lost_reasons(&self, of: &Regulation) -> Vec<Item> {
        let reason = |reason: &crate::regulation::LostReason| {
            let means = match reason.means {
                Some(Meaning::Invalid) => self.pick("это был не лид: брак", "it never was a lead: invalid"),
                Some(Meaning::Price) => self.pick("проиграли из-за цены", "lost on price"),
                None => self.pick("ничего: обычный отказ", "nothing: an ordinary loss"),
            };
            Item::of(&reason.id, reason.title.get(self.numbers.lang))
                .with("means", Some(means))
                .with("reason", Some(reason.id.as_str()))
        };
        of.lost_reasons().iter().map(reason).collect()
    }

    fn interests(&self, of: &Regulation) -> Vec<Item> {
        let interest = |interest: &crate::regulation::Interest| {
            let price = match interest.price {
                true => self.pick("важна одна цена", "price alone matters"),
                false => self.pick("важна не одна цена", "more than price matters"),
            };
            Item::of(&interest.id, interest.title.get(self.numbers.lang))
                .with("price", Some(price))
                .with("interest", Some(interest.id.as_str()))
        };
        of.interests().iter().map(interest).collect()
    }

    fn arms(&self, of: &Regulation) -> Vec<Item> {
        let arm = |arm: &crate::regulation::Arm| {
            let role = match arm.is_control {
                true => self.pick("контрольная: с ней сравнивают", "control: the others are compared with it"),
                false => self.pick("испытуемая", "tested"),
            };
            Item::of(&arm.id, &arm.id)
                .with("control", Some(role))
                .with("share", arm.share.map(|share| self.share(share)))
                .with("arm", Some(arm.id.as_str()))
        };
        of.arms().iter().map(arm).collect()
    }

    fn thresholds(&self, of: &Regulation) -> Item {
        let rules = of.rules();
        let months = self.so_many(rules.promo_months, ["месяц", "месяца", "месяцев"], "month");
        let weeks = self.so_many(rules.variability_weeks, ["неделю", "недели", "недель"], "week");
        self.once(Topic::Thresholds)
            .with("small_group", Some(self.count(rules.small_group)))
            .with("lapsed_days", Some(self.days(rules.lapsed_days)))
            .with("regret_days", Some(self.days(rules.regret_days)))
            .with("full_price_repeat_days", Some(self.days(rules.full_price_repeat_days)))
            .with("waiting_idle_days", Some(self.days(rules.waiting_idle_days)))
            .with("waiting_first_days", Some(self.days(rules.waiting_first_days)))
            .with("dip_days", Some(self.days(rules.dip_days)))
            .with("promo_months", Some(months))
            .with("variability_weeks", Some(weeks))
    }

    fn funnel(&self, of: &Regulation) -> Item {
        let days: Vec<String> = of.horizons().iter().map(ToString::to_string).collect();
        let first = match of.counted_first() {
            CountedFirst::Changes => {
                self.pick("изменение суммы, потом закрытие", "the change of an amount, then the closing")
            }
            CountedFirst::Closing => {
                self.pick("закрытие, потом изменение суммы", "the closing, then the change of an amount")
            }
        };
        let funnel = self.once(Topic::Funnel).with("horizons_days", Some(days.join(", ")));
        funnel.with("counted_first", Some(first))
    }

    fn target(&self, target: &Target) -> Item {
        let Target { metric, column, by, only, .. } = target;
        let names = by.iter().map(|name| self.text(&of_dimension(name))).collect::<Vec<_>>().join(", ");
        let split = match (by.is_empty(), only) {
            (true, _) => self.pick("вся компания", "the whole company"),
            (false, None) => format!("{}: {names}", self.pick("каждый", "each")),
            (false, Some(only)) => format!("{names}: {only}"),
        };
        let unit = (self.unit)(metric, column);
        let (good, bad) = match target.better {
            Better::Higher => (self.pick("не меньше", "at least"), self.pick("не больше", "at most")),
            Better::Lower => (self.pick("не больше", "at most"), self.pick("не меньше", "at least")),
        };
        let bound = |words: &dyn Display, value: f64| format!("{words} {}", self.number(value, unit));
        Item::of(&target_id(target), target.title.get(self.numbers.lang))
            .with("split", Some(split))
            .with("green", Some(bound(&good, target.green)))
            .with("red", Some(bound(&bad, target.red)))
            .with("figure", Some(format!("{metric}.{column}")))
            .with("except", (!target.except.is_empty()).then(|| target.except.join(", ")))
            .with("advice", Some(target.advice.get(self.numbers.lang)))
    }

    /// A part that is stated once.
    fn once(&self, topic: Topic) -> Item {
        Item::of("", topic.title().get(self.numbers.lang))
    }

    /// Nothing of a part of which the regulation states nothing.
    fn if_any(&self, item: Item) -> Vec<Item> {
        if item.facts.is_empty() { Vec::new() } else { vec![item] }
    }
}

/// What a target is known by: no two have it.
pub(super) fn target_id(target: &Target) -> String {
    format!("{}.{} {:?} {:?}", target.metric, target.column, target.by, target.only)
}

/// What a dimension is called; a company's own in quotes.
fn of_dimension(name: &str) -> Text {
    match name {
        "team" => Text::new("отдел", "team"),
        "supervisor" => Text::new("супервайзер", "supervisor"),
        other => of_column(other),
    }
}
