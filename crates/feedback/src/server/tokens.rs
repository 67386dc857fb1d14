//! Tokens: how an annotator on the network is known, and the file in which only their hashes are kept.

use sha2::{Digest as _, Sha256};

use crate::Error;

/// Random bits of a token, in bytes: nobody guesses one, so a hash without salt or stretching keeps it.
const TOKEN_BYTES: usize = 20;

/// Letters of a token, as in RFC 4648 base 32, without case: what can be typed on a phone.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What stands before a hash in the file.
const PREFIX: &str = "sha256:";

/// Wrong lines that a message tells of; a file of something else has many.
const MOST_FAULTS: usize = 5;

/// The longest name of an annotator, in characters.
pub(super) const LONGEST_NAME: usize = 60;

/// A secret that says who somebody is. It is shown once and kept by its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn random() -> Result<Token, Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::refused(
                format!("the operating system gives no random bytes ({error})"),
                "make tokens on another machine",
            )
        })?;
        Ok(Token(base32(&bytes)))
    }

    /// The secret itself, to be handed to its annotator.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// Five bits a letter. The bytes are a multiple of five, so nothing is left over.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks_exact(5) {
        let bits = chunk
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            text.push(char::from(LETTERS[(bits >> (5 * place) & 31) as usize]));
        }
    }
    text
}

/// Who may answer: names, and the hashes of their tokens.
///
/// As text, a line is `sha256:` with 64 hexadecimal digits, a space and the name; empty lines and lines that begin with
/// `#` say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    entries: Vec<(String, [u8; 32])>,
}

impl Tokens {
    /// Reads the text.
    ///
    /// # Errors
    /// The lines that are wrong, each with its number, the first few where they are many.
    pub fn parse(text: &str) -> Result<Tokens, Error> {
        let mut tokens = Tokens::default();
        let mut faults = vec![];
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match read_line(line).and_then(|(name, hash)| tokens.insert(name, hash)) {
                Ok(()) => {}
                Err(fault) => faults.push(format!("line {}: {fault}", index + 1)),
            }
        }
        if faults.is_empty() {
            return Ok(tokens);
        }
        let n_more = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        if n_more > 0 {
            faults.push(format!("and {n_more} lines more"));
        }
        Err(Error::refused(
            faults.join("; "),
            "write the file with `rewardlab label tokens`",
        ))
    }

    /// The text that [`Tokens::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = "# Annotators and the hashes of their tokens. The tokens themselves are kept nowhere.\n".to_owned();
        for (name, hash) in &self.entries {
            let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            text += &format!("{PREFIX}{digits} {name}\n");
        }
        text
    }

    /// Lets `name` answer with a token.
    ///
    /// # Errors
    /// If the name is none, or has a token already.
    pub fn add(&mut self, name: &str, token: &Token) -> Result<(), Error> {
        let added = checked_name(name).and_then(|name| self.insert(name, hash(token.reveal())));
        added.map_err(|fault| Error::refused(fault, "choose another name"))
    }

    /// Takes the token of `name` away, and says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|(known, _)| known != name);
        self.entries.len() < before
    }

    /// The names, in the order in which they were added.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// Whose a token is. Every entry is compared to its last byte, so that the time tells nothing.
    pub(super) fn owner(&self, token: &str) -> Option<&str> {
        let presented = hash(&token.trim().to_ascii_lowercase());
        let mut found = None;
        for (name, kept) in &self.entries {
            let pairs = presented.iter().zip(kept);
            let difference = pairs.fold(0, |difference, (one, other)| {
                std::hint::black_box(difference | (one ^ other))
            });
            if std::hint::black_box(difference) == 0 {
                found = Some(name.as_str());
            }
        }
        found
    }

    fn insert(&mut self, name: String, hash: [u8; 32]) -> Result<(), String> {
        if self.entries.iter().any(|(known, _)| *known == name) {
            return Err(format!("\"{name}\" has a token already"));
        }
        self.entries.push((name, hash));
        Ok(())
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn read_line(line: &str) -> Result<(String, [u8; 32]), String> {
    let expected = "a line is sha256: with 64 hexadecimal digits, a space and a name";
    let (digits, name) = line
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once(' '))
        .ok_or(expected)?;
    let is_hash = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hash {
        return Err(expected.to_owned());
    }
    let mut hash = [0; 32];
    for (byte, place) in hash.iter_mut().zip(0..) {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16)
            .map_err(|error| error.to_string())?;
    }
    Ok((checked_name(name)?, hash))
}

/// A name that can be shown and kept.
pub(super) fn checked_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    let n_characters = name.chars().count();
    if n_characters == 0 || LONGEST_NAME < n_characters {
        return Err(format!(
            "a name has between 1 and {LONGEST_NAME} characters, not {n_characters}"
        ));
    }
    if name.chars().any(char::is_control) {
        return Err("a name has no control characters".to_owned());
    }
    Ok(name.to_owned())
}
