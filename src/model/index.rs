//! Places in memory as 32 bits: rows, cells and lengths are held by the million.

/// The place as 32 bits.
///
/// # Panics
///
/// Above 4,294,967,295: a smaller number would name another row. Buckets and the limits of a row hold places far below that.
pub(crate) fn index_u32(place: usize) -> u32 {
    match u32::try_from(place) {
        Ok(index) => index,
        Err(_) => panic!("{place} places in one piece of memory: more than 32 bits count"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_has_an_index() {
        assert_eq!(index_u32(u32::MAX as usize), u32::MAX);
    }

    #[test]
    #[should_panic(expected = "4294967296 places")]
    fn no_place_takes_the_index_of_another() {
        index_u32(u32::MAX as usize + 1);
    }
}
