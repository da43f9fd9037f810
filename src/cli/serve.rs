//! `voronka serve`: the doors, and who may come in.

use anyhow::Result;

use super::args::Place;
use super::outcome::Outcome;
use super::serve_args::Serve;

#[cfg(not(feature = "serve"))]
pub async fn run(_: &Serve, _: &Place) -> Result<Outcome> {
    Err(super::said::said!(
        "эта сборка Voronka — без серверов\n    соберите с ними: cargo build --release --features serve",
        "this build of Voronka has no servers\n    build it with them: cargo build --release --features serve"
    ))
}

#[cfg(feature = "serve")]
pub async fn run(args: &Serve, place: &Place) -> Result<Outcome> {
    use super::serve_args::About;

    let lang = super::open::lang(args.lang(), place);
    match &args.about {
        Some(About::User(command)) => super::serve_user::run(command, lang),
        None => super::serve_doors::run(args, place, lang).await,
    }
}
