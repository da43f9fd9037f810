//! What to do first: the missed targets of one figure as one item, the most money at stake first; what got better; what could not be
//! judged.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::judged::{Judged, Unknown};
use super::look::{Look, look, rank, small_group, targets};
use super::made::Made;
use super::{judge, list};
use crate::metrics::Stake;
use crate::model::lang::Lang;
use crate::model::tables::MONEY_SCALE;
use crate::model::unit::Unit;
use crate::regulation::Better;
use crate::report::definition::{self, Compare, Question};
use crate::report::document::{Action, Actions, Block, Cell, Table, Verdict};
use crate::report::inputs::Inputs;
use crate::report::missing::{Lack, Missing};
use crate::report::period::Range;
use crate::report::phrases::{Phrases, capital};

/// How many periods are looked back over for the beginning of a miss.
const STEPS_BACK: usize = 4;
/// In a large store only the period before, which is compared with anyway.
const STEPS_BACK_OF_LARGE: usize = 1;
/// How many people, improvements or unjudged targets a line names.
const NAMED: usize = 3;
/// The dimension that says with whom most of it is.
const PERSON: &str = "manager";

/// What to do first. As many items as the part's limit says; the others are counted.
pub(in crate::report) async fn actions(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
) -> Made {
    let (mut looks, mut missing) = (Vec::new(), Vec::new());
    for target in targets(inputs).iter().filter(|target| part.judges(&target.metric)) {
        match look(inputs, say, part, target).await {
            Ok(look) => looks.push(look),
            Err(lack) => missing.push((target.title.get(say.lang).to_owned(), lack)),
        }
    }
    let red = looks.iter().flat_map(|look| look.red(inputs, say)).collect();
    let mut items = items(&looks);
    items.sort_by(Item::order);
    let (shown, rest) = items.split_at(part.limit.min(items.len()));
    let (mut actions, mut lists) = (Vec::new(), Vec::new());
    for item in shown {
        let (action, list) = action(inputs, say, item).await;
        actions.push(action);
        lists.extend(list.map(Block::Table));
    }
    let nothing = if actions.is_empty() { nothing(say, &looks, &missing) } else { String::new() };
    let block = Actions {
        items: actions,
        nothing,
        more: more(say, rest),
        improved: improved(inputs, say, &looks),
        unjudged: unjudged(say, &looks, &missing),
    };
    let blocks = std::iter::once(Block::Actions(block)).chain(lists).collect();
    Made { blocks, red, ..Made::default() }
}

/// The missed targets of one figure.
struct Item<'l> {
    looks: Vec<&'l Look<'l>>,
}

/// The rows of a look that miss the target, the heaviest first.
fn bad<'l>(look: &'l Look<'_>) -> Vec<&'l Judged> {
    let mut bad: Vec<&Judged> =
        look.judged.iter().filter(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow)).collect();
    let worth = |one: &Judged| one.money.unwrap_or(0.0);
    bad.sort_by(|a, b| {
        let by_rank = rank(a.verdict).cmp(&rank(b.verdict));
        worth(b).total_cmp(&worth(a)).then(by_rank).then(b.weight.total_cmp(&a.weight)).then(a.row.cmp(&b.row))
    });
    bad
}

/// The looks with a miss, those of one figure together: the whole first, then its splits.
fn items<'l>(looks: &'l [Look<'l>]) -> Vec<Item<'l>> {
    let mut items: Vec<Item<'l>> = Vec::new();
    for look in looks.iter().filter(|look| !bad(look).is_empty()) {
        let figure = |look: &Look<'_>| (look.target.metric.clone(), look.target.column.clone());
        match items.iter_mut().find(|item| item.looks.iter().any(|other| figure(other) == figure(look))) {
            Some(item) => item.looks.push(look),
            None => items.push(Item { looks: vec![look] }),
        }
    }
    items.iter_mut().for_each(|item| item.looks.sort_by_key(|look| look.target.by.len()));
    items
}

impl Item<'_> {
    /// The look with the most money at stake, and that money; the first if none is known.
    fn heaviest(&self) -> (&Look<'_>, Option<Money>) {
        let all = self.looks.iter().map(|look| (*look, money(look)));
        let worth = |money: &Option<Money>| money.as_ref().map_or(-1.0, |money| money.amount);
        let best = all.reduce(|best, next| if worth(&next.1) > worth(&best.1) { next } else { best });
        best.unwrap_or((self.looks[0], None))
    }

    fn verdict(&self) -> Verdict {
        let verdicts = self.looks.iter().flat_map(|look| bad(look)).map(|one| one.verdict);
        verdicts.min_by_key(|verdict| rank(*verdict)).unwrap_or(Verdict::Unknown)
    }

    /// The most money first; what is not known in money after, the worst first.
    fn order(&self, other: &Self) -> Ordering {
        let amount = |item: &Self| item.heaviest().1.map_or(0.0, |money| money.amount);
        let weight =
            |item: &Self| item.looks.iter().flat_map(|look| bad(look)).map(|one| one.weight).fold(0.0, f64::max);
        amount(other)
            .total_cmp(&amount(self))
            .then(rank(self.verdict()).cmp(&rank(other.verdict())))
            .then(weight(other).total_cmp(&weight(self)))
    }
}

