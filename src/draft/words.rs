//! The name of a column as words that mean the same in every CRM: `DEAL_ID`, `dealId`, `Deal - ID` and `Номер сделки` are
//! all *deal* and *id*.

/// One idea and the words for it, in small letters, English ones in the singular. A word that ends in `*` stands for all
/// words with that beginning. The first idea that has a word is taken.
const IDEAS: &[(&str, &str)] = &[
    ("id", "id ид number номер номера номеру no nr num n № # code код guid uuid ссылка"),
    (
        "planned",
        "expected expecting planned plan forecast forecasted estimated estimate est tentative anticipated projected target due \
        deadline дедлайн план планов* планир* ожида* предполага* прогноз* срок сроки намеч* намечен* ориентир* next следующ*",
    ),
    ("supervisor", "supervisor head lead_by teamlead руководител* начальник* супервайзер* роп"),
    ("agent", "agent rep representative salesperson salesman продавец продавц*"),
    (
        "manager",
        "manager owner responsible assigned assignee менеджер* ответственн* employee сотрудник* operator оператор* user \
        пользовател* staff владелец владельц* исполнител*",
    ),
    ("deal", "deal opportunity opp сделк*"),
    ("lead", "lead mql enquiry inquiry лид лида лиды лидов лиду обращени*"),
    ("order", "order заказ заказа заказу заказы заказов purchase покупк* invoice счёт счет"),
    ("request", "request application заявк* ticket тикет*"),
    (
        "client",
        "client customer buyer клиент* покупател* заказчик* контрагент* counterparty patient пациент* student ученик*",
    ),
    ("contact", "contact person контакт* people"),
    ("company", "company organization organisation account компани* организаци* аккаунт* firm фирма"),
    ("phone", "phone telephone mobile cell tel телефон* мобильн*"),
    ("caller", "caller абонент* звонил* звонящ*"),
    ("callee", "callee dialed dialled"),
    ("email", "email mail почта почты имейл"),
    ("name", "name title имя имени фио fio фамили* отчеств* название наименован* surname firstname lastname fullname"),
    ("address", "address адрес* street улица zip postcode postal индекс"),
    ("birth", "birth birthday dob рожден*"),
    ("comment", "comment note description комментари* примечани* описани* remark message заметк*"),
    (
        "create",
        "create created creation creating add added добавл* создан* созд* opened заведен* заведена поступл* поступил* received \
        receive registered registration регистрац* зарегистр* submitted submission engage engaged",
    ),
    ("close", "close closed closing closure закрыт* закрыти* заверш* complete completed completion"),
    ("modify", "modified modify modification updated update edited edit измен* обновл* редактир* отредактир*"),
    ("change", "change changed moved move entered enter transition смен* переход* переведен* вхожден* вход"),
    ("history", "history log журнал* истори*"),
    ("won", "won win выигр* успешн*"),
    ("lost", "lost loss lose losing отказ* проигр* потер* провал* failed failure"),
    ("cancel", "cancel cancelled canceled cancellation отмен*"),
    ("payment", "payment paid pay оплат* оплач* платеж*"),
    ("delivery", "delivery deliver delivered shipping shipped ship shipment достав* отгруз* отгруж*"),
    ("stage", "stage этап* стади* step шаг"),
    ("status", "status статус* состоян*"),
    ("state", "state"),
    ("probability", "probability вероятн* confidence"),
    ("reason", "reason причин*"),
    ("refund", "refund refunded return возврат*"),
    ("list", "list прайс* gross полн*"),
    ("before", "before до"),
    ("without", "without без"),
    ("discount", "discount скидк* скидок"),
    ("cogs", "cogs себестоим* закуп*"),
    ("price", "price цена цены цене стоимост*"),
    ("amount", "amount sum summ total сумма суммы сумме итого"),
    ("value", "value"),
    ("revenue", "revenue выручк* доход* turnover оборот* income sale_amount"),
    ("budget", "budget бюджет*"),
    ("cost", "cost spend spent spending расход* затрат* потрач* expense expenditure"),
    ("fee", "fee commission комисси* tax vat ндс налог*"),
    ("sale", "sale sell selling продаж* продан*"),
    ("impression", "impression impr показ показы показов"),
    ("click", "click клик*"),
    ("conversion", "conversion конверси*"),
    ("per", "per за"),
    ("average", "average avg mean средн* median"),
    ("rate", "rate share доля доли ctr cpc cpm cpa cpl cpo romi roi roas"),
    ("source", "source источник* channel канал* origin"),
    ("medium", "medium"),
    ("utm", "utm ютм"),
    ("campaign", "campaign кампани*"),
    ("platform", "platform площадк* network"),
    ("contractor", "contractor agency подрядчик* агентств*"),
    ("pipeline", "pipeline воронк* funnel"),
    ("branch", "branch филиал* office офис* store магазин* подразделен*"),
    ("city", "city town город*"),
    ("region", "region регион*"),
    ("promo", "promo promocode promotion промо* акция акции акций coupon купон* voucher"),
    ("interest", "interest интерес*"),
    ("segment", "segment сегмент*"),
    ("category", "category категори* group группа группы industry отрасл* sector lifecycle"),
    ("call", "call звонок звонк* звонков вызов*"),
    ("event", "event activity task событи* дело дела задач* мероприят*"),
    ("type", "type kind тип типа вид вида"),
    ("direction", "direction направлен*"),
    ("result", "outcome result disposition результат* итог итога"),
    ("duration", "duration длительност* продолжительност* billsec length"),
    ("talk", "talk разговор*"),
    ("second", "second sec секунд* сек"),
    ("team", "team department отдел* команд*"),
    ("hired", "hired hire принят* приём* прием* устро*"),
    ("left", "left termination terminated dismissed fired увол*"),
    ("start", "start started begin begun beginning нача* старт*"),
    ("end", "end ended finish finished fin оконч* конец конца"),
    ("last", "last latest последн*"),
    ("first", "first перв*"),
    ("seen", "seen"),
    ("touch", "touch contacted касан*"),
    ("date", "date дата даты дат день day"),
    ("time", "time datetime timestamp время времени at dt"),
    ("old", "old prev previous from предыдущ* прежн* стар* из"),
    ("new", "new to новый новая новое"),
    ("count", "count quantity qty количество кол колич* шт"),
    ("month", "month monthly месяц* ежемесячн*"),
    ("year", "year yearly annual annually год* ежегодн*"),
    ("parent", "parent родител*"),
    ("currency", "currency валют*"),
    ("product", "product item sku товар* продукт* услуг* позици*"),
    ("percent", "percent процент* %"),
];

