//! What a regulation says in words: conditions, columns, kinds of contact, times allowed.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Value};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::condition::Condition;
use super::duration::{self, Lengths};
use super::rules::Stage;
use super::{Regulation, links::Link};
use crate::model::lang::{Text, both};

impl Condition {
    /// The condition in words. `None` if there are no words for a part of it; show it as it is written then.
    pub fn words(&self) -> Option<Text> {
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&self.sql).ok()?;
        said(&parser.parse_expr().ok()?, false)
    }
}

impl Regulation {
    /// How long a deal may stand in a stage. `None` if the stage has no SLA.
    pub fn time_allowed(&self, stage: &Stage) -> Option<Text> {
        stage.sla_hours.map(|hours| duration::words(hours * 60.0, Lengths::working(&self.calendar)))
    }

    /// Within which time the first response is due.
    pub fn response_time(&self) -> Text {
        let lengths = match self.rules.response_working {
            true => Lengths::working(&self.calendar),
            false => Lengths::CALENDAR,
        };
        duration::words(self.rules.response_sla_minutes, lengths)
    }

    /// The templates of the addresses of deals and of clients in the CRM, as they are written.
    pub fn link_templates(&self) -> [Option<String>; 2] {
        let written = |link: &Option<Link>, place: &str| link.as_ref().map(|link| link.with(place));
        [written(&self.deal_link, "{deal_id}"), written(&self.client_link, "{client_id}")]
    }
}

/// An expression in words; `is_part` if it stands beside others that AND joins.
fn said(expr: &Expr, is_part: bool) -> Option<Text> {
    match expr {
        Expr::Nested(inner) => said(inner, is_part),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            Some(said(left, true)?.and(Text::new(" и ", " and ")).and(said(right, true)?))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            let either = said(left, false)?.and(Text::new(" или ", " or ")).and(said(right, false)?);
            Some(if is_part { Text::same("(").and(either).and(Text::same(")")) } else { either })
        }
        Expr::BinaryOp { left, op, right } => compared(&name_of(left)?, op, right),
        Expr::IsNotNull(inner) => Some(filled(&name_of(inner)?)),
        Expr::IsNull(inner) => Some(of_column(&name_of(inner)?).and(Text::new(": не заполнено", ": not filled"))),
        _ => None,
    }
}

fn name_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) if ident.quote_style.is_some() => Some(ident.value.clone()),
        Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
        _ => None,
    }
}

fn filled(name: &str) -> Text {
    of_column(name).and(Text::new(": заполнено", ": filled"))
}

fn compared(name: &str, op: &BinaryOperator, right: &Expr) -> Option<Text> {
    let Expr::Value(literal) = right else { return None };
    match &literal.value {
        Value::Number(number, _) => {
            let number = number.to_string();
            counted(name, op, &number).or_else(|| quantity(name, op, &number))
        }
        Value::SingleQuotedString(text) => match (op, text.as_str()) {
            (BinaryOperator::NotEq, "") => Some(filled(name)),
            (BinaryOperator::Eq, _) => Some(of_column(name).and(both!(" — «{text}»", " is “{text}”"))),
            (BinaryOperator::NotEq, _) => Some(of_column(name).and(both!(" — не «{text}»", " is not “{text}”"))),
            _ => None,
        },
        _ => None,
    }
}

/// How often something happened: in Russian the genitive plural and "one", in English the plural and "one".
const COUNTED: [(&str, [&str; 4]); 17] = [
    ("call", ["звонков", "один звонок", "calls", "one call"]),
    ("email", ["писем", "одно письмо", "letters", "one letter"]),
    ("sms", ["SMS", "одна SMS", "SMS", "one SMS"]),
    ("message", ["сообщений", "одно сообщение", "messages", "one message"]),
    ("meeting", ["встреч", "одна встреча", "meetings", "one meeting"]),
    ("mailing", ["рассылок", "одна рассылка", "mailings", "one mailing"]),
    ("refusal", ["отказов", "один отказ", "refusals", "one refusal"]),
    ("complaint", ["жалоб", "одна жалоба", "complaints", "one complaint"]),
    ("opt_out", ["отписок", "одна отписка", "opt-outs", "one opt-out"]),
    ("refund", ["возвратов", "один возврат", "refunds", "one refund"]),
    ("task", ["дел", "одно дело", "tasks", "one task"]),
    ("qa_check", ["проверок качества", "одна проверка качества", "quality checks", "one quality check"]),
    ("touch", ["касаний", "одно касание", "touches", "one touch"]),
    ("touches", ["касаний", "одно касание", "touches", "one touch"]),
    ("won", ["покупок", "одна покупка", "purchases", "one purchase"]),
    ("open_deals", ["открытых сделок", "одна открытая сделка", "open deals", "one open deal"]),
    ("talk_s", ["секунд разговора", "одна секунда разговора", "seconds of talk", "one second of talk"]),
];

fn counted(name: &str, op: &BinaryOperator, number: &str) -> Option<Text> {
    let (_, [ru, one_ru, en, one_en]) = COUNTED.iter().find(|(known, _)| *known == name)?;
    Some(match (op, number) {
        (BinaryOperator::GtEq, "1") | (BinaryOperator::Gt, "0") => both!("хотя бы {one_ru}", "at least {one_en}"),
        (BinaryOperator::Eq, "0") | (BinaryOperator::Lt, "1") => both!("{ru} нет", "no {en}"),
        (BinaryOperator::GtEq, _) => both!("{ru} не меньше {number}", "at least {number} {en}"),
        (BinaryOperator::Gt, _) => both!("{ru} больше {number}", "more than {number} {en}"),
        (BinaryOperator::LtEq, _) => both!("{ru} не больше {number}", "at most {number} {en}"),
        (BinaryOperator::Lt, _) => both!("{ru} меньше {number}", "fewer than {number} {en}"),
        (BinaryOperator::Eq, _) => both!("{ru} ровно {number}", "exactly {number} {en}"),
        (BinaryOperator::NotEq, _) => both!("{ru} не {number}", "not {number} {en}"),
        _ => return None,
    })
}

