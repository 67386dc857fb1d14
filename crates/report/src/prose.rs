//! Text with the words that matter marked, so that HTML and terminal can each stress them their own way.

/// A run of text, plain or stressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) strong: bool,
}

/// Sentences made of pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prose {
    pub(crate) pieces: Vec<Piece>,
}

impl Prose {
    pub(crate) fn plain(&mut self, text: impl Into<String>) -> &mut Prose {
        self.pieces.push(Piece {
            text: text.into(),
            strong: false,
        });
        self
    }

    pub(crate) fn strong(&mut self, text: impl Into<String>) -> &mut Prose {
        self.pieces.push(Piece {
            text: text.into(),
            strong: true,
        });
        self
    }

    /// The text without its stresses.
    pub(crate) fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }
}
