use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn text(input: &Input) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut input.open().unwrap(), &mut text).unwrap();
    text
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = ZipWriter::new(&mut bytes);
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap();
    bytes.into_inner()
}

#[test]
fn folders_patterns_and_archives_are_taken_apart() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("b.csv"), "b;1").unwrap();
    fs::write(at("a.csv.gz"), gz(b"a;1")).unwrap();
    fs::write(at(".hidden"), "x").unwrap();
    fs::write(at("mapping.toml"), "x").unwrap();
    let members: [(&str, &[u8]); 4] = [
        ("../../etc/deals.csv", b"c;1"),
        ("__MACOSX/x", b"x"),
        ("deep/d.csv.gz", &gz(b"d;1")),
        ("/etc/deals.csv", b"e;1"),
    ];
    fs::write(at("c.zip"), zip(&members)).unwrap();
    let found = expand(&[dir.path().to_owned()]).unwrap();
    let shown: Vec<(String, String)> = found.iter().map(|input| (input.name.clone(), text(input))).collect();
    let expected = [
        ("a.csv.gz", "a;1"),
        ("b.csv", "b;1"),
        ("c.zip/../../etc/deals.csv", "c;1"),
        ("c.zip/deep/d.csv.gz", "d;1"),
        ("c.zip//etc/deals.csv", "e;1"),
    ];
    assert_eq!(shown, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    assert!(found[4].path.starts_with(dir.path()), "{:?}", found[4].path);
    assert_eq!(found[3].ends(1), ["d.csv.gz", "d.csv"]);
    assert_eq!(expand(&[at("*.csv")]).unwrap().len(), 1);
    assert!(matches!(expand(&[at("*.xlsx")]), Err(ExportError::NoFiles { .. })));
}

#[test]
fn a_bomb_is_told_before_it_fills_anything() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("bomb.csv.gz");
    let mut packed = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::best());
    let zeros = vec![b'0'; 1 << 20];
    (0..300).for_each(|_| packed.write_all(&zeros).unwrap());
    packed.finish().unwrap();
    let input = &expand(&[path]).unwrap()[0];
    let error = std::io::copy(&mut input.open().unwrap(), &mut std::io::sink()).unwrap_err();
    assert!(error.to_string().contains("unpack to more than"), "{error}");
}

#[test]
fn an_archive_is_not_believed_its_sizes_nor_members_that_share_bytes() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("exports.zip");
    // of a hundred files each may have its part of what the archive may
    let names: Vec<String> = (0..100).map(|number| format!("{number}.csv")).collect();
    let mut members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"a;1"[..])).collect();
    let lines = vec![b'\n'; 4 << 20];
    members[99].1 = &lines;
    let honest = zip(&members);
    // the sizes of the directory, at the end of the file, and those before the member itself
    let promise = |bytes: &mut Vec<u8>, packed: u32| {
        let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
        bytes[directory + 20..directory + 24].copy_from_slice(&packed.to_le_bytes());
    };
    for lie in [None, Some(1 << 28), Some(u32::MAX - 1)] {
        let mut bytes = honest.clone();
        lie.into_iter().for_each(|packed| promise(&mut bytes, packed));
        fs::write(&path, &bytes).unwrap();
        let told = expand(std::slice::from_ref(&path)).and_then(|found| {
            let last = found.iter().find(|input| input.name.ends_with("/99.csv")).unwrap();
            assert!(last.bytes < bytes.len() as u64);
            std::io::copy(&mut last.open()?, &mut std::io::sink()).map_err(ExportError::io(&path))
        });
        let told = told.unwrap_err().to_string();
        assert!(told.contains("unpack to more than 2 MiB"), "{told}");
    }
    // a second entry of the directory for the same member
    let mut bytes = zip(&[("a.csv", b"a;1")]);
    let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let entry = bytes[directory..end].to_vec();
    let (mut tail, size) = (bytes.split_off(end), 2 * u32::try_from(entry.len()).unwrap());
    let mut other = entry.clone();
    other[46] = b'b';
    bytes.extend(other);
    tail[8..12].copy_from_slice(&[2, 0, 2, 0]);
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    bytes.extend(tail);
    fs::write(&path, &bytes).unwrap();
    let told = expand(&[path]).unwrap_err().to_string();
    assert!(told.contains("two files in it share the same bytes"), "{told}");
}

#[test]
fn a_file_that_grows_is_read_as_it_was_and_told() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deals.csv");
    fs::write(&path, "a;1\n").unwrap();
    let input = &expand(std::slice::from_ref(&path)).unwrap()[0];
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"b;2\n").unwrap();
    assert_eq!(text(input), "a;1\n");
    assert!(matches!(input.unchanged(), Err(ExportError::Changed { .. })));
}

#[test]
fn what_is_no_table_is_told_by_its_first_bytes() {
    let of = |bytes: &[u8]| Form::of(bytes, Path::new("x")).map_err(|e| e.to_string());
    assert_eq!(of(b"ID;Name"), Ok(Form::Text));
    assert_eq!(of("\u{feff}<table><tr>".as_bytes()), Ok(Form::Html));
    assert_eq!(of(b"\xFF\xFE<\0h\0t\0m\0l\0>\0"), Ok(Form::Html));
    assert_eq!(of(b"{\"id\": 1}\n"), Ok(Form::JsonLines));
    assert_eq!(of(b"PAR1...."), Ok(Form::Parquet));
    for bytes in [&b"%PDF-1.4"[..], b"<?xml version='1.0'?><offers>", b"[{\"id\": 1}]", b""] {
        assert!(of(bytes).unwrap_err().contains("\n    "), "{bytes:?}");
    }
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("cut.zip");
    fs::write(&path, &zip(&[("a.csv", b"a;1")])[..40]).unwrap();
    assert!(expand(&[path]).unwrap_err().to_string().contains("begins like a zip archive and is none"));
}
