//! The fonts in the file: only the glyphs that are drawn, with what each of them says, so that the text can be searched and copied.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};

use super::face::{Font, Fonts};
use super::known::Refs;
use super::sheets::Used;
use crate::report::render::error::RenderError;
use crate::report::render::pdf::packed::packed;

/// The codes in the pages are the numbers of the glyphs.
const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Writes the fonts in use; returns them by their numbers.
pub fn embed(pdf: &mut Pdf, refs: &mut Refs, used: &[Used], fonts: &Fonts) -> Result<Vec<(usize, Ref)>, RenderError> {
    let mut written = Vec::new();
    for (number, used) in used.iter().enumerate().filter(|(_, used)| !used.letters.is_empty()) {
        written.push((number, font(pdf, refs, used, fonts.get(number))?));
    }
    Ok(written)
}

fn font(pdf: &mut Pdf, refs: &mut Refs, used: &Used, font: &Font) -> Result<Ref, RenderError> {
    let (whole, letters, about, file, says) = (refs.one(), refs.one(), refs.one(), refs.one(), refs.one());
    let name = Name(font.name.as_bytes());
    let bytes = subsetter::subset(font.file, 0, &used.glyphs)
        .map_err(|why| RenderError::Pdf(format!("{}: {why}", font.name)))?;
    let thousandths = |units: i16| (font.part(f64::from(units)) * 1000.0) as f32;

    let mut type0 = pdf.type0_font(whole);
    type0.base_font(name).encoding_predefined(Name(b"Identity-H")).descendant_font(letters).to_unicode(says);
    type0.finish();

    let mut cid = pdf.cid_font(letters);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(about);
    cid.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    // `0` is the glyph of a missing letter, which is never drawn
    let listed = used.letters.iter().map(|(_, glyph, _)| (font.wide(*glyph) * 1000.0) as f32);
    widths.consecutive(0, std::iter::once((font.wide(0) * 1000.0) as f32).chain(listed));
    widths.finish();
    cid.finish();

    let face = &font.face;
    let area = face.global_bounding_box();
    let mut descriptor = pdf.font_descriptor(about);
    descriptor.name(name).flags(FontFlags::SYMBOLIC).italic_angle(0.0);
    descriptor.bbox(Rect::new(
        thousandths(area.x_min),
        thousandths(area.y_min),
        thousandths(area.x_max),
        thousandths(area.y_max),
    ));
    descriptor.ascent(thousandths(face.ascender())).descent(thousandths(face.descender()));
    descriptor.cap_height(thousandths(face.capital_height().unwrap_or(face.ascender())));
    descriptor.stem_v(if face.is_bold() { 120.0 } else { 80.0 }).font_file2(file);
    descriptor.finish();

    let small = packed(&bytes);
    let mut stream = pdf.stream(file, &small);
    stream.filter(Filter::FlateDecode);
    stream.pair(Name(b"Length1"), i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    stream.finish();

    let mut map = UnicodeCmap::<u16>::new(Name(b"Custom"), SYSTEM);
    for (number, _, letter) in &used.letters {
        map.pair(*number, *letter);
    }
    let small = packed(map.finish().as_slice());
    pdf.cmap(says, &small).name(Name(b"Custom")).system_info(SYSTEM).filter(Filter::FlateDecode);
    Ok(whole)
}
