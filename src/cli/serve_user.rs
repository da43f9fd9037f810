//! `voronka serve user`: who may come in.

use anyhow::Result;

use super::outcome::Outcome;
use super::password;
use super::screen::{say, tell};
use super::serve_args::UserCommand;
use crate::model::lang::{Lang, both};
use crate::serve::{User, Users};

pub fn run(command: &UserCommand, lang: Lang) -> Result<Outcome> {
    match command {
        UserCommand::Add { file, name, only, .. } => {
            Users::add(file, name, &password::new(lang)?, only)?;
            let held = held(only);
            let done = match only.is_empty() {
                true => both!(
                    "{name} теперь в {}: видит все строки",
                    "{name} is in {} now, and sees all rows",
                    file.display()
                ),
                false => both!(
                    "{name} теперь в {}: видит только {held}",
                    "{name} is in {} now, and sees only {held}",
                    file.display()
                ),
            };
            tell(done.get(lang));
        }
        UserCommand::Passwd { file, name, .. } => {
            Users::passwd(file, name, &password::new(lang)?)?;
            tell(both!("у {name} другой пароль", "{name} has another password").get(lang));
        }
        UserCommand::Remove { file, name, .. } => {
            Users::remove(file, name)?;
            tell(both!("{name} больше не войдёт", "{name} can no longer log in").get(lang));
        }
        UserCommand::List { file, .. } => {
            for user in Users::read(file)?.all() {
                say(line(user, lang))?;
            }
        }
    }
    Ok(Outcome::Fine)
}

fn line(user: &User, lang: Lang) -> String {
    match user.only() {
        [] => format!("{}\t{}", user.name(), lang.pick("все строки", "all rows")),
        only => format!("{}\t{}", user.name(), held(only)),
    }
}

fn held(only: &[(String, String)]) -> String {
    only.iter().map(|(dimension, value)| format!("{dimension}={value}")).collect::<Vec<_>>().join(" ")
}
