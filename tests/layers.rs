//! The module order of ARCHITECTURE.md: imports go downward only, in the whole and within `report`, and an engine is named only where
//! it belongs.

use std::fs;
use std::path::{Path, PathBuf};

/// Each line may import from the lines above it, and a module from itself.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["certificates", "export", "functions", "regulation", "store", "workbook"],
    &["draft", "journey"],
    &["ingest", "generate", "session"],
    &["cluster"],
    &["metrics"],
    &["report"],
    &["company"],
    &["delivery"],
    &["serve"],
    &["cli"],
];

/// Crates that only these modules may name.
const AT_HOME: &[(&str, &[&str])] = &[
    // the store's files are written by `ingest`; the lists in them are a dress of `journey`, which has all of them
    ("polars", &["ingest", "journey"]),
    ("deltalake", &["store"]),
    ("plotters", &["report"]),
    ("rust_xlsxwriter", &["workbook", "report"]),
    ("lettre", &["delivery"]),
    ("reqwest", &["delivery"]),
    ("pdf_writer", &["report"]),
    ("subsetter", &["report"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
    ("indicatif", &["cli"]),
    ("rustyline", &["cli"]),
    ("datafusion", &["functions", "journey", "session", "cluster", "metrics", "report", "serve", "cli"]),
    ("pgwire", &["serve"]),
    ("arrow_pg", &["serve"]),
    ("datafusion_pg_catalog", &["serve"]),
    ("axum", &["serve"]),
    ("tokio_rustls", &["certificates", "serve", "cluster"]),
    ("tonic", &["cluster"]),
    ("arrow_flight", &["cluster"]),
    ("ballista_core", &["cluster"]),
    ("ballista_executor", &["cluster"]),
    ("ballista_scheduler", &["cluster"]),
    ("datafusion_proto", &["cluster"]),
];

/// The order within `report`, as that of `LAYERS`; the longest name that fits a file holds. A chart kind is one file: it reads its
/// keys in a definition, takes its numbers from a result, and draws. So `chart` stands above what these are done with (`asked`,
/// `grid`, `render::draw`), and below the definition and the document, which hold charts of all kinds.
const REPORT: &[&[&str]] = &[
    &["ahead", "cell", "error", "missing", "period", "slug", "render::number", "findings::evidence"],
    &["grid", "reach", "definition::question", "render::draw"],
    &["titles", "metric_cache", "definition::asked"],
    &["chart", "inputs"],
    &["definition", "document", "earlier", "phrases"],
    &["findings", "norms", "render"],
    &["build"],
];

/// No source file is longer.
const LONGEST: usize = 500;

pub fn sources() -> Vec<(String, PathBuf, String)> {
    fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files
        .into_iter()
        .filter_map(|path| {
            let within = path.strip_prefix(&root).unwrap().to_owned();
            let first = within.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (module != "lib" && module != "main").then_some((module, within, text))
        })
        .collect()
}

fn rank(module: &str) -> usize {
    LAYERS.iter().position(|layer| layer.contains(&module)).unwrap_or_else(|| panic!("`{module}` has no layer"))
}

/// The modules that a text names as `crate::module`, comments left out.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names = rest.strip_prefix('{').map_or(rest, |inner| inner.split('}').next().unwrap_or_default());
            let many = rest.starts_with('{');
            for part in names.split(',').take(if many { usize::MAX } else { 1 }) {
                let name: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    found.push((number + 1, name));
                }
            }
        }
    }
    found
}

/// The paths of the `use` statements of a file, from the root: `report::grid::Grid`. Those of unit tests are left out.
fn uses(module: &[&str], text: &str) -> Vec<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for statement in code.split(';') {
        let Some((_, tree)) = statement.rsplit_once("use ") else { continue };
        for path in branches(tree) {
            let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
            let mut base = match parts[0] {
                "crate" => Vec::new(),
                "self" | "super" => module.to_vec(),
                _ => continue,
            };
            while matches!(parts[0], "crate" | "self" | "super") {
                if parts.remove(0) == "super" {
                    base.pop();
                }
            }
            base.extend(parts);
            found.push(base.join("::"));
        }
    }
    found
}

/// The paths of a tree: `a::{b, c::{d, e}}` are three.
pub fn branches(tree: &str) -> Vec<String> {
    let Some((stem, inner)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let (mut paths, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, symbol) in inner.char_indices().chain([(inner.len(), ',')]) {
        match symbol {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let branch = inner[from..at].trim();
                from = at + 1;
                paths.extend(branches(branch).into_iter().filter(|path| !path.is_empty()));
            }
            _ => {}
        }
    }
    paths.into_iter().map(|path| format!("{}{path}", stem.trim())).collect()
}

/// The line of `REPORT` that a file or an item of `report` stands in, and its name there; `None` for the module itself.
fn place(path: &str) -> Option<(usize, &'static str)> {
    let path = path.strip_prefix("report::")?;
    let fits = |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let all = REPORT.iter().enumerate().flat_map(|(line, names)| names.iter().map(move |name| (line, *name)));
    all.filter(|(_, name)| fits(name)).max_by_key(|(_, name)| name.len())
}

#[test]
fn within_report_imports_go_downward_as_well() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for (_, path, text) in sources().iter().filter(|(module, ..)| module == "report") {
        let file = path.with_extension("").to_string_lossy().replace(std::path::MAIN_SEPARATOR, "::");
        let file = file.strip_suffix("::mod").unwrap_or(&file);
        if file == "report" || file.ends_with("::tests") || file.contains("::tests::") {
            continue;
        }
        let Some((line, own)) = place(file) else {
            wrong.push(format!("{} has no place in REPORT", path.display()));
            continue;
        };
        for used in uses(&file.split("::").collect::<Vec<_>>(), text) {
            let Some((below, name)) = place(&used) else { continue };
            seen += 1;
            if name != own && below >= line {
                wrong.push(format!("{}: `{own}` imports `{used}`", path.display()));
            }
        }
    }
    assert!(seen > 200, "only {seen} imports seen");
    assert!(wrong.is_empty(), "imports within `report` go downward only:\n{}", wrong.join("\n"));
}

#[test]
fn imports_go_downward_only() {
    let files = sources();
    assert!(files.len() > 30, "only {} source files found: is this test looking in the right place?", files.len());
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (module, path, text) in &files {
        for (line, imported) in imports(text) {
            seen += 1;
            if imported != *module && rank(&imported) >= rank(module) {
                wrong.push(format!("{}:{line}: `{module}` imports `{imported}`", path.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} imports seen");
    assert!(wrong.is_empty(), "imports go downward only:\n{}", wrong.join("\n"));
}

#[test]
fn an_engine_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for (module, path, text) in &sources() {
        for (number, line) in text.lines().enumerate() {
            // a regulation states conditions in SQL: it parses them, and runs nothing
            let code = match module.as_str() {
                "regulation" => line.replace("datafusion::sql::sqlparser::", ""),
                _ => line.to_owned(),
            };
            let code = code.split("//").next().unwrap_or_default();
            for (name, homes) in AT_HOME {
                if !homes.contains(&module.as_str()) && code.contains(&format!("{name}::")) {
                    wrong.push(format!("{}:{}: `{name}` belongs in {}", path.display(), number + 1, homes.join(", ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    for (_, path, text) in &sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines; {LONGEST} at most", path.display());
    }
}
