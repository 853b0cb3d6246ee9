//! "There is one with a similar name".

/// The candidate that was probably meant: the same but for case, else the nearest by edit distance
/// within a third of the name's length. Stable whatever the order of the candidates.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = name.chars().count();
    if name.chars().count() < 2 {
        // every name of one letter is one step from every other
        return None;
    }
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        // Most candidates are too long or too short: a file may have thousands of names and of mistakes.
        .filter(|c| *c != name && c.chars().count().abs_diff(length) <= limit)
        .map(|c| match c.eq_ignore_ascii_case(name) {
            true => (0, c),
            false => (1 + strsim::osa_distance(&lower, &c.to_lowercase()), c),
        })
        .filter(|(rank, _)| *rank <= 1 + limit)
        .min()
        .map(|(_, c)| c)
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
        let names = ["relu", "relu6", "gelu", "conv2d", "Conv2D", "cross_entropy"];
        for (name, expected) in [
            ("rellu", Some("relu")),
            ("ReLU", Some("relu")),
            ("conv2D", Some("Conv2D")),
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
