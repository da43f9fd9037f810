//! The regulations that ship name only metrics that ship.

use voronka::metrics::Catalog;
use voronka::model::lang::Lang;
use voronka::regulation::{Known, Regulation, template};

#[test]
fn every_shipped_target_names_a_shipped_metric() {
    let catalog = Catalog::shipped();
    let metrics: Vec<_> = catalog.names().map(|name| catalog.get(name).unwrap()).collect();
    let known: Vec<Known<'_>> = metrics
        .iter()
        .map(|metric| Known {
            metric: &metric.name,
            columns: metric.columns.iter().map(|column| column.name.as_str()).collect(),
            dimensions: metric.dimensions.iter().map(String::as_str).collect(),
            further: metric.extra_dimensions,
        })
        .collect();
    let sample = include_str!("../sample_data/regulation.toml");
    for text in [sample, template(Lang::Ru), template(Lang::En)] {
        let regulation = Regulation::parse("regulation.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(!regulation.targets().is_empty());
        regulation.check_targets("regulation.toml", &known).unwrap_or_else(|problems| panic!("{problems}"));
    }
}
