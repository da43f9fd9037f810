//! Another day than the server's: the same state of the store, as one saw it then.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::serve::{ServeError, States, User};
use crate::session::Session;
use crate::store::Answers;

/// The session of a user as of another day, judged by the regulation that was in force then.
///
/// # Errors
/// The store cannot be asked; a regulation that it kept cannot be read.
pub async fn as_of(
    states: &States,
    session: &Session,
    user: &User,
    day: NaiveDate,
) -> Result<Arc<Session>, ServeError> {
    let company = states.company();
    let in_force = company.in_force(&states.regulation(), session.snapshot(), day)?;
    if format!("{in_force:?}") == format!("{:?}", session.regulation()) {
        return Ok(Arc::new(session.at(day).await?));
    }
    // another regulation judges: the state is opened under it, and held to the same rows
    let answers = Answers::beside(company.store(), session.snapshot());
    let memory = Some(states.limits().memory_each);
    let mut opened = Session::open(session.snapshot(), &in_force, day, memory).await?.with_answers(answers);
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (dimension, value) in user.only() {
        values.entry(dimension).or_default().push(value.clone());
    }
    for (dimension, values) in values {
        opened = opened.only_any(dimension, &values).await?;
    }
    Ok(Arc::new(opened.for_question(states.memory()).await?))
}
