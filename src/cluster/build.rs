//! What a build of this program is to the others of a cluster: only alike ones work together.

use serde::{Deserialize, Serialize};

use crate::functions::Functions;
use crate::model::calendar::Calendar;
use crate::model::lang::Text;
use crate::store::fingerprint;

/// What is sent between nodes changes with this number.
const PROTOCOL: u32 = 1;

/// What must be alike on all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Build {
    /// The version of this program.
    voronka: String,
    /// What is sent between nodes.
    protocol: u32,
    ballista: String,
    datafusion: String,
    /// The names of our functions, and what they take.
    functions: String,
}

impl Build {
    /// The build that runs.
    pub fn own() -> Build {
        Build {
            voronka: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            ballista: ballista_core::BALLISTA_VERSION.to_owned(),
            datafusion: datafusion::DATAFUSION_VERSION.to_owned(),
            functions: functions(),
        }
    }

    /// On one line, as it is sent.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A build as it was sent.
    pub fn read(line: &str) -> Option<Build> {
        serde_json::from_str(line).ok()
    }

    /// In what the two differ: what it is here and there. `None` if they are alike.
    pub fn differs(&self, other: &Build) -> Option<Text> {
        let fields = |build: &Build| {
            let Build { voronka, protocol, ballista, datafusion, functions } = build.clone();
            [voronka, protocol.to_string(), ballista, datafusion, functions]
        };
        let names = ["Voronka", "протокол", "Ballista", "DataFusion", "список функций"].into_iter();
        let names = names.zip(["Voronka", "protocol", "Ballista", "DataFusion", "list of functions"]);
        let (mut ru, mut en) = (Vec::new(), Vec::new());
        for ((own, its), (in_russian, in_english)) in fields(self).into_iter().zip(fields(other)).zip(names) {
            if own != its {
                ru.push(format!("{in_russian}: здесь {own}, там {its}"));
                en.push(format!("{in_english}: {own} here, {its} there"));
            }
        }
        (!en.is_empty()).then(|| Text::new(ru.join("; "), en.join("; ")))
    }
}

/// A name for the list of our functions.
fn functions() -> String {
    let any = Calendar::of_zone(chrono_tz::UTC);
    let Functions { scalars, aggregates } = Functions::all(&any, &any);
    let of_rows = scalars.iter().map(|function| format!("{} {:?}", function.name(), function.signature()));
    let of_groups = aggregates.iter().map(|function| format!("{} {:?}", function.name(), function.signature()));
    fingerprint(&of_rows.chain(of_groups).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_read_as_it_was_sent_and_another_is_told_apart() {
        let own = Build::own();
        assert_eq!(Build::read(&own.line()).unwrap(), own);
        assert_eq!(own.differs(&own), None);
        let other = Build { voronka: "9.9.9".to_owned(), functions: "x".to_owned(), ..own.clone() };
        let told = own.differs(&other).unwrap();
        assert!(told.en.contains("9.9.9 there") && told.en.contains("list of functions"), "{}", told.en);
        assert!(told.ru.contains("там 9.9.9") && told.ru.contains("список функций"), "{}", told.ru);
    }
}
