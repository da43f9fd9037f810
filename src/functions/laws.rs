//! What must hold for every aggregate, whatever it computes. Driven by the one list: an aggregate without example rows
//! here fails.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, StringArray, TimestampMicrosecondArray};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::Functions;
use super::sql_tests::moscow;

pub(super) const ROWS: usize = 40;

fn reals(of: impl Fn(usize) -> f64) -> ArrayRef {
    Arc::new((0..ROWS).map(|i| (i % 11 != 5).then(|| of(i))).collect::<Float64Array>())
}

fn flags(of: impl Fn(usize) -> bool) -> ArrayRef {
    Arc::new((0..ROWS).map(|i| (i % 13 != 7).then(|| of(i))).collect::<BooleanArray>())
}

fn same(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value; ROWS]))
}

/// Deals of two weeks, each won a day later, and a calendar of forty days of which every fifth row tells one.
fn forecast_rows() -> Vec<ArrayRef> {
    let whole = |of: &dyn Fn(usize) -> f64| Arc::new((0..ROWS).map(of).collect::<Float64Array>()) as ArrayRef;
    let is_day = |i: usize| i < 20;
    let columns: [&dyn Fn(usize) -> f64; 11] = [
        &|_| 112.0,
        &|i| f64::from(u8::from(is_day(i))),
        &|i| if is_day(i) { 100.0 + i as f64 } else { (i % 2) as f64 },
        &|i| if is_day(i) { 7.0 } else { 100.0 + (i % 7) as f64 },
        &|i| if is_day(i) { f64::from(u8::from(i % 7 < 5)) } else { f64::from(u8::from(i % 3 > 0)) },
        &|i| 101.0 + (i % 7) as f64,
        &|i| 10.0 + ((i * 29) % 17) as f64,
        &|i| 12.0 + ((i * 29) % 17) as f64,
        &|_| 0.5,
        &|i| 104.0 + (i % 5) as f64,
        &|i| i as f64,
    ];
    let facts = super::groups::lists((0..ROWS).map(|_| vec![0.0, 1.0, 101.0])).unwrap();
    columns.into_iter().map(whole).chain([Arc::new(facts) as ArrayRef]).collect()
}

