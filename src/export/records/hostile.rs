//! Tables of hostile cells, written in the dialects of programs that know the rules and of some that do not, and read back.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::{Cut, Quotes, Readable, Record};
use crate::export::files;

const PIECES: [&str; 16] =
    ["a", "Ёлка", "\"", "\"\"", "\\", "\\\"", ",", ";", "\t", "|", "\n", "\r", "\r\n", " ", "'", "10"];
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

type Rows = Vec<Vec<String>>;

fn table(random: &mut ChaCha8Rng, pieces: &[&str]) -> Rows {
    let (columns, rows) = (random.random_range(2..7), random.random_range(1..25));
    let cell = |random: &mut ChaCha8Rng| {
        let length = random.random_range(0..6);
        (0..length).map(|_| *pieces.choose(random).unwrap()).collect::<String>()
    };
    let header = (0..columns).map(|at| format!("column {at}")).collect();
    let mut table: Rows = vec![header];
    for row in 0..rows {
        let mut cells: Vec<String> = (0..columns).map(|_| cell(random)).collect();
        cells[0] = row.to_string();
        table.push(cells);
    }
    table
}

/// The records of a text below its first line, as they are read when the number of cells is known.
fn read(text: &str, delimiter: u8, cells: usize) -> Vec<(Record, Vec<String>)> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, text).unwrap();
    let readable =
        Readable::new(&files::expand(std::slice::from_ref(&path)).unwrap()[0], None, dir.path(), None).unwrap();
    let mut records = readable.records(0, &Cut::default(), delimiter).unwrap();
    let (mut record, mut all) = (Record::default(), Vec::new());
    assert!(records.next(&mut record).unwrap());
    records.expect(cells, cells);
    while records.next(&mut record).unwrap() {
        // below the last line of a file whose lines end in CR
        if record.is_blank() {
            continue;
        }
        let texts = record.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
        all.push((record.clone(), texts.collect()));
    }
    all
}

fn joined(rows: &Rows, delimiter: u8, end: &str, cell: impl Fn(&str) -> String) -> String {
    let line = |row: &Vec<String>| {
        row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(&char::from(delimiter).to_string())
    };
    rows.iter().map(line).collect::<Vec<_>>().join(end) + end
}

#[test]
fn what_is_written_by_the_rules_is_read_as_it_was() {
    for seed in 0..400 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rows = table(&mut random, &PIECES);
        let delimiter = *DELIMITERS.choose(&mut random).unwrap();
        let end = *["\n", "\r\n", "\r"].choose(&mut random).unwrap();
        let always = random.random_bool(0.5);
        let text = joined(&rows, delimiter, end, |text| {
            let special = ['"', '\n', '\r', char::from(delimiter)];
            match always || text.contains(special) {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => text.to_owned(),
            }
        });
        let found = read(&text, delimiter, rows[0].len());
        let told = |at: usize| format!("seed {seed}, row {at} of:\n{text}");
        assert_eq!(found.len(), rows.len() - 1, "{}", told(0));
        for (at, ((record, cells), meant)) in found.iter().zip(&rows[1..]).enumerate() {
            let trimmed = |cells: &[String]| {
                let (last, others) = cells.split_last().unwrap();
                (others.to_vec(), last.trim_end_matches('\r').to_owned())
            };
            assert_eq!(trimmed(cells), trimmed(meant), "{}", told(at));
            assert!(matches!(record.quotes, Quotes::Plain | Quotes::OverRows), "{}", told(at));
        }
    }
}

/// Every line of a text whose cells have no line ends is a record of its own: read as it was meant, or told.
#[track_caller]
fn nothing_is_lost(rows: &Rows, text: &str, delimiter: u8, what: &str) -> (usize, usize) {
    let found = read(text, delimiter, rows[0].len());
    let (mut good, mut line) = (0, 2);
    for (record, cells) in &found {
        let told = || format!("{what}, line {line} as {cells:?} ({:?}) of:\n{text}", record.quotes);
        assert_eq!(record.line, line, "{}", told());
        let is_refused =
            cells.len() != rows[0].len() || matches!(record.quotes, Quotes::Broken | Quotes::OverRows | Quotes::Open);
        let meant = &rows[usize::try_from(line).unwrap() - 1];
        assert!(is_refused || (record.lines == 1 && cells == meant), "{}", told());
        good += usize::from(!is_refused);
        line += record.lines;
    }
    assert_eq!(line as usize, rows.len() + 1, "{what}, all of:\n{text}");
    (good, rows.len() - 1)
}