/// Money at stake in whole currency units.
struct Money {
    amount: f64,
    /// The rows may share deals: the amount is of the largest row, and the whole is no less.
    at_least: bool,
}

/// The money at stake in the rows that miss a target. `None` if it is known of none of them.
fn money(look: &Look<'_>) -> Option<Money> {
    let amounts: Vec<f64> = bad(look).iter().filter_map(|one| one.money).collect();
    let all = bad(look).len();
    let column = look.grid.column(&look.target.column)?;
    let overlaps = column.stake.as_ref().and_then(|stake| look.grid.column(stake.column())).is_some_and(|c| c.overlaps);
    let amount = match overlaps {
        true => amounts.iter().copied().fold(0.0, f64::max),
        false => amounts.iter().sum(),
    };
    let at_least = (overlaps && all > 1) || amounts.len() < all;
    (amount > 0.0).then_some(Money { amount, at_least })
}

/// What money it is, in words.
fn label(say: &Phrases<'_>, look: &Look<'_>, at_least: bool) -> String {
    let grid = &look.grid;
    let stake = grid.column(&look.target.column).and_then(|column| column.stake.as_ref());
    let title = |stake: &Stake| grid.column(stake.column()).map_or("", |column| say.text(&column.title)).to_owned();
    let higher = look.target.better == Better::Higher;
    let label = match (stake, say.lang) {
        _ if grid.is_return(&look.target.column) => say.pick("Не вернулось", "Not earned back").to_owned(),
        (Some(stake @ Stake::Whole(_)), _) => title(stake),
        (Some(stake), Lang::Ru) if higher => format!("{} мимо цели", title(stake)),
        (Some(stake), Lang::En) if higher => format!("{} short of the target", title(stake)),
        (Some(stake), Lang::Ru) => format!("{} сверх цели", title(stake)),
        (Some(stake), Lang::En) => format!("{} beyond the target", title(stake)),
        (None, _) => String::new(),
    };
    match at_least {
        true => format!("{label}, {}", say.pick("не меньше", "at least")),
        false => label,
    }
}

async fn action(inputs: &mut Inputs<'_>, say: &Phrases<'_>, item: &Item<'_>) -> (Action, Option<Table>) {
    let (heaviest, money) = item.heaviest();
    let facts: Vec<String> = item.looks.iter().map(|look| look.wording(inputs, say).fact(&bad(look))).collect();
    let since = since(inputs, say, item.looks[0]).await;
    let who = who(inputs, say, heaviest).await;
    let (listed, facts) = match inputs.metrics.is_large() {
        // a list costs as much as its metric once more
        true => {
            let command = heaviest.command(inputs);
            let said = command.map(|command| format!("{}: {command}.", say.pick("Список", "The list")));
            (None, facts.into_iter().chain(said).collect())
        }
        false => (list::list(inputs, say, heaviest, &bad(heaviest)).await, facts),
    };
    #[allow(clippy::cast_possible_truncation)] // money in whole units is far below the limits
    let cell = |amount: f64| Cell::Money((amount * 10f64.powi(i32::from(MONEY_SCALE))).round() as i128);
    let action = Action {
        verdict: item.verdict(),
        title: say.text(&item.looks[0].target.title).to_owned(),
        money: money.map(|money| (label(say, heaviest, money.at_least), cell(money.amount))),
        facts,
        since: since.unwrap_or_default(),
        who: who.unwrap_or_default(),
        advice: say.text(&heaviest.target.advice).to_owned(),
        list: listed.as_ref().map(|listed| (listed.table.id.clone(), listed.total)),
        source: heaviest.wording(inputs, say).source,
    };
    (action, listed.map(|listed| listed.table))
}

