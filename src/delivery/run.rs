//! A run: what is due is made and handed over; what failed is tried again after a wait, which holds up nobody else.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;

use super::due::{Errand, errands};
use super::error::DeliveryError;
use super::file::{Condition, Delivery};
use super::hand::Hands;
use super::history::History;
use super::http::{LONGEST_WAIT, Web};
use super::keys::Keys;
use super::message::{Message, Part, message};
use super::outcome::Outcome;
use super::package::{Package, Wants, package, wants};
use super::preview;
use super::reports::{Reports, reports};
use super::told::{State, Told};
use super::world::World;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::report::document::Red;
use crate::store::{SentEvent, Store};

/// So many deliveries are made at once.
const AT_ONCE: usize = 4;
/// Each further wait is so many times as long.
const LONGER: u32 = 4;

/// What is asked of a run.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these recipients; all if empty.
    pub to: Vec<String>,
    /// Only these reports; all if empty.
    pub reports: Vec<String>,
    /// Whether what may have arrived is sent again.
    pub resend_unknown: bool,
    /// The folder that is written to instead of sending.
    pub dry_run: Option<PathBuf>,
}

/// Sends what is due. Each delivery is told when it is known what became of it.
///
/// # Errors
/// Nothing was sent: a report, a variable or the log is not as it must be, or the folder of a dry run cannot be written.
pub async fn send(
    world: &World<'_>,
    delivery: &Delivery,
    wanted: &Wanted,
    told: &mut dyn FnMut(&Told),
) -> Result<(), DeliveryError> {
    asked_for(delivery, wanted)?;
    let reports = reports(world, delivery)?;
    let store = Store::open(world.company.store()).await?;
    let all: Vec<Errand<'_>> =
        errands(delivery, world.session.as_of()).into_iter().filter(|one| is_wanted(one, wanted)).collect();
    let mut run = Run { world, wanted, history: History::default(), told };
    if let Some(dir) = &wanted.dry_run {
        run.history = History::of(&store.sent()?, is_body);
        return run.preview(delivery, &reports, all, dir).await;
    }
    // the log is read when nobody else writes it
    let (log, entries) = store.send_log()?;
    run.history = History::of(&entries, is_body);
    let due = run.due(all);
    if due.is_empty() {
        return Ok(());
    }
    let hands = Hands {
        delivery,
        keys: Keys::read(delivery, &due, world.environment)?,
        web: Web::new(delivery.retry.timeout)?,
        log: Arc::new(Mutex::new(log)),
        clock: world.clock,
    };
    let mut later = Vec::new();
    for (_, alike) in grouped(due) {
        let jobs = run.jobs(&reports, alike).await;
        later.extend(run.round(&hands, jobs).await);
    }
    let mut wait = delivery.retry.wait;
    for _ in 1..delivery.retry.attempts {
        if later.is_empty() {
            break;
        }
        let asked = later.iter().filter_map(|(_, _, asked)| *asked).max().unwrap_or_default();
        tokio::time::sleep(wait.max(asked)).await;
        wait = (wait * LONGER).min(LONGEST_WAIT);
        let jobs = later.into_iter().map(|(job, ..)| job).collect();
        later = run.round(&hands, jobs).await;
    }
    for (job, why, _) in later {
        run.tell(&job.errand, State::Failed(why));
    }
    Ok(())
}

/// Whether a part of the log bears the body of a report.
fn is_body(part: &str) -> bool {
    !part.starts_with("file ")
}

/// Refuses names that the file does not have.
fn asked_for(delivery: &Delivery, wanted: &Wanted) -> Result<(), DeliveryError> {
    let recipients = || delivery.recipients.iter().map(|recipient| recipient.name.as_str());
    let reports = || delivery.sends.iter().map(|send| send.report.value.as_str());
    if let Some(name) = wanted.to.iter().find(|name| !recipients().any(|known| known == name.as_str())) {
        let what = both!("нет получателя `{name}`\n    ", "there is no recipient `{name}`\n    ");
        return Err(DeliveryError::NotInFile { what: what.and(hint(name, recipients())) });
    }
    if let Some(name) = wanted.reports.iter().find(|name| !reports().any(|known| known == name.as_str())) {
        let what = both!("отчёт `{name}` никому не отправляется\n    ", "the report `{name}` is sent to nobody\n    ");
        return Err(DeliveryError::NotInFile { what: what.and(hint(name, reports())) });
    }
    Ok(())
}

