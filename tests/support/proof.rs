//! The smallest company: three stages and a working week.

/// Its regulation.
pub const REGULATION: &str = r#"
company = { name = "Proof", currency = "RUB", time_zone = "UTC", language = "en" }
schedule = { mon = "09:00-18:00", tue = "09:00-18:00", wed = "09:00-18:00", thu = "09:00-18:00", fri = "09:00-18:00", sat = "off", sun = "off" }
response = { sla = "30m", buckets = ["15m", "1h"] }
[[stage]]
id = "offer"
title = { ru = "Offer", en = "Offer" }
qualified = true
[[stage]]
id = "won"
title = { ru = "Won", en = "Won" }
terminal = "won"
[[stage]]
id = "lost"
title = { ru = "Lost", en = "Lost" }
terminal = "lost"
"#;
