//! The table of codes. A code is never renumbered; one that is no longer used is retired.
//!
//! E00 text · E02 names and calls · E03 shapes and types · E04 knowledge and training ·
//! E05 files · E09 limits of kdc itself. W: legal, but probably not what was meant.
//!
//! Each has a text in `explain/`, which `kdc explain` and docs/diagnostics.md show.

use super::Severity;
use std::fmt;

macro_rules! codes {
    ($($code:ident $slug:literal $summary:literal;)*) => {
        /// What kind of mistake a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code),* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// `E0301`
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }

            /// `edge-shapes`: what people say instead of the number.
            pub fn slug(self) -> &'static str {
                match self { $(Code::$code => $slug),* }
            }

            /// One sentence about all mistakes of the kind.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$code => $summary),* }
            }

            /// Why it is a mistake, an example and the example mended, as Markdown.
            pub fn explanation(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("explain/", stringify!($code), ".md"))),*
                }
            }
        }
    };
}

codes! {
    E0001 "syntax" "The text is not what the grammar expects here.";
    E0002 "unclosed" "A bracket, brace or string is never closed, or closed without being opened.";
    E0003 "unknown-item" "A line at the top of a file starts with no word that the language knows.";
    E0004 "bracket-chain" "An operator beside `->` needs brackets, so that it is clear what flows on.";
    E0005 "foreign-syntax" "The text is written as another language writes it.";
    E0006 "bad-character" "A character that cannot stand in a name, a number or anywhere outside a string.";
    E0007 "bad-number" "A number that cannot be written this way, or is too large.";
    E0008 "too-deep" "Brackets are nested more deeply than anything readable needs.";

    E0201 "unknown-name" "A name that nothing in sight has.";
    E0202 "duplicate-name" "Two things of one scope have the same name.";
    E0203 "used-before" "A name is used above the line that defines it.";
    E0204 "wrong-kind" "A name means something else than what can stand here.";
    E0205 "cycle" "Definitions depend on each other in a circle.";
    E0206 "import-missing" "An imported file is not there or cannot be read.";
    E0207 "import-name" "An imported file does not define the name.";
    E0208 "import-cycle" "Files import each other in a circle.";
    E0209 "unknown-path" "A path leads to no part of the network.";
    E0210 "torch-spelling" "PyTorch's spelling of something that kd spells otherwise.";
    E0220 "missing-argument" "A call lacks an argument that has no default.";
    E0221 "unknown-argument" "A call has an argument that what is called does not take.";
    E0222 "duplicate-argument" "A call gives the same argument twice.";
    E0223 "argument-range" "An argument lies outside the values that make sense.";
    E0224 "argument-type" "An argument is of another kind than what is called takes.";
    E0225 "too-many-arguments" "A call has more unnamed arguments than what is called takes.";
    E0226 "requirement" "A `require` of a model does not hold for these arguments.";
    E0227 "arithmetic" "A calculation has no whole or finite result.";

    E0228 "output" "A body lacks its output, or has more than it may.";

    E0301 "edge-shapes" "The two sides of an edge have shapes that its loss cannot compare.";
    E0302 "shape" "A layer or operation gets a tensor of a shape that it does not take.";
    E0303 "empty-output" "A kernel or slice leaves nothing of its input.";
    E0304 "flatten-missing" "A linear layer gets a feature map; a `flatten` is missing before it.";
    E0305 "data-shape" "The data have another shape or type than the network's input.";
    E0306 "classes" "Labels and logits have different numbers of classes.";
    E0307 "tensor-type" "A tensor of numbers, truth values, labels or ids stands where another type is needed.";
    E0308 "not-scalar" "A loss gives something else than one number.";

    E0401 "frozen-target" "An edge points into something that does not learn.";
    E0402 "probabilities" "Probabilities stand where a loss takes logits.";
    E0403 "no-weights" "A teacher has no weights.";
    E0404 "untaught-student" "No edge reaches a student.";
    E0405 "untaught-tap" "Layers of a tap, or on the left of an edge, are to be trained, and no edge can teach them.";
    E0406 "edge-arity" "An edge gives its loss more or fewer tensors than it takes.";
    E0407 "setting" "A training setting that does not exist, is missing, or stands twice.";
    E0408 "setting-range" "A training setting lies outside the values that make sense.";
    E0409 "nothing-to-train" "The file has no training, or trains nothing.";
    E0410 "field" "A data set has no such field, or a network's input finds none.";
    E0411 "weight" "An edge's weight is no number that makes sense.";
    E0412 "stage" "A stage of training lacks its name, or lists edges or parts that it cannot use.";
    E0413 "hold-out" "A setting would choose on the test set, as no samples are held out.";

    E0501 "file" "A file cannot be read, or is no text.";
    E0502 "weights-file" "What stands after `from` is no weights that the network can have.";

    E0902 "too-large" "Following the experiment takes more steps than any real network needs.";

    W0401 "unused-tap" "A tap that no edge uses.";
    W0402 "unused-network" "A teacher or student that nothing uses.";
    W0403 "unused-import" "An imported name that nothing uses.";
    W0404 "unused-binding" "A value that nothing uses.";
    W0405 "unnamed-edge" "An unnamed edge whose loss owns parameters.";
    W0406 "idle-edge" "An edge that no stage of training has.";
    W0407 "idle-init" "An `init` that nothing in the body starts by.";
    W0408 "unread-param" "A `param` or `state` that its body never reads.";
    W0501 "weights-missing" "A file of weights, or an experiment's result, that is not there yet.";
}

impl Code {
    pub fn severity(self) -> Severity {
        match self.name().as_bytes()[0] {
            b'W' => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether it is about the text rather than its meaning.
    pub fn is_syntax(self) -> bool {
        self.name().starts_with("E00")
    }

    /// All that a code may be called.
    pub fn words() -> impl Iterator<Item = &'static str> {
        (Code::ALL.iter()).flat_map(|code| [code.name(), code.slug()])
    }

    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL
            .iter()
            .copied()
            .find(|c| c.name().eq_ignore_ascii_case(text) || c.slug() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
