//! The tree-sitter grammar of `.kd` files, for the crate `tree-sitter`.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_kd() -> *const ();
}

/// The generated parser, `src/parser.c`.
// SAFETY: what tree-sitter generates under this name gives a language.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_kd) };

/// What is shown how.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
