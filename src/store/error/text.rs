//! The errors of the store in the language of whoever asked. English is how they display.

use super::StoreError;
use crate::model::lang::Lang;

impl StoreError {
    /// The message in a language: place, cause, and the way out.
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Ru => self.of_folder().or_else(|| self.of_damage()).unwrap_or_else(|| self.to_string()),
        }
    }

    /// What the folder is, and who writes into it.
    fn of_folder(&self) -> Option<String> {
        Some(match self {
            StoreError::NotAStore { dir } => format!(
                "{}: это не хранилище (в нём нет `{}`)\n    назовите папку хранилища: --store, или сделайте его: `voronka ingest`",
                dir.display(),
                super::super::names::MARKER
            ),
            StoreError::NotEmpty { dir, found } => format!(
                "{}: это не хранилище, и папка не пуста (в ней `{found}`)\n    хранилище делается в новой или пустой папке: назовите её: \
                 --store",
                dir.display()
            ),
            StoreError::Newer { dir, format, known } => format!(
                "{}: формат хранилища — {format}, а эта Voronka знает форматы до {known}\n    возьмите более новую Voronka, которой оно \
                 сделано",
                dir.display()
            ),
            StoreError::VersionNotFound { dir, version, existing } => {
                format!("{}: версии {version} нет\n    {}", dir.display(), existing.ru)
            }
            StoreError::Locked { dir } => format!(
                "{}: в это хранилище сейчас пишет другая загрузка\n    дождитесь её конца и запустите эту снова",
                dir.display()
            ),
            StoreError::Sending { dir } => format!(
                "{}: сейчас работает другая `voronka send`\n    дождитесь её конца: она отправит всё, что пора",
                dir.display()
            ),
            StoreError::Unsynced { path, ingest, source } => format!(
                "{}: загрузка {ingest} в хранилище, но может не пережить отключения питания: {source}\n    см. `voronka log` и проверьте \
                 диск",
                path.display()
            ),
            StoreError::Remote { url, what, hint } => format!("{url}: {}\n    {}", what.ru, hint.ru),
            StoreError::Overtaken { dir, ingest } => format!(
                "{}: другая загрузка успела раньше, и эта, {ingest}, не сохранена\n    запустите её снова: она ляжет поверх той",
                dir.display()
            ),
            StoreError::Uncertain { dir, ingest, what } => format!(
                "{}: неизвестно, сохранена ли загрузка {ingest}: {}\n    какие сохранены, скажет `voronka log`; если этой нет, запустите её \
                 снова",
                dir.display(),
                what.ru
            ),
            StoreError::Io { path, source } => format!("{}: не прочитать или не записать: {source}", path.display()),
            _ => return None,
        })
    }

    /// What is damaged.
    fn of_damage(&self) -> Option<String> {
        Some(match self {
            StoreError::Marker { path, what } => format!(
                "{}: {what}\n    верните файл из резервной копии: он говорит, какая загрузка последняя",
                path.display()
            ),
            StoreError::SentLog { path, what } => format!(
                "{}: {}\n    пока он не исправлен, ничего не отправляется: верните его из резервной копии или удалите эту строку",
                path.display(),
                what.ru
            ),
            StoreError::DataFile { path, what } => format!("{}: {}", path.display(), what.ru),
            StoreError::Damaged { path, what } => format!(
                "{}: {}\n    хранилище повреждено: верните из резервной копии этот файл или всё хранилище; всё, что повреждено, назовёт \
                 `voronka check --store`",
                path.display(),
                what.ru
            ),
            StoreError::RolledBack { path, ingest, newest } => format!(
                "{}: это файлы загрузки {ingest}, а запись загрузок кончается на {newest}: она старше данных\n    верните всё хранилище из \
                 одной резервной копии, вместе с `ingests` и `voronka-store.toml`; ничего не удалено",
                path.display()
            ),
            StoreError::Unknown { path, ingest } => format!(
                "{}: это файлы загрузки {ingest}, которой запись загрузок не знает: загрузку прервали, или у записи пропал конец\n    если \
                 `voronka log` называет всё, что загружалось, удалите эту папку и загрузите снова; если нет, верните хранилище из \
                 резервной копии",
                path.display()
            ),
            StoreError::Buckets { table, what } => format!("таблица `{table}`: это ошибка программы: {what}"),
            StoreError::Record { dir, what } => format!(
                "{}: {}\n    запись загрузок повреждена: верните хранилище из резервной копии",
                dir.display(),
                what.ru
            ),
            StoreError::Delta { dir, source } => format!("{}: журнал Delta: {source}", dir.display()),
            StoreError::Parquet { path, source } => {
                format!("{}: файл хранилища не прочитать или не записать: {source}", path.display())
            }
            _ => return None,
        })
    }
}
