//! What people write around a number: a currency, and `K`, `млн` and the like.

use std::borrow::Cow;
use std::fmt;

/// A currency, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How currencies are written: longer ones before their own beginnings and ends.
const CURRENCIES: [(&str, &str); 52] = [
    ("рублей", "RUB"),
    ("рубля", "RUB"),
    ("рубль", "RUB"),
    ("руб.", "RUB"),
    ("руб", "RUB"),
    ("р.", "RUB"),
    ("р", "RUB"),
    ("₽", "RUB"),
    ("RUB", "RUB"),
    ("RUR", "RUB"),
    ("R$", "BRL"),
    ("BRL", "BRL"),
    ("US$", "USD"),
    ("USD", "USD"),
    ("$", "USD"),
    ("EUR", "EUR"),
    ("евро", "EUR"),
    ("€", "EUR"),
    ("GBP", "GBP"),
    ("£", "GBP"),
    ("KZT", "KZT"),
    ("тенге", "KZT"),
    ("тг.", "KZT"),
    ("тг", "KZT"),
    ("₸", "KZT"),
    ("UAH", "UAH"),
    ("грн.", "UAH"),
    ("грн", "UAH"),
    ("₴", "UAH"),
    ("BYN", "BYN"),
    ("Br", "BYN"),
    ("CNY", "CNY"),
    ("юаней", "CNY"),
    ("JPY", "JPY"),
    ("TRY", "TRY"),
    ("₺", "TRY"),
    ("UZS", "UZS"),
    ("сум", "UZS"),
    ("KGS", "KGS"),
    ("сом", "KGS"),
    ("AED", "AED"),
    ("GEL", "GEL"),
    ("₾", "GEL"),
    ("AMD", "AMD"),
    ("֏", "AMD"),
    ("AZN", "AZN"),
    ("₼", "AZN"),
    ("PLN", "PLN"),
    ("zł", "PLN"),
    ("CHF", "CHF"),
    ("INR", "INR"),
    ("₹", "INR"),
];

