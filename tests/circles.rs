//! No two files of `src` import each other, directly or through others: each can be read after those that it uses. `LAYERS`
//! (`layers.rs`) holds the same of whole modules.
//!
//! Read as text: `use` statements, paths that begin with `crate`, `self`, `super`, and paths that begin with a child of the file.
//! A name that a file re-exports belongs to the file that defines it. Comments and unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{branches, sources};

/// Files that import each other, and why nothing better was found. Three at most.
const ALLOWED: &[(&[&str], &str)] = &[];

/// A file: what it re-exports (name → path from the root), and the paths from the root that it uses.
#[derive(Default)]
struct File {
    exports: BTreeMap<String, Vec<String>>,
    uses: Vec<Vec<String>>,
}

type Files = BTreeMap<String, File>;

/// Reads files by their module's name, such as `store::layout`.
fn read(texts: &BTreeMap<String, String>) -> Files {
    texts.keys().map(|module| (module.clone(), file(module, texts))).collect()
}

fn file(module: &str, texts: &BTreeMap<String, String>) -> File {
    let is_child = |name: &str| texts.contains_key(&format!("{module}::{name}"));
    let (statements, rest) = statements(&texts[module]);
    let mut file = File::default();
    for (is_export, tree) in statements {
        for path in branches(&tree) {
            let (path, name) = match path.split_once(" as ") {
                Some((path, name)) => (path, name),
                None => (path.as_str(), path.rsplit("::").next().unwrap()),
            };
            let Some(full) = from_root(module, path, is_child) else { continue };
            match is_export {
                true => drop(file.exports.insert(name.trim().to_owned(), full)),
                false => file.uses.push(full),
            }
        }
    }
    file.uses.extend(paths(&rest).filter_map(|path| from_root(module, &path, is_child)));
    file
}

/// The `use` statements of a file (whether it re-exports, and the tree), and its code without them.
fn statements(text: &str) -> (Vec<(bool, String)>, String) {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect();
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let (mut found, mut rest, mut open) = (Vec::new(), String::new(), None::<(bool, String)>);
    for line in code.lines() {
        if open.is_none() {
            let (is_export, statement) = match line.trim_start().strip_prefix("pub") {
                Some(public) => (true, public.trim_start_matches(|c: char| c != ' ').trim_start()),
                None => (false, line.trim_start()),
            };
            open = statement.strip_prefix("use ").map(|tree| (is_export, tree.to_owned()));
        } else if let Some((_, tree)) = &mut open {
            tree.push_str(line.trim());
        }
        match open.take() {
            Some((is_export, tree)) if tree.contains(';') => {
                found.push((is_export, tree.split(';').next().unwrap().to_owned()));
            }
            None => rest += &format!("{line}\n"),
            unfinished => open = unfinished,
        }
    }
    (found, rest)
}

/// The paths `a::b::…` in code, those of visibilities left out.
fn paths(code: &str) -> impl Iterator<Item = String> + '_ {
    let code = code.split("pub(in ").enumerate().map(|(at, piece)| match (at, piece.split_once(')')) {
        (1.., Some((_, after))) => after,
        _ => piece,
    });
    let words = code.flat_map(|piece| piece.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')));
    let trimmed = words.map(|word| word.trim_end_matches(':').to_owned());
    trimmed.filter(|word| word.contains("::") && !word.starts_with(':'))
}

/// A path as it is written in a module, from the root; `None` if it leads out of the package.
fn from_root(module: &str, path: &str, is_child: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut full: Vec<&str> = match parts[0] {
        "crate" => Vec::new(),
        "self" | "super" => module.split("::").collect(),
        name if parts.len() > 1 && is_child(name) => module.split("::").collect(),
        _ => return None,
    };
    while parts.first().is_some_and(|part| matches!(*part, "crate" | "self" | "super")) {
        if parts.remove(0) == "super" {
            full.pop();
        }
    }
    full.extend(parts);
    Some(full.into_iter().map(str::to_owned).collect())
}

