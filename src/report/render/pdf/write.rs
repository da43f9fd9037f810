//! The file: pages, fonts, structure, bookmarks and what is said of the document, as the objects of a PDF.

use chrono::{Datelike, NaiveDate};
use pdf_writer::types::{ActionType, AnnotationFlags, AnnotationType, TabOrder};
use pdf_writer::writers::Destination;
use pdf_writer::{Date, Filter, Finish, Name, Pdf, Rect, Ref, Settings, Str, TextStr};
use xmp_writer::{DateTime, LangId, Timezone, XmpWriter};

use super::embed::embed;
use super::face::Fonts;
use super::flow::Bookmark;
use super::known::{Known, Refs};
use super::packed::packed;
use super::sheets::{Link, Sheets, Target, font_name, opacity_name};
use super::structure::{key, structure};
use crate::report::render::error::RenderError;

const PROGRAM: &str = concat!("Voronka ", env!("CARGO_PKG_VERSION"));

/// What is said of the document.
pub struct About<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its language: `ru`, `en`.
    pub lang: &'a str,
    /// The day that it is for.
    pub day: NaiveDate,
}

/// The bytes of the file.
pub fn file(
    about: &About<'_>,
    sheets: &Sheets<'_>,
    bookmarks: &[Bookmark],
    fonts: &Fonts,
) -> Result<Vec<u8>, RenderError> {
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    pdf.set_version(1, 7);
    let mut refs = Refs::default();
    let (catalog, tree, info, xmp) = (refs.one(), refs.one(), refs.one(), refs.one());
    let (page_tree, resources) = (refs.one(), refs.one());
    let live = |target: &Target| match target {
        Target::Place(name) => sheets.places.contains_key(name),
        Target::Web(_) => true,
    };
    let known = Known {
        tree,
        pages: refs.many(sheets.pages.len()),
        nodes: refs.many(sheets.tags.0.len()),
        links: sheets.links.iter().map(|link| live(&link.target).then(|| refs.one())).collect(),
    };
    let outline = outline(&mut pdf, &mut refs, &known, sheets, bookmarks);
    let mut root = pdf.catalog(catalog);
    root.pages(page_tree).metadata(xmp).lang(TextStr(about.lang));
    root.viewer_preferences().display_doc_title(true);
    root.mark_info().marked(true);
    root.pair(Name(b"StructTreeRoot"), tree);
    if let Some(outline) = outline {
        root.outlines(outline);
    }
    root.finish();
    tell(&mut pdf, about, info, xmp);
    pages(&mut pdf, &mut refs, &known, sheets, (page_tree, resources));
    links(&mut pdf, &known, sheets);
    structure(&mut pdf, &mut refs, &known, sheets);
    let embedded = embed(&mut pdf, &mut refs, &sheets.used, fonts)?;
    let mut dict = pdf.indirect(resources).dict();
    let mut list = dict.insert(Name(b"Font")).dict();
    for (number, font) in embedded {
        list.pair(Name(font_name(number).as_bytes()), font);
    }
    list.finish();
    let mut states = dict.insert(Name(b"ExtGState")).dict();
    for hundredths in &sheets.opacities {
        let part = f32::from(*hundredths) / 100.0;
        let mut state = states.insert(Name(opacity_name(*hundredths).as_bytes())).dict();
        state.pair(Name(b"ca"), part).pair(Name(b"CA"), part);
    }
    states.finish();
    dict.finish();
    Ok(pdf.finish())
}

/// Title, day and program, for viewers, and that the file keeps to PDF/UA-1.
fn tell(pdf: &mut Pdf, about: &About<'_>, info: Ref, xmp: Ref) {
    let year = u16::try_from(about.day.year()).unwrap_or_default();
    let (month, day) = (about.day.month() as u8, about.day.day() as u8);
    let date = Date::new(year).month(month).day(day).hour(0).minute(0).second(0).utc_offset_hour(0);
    let mut told = pdf.document_info(info);
    told.title(TextStr(about.title)).creator(TextStr(PROGRAM)).producer(TextStr(PROGRAM));
    told.creation_date(date).modified_date(date);
    told.finish();
    let date = DateTime::new(year, month, day, 0, 0, 0, Timezone::Utc);
    let mut told = XmpWriter::new();
    told.title([(Some(LangId("x-default")), about.title), (Some(LangId(about.lang)), about.title)]);
    told.language([LangId(about.lang)]).format("application/pdf");
    told.creator_tool(PROGRAM).producer(PROGRAM).create_date(date).modify_date(date).pdfua_part(1);
    let told = told.finish(None);
    pdf.metadata(xmp, told.as_bytes());
}

