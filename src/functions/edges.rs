//! What must hold for every function, whatever it is asked: it refuses, or gives null or a number. None gives infinity or NaN, none
//! panics, none runs for ever. Driven by the one list: a function that is not named here fails.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::Functions;
use super::laws::{Call, ROWS, example};
use super::sql_tests::moscow;

/// Numbers at which arithmetic breaks.
const NUMBERS: [Option<f64>; 22] = [
    None,
    Some(f64::NAN),
    Some(f64::INFINITY),
    Some(f64::NEG_INFINITY),
    Some(0.0),
    Some(-0.0),
    Some(1.0),
    Some(-1.0),
    Some(0.5),
    Some(2.0),
    Some(3.0),
    Some(40.0),
    Some(1e6),
    Some(1e9),
    Some(1e15),
    Some(1e18),
    Some(1e154),
    Some(1e300),
    Some(f64::MAX),
    Some(f64::MIN),
    Some(f64::MIN_POSITIVE),
    Some(5e-324),
];

/// Days at which calendars break, from 1970.
const DAYS: [Option<i32>; 14] = [
    None,
    Some(i32::MIN),
    Some(-719_162), // 0001-01-01
    Some(-25_567),  // 1900-01-01
    Some(-4),
    Some(-1),
    Some(0),
    Some(4),
    Some(20_000),
    Some(29_219),    // 2049-12-31
    Some(47_481),    // 2099-12-31
    Some(2_932_896), // 9999-12-31
    Some(90_000_001),
    Some(i32::MAX),
];

/// How the arguments of a function of a row are typed, a bar between several ways: n number, d day, t instant, w word, i whole number, l list of numbers.
fn arguments(name: &str) -> &'static str {
    match name {
        "local_day" | "local_week" | "local_month" | "is_day" | "ends_at" => "d|t",
        "minutes_between" | "working_minutes" | "working_days" | "contact_minutes" => "dd|tt",
        "working_due" => "dn|tn",
        "in_working_hours" | "in_contact_hours" => "t",
        "period_starts" | "period_until" => "w",
        "period_name" => "ww",
        "seeded" => "iw",
        "product_change" => "ll",
        "normal_p" => "n",
        "wilson_low" | "wilson_high" | "beta_low" | "beta_high" | "chi_squared_p" => "nn",
        "p_two_shares" | "newcombe_low" | "newcombe_high" => "nnnn",
        "gamma_gamma_expected" => "nnnnn",
        "bgnbd_alive" => "nnnnnnn",
        "bgnbd_expected" => "nnnnnnnn",
        other => panic!("{other} is not in edges.rs"),
    }
}

/// Every edge of an argument, a row each.
fn edges(kind: char) -> ArrayRef {
    let instants = || {
        let days = DAYS.iter().map(|day| day.map(|day| i64::from(day).saturating_mul(86_400_000_000)));
        days.chain([Some(i64::MIN), Some(i64::MAX), Some(-1), Some(1)])
    };
    match kind {
        'n' => Arc::new(Float64Array::from(NUMBERS.to_vec())),
        'd' => Arc::new(Date32Array::from(DAYS.to_vec())),
        't' => Arc::new(instants().collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        'i' => Arc::new(Int64Array::from(vec![None, Some(i64::MIN), Some(i64::MAX), Some(-1), Some(0), Some(7)])),
        'w' => Arc::new(StringArray::from(vec![
            None,
            Some(""),
            Some("deal-1"),
            Some("\u{0}"),
            Some("2025-W01"),
            Some("2025"),
            Some("2025-Q1"),
            Some("ru"),
        ])),
        _ => {
            let lists = NUMBERS.iter().flat_map(|number| {
                let others = [Some(1.0), Some(-1e200), Some(1e-200)];
                [Some(vec![]), Some(vec![*number]), Some([&others[..], &[*number]].concat()), Some(vec![*number; 8])]
            });
            let lists = lists.chain([None]);
            Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists))
        }
    }
}

fn is_sound(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite),
        DataType::List(_) => array.as_list::<i32>().iter().flatten().all(|list| is_sound(&list)),
        DataType::Struct(_) => array.as_struct().columns().iter().all(is_sound),
        _ => true,
    }
}

