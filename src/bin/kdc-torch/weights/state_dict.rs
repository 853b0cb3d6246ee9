//! Which of the dicts in a file holds the parameters.

use super::pickle::{Id, Object, Pickle};
use std::collections::HashSet;

/// How deep dicts in dicts are looked through.
const DEEPEST: usize = 3;

/// The dict that holds the parameters: under the key, at the top, or the only one of those that lie least deep below it.
pub fn state_dict(pickle: &Pickle, key: Option<&str>) -> Result<Id, String> {
    let mut at = pickle.root;
    for word in key.iter().flat_map(|key| key.split('.')) {
        let found = entries(pickle, at).find(|(name, _)| *name == word);
        at = found
            .ok_or_else(|| format!("it has no `{word}`; it has {}", names(pickle, at)))?
            .1;
    }
    let below = below(pickle, at);
    if tensors_of(pickle, at).next().is_some() {
        // a checkpoint has its best accuracy beside the state dict
        let are_remarks =
            || !below.is_empty() && tensors_of(pickle, at).all(|(n, _)| !n.contains('.'));
        if key.is_some() || !are_remarks() {
            return Ok(at);
        }
    }
    match below.as_slice() {
        [(_, only)] => Ok(*only),
        [] => Err(match entries(pickle, at).next() {
            None => "it holds no state dict; save one: `torch.save(model.state_dict(), …)`".into(),
            Some(_) => format!("no state dict is among {}", names(pickle, at)),
        }),
        several => {
            let key = |path: &String| match key {
                Some(key) => format!("`key: \"{key}.{path}\"`"),
                None => format!("`key: \"{path}\"`"),
            };
            let keys: Vec<String> = several.iter().map(|(path, _)| key(path)).collect();
            Err(format!(
                "it holds several state dicts: write {}",
                keys.join(" or ")
            ))
        }
    }
}

/// The dicts of tensors in a dict, by their paths: those that lie least deep. Each dict is looked at once, however
/// many others name it.
fn below(pickle: &Pickle, id: Id) -> Vec<(String, Id)> {
    let mut level = vec![(String::new(), id)];
    let mut seen = HashSet::from([id]);
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for (path, id) in &level {
            for (name, inner) in entries(pickle, *id) {
                if matches!(pickle.objects[inner], Object::Dict(_)) && seen.insert(inner) {
                    let path = [path.as_str(), name].join(if path.is_empty() { "" } else { "." });
                    next.push((path, inner));
                }
            }
        }
        let holds = |(_, id): &(String, Id)| tensors_of(pickle, *id).next().is_some();
        let found: Vec<(String, Id)> = next.iter().filter(|dict| holds(dict)).cloned().collect();
        if !found.is_empty() {
            return found;
        }
        level = next;
    }
    Vec::new()
}

/// What a dict has, for a message.
fn names(pickle: &Pickle, id: Id) -> String {
    let quoted = entries(pickle, id).map(|(name, _)| format!("`{name}`"));
    quoted.take(12).collect::<Vec<_>>().join(", ")
}

/// The entries of a dict with names.
fn entries(pickle: &Pickle, id: Id) -> impl Iterator<Item = (&str, Id)> {
    let pairs = match &pickle.objects[id] {
        Object::Dict(pairs) => pairs.as_slice(),
        _ => &[],
    };
    pairs
        .iter()
        .filter_map(|(key, value)| match &pickle.objects[*key] {
            Object::Text(name) => Some((name.as_str(), *value)),
            _ => None,
        })
}

/// Those of its entries that are tensors, by the numbers of their arguments.
pub fn tensors_of(pickle: &Pickle, id: Id) -> impl Iterator<Item = (&str, Id)> {
    entries(pickle, id).filter_map(|(name, value)| match pickle.objects[value] {
        Object::Tensor(arguments) => Some((name, arguments)),
        _ => None,
    })
}