/// The file that a path leads to, re-exports followed.
fn target(files: &Files, path: &[String]) -> Option<String> {
    let (name, rest) = (1..=path.len()).rev().find_map(|length| {
        let name = path[..length].join("::");
        files.contains_key(&name).then_some((name, &path[length..]))
    })?;
    match rest.first().and_then(|first| files[&name].exports.get(first)) {
        Some(exported) => target(files, &[exported.as_slice(), &rest[1..]].concat()),
        None => Some(name),
    }
}

/// The groups of files that import each other, each sorted.
fn circles(files: &Files) -> BTreeSet<Vec<String>> {
    let imports: BTreeMap<&String, BTreeSet<String>> = files
        .iter()
        .map(|(name, file)| {
            (name, file.uses.iter().filter_map(|path| target(files, path)).filter(|to| to != name).collect())
        })
        .collect();
    let reached = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(name) = open.pop() {
            open.extend(imports[name].iter().filter(|to| seen.insert((*to).clone())));
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = files.keys().map(|name| (name, reached(name))).collect();
    let group = |name: &String| {
        let all: Vec<String> = reached[name].iter().filter(|other| reached[*other].contains(name)).cloned().collect();
        (!all.is_empty()).then_some(all)
    };
    files.keys().filter_map(group).collect()
}

#[test]
fn no_two_files_import_each_other() {
    let mut texts = BTreeMap::new();
    for (_, path, text) in sources() {
        let name = path.with_extension("").to_string_lossy().replace(std::path::MAIN_SEPARATOR, "::");
        if name.split("::").all(|part| part != "tests") {
            texts.insert(name.strip_suffix("::mod").unwrap_or(&name).to_owned(), text);
        }
    }
    let files = read(&texts);
    let seen = files.values().flat_map(|file| &file.uses).filter(|path| target(&files, path).is_some()).count();
    assert!(seen > 1000, "only {seen} imports seen");
    let found = circles(&files);
    let allowed: BTreeSet<Vec<String>> =
        ALLOWED.iter().map(|(files, _)| files.iter().map(|name| (*name).to_owned()).collect()).collect();
    assert!(allowed.len() <= 3, "three circles at most");
    let told = |circle: &Vec<String>| {
        let mut lines = format!("{}\n", circle.join(", "));
        for name in circle {
            for to in files[name].uses.iter().filter_map(|path| Some((target(&files, path)?, path.join("::")))) {
                if to.0 != *name && circle.contains(&to.0) {
                    lines += &format!("    {name} uses {}\n", to.1);
                }
            }
        }
        lines
    };
    let new: String = found.difference(&allowed).map(told).collect();
    assert!(new.is_empty(), "files import each other; move what both need into a file of its own:\n{new}");
    let gone: Vec<_> = allowed.difference(&found).collect();
    assert!(gone.is_empty(), "no circles any more, take them out of ALLOWED: {gone:?}");
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let found = |texts: &[(&str, &str)]| {
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        circles(&read(&texts)).into_iter().map(|circle| circle.join(" ")).collect::<Vec<_>>()
    };
    let one_way = ("a", "pub mod b;\nmod c;\npub use b::B;\nuse c::C;\n");
    assert_eq!(found(&[one_way, ("a::b", "pub struct B;"), ("a::c", "use super::B;\n")]), [""; 0]);
    // a file and one that it is a child of, by the child's name alone
    assert_eq!(found(&[("a", "mod b;\nfn f() { b::g() }"), ("a::b", "use super::f;")]), ["a a::b"]);
    // two children, one through what the parent re-exports, in a tree over several lines
    let child = "use crate::{\n    x::Y,\n    a::{B as Z},\n};\n";
    assert_eq!(found(&[one_way, ("a::b", "fn f(c: super::c::C) {}"), ("a::c", child)]), ["a::b a::c"]);
    // three, over two modules
    let three = [("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "fn f() -> crate::a::A {}")];
    assert_eq!(found(&three), ["a b c"]);
    // neither a comment nor a unit test
    let tested = "// see super::f\n#[cfg(test)]\nmod tests {\n    use super::super::f;\n}\n";
    assert_eq!(found(&[("a", "mod b;\nfn f() { b::g() }"), ("a::b", tested)]), [""; 0]);
}