/// Asks about one row, as batches do: one wrong row would end a whole batch.
fn ask(function: &ScalarUDF, row: &[ArrayRef]) -> Option<ArrayRef> {
    let given: Vec<DataType> = row.iter().map(|column| column.data_type().clone()).collect();
    assert_eq!(function.coerce_types(&given).unwrap(), given, "{}: not in its types", function.name());
    let result = function.return_type(&given).unwrap();
    let answer = function.invoke_with_args(ScalarFunctionArgs {
        args: row.iter().map(|column| ColumnarValue::Array(Arc::clone(column))).collect(),
        arg_fields: given.iter().map(|of| Arc::new(Field::new("x", of.clone(), true))).collect(),
        number_rows: 1,
        return_field: Arc::new(Field::new("result", result.clone(), true)),
        config_options: Arc::new(ConfigOptions::default()),
    });
    let answer = answer.ok()?.into_array(1).unwrap();
    assert_eq!((answer.len(), answer.data_type()), (1, &result), "{}", function.name());
    Some(answer)
}

#[test]
fn functions_of_a_row_refuse_or_give_a_number() {
    let functions = Functions::all(&moscow(), &moscow()).scalars;
    let ways = |function: &ScalarUDF| arguments(function.name()).split('|').collect::<Vec<_>>();
    for (function, way) in
        functions.iter().flat_map(|function| ways(function).into_iter().map(move |way| (function, way)))
    {
        let edges: Vec<ArrayRef> = way.chars().map(edges).collect();
        let combinations: usize = edges.iter().map(|of| of.len()).product();
        let (asked, mut state) = (combinations.min(6000), 1_u64);
        let mut answered = 0;
        for at in 0..asked {
            // all of them where they are few, else some by a generator (D. E. Knuth's constants)
            let mut place = at;
            let mut pick = |of: &ArrayRef| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let one = if combinations > asked { (state >> 33) as usize } else { place };
                place /= of.len();
                of.slice(one % of.len(), 1)
            };
            let row: Vec<ArrayRef> = edges.iter().map(&mut pick).collect();
            let Some(answer) = ask(function, &row) else { continue };
            answered += usize::from(answer.is_valid(0));
            assert!(is_sound(&answer), "{}{row:?} gives {answer:?}", function.name());
            // nothing known, nothing said
            let is_null = row.iter().all(|column| column.is_null(0));
            assert!(!is_null || answer.is_null(0), "{} of nulls", function.name());
        }
        assert!(answered > 2, "{} answered {answered} times", function.name());
    }
}

/// The column with every number changed; other columns stay.
fn changed(column: &ArrayRef, change: &dyn Fn(usize, f64) -> f64) -> ArrayRef {
    match column.data_type() {
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>().iter().enumerate();
            Arc::new(numbers.map(|(at, number)| number.map(|number| change(at, number))).collect::<Float64Array>())
        }
        _ => Arc::clone(column),
    }
}

type Change = (&'static str, fn(usize, f64) -> f64);

const CHANGES: [Change; 18] = [
    ("as it is", |_, x| x),
    ("e10", |_, x| x * 1e10),
    ("e100", |_, x| x * 1e100),
    ("e160", |_, x| x * 1e160),
    ("e300", |_, x| x * 1e300),
    ("e306", |_, x| x * 1e306),
    ("e-10", |_, x| x * 1e-10),
    ("e-160", |_, x| x * 1e-160),
    ("e-320", |_, x| x * 1e-320),
    ("nothing", |_, _| 0.0),
    ("ones", |_, _| 1.0),
    ("largest", |_, _| f64::MAX),
    ("negative", |_, x| -x),
    ("backwards", |at, x| x - 2.0 * at as f64),
    ("one huge", |at, x| if at == 17 { 1e300 } else { x }),
    ("one infinite", |at, x| if at == 17 { f64::INFINITY } else { x }),
    ("one no number", |at, x| if at == 17 { f64::NAN } else { x }),
    ("growing", |at, x| x * 10_f64.powi(at as i32 * 7 - 100)),
];

#[test]
fn aggregates_refuse_or_give_numbers() {
    for function in Functions::all(&moscow(), &moscow()).aggregates {
        let rows = example(function.name());
        let call = Call::new(&function, &rows);
        let mut answered = 0;
        // each column changed by itself, and all of them at once; of groups of every small size
        for (what, change) in CHANGES {
            for which in 0..=rows.len() {
                for size in [0, 1, 2, 3, 4, 12, ROWS] {
                    let some: Vec<ArrayRef> = rows
                        .iter()
                        .enumerate()
                        .map(|(at, column)| match at == which || which == rows.len() {
                            true => changed(column, &change).slice(0, size),
                            false => column.slice(0, size),
                        })
                        .collect();
                    let mut one = call.one();
                    if one.update_batch(&some).is_err() {
                        continue;
                    }
                    let Ok(answer) = one.evaluate() else { continue };
                    answered += 1;
                    let answer = answer.to_array().unwrap();
                    assert!(is_sound(&answer), "{}: {size} rows, {what} in {which}: {answer:?}", function.name());
                }
            }
        }
        assert!(answered > 50, "{} answered {answered} times", function.name());
    }
}
