//! The module order of ARCHITECTURE.md: imports go downward only, and an engine is named only where it belongs.

use std::fs;
use std::path::{Path, PathBuf};

/// Each line may import from the lines above it, and a module from itself.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["export", "functions", "regulation", "store"],
    &["draft", "journey"],
    &["ingest", "generate", "session"],
    &["metrics"],
    &["report"],
    &["company"],
    &["cli"],
];

/// Crates that only these modules may name.
const AT_HOME: &[(&str, &[&str])] = &[
    // the store's files are written by `ingest`; the lists in them are a dress of `journey`, which has all of them
    ("polars", &["ingest", "journey"]),
    ("deltalake", &["store"]),
    ("plotters", &["report"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
    ("indicatif", &["cli"]),
    ("rustyline", &["cli"]),
    ("datafusion", &["functions", "journey", "session", "metrics", "report", "cli"]),
];

/// No source file is longer.
const LONGEST: usize = 600;

fn sources() -> Vec<(String, PathBuf, String)> {
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
