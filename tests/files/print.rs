//! The pages of a report as PDF: what the file says of itself holds together. Only with the feature `pdf`.

use voronka::report::document::{Block, Document};
use voronka::report::render::{Format, render};

/// More than a shipped report of the sample takes, its appendix included.
const MOST_PAGES: usize = 60;

/// Renders the document twice: the same bytes, a sane number of pages, and what PDF/UA-1 asks of each figure, head and link.
pub fn holds_together(document: &Document) -> Result<(), String> {
    let [one, two] = [file(document)?, file(document)?];
    if one != two {
        return Err("the same document came out in other bytes".to_owned());
    }
    let count = |part: &str| one.windows(part.len()).filter(|window| *window == part.as_bytes()).count();
    let pages = count("/Type/Page/");
    if pages == 0 || pages > MOST_PAGES {
        return Err(format!("{pages} pages"));
    }
    let charts = document.sections.iter().flat_map(|section| &section.blocks);
    let charts = charts.filter(|block| matches!(block, Block::Chart(_))).count();
    for (what, found, wanted) in [
        ("figures", count("/S/Figure"), charts),
        ("figures in words", count("/Alt"), charts),
        ("heads with a scope", count("/Scope/"), count("/S/TH/") + count("/S/TH>")),
        ("links in the structure", count("/StructParent "), count("/Subtype/Link")),
        ("links in words", count("/Contents(") + count("/Contents<"), count("/Subtype/Link")),
        ("fonts that can be searched", count("/ToUnicode"), count("/Subtype/Type0")),
        ("ends of objects", count("\nendobj"), count(" 0 obj\n")),
    ] {
        if found != wanted {
            return Err(format!("{what}: {found} where there must be {wanted}"));
        }
    }
    for part in ["/Marked true", "/DisplayDocTitle true", "<pdfuaid:part>1</pdfuaid:part>", "/StructTreeRoot"] {
        if count(part) == 0 {
            return Err(format!("no {part}"));
        }
    }
    Ok(())
}

fn file(document: &Document) -> Result<Vec<u8>, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = render(document, dir.path(), &[Format::Pdf]).map_err(|e| e.to_string())?;
    std::fs::read(files.first().ok_or("no file")?).map_err(|e| e.to_string())
}