/// The codes of ISO 4217 that are not among [`CURRENCIES`]; written in capitals, since many are words or parts of some.
const CODES: [&str; 119] = [
    "AFN", "ALL", "ANG", "AOA", "ARS", "AUD", "AWG", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB",
    "BSD", "BTN", "BWP", "BYR", "BZD", "CAD", "CDF", "CLP", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP",
    "DZD", "EGP", "ERN", "ETB", "FJD", "FKP", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
    "IDR", "ILS", "IQD", "IRR", "ISK", "JMD", "JOD", "KES", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PYG", "QAR",
    "RON", "RSD", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "SYP", "SZL",
    "THB", "TJS", "TMT", "TND", "TOP", "TTD", "TWD",
];
/// The rest of them, and what people keep beside money.
const MORE_CODES: [&str; 21] = [
    "TZS", "UGX", "USDT", "UYU", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "BTC",
    "ETH", "USDC", "STN", "SVC", "ZWL",
];
/// The numbers of ISO 4217.
const NUMBERS: [(&str, &str); 45] = [
    ("643", "RUB"),
    ("810", "RUB"),
    ("840", "USD"),
    ("978", "EUR"),
    ("826", "GBP"),
    ("398", "KZT"),
    ("980", "UAH"),
    ("933", "BYN"),
    ("974", "BYR"),
    ("156", "CNY"),
    ("392", "JPY"),
    ("949", "TRY"),
    ("860", "UZS"),
    ("417", "KGS"),
    ("784", "AED"),
    ("981", "GEL"),
    ("051", "AMD"),
    ("51", "AMD"),
    ("944", "AZN"),
    ("985", "PLN"),
    ("756", "CHF"),
    ("356", "INR"),
    ("986", "BRL"),
    ("203", "CZK"),
    ("752", "SEK"),
    ("578", "NOK"),
    ("208", "DKK"),
    ("124", "CAD"),
    ("036", "AUD"),
    ("344", "HKD"),
    ("702", "SGD"),
    ("764", "THB"),
    ("972", "TJS"),
    ("934", "TMT"),
    ("498", "MDL"),
    ("496", "MNT"),
    ("376", "ILS"),
    ("348", "HUF"),
    ("946", "RON"),
    ("975", "BGN"),
    ("941", "RSD"),
    ("682", "SAR"),
    ("484", "MXN"),
    ("410", "KRW"),
    ("710", "ZAR"),
];
/// How a header says it in words.
const HEADER_WORDS: [(&str, &str); 13] = [
    ("рублях", "RUB"),
    ("рубли", "RUB"),
    ("rubles", "RUB"),
    ("roubles", "RUB"),
    ("долларах", "USD"),
    ("доллары", "USD"),
    ("долл", "USD"),
    ("dollars", "USD"),
    ("dollar", "USD"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("гривнах", "UAH"),
    ("юанях", "CNY"),
];
/// What is a currency behind a number, and something else within a header.
const NO_HEADER_WORDS: [&str; 9] = ["р", "Br", "сум", "сом", "тг", "try", "Try", "ALL", "TOP"];

/// Codes that in small letters are words.
const SNAKE_WORDS: [&str; 9] = ["ALL", "TOP", "PEN", "COP", "CUP", "MOP", "SOS", "MAD", "BAM"];

/// How powers of ten are written after a number. A small `m` is left out: it may be metres or minutes.
const POWERS: [(&str, u32); 16] = [
    ("тыс.", 3),
    ("тыс", 3),
    ("K", 3),
    ("k", 3),
    ("К", 3),
    ("к", 3),
    ("млн.", 6),
    ("млн", 6),
    ("mln", 6),
    ("M", 6),
    ("М", 6),
    ("млрд.", 9),
    ("млрд", 9),
    ("bn", 9),
    ("B", 9),
    ("Млн", 6),
];

/// A number with what was written around it taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount<'t> {
    /// The number, with its sign.
    pub number: Cow<'t, str>,
    /// The currency written with it.
    pub currency: Option<Currency>,
    /// The power of ten by which it is meant.
    pub tens: u32,
}

/// A currency, by its code or sign.
pub fn currency(text: &str) -> Option<Currency> {
    let is = |written: &str| written == text || (written.is_ascii() && written.eq_ignore_ascii_case(text));
    let known = CURRENCIES.iter().find(|(written, _)| is(written)).map(|(_, code)| Currency(code));
    known.or_else(|| codes().find(|code| *code == text).map(Currency))
}

fn all() -> impl Iterator<Item = &'static str> {
    CURRENCIES.iter().map(|(_, code)| *code).chain(codes())
}

fn codes() -> impl Iterator<Item = &'static str> {
    CODES.into_iter().chain(MORE_CODES)
}

impl Currency {
    /// Its number among all that are known; there are fewer than 192.
    pub fn index(self) -> u8 {
        all().position(|code| code == self.0).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
    }

    /// The currency of a number; none has that of no currency.
    pub fn of_index(index: u8) -> Option<Currency> {
        all().nth(usize::from(index)).map(Currency)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        self.0
    }
}

/// A currency as a column of currencies has it: as [`currency`], by its name, or by its number in ISO 4217.
pub fn named(text: &str) -> Option<Currency> {
    const NAMES: [(&str, &str); 14] = [
        ("российский рубль", "RUB"),
        ("белорусский рубль", "BYN"),
        ("рубль", "RUB"),
        ("russian ruble", "RUB"),
        ("доллар сша", "USD"),
        ("доллар", "USD"),
        ("us dollar", "USD"),
        ("u.s. dollar", "USD"),
        ("евро", "EUR"),
        ("euro", "EUR"),
        ("тенге", "KZT"),
        ("казахстанский тенге", "KZT"),
        ("гривна", "UAH"),
        ("узбекский сум", "UZS"),
    ];
    let lower = text.to_lowercase();
    let by_name = || NAMES.iter().find(|(name, _)| *name == lower).map(|(_, code)| Currency(code));
    let by_number = || NUMBERS.iter().find(|(number, _)| *number == text).map(|(_, code)| Currency(code));
    currency(text).or_else(by_name).or_else(by_number).or_else(|| currency(&text.to_uppercase()))
}

