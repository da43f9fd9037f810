//! A column as it is kept: what recurs takes little room.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, StringViewArray, UInt8Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::common::Result;

/// Of so many words at most, a number of one byte says which it is.
const WORDS: usize = 1 << u8::BITS;

/// One batch of a column.
#[derive(Debug, Clone)]
pub(super) enum Column {
    /// As it was read.
    Array(ArrayRef),
    /// Texts of few words, such as the names of stages: the words, and which of them each row has.
    Words { numbers: UInt8Array, words: StringViewArray },
    /// So many rows without a value.
    Nothing(DataType, usize),
}

impl Column {
    pub(super) fn kept(array: ArrayRef) -> Column {
        if array.null_count() == array.len() {
            return Column::Nothing(array.data_type().clone(), array.len());
        }
        let Some(texts) = array.as_string_view_opt() else { return Column::Array(array) };
        let (mut known, mut words) = (BTreeMap::new(), Vec::new());
        let mut numbers = Vec::with_capacity(texts.len());
        for text in texts {
            let number = text.map(|text| {
                *known.entry(text).or_insert_with(|| {
                    words.push(text);
                    words.len() - 1
                })
            });
            // without the buffers of the page, which hold the texts of other rows too
            if words.len() > WORDS {
                return Column::Array(Arc::new(texts.gc()));
            }
            numbers.push(number.map(|number| number as u8));
        }
        Column::Words { numbers: numbers.into(), words: StringViewArray::from_iter_values(words) }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Column::Array(array) => array.len(),
            Column::Words { numbers, .. } => numbers.len(),
            Column::Nothing(_, rows) => *rows,
        }
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Column::Array(array) => array.get_array_memory_size(),
            Column::Words { numbers, words } => numbers.get_array_memory_size() + words.get_array_memory_size(),
            Column::Nothing(..) => size_of::<Column>(),
        }
    }

    /// So many rows from one on, as they were read.
    pub(super) fn rows(&self, from: usize, rows: usize) -> Result<ArrayRef> {
        Ok(match self {
            Column::Array(array) => array.slice(from, rows),
            Column::Words { numbers, words } => take(words, &numbers.slice(from, rows), None)?,
            Column::Nothing(of, _) => new_null_array(of, rows),
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn a_column_is_given_back_as_it_was_read() {
        let long = |n: usize| format!("the name of a manager, {n}");
        let texts = |words: usize| {
            let text = |n: usize| {
                (!n.is_multiple_of(7))
                    .then(|| if n.is_multiple_of(2) { long(n % words) } else { format!("{}", n % words) })
            };
            Arc::new(StringViewArray::from_iter((0..2000).map(text))) as ArrayRef
        };
        let nested = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        let arrays: [(ArrayRef, bool); 8] = [
            (texts(1), true),
            (texts(100), true),
            (texts(1999), false),
            (Arc::new(StringViewArray::from_iter((0..256).map(|n| Some(n.to_string())))), true),
            (Arc::new(StringViewArray::from_iter((0..257).map(|n| Some(n.to_string())))), false),
            (Arc::new(StringViewArray::from_iter(std::iter::empty::<Option<String>>())), false),
            (Arc::new(Int64Array::from_iter([Some(1), None, Some(3)])), false),
            (Arc::new(nested), false),
        ];
        for (array, are_words) in arrays {
            let kept = Column::kept(Arc::clone(&array));
            assert_eq!(matches!(kept, Column::Words { .. }), are_words, "{array:?}");
            assert_eq!(kept.len(), array.len());
            for (from, rows) in [(0, array.len()), (array.len() / 2, array.len() / 3), (array.len(), 0)] {
                assert_eq!(&kept.rows(from, rows).unwrap(), &array.slice(from, rows));
            }
            if are_words {
                assert!(kept.bytes() * 2 < array.get_array_memory_size() || array.len() < 1000, "{}", kept.bytes());
            }
        }
        let nothing = new_null_array(&DataType::Utf8View, 8192);
        let kept = Column::kept(Arc::clone(&nothing));
        assert!(kept.bytes() < 1000 && kept.rows(8000, 192).unwrap() == nothing.slice(0, 192));
    }
}