/// Words that say nothing of what a column is.
const NEUTRAL: &[&str] = &[
    "of",
    "the",
    "in",
    "on",
    "by",
    "a",
    "an",
    "is",
    "и",
    "в",
    "на",
    "по",
    "с",
    "к",
    "для",
    "кто",
    "crm",
    "руб",
    "рубли",
    "рублей",
    "тыс",
    "тысяч",
    "тысячах",
    "т",
    "тр",
    "млн",
    "млрд",
    "коп",
    "копеек",
    "thousand",
    "thousands",
    "cents",
    "micros",
    "rub",
    "usd",
    "eur",
    "kzt",
    "uah",
    "byn",
    "р",
    "msk",
    "мск",
    "utc",
    "gmt",
    "record",
    "system",
    "full",
    "hubspot",
    "hs",
    "zoho",
    "primary",
    "main",
    "основной",
    "основная",
    "associated",
    "original",
    "grand",
    "ru",
    "en",
    "final",
    "фактическая",
    "actual",
    "факт",
    "offline",
    "online",
    "field",
    "поле",
];

/// The ideas of a column's name, in its order; a word that stands for none stays itself.
pub(super) fn ideas(header: &str) -> Vec<String> {
    let mut ideas = Vec::new();
    for word in cut(header) {
        match idea(&word) {
            Some(idea) => ideas.push(idea.to_owned()),
            None if NEUTRAL.contains(&word.as_str()) => {}
            None => match glued(&word) {
                Some((first, second)) => ideas.extend([first.to_owned(), second.to_owned()]),
                None => ideas.push(word),
            },
        }
    }
    ideas.dedup();
    ideas
}

