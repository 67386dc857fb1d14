//! JPEG images as Pillow writes them for Minari, decoded to the bytes that Pillow would decode them to.
//!
//! Read is the baseline process with Huffman coding: eight bits, one component or three (YCbCr), luminance sampled once
//! or twice as finely as chrominance. The inverse transform, the upsampling and the conversion to RGB are those that
//! libjpeg takes by default ("islow", "fancy", JFIF's matrix), in the same whole numbers, so that not a bit differs.
//!
//! The format is public: ITU-T T.81. The arithmetic follows the documented behaviour of libjpeg.

mod huffman;
mod pixels;

use huffman::{Bits, Table};
use pixels::Plane;

/// The largest sampling factor that is read.
const MOST_SAMPLING: usize = 2;

/// Where the coefficients of a block stand in the order in which they are coded.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes an image that must have these extents: `[height, width]` grey, or `[height, width, 3]` RGB. Adds its bytes,
/// row-major, to `pixels`.
pub(crate) fn decode(bytes: &[u8], shape: &[usize], pixels: &mut Vec<u8>) -> Result<(), String> {
    let mut decoder = Decoder {
        bytes,
        at: 0,
        shape,
        quantization: [None; 4],
        dc: no_tables(),
        ac: no_tables(),
        frame: None,
        interval: 0,
    };
    decoder.decode(pixels)
}

fn no_tables() -> [Option<Table>; 4] {
    [const { None }; 4]
}

struct Decoder<'b> {
    bytes: &'b [u8],
    at: usize,
    shape: &'b [usize],
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    frame: Option<Vec<Component>>,
    /// Units after which the coding begins anew; 0 for never.
    interval: usize,
}

/// One component: how finely it is sampled, and by which table its coefficients are scaled.
#[derive(Clone, Copy, Debug)]
struct Component {
    id: u8,
    across: usize,
    down: usize,
    quantization: usize,
}

