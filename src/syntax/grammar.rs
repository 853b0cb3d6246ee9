//! The parser that pest derives from `grammar/kd.pest`.

use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/kd.pest"]
struct Grammar;

/// Where reading stopped, and what could have stood there.
pub(super) struct Expected {
    pub at: usize,
    pub rules: Vec<Rule>,
}

/// The first item of what is left of a file, with what stands before it. The grammar accepts every text; an
/// error would be the place where it did not.
pub(super) fn next_item(text: &str) -> Result<Pair<'_, Rule>, usize> {
    match Grammar::parse(Rule::next_item, text) {
        Ok(mut pairs) => pairs.next().ok_or(0),
        Err(error) => Err(place(&error)),
    }
}

/// A piece of a file by one rule.
pub(super) fn piece(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Expected> {
    Grammar::parse(rule, text).map_err(|error| Expected {
        at: place(&error),
        rules: match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        },
    })
}

fn place(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// What was expected, in the user's words: at most three things. None if nothing that helps.
/// `end` is what stands behind the construct.
pub(super) fn in_words(rules: &[Rule], end: &'static str) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for word in rules.iter().filter_map(|rule| word(*rule, end)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.contains(&"a value") {
        words.retain(|word| !matches!(*word, "a name" | "a string"));
    }
    // What has to come is news; what could go on with the value before is not.
    if let Some(word) = ["`~>`", "`by`", "`:`", "`else`", end]
        .into_iter()
        .find(|w| words.contains(w))
    {
        return Some(word.to_owned());
    }
    if words.len() > 3 {
        return None;
    }
    let last = words.pop()?;
    if words.is_empty() {
        return Some(last.to_owned());
    }
    Some(format!("{} or {last}", words.join(", ")))
}

fn word(rule: Rule, end: &'static str) -> Option<&'static str> {
    Some(match rule {
        Rule::ident
        | Rule::use_name
        | Rule::pattern
        | Rule::type_name
        | Rule::edge_name
        | Rule::word => "a name",
        Rule::string => "a string",
        Rule::type_ | Rule::shape | Rule::round_shape => "a type",
        Rule::expr
        | Rule::line_expr
        | Rule::line_operand_expr
        | Rule::number
        | Rule::literal
        | Rule::if_expr
        | Rule::for_expr
        | Rule::group
        | Rule::list => "a value",
        Rule::open_brace | Rule::body | Rule::block | Rule::settings_block => "`{`",
        Rule::close_brace => "`}`",
        Rule::close_round => "`)`",
        Rule::close_square => "`]`",
        Rule::comma => "`,`",
        Rule::colon | Rule::set => "`:`",
        Rule::equals | Rule::assign => "`=`",
        Rule::dot => "`.`",
        Rule::path => "`::`",
        Rule::knowledge | Rule::target => "`~>`",
        Rule::kw_by | Rule::by => "`by`",
        Rule::kw_on => "`on`",
        Rule::kw_in => "`in`",
        Rule::kw_else => "`else`",
        Rule::EOI => end,
        _ => return None,
    })
}
