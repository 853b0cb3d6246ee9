//! The names that a pickle of torch.save may use, and what each stands for.

use tch::Kind;

/// The names that a pickle may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Global {
    OrderedDict,
    Tensor,
    /// A tensor that learns: stands for its first argument.
    Parameter,
    Storage(Kind),
    /// Data that people keep in checkpoints beside the weights. It is passed over.
    Inert,
}

/// What a name means. Any other is refused: it would be called.
pub fn global(module: &str, name: &str) -> Result<Global, String> {
    if let ("torch" | "torch.cuda", Some(kind)) = (module, storage(name)) {
        return Ok(Global::Storage(kind));
    }
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Global::Tensor,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            Global::Parameter
        }
        ("argparse", "Namespace")
        | ("collections", "defaultdict")
        | ("torch", "Size" | "device")
        | ("numpy", "dtype" | "ndarray")
        | ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar" | "_reconstruct")
        | ("_codecs", "encode") => Global::Inert,
        _ => {
            return Err(format!(
                "it names `{module}.{name}`, which is no part of a state dict, and kdc runs nothing that \
                 a file names; save the state dict alone: `torch.save(model.state_dict(), …)`"
            ));
        }
    })
}

fn storage(name: &str) -> Option<Kind> {
    Some(match name {
        "FloatStorage" => Kind::Float,
        "DoubleStorage" => Kind::Double,
        "HalfStorage" => Kind::Half,
        "BFloat16Storage" => Kind::BFloat16,
        "LongStorage" => Kind::Int64,
        "IntStorage" => Kind::Int,
        "ShortStorage" => Kind::Int16,
        "CharStorage" => Kind::Int8,
        "ByteStorage" => Kind::Uint8,
        "BoolStorage" => Kind::Bool,
        _ => return None,
    })
}
