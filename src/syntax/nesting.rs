//! How deep the grammar would recurse at a place.

/// The most brackets around a place. Bounds pest's recursion.
pub(super) const MAX_NESTING: usize = 64;

/// The brackets and `if`s that are open at a place: a bound on how deep the grammar recurses there.
///
/// A closing bracket that does not fit closes nothing, so that the bound is never too small.
#[derive(Default)]
pub(super) struct Nesting {
    open: Vec<u8>,
    /// `if` and `for` whose block has not begun: their conditions nest without brackets.
    waiting: usize,
    after_else: bool,
    /// While the text is too deep: how many brackets were open before.
    too_deep_above: Option<usize>,
}

impl Nesting {
    /// Whether the place is too deep to be read.
    pub fn is_too_deep(&self) -> bool {
        self.too_deep_above.is_some()
    }

    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.waiting == 0
    }

    /// True where it begins to be too deep.
    pub fn open(&mut self, bracket: u8) -> bool {
        if bracket == b'{' && !std::mem::take(&mut self.after_else) {
            self.waiting = self.waiting.saturating_sub(1);
        }
        self.open.push(bracket);
        self.begins_too_deep()
    }

    /// After `if` or `for`. True where it begins to be too deep.
    pub fn wait(&mut self) -> bool {
        self.waiting += 1;
        self.begins_too_deep()
    }

    /// After `else`, whose block no `if` waits for.
    pub fn expect_else(&mut self) {
        self.after_else = true;
    }

    pub fn close(&mut self, bracket: u8) {
        let opening = match bracket {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        if self.open.last() == Some(&opening) {
            self.open.pop();
        } else if opening == b'{' {
            // In every rule of the grammar, `}` ends what stands in round brackets.
            if let Some(brace) = self.open.iter().rposition(|b| *b == b'{') {
                self.open.truncate(brace);
            }
        }
        if self
            .too_deep_above
            .is_some_and(|above| self.open.len() <= above)
        {
            self.too_deep_above = None;
            // Nothing is read through what is too deep, so what waited before it waits no more.
            self.waiting = 0;
        }
    }

    fn begins_too_deep(&mut self) -> bool {
        if self.is_too_deep() || self.open.len() + self.waiting <= MAX_NESTING {
            return false;
        }
        self.too_deep_above = Some(self.open.len().saturating_sub(1));
        true
    }
}
