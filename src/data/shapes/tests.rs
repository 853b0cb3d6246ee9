use super::*;
use crate::hash::Fnv;
use std::collections::HashSet;

/// Results on `shapes()` are only comparable while its bytes stay as they are.
#[test]
fn the_pictures_never_change() {
    let train = draw(Split::Train, 100);
    let test = draw(Split::Test, 100);
    assert_eq!(
        format!("{:016x}", Fnv::of(&train.images)),
        "a1ddcc5cae5d43b2"
    );
    assert_eq!(
        format!("{:016x}", Fnv::of(&test.images)),
        "536a437ab2be9cb7"
    );
}

#[test]
fn a_longer_draw_begins_with_the_shorter() {
    let short = draw(Split::Test, 7);
    let long = draw(Split::Test, 23);
    assert_eq!(short.images.len(), 7 * PICTURE);
    assert_eq!(long.images[..7 * PICTURE], short.images);
    assert_eq!(long.labels[..7], short.labels);
}

#[test]
fn every_ten_in_a_row_show_each_class() {
    for ten in draw(Split::Train, 50).labels.chunks(10) {
        let classes: HashSet<_> = ten.iter().collect();
        assert_eq!(classes.len(), CLASSES.len());
    }
}

#[test]
fn no_picture_is_drawn_twice() {
    let mut seen = HashSet::new();
    for split in [Split::Train, Split::Test] {
        for picture in draw(split, 200).images.chunks(PICTURE) {
            assert!(seen.insert(Fnv::of(picture)));
        }
    }
}

/// A ring is open in the middle and a crescent to one side; the others hold their centre.
#[test]
fn outlines_have_an_inside_and_an_outside() {
    for kind in Kind::ALL {
        let middle_is_inside = !matches!(kind, Kind::Ring | Kind::Crescent);
        assert_eq!(kind.distance([0.0, 0.0]) < 0.0, middle_is_inside);
        for far in [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]] {
            assert!(kind.distance(far) > 0.7);
        }
    }
}

/// `REACH` bounds what is painted: nothing of a shape may lie beyond it.
#[test]
fn no_outline_goes_beyond_its_reach() {
    for kind in Kind::ALL {
        for step in -20..=20 {
            let along = step as f32 / 20.0 * 1.5;
            for edge in [Kind::REACH, -Kind::REACH] {
                assert!(kind.distance([along, edge]) > 0.0);
                assert!(kind.distance([edge, along]) > 0.0);
            }
        }
    }
}
