//! `seeded(seed, key)`: a number that looks random and never changes, to draw samples by.

use std::sync::Arc;

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::arguments::{Argument, coerce};

/// `seeded`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Seeded {
    signature: Signature,
}

impl Default for Seeded {
    fn default() -> Seeded {
        Seeded { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

/// A number from 0 to below 1: the top 53 bits of the 64-bit XXH3 hash of the key's UTF-8 bytes, the seed's bits being
/// XXH3's own seed, divided by 2⁵³.
///
/// It is the same on every machine and in every version to come: samples that were drawn stay drawn.
pub fn seeded(seed: i64, key: &str) -> f64 {
    let hash = xxh3_64_with_seed(key.as_bytes(), seed as u64);
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

impl ScalarUDFImpl for Seeded {
    fn name(&self) -> &str {
        "seeded"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce("seeded", "(seed, key), an integer and text", [Argument::Whole, Argument::Word].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let (seeds, keys) = (columns[0].as_primitive::<Int64Type>(), columns[1].as_string::<i32>());
        let drawn = seeds.iter().zip(keys).map(|(seed, key)| seed.zip(key).map(|(seed, key)| seeded(seed, key)));
        Ok(ColumnarValue::Array(Arc::new(drawn.collect::<Float64Array>())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::statistics::golden;
    use super::*;

    /// If this fails, the samples of every company have changed: do not mend the numbers.
    #[test]
    fn it_never_changes() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../tests/oracles/seeded.csv")) {
            let (seed, drawn) = (cells[0].parse().unwrap(), cells[2].parse::<f64>().unwrap());
            assert_eq!(seeded(seed, cells[1]), drawn, "{seed} {}", cells[1]);
            cases += 1;
        }
        assert!(cases > 40);
        assert_eq!(seeded(7, "deal-1"), 0.6597181605362707);
    }

    #[test]
    fn it_fills_the_interval_evenly() {
        let drawn: Vec<f64> = (0..10_000).map(|i| seeded(42, &format!("deal-{i}"))).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x)));
        // about 1000 in each tenth, with a standard deviation of 30
        for tenth in 0..10 {
            let within = drawn.iter().filter(|x| (**x * 10.0) as i32 == tenth).count();
            assert!((880..1120).contains(&within), "tenth {tenth}: {within}");
        }
        let another = (0..10_000).filter(|i| seeded(43, &format!("deal-{i}")) < drawn[*i as usize]).count();
        assert!((4800..5200).contains(&another), "{another}");
    }
}
