//! What SQL cannot say: the company's calendar, intervals, curves with open deals, funnels, clients
//! who may have left. `docs/functions.md` is the
//! page for those who write queries.
//!
//! The statistics are plain functions in `statistics`; the files beside it wrap them for DataFusion and do no
//! arithmetic. This module knows nothing of stores or regulations, only of a [`Calendar`] or two.

use datafusion::error::Result;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

use self::aggregate::aggregate;
use self::formula::formula;
use crate::model::calendar::Calendar;

pub(crate) mod aggregate;
pub(crate) mod arguments;
pub(crate) mod beta_binomial;
pub(crate) mod by_then;
pub(crate) mod calendar;
pub(crate) mod chi_squared;
pub(crate) mod clients;
pub(crate) mod cuminc;
pub mod days;
pub(crate) mod durations;
pub(crate) mod ends_at;
pub(crate) mod error;
pub(crate) mod event_time;
pub(crate) mod forecast;
pub(crate) mod formula;
pub(crate) mod groups;
pub(crate) mod km;
pub(crate) mod net_lift;
pub(crate) mod ols_slope;
pub(crate) mod outlook;
pub(crate) mod period;
pub(crate) mod poisson_slope;
pub(crate) mod product_change;
pub(crate) mod seeded;
pub(crate) mod shares;
pub(crate) mod standardised;
pub(crate) mod statistics;
pub(crate) mod stay_quantiles;
pub(crate) mod structure;
pub(crate) mod summary;
pub(crate) mod variation;
pub(crate) mod wilson;
pub(crate) mod window_funnel;

#[cfg(test)]
mod edges;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod sql_tests;

/// The one list of our functions.
#[derive(Debug)]
pub struct Functions {
    /// Those of a row.
    pub scalars: Vec<ScalarUDF>,
    /// Those of a group of rows.
    pub aggregates: Vec<AggregateUDF>,
}

impl Functions {
    /// Every function of ours, for a company's calendar and the hours in which it contacts its clients.
    pub fn all(calendar: &Calendar, contact_calendar: &Calendar) -> Functions {
        let of_rows = [
            ScalarUDF::from(ends_at::EndsAt::new(calendar)),
            formula(wilson::Wilson::Low),
            formula(wilson::Wilson::High),
            formula(chi_squared::ChiSquared),
            ScalarUDF::from(seeded::Seeded::default()),
            ScalarUDF::from(product_change::ProductChange::default()),
        ];
        Functions {
            scalars: calendar::calendar_functions(calendar, contact_calendar)
                .chain(of_rows)
                .chain(period::period_functions())
                .chain([beta_binomial::BetaEnd::Low, beta_binomial::BetaEnd::High].map(formula))
                .chain(outlook::Outlook::ALL.map(formula))
                .chain(shares::Shares::ALL.map(formula))
                .collect(),
            aggregates: vec![
                aggregate::<beta_binomial::BetaBinomial>(),
                aggregate::<cuminc::Cuminc>(),
                aggregate::<cuminc::CumincAt>(),
                aggregate::<event_time::EventTime>(),
                aggregate::<forecast::Forecast>(),
                aggregate::<km::KmAt>(),
                aggregate::<km::KmQuantile>(),
                aggregate::<stay_quantiles::StayQuantiles>(),
                aggregate::<net_lift::NetLift>(),
                aggregate::<ols_slope::OlsSlope>(),
                aggregate::<poisson_slope::PoissonSlope>(),
                aggregate::<shares::SharesEqual>(),
                aggregate::<standardised::Standardised>(),
                aggregate::<variation::Cv>(),
                aggregate::<variation::DetrendedCv>(),
                aggregate::<window_funnel::WindowFunnel>(),
                aggregate::<clients::Bgnbd>(),
                aggregate::<clients::GammaGamma>(),
            ],
        }
    }
}

/// Makes all our functions known to a session.
pub fn register(ctx: &SessionContext, calendar: &Calendar, contact_calendar: &Calendar) -> Result<()> {
    let Functions { scalars, aggregates } = Functions::all(calendar, contact_calendar);
    scalars.into_iter().for_each(|function| ctx.register_udf(function));
    aggregates.into_iter().for_each(|function| ctx.register_udaf(function));
    Ok(())
}
