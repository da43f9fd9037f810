//! Attributes the change of a share to groups: the change is split exactly among them. Pure functions.

/// Groups with less than this part of the whole change are not named.
const LEAST: f64 = 0.2;
/// How many groups are named at most.
const NAMED: usize = 2;
/// Tolerance of the sum check: if the parts do not add up to the change, the column is not a share of cases.
const EXACT: f64 = 1e-6;

/// A group with its share and cases, earlier and current; `None` if it has no row there.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The group in words.
    pub name: String,
    /// Earlier.
    pub then: Option<(f64, f64)>,
    /// Current.
    pub now: Option<(f64, f64)>,
}

/// The groups that caused a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The split, in words.
    pub by: String,
    /// The groups and their parts of the change, largest first.
    pub carried: Vec<(String, f64)>,
    /// The part of all other groups.
    pub others: f64,
}

impl Cause {
    /// The part of the change that the named groups explain.
    pub fn named(&self) -> f64 {
        self.carried.iter().map(|(_, part)| part.abs()).sum()
    }
}

/// Splits a change among groups, and names those with the largest parts that have at least `small` cases. `None` if
/// there is no such group, or if the groups' shares do not add up to the total.
///
/// With weight w = cases of the group / all cases and share p, a group's part is (p₁ − p₀)(w₀ + w₁)/2 + (w₁ − w₀)((p₀ +
/// p₁)/2 − (P₀ + P₁)/2): the effect of its own change plus the effect of its size. The parts sum to P₁ − P₀, because
/// the weights sum to one.
pub fn cause(by: String, parts: &[Part], change: f64, small: f64) -> Option<Cause> {
    let cases = |of: fn(&Part) -> Option<(f64, f64)>| parts.iter().filter_map(of).map(|(_, n)| n).sum::<f64>();
    let (then, now) = (|part: &Part| part.then, |part: &Part| part.now);
    let (all_then, all_now) = (cases(then), cases(now));
    if all_then <= 0.0 || all_now <= 0.0 {
        return None;
    }
    let whole = |of: fn(&Part) -> Option<(f64, f64)>, all: f64| {
        parts.iter().filter_map(of).map(|(share, n)| share * n / all).sum::<f64>()
    };
    let (share_then, share_now) = (whole(then, all_then), whole(now, all_now));
    if (share_now - share_then - change).abs() > EXACT {
        return None;
    }
    let part = |part: &Part| {
        // a group that is new or gone has no change of its own: only its size changed
        let (p0, n0) = part.then.or(part.now.map(|(share, _)| (share, 0.0)))?;
        let (p1, n1) = part.now.unwrap_or((p0, 0.0));
        let (w0, w1) = (n0 / all_then, n1 / all_now);
        let middle = (share_then + share_now) / 2.0;
        Some(((p1 - p0) * (w0 + w1) / 2.0 + (w1 - w0) * ((p0 + p1) / 2.0 - middle), n0.min(n1)))
    };
    let mut carried: Vec<(String, f64)> = Vec::new();
    for one in parts {
        let Some((of_change, cases)) = part(one) else { continue };
        if cases >= small && of_change / change >= LEAST {
            carried.push((one.name.clone(), of_change));
        }
    }
    carried.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    carried.truncate(NAMED);
    let others = change - carried.iter().map(|(_, part)| part).sum::<f64>();
    (!carried.is_empty()).then_some(Cause { by, carried, others })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, then: Option<(f64, f64)>, now: Option<(f64, f64)>) -> Part {
        Part { name: name.into(), then, now }
    }

    /// All cases of the parts as one share each, earlier and current.
    fn change(parts: &[Part]) -> f64 {
        let share = |of: fn(&Part) -> Option<(f64, f64)>| {
            let all: Vec<(f64, f64)> = parts.iter().filter_map(of).collect();
            all.iter().map(|(share, n)| share * n).sum::<f64>() / all.iter().map(|(_, n)| n).sum::<f64>()
        };
        share(|part| part.now) - share(|part| part.then)
    }

    #[test]
    fn the_group_that_fell_carried_the_fall() {
        let parts = [
            part("South", Some((0.8, 100.0)), Some((0.2, 100.0))),
            part("North", Some((0.8, 300.0)), Some((0.81, 300.0))),
        ];
        let whole = change(&parts);
        let found = cause("branch".into(), &parts, whole, 30.0).unwrap();
        assert_eq!(found.carried.len(), 1);
        assert_eq!(found.carried[0].0, "South");
        assert!((found.carried[0].1 + 0.15).abs() < 1e-12, "{found:?}");
        assert!((found.named() - 0.15).abs() < 1e-12 && (found.others - 0.0075).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_group_that_grew_carries_what_its_size_changed() {
        // nobody became worse: there are more of the worse
        let parts = [
            part("good", Some((0.9, 300.0)), Some((0.9, 100.0))),
            part("bad", Some((0.1, 100.0)), Some((0.1, 300.0))),
            part("new", None, Some((0.5, 40.0))),
        ];
        let whole = change(&parts);
        let found = cause("source".into(), &parts, whole, 30.0).unwrap();
        let sum: f64 = found.carried.iter().map(|(_, part)| part).sum();
        assert!((sum + found.others - whole).abs() < 1e-12);
        assert!(found.carried.iter().any(|(name, _)| name == "bad"), "{found:?}");
        // what was not there before is too small to be judged
        assert!(found.carried.iter().all(|(name, _)| name != "new"));
    }

    #[test]
    fn small_groups_and_what_does_not_add_up_are_silent() {
        let parts = [
            part("small", Some((0.9, 20.0)), Some((0.1, 20.0))),
            part("large", Some((0.5, 200.0)), Some((0.5, 200.0))),
        ];
        let whole = change(&parts);
        assert_eq!(cause("branch".into(), &parts, whole, 30.0), None);
        assert!(cause("branch".into(), &parts, whole, 10.0).is_some());
        assert_eq!(cause("branch".into(), &parts, whole * 2.0, 10.0), None);
        assert_eq!(cause("branch".into(), &[], 0.1, 10.0), None);
    }
}