/// Since when the heaviest row misses the target: the earlier periods are looked at one after the other, each as of its own end.
async fn since(inputs: &mut Inputs<'_>, say: &Phrases<'_>, look: &Look<'_>) -> Option<String> {
    let one = *bad(look).first()?;
    let now = inputs.reach.range(look.ask.period);
    let (mut first_bad, mut then) = (now, look.ask.period.before(now));
    let mut ended: Option<(Range, f64)> = None;
    let steps = if inputs.metrics.is_large() { STEPS_BACK_OF_LARGE } else { STEPS_BACK };
    for _ in 0..steps {
        let begins = inputs.begins(&look.ask, &look.target.column);
        let Some(range) = then.filter(|range| begins.is_some_and(|day| range.from >= day)) else { break };
        let Ok(grid) = inputs.metrics.ask_back(&look.ask, range, range.days_before(now)).await else { break };
        let small = small_group(inputs);
        let Some(past) = judge::in_period(look.target, (&look.grid, one.row), &grid, small) else { break };
        match past {
            (Verdict::Red | Verdict::Yellow, _) => first_bad = range,
            (Verdict::Green, value) => {
                ended = Some((range, value));
                break;
            }
            (Verdict::Unknown, _) => break,
        }
        then = look.ask.period.before(range);
    }
    let wording = look.wording(inputs, say);
    let name = wording.row_name(one);
    let of = if name.is_empty() { String::new() } else { format!(" ({name})") };
    let day = say.numbers.date(first_bad.from);
    match (ended, first_bad == now, say.lang) {
        (Some((range, value)), ..) => {
            let (value, last) = (wording.amount(value), say.numbers.date(range.last()));
            Some(match say.lang {
                Lang::Ru => format!("Хуже цели с {day}{of}: до {last} было {value}."),
                Lang::En => format!("Off target since {day}{of}: it was {value} until {last}."),
            })
        }
        (None, true, _) => None,
        (None, false, Lang::Ru) => Some(format!("Хуже цели по меньшей мере с {day}{of}.")),
        (None, false, Lang::En) => Some(format!("Off target at least since {day}{of}.")),
    }
}

/// With whom most of the money is.
async fn who(inputs: &mut Inputs<'_>, say: &Phrases<'_>, look: &Look<'_>) -> Option<String> {
    let column = look.grid.column(&look.target.column)?;
    let Some(Stake::Whole(stake)) = column.stake.clone() else { return None };
    let overlaps = look.grid.column(&stake)?.overlaps;
    if !look.target.by.is_empty() || !inputs.metrics.metric(&look.ask)?.dimensions.iter().any(|by| by == PERSON) {
        return None;
    }
    let ask = Question { by: vec![PERSON.to_owned()], ..look.ask.clone() };
    let grid = inputs.metrics.ask(&ask, inputs.reach.range(ask.period)).await.ok()?;
    let keyed = judge::has_key(&look.grid, &look.grid.current_rows());
    // of a metric with a row per rule or stage, only those that miss the target
    let keys: Vec<&Cell> = bad(look).iter().map(|one| &look.grid.rows[one.row][0]).collect();
    let mut amounts: BTreeMap<String, f64> = BTreeMap::new();
    for row in grid.current_rows() {
        let is_of = !keyed || grid.rows[row].get(grid.dimensions).is_some_and(|key| keys.contains(&key));
        let amount = grid.number(row, &stake).filter(|amount| *amount > 0.0 && is_of && !grid.is_unnamed(row));
        if let (Some(amount), Cell::Text(name)) = (amount, &grid.rows[row][0]) {
            let sum = amounts.entry(name.clone()).or_default();
            *sum = if overlaps { sum.max(amount) } else { *sum + amount };
        }
    }
    let mut people: Vec<(String, f64)> = amounts.into_iter().collect();
    people.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let one = |(name, amount): &(String, f64)| format!("{name} {}", say.numbers.compact(*amount, Unit::Money));
    let named: Vec<String> = people.iter().take(NAMED).map(one).collect();
    let rest = people.len().saturating_sub(NAMED);
    let rest = (rest > 0).then(|| match say.lang {
        Lang::Ru => format!(" и ещё {rest}"),
        Lang::En => format!(" and {rest} more"),
    });
    // of one alone there is nothing to choose
    (people.len() > 1).then(|| {
        format!("{}: {}{}.", say.pick("Больше всего у", "Most with"), named.join(", "), rest.unwrap_or_default())
    })
}

