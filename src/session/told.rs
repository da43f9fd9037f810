//! What texts tell, remembered within a batch: of a column of names a few are told over and over.

use std::array::from_fn;

use arrow::array::{Array, StringViewArray};

/// So many rows of texts are remembered, each in the place that its views give it; a power of two.
const PLACES: usize = 512;

/// What the texts of `N` columns tell, within a batch: there, texts of one view are equal.
#[derive(Debug)]
pub(super) struct Told<const N: usize, T> {
    by_views: Vec<Option<([u128; N], T)>>,
}

impl<const N: usize, T: Copy> Default for Told<N, T> {
    fn default() -> Told<N, T> {
        Told { by_views: vec![None; PLACES] }
    }
}

impl<const N: usize, T: Copy> Told<N, T> {
    /// What the texts of a row tell; `None` where one is absent or empty.
    pub(super) fn of(
        &mut self,
        columns: [&StringViewArray; N],
        row: usize,
        tell: impl FnOnce([Option<&str>; N]) -> T,
    ) -> T {
        // an absent text is told as an empty one, whose view is zero
        let view = |column: &StringViewArray| if column.is_valid(row) { column.views()[row] } else { 0 };
        let views = columns.map(view);
        let place = &mut self.by_views[place(&views)];
        match place {
            Some((known, told)) if *known == views => *told,
            _ => {
                let told = tell(from_fn(|at| filled(columns[at], row)));
                *place = Some((views, told));
                told
            }
        }
    }
}

/// Fibonacci hashing (D. E. Knuth, "The Art of Computer Programming", vol. 3, §6.4) of both halves of each view.
fn place(views: &[u128]) -> usize {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let halves = views.iter().flat_map(|view| [*view as u64, (*view >> 64) as u64]);
    let mixed = halves.fold(0_u64, |mixed, half| (mixed.rotate_left(5) ^ half).wrapping_mul(GOLDEN));
    (mixed >> (u64::BITS - PLACES.trailing_zeros())) as usize
}

/// The text of a row; `None` where it is absent or empty.
pub(super) fn filled(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short and long texts, absent and empty ones, many more than there are places, in two columns of which the pair counts.
    #[test]
    fn texts_tell_what_they_tell_by_themselves() {
        let text = |row: usize| match row % 7 {
            0 => None,
            1 => Some(String::new()),
            2 => Some(format!("{}", row % 40)),
            _ => Some(format!("a longer name of a manager {}", row % 1900)),
        };
        let one: StringViewArray = (0..8000).map(text).collect();
        let other: StringViewArray = (0..8000).map(|row| text(row / 3)).collect();
        let length = |texts: [Option<&str>; 2]| texts.map(|text| text.map(str::len));
        let mut told = Told::default();
        let mut asked = 0;
        for row in 0..8000 {
            let texts = [filled(&one, row), filled(&other, row)];
            let tell = |given: [Option<&str>; 2]| {
                asked += 1;
                assert_eq!(given, texts);
                length(given)
            };
            assert_eq!(told.of([&one, &other], row, tell), length(texts), "{row}");
        }
        assert!(asked < 8000, "nothing was remembered");
    }
}
