//! Where a store in a bucket lies.

use std::path::{Path, PathBuf};

use object_store::path::Path as Key;

use super::super::error::StoreError;
use crate::model::lang::{Text, both};

/// How the address of a store in a bucket begins.
const SCHEME: &str = "s3://";

/// Whether a store of this name is in a bucket.
pub fn is_remote(store: &Path) -> bool {
    store.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// The bucket and the path within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Address {
    bucket: String,
    parts: Vec<String>,
}

impl Address {
    /// The address in `s3://bucket/path`.
    pub(in crate::store) fn parse(store: &Path) -> Result<Address, StoreError> {
        let text = store.to_string_lossy();
        let mut parts = text.strip_prefix(SCHEME).unwrap_or_default().split('/').map(str::to_owned);
        let bucket = parts.next().unwrap_or_default();
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let what = match () {
            () if bucket.is_empty() || !bucket.chars().all(is_name) => {
                both!("`{bucket}` — не имя бакета", "`{bucket}` is no name of a bucket")
            }
            () if Key::parse(parts.join("/")).is_err() => Text::new(
                "в пути есть `.`, `..` или знак, которого в нём быть не может",
                "the path has a `.`, a `..` or a sign in it that it cannot have",
            ),
            () => return Ok(Address { bucket, parts }),
        };
        let hint = Text::new("адрес хранилища: s3://бакет/путь", "the address of a store is s3://bucket/path");
        Err(StoreError::Remote { url: text.into_owned(), what, hint })
    }

    /// The bucket.
    pub(in crate::store) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The parts of the path within the bucket.
    pub(in crate::store) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// What a folder of this store would be called.
    pub(in crate::store) fn name(&self) -> &str {
        self.parts.last().unwrap_or(&self.bucket)
    }

    /// The address as a user writes it.
    pub(in crate::store) fn url(&self) -> String {
        format!("{SCHEME}{}", [std::slice::from_ref(&self.bucket), &self.parts].concat().join("/"))
    }

    /// The address of a file in the store.
    pub(in crate::store) fn url_of(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{}/{name}", self.url()).trim_end_matches('/'))
    }

    /// The key of an object, by its path within the store.
    pub(in crate::store) fn key(&self, name: &str) -> Key {
        let within = name.split('/').filter(|part| !part.is_empty());
        let parts: Vec<&str> = self.parts.iter().map(String::as_str).chain(within).collect();
        // as it is, and not with signs of other languages in hexadecimal digits
        Key::parse(parts.join("/")).unwrap_or_else(|_| Key::from_iter(parts))
    }

    /// The path within the store of an object.
    pub(in crate::store) fn within(&self, key: &Key) -> Option<String> {
        let mut parts = key.prefix_match(&self.key(""))?;
        let first = parts.next()?.as_ref().to_owned();
        Some(parts.fold(first, |whole, part| whole + "/" + part.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, StoreError> {
        Address::parse(Path::new(text))
    }

    #[test]
    fn an_address_names_bucket_and_path() {
        let store = address("s3://acme-data/ma ша//store/").unwrap();
        assert_eq!((store.bucket(), store.name()), ("acme-data", "store"));
        assert_eq!(store.url(), "s3://acme-data/ma ша/store");
        let key = store.key("deals/_delta_log/1.json");
        assert_eq!(store.within(&key).as_deref(), Some("deals/_delta_log/1.json"));
        assert_eq!(store.within(&Key::from("other/deals")), None);
        let root = address("s3://acme").unwrap();
        assert_eq!((root.name(), root.url()), ("acme", "s3://acme".to_owned()));
        assert_eq!(root.within(&root.key("a/b")).as_deref(), Some("a/b"));
        assert!(is_remote(Path::new("s3://a")) && !is_remote(Path::new("store")) && !is_remote(Path::new("/s3/a")));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["s3://", "s3:///store", "s3://a b/store", "s3://user:secret@host/x", "s3://acme/../x"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
