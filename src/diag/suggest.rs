//! "There is one with a similar name".

/// The candidate that was surely meant: the same but for case, else the nearest by edit distance within a third of
/// the name's length. Not one that differs in its digits alone: `conv1` is no slip of the pen for `conv2`. Nor one of
/// two that are as near. Stable whatever the order of the candidates.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = name.chars().count();
    if length < 2 {
        // every name of one letter is one step from every other
        return None;
    }
    let limit = (length / 3).max(1);
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        // Most candidates are too long or too short: a file may have thousands of names and of mistakes.
        .filter(|c| *c != name && c.chars().count().abs_diff(length) <= limit)
        .map(|c| match c.eq_ignore_ascii_case(name) {
            true => (0, c),
            false => (1 + strsim::osa_distance(&lower, &c.to_lowercase()), c),
        })
        .filter(|(rank, c)| *rank == 0 || (*rank <= 1 + limit && !same_letters(name, c)))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    match ranked.as_slice() {
        [(rank, _), (next, _), ..] if rank == next => None,
        [(_, near), ..] => Some(near),
        [] => None,
    }
}

/// Whether two names differ in nothing but digits and case.
fn same_letters(a: &str, b: &str) -> bool {
    let letters = |text: &str| {
        text.to_lowercase()
            .replace(|c: char| c.is_ascii_digit(), "")
    };
    letters(a) == letters(b)
}

/// `a`, `b` and `c`; past `most`, how many more there are.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(most).map(|n| format!("`{n}`")).collect();
    match (shown.as_slice(), names.len() - shown.len()) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// `1 step`, `2 steps`.
pub fn counted(count: i64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name() {
        let names = [
            "relu",
            "relu6",
            "gelu",
            "silu",
            "conv2d",
            "Conv2D",
            "cross_entropy",
        ];
        for (name, expected) in [
            ("rellu", Some("relu")),
            ("relu7", None),
            ("conv3d", None),
            ("elu", None),
            ("ReLU", Some("relu")),
            ("conv2D", None),
            ("CONV_2D", None),
            ("Relu6", Some("relu6")),
            ("conv", None),
            ("cross_entropi", Some("cross_entropy")),
            ("crossentropy", Some("cross_entropy")),
            ("transmogrify", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
            assert_eq!(nearest(name, names.into_iter().rev()), expected, "{name}");
        }
    }
}