/// The pages, with what is drawn on them.
fn pages(pdf: &mut Pdf, refs: &mut Refs, known: &Known, sheets: &Sheets<'_>, (tree, resources): (Ref, Ref)) {
    pdf.pages(tree).kids(known.pages.iter().copied()).count(key(known.pages.len()));
    for (number, page) in sheets.pages.iter().enumerate() {
        let content = refs.one();
        let on_it = sheets.links.iter().zip(&known.links).filter(|(link, _)| link.page == number);
        let links: Vec<Ref> = on_it.filter_map(|(_, own)| *own).collect();
        let mut written = pdf.page(known.pages[number]);
        written.parent(tree).media_box(Rect::new(0.0, 0.0, page.wide as f32, page.high as f32));
        written.contents(content).struct_parents(key(number)).tab_order(TabOrder::StructureOrder);
        written.pair(Name(b"Resources"), resources);
        if !links.is_empty() {
            written.annotations(links);
        }
        written.finish();
        let small = packed(page.content.as_bytes());
        pdf.stream(content, &small).filter(Filter::FlateDecode);
    }
}

/// The links.
fn links(pdf: &mut Pdf, known: &Known, sheets: &Sheets<'_>) {
    let numbered = sheets.links.iter().enumerate().zip(&known.links);
    for ((number, Link { area, target, said, .. }), own) in numbered.filter_map(|(link, own)| Some((link, (*own)?))) {
        let [left, bottom, right, top] = area.map(|length| (length * 100.0).round() as f32 / 100.0);
        let mut link = pdf.annotation(own);
        link.subtype(AnnotationType::Link)
            .rect(Rect::new(left, bottom, right, top))
            .contents(TextStr(said))
            .flags(AnnotationFlags::PRINT);
        link.border(0.0, 0.0, 0.0, None).struct_parent(key(sheets.pages.len() + number));
        match target {
            Target::Web(url) => {
                link.action().action_type(ActionType::Uri).uri(Str(url.as_bytes()));
            }
            Target::Place(name) => {
                if let Some((page, high)) = sheets.places.get(name) {
                    let leads = link.insert(Name(b"Dest")).start::<Destination<'_>>();
                    leads.page(known.pages[*page]).xyz(0.0, *high as f32, None);
                }
            }
        }
    }
}

/// The bookmarks; `None` if there are none.
fn outline(pdf: &mut Pdf, refs: &mut Refs, known: &Known, sheets: &Sheets<'_>, bookmarks: &[Bookmark]) -> Option<Ref> {
    let live: Vec<_> = bookmarks.iter().filter_map(|mark| Some((mark, *sheets.places.get(&mark.place)?))).collect();
    let tops: Vec<usize> = (0..live.len()).filter(|at| live[*at].0.level == 0).collect();
    let (first, last) = (*tops.first()?, *tops.last()?);
    let (root, own) = (refs.one(), refs.many(live.len()));
    pdf.outline(root).first(own[first]).last(own[last]).count(key(tops.len()));
    for (at, (mark, (page, high))) in live.iter().enumerate().skip(first) {
        // the marks of one level under the same one above
        let above = tops.iter().rev().find(|top| **top <= at).copied().unwrap_or(first);
        let below = tops.iter().find(|top| **top > at).copied().unwrap_or(live.len());
        let mut item = pdf.outline_item(own[at]);
        item.title(TextStr(&mark.title));
        item.dest().page(known.pages[*page]).xyz(0.0, *high as f32, None);
        if mark.level == 0 {
            item.parent(root);
            if let Some(before) = tops.iter().rev().find(|top| **top < at) {
                item.prev(own[*before]);
            }
            if below < live.len() {
                item.next(own[below]);
            }
            if below - at > 1 {
                item.first(own[at + 1]).last(own[below - 1]).count(-key(below - at - 1));
            }
        } else {
            item.parent(own[above]);
            if at - 1 > above {
                item.prev(own[at - 1]);
            }
            if at + 1 < below {
                item.next(own[at + 1]);
            }
        }
    }
    Some(root)
}
