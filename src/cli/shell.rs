//! The SQL shell: history, completion of names, one query up to `;`.

use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper, Highlighter, Hinter};

use super::output::To;
use super::said::told;
use super::screen::{tell, tell_error};
use super::statement::answer;
use crate::model::lang::Lang;
use crate::session::Session;

/// Reads queries until the end of input. A failing query prints its error and the shell goes on.
pub async fn run(session: &Session, to: &To<'_>, lang: Lang) -> Result<()> {
    let mut editor: Editor<Names, _> = Editor::with_config(Config::builder().auto_add_history(true).build())?;
    editor.set_helper(Some(Names { names: names(session).await? }));
    let history = history_file();
    if let Some(file) = &history {
        let _ = editor.load_history(file); // none yet on the first run
    }
    tell(match lang {
        Lang::Ru => "Запрос кончается на `;`. Tab дополняет, `\\d` — список таблиц, Ctrl-D — выход.",
        Lang::En => "End a query with `;`. Tab completes, `\\d` lists the tables, Ctrl-D leaves.",
    });
    loop {
        match editor.readline("voronka> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                let query = match line.trim().trim_end_matches(';') {
                    "\\q" | "exit" | "quit" => break,
                    "\\d" => Cow::Borrowed(
                        "SELECT table_name, table_type FROM information_schema.tables \
                         WHERE table_schema = 'public' ORDER BY table_name",
                    ),
                    query => Cow::Borrowed(query),
                };
                if let Err(error) = answer(session, &query, to).await {
                    tell_error(told(&error, lang));
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    // every query was answered: that it is not remembered is no error of the run
    if let Some(file) = &history
        && let Err(error) = editor.save_history(file)
    {
        let file = file.display();
        tell(match lang {
            Lang::Ru => format!("история запросов не сохранена в {file}: {error}"),
            Lang::En => format!("the history of queries is not saved to {file}: {error}"),
        });
    }
    Ok(())
}

/// Where the shell remembers its queries: the user's state folder.
#[allow(clippy::disallowed_methods)]
fn history_file() -> Option<PathBuf> {
    let state = std::env::var("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|_| std::env::var("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    let folder = state.ok()?.join("voronka");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("sql_history"))
}

/// Tables, columns and functions, sorted.
async fn names(session: &Session) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let context = session.context();
    for catalog in context.catalog_names() {
        let Some(catalog) = context.catalog(&catalog) else { continue };
        let Some(schema) = catalog.schema("public") else { continue };
        for table in schema.table_names() {
            if let Some(provider) = schema.table(&table).await? {
                names.extend(provider.schema().fields().iter().map(|f| f.name().clone()));
            }
            names.push(table);
        }
    }
    let state = context.state();
    names.extend(state.scalar_functions().keys().cloned());
    names.extend(state.aggregate_functions().keys().cloned());
    names.extend(
        ["SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "JOIN", "WITH", "HAVING"].map(str::to_owned),
    );
    names.sort();
    names.dedup();
    Ok(names)
}

#[derive(Helper, Highlighter, Hinter)]
struct Names {
    names: Vec<String>,
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..at];
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let typed = before[start..].to_lowercase();
        let found = self.names.iter().filter(|name| !typed.is_empty() && name.to_lowercase().starts_with(&typed));
        Ok((start, found.map(|name| Pair { display: name.clone(), replacement: name.clone() }).collect()))
    }
}

impl Validator for Names {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input().trim();
        let whole =
            input.is_empty() || input.ends_with(';') || input.starts_with('\\') || input == "exit" || input == "quit";
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