/// Example rows of an aggregate, nulls and ties among them.
pub(super) fn example(name: &str) -> Vec<ArrayRef> {
    let duration = || reals(|i| ((i * 37) % 23) as f64 / 4.0);
    match name {
        "cuminc" => vec![duration(), reals(|i| (i % 3) as f64), same(4.0)],
        "cuminc_at" => {
            let horizons = super::groups::lists((0..ROWS).map(|_| vec![4.0, 1.0, 9.0])).unwrap();
            vec![duration(), reals(|i| (i % 3) as f64), Arc::new(horizons)]
        }
        "event_time" => vec![duration(), reals(|i| ((i * 7) % 3) as f64), same(0.4)],
        "forecast" => forecast_rows(),
        "km_at" => vec![duration(), reals(|i| (i % 2) as f64), same(4.0)],
        "km_quantile" => vec![duration(), reals(|i| (i % 2) as f64), same(0.4)],
        "stay_quantiles" => {
            let shorter = |i: usize| ((i * 37) % 23) as f64 / if i > 30 { 8.0 } else { 4.0 };
            let longer = |i: usize| ((i * 37) % 23) as f64 / 4.0 + (i / 20) as f64;
            vec![duration(), reals(shorter), reals(longer), reals(|i| (i % 7) as f64), flags(|i| i % 2 == 0)]
        }
        "beta_binomial" => vec![reals(|i| ((i * 29) % 17) as f64), reals(|i| 20.0 + (i % 5) as f64)],
        "p_shares_equal" => vec![reals(|i| ((i * 29) % 17) as f64), reals(|i| 30.0 + (i % 5) as f64)],
        "net_lift" => {
            let part = |i: usize| if i < 30 { 0.0 } else { (i % 3 + 1) as f64 };
            vec![reals(|i| i as f64), reals(|i| 5.0 + ((i * 29) % 17) as f64 / 3.0), reals(part)]
        }
        "ols_slope" => vec![reals(|i| ((i * 29) % 17) as f64 / 3.0), reals(|i| i as f64 / 7.0)],
        "poisson_slope" => vec![reals(|i| ((i * 29) % 17) as f64), reals(|i| i as f64 / 7.0)],
        "standardised" => {
            vec![reals(|i| 1.0 + (i % 9) as f64), reals(|i| (i % 4) as f64), reals(|i| 5.0 + (i % 3) as f64)]
        }
        "cv" => vec![reals(|i| 1.0 + ((i * 29) % 17) as f64 / 3.0)],
        "bgnbd" => {
            let last = |i: usize| if i.is_multiple_of(4) { 0.0 } else { 3.0 + ((i * 7) % 17) as f64 };
            vec![reals(|i| (i % 4) as f64), reals(last), reals(|i| 20.0 + ((i * 5) % 13) as f64)]
        }
        "gamma_gamma" => vec![reals(|i| (i % 4) as f64), reals(|i| 10.0 + ((i * 29) % 17) as f64)],
        "detrended_cv" => {
            vec![reals(|i| i as f64), reals(|i| 5.0 + ((i * 29) % 17) as f64 / 3.0), flags(|i| i > 20)]
        }
        "window_funnel" => {
            let at = (0..ROWS).map(|i| (i % 11 != 5).then_some(((i * 31) % 19) as i64 * 1_000_000));
            vec![
                Arc::new(StringArray::from(vec!["strict_increase"; ROWS])),
                same(9.0),
                Arc::new(at.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
                flags(|i| i % 4 == 0),
                flags(|i| i % 4 == 1),
                flags(|i| i % 3 == 2),
            ]
        }
        other => panic!("{other} has no example rows in laws.rs"),
    }
}

/// The pieces of DataFusion that an accumulator is made of.
pub(super) struct Call {
    function: AggregateUDF,
    fields: Vec<FieldRef>,
    result: FieldRef,
    schema: Schema,
}

impl Call {
    pub(super) fn new(function: &AggregateUDF, rows: &[ArrayRef]) -> Call {
        let types: Vec<_> = rows.iter().map(|column| column.data_type().clone()).collect();
        assert_eq!(
            function.coerce_types(&types).unwrap(),
            types,
            "{}: the example is not in its types",
            function.name()
        );
        let fields: Vec<FieldRef> = types.iter().map(|of| Arc::new(Field::new("x", of.clone(), true))).collect();
        let result = Arc::new(Field::new("result", function.return_type(&types).unwrap(), true));
        Call { function: function.clone(), fields, result, schema: Schema::empty() }
    }

    fn args(&self) -> AccumulatorArgs<'_> {
        AccumulatorArgs {
            return_field: Arc::clone(&self.result),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "law",
            is_distinct: false,
            exprs: &[],
            expr_fields: &self.fields,
        }
    }

    pub(super) fn one(&self) -> Box<dyn Accumulator> {
        self.function.accumulator(self.args()).unwrap()
    }

    fn groups(&self) -> Box<dyn GroupsAccumulator> {
        assert!(self.function.groups_accumulator_supported(self.args()));
        self.function.create_groups_accumulator(self.args()).unwrap()
    }

    /// The result over parts, each taken in by an accumulator of its own and then merged.
    fn merged(&self, parts: &[Vec<ArrayRef>]) -> ScalarValue {
        let mut whole = self.one();
        for part in parts {
            let mut one = self.one();
            one.update_batch(part).unwrap();
            let state: Vec<ArrayRef> = one.state().unwrap().iter().map(|s| s.to_array().unwrap()).collect();
            self.check_state(&state);
            whole.merge_batch(&state).unwrap();
        }
        whole.evaluate().unwrap()
    }

    fn check_state(&self, state: &[ArrayRef]) {
        let declared = self.function.state_fields(StateFieldsArgs {
            name: "law",
            input_fields: &self.fields,
            return_field: Arc::clone(&self.result),
            ordering_fields: &[],
            is_distinct: false,
        });
        let declared: Vec<DataType> = declared.unwrap().iter().map(|field| field.data_type().clone()).collect();
        assert_eq!(state.iter().map(|s| s.data_type().clone()).collect::<Vec<_>>(), declared);
    }
}

fn pick(rows: &[ArrayRef], indices: impl Iterator<Item = u64>) -> Vec<ArrayRef> {
    let indices = arrow::array::UInt64Array::from_iter_values(indices);
    rows.iter().map(|column| take(column, &indices, None).unwrap()).collect()
}

fn nulls(rows: &[ArrayRef]) -> Vec<ArrayRef> {
    rows.iter().map(|column| arrow::array::new_null_array(column.data_type(), column.len())).collect()
}

fn for_every_aggregate(law: impl Fn(&str, &Call, Vec<ArrayRef>, ScalarValue)) {
    for function in Functions::all(&moscow(), &moscow()).aggregates {
        let rows = example(function.name());
        let call = Call::new(&function, &rows);
        let mut one = call.one();
        one.update_batch(&rows).unwrap();
        let whole = one.evaluate().unwrap();
        law(function.name(), &call, rows, whole);
    }
}

