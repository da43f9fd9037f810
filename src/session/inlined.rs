//! Short texts without the buffers of the page that they were read from.
//!
//! A view of a text holds up to twelve bytes of it. Where a column has no buffers beside its views, texts are equal exactly if their views are, and arrow
//! compares, sorts and joins them so; the reader of Parquet hands on the buffers of its pages all the same. Nearly all texts
//! that queries compare are short: kinds, directions, statuses, numbers of deals and clients.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _};
use arrow::datatypes::DataType;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::passing::{Passes, PassingExec};

/// The rule that puts the operator above scans that read texts.
#[derive(Debug)]
pub(super) struct InlineTexts;

impl PhysicalOptimizerRule for InlineTexts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let has_texts = plan.schema().fields().iter().any(|field| *field.data_type() == DataType::Utf8View);
            Ok(match plan.is::<DataSourceExec>() && has_texts {
                true => Transformed::yes(PassingExec::above(&plan, Arc::new(Inline))),
                false => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "inline_texts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What hands on short texts alone, without buffers.
#[derive(Debug)]
struct Inline;

impl Passes for Inline {
    fn name(&self) -> &'static str {
        "InlineExec"
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batches = input.execute(partition, context)?;
        let schema = batches.schema();
        let is_text = |at: &usize| *schema.field(*at).data_type() == DataType::Utf8View;
        let mut texts: Vec<usize> = (0..schema.fields().len()).filter(is_text).collect();
        let inlined = batches.map(move |batch| inline(&batch?, &mut texts));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, inlined)))
    }

    fn anew(&self) -> Arc<dyn Passes> {
        Arc::new(Inline)
    }
}

/// The batch with these columns inlined where all of their texts are short. A column that has a long one is struck off: it will have more.
fn inline(batch: &RecordBatch, texts: &mut Vec<usize>) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    texts.retain(|at| match columns.get_mut(*at) {
        Some(column) => inlined(column).map(|short| *column = short).is_some(),
        None => false,
    });
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

/// The same texts without buffers; `None` where one of them is long.
fn inlined(column: &ArrayRef) -> Option<ArrayRef> {
    let texts = column.as_string_view();
    if texts.data_buffers().is_empty() {
        return Some(Arc::clone(column));
    }
    (texts.total_buffer_bytes_used() == 0).then(|| Arc::new(texts.gc()) as ArrayRef)
}

#[cfg(test)]
mod tests {
    use arrow::array::StringViewArray;

    use super::*;

    #[test]
    fn short_texts_lose_the_buffers_that_they_came_with() {
        let buffers = |batch: &RecordBatch, at: usize| batch.column(at).as_string_view().data_buffers().len();
        let long = "a text of more than twelve bytes";
        let kinds = StringViewArray::from_iter([Some(long), Some("call"), None, Some("twelve bytes")]);
        let names = StringViewArray::from_iter([Some("x"), Some(long), Some("x"), None]);
        let batch = RecordBatch::try_from_iter([("kind", Arc::new(kinds) as ArrayRef), ("name", Arc::new(names))]);
        let short = batch.unwrap().slice(1, 3);
        assert_eq!([0, 1].map(|at| buffers(&short, at)), [1, 1]);
        let mut texts = vec![0, 1];
        let inlined = inline(&short, &mut texts).unwrap();
        assert_eq!(inlined, short);
        assert_eq!([0, 1].map(|at| buffers(&inlined, at)), [0, 1]);
        assert_eq!(texts, [0]);
    }
}
