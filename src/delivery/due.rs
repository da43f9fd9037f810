//! What is due: each report of a period, for each recipient, by each of its channels.

use chrono::{Days, Months, NaiveDate};

use super::file::{Channel, Delivery, Every, Recipient, Sending};
use crate::model::calendar::Calendar;
use crate::store::fingerprint;

/// One delivery: a report of a period for a recipient by a channel.
#[derive(Debug, Clone)]
pub(super) struct Errand<'d> {
    pub send: &'d Sending,
    pub recipient: &'d Recipient,
    pub channel: &'d Channel,
    /// The same for the deliveries of all periods.
    pub stream: String,
    /// The delivery's own: what the log and the receiver know it by.
    pub key: String,
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub to: NaiveDate,
}

/// All deliveries of the periods that ended before a day.
pub(super) fn errands(delivery: &Delivery, as_of: NaiveDate) -> Vec<Errand<'_>> {
    let mut errands = Vec::new();
    for send in &delivery.sends {
        let [from, to] = period(send.every, as_of);
        for recipient in send.to.iter().map(|at| &delivery.recipients[*at]) {
            let by = |channel: &&Channel| send.by.is_empty() || send.by.contains(&channel.name());
            for channel in recipient.channels.iter().filter(by) {
                let stream = stream(send, recipient, channel);
                let key = fingerprint(&format!("{stream} {from} {to}"));
                errands.push(Errand { send, recipient, channel, stream, key, from, to });
            }
        }
    }
    errands
}

/// What tells a delivery from others of the same period: the report, the rows, the address. A recipient that is called otherwise, or
/// gets other formats, gets it once all the same.
pub(super) fn stream(send: &Sending, recipient: &Recipient, channel: &Channel) -> String {
    let every = match send.every {
        Every::Day => "day",
        Every::Week => "week",
        Every::Month => "month",
    };
    let told = [send.name(), every.to_owned(), rows(recipient), channel.name().to_owned(), channel.address()];
    fingerprint(&told.join("\u{0}"))
}

/// The rows that a recipient is held to, as `branch=Север`; the same whatever their order in the file.
pub(super) fn rows(recipient: &Recipient) -> String {
    let mut only: Vec<String> = recipient.only.iter().map(|(name, value)| format!("{name}={value}")).collect();
    only.sort();
    only.join(", ")
}

/// The first and the last day of the last whole period before a day.
fn period(every: Every, as_of: NaiveDate) -> [NaiveDate; 2] {
    let (from, end) = match every {
        Every::Day => (as_of - Days::new(1), as_of),
        Every::Week => (Calendar::monday(as_of) - Days::new(7), Calendar::monday(as_of)),
        Every::Month => {
            let end = Calendar::first_of_month(as_of);
            (end - Months::new(1), end)
        }
    };
    [from, end - Days::new(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_the_last_whole_one() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (every, as_of, from, to) in [
            (Every::Week, "2025-06-30", "2025-06-23", "2025-06-29"),
            (Every::Week, "2025-07-06", "2025-06-23", "2025-06-29"),
            (Every::Day, "2025-07-01", "2025-06-30", "2025-06-30"),
            (Every::Month, "2025-07-01", "2025-06-01", "2025-06-30"),
            (Every::Month, "2025-06-30", "2025-05-01", "2025-05-31"),
        ] {
            assert_eq!(period(every, day(as_of)), [day(from), day(to)], "{every:?} {as_of}");
        }
    }
}