/// The words of a name: small, `ё` as `е`, cut where `camelCase` is.
pub(super) fn cut(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut small = false;
    for symbol in header.chars() {
        let is_mark = matches!(symbol, '№' | '#' | '%');
        if (small && symbol.is_uppercase()) || !symbol.is_alphanumeric() || is_mark {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        if is_mark {
            words.push(symbol.to_string());
        } else if symbol.is_alphanumeric() {
            word.extend(symbol.to_lowercase().map(|c| if c == 'ё' { 'е' } else { c }));
        }
        small = symbol.is_lowercase();
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    // e-mail is one word
    let mut at = 0;
    while at + 1 < words.len() {
        if words[at] == "e" && words[at + 1].starts_with("mail") {
            words.splice(at..at + 2, ["email".to_owned()]);
        }
        at += 1;
    }
    words
}

/// The idea that a word stands for.
fn idea(word: &str) -> Option<&'static str> {
    let singular = singular(word);
    let stands = |written: &str| match written.strip_suffix('*') {
        Some(begin) => word.starts_with(&begin.replace('ё', "е")),
        None => written == word || singular.as_deref() == Some(written),
    };
    IDEAS.iter().find(|(_, words)| words.split_whitespace().any(stands)).map(|(idea, _)| *idea)
}

/// An English word without the ending of its plural.
fn singular(word: &str) -> Option<String> {
    let plain = word.is_ascii() && word.len() > 2 && !word.ends_with("ss") && !word.ends_with("us");
    match word.strip_suffix("ies").filter(|begin| begin.len() > 2) {
        Some(begin) => Some(format!("{begin}y")),
        None => word.strip_suffix('s').filter(|_| plain).map(str::to_owned),
    }
}

/// The two ideas of a word that was put together out of two: `dealstage`, `closedate`.
fn glued(word: &str) -> Option<(&'static str, &'static str)> {
    let places = word.char_indices().map(|(at, _)| at).filter(|at| *at > 1 && word.len() - at > 1);
    let exact = |part: &str| idea(part).filter(|_| part.is_ascii());
    places.rev().find_map(|at| Some((exact(&word[..at])?, exact(&word[at..])?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_same_however_it_is_written() {
        for (header, expected) in [
            ("deal_id", "deal id"),
            ("DEAL_ID", "deal id"),
            ("dealId", "deal id"),
            ("Deal - ID", "deal id"),
            ("dealid", "deal id"),
            ("№ сделки", "id deal"),
            ("Номер сделки", "id deal"),
            ("Opportunity ID", "deal id"),
            ("CLOSE_DATE", "close date"),
            ("Closing Date", "close date"),
            ("closedate", "close date"),
            ("Дата закрытия сделки", "date close deal"),
            ("Дата завершения", "date close"),
            ("Tentative Close Date", "planned close date"),
            ("expectedCloseDate", "planned close date"),
            ("Предполагаемая дата закрытия", "planned date close"),
            ("CONTACTID", "contact id"),
            ("Contact IDs", "contact id"),
            ("Companies", "company"),
            ("E-mail", "email"),
            ("Дата создания", "date create"),
            ("createdAt", "create time"),
            ("DATE_CREATE", "date create"),
            ("Add time", "create time"),
            ("STAGE_CREATED_AT", "stage create time"),
            ("Сумма, руб.", "amount"),
            ("Call Duration (in seconds)", "call duration second"),
            ("Лидеры", "лидеры"),
        ] {
            assert_eq!(ideas(header).join(" "), expected, "{header}");
        }
    }
}
