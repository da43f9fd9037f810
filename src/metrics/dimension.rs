//! The dimensions by which metrics may be split.

use crate::model::lang::Text;

/// Dimensions that need no extra column.
pub(super) const DIMENSIONS: [&str; 10] =
    ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest"];

/// What a dimension is called; a further column of deals by its name.
pub fn title(name: &str) -> Text {
    let (ru, en) = match name {
        "source" => ("Источник", "Source"),
        "contractor" => ("Подрядчик", "Contractor"),
        "campaign" => ("Кампания", "Campaign"),
        "manager" => ("Менеджер", "Manager"),
        "branch" => ("Филиал", "Branch"),
        "pipeline" => ("Воронка", "Pipeline"),
        "team" => ("Отдел", "Team"),
        "supervisor" => ("Руководитель", "Supervisor"),
        "promo" => ("Акция", "Promotion"),
        "interest" => ("Интерес", "Interest"),
        other => (other, other),
    };
    Text::new(ru, en)
}
