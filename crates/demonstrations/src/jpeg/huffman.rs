//! Codes of varying length, and the bits that they are read from.

/// A table of codes: T.81, annex F.2.2.3.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// For each length from 1: the greatest code, or -1, and what to add to a code to find its symbol.
    lengths: [(i32, i32); 16],
    symbols: Vec<u8>,
}

impl Table {
    /// The table of `counts[n]` codes of length n + 1, whose symbols stand in the order of the codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Table, String> {
        let mut lengths = [(-1, 0); 16];
        let (mut code, mut before) = (0_i32, 0_i32);
        for (length, (entry, count)) in lengths.iter_mut().zip(counts).enumerate() {
            let count = i32::from(*count);
            if 0 < count {
                *entry = (code + count - 1, before - code);
            }
            code += count;
            before += count;
            if 1 << (length + 1) < code {
                return Err("a table of a JPEG with more codes than there are".to_owned());
            }
            code <<= 1;
        }
        Ok(Table {
            lengths,
            symbols: symbols.to_vec(),
        })
    }

    /// The next symbol.
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Result<u8, String> {
        let mut code = 0;
        for (greatest, to_symbol) in self.lengths {
            code = code << 1 | bits.next()?;
            if code <= greatest {
                let symbol = usize::try_from(code + to_symbol)
                    .ok()
                    .and_then(|index| self.symbols.get(index));
                return symbol
                    .copied()
                    .ok_or_else(|| "a code of a JPEG without a symbol".to_owned());
            }
        }
        Err("a code of a JPEG that is in no table".to_owned())
    }
}

/// The bits of a scan, the first of each byte first.
#[derive(Clone, Debug)]
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    byte: u8,
    n_left: u8,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Bits<'b> {
        Bits {
            bytes,
            at: 0,
            byte: 0,
            n_left: 0,
        }
    }

    fn next(&mut self) -> Result<i32, String> {
        if self.n_left == 0 {
            let cut_off = || "a JPEG whose image is cut off".to_owned();
            self.byte = *self.bytes.get(self.at).ok_or_else(cut_off)?;
            self.at += 1;
            if self.byte == 0xff {
                // A zero follows where it is no marker.
                if self.bytes.get(self.at) != Some(&0) {
                    return Err(cut_off());
                }
                self.at += 1;
            }
            self.n_left = 8;
        }
        self.n_left -= 1;
        Ok(i32::from(self.byte >> self.n_left & 1))
    }

    /// A number of `n` bits; those that begin with a 0 are negative.
    pub(super) fn signed(&mut self, n: u8) -> Result<i32, String> {
        if 15 < n {
            return Err(format!("a coefficient of a JPEG of {n} bits"));
        }
        let mut value = 0;
        for _ in 0..n {
            value = value << 1 | self.next()?;
        }
        let is_negative = 0 < n && value < 1 << (n - 1);
        Ok(if is_negative {
            value - (1 << n) + 1
        } else {
            value
        })
    }

    /// Goes behind the marker after which the coding begins anew.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        self.n_left = 0;
        match self.bytes.get(self.at..self.at + 2) {
            Some([0xff, 0xd0..=0xd7]) => {
                self.at += 2;
                Ok(())
            }
            _ => Err("a JPEG without the marker after which it begins anew".to_owned()),
        }
    }
}