/// Why there is nothing to do. What cannot be judged is not on target.
fn nothing(say: &Phrases<'_>, looks: &[Look<'_>], missing: &[(String, Missing)]) -> String {
    let all = looks.len() + missing.len();
    let is_judged = |look: &&Look<'_>| look.judged.iter().any(|one| one.verdict != Verdict::Unknown);
    let judged = looks.iter().filter(is_judged).count();
    match (judged, say.lang) {
        _ if all == 0 => say
            .pick("В регламенте нет ни одной цели ([[target]]).", "The regulation names no target ([[target]]).")
            .to_owned(),
        (0, _) => say
            .pick("Ни об одной цели регламента судить нельзя.", "No target of the regulation can be judged.")
            .to_owned(),
        (judged, _) if judged == all => {
            say.pick("Ни одна цель регламента не нарушена.", "No target of the regulation is missed.").to_owned()
        }
        (judged, Lang::Ru) => {
            format!("Среди того, о чём можно судить, вне цели ничего нет; судить можно о {judged} из {all} целей.")
        }
        (judged, Lang::En) => format!("Of what can be judged nothing is off target; {judged} of {all} targets can be."),
    }
}

/// What the limit left out, in one line.
fn more(say: &Phrases<'_>, rest: &[Item<'_>]) -> String {
    let titles: Vec<String> = rest.iter().map(|item| format!("«{}»", say.text(&item.looks[0].target.title))).collect();
    match (titles.is_empty(), say.lang) {
        (true, _) => String::new(),
        (false, Lang::Ru) => format!("Ещё вне цели: {}.", titles.join(", ")),
        (false, Lang::En) => format!("Also off target: {}.", titles.join(", ")),
    }
}

/// Figures that changed for the better on the period before, by more than chance.
fn improved(inputs: &Inputs<'_>, say: &Phrases<'_>, looks: &[Look<'_>]) -> Vec<String> {
    let mut found: Vec<(usize, f64, String)> = Vec::new();
    for look in looks {
        let better = |one: &&Judged| {
            let then = one.changes.iter().find(|(compare, _)| *compare == Compare::Before)?.1;
            let change = one.value? - then.value;
            let is_better = match look.target.better {
                Better::Higher => change > 0.0,
                Better::Lower => change < 0.0,
            };
            (is_better && then.proven == Some(true)).then_some((then.value, change.abs()))
        };
        let wording = look.wording(inputs, say);
        for one in &look.judged {
            if let Some((was, size)) = better(&one) {
                found.push((look.target.by.len(), size, wording.improvement(one, was)));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let rest = found.len().saturating_sub(NAMED);
    let mut lines: Vec<String> = found.into_iter().take(NAMED).map(|(_, _, line)| line).collect();
    if rest > 0 {
        lines.push(match say.lang {
            Lang::Ru => format!("Ещё стало лучше: {rest}."),
            Lang::En => format!("{rest} more got better."),
        });
    }
    lines
}

/// The targets of which nothing could be judged, and what is missing, in one line.
fn unjudged(say: &Phrases<'_>, looks: &[Look<'_>], missing: &[(String, Missing)]) -> String {
    let unknown = |look: &&Look<'_>| {
        let lacks = |one: &Judged| {
            matches!(one.unknown, Some(Unknown::NoData | Unknown::Partial | Unknown::Uncovered | Unknown::Unnamed))
        };
        look.judged.iter().all(lacks)
    };
    let looked = looks.iter().filter(unknown).map(|look| say.text(&look.target.title).to_owned());
    let mut titles: Vec<String> = Vec::new();
    for title in missing.iter().map(|(title, _)| title.clone()).chain(looked) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    if titles.is_empty() {
        return String::new();
    }
    let rest = titles.len().saturating_sub(NAMED);
    let mut named: Vec<String> = titles.iter().take(NAMED).map(|title| format!("«{title}»")).collect();
    if rest > 0 {
        named.push(format!("{} {rest}", say.pick("и ещё", "and another")));
    }
    let lacking = missing.iter().filter(|(_, missing)| missing.lack == Lack::Data);
    let sources: BTreeSet<String> = lacking.map(|(_, missing)| say.source_of(&missing.what)).collect();
    let sources: Vec<String> = sources.into_iter().filter(|source| !source.is_empty()).collect();
    let mut said = vec![format!("{}: {}.", say.pick("Судить нельзя", "Could not be judged"), named.join(", "))];
    if !sources.is_empty() {
        said.push(format!("{}: {}.", say.pick("Выгрузите", "Export"), sources.join(", ")));
    }
    said.extend(say.reference().map(|reference| capital(&reference)));
    said.join(" ")
}
