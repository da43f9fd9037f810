//! What words of theirs mean in the columns `direction` and `kind` of events.

/// What our `direction` says for a word of theirs.
pub(super) fn direction(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let begins = |with: &[&str]| with.iter().any(|begin| word.starts_with(begin));
    match word.as_str() {
        "in" => Some("incoming"),
        "out" => Some("outgoing"),
        _ if begins(&["вход", "incom", "inbound", "missed", "пропущ"]) => Some("incoming"),
        _ if begins(&["исход", "outgo", "outbound"]) => Some("outgoing"),
        _ => None,
    }
}

/// What our `kind` of an event says for a word of theirs.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    const KINDS: [(&str, &[&str]); 12] = [
        ("call", &["call", "phone", "звон"]),
        ("email", &["email", "mail", "letter", "письм"]),
        ("sms", &["sms", "смс"]),
        ("message", &["message", "chat", "whatsapp", "telegram", "сообщен", "чат"]),
        ("meeting", &["meeting", "встреч"]),
        ("mailing", &["mailing", "newsletter", "рассыл"]),
        ("refusal", &["refusal", "отказ"]),
        ("complaint", &["complaint", "жалоб"]),
        ("opt_out", &["opt", "unsubscri", "отпис"]),
        ("refund", &["refund", "возврат"]),
        ("task", &["task", "задач"]),
        ("stage", &["stage", "смена этап", "этап", "стади"]),
    ];
    let word = super::words::cut(word).join(" ");
    KINDS.iter().find(|(_, begins)| begins.iter().any(|begin| word.starts_with(begin))).map(|(kind, _)| *kind)
}