fn is_wanted(errand: &Errand<'_>, wanted: &Wanted) -> bool {
    let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|known| known == name);
    among(&wanted.to, &errand.recipient.name) && among(&wanted.reports, &errand.send.report.value)
}

/// Deliveries that get the same report together, in the order of the file.
fn grouped(errands: Vec<Errand<'_>>) -> Vec<(Wants, Vec<Errand<'_>>)> {
    let mut groups: Vec<(Wants, Vec<Errand<'_>>)> = Vec::new();
    for errand in errands {
        let wants = wants(&errand);
        match groups.iter_mut().find(|(known, _)| *known == wants) {
            Some((_, group)) => group.push(errand),
            None => groups.push((wants, vec![errand])),
        }
    }
    groups
}

/// A delivery under way.
struct Job<'d> {
    errand: Errand<'d>,
    message: Message,
    /// The parts that are still to be handed over.
    left: Vec<Part>,
    /// Attempts at the first of them in this run.
    tried: u32,
}

/// A job to be tried again, why, and how long the other side asks to wait.
type Later<'d> = (Job<'d>, Text, Option<Duration>);

struct Run<'r, 'w> {
    world: &'r World<'w>,
    wanted: &'r Wanted,
    history: History,
    told: &'r mut dyn FnMut(&Told),
}

impl<'r> Run<'r, '_> {
    fn tell(&mut self, errand: &Errand<'_>, state: State) {
        (self.told)(&Told {
            report: errand.send.name(),
            recipient: errand.recipient.name.clone(),
            channel: errand.channel.name(),
            address: errand.channel.address(),
            state,
        });
    }

    /// What is due of all; the rest is told: it was sent, or may have been.
    fn due<'d>(&mut self, all: Vec<Errand<'d>>) -> Vec<Errand<'d>> {
        let mut due = Vec::new();
        for errand in all {
            let parts: Vec<_> = self.history.parts(&errand.key).into_iter().map(|(_, last)| last).collect();
            let unknown = parts.iter().find(|last| last.event == SentEvent::Unknown);
            match unknown.filter(|_| !self.wanted.resend_unknown) {
                Some(last) => {
                    let at = last.at.format("%Y-%m-%d %H:%M:%SZ");
                    let why = both!("попытка {at} осталась без ответа", "the attempt of {at} has no answer");
                    self.tell(&errand, State::Unknown(why));
                }
                None => due.push(errand),
            }
        }
        let is_done = |errand: &Errand<'_>| {
            let whole = self.history.whole(&errand.key);
            whole.is_some_and(|parts| parts.iter().all(|part| self.history.is_sent(&errand.key, part)))
        };
        let (done, due): (Vec<Errand<'d>>, Vec<Errand<'d>>) = due.into_iter().partition(is_done);
        done.iter().for_each(|errand| self.tell(errand, State::Already));
        due
    }

    /// Makes the report of deliveries that are alike, and the message of each; what cannot be made, or has nothing new, is told.
    async fn jobs<'d>(&mut self, reports: &Reports, alike: Vec<Errand<'d>>) -> Vec<Job<'d>> {
        let mut jobs = Vec::new();
        let Some(first) = alike.first() else { return jobs };
        let made = match reports.get(&first.send.name()) {
            Some(definition) => package(self.world, definition, first).await,
            None => Err(Text::new("нет такого отчёта", "there is no such report")),
        };
        let package = match made {
            Ok(package) => Arc::new(package),
            Err(why) => {
                alike.iter().for_each(|errand| self.tell(errand, State::Refused(why.clone())));
                return jobs;
            }
        };
        for errand in alike {
            match self.job(errand.clone(), &package) {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) => {}
                Err(why) => self.tell(&errand, State::Refused(why)),
            }
        }
        jobs
    }

    /// The job of a delivery; `None` if there is nothing to send, which is told.
    fn job<'d>(&mut self, errand: Errand<'d>, package: &Arc<Package>) -> Result<Option<Job<'d>>, Text> {
        let has_body = self.history.whole(&errand.key).is_some();
        let is_asked = errand.send.condition == Condition::NewFinding && !has_body;
        let new = if is_asked { self.newly_red(&errand, package) } else { Vec::new() };
        if is_asked && new.is_empty() {
            self.tell(&errand, State::NothingNew);
            return Ok(None);
        }
        let message = message(&errand, package, &new)?;
        // of a delivery that was begun earlier, what belonged to it then
        let whole = self.history.whole(&errand.key);
        let is_left = |part: &&Part| {
            let name = part.name();
            !self.history.is_sent(&errand.key, &name) && whole.is_none_or(|parts| parts.contains(&name))
        };
        let left: Vec<Part> = message.parts.iter().filter(is_left).cloned().collect();
        if left.is_empty() {
            self.tell(&errand, State::Already);
            return Ok(None);
        }
        Ok(Some(Job { errand, message, left, tried: 0 }))
    }

    /// What is red and was not in what was last sent.
    fn newly_red(&self, errand: &Errand<'_>, package: &Package) -> Vec<Red> {
        let before = self.history.red(&errand.stream);
        let is_new = |red: &&Red| before.is_none_or(|before| !before.contains(&red.key));
        package.document.red.iter().filter(is_new).cloned().collect()
    }

    /// Tries each job once, several at a time; those that are to be tried again.
    async fn round<'d>(&mut self, hands: &Hands<'_>, jobs: Vec<Job<'d>>) -> Vec<Later<'d>> {
        let mut later = Vec::new();
        let tries = jobs.into_iter().map(|job| {
            let before: Vec<u32> = job.left.iter().map(|part| self.attempts(&job.errand, part)).collect();
            handed_over(hands, job, before)
        });
        let tries: Vec<_> = tries.collect();
        let mut ended = futures::stream::iter(tries).buffer_unordered(AT_ONCE);
        while let Some((job, end)) = ended.next().await {
            match end {
                End::Told(state) => self.tell(&job.errand, state),
                End::Later(why, wait) => later.push((job, why, wait)),
            }
        }
        later
    }

    /// Attempts at a part in earlier runs.
    fn attempts(&self, errand: &Errand<'_>, part: &Part) -> u32 {
        self.history.part(&errand.key, &part.name()).map_or(0, |last| last.attempts)
    }

    /// Writes what would be sent.
    async fn preview(
        &mut self,
        delivery: &Delivery,
        reports: &Reports,
        all: Vec<Errand<'_>>,
        dir: &std::path::Path,
    ) -> Result<(), DeliveryError> {
        let due = self.due(all);
        let mut number = 0;
        for (_, alike) in grouped(due) {
            for job in self.jobs(reports, alike).await {
                number += 1;
                let written = preview::write(dir, number, delivery, &job.errand, &job.message, (self.world.clock)())?;
                let state = match written {
                    Ok(files) => State::Written(files),
                    Err(why) => State::Refused(why),
                };
                self.tell(&job.errand, state);
            }
        }
        Ok(())
    }
}

