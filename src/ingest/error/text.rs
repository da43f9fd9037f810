//! The refusals of an ingest in the language of whoever asked for it. English is how they display.

use super::IngestError;
use crate::export::named;
use crate::model::lang::Lang;

/// What is said of a key that is not the store's: English, Russian.
const KEYS: [(&str, &str); 2] = [
    ("the key of the store's hashes is gone", "ключа хешей этого хранилища нет"),
    ("not the key with which this store's hashes were made", "это не тот ключ, которым сделаны хеши этого хранилища"),
];

fn said(what: &str) -> &str {
    KEYS.iter().find(|(en, _)| *en == what).map_or(what, |(_, ru)| ru)
}

impl IngestError {
    /// The refusal as a person reads it: place, cause, and the way out.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (IngestError::Export(error), _) => error.text(lang),
            (IngestError::Store(error), _) => error.text(lang),
            (_, Lang::En) => self.to_string(),
            (_, Lang::Ru) => self.of_store().unwrap_or_else(|| self.to_string()),
        }
    }

    /// What is wrong with the store, or what is beside it.
    fn of_store(&self) -> Option<String> {
        Some(match self {
            IngestError::NoKey { path } => format!(
                "{}: это не ключ, который сделала загрузка\n    верните ключ этого хранилища: с новым каждый клиент стал бы другим",
                named(path)
            ),
            IngestError::OtherKey { path, id, what } => format!(
                "{}: {}\n    верните ключ этого хранилища; если он потерян, удалите {}: тогда клиенты, которых хранилище знает, и те, что \
                 придут, будут разными",
                named(path),
                said(what),
                named(id)
            ),
            IngestError::Emptied { path } => format!(
                "{}: файл пуст\n    верните его из резервной копии или всё хранилище: он говорит, как хранилище хранит персональные данные",
                named(path)
            ),
            IngestError::Lost { path } => format!(
                "{}: файла нет\n    верните его из резервной копии или всё хранилище: он говорит, как хранилище хранит персональные данные",
                named(path)
            ),
            IngestError::OtherRule { store, kept, mapping, stated } => format!(
                "{}: это хранилище хранит персональные данные по personal = \"{kept}\", а в {mapping} — personal = \"{stated}\"\n    прежнее \
                 осталось бы как есть, а клиенты и события удвоились бы: укажите \"{kept}\" или загрузите все выгрузки в новое хранилище: \
                 --store НОВОЕ",
                named(store)
            ),
            IngestError::OtherTexts { store, values } => format!(
                "{}: в названиях и номерах ({values}), по которым известны строки, телефоны и адреса почты были бы заменены, а в этом \
                 хранилище они стоят как пришли\n    строки удвоились бы: загрузите все выгрузки в новое хранилище: --store НОВОЕ; или \
                 укажите personal = \"keep\" в маппинге",
                named(store)
            ),
            IngestError::Exists { path } => format!(
                "{}: файл уже есть, и, может быть, его правят\n    исправьте и загрузите его; или удалите, или назовите другую папку: \
                 voronka quarantine --out ПАПКА",
                named(path)
            ),
            IngestError::Io { path, source } => format!("{}: не прочитать или не записать: {source}", named(path)),
            IngestError::Data { path, what } => {
                format!("{}: файл хранилища повреждён или не записан: {what}", named(path))
            }
            IngestError::NoRoom { path, what } => format!(
                "{}: не записать: похоже, на диске кончилось место ({what})\n    освободите место на диске и повторите",
                named(path)
            ),
            IngestError::NoColumn(missing) => missing.text().ru,
            _ => return None,
        })
    }
}
