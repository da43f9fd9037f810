//! `stage_place(stage)`: where a stage stands in the funnel of the regulation.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use crate::regulation::{Stage, Terminal};

/// The function: `Struct<position, terminal, parking>`, as the table `stages` has them; all null for a stage that the regulation does not know.
///
/// A join with `stages` says the same, and copies every other column of the row, lists included.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct StagePlace {
    judge: Arc<Judge>,
    signature: Signature,
}

impl StagePlace {
    pub(super) fn new(judge: Arc<Judge>) -> StagePlace {
        StagePlace { judge, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for StagePlace {
    fn name(&self) -> &str {
        "stage_place"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let names = args.args[0].to_array(args.number_rows)?;
        let names = cast(&names, &DataType::Utf8View)?;
        Ok(ColumnarValue::Array(places(names.as_string_view(), self.judge.regulation.stages())?))
    }
}

fn fields() -> Fields {
    vec![
        Field::new("position", DataType::Int64, true),
        Field::new("terminal", DataType::Utf8View, true),
        Field::new("parking", DataType::Boolean, true),
    ]
    .into()
}

fn places(names: &StringViewArray, stages: &[Stage]) -> Result<ArrayRef> {
    // one after the other, most deals stand in few stages
    let mut last: Option<&Stage> = None;
    let mut found = |name: Option<&str>| {
        let name = name?;
        if last.is_none_or(|stage| stage.id != name) {
            last = stages.iter().find(|stage| stage.id == name);
        }
        last
    };
    let of: Vec<Option<&Stage>> = names.iter().map(&mut found).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(of.iter().map(|stage| stage.map(|stage| stage.position)).collect::<Int64Array>()),
        Arc::new(
            of.iter()
                .map(|stage| stage.and_then(|stage| stage.terminal.map(Terminal::name)))
                .collect::<StringViewArray>(),
        ),
        Arc::new(of.iter().map(|stage| stage.map(|stage| stage.parking)).collect::<BooleanArray>()),
    ];
    Ok(Arc::new(StructArray::try_new(fields(), columns, None)?))
}
