//! Tags of words, `B-PER` or `O`, and the entities that they mark: as conlleval, the program of the CoNLL-2000 task, reads them.

/// What a class of words says of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `O`: it belongs to no entity.
    Outside,
    Part {
        place: Place,
        /// `PER`; empty where there is one kind alone: `B`, `I` and `O`.
        kind: String,
    },
}

/// A word's place in its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `B`
    First,
    /// `I`: any but the first; the first as well where none is marked.
    Inside,
    /// `E`, or `L`
    Last,
    /// `S`, or `U`
    Only,
}

/// Words from the first to below the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity<'t> {
    pub kind: &'t str,
    pub words: (usize, usize),
}

impl Tag {
    /// None for a name that is no tag.
    pub fn read(name: &str) -> Option<Tag> {
        let (place, kind) = match name.split_once('-') {
            Some((place, kind)) if !kind.is_empty() => (place, kind),
            Some(_) => return None,
            None => (name, ""),
        };
        let place = match place {
            "O" if kind.is_empty() => return Some(Tag::Outside),
            "B" => Place::First,
            "I" => Place::Inside,
            "E" | "L" => Place::Last,
            "S" | "U" => Place::Only,
            _ => return None,
        };
        Some(Tag::Part {
            place,
            kind: kind.to_string(),
        })
    }
}

/// The entities of one text. Whatever the tags are, they mark some: an `I-PER` after `O` begins one.
pub fn entities<'t>(tags: impl IntoIterator<Item = &'t Tag>) -> Vec<Entity<'t>> {
    let mut found = Vec::new();
    // the entity of the word before, and where that word stands in it
    let mut open: Option<(Entity, Place)> = None;
    for (word, tag) in tags.into_iter().enumerate() {
        let Tag::Part { place, kind } = tag else {
            found.extend(open.take().map(|(entity, _)| entity));
            continue;
        };
        let before = open.take();
        let goes_on = |(entity, before): &(Entity, Place)| {
            entity.kind == kind
                && matches!(before, Place::First | Place::Inside)
                && matches!(place, Place::Inside | Place::Last)
        };
        let begun = match before {
            Some(before) if goes_on(&before) => before.0.words.0,
            before => {
                found.extend(before.map(|(entity, _)| entity));
                word
            }
        };
        let words = (begun, word + 1);
        open = Some((Entity { kind, words }, *place));
    }
    found.extend(open.map(|(entity, _)| entity));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_are_tags_or_not() {
        let part = |place, kind: &str| {
            let kind = kind.to_string();
            Some(Tag::Part { place, kind })
        };
        assert_eq!(Tag::read("O"), Some(Tag::Outside));
        assert_eq!(Tag::read("B-PER"), part(Place::First, "PER"));
        assert_eq!(
            Tag::read("I-work-of-art"),
            part(Place::Inside, "work-of-art")
        );
        assert_eq!(Tag::read("L-PER"), Tag::read("E-PER"));
        assert_eq!(Tag::read("U"), part(Place::Only, ""));
        for name in [
            "", "-", "B-", "o", "O-PER", "PER", "PER-B", "person", "B_PER",
        ] {
            assert_eq!(Tag::read(name), None, "{name}");
        }
    }
}