/// The currency that a header names: `Amount spent (USD)`, `Расход, руб.`, `Бюджет ₽`, `amount_usd`. Of several, the last.
pub fn of_header(header: &str) -> Option<Currency> {
    let is_sign = |c: char| c != '.' && CURRENCIES.iter().any(|(written, _)| written.ends_with(c));
    let words = || header.rsplit(move |c: char| !(c.is_alphanumeric() || is_sign(c))).filter(|word| !word.is_empty());
    let one = |word: &str| {
        let lower = word.to_lowercase();
        let named = HEADER_WORDS.iter().find(|(named, _)| *named == lower).map(|(_, code)| Currency(code));
        named.or_else(|| currency(word).filter(|_| !NO_HEADER_WORDS.contains(&word)))
    };
    let last = words().find_map(one);
    // `cost_sek`: all in small letters, as a program writes it
    let is_of_program = header.contains('_') && !header.contains(char::is_uppercase);
    last.or_else(|| {
        let code = words().next().filter(|_| is_of_program)?.to_uppercase();
        codes().find(|known| *known == code && !SNAKE_WORDS.contains(known)).map(Currency)
    })
}

/// Takes a number out of what is written around it. What is left may be no number: who reads it says so.
pub fn read(text: &str) -> Amount<'_> {
    let plain = |c: char| c.is_ascii_digit() || c.is_whitespace() || ".,-−+'’%()".contains(c);
    if text.chars().all(plain) {
        return Amount { number: Cow::Borrowed(text), currency: None, tens: 0 };
    }
    let (mut negative, mut rest) = sign(text);
    let mut found = None;
    if let Some((code, after)) = first(rest) {
        let (again, after) = sign(after);
        // one sign, before the currency or after it
        if !(negative && again) {
            (found, negative, rest) = (Some(code), negative || again, after);
        }
    }
    if found.is_none()
        && let Some((code, before)) = last(rest)
    {
        (found, rest) = (Some(code), before);
    }
    let power = POWERS
        .iter()
        .filter_map(|(written, tens)| Some((*tens, rest.strip_suffix(written)?)))
        .find(|(_, before)| before.trim_end().ends_with(|c: char| c.is_ascii_digit()));
    let (tens, number) = power.unwrap_or((0, rest));
    let number = number.trim_end();
    let number = match negative {
        true => Cow::Owned(format!("-{number}")),
        false => Cow::Borrowed(number),
    };
    Amount { number, currency: found, tens }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

/// A currency at the beginning, and what follows.
fn first(text: &str) -> Option<(Currency, &str)> {
    let after = |written: &str| {
        let rest = text.get(..written.len()).filter(|start| same(start, written)).map(|_| &text[written.len()..])?;
        let rest = rest.trim_start();
        let number = rest.trim_start_matches(['-', '−', ' ', '.', ',']);
        number.starts_with(|c: char| c.is_ascii_digit()).then_some(rest)
    };
    let known = CURRENCIES.iter().find_map(|(written, code)| Some((Currency(code), after(written)?)));
    known
        .or_else(|| codes().filter(|code| text.starts_with(code)).find_map(|code| Some((Currency(code), after(code)?))))
}

/// A currency at the end, and what stands before it.
fn last(text: &str) -> Option<(Currency, &str)> {
    let before = |written: &str| {
        let at = text.len().checked_sub(written.len())?;
        let rest = text.get(at..).filter(|end| same(end, written)).map(|_| text[..at].trim_end())?;
        (rest.ends_with(|c: char| c.is_ascii_digit()) || powered(rest)).then_some(rest)
    };
    let known = CURRENCIES.iter().find_map(|(written, code)| Some((Currency(code), before(written)?)));
    known.or_else(|| codes().filter(|code| text.ends_with(code)).find_map(|code| Some((Currency(code), before(code)?))))
}

