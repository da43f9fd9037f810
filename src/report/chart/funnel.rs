//! A funnel: a bar per stage split into advanced, still open, lost and unknown, with the conversion from the previous
//! stage.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate, sentence};
use super::sample::{names, texts};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::font;
use crate::report::render::draw::frame::{Mark, legend, name_column};
use crate::report::render::draw::palette::{BLUE, GREY, ORANGE, SHADE, SKY};
use crate::report::render::draw::picture::{Anchor, Color, Picture};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::{NONE, Numbers};

/// A funnel: a horizontal bar per stage, with the conversion from the stage before.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// Stage titles in order.
    pub stages: Vec<String>,
    /// How many reached each.
    pub reached: Vec<f64>,
    /// Of these, still open.
    pub open: Vec<f64>,
    /// Of these, lost.
    pub lost: Vec<f64>,
    /// Of these, gone from the export, or lost or open in an unknown stage: this one or a later one.
    pub unplaced: Vec<f64>,
    /// The share of the previous stage that came here; `None` if unknown.
    pub shares: Vec<Option<f64>>,
}

/// The columns of a funnel.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct FunnelEncoding {
    label: String,
    reached: String,
    open: String,
    lost: String,
    gone_on: Option<String>,
    share: Option<String>,
}

impl Kind for Funnel {
    const NAME: &'static str = "funnel";
    const KEYS: &'static str = "`label`, `value`, `open`, `lost`; `gone_on` (advanced; the rest of `value` stopped in an unknown \
                                 stage), `share` (of the stage before; computed if absent, a dash where the column is empty)";
    type Encoding = FunnelEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> FunnelEncoding {
        let column = |key: &str| asked.column(part, key);
        FunnelEncoding {
            label: column("label"),
            reached: column("value"),
            open: column("open"),
            lost: column("lost"),
            gone_on: asked.optional_column(part, "gone_on"),
            share: asked.optional_column(part, "share"),
        }
    }

    fn values(encoding: &FunnelEncoding) -> Vec<&str> {
        vec![&encoding.reached]
    }

    fn fill(encoding: &FunnelEncoding, view: &View<'_>) -> Filled<Funnel> {
        let (stages, reached) = (view.words(&encoding.label), view.filled(&encoding.reached));
        let (open, lost) = (view.filled(&encoding.open), view.filled(&encoding.lost));
        let unplaced = |gone_on: &String| {
            let on = view.filled(gone_on);
            (0..on.len()).map(|at| (reached[at] - on[at] - open[at] - lost[at]).max(0.0)).collect()
        };
        let unplaced = encoding.gone_on.as_ref().map_or_else(|| vec![0.0; reached.len()], unplaced);
        let of_previous = |at: usize| {
            let before = reached.get(at.checked_sub(1)?).filter(|before| **before > 0.0)?;
            Some(reached[at] / before)
        };
        let shares = encoding.share.as_ref().map(|share| view.numbers(share));
        let shares = shares.unwrap_or_else(|| (0..reached.len()).map(of_previous).collect());
        Funnel { stages, reached, open, lost, unplaced, shares }.into()
    }

    fn lengths(&self) -> Vec<Length> {
        let stages = self.stages.len();
        vec![
            Length::of("values of `reached`", &self.reached, stages),
            Length::of("values of `open`", &self.open, stages),
            Length::of("values of `lost`", &self.lost, stages),
            Length::of("values of `unplaced`", &self.unplaced, stages),
            Length::of("values of `shares`", &self.shares, stages),
        ]
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let stages = self.stages.iter().zip(&self.reached);
        let parts = stages.map(|(stage, reached)| format!("{stage} {}", numbers.exact(*reached, Unit::Count)));
        sentence(Text::new("Воронка", "Funnel").get(numbers.lang), parts)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let pick = |ru, en| numbers.lang.pick(ru, en);
        let has_unplaced = self.unplaced.iter().any(|n| *n > 0.0);
        let [on, open, lost, unplaced] = PARTS.map(|(ru, en)| pick(ru, en));
        let mut titles = vec![pick("дошли", "reached"), on, open, lost];
        titles.extend(has_unplaced.then_some(unplaced));
        let counts = titles.iter().map(|title| ((*title).to_owned(), Unit::Count));
        let first = (pick("Этап", "Stage").to_owned(), Unit::Text);
        let last = (pick("от предыдущего", "of the previous").to_owned(), Unit::Share);
        let columns: Vec<_> = [first].into_iter().chain(counts).chain([last]).collect();
        let row = |at: usize| {
            let (all, open, lost, unplaced) = (self.reached[at], self.open[at], self.lost[at], self.unplaced[at]);
            let mut row = vec![Cell::Text(self.stages[at].clone())];
            row.extend([all, all - open - lost - unplaced, open, lost].map(|n| data::cell(Some(n))));
            row.extend(has_unplaced.then(|| data::cell(Some(unplaced))));
            row.push(data::cell(self.shares[at].filter(|_| at > 0)));
            row
        };
        let bars = (2..columns.len() - 1).zip(COLORS).collect();
        let native = Native::Bars { bars, are_stacked: true, are_horizontal: true };
        ChartData { columns, rows: (0..self.stages.len()).map(row).collect(), native }
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.stages.iter_mut().collect()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Funnel)> {
        let stages = [
            ("Заявка", "Lead"),
            ("Квалификация", "Qualification"),
            ("Замер на объекте у клиента с выездом бригады", "On-site measurement with the crew at the client's"),
            ("Предложение", "Proposal"),
            ("Договор", "Contract"),
        ];
        let funnel = Funnel {
            stages: texts(t, &stages),
            reached: vec![12_480.0, 8_350.0, 4_120.0, 3_010.0, 1_540.0],
            open: vec![610.0, 540.0, 320.0, 410.0, 0.0],
            lost: vec![3_520.0, 3_690.0, 790.0, 1_060.0, 0.0],
            unplaced: vec![0.0; 5],
            shares: vec![
                None,
                Some(8_350.0 / 12_480.0),
                Some(4_120.0 / 8_350.0),
                Some(3_010.0 / 4_120.0),
                Some(1_540.0 / 3_010.0),
            ],
        };
        let of_one = Funnel {
            stages: names(2),
            reached: vec![3.0, 9_999_999.0],
            open: vec![5.0, 0.0],
            lost: vec![f64::NAN, 12.0],
            unplaced: vec![1.0, 0.0],
            shares: vec![None, Some(3_333_333.0)],
        };
        vec![("funnel", funnel), ("funnel-of-one", of_one)]
    }
}

