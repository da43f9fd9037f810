//! Shares: numbers from 0 to 1, which exports write as percentages too.

use super::column_plan::ColumnPlan;
use super::reason;
use super::row::Refused;
use crate::model::lang::Text;

impl ColumnPlan {
    /// A number that is no share: where it may be a percentage, the whole column is written so.
    pub(super) fn above_one(&self, cell: Option<usize>, text: &str, number: f64) -> Refused {
        let refused = self.refuse(cell, text, reason::no_share());
        match (1.0..=100.0).contains(&number) {
            true => {
                let way_out = Text::new(
                    "если в столбце проценты (60 — это 60 %), скажите это в маппинге: percent = true",
                    "if the column holds percentages (60 is 60 %), say so in the mapping: percent = true",
                );
                Refused { whole_column: Some(Box::new(way_out)), ..refused }
            }
            false => refused,
        }
    }
}
