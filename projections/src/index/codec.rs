//! Encodes and decodes rows of the saved file: little-endian numbers in blocks of about a
//! megabyte, each with its length and checksum; an empty block ends the file.

use super::{
    interner::Interner,
    rows::{
        Closed, Edge, GrantExtras, ItemExtras, ItemNode, LibraryShare, LinkRow, PackedEventId,
        PrincipalExtras, PrincipalNode, Span, Terms,
    },
    sorted_chunks::{Keyed, SortedChunks},
};
use domain::{
    event::{Audience, Visibility},
    id::LinkId,
    lifecycle::Lifecycle,
};
use std::{
    io::{self, Read, Write},
    sync::Arc,
};
use uuid::Uuid;

const BLOCK_BYTES: usize = 1 << 20;
/// No block can be longer: its longest row is an item with its edges.
const MAX_BLOCK_BYTES: usize = 1 << 28;

/// What is being written.
#[derive(Debug)]
pub(super) struct Encoder<W: Write> {
    to: W,
    block: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, block: Vec::with_capacity(2 * BLOCK_BYTES) }
    }
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
    }
    pub(super) fn u8(&mut self, byte: u8) {
        self.block.push(byte);
    }
    pub(super) fn u16(&mut self, number: u16) {
        self.bytes(&number.to_le_bytes());
    }
    pub(super) fn u32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }
    pub(super) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }
    pub(super) fn i64(&mut self, micros: i64) {
        self.bytes(&micros.to_le_bytes());
    }
    pub(super) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }
    pub(super) fn text(&mut self, text: &str) {
        self.u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.bytes(text.as_bytes());
    }
    /// The block may end here.
    pub(super) fn row_ends(&mut self) -> io::Result<()> {
        if self.block.len() >= BLOCK_BYTES { self.block_ends() } else { Ok(()) }
    }
    pub(super) fn block_ends(&mut self) -> io::Result<()> {
        let len = u32::try_from(self.block.len()).map_err(io::Error::other)?;
        self.to.write_all(&len.to_le_bytes())?;
        self.to.write_all(&crc32fast::hash(&self.block).to_le_bytes())?;
        self.to.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
    /// The file ends here.
    pub(super) fn end(mut self) -> io::Result<W> {
        if !self.block.is_empty() {
            self.block_ends()?;
        }
        self.block_ends()?;
        Ok(self.to)
    }

    pub(super) fn list<T: Keyed>(&mut self, list: &SortedChunks<T>, one: impl Fn(&mut Self, &T)) {
        self.count(list.len());
        for item in list.iter() {
            one(self, item);
        }
    }

    fn numbers(&mut self, list: &SortedChunks<u32>) {
        self.list(list, |out, number| out.u32(*number));
    }

    pub(super) fn principal(&mut self, name: &str, row: &PrincipalNode) {
        self.text(name);
        let bits = [row.is_group, row.inactive, row.extras.is_some()];
        self.u8(bits.iter().rev().fold(0, |all, bit| all << 1 | u8::from(*bit)));
        self.numbers(&row.items);
        if let Some(extras) = &row.extras {
            self.numbers(&extras.groups);
            self.numbers(&extras.members);
            self.list(&extras.opened, |out, opening| {
                out.u32(opening.to);
                out.u64(opening.made.0);
            });
            self.numbers(&extras.libraries);
        }
    }

    pub(super) fn item(&mut self, name: &str, row: &ItemNode) {
        self.text(name);
        self.u16(row.kind);
        self.bytes(&[row.lifecycle as u8, row.visibility as u8]);
        self.bytes(&[u8::from(row.in_library), u8::from(row.extras.is_some())]);
        self.u32(row.owner);
        self.u64(row.registered.0);
        self.u64(row.shown.0);
        self.edges(&row.grants);
        if let Some(extras) = &row.extras {
            self.links(&extras.links);
            self.u8(u8::from(extras.closed.is_some()));
            if let Some(closed) = &extras.closed {
                self.edges(&closed.grants);
                self.links(&closed.links);
            }
            self.numbers(&extras.containers);
            self.numbers(&extras.parts);
        }
    }

    fn edges(&mut self, edges: &SortedChunks<Edge>) {
        self.list(edges, |out, edge| {
            out.u32(edge.who);
            out.u16(edge.terms.0);
            out.u16(u16::from(edge.extras.is_some()));
            out.bytes(&edge.grant);
            out.u64(edge.made.0);
        });
        for extras in edges.iter().filter_map(|edge| edge.extras.as_ref()) {
            self.span(extras.span);
            self.u64(extras.changed.0);
            self.u8(u8::from(extras.provenance.is_some()));
            if let Some(id) = &extras.provenance {
                self.count(id.len());
                self.bytes(id.as_bytes());
            }
        }
    }

    fn span(&mut self, span: Span) {
        self.i64(span.starts);
        self.i64(span.ends);
    }

    fn links(&mut self, links: &[LinkRow]) {
        self.count(links.len());
        for link in links {
            self.bytes(link.link.0.as_bytes());
            self.u32(link.generation);
            self.u64(link.password_version);
            self.u16(link.terms.0);
            self.u8(link.audience as u8);
            self.span(link.span);
            self.u64(link.made.0);
            self.u64(link.changed.0);
        }
    }
}