#[test]
fn a_program_that_doubles_no_quotes_loses_no_row() {
    let (mut good, mut all) = (0, 0);
    for seed in 0..600 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = table(&mut random, &["a", "TV", "\"", " ", "5"]);
        // two of them beside each other are one that is doubled, for all that anybody can tell
        rows.iter_mut().flatten().for_each(|cell| {
            while cell.contains("\"\"") {
                *cell = cell.replace("\"\"", "\"");
            }
        });
        rows.iter_mut().flatten().for_each(|cell| *cell = cell.trim().replace("\" ", "\"").replace(" \"", "\""));
        rows.iter_mut().flatten().for_each(|cell| {
            while cell.contains("\"\"") {
                *cell = cell.replace("\"\"", "\"");
            }
        });
        let delimiter = *DELIMITERS.choose(&mut random).unwrap();
        let text = joined(&rows, delimiter, "\n", |text| format!("\"{text}\""));
        let (here, of) = nothing_is_lost(&rows, &text, delimiter, &format!("seed {seed}"));
        (good, all) = (good + here, all + of);
    }
    assert!(good * 100 >= all * 95, "{good} of {all} read");
}

#[test]
fn a_program_that_escapes_quotes_and_does_not_say_so_loses_no_row() {
    let (mut good, mut all) = (0, 0);
    for seed in 0..600 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rows = table(&mut random, &["a", "TV", "\"", " ", "5"]);
        let delimiter = *DELIMITERS.choose(&mut random).unwrap();
        let text = joined(&rows, delimiter, "\n", |text| match text.contains(['"', ' ']) {
            true => format!("\"{}\"", text.replace('"', "\\\"")),
            false => text.to_owned(),
        });
        let (here, of) = nothing_is_lost(&rows, &text, delimiter, &format!("seed {seed}"));
        (good, all) = (good + here, all + of);
    }
    assert!(good * 100 >= all * 95, "{good} of {all} read");
}

#[test]
fn a_program_that_quotes_nothing_loses_no_row() {
    for seed in 0..400 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rows = table(&mut random, &["a", "b\"", "x", " ", "5\""]);
        let delimiter = *DELIMITERS.choose(&mut random).unwrap();
        let text = joined(&rows, delimiter, "\r\n", str::to_owned);
        let found = read(&text, delimiter, rows[0].len());
        assert_eq!(found.len(), rows.len() - 1, "seed {seed}:\n{text}");
        for ((record, cells), meant) in found.iter().zip(&rows[1..]) {
            assert_eq!(record.lines, 1, "seed {seed}:\n{text}");
            let same = cells.iter().zip(meant).all(|(one, other)| one.trim_end_matches('\r') == other);
            assert!(same, "seed {seed}: {cells:?}\n{text}");
        }
    }
}

/// How long a file of stray quotes takes, a hundred thousand lines of it: no line is looked at again and again.
#[test]
fn stray_quotes_take_no_time_out_of_proportion() {
    for row in
        ["1,\"TV 55\"\",10\n", "1,\"a\\\"\",10\n", "1,\"x\n", "1,\"\"\"x,10\n", "\",\"\",\"\n", "1,\"\"x\"\",\"\n"]
    {
        let text = format!("a,b,c\n{}", row.repeat(100_000));
        let begun = std::time::Instant::now();
        let lines: u64 = read(&text, b',', 3).iter().map(|(record, _)| record.lines).sum();
        assert!(lines >= 100_000, "{row}: {lines}");
        assert!(begun.elapsed().as_secs() < 20, "{row}: {:?}", begun.elapsed());
    }
}
