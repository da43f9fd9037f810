//! The refusals of an export in the language of whoever asked for it. English is how they display.

use std::path::PathBuf;

use super::{ExportError, named};
use crate::model::lang::{Lang, Text};

/// What is said of a file where one of a few things is wrong with it: English, Russian.
const SAID: [(&str, &str); 10] = [
    ("the workbook is empty", "книга пуста"),
    ("the file has no header line", "в файле нет строки заголовков"),
    ("the file has a header and no rows", "в файле есть заголовок, а строк нет"),
    ("the archive is empty", "архив пуст"),
    ("the file is empty", "файл пуст"),
    ("no line of it looks like a header", "ни одна его строка не похожа на заголовок"),
    ("its name does not say when the export was taken", "его имя не говорит, когда снята выгрузка"),
    ("its name says more than once when the export was taken", "его имя говорит не один раз, когда снята выгрузка"),
    ("--taken says one moment for all of these snapshots", "--taken называет один момент для всех этих срезов"),
    (
        "nothing says when these snapshots were taken, and as of now they would be one",
        "когда сняты эти срезы, не сказано, а на сейчас они были бы одним",
    ),
];

fn said(what: &str) -> &str {
    SAID.iter().find(|(en, _)| *en == what).map_or(what, |(_, ru)| ru)
}

fn all(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| named(path)).collect::<Vec<_>>().join(", ")
}

fn russian(texts: &[Text]) -> String {
    texts.iter().map(|text| text.ru.as_str()).collect::<Vec<_>>().join("\n    ")
}

