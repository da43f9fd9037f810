//! A letter as the message of a messenger: headings bold, signs of markup escaped, no longer than is taken.

use crate::model::lang::Lang;
use crate::report::render::letter::Line;

/// The message as HTML of few tags. It is measured as it is written, tags included, in units of UTF-16: no messenger counts more.
/// Where it is cut, it says so.
pub(super) fn message(lines: &[Line], limit: usize, lang: Lang, has_files: bool) -> String {
    let whole: String = lines.iter().map(written).collect();
    if units(whole.trim_end()) <= limit {
        return whole.trim_end().to_owned();
    }
    let note = match has_files {
        true => lang.pick("… дальше — в файле отчёта", "… the rest is in the file of the report"),
        false => lang.pick("… дальше не поместилось: добавьте formats", "… the rest did not fit: add formats"),
    };
    let room = limit - units(note) - 1;
    let mut text = String::new();
    for line in lines {
        let next = written(line);
        if units(&text) + units(&next) > room {
            // a line that alone fills the message is cut itself
            if text.is_empty() {
                text = written(&Line { text: fitting(&line.text, room - 16), is_heading: line.is_heading });
            }
            break;
        }
        text += &next;
    }
    format!("{}\n{note}", text.trim_end())
}

fn written(line: &Line) -> String {
    let text = escaped(&line.text);
    match line.is_heading && !text.is_empty() {
        true => format!("<b>{text}</b>\n"),
        false => format!("{text}\n"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// As much of a text as fits, escaped.
fn fitting(text: &str, room: usize) -> String {
    let mut used = 0;
    let fits = |sign: &char| {
        used += units(&escaped(&sign.to_string()));
        used <= room
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, is_heading: bool) -> Line {
        Line { text: text.to_owned(), is_heading }
    }

    #[test]
    fn markup_in_names_is_escaped_and_headings_are_bold() {
        let lines = [line("A <b> & Co", true), line("1 < 2", false), line("", true)];
        assert_eq!(message(&lines, 4096, Lang::En, true), "<b>A &lt;b&gt; &amp; Co</b>\n1 &lt; 2");
    }

    #[test]
    fn nothing_is_longer_than_is_taken_and_a_cut_says_so() {
        for text in ["я", "&", "😀", "a<"] {
            for count in [10, 100, 1000, 10_000] {
                for lines in [vec![line(&text.repeat(count), true)], vec![line(&text.repeat(7), false); count]] {
                    let made = message(&lines, 500, Lang::Ru, true);
                    let is_cut = made.ends_with("в файле отчёта");
                    assert!(made.encode_utf16().count() <= 500, "{text} {count}");
                    assert_eq!(made.matches("<b>").count(), made.matches("</b>").count());
                    assert_eq!(
                        is_cut,
                        lines.iter().map(written).collect::<String>().trim_end().encode_utf16().count() > 500
                    );
                    assert!(!made.ends_with("&am"), "an escape is never cut");
                }
            }
        }
    }
}
