//! Faults of packed files, which the libraries below say in words of their own: each with its way out.

use std::io;

use crate::model::lang::Text;

/// What is wrong, and what to do.
type Explanation = (Text, Text);

/// A packed file that is cut or damaged.
pub(super) fn of_bytes(error: &io::Error) -> Option<Explanation> {
    const PACKED: [&str; 5] = [
        "incomplete deflate stream",
        "corrupt deflate stream",
        "invalid gzip header",
        "corrupt gzip stream does not have a matching checksum",
        "deflate decompression error",
    ];
    let said = error.to_string();
    let is_packed = PACKED.iter().any(|known| said.contains(known));
    is_packed.then(|| {
        (
            Text::new(
                format!("архив обрезан или повреждён ({said})"),
                format!("the packed file is cut or damaged ({said})"),
            ),
            Text::new(
                "скачайте или выгрузите его заново целиком; ничего не загружено",
                "download or export it again, whole; nothing was stored",
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_with_a_way_out() {
        for said in ["incomplete deflate stream", "invalid gzip header", "corrupt deflate stream"] {
            let (what, way_out) = of_bytes(&io::Error::new(io::ErrorKind::UnexpectedEof, said)).unwrap();
            assert!(what.en.contains(said) && way_out.en.contains("again"), "{said}");
        }
        assert_eq!(of_bytes(&io::Error::from(io::ErrorKind::NotFound)), None);
    }
}
