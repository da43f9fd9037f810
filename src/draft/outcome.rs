//! Which names of stages and statuses say how a deal ended.

/// What a name of a stage or a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Open,
    Won,
    Lost,
    /// It sounds like a closing stage, but may be a step before one: the user decides.
    Unclear,
}

/// Beginnings of words, or several words, with which a name says that a deal is lost. Before those of won: `не реализовано`
/// is not `реализовано`.
const LOST: [&str; 34] = [
    " lost ",
    " lose ",
    " loss ",
    "проигр",
    " потер",
    "провал",
    "не реализ",
    "нереализ",
    "неуспеш",
    "не успеш",
    "unsuccess",
    " отказ",
    " cancel",
    " отмен",
    " reject",
    " declin",
    " refus",
    " junk ",
    " spam",
    " спам",
    " брак",
    "некачеств",
    "disqualif",
    "unqualif",
    " dead ",
    " failed ",
    " fail ",
    "apolog",
    " дубл",
    " duplicate",
    " invalid",
    " abandon",
    "not interested",
    "не состоял",
];
const WON: [&str; 9] = [
    " won ",
    " win ",
    "выигр",
    "успешн",
    " реализован",
    " success",
    " converted ",
    "сделка заключена",
    "качественный лид",
];
/// What is waited for has not come yet.
const WAITS: [&str; 12] = [
    " wait",
    " await",
    " pending",
    " ожида",
    " ждет",
    " ждем",
    " предоплат",
    " счет ",
    " invoice",
    " in progress",
    " в процессе",
    " на согласован",
];
const UNCLEAR: [&str; 26] = [
    " paid",
    " payment",
    "оплат",
    "оплач",
    " complet",
    " done ",
    " finish",
    "заверш",
    "закрыт",
    " closed ",
    " close ",
    " deliver",
    "доставлен",
    " ship",
    "отгруж",
    "выполнен",
    " issued ",
    "выдан",
    "refund",
    "возврат",
    " return",
    " sold ",
    "продан",
    "signed",
    "подписан",
    " архив",
];

/// What a name says.
pub(super) fn ended(name: &str) -> Ended {
    let words = super::words::cut(name).join(" ").replace("closedwon", "won").replace("closedlost", "lost");
    let words = format!(" {words} ");
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    match () {
        () if has(&LOST) => Ended::Lost,
        () if has(&WON) => Ended::Won,
        () if has(&WAITS) => Ended::Open,
        () if has(&UNCLEAR) || words.contains(" archive") => Ended::Unclear,
        () => Ended::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stage_is_called_says_how_a_deal_ended_or_is_asked() {
        for (expected, names) in [
            (
                Ended::Won,
                vec![
                    "Won",
                    "WON",
                    "Closed Won",
                    "closedwon",
                    "C2:WON",
                    "Успешно реализовано",
                    "Сделка успешна",
                    "Выиграна",
                ],
            ),
            (
                Ended::Lost,
                vec![
                    "Lost",
                    "closedlost",
                    "LOSE",
                    "C2:LOSE",
                    "Закрыто и не реализовано",
                    "Сделка провалена",
                    "Отменён",
                    "Отказ",
                    "Spam",
                ],
            ),
            (
                Ended::Open,
                vec![
                    "New",
                    "Новая",
                    "В работе",
                    "Waiting For Payment",
                    "Ожидает оплаты",
                    "Negotiation",
                    "Call Delayed",
                    "Winter sale",
                ],
            ),
            (Ended::Unclear, vec!["Payment Done", "Оплачен", "Закрыта", "Delivered", "Closed", "Завершено", "Возврат"]),
        ] {
            for name in names {
                assert_eq!(ended(name), expected, "{name}");
            }
        }
    }
}
