//! The mappings that ship: one for each kind of export whose shape is known, chosen by the header.

use chrono_tz::Tz;
use include_dir::{Dir, include_dir};

use super::Mapping;
use crate::export::values::personal::Personal;
use crate::model::problem::Problems;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// The names of the presets and their files, in order.
pub fn shipped() -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> =
        SHIPPED.files().filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?))).collect();
    files.sort_unstable();
    files
}

impl Mapping {
    /// All that ship as one mapping. Times are in `zone`: a vendor's export says nothing of it.
    pub fn presets(zone: Tz) -> Result<Mapping, Problems> {
        let mut exports = Vec::new();
        for (name, text) in shipped() {
            exports.extend(Mapping::read(&format!("preset {name}"), text, Some(zone))?.exports);
        }
        Ok(Mapping { file: Mapping::PRESETS.to_owned(), personal: Personal::Hash, exports })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_sound_mapping_of_its_own_name() {
        let presets = Mapping::presets(Tz::Europe__Moscow).unwrap_or_else(|problems| panic!("{problems}"));
        let mut names: Vec<&str> = presets.exports().map(|(name, _)| name).collect();
        assert!(names.len() >= 17, "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), presets.exports().count(), "two of one name");
        // a preset is recognised by what it cannot do without
        for export in &presets.exports {
            let needed = export.wanted().filter(|wanted| !wanted.optional).count();
            assert!(needed >= 3, "`{}` is recognised by {needed} columns", export.name);
        }
    }
}
