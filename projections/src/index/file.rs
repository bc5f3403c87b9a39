//! Saves and loads the index: one file, written beside and renamed over the old one.
//!
//! Disposable: what is damaged, of another version, of another log or ahead of its head is read
//! from the log instead. A wrong answer can never come from it.

use super::{
    apply::INDEX_VERSION,
    codec::{Decoder, Encoder},
    interner::hash,
    tables::{Counts, KindRow, Tables},
};
use domain::{
    id::{CommitId, KindName, LogId},
    position::Position,
    time::Time,
};
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

const MAGIC: &[u8; 8] = b"SLINDEX\n";
/// Raised whenever the layout of the file changes.
const FORMAT: u32 = 1;
const BUFFER: usize = 1 << 20;

/// Why a saved index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none yet.
    #[error("there is no saved index")]
    Missing,
    /// It cannot be read, or is not as it was written.
    #[error("the saved index is damaged: {0}")]
    Damaged(String),
    /// Another release wrote it.
    #[error("the saved index was written by another release")]
    Version,
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else {
            Self::Damaged(error.to_string())
        }
    }
}

/// Writes everything; the old file stays until the new one is on disk.
pub(super) fn save(tables: &Tables, path: &Path) -> io::Result<()> {
    let beside = path.with_extension("new");
    let written = write(tables, &beside).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The half-written one is of no use; the error that made it so is returned.
        drop(fs::remove_file(&beside));
    }
    written?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn write(tables: &Tables, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
    file.write_all(MAGIC)?;
    let mut out = Encoder::new(file);
    out.u32(FORMAT);
    out.u32(INDEX_VERSION);
    out.bytes(tables.log.map_or(Uuid::nil(), |log| log.0).as_bytes());
    out.u64(tables.position.0);
    out.i64(tables.time.as_micros());
    out.bytes(tables.commit.map_or(Uuid::nil(), |commit| commit.0).as_bytes());
    out.u32(tables.rules);
    let counts = &tables.counts;
    let all = [counts.grants, counts.grants_with_extras, counts.links, counts.items];
    for count in all.into_iter().chain([counts.reverse_edges, counts.parts, counts.relationships]) {
        out.u64(count);
    }
    out.count(tables.kinds.len());
    for kind in tables.kinds.iter() {
        out.text(kind.name.as_str());
        out.u8(u8::from(kind.follows));
    }
    out.count(tables.principals.len());
    out.count(tables.items.len());
    out.block_ends()?;
    for row in tables.principals.iter() {
        out.principal(tables.principal_text(row), row);
        out.row_ends()?;
    }
    for row in tables.items.iter() {
        out.item(tables.item_text(row), row);
        out.row_ends()?;
    }
    let file = out.end()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// What a saved file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedIndex {
    /// The log it was made from.
    pub log: LogId,
    /// The position up to which it knows everything.
    pub position: Position,
    /// Open grants in it.
    pub grants: u64,
    /// Items in it.
    pub items: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// How long reading it took.
    pub took: Duration,
}

type Source = Decoder<BufReader<File>>;

/// Reads a saved file as a start does, to its end and with every checksum, and says what it is.
pub fn inspect(path: &Path) -> Result<SavedIndex, LoadError> {
    let began = Instant::now();
    let tables = load(path)?;
    let took = began.elapsed();
    let log = tables.log.ok_or_else(|| LoadError::Damaged("it names no log".to_owned()))?;
    let Counts { grants, items, .. } = tables.counts;
    let bytes = fs::metadata(path)?.len();
    Ok(SavedIndex { log, position: tables.position, grants, items, bytes, took })
}

/// Tables without rows, how many principals and items follow, and the rest of the file.
fn header(path: &Path) -> Result<(Tables, (usize, usize), Source), LoadError> {
    let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(LoadError::Damaged("it is no saved index".to_owned()));
    }
    let mut source = Decoder::new(file);
    source.row_begins()?;
    if (source.u32()?, source.u32()?) != (FORMAT, INDEX_VERSION) {
        return Err(LoadError::Version);
    }
    let mut tables = Tables {
        log: Some(LogId(Uuid::from_bytes(source.array()?))),
        position: Position(source.u64()?),
        time: Time::EPOCH.plus_micros(source.i64()?),
        commit: Some(CommitId(Uuid::from_bytes(source.array()?))),
        rules: source.u32()?,
        ..Tables::default()
    };
    tables.counts = Counts {
        grants: source.u64()?,
        grants_with_extras: source.u64()?,
        links: source.u64()?,
        items: source.u64()?,
        reverse_edges: source.u64()?,
        parts: source.u64()?,
        relationships: source.u64()?,
    };
    let mut kinds = Vec::new();
    for _ in 0..source.count(2)? {
        let name = KindName::parse(source.text()?);
        let name = name.map_err(|error| LoadError::Damaged(error.to_string()))?;
        kinds.push(KindRow { name, follows: source.u8()? != 0 });
    }
    tables.kinds = Arc::new(kinds);
    let rows = (source.u32()? as usize, source.u32()? as usize);
    Ok((tables, rows, source))
}

/// Reads everything.
pub(super) fn load(path: &Path) -> Result<Tables, LoadError> {
    let (mut tables, (principals, items), mut source) = header(path)?;
    // A damaged number must not take all memory: a name needs two bytes at least.
    let most = usize::try_from(fs::metadata(path)?.len()).unwrap_or(usize::MAX) / 2;
    if principals.saturating_add(items) > most {
        return Err(LoadError::Damaged("it is too short for its rows".to_owned()));
    }
    let log = tables.log;
    tables.principal_names.reserve(principals);
    for number in 0..principals {
        source.row_begins()?;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let space = |name: &str, is_group| hash(log, u16::from(is_group), name);
        let row = source.principal(&mut tables.principal_names, number, space)?;
        tables.principals.push(row);
    }
    tables.item_names.reserve(items);
    for number in 0..items {
        source.row_begins()?;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let space = |name: &str, kind| hash(log, kind, name);
        let row = source.item(&mut tables.item_names, number, space)?;
        tables.items.push(row);
    }
    source.ends()?;
    Ok(tables)
}