/// Advanced, still open, lost, in an unknown stage.
const COLORS: [Color; 4] = [BLUE, SKY, GREY, ORANGE];

fn draw(sheet: &Sheet, funnel: &Funnel) -> Option<Picture> {
    let Funnel { stages, reached, open, lost, unplaced, shares } = funnel;
    let most = reached.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let mut picture = Picture::new(sheet.width);
    let parts = if unplaced.iter().any(|n| *n > 0.0) { 4 } else { 3 };
    let names = PARTS.into_iter().map(|(ru, en)| sheet.pick(ru, en)).zip(COLORS).take(parts);
    legend(sheet, &mut picture, &names.map(|(n, c)| (n.to_string(), Mark::Square(c))).collect::<Vec<_>>());

    let [count_head, share_head] = [sheet.pick("дошли", "reached"), sheet.pick("от пред.", "of prev.")];
    let column = |head: &str, texts: Vec<String>| {
        texts.iter().map(|t| font::width(t, sheet.size, true)).fold(font::width(head, sheet.size, false), f64::max)
            + 16.0
    };
    let counts: Vec<String> = reached.iter().map(|v| sheet.numbers.exact(*v, Unit::Count)).collect();
    let share = |(at, share): (usize, &Option<f64>)| match share {
        _ if at == 0 => String::new(),
        Some(share) => sheet.numbers.exact(*share, Unit::Share),
        None => NONE.to_owned(),
    };
    let shares: Vec<String> = shares.iter().enumerate().map(share).collect();
    let share_right = sheet.width;
    let count_right = share_right - column(share_head, shares.clone());
    let left = if sheet.narrow() { 0.0 } else { name_column(sheet, stages) };
    let right = if sheet.narrow() { sheet.width } else { count_right - column(count_head, counts.clone()) };

    let head = picture.height + sheet.size;
    picture.text(count_right, head, count_head, sheet.muted(Anchor::End));
    picture.text(share_right, head, share_head, sheet.muted(Anchor::End));
    let mut y = picture.height + sheet.size * 1.7;
    let thickness = if sheet.narrow() { 16.0 } else { 26.0 };
    for (i, stage) in stages.iter().enumerate() {
        let name_room = if sheet.narrow() { count_right - column(count_head, counts.clone()) } else { left - 12.0 };
        let name = font::fit(stage, name_room, sheet.size, false);
        let (name_x, anchor) = if sheet.narrow() { (0.0, Anchor::Start) } else { (left - 10.0, Anchor::End) };
        let baseline = if sheet.narrow() { y + sheet.size } else { y + thickness / 2.0 + sheet.size * 0.35 };
        picture.text(name_x, baseline, name, sheet.ink(anchor));
        picture.text(count_right, baseline, counts[i].as_str(), sheet.strong(Anchor::End));
        picture.text(share_right, baseline, shares[i].as_str(), sheet.ink(Anchor::End));
        if sheet.narrow() {
            y += sheet.size * 1.5;
        }
        picture.rect(left, y, right - left, thickness, SHADE);
        let parts = [reached[i] - open[i] - lost[i] - unplaced[i], open[i], lost[i], unplaced[i]];
        let mut x = left;
        for (part, color) in parts.into_iter().zip(COLORS) {
            let width = (part / most).max(0.0) * (right - left);
            picture.rect(x, y, width, thickness, color);
            x += width.max(0.0);
        }
        y += thickness + 9.0;
    }
    picture.height = y - 5.0;
    Some(picture)
}

/// The parts of a bar: advanced, still open, lost, in an unknown stage.
const PARTS: [(&str, &str); 4] = [
    ("прошли дальше", "went on"),
    ("ещё здесь", "still here"),
    ("потеряны", "lost"),
    ("пропали из выгрузки или где остановились, неизвестно", "gone from the export, or where they stopped is unknown"),
];
