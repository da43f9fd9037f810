//! The structure in the file: a node each, and from each page back to its nodes.

use pdf_writer::types::{ListNumbering, Placement};
use pdf_writer::writers::{NumberTree, StructTreeRoot};
use pdf_writer::{Finish, Name, Pdf, Rect, Ref, TextStr};

use super::known::{Known, Refs};
use super::sheets::Sheets;
use super::tags::{Kid, Node, Said};

/// Writes the structure.
pub fn structure(pdf: &mut Pdf, refs: &mut Refs, known: &Known, sheets: &Sheets<'_>) {
    let back = refs.one();
    let mut tree = pdf.indirect(known.tree).start::<StructTreeRoot<'_>>();
    tree.child(known.nodes[0]);
    tree.pair(Name(b"ParentTree"), back);
    tree.parent_tree_next_key(key(sheets.pages.len() + sheets.links.len()));
    tree.finish();
    for (number, node) in sheets.tags.0.iter().enumerate() {
        write(pdf, known, sheets, known.nodes[number], node);
    }
    let lists = refs.many(sheets.pages.len());
    for (page, list) in sheets.pages.iter().zip(&lists) {
        pdf.indirect(*list).array().items(page.marks.iter().map(|tag| known.nodes[tag.0]));
    }
    let mut numbers = pdf.indirect(back).start::<NumberTree<'_, Ref>>();
    let mut entries = numbers.nums();
    for (page, list) in lists.iter().enumerate() {
        entries.insert(key(page), *list);
    }
    for (number, link) in sheets.links.iter().enumerate().filter(|(number, _)| known.links[*number].is_some()) {
        entries.insert(key(sheets.pages.len() + number), known.nodes[link.tag.0]);
    }
    entries.finish();
    numbers.finish();
}

/// A key of the tree from pages and links to their nodes.
pub fn key(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn write(pdf: &mut Pdf, known: &Known, sheets: &Sheets<'_>, own: Ref, node: &Node) {
    let mut element = pdf.struct_element(own);
    element.kind(node.role).parent(node.parent.map_or(known.tree, |parent| known.nodes[parent.0]));
    let page = node.kids.iter().find_map(|kid| if let Kid::Content(page, _) = kid { Some(*page) } else { None });
    if let Some(page) = page {
        element.page(known.pages[page]);
    }
    match &node.said {
        Said::Nothing => {}
        Said::Head(scope) => {
            element.attributes().push().table().scope(*scope);
        }
        Said::Numbered => {
            element.attributes().push().list().list_numbering(ListNumbering::Decimal);
        }
        Said::Picture(words, [left, bottom, right, top]) => {
            element.alt(TextStr(words));
            let area = Rect::new(*left as f32, *bottom as f32, *right as f32, *top as f32);
            element.attributes().push().layout().placement(Placement::Block).bbox(area);
        }
    }
    let mut kids = element.children();
    for kid in &node.kids {
        match kid {
            Kid::Tag(tag) => {
                kids.struct_element(known.nodes[tag.0]);
            }
            Kid::Content(on, number) if Some(*on) == page => {
                kids.marked_content_id(*number);
            }
            Kid::Content(on, number) => {
                kids.marked_content_ref().page(known.pages[*on]).marked_content_id(*number);
            }
            Kid::Link(number) => {
                if let Some(link) = known.links[*number] {
                    kids.object_ref().page(known.pages[sheets.links[*number].page]).object(link);
                }
            }
        }
    }
    kids.finish();
    element.finish();
}
