//! Weights from files: what torch.save or safetensors wrote, fitted strictly to a network.

mod compare;
mod globals;
pub mod names;
mod pickle;
mod repair;
mod report;
mod state_dict;
#[cfg(test)]
mod tests;
mod torch_file;

use crate::failure::{Failure, Result};
use crate::parameters::NamedTensors;
use kdc::hash::Fnv;
use kdc::plan::WeightsFile;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tch::{Kind, Tensor};

/// The parameters of a network that the file holds, as contiguous 32-bit floats under the network's names.
/// `wanted` are the network's own, each of which must be there in its shape unless the file may lack it.
pub fn load(
    network: &str,
    file: &WeightsFile,
    wanted: &[(String, Vec<i64>)],
) -> Result<NamedTensors> {
    let found = read(network, file)?;
    let named: Vec<compare::Named> = found.iter().map(|(n, t)| (n.clone(), t.size())).collect();
    let fail = |why: String| Failure::Usage(report::unfit(network, file, &why));
    if let Some(idle) = idle(file, wanted, &named) {
        return Err(fail(idle));
    }
    let (difference, places) = compare::compare(file, wanted, &named).map_err(fail)?;
    if difference.count() > 0 {
        let text = report::difference(file, wanted, &named, &difference);
        return Err(fail(text));
    }
    let mut tensors = NamedTensors::new();
    for (name, _) in wanted {
        if let Some(at) = places.get(name) {
            let turn = names::any_fits(&file.transpose, name);
            let tensor =
                as_floats(&found[*at].1, turn).map_err(|e| fail(format!("`{name}` {e}")))?;
            if bool::try_from(tensor.f_isnan()?.f_any()?)? {
                return Err(fail(format!(
                    "`{name}` has values that are no number (NaN)"
                )));
            }
            tensors.push((name.clone(), tensor));
        }
    }
    Ok(tensors)
}

fn require(network: &str, file: &WeightsFile) -> Result<()> {
    let path = Path::new(&file.path);
    let why = match (path.is_file(), path.is_dir()) {
        (true, _) => return Ok(()),
        (_, true) => "a folder",
        _ => "not there",
    };
    Err(Failure::Usage(format!(
        "`{network}` has its weights from `{}`, which is {why}\n{} names the file",
        file.path, file.at
    )))
}

/// Of the file's bytes, as data sets have one of theirs.
pub fn hash(file: &WeightsFile) -> Result<String> {
    let path = Path::new(&file.path);
    let digest = || {
        let mut opened = File::open(path)?;
        let mut hash = Fnv::default();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match opened.read(&mut buffer)? {
                0 => return Ok(format!("fnv1a64:{:016x}", hash.finish())),
                count => hash.write(&buffer[..count]),
            }
        }
    };
    digest().map_err(|e: std::io::Error| unreadable(file, &e.to_string()))
}

/// All tensors that the file holds under its own names.
fn read(network: &str, file: &WeightsFile) -> Result<NamedTensors> {
    require(network, file)?;
    let path = Path::new(&file.path);
    let mut start = [0; torch_file::LEGACY.len()];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let read = match read {
        Err(e) => Err(e.to_string()),
        Ok(_) if start.starts_with(torch_file::ZIP) => {
            torch_file::read_zip(path, file.key.as_deref())
        }
        Ok(_) if start == torch_file::LEGACY => torch_file::read_legacy(path, file.key.as_deref()),
        Ok(_) if file.path.ends_with(".safetensors") => {
            Tensor::read_safetensors(path).map_err(|e| {
                let why = crate::failure::first_line(&e);
                let why = why.rsplit(": ").next().unwrap_or_default();
                format!("it is cut short, or no safetensors file: {why}")
            })
        }
        Ok(_) => Err("it is no file that torch.save wrote".into()),
    };
    read.map_err(|why| unreadable(file, &why))
}

fn unreadable(file: &WeightsFile, why: &str) -> Failure {
    Failure::Usage(format!(
        "the weights in `{}` cannot be read: {why}\n{} names the file",
        file.path, file.at
    ))
}

/// An argument that changes nothing, which is a mistake in it.
fn idle(file: &WeightsFile, wanted: &[compare::Named], found: &[compare::Named]) -> Option<String> {
    let no_own = |pattern: &&String| !wanted.iter().any(|(name, _)| names::fits(pattern, name));
    if let Some(pattern) = file.missing.iter().find(no_own) {
        return Some(format!(
            "the network has no parameter called `{pattern}`, which `missing` says"
        ));
    }
    let none = |fits: &dyn Fn(&str) -> bool| !found.iter().any(|(name, _)| fits(name));
    if let Some(prefix) = &file.strip
        && none(&|name| name.starts_with(prefix))
    {
        return Some(format!(
            "no name in the file starts with `{prefix}`, which `strip` says"
        ));
    }
    let mut so_far = WeightsFile {
        strip: file.strip.clone(),
        ..WeightsFile::default()
    };
    for (old, new) in &file.rename {
        if none(&|name| names::renamed(&names::resulting(&so_far, name), old, new).is_some()) {
            let words = match old.strip_suffix('.') {
                Some(_) => {
                    format!("; it takes whole words, and `strip: \"{old}\"` what names begin with")
                }
                None => String::new(),
            };
            return Some(format!(
                "no name in the file has `{old}`, which `rename` says{words}"
            ));
        }
        so_far.rename.push((old.clone(), new.clone()));
    }
    let turned = |pattern: &&String| {
        let fits = |name: &str| names::fits(pattern, &names::resulting(file, name));
        !found
            .iter()
            .any(|(name, shape)| fits(name) && shape.len() == 2)
    };
    let pattern = file.transpose.iter().find(turned)?;
    Some(format!(
        "no matrix in the file is called `{pattern}`, which `transpose` says"
    ))
}

fn as_floats(tensor: &Tensor, turn: bool) -> std::result::Result<Tensor, String> {
    if !matches!(
        tensor.kind(),
        Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16
    ) {
        return Err(format!(
            "has numbers of the kind {:?} in the file",
            tensor.kind()
        ));
    }
    let convert = || {
        let tensor = match turn && tensor.dim() == 2 {
            true => tensor.f_tr()?,
            false => tensor.shallow_clone(),
        };
        tensor.f_to_kind(Kind::Float)?.f_contiguous()
    };
    convert().map_err(|e: tch::TchError| crate::failure::first_line(&e))
}