/// How a round ended for a job.
enum End {
    Told(State),
    Later(Text, Option<Duration>),
}

/// Hands over the parts of a job, one after the other, until one is not accepted.
async fn handed_over<'d>(hands: &Hands<'_>, mut job: Job<'d>, before: Vec<u32>) -> (Job<'d>, End) {
    let mut before = before.into_iter();
    while let Some(part) = job.left.first().cloned() {
        job.tried += 1;
        let attempt = before.next().unwrap_or_default() + job.tried;
        let tried = hands.attempt(&job.errand, &job.message, &part, attempt).await;
        let end = match (tried.outcome, tried.unlogged) {
            (Outcome::Sent, None) => {
                job.left.remove(0);
                job.tried = 0;
                continue;
            }
            (Outcome::Sent, Some(fault)) => End::Told(State::Unlogged(fault)),
            (Outcome::Failed { why, wait: Some(wait) }, _) if wait > LONGEST_WAIT => {
                let seconds = wait.as_secs();
                let asks = both!("; просит подождать {seconds} с", "; it asks to wait for {seconds} s");
                End::Told(State::Failed(why.and(asks)))
            }
            (Outcome::Failed { why, wait }, _) => End::Later(why, wait),
            (Outcome::Refused { why }, _) => End::Told(State::Refused(why)),
            (Outcome::Unknown { why }, _) => End::Told(State::Unknown(why)),
        };
        return (job, end);
    }
    (job, End::Told(State::Sent))
}
