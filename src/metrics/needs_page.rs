//! The page that says, for every metric and every target, what it needs and what it says without: `docs/guide/what-is-needed.*.md`.

use std::fmt::Write;

use super::{Catalog, Metric};
use crate::model::lang::{Lang, Text};
use crate::model::tables::Table;
use crate::regulation::Target;

/// What every metric and every of these targets needs, and what it says where that is missing, partly missing or undated: as
/// a Markdown page.
pub fn needs_page(catalog: &Catalog, targets: &[Target], lang: Lang) -> String {
    let mut out = head(lang).to_owned();
    out += pick(
        lang,
        "## Метрики\n\n| метрика | что нужно | нет совсем | есть не за всё время или не у всех | закрытия без даты |\n",
        "## Metrics\n\n| metric | needs | missing | there for a part of the time or for some groups | undated closings |\n",
    );
    out += "|---|---|---|---|---|\n";
    for metric in catalog.names().filter_map(|name| catalog.get(name).ok()) {
        // writing into a String does not fail
        let _ = writeln!(
            out,
            "| `{}` {} | {} | {} | {} | {} |",
            metric.name,
            metric.title.get(lang),
            needs(metric, lang),
            missing(metric, lang),
            partly(metric, lang),
            undated(metric, lang),
        );
    }
    out += pick(
        lang,
        "\n## Цели регламента\n\nЦель судит столбец метрики и без неё молчит. Ниже — цели регламента, с которого начинают (`voronka init`).\n\n\
         | цель | метрика, столбец, разрез | что нужно | нет совсем | есть не за всё время или не у всех | закрытия без даты |\n",
        "\n## Targets of the regulation\n\nA target judges a metric's column, and is silent without it. Below: the targets of the regulation that a \
         company starts from (`voronka init`).\n\n\
         | target | metric, column, split | needs | missing | there for a part of the time or for some groups | undated closings |\n",
    );
    out += "|---|---|---|---|---|---|\n";
    for target in targets {
        let Ok(metric) = catalog.get(&target.metric) else { continue };
        let by: String = target.by.iter().map(|dimension| format!(", `{dimension}`")).collect();
        let mut wants = needs(metric, lang);
        for dimension in &target.by {
            wants += &format!(", `{dimension}`");
        }
        let _ = writeln!(
            out,
            "| {} | `{}`, `{}`{by} | {wants} | {} | {} | {} |",
            target.title.get(lang),
            target.metric,
            target.column,
            unjudged(target, metric, lang),
            partly(metric, lang),
            undated(metric, lang),
        );
    }
    out
}

fn pick<'a>(lang: Lang, ru: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
    }
}

fn head(lang: Lang) -> &'static str {
    pick(
        lang,
        "# Что нужно каждому показателю\n\nСтраница собрана из заголовков файлов `queries/` и регламента по умолчанию: меняйте их, а не её.\n\n\
         Чего нет в данных, то не судится: ни «в норме», ни «плохо», ни ноль. Всё, о чём отчёт судить не может, и что для этого\n\
         выгрузить, собрано в его последнем разделе.\n\n\
         Для всех показателей одинаково:\n\n\
         - ошибка в одном показателе называется на его месте, остальной отчёт стоит, код выхода — 2;\n\
         - период, который выгрузки покрыли не до конца (`--taken`), с прошлым не сравнивается, его суммы и счётчики не судятся;\n\
         - значение, известное лишь в границах, судится, только если обе границы дают один вердикт;\n\
         - группа «не заполнено» — не группа: её не судят, с ней никого не сравнивают, размер её назван;\n\
         - группа меньше `small_group` регламента не судится.\n\n",
        "# What each figure needs\n\nMade from the front matter of the files in `queries/` and from the default regulation: change those, not this.\n\n\
         What is not in the data is not judged: neither on target, nor bad, nor zero. All that a report cannot judge, and what to\n\
         export for it, stands in its last section.\n\n\
         Alike for all figures:\n\n\
         - an error in one figure is told in its place, the rest of the report stands, and the exit code is 2;\n\
         - a period that the exports cover in part (`--taken`) is not compared with earlier ones, its sums and counts are not judged;\n\
         - a value known within bounds is judged only where both bounds give one verdict;\n\
         - the group “not filled” is no group: it is not judged, nobody is compared with it, its size is told;\n\
         - a group below the regulation's `small_group` is not judged.\n\n",
    )
}

