//! The structure of the document as a reading program is told it: headings, paragraphs, lists, tables, figures.

use pdf_writer::types::{StructRole, TableHeaderScope};

/// A node of the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(pub usize);

/// What a node holds, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kid {
    /// Another node.
    Tag(Tag),
    /// Something drawn: the page, and its number there.
    Content(usize, i32),
    /// A link, by its number.
    Link(usize),
}

/// What else is said of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// Which cells a cell of a head stands for.
    Head(TableHeaderScope),
    /// A list whose items are numbered.
    Numbered,
    /// A picture, in words, and the box that it fills: left, bottom, right, top.
    Picture(String, [f64; 4]),
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub role: StructRole,
    /// What holds it; the root has none.
    pub parent: Option<Tag>,
    /// What it holds.
    pub kids: Vec<Kid>,
    /// What else is said of it.
    pub said: Said,
}

/// All nodes; the first is the document.
pub struct Tags(pub Vec<Node>);

impl Tags {
    /// The document.
    pub const ROOT: Tag = Tag(0);

    /// Only the document.
    pub fn new() -> Tags {
        Tags(vec![Node { role: StructRole::Document, parent: None, kids: Vec::new(), said: Said::Nothing }])
    }

    /// A further node in another one.
    pub fn add(&mut self, parent: Tag, role: StructRole) -> Tag {
        self.say(parent, role, Said::Nothing)
    }

    /// A further node of which something is said.
    pub fn say(&mut self, parent: Tag, role: StructRole, said: Said) -> Tag {
        let tag = Tag(self.0.len());
        self.0.push(Node { role, parent: Some(parent), kids: Vec::new(), said });
        self.hold(parent, Kid::Tag(tag));
        tag
    }

    /// Puts something into a node.
    pub fn hold(&mut self, tag: Tag, kid: Kid) {
        self.0[tag.0].kids.push(kid);
    }

    /// What a node is.
    pub fn role(&self, tag: Tag) -> StructRole {
        self.0[tag.0].role
    }

    /// The box of a picture, once it is known where it stands.
    pub fn settle(&mut self, tag: Tag, area: [f64; 4]) {
        if let Said::Picture(_, known) = &mut self.0[tag.0].said {
            *known = area;
        }
    }
}
