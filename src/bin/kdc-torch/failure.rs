//! How the engine fails: one clear paragraph and an exit code, never a panic.

use std::fmt;
use tch::TchError;

pub type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug)]
pub enum Failure {
    /// Wrong usage, or something that cannot be read or must not be overwritten.
    Usage(String),
    /// libtorch or the device is missing, or the plan is not for this engine.
    Engine(String),
    /// Training failed or diverged.
    Training(String),
    /// The engine contradicts the plan: a mistake of kdc's.
    Bug(String),
    /// Ctrl-C. What there was has been saved.
    Interrupted,
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Engine(_) => 3,
            Failure::Training(_) => 4,
            Failure::Bug(_) => 101,
            Failure::Interrupted => 130,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) | Failure::Engine(text) | Failure::Training(text) => {
                f.write_str(text)
            }
            Failure::Bug(text) => write!(f, "{text}\nthis is a bug of kdc: please report it"),
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl From<TchError> for Failure {
    fn from(error: TchError) -> Failure {
        let text = first_line(&error);
        if text.contains("out of memory") {
            // the rest is about settings of libtorch's allocator
            let sentences: Vec<&str> = text.split_inclusive(". ").take(2).collect();
            return Failure::Training(format!(
                "{}\nmake the batch smaller, keep the teachers' answers elsewhere with `--cache disk`, or train with \
                 `--device cpu`",
                sentences.concat().trim_end()
            ));
        }
        Failure::Training(format!("libtorch: {text}"))
    }
}

/// What libtorch says, without the C++ backtrace that follows.
pub fn first_line(error: &TchError) -> String {
    let text = match error {
        TchError::Torch(text) => text.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gpu_is_said_in_two_sentences() {
        let says = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 7.79 GiB of \
                    which 12.00 MiB is free. If reserved memory is large try setting PYTORCH_ALLOC_CONF.\n\
                    Exception raised from malloc";
        let failure = Failure::from(TchError::Torch(says.into())).to_string();
        let (first, repair) = failure.split_once('\n').unwrap();
        assert_eq!(first, "CUDA out of memory. Tried to allocate 20.00 MiB.");
        assert!(repair.contains("batch smaller"));
    }
}