fn needs(metric: &Metric, lang: Lang) -> String {
    let or = pick(lang, "` или `", "` or `");
    metric.needs.iter().map(|need| format!("`{}`", need.joined(or))).collect::<Vec<_>>().join(", ")
}

fn missing(metric: &Metric, lang: Lang) -> String {
    let sources = sources(metric, lang);
    match lang {
        Lang::Ru => format!("«не посчитано», и что выгрузить: {sources}"),
        Lang::En => format!("“not computed”, and what to export: {sources}"),
    }
}

fn unjudged(target: &Target, metric: &Metric, lang: Lang) -> String {
    let sources = sources(metric, lang);
    let by = match (target.by.is_empty(), lang) {
        (true, _) => "",
        (false, Lang::Ru) => "; так же, если разрез нигде не заполнен",
        (false, Lang::En) => "; so too where no row names the split",
    };
    match lang {
        Lang::Ru => format!("«не проверена», и что выгрузить: {sources}{by}"),
        Lang::En => format!("“not checked”, and what to export: {sources}{by}"),
    }
}

/// What to export, each source once.
fn sources(metric: &Metric, lang: Lang) -> String {
    let mut names: Vec<String> = Vec::new();
    for need in &metric.needs {
        let name = need.source_name().get(lang).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn partly(metric: &Metric, lang: Lang) -> String {
    let tables = metric.tables();
    let default = match () {
        () if !metric.has_period && tables.is_empty() => {
            Text::new("показывает, что загружено", "shows what was loaded")
        }
        () if tables.contains(&Table::Spend) => Text::new(
            "группа без расхода или без продаж не имеет окупаемости и не судится; период, покрытый не до конца, не судится",
            "a group without spend or without sales has no return and is not judged; a period covered in part is not judged",
        ),
        () if tables.contains(&Table::Events) => Text::new(
            "считается по тем менеджерам и филиалам и за те дни, чьи события загружены; остальные — «судить нельзя»",
            "counts those managers, branches and days whose events are loaded; the others “cannot be judged”",
        ),
        () if !metric.has_period => Text::new(
            "показывает, как всё стоит на день последней выгрузки, и называет его",
            "shows how things stand on the day of the newest export, and names it",
        ),
        () => Text::new(
            "доли стоят с пометкой «данные по …», суммы и счётчики не судятся и не сравниваются",
            "shares stand with the note “data until …”, sums and counts are neither judged nor compared",
        ),
    };
    one_line(metric.partly.as_ref().unwrap_or(&default).get(lang))
}

fn undated(metric: &Metric, lang: Lang) -> String {
    let needs = |table: Table, column: &str| metric.needs.iter().any(|need| need.names(table, column));
    let default = match () {
        () if metric.columns.iter().any(|column| column.name.starts_with("eventual")) => Text::new(
            "в границах: от «выиграны позже всего» до «выиграны сразу»; если границы далеки, значения нет",
            "within bounds, from won as late as can be to won at once; where the bounds are far apart, no value",
        ),
        () if needs(Table::Deals, "closed_at") || needs(Table::Journeys, "closed_at") => Text::new(
            "в сумму за период не входят, их число названо; вердикт — лишь если он от них не зависит",
            "are in no period's sum, their number is told; a verdict only where it does not depend on them",
        ),
        () if needs(Table::Deals, "status") => Text::new(
            "до выгрузки, которая показала их закрытыми, не известно, открыты ли они; после — закрыты",
            "until the export that showed them closed nobody knows whether they are open; after it they are closed",
        ),
        () => Text::new("не влияют", "do not matter"),
    };
    one_line(metric.undated.as_ref().unwrap_or(&default).get(lang))
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', " ").replace('|', "\\|")
}