impl Decoder<'_> {
    fn decode(&mut self, pixels: &mut Vec<u8>) -> Result<(), String> {
        if self.take(2)? != [0xff, 0xd8] {
            return Err("an image does not begin as a JPEG".to_owned());
        }
        loop {
            let marker = self.marker()?;
            let length = usize::from(u16::from_be_bytes([self.byte()?, self.byte()?]));
            let content = length
                .checked_sub(2)
                .ok_or("a segment of a JPEG shorter than its length")?;
            let segment = self.take(content)?.to_vec();
            match marker {
                0xdb => self.quantization(&segment)?,
                0xc4 => self.huffman(&segment)?,
                0xc0 | 0xc1 => self.frame(&segment)?,
                0xdd => {
                    self.interval =
                        usize::from(u16::from_be_bytes([get(&segment, 0)?, get(&segment, 1)?]))
                }
                0xda => return self.scan(&segment, pixels),
                0xc2..=0xcf => {
                    return Err(format!(
                        "a JPEG of process {}, the baseline process is read",
                        marker - 0xc0
                    ));
                }
                // Comments and what applications add.
                0xe0..=0xef | 0xfe => {}
                marker => {
                    return Err(format!(
                        "a JPEG with the marker {marker:#04x} before its image"
                    ));
                }
            }
        }
    }

    fn take(&mut self, n: usize) -> Result<&[u8], String> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len());
        let end =
            end.ok_or_else(|| format!("a JPEG that is cut off after {} bytes", self.bytes.len()))?;
        let start = std::mem::replace(&mut self.at, end);
        Ok(&self.bytes[start..end])
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn marker(&mut self) -> Result<u8, String> {
        if self.byte()? != 0xff {
            return Err("a JPEG without a marker where one is expected".to_owned());
        }
        loop {
            match self.byte()? {
                0xff => {}
                marker => return Ok(marker),
            }
        }
    }

    fn quantization(&mut self, mut segment: &[u8]) -> Result<(), String> {
        while let Some((head, rest)) = segment.split_first() {
            let size = if head >> 4 == 0 { 1 } else { 2 };
            let (entries, rest) = rest
                .split_at_checked(64 * size)
                .ok_or("a table of a JPEG that is cut off")?;
            let slot = self
                .quantization
                .get_mut(usize::from(head & 15))
                .ok_or("a JPEG with a fifth table")?;
            let mut table = [0; 64];
            for (index, entry) in entries.chunks_exact(size).enumerate() {
                table[ZIGZAG[index]] = entry
                    .iter()
                    .fold(0, |value, byte| value << 8 | u16::from(*byte));
            }
            *slot = Some(table);
            segment = rest;
        }
        Ok(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Result<(), String> {
        while let Some((head, rest)) = segment.split_first() {
            let (counts, rest) = rest
                .split_first_chunk::<16>()
                .ok_or("a table of a JPEG that is cut off")?;
            let n = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest
                .split_at_checked(n)
                .ok_or("a table of a JPEG that is cut off")?;
            let tables = if head >> 4 == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            let slot = tables
                .get_mut(usize::from(head & 15))
                .ok_or("a JPEG with a fifth table")?;
            *slot = Some(Table::new(counts, symbols)?);
            segment = rest;
        }
        Ok(())
    }

    fn frame(&mut self, segment: &[u8]) -> Result<(), String> {
        let extent = |at| {
            Ok::<_, String>(usize::from(u16::from_be_bytes([
                get(segment, at)?,
                get(segment, at + 1)?,
            ])))
        };
        let (precision, height, width, n) = (
            get(segment, 0)?,
            extent(1)?,
            extent(3)?,
            usize::from(get(segment, 5)?),
        );
        let found = match n {
            1 => vec![height, width],
            n => vec![height, width, n],
        };
        if found != self.shape || !matches!(n, 1 | 3) || precision != 8 {
            return Err(format!(
                "a JPEG of the extents {found:?} and {precision} bits, {:?} and 8 are expected",
                self.shape
            ));
        }
        let mut components = vec![];
        for index in 0..n {
            let at = 6 + 3 * index;
            let (id, sampling, table) = (
                get(segment, at)?,
                get(segment, at + 1)?,
                get(segment, at + 2)?,
            );
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            components.push(Component {
                id,
                across,
                down,
                quantization: usize::from(table),
            });
        }
        // One component alone is coded block by block, whatever it says of its sampling.
        if let [only] = &mut components[..] {
            (only.across, only.down) = (1, 1);
        }
        let finest = components[0];
        let is_read = components[1..]
            .iter()
            .all(|other| (other.across, other.down) == (1, 1))
            && matches!(
                (finest.across, finest.down),
                (1, 1) | (2, 1) | (MOST_SAMPLING, MOST_SAMPLING)
            );
        if !is_read {
            return Err("a JPEG whose components are sampled in an unusual way".to_owned());
        }
        self.frame = Some(components);
        Ok(())
    }

    fn scan(&mut self, segment: &[u8], pixels: &mut Vec<u8>) -> Result<(), String> {
        let components = self.frame.clone().ok_or("a JPEG without a frame")?;
        if usize::from(get(segment, 0)?) != components.len() {
            return Err("a JPEG whose components are coded apart".to_owned());
        }
        let (height, width) = (self.shape[0], self.shape[1]);
        let finest = components[0];
        let (unit_rows, unit_columns) = (
            height.div_ceil(8 * finest.down),
            width.div_ceil(8 * finest.across),
        );
        let mut coded = vec![];
        for (index, component) in components.iter().enumerate() {
            let (id, tables) = (get(segment, 1 + 2 * index)?, get(segment, 2 + 2 * index)?);
            let table = |tables: &[Option<Table>; 4], index: u8| {
                tables.get(usize::from(index)).cloned().flatten()
            };
            let dc =
                table(&self.dc, tables >> 4).ok_or("a JPEG without the table that it names")?;
            let ac =
                table(&self.ac, tables & 15).ok_or("a JPEG without the table that it names")?;
            let scale = self
                .quantization
                .get(component.quantization)
                .copied()
                .flatten();
            let scale = scale.ok_or("a JPEG without the table that it names")?;
            if id != component.id {
                return Err("a JPEG whose components are coded out of order".to_owned());
            }
            let plane = Plane::new(
                8 * unit_rows * component.down,
                8 * unit_columns * component.across,
                (height * component.down).div_ceil(finest.down),
                (width * component.across).div_ceil(finest.across),
            );
            coded.push(Coded {
                component: *component,
                dc,
                ac,
                scale,
                last: 0,
                plane,
            });
        }
        let mut bits = Bits::new(&self.bytes[self.at..]);
        for unit in 0..unit_rows * unit_columns {
            if 0 < self.interval && 0 < unit && unit.is_multiple_of(self.interval) {
                bits.restart()?;
                coded.iter_mut().for_each(|coded| coded.last = 0);
            }
            for coded in &mut coded {
                coded.unit(&mut bits, unit / unit_columns, unit % unit_columns)?;
            }
        }
        let planes: Vec<Plane> = coded.into_iter().map(|coded| coded.plane).collect();
        pixels::join(&planes, (finest.across, finest.down), height, width, pixels);
        Ok(())
    }
}

/// A component as it is decoded.
struct Coded {
    component: Component,
    dc: Table,
    ac: Table,
    scale: [u16; 64],
    /// The first coefficient of the block before, from which the next is told.
    last: i32,
    plane: Plane,
}

impl Coded {
    /// Decodes the blocks of one unit.
    fn unit(&mut self, bits: &mut Bits<'_>, row: usize, column: usize) -> Result<(), String> {
        for down in 0..self.component.down {
            for across in 0..self.component.across {
                let block = self.block(bits)?;
                let place = (
                    row * self.component.down + down,
                    column * self.component.across + across,
                );
                self.plane.put(&block, place);
            }
        }
        Ok(())
    }

    /// Decodes the coefficients of a block and scales them.
    fn block(&mut self, bits: &mut Bits<'_>) -> Result<[i32; 64], String> {
        let mut block = [0; 64];
        let n_bits = self.dc.next(bits)?;
        self.last = self.last.wrapping_add(bits.signed(n_bits)?);
        block[0] = self.last.wrapping_mul(i32::from(self.scale[0]));
        let mut index = 1;
        while index < 64 {
            let symbol = self.ac.next(bits)?;
            let (n_zeros, n_bits) = (usize::from(symbol >> 4), symbol & 15);
            match (n_zeros, n_bits) {
                (15, 0) => index += 16,
                (_, 0) => break,
                _ => {
                    index += n_zeros;
                    let place = *ZIGZAG
                        .get(index)
                        .ok_or("a block of a JPEG with too many coefficients")?;
                    block[place] = bits
                        .signed(n_bits)?
                        .wrapping_mul(i32::from(self.scale[place]));
                    index += 1;
                }
            }
        }
        Ok(block)
    }
}

fn get(segment: &[u8], at: usize) -> Result<u8, String> {
    segment
        .get(at)
        .copied()
        .ok_or_else(|| "a segment of a JPEG that is cut off".to_owned())
}

#[cfg(test)]
mod tests;