impl ExportError {
    /// The refusal as a person reads it: place, cause, and the way out.
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Ru => self.of_exports().or_else(|| self.of_contents()).unwrap_or_else(|| self.to_string()),
        }
    }

    /// Which export is meant, and when it was taken.
    fn of_exports(&self) -> Option<String> {
        Some(match self {
            ExportError::NoExport { path, mapping, known } => {
                format!("{}: в {mapping} нет [[export]] для этого файла\n    маппинг знает: {known}", named(path))
            }
            ExportError::Unknown { paths, mapping } => format!(
                "{}: заголовок не подходит ни к одному [[export]] в {mapping}\n    назовите файлы нужного [[export]]: files = \"…\"",
                all(paths)
            ),
            ExportError::SeveralExports { path, mapping, names } => format!(
                "{}: в {mapping} для этого файла несколько [[export]]: {names}\n    сделайте так, чтобы их `files` не пересекались",
                named(path)
            ),
            ExportError::Twice { path } => {
                format!("{}: выгрузка названа дважды\n    назовите её один раз", named(path))
            }
            ExportError::NoFiles { path } => format!(
                "{}: нет такого файла, и нет файлов в этой папке или по этому шаблону\n    проверьте путь; шаблон берите в кавычки: \
                 \"exports/*.csv\"",
                named(path)
            ),
            ExportError::NotTaken { path, what, format, mapping } => format!(
                "{}: {}\n    назовите файл так, чтобы в имени один раз стояло `{format}` ({mapping}, taken), или скажите, когда: --taken",
                named(path),
                said(what)
            ),
            ExportError::TakenTogether { paths, what, export, mapping } => format!(
                "{}: {} ([[export]] `{export}` в {mapping})\n    поставьте дату в имя каждого (deals_2025-03-03.csv; у частей одной \
                 выгрузки — одну и ту же) и уберите --taken; или укажите `taken` в маппинге; или загрузите каждый отдельно, с --taken",
                all(paths),
                said(what)
            ),
            ExportError::RepairsNotTaken { path } => format!(
                "{}: это исправленные строки среза, а когда он снят, не сказано\n    загрузите их с днём выгрузки: --taken 2025-03-03",
                named(path)
            ),
            ExportError::SameNumbers { paths, export } => format!(
                "{}: раздел `{export}` знает сделки по номеру строки, а каждый файл начинается со строки 1\n    дайте каждому файлу свой \
                 [[export]] (`files = \"…\"`) или соберите их в один файл",
                all(paths)
            ),
            ExportError::YetToCome { path, taken } => format!(
                "{}: сказано, что выгрузка снята {taken}, а это ещё не наступило\n    проверьте имя файла, --taken и часы",
                named(path)
            ),
            _ => return None,
        })
    }

    /// What is wrong with what is in it.
    fn of_contents(&self) -> Option<String> {
        Some(match self {
            ExportError::NoRows { path, what } => format!(
                "{}: {}\n    выгрузите ещё раз; если так и должно быть, не загружайте этот файл",
                named(path),
                said(what)
            ),
            ExportError::NoTable { path, what, way_out } => format!("{}: {}\n    {}", named(path), what.ru, way_out.ru),
            ExportError::Changed { path } => format!(
                "{}: файл изменился, пока его читали: его ещё пишут\n    загрузите его, когда он будет готов; ничего не сохранено",
                named(path)
            ),
            ExportError::EndlessRow { path, line, most } => format!(
                "{}:{line}: около этой строки файла начинается строка таблицы длиннее {most} МиБ\n    незакрытая кавычка, или это не \
                 таблица: посмотрите на это место; escape = \"\\\\\" — для выгрузок, которые внутри кавычек пишут \\\"",
                named(path)
            ),
            ExportError::NotUtf8 { path, line, mapping, export } => format!(
                "{}:{line}: это не UTF-8\n    скажите в {mapping}, [[export]] `{export}`, в какой файл кодировке: encoding = \"cp1251\" \
                 (Windows), или выгрузите его в UTF-8",
                named(path)
            ),
            ExportError::NoHeader { path, looked, text, mapping } => format!(
                "{}: ни в одной из первых строк ({looked}) нет ячейки `{text}`, которую {mapping} называет в header_has",
                named(path)
            ),
            ExportError::Header { path, line, mapping, export, problems, header } => format!(
                "{}:{line}: заголовок не подходит к [[export]] `{export}` в {mapping}\n    {}\n    в заголовке есть: {header}",
                named(path),
                russian(problems)
            ),
            ExportError::OpenQuote { path, line, lines } => format!(
                "{}:{line}: здесь открывается кавычка, которая не закрыта в следующих строках ({lines})\n    исправьте её в файле; или, если \
                 выгрузка пишет внутри кавычек \\\", добавьте escape = \"\\\\\" в её [[export]]",
                named(path)
            ),
            ExportError::Io { path, source } => format!("{}: не прочитать или не записать: {source}", named(path)),
            ExportError::Unproven { path, problems } => {
                let problems: Vec<&str> = problems.iter().map(|problem| problem.ru.as_str()).collect();
                format!("{}: {}", named(path), problems.join("\n"))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_both_languages() {
        let path = PathBuf::from("deals\n.csv");
        let both = |error: ExportError| (error.text(Lang::Ru), error.text(Lang::En));
        let (ru, en) = both(ExportError::NoRows { path: path.clone(), what: "the file is empty" });
        assert!(ru.starts_with("deals\\n.csv: файл пуст\n    выгрузите ещё раз"), "{ru}");
        assert!(en.starts_with("deals\\n.csv: the file is empty\n    export it again"), "{en}");
        let (ru, en) = both(ExportError::no_table(Path::new("x"), "what".to_owned(), "out"));
        assert_eq!((ru.as_str(), en.as_str()), ("x: what\n    out", "x: what\n    out"));
    }

    /// What is said by a literal has its Russian beside it.
    #[test]
    fn every_phrase_has_its_russian() {
        fn look(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for error in ["NoRows {", "NotTaken {"] {
                    for (at, _) in source.match_indices(error) {
                        let rest: String = source[at..].chars().take(160).collect();
                        let literal = rest.split_once("what: \"").and_then(|(_, rest)| rest.split_once('"'));
                        found.extend(literal.map(|(what, _)| what.to_owned()));
                    }
                }
            }
        }
        let mut found = Vec::new();
        // relative to this file: the fuzz crate takes the same sources from another folder
        let src = Path::new(file!()).ancestors().nth(3).unwrap();
        for room in ["export", "draft"] {
            look(&src.join(room), &mut found);
        }
        assert!(found.len() > 5, "{found:?}");
        for what in found.iter().filter(|what| *what != "the file is empty") {
            assert_ne!(said(what), what, "no Russian for it");
        }
    }
}