fn quantity(name: &str, op: &BinaryOperator, number: &str) -> Option<Text> {
    let is_own = of_column(name) == own(name);
    if is_own && matches!((op, number), (BinaryOperator::GtEq, "1") | (BinaryOperator::Gt, "0")) {
        // a kind of event of the company's own, or a column that counts: either way there is one
        return Some(Text::new("хотя бы одно ", "at least one ").and(own(name)));
    }
    let words = match op {
        BinaryOperator::GtEq => both!(" не меньше {number}", " at least {number}"),
        BinaryOperator::Gt => both!(" больше {number}", " above {number}"),
        BinaryOperator::LtEq => both!(" не больше {number}", " at most {number}"),
        BinaryOperator::Lt => both!(" меньше {number}", " below {number}"),
        BinaryOperator::Eq => both!(" ровно {number}", " exactly {number}"),
        BinaryOperator::NotEq => both!(" не {number}", " not {number}"),
        _ => return None,
    };
    Some(of_column(name).and(words))
}

/// What a column of deals, or a fact of clients, is called; a company's own name in quotes.
pub fn of_column(name: &str) -> Text {
    let (ru, en) = match name {
        "amount" => ("сумма", "amount"),
        "list_amount" => ("сумма до скидки", "amount before discount"),
        "cost" => ("себестоимость", "cost"),
        "interest" => ("интерес", "interest"),
        "promo" => ("акция", "promotion"),
        "source" => ("источник", "source"),
        "contractor" => ("подрядчик", "contractor"),
        "campaign" => ("кампания", "campaign"),
        "manager" => ("менеджер", "manager"),
        "branch" => ("филиал", "branch"),
        "pipeline" => ("воронка", "pipeline"),
        "client_id" => ("клиент", "client"),
        "segment" => ("сегмент", "segment"),
        "stage" => ("этап", "stage"),
        "status" => ("статус", "status"),
        "lost_reason" => ("причина отказа", "lost reason"),
        "created_at" => ("дата создания", "date of creation"),
        "closed_at" => ("дата закрытия", "closing date"),
        "expected_close" => ("ожидаемая дата закрытия", "expected closing date"),
        "probability" => ("вероятность", "probability"),
        "revenue" => ("сумма покупок", "sum of purchases"),
        "days_since_first" => ("дней с первого обращения", "days since the first deal"),
        "days_since_deal" => ("дней с последней сделки", "days since the last deal"),
        "days_since_won" => ("дней с последней покупки", "days since the last purchase"),
        "days_since_touch" => ("дней с последнего касания", "days since the last touch"),
        other => return own(other),
    };
    Text::new(ru, en)
}

/// A name that the company gave, in quotes.
fn own(name: &str) -> Text {
    both!("«{name}»", "“{name}”")
}

/// What a kind of contact is called, in the plural.
pub fn of_contact(kind: &str) -> Text {
    let (ru, en) = match kind {
        "any" => ("все касания вместе, кроме рассылок", "all touches together, without mailings"),
        "call" => ("звонки", "calls"),
        "email" => ("письма", "letters"),
        "sms" => ("SMS", "SMS"),
        "message" => ("сообщения", "messages"),
        "meeting" => ("встречи", "meetings"),
        "mailing" => ("рассылки", "mailings"),
        own => return Text::same(own),
    };
    Text::new(ru, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> Option<(String, String)> {
        Condition::parse(sql).unwrap().words().map(|text| (text.ru, text.en))
    }

    #[test]
    fn a_condition_is_said_in_words() {
        for (sql, ru, en) in [
            ("touch >= 1", "хотя бы одно касание", "at least one touch"),
            ("offer >= 1", "хотя бы одно «offer»", "at least one “offer”"),
            ("floors >= 2", "«floors» не меньше 2", "“floors” at least 2"),
            ("amount > 0", "сумма больше 0", "amount above 0"),
            (
                "won >= 1 AND days_since_won <= 180",
                "хотя бы одна покупка и дней с последней покупки не больше 180",
                "at least one purchase and days since the last purchase at most 180",
            ),
            (
                "(call >= 2 OR meeting > 0) AND interest <> ''",
                "(звонков не меньше 2 или хотя бы одна встреча) и интерес: заполнено",
                "(at least 2 calls or at least one meeting) and interest: filled",
            ),
            ("segment = 'key'", "сегмент — «key»", "segment is “key”"),
            ("call = 0", "звонков нет", "no calls"),
            ("\"Город\" IS NOT NULL", "«Город»: заполнено", "“Город”: filled"),
        ] {
            assert_eq!(words(sql), Some((ru.to_owned(), en.to_owned())), "{sql}");
        }
    }

    #[test]
    fn what_has_no_words_is_not_guessed() {
        for sql in ["NOT (call >= 1)", "call + email >= 2", "branch IN ('A', 'B')", "abs(amount) > 1", "1 <= call"] {
            assert_eq!(words(sql), None, "{sql}");
        }
    }
}
