//! `phrases()`: sequences of tokens in a small made-up language, for machines that have no text.
//!
//! A phrase has a topic, whose nine words no other topic has. It starts with one of them; then come two to six more, each
//! usually the topic's word after the last one, one time in four any of the topic's; then its first word again, and the
//! token [`END`]. So what comes next follows in part from the token before, in part from further back, and in part
//! from nothing. A sequence is phrases one after the other, cut off at its length.
//!
//! Each sequence is drawn from its own random stream, which is seeded by the split and the sequence's index alone.

use super::random::{Random, Split};

/// How many different tokens there are.
pub const VOCABULARY: u64 = 64;

/// The token after each phrase.
pub const END: u8 = 0;

const TOPICS: u32 = 7;
const WORDS: u32 = 9;

/// How many sequences `phrases()` has to train on.
pub const TRAIN: u64 = 4_000;

/// How many sequences `phrases()` has to test with.
pub const TEST: u64 = 1_000;

/// The first `count` sequences of a split, `length` tokens each.
pub fn draw(split: Split, count: usize, length: usize) -> Vec<u8> {
    let mut tokens = Vec::with_capacity(count * length);
    for index in 0..count {
        let mut random = Random::of(split, index);
        let mut sequence = Vec::with_capacity(length + 16);
        while sequence.len() < length {
            phrase(&mut random, &mut sequence);
        }
        tokens.extend(&sequence[..length]);
    }
    tokens
}

fn phrase(random: &mut Random, sequence: &mut Vec<u8>) {
    let topic = random.between((0, TOPICS - 1));
    let token = |word: u32| (1 + topic * WORDS + word) as u8;
    let first = random.between((0, WORDS - 1));
    sequence.push(token(first));
    let mut word = first;
    for _ in 0..random.between((2, 6)) {
        word = match random.between((0, 3)) {
            0 => random.between((0, WORDS - 1)),
            _ => (word + 1) % WORDS,
        };
        sequence.push(token(word));
    }
    sequence.extend([token(first), END]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_draw_the_same_sequences() {
        let few = draw(Split::Train, 2, 12);
        assert_eq!(draw(Split::Train, 3, 12)[..24], few);
        assert_ne!(draw(Split::Test, 2, 12), few);
        let longer = draw(Split::Train, 1, 30);
        assert_eq!(longer[..12], few[..12]);
    }

    #[test]
    fn a_phrase_keeps_its_topic_and_ends_as_it_began() {
        let tokens = draw(Split::Train, 1, 2000);
        let mut phrases: Vec<&[u8]> = tokens.split(|token| *token == END).collect();
        // the last one is cut off
        phrases.pop();
        assert!(phrases.len() > 200);
        for phrase in phrases {
            assert!((4..=8).contains(&phrase.len()), "{phrase:?}");
            assert_eq!(phrase.first(), phrase.last());
            let topic = |token: &u8| (token - 1) / WORDS as u8;
            assert!(phrase.iter().all(|token| topic(token) == topic(&phrase[0])));
            assert!(phrase.iter().all(|token| u64::from(*token) < VOCABULARY));
        }
    }
}
