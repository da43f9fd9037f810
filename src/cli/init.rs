//! `voronka init`: a company folder to start from.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::args::Init;
use super::outcome::Outcome;
use super::said::{Said, said};
use super::screen::say;
use crate::model::lang::{Lang, both};
use crate::regulation;

pub fn run(args: &Init) -> Result<Outcome> {
    let lang = Lang::from(args.lang);
    let (mapping, notes) = match lang {
        Lang::Ru => (include_str!("init/mapping.ru.toml"), include_str!("init/NOTES.ru.md")),
        Lang::En => (include_str!("init/mapping.en.toml"), include_str!("init/NOTES.en.md")),
    };
    let files = [("regulation.toml", regulation::template(lang)), ("mapping.toml", mapping), ("README.md", notes)];
    // all or nothing: a folder that somebody works in is not to be half overwritten
    for (name, _) in files {
        let file = args.dir.join(name);
        if file.exists() {
            return Err(said!(
                "{} уже есть, ничего не записано\n    назовите новую папку",
                "{} exists already, nothing was written\n    name a new folder",
                file.display()
            ));
        }
    }
    fs::create_dir_all(args.dir.join("exports"))
        .with_context(|| Said(both!("не создать папку {}", "cannot make the folder {}", args.dir.display())))?;
    for (name, text) in files {
        write(&args.dir.join(name), text)?;
    }
    let readme = args.dir.join("README.md");
    match lang {
        Lang::Ru => say(format!("С чего начать: {}", readme.display()))?,
        Lang::En => say(format!("Where to start: {}", readme.display()))?,
    }
    Ok(Outcome::Fine)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| Said(both!("не записать {}", "cannot write {}", file.display())))
}
