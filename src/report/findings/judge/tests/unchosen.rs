//! Companies with seeds that were not selected: groups that are equal by construction are called different no more often
//! than the reports state, and planted differences are found every time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::generate::{Plan, Season, generate};
use crate::report::findings::evidence::FALSE_DISCOVERY_RATE;

/// The seeds from 1 on: the first that come, not those that fit.
const SEEDS: u64 = 48;
const CLIENTS: u64 = 700;
/// Where so many were told apart by chance with this probability only, the stated rate is not kept.
const IMPLAUSIBLE: f64 = 0.001;

/// Groups that one comparison sets beside each other: name, hits, cases.
type Family = Vec<(String, i64, i64)>;

/// What one company gives to compare.
struct Company {
    /// Families in which nothing was planted, by what they are.
    equal: Vec<(&'static str, Family)>,
    /// A poor contractor beside a sound one.
    planted: Family,
}

fn company(seed: u64) -> Company {
    let folder = tempfile::tempdir().unwrap();
    let as_of = chrono::NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
    generate(
        &Plan { clients: CLIENTS, seed, as_of, listings: 0, season: Season::default() },
        folder.path(),
        &|_, _| (),
    )
    .unwrap();
    let truth: toml::Table = std::fs::read_to_string(folder.path().join("truth.toml")).unwrap().parse().unwrap();
    let names = |of: &str| truth["equal"][of].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let counted = |kind: &str, name: &str, hits: &str| {
        let all = truth["counted"][kind].as_array().unwrap();
        let row = all.iter().find(|row| row[kind].as_str() == Some(name)).unwrap();
        let count = |key: &str| row[key].as_integer().unwrap();
        (name.to_owned(), count(hits), count("leads"))
    };
    let contractors = |hits: &str| names("contractors").map(|name| counted("contractor", name, hits)).collect();
    let branches = |hits: &str| names("branches").map(|name| counted("branch", name, hits)).collect();
    let deals = deals(folder.path());
    let mut equal: Vec<(&str, Family)> = vec![
        ("contractors by valid leads", contractors("valid")),
        ("contractors by qualified leads", contractors("qualified")),
        ("contractors by sales", contractors("won")),
        ("branches by prompt answers", branches("answered_within_30_working_minutes")),
        ("branches by sales to new clients", branches_by_new_clients(&deals, names("branches"))),
    ];
    equal.extend(managers(&deals).into_iter().map(|family| ("managers of a branch by sales", family)));
    let poor = truth["poor_leads"]["contractor"].as_str().unwrap();
    let sound = names("contractors").next().unwrap();
    let planted = vec![counted("contractor", poor, "qualified"), counted("contractor", sound, "qualified")];
    Company { equal, planted }
}

/// A row of the export of deals.
struct Deal {
    branch: String,
    manager: String,
    returning: bool,
    won: bool,
}

fn deals(folder: &Path) -> Vec<Deal> {
    let text = std::fs::read_to_string(folder.join("deals.csv")).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut rows = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(text.as_bytes());
    let header = rows.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let [branch, manager, source, stage] = ["Филиал", "Ответственный", "Источник", "Стадия сделки"].map(at);
    let rows = rows.records().map(Result::unwrap).filter(|row| row.len() > branch && !row[branch].is_empty());
    rows.map(|row| Deal {
        branch: row[branch].to_owned(),
        manager: row[manager].to_owned(),
        returning: &row[source] == "Повторные",
        won: &row[stage] == "Сделка успешна",
    })
    .collect()
}

fn family<'a>(sold: impl Iterator<Item = (&'a str, bool)>) -> Family {
    let mut counted: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (name, won) in sold {
        let (hits, cases) = counted.entry(name).or_default();
        *hits += i64::from(won);
        *cases += 1;
    }
    counted.into_iter().map(|(name, (hits, cases))| (name.to_owned(), hits, cases)).collect()
}

/// Of new clients alone: whoever has bought comes back and buys more easily, so that the luck of a first sale brings more
/// sales to the same branch, and the deals of a branch are not independent of each other.
fn branches_by_new_clients<'a>(deals: &[Deal], branches: impl Iterator<Item = &'a str>) -> Family {
    let branches: Vec<&str> = branches.collect();
    let new = deals.iter().filter(|deal| !deal.returning && branches.contains(&deal.branch.as_str()));
    family(new.map(|deal| (deal.branch.as_str(), deal.won)))
}

/// A family per branch. Deals go to whoever is free, those of returning clients too.
fn managers(deals: &[Deal]) -> Vec<Family> {
    let branches: BTreeSet<&str> = deals.iter().map(|deal| deal.branch.as_str()).collect();
    let of = |branch: &str| family(deals.iter().filter(|d| d.branch == branch).map(|d| (d.manager.as_str(), d.won)));
    branches.into_iter().map(of).collect()
}

/// Whether the report would call any group better or worse than the others.
fn told_apart(family: &Family) -> bool {
    let rows: Vec<(&str, i64, i64)> = family.iter().map(|(name, hits, cases)| (name.as_str(), *hits, *cases)).collect();
    let judged = judge(&target(Better::Higher, 0.0, -1.0), &grid(&rows), &[], GROUND);
    judged.iter().any(|one| one.rest.is_some_and(|rest| rest.proven == Some(true)))
}

/// The probability of `hits` or more out of `all`, each with probability `p`.
fn at_least(hits: u32, all: u32, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(all.cast_signed());
    let mut below = 0.0;
    for k in 0..hits {
        below += term;
        term *= f64::from(all - k) / f64::from(k + 1) * p / (1.0 - p);
    }
    1.0 - below
}

#[test]
fn the_tail_of_a_binomial_as_in_tables() {
    assert!((at_least(0, 10, 0.05) - 1.0).abs() < 1e-12);
    assert!((at_least(1, 10, 0.05) - 0.401_263_06).abs() < 1e-8);
    assert!((at_least(2, 10, 0.05) - 0.086_138_36).abs() < 1e-8);
}

#[test]
fn the_equal_are_told_apart_no_more_often_than_stated() {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let companies: Vec<Company> = std::thread::scope(|scope| {
        let parts = seeds.chunks(seeds.len().div_ceil(threads));
        let running: Vec<_> =
            parts.map(|part| scope.spawn(|| part.iter().map(|seed| company(*seed)).collect::<Vec<_>>())).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (what, family) in companies.iter().flat_map(|company| &company.equal) {
        for what in [what, "all of them"] {
            let (apart, all) = found.entry(what).or_default();
            *apart += u32::from(told_apart(family));
            *all += 1;
        }
    }
    let kept = |(apart, all): (u32, u32)| at_least(apart, all, FALSE_DISCOVERY_RATE) > IMPLAUSIBLE;
    assert!(found.values().all(|counts| kept(*counts)), "told apart, of how many: {found:#?}");
    assert!(found["all of them"].1 > 300, "{found:#?}");

    // the same judgement is not blind
    let missed = companies.iter().filter(|company| !told_apart(&company.planted)).count();
    assert_eq!(missed, 0, "a contractor with poor leads was taken for a sound one");
}
