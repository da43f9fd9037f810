//! The words of the CRM, as its exports write them; the mapping translates them.

/// Stages in order; the last two are terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Created.
    New,
    /// Spoken to.
    Contacted,
    /// Needs and budget are known.
    Qualified,
    /// An offer was made.
    Proposal,
    /// Terms are talked over.
    Negotiation,
    /// Won.
    Won,
    /// Lost.
    Lost,
}

impl Stage {
    /// As the CRM writes it.
    pub fn title(self) -> &'static str {
        match self {
            Stage::New => "Новая",
            Stage::Contacted => "Контакт",
            Stage::Qualified => "Квалификация",
            Stage::Proposal => "Предложение",
            Stage::Negotiation => "Переговоры",
            Stage::Won => "Сделка успешна",
            Stage::Lost => "Сделка провалена",
        }
    }
}

/// Why a deal was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The same enquiry twice.
    Duplicate,
    /// No enquiry at all.
    Spam,
    /// The number is not the client's.
    WrongNumber,
    /// Too expensive.
    Expensive,
    /// Another asked less.
    CompetitorPrice,
    /// No need.
    NoNeed,
    /// Never reached.
    NoAnswer,
    /// Another was chosen for other reasons.
    Competitor,
    /// Put off.
    Postponed,
}

impl Reason {
    /// As the CRM writes it.
    pub fn title(self) -> &'static str {
        match self {
            Reason::Duplicate => "Дубль",
            Reason::Spam => "Спам",
            Reason::WrongNumber => "Неверный номер",
            Reason::Expensive => "Дорого",
            Reason::CompetitorPrice => "Дешевле у других",
            Reason::NoNeed => "Не нужно",
            Reason::NoAnswer => "Не отвечает",
            Reason::Competitor => "Выбрал других",
            Reason::Postponed => "Отложил",
        }
    }
}

/// What the client asked for.
pub const INTERESTS: [&str; 3] = ["Товар", "Консультация", "Цена"];
/// What is sold; one name needs its quotes doubled and holds the delimiter.
pub const PRODUCTS: [&str; 6] = ["Кухня", "Шкаф-купе", "Гардеробная", "Прихожая", "Детская", "Кухня \"Лофт\"; остров"];
/// Segments of clients, private ones first.
pub const SEGMENTS: [&str; 2] = ["Частный", "Бизнес"];
/// Pipelines, by segment.
pub const PIPELINES: [&str; 2] = ["Розница", "Опт"];

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The deal entered a stage.
    Stage(Stage),
    /// A call that lasted so many seconds; 0: nobody answered.
    Call(Way, u16),
    /// A letter.
    Email(Way),
    /// A message in a messenger.
    Message(Way),
    /// A meeting.
    Meeting,
    /// A marketing mailing.
    Mailing,
    /// The client said no.
    Refusal,
    /// The client complained.
    Complaint,
    /// The client asked not to be contacted.
    OptOut,
    /// Money went back.
    Refund,
    /// A task was set, or is planned.
    Task,
    /// A commercial offer was sent.
    Offer,
    /// Quality control looked at an item of its checklist, and whether it was in order.
    Check(Item, bool),
}

/// An item of quality control's checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The client was greeted by the rules.
    Greeting,
    /// The need was asked for.
    Need,
    /// A next step was agreed.
    NextStep,
    /// The deal's card is filled.
    Card,
}

impl Item {
    /// The checklist.
    pub const ALL: [Item; 4] = [Item::Greeting, Item::Need, Item::NextStep, Item::Card];

    /// As the CRM writes it.
    pub fn title(self) -> &'static str {
        match self {
            Item::Greeting => "Приветствие",
            Item::Need => "Потребность",
            Item::NextStep => "Следующий шаг",
            Item::Card => "Карточка заполнена",
        }
    }

    /// As the mapping translates it.
    pub fn id(self) -> &'static str {
        match self {
            Item::Greeting => "greeting",
            Item::Need => "need",
            Item::NextStep => "next_step",
            Item::Card => "crm_filled",
        }
    }
}

/// From whom to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the company.
    Out,
    /// From the client.
    In,
}

impl Way {
    /// As the CRM writes it.
    pub fn title(self) -> &'static str {
        match self {
            Way::Out => "исх",
            Way::In => "вх",
        }
    }
}

impl Kind {
    /// As the CRM writes it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Stage(_) => "Стадия",
            Kind::Call(..) => "Звонок",
            Kind::Email(_) => "Письмо",
            Kind::Message(_) => "Чат",
            Kind::Meeting => "Встреча",
            Kind::Mailing => "Рассылка",
            Kind::Refusal => "Отказ",
            Kind::Complaint => "Жалоба",
            Kind::OptOut => "Отписка",
            Kind::Refund => "Возврат",
            Kind::Task => "Дело",
            Kind::Offer => "КП",
            Kind::Check(..) => "Проверка ОКК",
        }
    }

    /// From whom to whom, where that is known.
    pub fn way(self) -> Option<Way> {
        match self {
            Kind::Call(way, _) | Kind::Email(way) | Kind::Message(way) => Some(way),
            Kind::Mailing => Some(Way::Out),
            _ => None,
        }
    }

    /// Whether it is a touch: the company turned to the client.
    pub fn is_touch(self) -> bool {
        self == Kind::Meeting || (self.way() == Some(Way::Out) && self != Kind::Mailing)
    }
}
