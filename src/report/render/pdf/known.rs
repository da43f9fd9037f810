//! The numbers of the file's objects.

use pdf_writer::Ref;

/// Gives numbers to objects.
#[derive(Default)]
pub struct Refs {
    last: i32,
}

impl Refs {
    /// The next number.
    pub fn one(&mut self) -> Ref {
        self.last += 1;
        Ref::new(self.last)
    }

    /// So many.
    pub fn many(&mut self, count: usize) -> Vec<Ref> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// The numbers of what is referred to from elsewhere.
pub struct Known {
    /// The root of the structure.
    pub tree: Ref,
    /// The pages.
    pub pages: Vec<Ref>,
    /// The nodes of the structure.
    pub nodes: Vec<Ref>,
    /// The links; `None` where a link leads nowhere.
    pub links: Vec<Option<Ref>>,
}