/// What is being read. Every failure means: damaged.
#[derive(Debug)]
pub(super) struct Decoder<R: Read> {
    from: R,
    block: Vec<u8>,
    at: usize,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, block: Vec::new(), at: 0 }
    }

    fn next_block(&mut self) -> io::Result<usize> {
        let (mut len, mut checksum) = ([0; 4], [0; 4]);
        self.from.read_exact(&mut len)?;
        self.from.read_exact(&mut checksum)?;
        let len = u32::from_le_bytes(len) as usize;
        if len > MAX_BLOCK_BYTES {
            return Err(damaged("a block is too long"));
        }
        self.block.resize(len, 0);
        self.at = 0;
        self.from.read_exact(&mut self.block)?;
        if crc32fast::hash(&self.block) != u32::from_le_bytes(checksum) {
            return Err(damaged("a checksum differs"));
        }
        Ok(len)
    }

    /// A row begins here, in this block or the next.
    pub(super) fn row_begins(&mut self) -> io::Result<()> {
        if self.at == self.block.len() && self.next_block()? == 0 {
            return Err(damaged("it ends too early"));
        }
        Ok(())
    }

    /// The file ends here.
    pub(super) fn ends(&mut self) -> io::Result<()> {
        if self.at != self.block.len() || self.next_block()? != 0 {
            return Err(damaged("it holds more than it should"));
        }
        if self.from.read(&mut [0])? != 0 {
            return Err(damaged("something follows its end"));
        }
        Ok(())
    }

    pub(super) fn take(&mut self, count: usize) -> io::Result<&[u8]> {
        let end = self.at.checked_add(count).ok_or_else(|| damaged("a row is cut off"))?;
        let taken = self.block.get(self.at..end).ok_or_else(|| damaged("a row is cut off"))?;
        self.at = end;
        Ok(taken)
    }
    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| damaged("a row is cut off"))
    }
    pub(super) fn u8(&mut self) -> io::Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }
    pub(super) fn u16(&mut self) -> io::Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }
    pub(super) fn u32(&mut self) -> io::Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub(super) fn u64(&mut self) -> io::Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub(super) fn i64(&mut self) -> io::Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }
    /// How many follow, each of at least so many bytes.
    pub(super) fn count(&mut self, each: usize) -> io::Result<usize> {
        let count = self.u32()? as usize;
        if count.saturating_mul(each) > self.block.len() - self.at {
            return Err(damaged("a list is cut off"));
        }
        Ok(count)
    }
    pub(super) fn text(&mut self) -> io::Result<&str> {
        let len = usize::from(self.u8()?);
        str::from_utf8(self.take(len)?).map_err(|_| damaged("a name is no text"))
    }
    fn flag(&mut self) -> io::Result<bool> {
        Ok(self.u8()? != 0)
    }

    fn numbers(&mut self) -> io::Result<SortedChunks<u32>> {
        let count = self.count(4)?;
        let (words, _) = self.take(count * 4)?.as_chunks();
        Ok(SortedChunks::from_sorted(words.iter().map(|word| u32::from_le_bytes(*word)).collect()))
    }

    /// The next account or group; `named` takes its name in.
    pub(super) fn principal(
        &mut self,
        names: &mut Interner,
        number: u32,
        hash: impl Fn(&str, bool) -> u32,
    ) -> io::Result<PrincipalNode> {
        let len = usize::from(self.u8()?);
        let bits = self.block.get(self.at + len).copied().unwrap_or_default();
        let is_group = bits & 1 != 0;
        let name = str::from_utf8(self.take(len)?).map_err(|_| damaged("a name is no text"))?;
        let name = names.add(name, hash(name, is_group), number);
        self.u8()?;
        let items = self.numbers()?;
        let extras = if bits & 4 != 0 { Some(Arc::new(self.principal_extras()?)) } else { None };
        Ok(PrincipalNode { name, is_group, inactive: bits & 2 != 0, items, extras })
    }

    fn principal_extras(&mut self) -> io::Result<PrincipalExtras> {
        let (groups, members) = (self.numbers()?, self.numbers()?);
        let count = self.count(12)?;
        let opened = (0..count)
            .map(|_| Ok(LibraryShare { to: self.u32()?, made: PackedEventId(self.u64()?) }));
        let opened = SortedChunks::from_sorted(opened.collect::<io::Result<_>>()?);
        Ok(PrincipalExtras { groups, members, opened, libraries: self.numbers()? })
    }

    pub(super) fn item(
        &mut self,
        names: &mut Interner,
        number: u32,
        hash: impl Fn(&str, u16) -> u32,
    ) -> io::Result<ItemNode> {
        let len = usize::from(self.u8()?);
        let behind = self.block.get(self.at + len..self.at + len + 2).unwrap_or_default();
        let kind = behind.try_into().map(u16::from_le_bytes).unwrap_or_default();
        let name = str::from_utf8(self.take(len)?).map_err(|_| damaged("a name is no text"))?;
        let name = names.add(name, hash(name, kind), number);
        self.u16()?;
        let lifecycle = lifecycle(self.u8()?)?;
        let visibility = visibility(self.u8()?)?;
        let (in_library, has_extras) = (self.flag()?, self.flag()?);
        let owner = self.u32()?;
        let (registered, shown) = (PackedEventId(self.u64()?), PackedEventId(self.u64()?));
        let grants = self.edges()?;
        let extras = if has_extras { Some(Arc::new(self.item_extras()?)) } else { None };
        Ok(ItemNode {
            name,
            kind,
            lifecycle,
            visibility,
            in_library,
            owner,
            registered,
            shown,
            grants,
            extras,
        })
    }

    fn item_extras(&mut self) -> io::Result<ItemExtras> {
        let links = self.links()?;
        let closed = if self.flag()? {
            Some(Closed { grants: self.edges()?, links: self.links()? })
        } else {
            None
        };
        Ok(ItemExtras { links, closed, containers: self.numbers()?, parts: self.numbers()? })
    }

    fn edges(&mut self) -> io::Result<SortedChunks<Edge>> {
        let count = self.count(32)?;
        let mut tails = Vec::new();
        let (rows, _) = self.take(count * 32)?.as_chunks::<32>();
        let mut edges = Vec::with_capacity(count);
        for row in rows {
            edges.push(edge(row)?);
            if row.get(6) == Some(&1) {
                tails.push(edges.len() - 1);
            }
        }
        for at in tails {
            let extras = self.extras()?;
            if let Some(edge) = edges.get_mut(at) {
                edge.extras = Some(Arc::new(extras));
            }
        }
        Ok(SortedChunks::from_sorted(edges))
    }

    fn extras(&mut self) -> io::Result<GrantExtras> {
        let (span, changed) = (self.span()?, PackedEventId(self.u64()?));
        let provenance = if self.flag()? {
            let len = self.count(1)?;
            let id = str::from_utf8(self.take(len)?).map_err(|_| damaged("an id is no text"))?;
            Some(id.into())
        } else {
            None
        };
        Ok(GrantExtras { span, provenance, changed })
    }

    fn span(&mut self) -> io::Result<Span> {
        Ok(Span { starts: self.i64()?, ends: self.i64()? })
    }

    fn links(&mut self) -> io::Result<Vec<LinkRow>> {
        let count = self.count(63)?;
        (0..count)
            .map(|_| {
                Ok(LinkRow {
                    link: LinkId(Uuid::from_bytes(self.array()?)),
                    generation: self.u32()?,
                    password_version: self.u64()?,
                    terms: Terms(self.u16()?),
                    audience: audience(self.u8()?)?,
                    span: self.span()?,
                    made: PackedEventId(self.u64()?),
                    changed: PackedEventId(self.u64()?),
                })
            })
            .collect()
    }
}

