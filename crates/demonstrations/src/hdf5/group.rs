//! Groups: which names lead to which object headers.

use std::collections::BTreeMap;

use super::dense;
use super::object::{Message, kind, one};
use crate::Place;
use crate::error::shortened;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

/// The most names in a group.
const MOST_NAMES: usize = 1 << 24;
/// The longest name of a link.
const LONGEST_NAME: usize = 1 << 10;
const MEND: &str = "write it again with everything in one file and without such links";

/// The address of each object of a group, by name.
pub(super) type Entries = BTreeMap<String, u64>;

/// Whether these are the messages of a group.
pub(super) fn is_group(messages: &[Message]) -> bool {
    let of_group = [kind::SYMBOL_TABLE, kind::LINK_INFO, kind::LINK];
    messages
        .iter()
        .any(|message| of_group.contains(&message.kind))
}

/// The objects of the group that these messages describe.
pub(super) fn entries(pieces: &mut Pieces, messages: &[Message]) -> Result<Entries, Fault> {
    let mut entries = Entries::new();
    if let Some(message) = one(messages, kind::SYMBOL_TABLE)? {
        let mut cursor = Cursor::new(&message.body);
        let (tree, heap) = (cursor.u64()?, cursor.u64()?);
        let names = local_heap(pieces, heap)?;
        symbols(pieces, tree, None, &names, &mut entries)?;
    }
    for message in messages.iter().filter(|message| message.kind == kind::LINK) {
        add_link(&message.body, &mut entries)?;
    }
    if let Some(message) = one(messages, kind::LINK_INFO)? {
        for link in dense::links(pieces, &message.body)? {
            add_link(&link, &mut entries)?;
        }
    }
    Ok(entries)
}

/// The names of a symbol table, one after the other.
fn local_heap(pieces: &mut Pieces, address: u64) -> Result<Vec<u8>, Fault> {
    let head = pieces.read(address, 32)?;
    let mut cursor = Cursor::new(&head);
    if cursor.take(4)? != b"HEAP" || cursor.u8()? != 0 {
        return Err(Fault::damaged("no heap of names is here").at(Place::Byte(address)));
    }
    cursor.take(3)?;
    let (size, _free, data) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    pieces.read(data, size)
}

/// Visits a node of the tree that finds the symbols. Levels fall from node to child and names rise, so that no cycle
/// is followed for long.
fn symbols(
    pieces: &mut Pieces,
    address: u64,
    level: Option<u8>,
    names: &[u8],
    entries: &mut Entries,
) -> Result<(), Fault> {
    let damaged = |problem: &str| Fault::damaged(problem).at(Place::Byte(address));
    let head = pieces.read(address, 24)?;
    let mut cursor = Cursor::new(&head);
    let (signature, kind, here, n_children) =
        (cursor.take(4)?, cursor.u8()?, cursor.u8()?, cursor.u16()?);
    if signature != b"TREE" || kind != 0 || level.is_some_and(|level| level != here) {
        return Err(damaged("no node of a group is here"));
    }
    if n_children == 0 && level.is_some() {
        return Err(damaged("a node of a group is empty"));
    }
    let body = pieces.read(address + 24, 16 * u64::from(n_children) + 8)?;
    let mut cursor = Cursor::new(&body);
    for _ in 0..n_children {
        let (_key, child) = (cursor.u64()?, cursor.u64()?);
        match here {
            0 => symbol_node(pieces, child, names, entries)?,
            here => symbols(pieces, child, Some(here - 1), names, entries)?,
        }
    }
    Ok(())
}

fn symbol_node(
    pieces: &mut Pieces,
    address: u64,
    names: &[u8],
    entries: &mut Entries,
) -> Result<(), Fault> {
    let damaged = |problem: String| Fault::damaged(problem).at(Place::Byte(address));
    let head = pieces.read(address, 8)?;
    let mut cursor = Cursor::new(&head);
    if cursor.take(4)? != b"SNOD" || cursor.u8()? != 1 {
        return Err(damaged("no symbols of a group are here".to_owned()));
    }
    cursor.take(1)?;
    let n_symbols = cursor.u16()?;
    if n_symbols == 0 {
        return Err(damaged("a list of symbols is empty".to_owned()));
    }
    let body = pieces.read(address + 8, 40 * u64::from(n_symbols))?;
    let mut cursor = Cursor::new(&body);
    for _ in 0..n_symbols {
        let (name, object, cached) = (cursor.u64()?, cursor.u64()?, cursor.u32()?);
        cursor.take(20)?;
        let rest = usize::try_from(name)
            .ok()
            .and_then(|start| names.get(start..));
        let rest = rest
            .ok_or_else(|| damaged(format!("a name begins at byte {name} of {}", names.len())))?;
        let n = rest.iter().take(LONGEST_NAME).position(|byte| *byte == 0);
        let n = n.ok_or_else(|| damaged(format!("a name is longer than {LONGEST_NAME} bytes")))?;
        let name = text(&rest[..n])?;
        if cached == 2 {
            return Err(Fault::new(
                format!("`{}` is a link to another place", shortened(&name)),
                MEND,
            ));
        }
        if entries
            .last_key_value()
            .is_some_and(|(last, _)| name <= *last)
        {
            return Err(damaged(format!(
                "the name `{}` is out of order",
                shortened(&name)
            )));
        }
        insert(entries, name, object)?;
    }
    Ok(())
}

/// Adds the object that a link message names.
fn add_link(body: &[u8], entries: &mut Entries) -> Result<(), Fault> {
    let mut cursor = Cursor::new(body);
    let (version, flags) = (cursor.u8()?, cursor.u8()?);
    if version != 1 {
        return Err(Fault::damaged(format!(
            "a link of version {version}, 1 is read"
        )));
    }
    let kind = if flags & 0x08 != 0 { cursor.u8()? } else { 0 };
    cursor.take(if flags & 0x04 != 0 { 8 } else { 0 })?;
    cursor.take(if flags & 0x10 != 0 { 1 } else { 0 })?;
    let n = cursor.unsigned(1 << (flags & 3))?;
    if LONGEST_NAME as u64 <= n {
        return Err(Fault::damaged(format!(
            "a name of {n} bytes, at most {LONGEST_NAME} are read"
        )));
    }
    let name = text(cursor.take(n as usize)?)?;
    if kind != 0 {
        return Err(Fault::new(
            format!("`{}` is a link to another place", shortened(&name)),
            MEND,
        ));
    }
    let object = cursor.u64()?;
    if entries.contains_key(&name) {
        return Err(Fault::damaged(format!(
            "the name `{}` is there twice",
            shortened(&name)
        )));
    }
    insert(entries, name, object)
}

fn insert(entries: &mut Entries, name: String, object: u64) -> Result<(), Fault> {
    if entries.len() == MOST_NAMES {
        return Err(Fault::damaged(format!(
            "a group of more than {MOST_NAMES} names"
        )));
    }
    entries.insert(name, object);
    Ok(())
}

fn text(bytes: &[u8]) -> Result<String, Fault> {
    let text = String::from_utf8(bytes.to_vec());
    text.map_err(|_| {
        Fault::damaged(format!(
            "the name {} is no UTF-8",
            shortened(&String::from_utf8_lossy(bytes))
        ))
    })
}
