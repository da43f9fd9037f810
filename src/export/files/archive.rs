//! The members of a zip archive, found once and then read like files.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::guard::FREE;
use crate::export::ExportError;
use crate::model::lang::{Text, both};

/// Most members of an archive; a larger one is refused.
const MOST: usize = 10_000;

/// No file system knows longer paths.
const LONGEST_NAME: usize = 4096;

/// Where the bytes of a member lie in its archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// As the archive has it: shown, and compared with patterns; never a path of ours.
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) packed: u64,
    pub(super) deflated: bool,
    /// So many bytes may come out of it whatever it was packed into: its part of what the archive may.
    pub(super) free: u64,
}

/// Kind of a file with a zip signature.
pub(super) enum Zip {
    /// A workbook of the Excel of 2007 and later.
    Workbook,
    /// An archive with these files in it.
    Archive(Vec<Member>),
}

/// Looks into a zip. Workbooks are zips, too.
pub(super) fn look(path: &Path) -> Result<Zip, ExportError> {
    let file = File::open(path).map_err(ExportError::io(path))?;
    let length = file.metadata().map_err(ExportError::io(path))?.len();
    let broken = |what: String| {
        ExportError::unreadable(
            path,
            both!(
                "начало как у архива zip, а это не архив: {what}",
                "this begins like a zip archive and is none: {what}"
            ),
            again(),
        )
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| broken(e.to_string()))?;
    if overlap(spans(&mut archive).map_err(broken)?) {
        return Err(ExportError::unreadable(
            path,
            Text::new(SHARED_RU, SHARED),
            Text::new("попросите у того, кто его прислал, сами выгрузки", "ask who sent it for the exports themselves"),
        ));
    }
    let names: Result<Vec<String>, _> = archive.file_names().map(|name| name.map(|n| n.into_owned())).collect();
    let names = names.map_err(|e| broken(e.to_string()))?;
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("xl/workbook.xml") || has("[Content_Types].xml") {
        return match has("xl/workbook.bin") {
            true => Err(ExportError::unreadable(
                path,
                Text::new("это двоичная книга (.xlsb)", "this is a binary workbook (.xlsb)"),
                save_as_xlsx(),
            )),
            false => Ok(Zip::Workbook),
        };
    }
    if has("content.xml") && has("mimetype") {
        return Err(ExportError::unreadable(
            path,
            Text::new("это таблица OpenDocument (.ods)", "this is an OpenDocument sheet (.ods)"),
            save_as_xlsx(),
        ));
    }
    if archive.len() > MOST {
        let what = both!("в архиве файлов: {}", "the archive has {} files in it", archive.len());
        return Err(ExportError::unreadable(
            path,
            what,
            Text::new("распакуйте его и назовите сами выгрузки", "unpack it, and name the exports themselves"),
        ));
    }
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|e| broken(e.to_string()))?;
        let name = member.name().map_err(|e| broken(e.to_string()))?.into_owned();
        if name.len() > LONGEST_NAME {
            return Err(broken(format!("a name in it has {} bytes", name.len())));
        }
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        if member.is_dir() || last.starts_with(['.', '~']) || name.starts_with("__MACOSX") {
            continue;
        }
        let deflated = is_deflated(path, &name, member.encrypted(), member.compression())?;
        let start = member.data_start().ok_or_else(|| broken(format!("`{name}` lies nowhere in it")))?;
        // the directory may state any size
        let packed = member.compressed_size().min(length.saturating_sub(start));
        members.push(Member { name, start, packed, deflated, free: FREE });
    }
    let free = FREE / members.len().max(1) as u64;
    members.iter_mut().for_each(|member| member.free = free);
    match members.is_empty() {
        true => Err(ExportError::NoRows { path: path.to_owned(), what: "the archive is empty" }),
        false => Ok(Zip::Archive(members)),
    }
}

/// Whether a member is packed by deflate and not merely stored. One that is locked, or packed otherwise, is refused.
fn is_deflated(path: &Path, name: &str, is_encrypted: bool, method: CompressionMethod) -> Result<bool, ExportError> {
    if is_encrypted {
        let what = both!("`{name}` в нём закрыт паролем", "`{name}` in it is locked with a password");
        return Err(ExportError::unreadable(
            path,
            what,
            Text::new(
                "распакуйте его с паролем и загрузите то, что внутри",
                "unpack it with the password, and ingest what came out",
            ),
        ));
    }
    match method {
        CompressionMethod::Stored => Ok(false),
        CompressionMethod::Deflated => Ok(true),
        other => {
            let what = both!("`{name}` в нём упакован как {other}", "`{name}` in it is packed by {other}");
            Err(ExportError::unreadable(
                path,
                what,
                Text::new("распакуйте его и загрузите то, что внутри", "unpack it, and ingest what came out"),
            ))
        }
    }
}

/// What is wrong with an archive whose members lie in the same place.
const SHARED_RU: &str =
    "два файла в нём делят одни байты, так что распаковывается больше, чем в нём есть: программы так не пакуют";
/// The same in English.
pub(crate) const SHARED: &str =
    "two files in it share the same bytes, so that it unpacks to more than is in it: no program packs so";

/// Where each member begins and ends in an archive.
pub(crate) fn spans<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<(u64, u64)>, String> {
    let mut spans = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|e| e.to_string())?;
        let start = member.data_start().unwrap_or_else(|| member.header_start());
        spans.push((member.header_start(), start.saturating_add(member.compressed_size())));
    }
    Ok(spans)
}

/// Whether two members lie in the same place: of one packed piece a thousand files can be made.
pub(crate) fn overlap(mut spans: Vec<(u64, u64)>) -> bool {
    spans.sort_unstable();
    spans.windows(2).any(|two| two[0].1 > two[1].0)
}

fn again() -> Text {
    Text::new("скачайте или выгрузите его ещё раз", "fetch or export it again")
}

fn save_as_xlsx() -> Text {
    Text::new("сохраните её как .xlsx", "save it as .xlsx")
}
