//! Parts of the regulation.

use super::Builder;
use crate::report::definition;
use crate::report::document::Block;
use crate::report::missing::Gap;
use crate::report::norms::norms;

impl Builder<'_> {
    /// A part of the regulation, and how it is now.
    pub(super) async fn norms(&mut self, part: &definition::Norms) -> Vec<Block> {
        let title = self.say.text(&part.title);
        let made = norms(&mut self.inputs, self.say, part).await;
        let mut blocks = made.blocks;
        if blocks.is_empty() {
            blocks.push(Block::Text(self.say.not_stated(title)));
        }
        // the cell says what is missing: a notice would say it again
        self.gaps.extend(made.missing.into_iter().map(|missing| Gap { title: title.to_owned(), missing }));
        blocks
    }
}