/// A grant without its tail: who, terms, has a tail, id, event.
fn edge(row: &[u8; 32]) -> io::Result<Edge> {
    let part = |from: usize, to: usize| row.get(from..to).unwrap_or_default();
    let cut = |_| damaged("a grant is cut off");
    Ok(Edge {
        who: u32::from_le_bytes(part(0, 4).try_into().map_err(cut)?),
        terms: Terms(u16::from_le_bytes(part(4, 6).try_into().map_err(cut)?)),
        grant: part(8, 24).try_into().map_err(cut)?,
        made: PackedEventId(u64::from_le_bytes(part(24, 32).try_into().map_err(cut)?)),
        extras: None,
    })
}

fn lifecycle(byte: u8) -> io::Result<Lifecycle> {
    use Lifecycle::{Closed, Open, Retired, Unknown};
    let all = [Unknown, Open, Closed, Retired];
    all.into_iter().find(|one| *one as u8 == byte).ok_or_else(|| damaged("an unknown state"))
}

fn visibility(byte: u8) -> io::Result<Visibility> {
    use Visibility::{Internal, Public, Restricted};
    let all = [Restricted, Internal, Public];
    all.into_iter().find(|one| *one as u8 == byte).ok_or_else(|| damaged("an unknown visibility"))
}

fn audience(byte: u8) -> io::Result<Audience> {
    let all = [Audience::Named, Audience::Internal, Audience::Anyone];
    all.into_iter().find(|one| *one as u8 == byte).ok_or_else(|| damaged("an unknown audience"))
}
