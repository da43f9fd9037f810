//! A [`Picture`] played into a backend of plotters: SVG text, or PNG at twice the size.

use std::cell::RefCell;
use std::path::Path;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, IntoFont, RGBAColor, ShapeStyle, TextStyle};

use super::font;
use super::picture::{Anchor, Color, Picture, Shape, Type};

/// How logical pixels and font sizes are converted for a backend.
struct Device {
    /// Device pixels per logical pixel. Backends use whole pixels, so the SVG is drawn enlarged, too.
    scale: f64,
    /// The size that plotters expects for a text, per font size.
    text_size: f64,
    /// The distance from the top that plotters gets to the baseline, per font size.
    ascent: f64,
    /// Whether letters that the face lacks are drawn here, and not by whoever shows the drawing.
    falls_back: bool,
}

/// Plotters writes `font-size` as its size over 1.24, and sets the baseline of a top-anchored text 0.76 em lower.
const SVG: Device = Device { scale: 2.0, text_size: 1.24, ascent: 0.76, falls_back: false };
/// With `ab_glyph` the size is the line height, and the baseline lies half of it lower. Drawn at four times the size and
/// halved, because plotters sets glyphs and edges on whole pixels.
const BITMAP: Device = Device { scale: 4.0, text_size: font::LINE, ascent: font::LINE / 2.0, falls_back: true };

/// The picture as the elements within an `<svg>`, and the numbers of its `viewBox`.
pub fn svg(picture: &Picture) -> Result<(String, String), String> {
    let size = (device(picture.width, SVG.scale) as u32, device(picture.height, SVG.scale) as u32);
    let mut text = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut text, size);
        play(picture, &mut backend, &SVG)?;
        backend.present().map_err(|e| e.to_string())?;
    }
    let body = text.split_once('>').map_or("", |(_, rest)| rest);
    let body = body.trim_end().strip_suffix("</svg>").unwrap_or(body).trim();
    // Where the face is not at hand, as in an office program, another one without serifs will do.
    let family = format!("font-family=\"{}\"", font::FAMILY);
    let families = format!("font-family=\"{}, Arial, sans-serif\"", font::FAMILY);
    Ok((body.replace(" opacity=\"1\"", "").replace(&family, &families), format!("0 0 {} {}", size.0, size.1)))
}

/// Writes the picture as PNG, two pixels per logical pixel, on white. The path must end in `.png`.
pub fn png(picture: &Picture, path: &Path) -> Result<(), String> {
    let half = ((picture.width * 2.0).round() as u32, (picture.height * 2.0).round() as u32);
    let full = (half.0 * 2, half.1 * 2);
    let small = LARGE.with_borrow_mut(|large| {
        large.clear();
        large.resize(full.0 as usize * full.1 as usize * 3, 255);
        {
            let mut backend = BitMapBackend::with_buffer(large, full);
            play(picture, &mut backend, &BITMAP)?;
            backend.present().map_err(|e| e.to_string())?;
        }
        Ok::<_, String>(halved(large, full))
    })?;
    let mut backend = BitMapBackend::new(path, half);
    backend.blit_bitmap((0, 0), half, &small).map_err(|e| e.to_string())?;
    backend.present().map_err(|e| e.to_string())
}

thread_local! {
    /// The pixels of the picture that is drawn: so many that the system would clear them anew for each picture.
    static LARGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Each two by two pixels as their mean.
fn halved(large: &[u8], (width, _): (u32, u32)) -> Vec<u8> {
    let row = width as usize * 3;
    let mut small = Vec::with_capacity(large.len() / 4);
    for rows in large.chunks_exact(2 * row) {
        let (upper, lower) = rows.split_at(row);
        for (u, l) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for c in 0..3 {
                let sum = u16::from(u[c]) + u16::from(u[c + 3]) + u16::from(l[c]) + u16::from(l[c + 3]);
                small.push((sum / 4) as u8);
            }
        }
    }
    small
}

fn device(length: f64, scale: f64) -> i32 {
    (length * scale).round() as i32
}

fn play<B: DrawingBackend>(picture: &Picture, backend: &mut B, to: &Device) -> Result<(), String> {
    font::register();
    let at = |x: f64, y: f64| (device(x, to.scale), device(y, to.scale));
    let style = |color: Color, filled: bool, width: f64| ShapeStyle {
        color: paint(color),
        filled,
        stroke_width: device(width, to.scale).max(1) as u32,
    };
    for shape in &picture.shapes {
        let done = match shape {
            Shape::Rect(x, y, w, h, fill) => {
                backend.draw_rect(at(*x, *y), at(x + w, y + h), &style(*fill, true, 0.0), true)
            }
            Shape::Line(points, width, color) => match points.as_slice() {
                [from, end] => backend.draw_line(at(from.0, from.1), at(end.0, end.1), &style(*color, false, *width)),
                _ => backend.draw_path(points.iter().map(|p| at(p.0, p.1)), &style(*color, false, *width)),
            },
            Shape::Polygon(points, fill) => {
                backend.fill_polygon(points.iter().map(|p| at(p.0, p.1)), &style(*fill, true, 0.0))
            }
            Shape::Dot(x, y, radius, fill) => {
                backend.draw_circle(at(*x, *y), device(*radius, to.scale) as u32, &style(*fill, true, 0.0), true)
            }
            Shape::Text(x, baseline, text, look) => {
                let top = baseline - look.size * to.ascent;
                if to.falls_back && !font::has_all(text) {
                    draw_runs(backend, &font::runs(text), look, (*x, top), to)?;
                    continue;
                }
                backend.draw_text(text, &type_of(font::FAMILY, look, to), at(*x, top))
            }
        };
        done.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Draws the parts of a text, each with its font, from left to right.
fn draw_runs<B: DrawingBackend>(
    backend: &mut B,
    runs: &[font::Run],
    look: &Type,
    (x, top): (f64, f64),
    to: &Device,
) -> Result<(), String> {
    let widths: Vec<f64> = runs.iter().map(|run| font::run_width(run, look.size, look.bold)).collect();
    let whole: f64 = widths.iter().sum();
    let mut x = match look.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - whole / 2.0,
        Anchor::End => x - whole,
    };
    let from_left = Type { anchor: Anchor::Start, ..*look };
    for (run, width) in runs.iter().zip(widths) {
        let at = (device(x, to.scale), device(top, to.scale));
        backend.draw_text(&run.text, &type_of(run.family, &from_left, to), at).map_err(|e| e.to_string())?;
        x += width;
    }
    Ok(())
}

fn type_of(family: &'static str, look: &Type, to: &Device) -> TextStyle<'static> {
    let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
    let side = match look.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = (family, look.size * to.scale * to.text_size, style).into_font();
    TextStyle { font, color: paint(look.color).to_backend_color(), pos: Pos::new(side, VPos::Top) }
}

fn paint(color: Color) -> RGBAColor {
    let (r, g, b) = color.rgb;
    RGBAColor(r, g, b, color.alpha)
}