fn powered(text: &str) -> bool {
    POWERS.iter().any(|(written, _)| {
        text.strip_suffix(written).is_some_and(|rest| rest.trim_end().ends_with(|c: char| c.is_ascii_digit()))
    })
}

fn same(text: &str, written: &str) -> bool {
    text == written || text.to_lowercase() == written.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, &'static str, u32) {
        let amount = read(text);
        (amount.number.into_owned(), amount.currency.map_or("", |currency| currency.0), amount.tens)
    }

    #[test]
    fn what_stands_around_a_number_is_taken_off() {
        let table = [
            ("1 234,56", "1 234,56", "", 0),
            ("€ 3.500,00", "3.500,00", "EUR", 0),
            ("R$\u{a0}100.000", "100.000", "BRL", 0),
            ("$1,117.10K", "1,117.10", "USD", 3),
            ("$20.00", "20.00", "USD", 0),
            ("-$20.00", "-20.00", "USD", 0),
            ("$-20", "-20", "USD", 0),
            ("−5 ₽", "-5", "RUB", 0),
            ("−5", "−5", "", 0),
            ("USD 485,000.00", "485,000.00", "USD", 0),
            ("485 usd", "485", "USD", 0),
            ("1,5 млн руб.", "1,5", "RUB", 6),
            ("1,5 млн", "1,5", "", 6),
            ("100 тыс. руб", "100", "RUB", 3),
            ("2,5К", "2,5", "", 3),
            ("500 р.", "500", "RUB", 0),
            ("12 000 ₸", "12 000", "KZT", 0),
            ("5m", "5m", "", 0),
            ("--$5", "--$5", "", 0),
            ("руб.", "руб.", "", 0),
            ("", "", "", 0),
            ("12 шт", "12 шт", "", 0),
            ("100 SEK", "100", "SEK", 0),
            ("CZK 1 200,50", "1 200,50", "CZK", 0),
            ("12 top", "12 top", "", 0),
        ];
        for (text, number, currency, tens) in table {
            assert_eq!(shown(text), (number.to_owned(), currency, tens), "{text}");
        }
    }

    #[test]
    fn a_column_of_currencies_may_hold_names_and_numbers() {
        for (text, code) in [("643", "RUB"), ("978", "EUR"), ("398", "KZT"), ("Доллар США", "USD"), ("usd", "USD")]
        {
            assert_eq!(named(text).map(Currency::code), Some(code), "{text}");
        }
        assert_eq!((named("999"), named("12")), (None, None));
        // each has a number of its own, and it is found by that
        for code in all() {
            let currency = Currency(code);
            assert_eq!(Currency::of_index(currency.index()), Some(currency));
            assert!(currency.index() < 192);
        }
    }

    #[test]
    fn a_header_may_name_the_currency() {
        for (header, code) in [
            ("Amount spent (USD)", Some("USD")),
            ("Потраченная сумма (RUB)", Some("RUB")),
            ("Расход (руб.)", Some("RUB")),
            ("Расход, руб.", Some("RUB")),
            ("Бюджет, ₽", Some("RUB")),
            ("Бюджет ", None),
            ("Cost", None),
            ("Доход (план)", None),
            ("amount_usd", Some("USD")),
            ("cost_sek", Some("SEK")),
            ("cost_all", None),
            ("Сумма в рублях", Some("RUB")),
            ("EUR amount", Some("EUR")),
            ("Cost [SEK]", Some("SEK")),
            ("Amount $", Some("USD")),
            ("Сумма", None),
            ("Try amount", None),
            ("Total (ALL)", None),
            ("Бюджет р.", None),
        ] {
            assert_eq!(of_header(header.trim()).map(|currency| currency.0), code, "{header}");
        }
    }
}