#[test]
fn empty_on_either_side_changes_nothing() {
    for_every_aggregate(|name, call, rows, whole| {
        let empty = pick(&rows, 0..0);
        assert_eq!(call.merged(&[empty.clone(), rows.clone()]), whole, "{name}: empty, then rows");
        assert_eq!(call.merged(&[rows.clone(), empty.clone()]), whole, "{name}: rows, then empty");
        assert_eq!(call.merged(&[nulls(&rows), rows.clone(), nulls(&rows)]), whole, "{name}: nulls around");
    });
}

#[test]
fn any_order_and_any_split_give_the_same_bits() {
    for_every_aggregate(|name, call, rows, whole| {
        let n = ROWS as u64;
        for step in [7, 11, 13, 39] {
            let mixed = pick(&rows, (0..n).map(|i| (i * step + 3) % n));
            assert_eq!(call.merged(std::slice::from_ref(&mixed)), whole, "{name}: order {step}");
            let parts: Vec<_> = (0..step).map(|part| pick(&mixed, (0..n).filter(|i| i % step == part))).collect();
            assert_eq!(call.merged(&parts), whole, "{name}: {step} parts");
        }
    });
}

#[test]
fn all_null_is_as_nothing() {
    for_every_aggregate(|name, call, rows, whole| {
        let nothing = call.one().evaluate().unwrap();
        let all_null = call.merged(&[nulls(&rows)]);
        assert_eq!(all_null, nothing, "{name}");
        assert_ne!(nothing, whole, "{name}: the example shows nothing");
        assert_eq!(nothing.data_type(), whole.data_type(), "{name}");
    });
}

#[test]
fn groups_give_what_single_accumulators_give() {
    for_every_aggregate(|name, call, rows, whole| {
        // group 0 gets all rows, group 1 none, group 2 those that the filter lets through twice over
        let twice: Vec<ArrayRef> = rows.iter().map(|c| concat(&[c.as_ref(), c.as_ref()]).unwrap()).collect();
        let indices: Vec<usize> = (0..2 * ROWS).map(|i| if i < ROWS { 0 } else { 2 }).collect();
        let filter: BooleanArray = (0..2 * ROWS).map(|i| (i % 5 != 1).then_some(i < ROWS || i % 2 == 0)).collect();
        let filter_off = BooleanArray::from(vec![true; 2 * ROWS]);
        let filtered = pick(&rows, (0..ROWS as u64).filter(|i| i % 5 != 1 && i % 2 == 0));
        let nothing = call.one().evaluate().unwrap();

        let mut groups = call.groups();
        groups.update_batch(&twice, &indices, Some(&filter_off), 3).unwrap();
        let mut merged = call.groups();
        let states = groups.state(EmitTo::All).unwrap();
        call.check_state(&states);
        merged.merge_batch(&states, &[0, 1, 2], 3).unwrap();
        let first = merged.evaluate(EmitTo::First(1)).unwrap();
        let rest = merged.evaluate(EmitTo::All).unwrap();
        let at = |array: &ArrayRef, i| ScalarValue::try_from_array(array, i).unwrap();
        assert_eq!((at(&first, 0), at(&rest, 0), at(&rest, 1)), (whole.clone(), nothing, whole), "{name}");

        // rows turned into partial results one by one, through a filter
        let states = call.groups().convert_to_state(&twice, Some(&filter)).unwrap();
        let mut merged = call.groups();
        merged.merge_batch(&states, &indices, 3).unwrap();
        let result = merged.evaluate(EmitTo::All).unwrap();
        assert_eq!(at(&result, 2), call.merged(&[filtered]), "{name}: filtered");
    });
}

/// What an aggregate says that it holds is what the memory limit sees: told too low the process is killed, told too high a question is
/// refused for which there is room.
#[test]
fn what_is_held_is_told() {
    const DURATIONS: [&str; 6] = ["cuminc", "cuminc_at", "event_time", "km_at", "km_quantile", "stay_quantiles"];
    const TIMES: usize = 200;
    for_every_aggregate(|name, call, rows, _| {
        let mut groups = call.groups();
        for _ in 0..TIMES {
            groups.update_batch(&rows, &[0; ROWS], None, 1).unwrap();
        }
        let told = groups.size();
        let state = groups.state(EmitTo::All).unwrap();
        let held = state[0].as_list::<i32>().values().len() * size_of::<f64>();
        assert!(told >= held, "{name}: {told} bytes told, {held} held");
        if DURATIONS.contains(&name) {
            assert!(told <= 2 * held, "{name}: {told} bytes told, {held} held");
        }
    });
}
