/// <reference types="tree-sitter-cli/dsl" />
// @ts-check
// `.kd` files as they should be. What `grammar/kd.pest` reads only to report it is an error here.
//
// A statement ends with its line, except before an operator or a clause: `src/scanner.c` tells which line ends count.

const PREC = {
  pipe: 1,
  label: 2,
  or: 3,
  and: 4,
  not: 5,
  compare: 6,
  add: 7,
  multiply: 8,
  negate: 9,
  power: 10,
};

// Words that are keywords only where something else than `=` follows.
const ITEM_WORDS = [
  "use", "model", "loss", "fn", "data", "teacher", "student", "tap", "edge", "train", "settings", "output",
];
const STATEMENT_WORDS = ["input", "param", "state", "update", "init", "require"];

module.exports = grammar({
  name: "kd",

  word: ($) => $.identifier,
  extras: ($) => [/\s/, "\uFEFF", $.comment, $.doc_comment],
  externals: ($) => [$._newline],
  reserved: {
    global: () => ["if", "else", "for", "in", "and", "or", "not", "true", "false", "none", "as"],
    none: () => [],
  },
  supertypes: ($) => [$.item, $.statement, $.expression],

  rules: {
    source_file: ($) => seq(repeat($._newline), optional(lines($, $.item))),

    item: ($) =>
      choice(
        $.use,
        $.model,
        $.loss,
        $.function,
        $.data,
        $.network,
        $.tap,
        $.edge,
        $.train,
        $.settings,
        $.replacement,
        $.constant,
      ),

    // ---- Items ----

    use: ($) =>
      seq(
        "use",
        field("from", choice($.string, name($))),
        "::",
        choice($.imported, seq("{", commas($.imported), "}")),
      ),
    imported: ($) => seq(field("name", name($)), optional(seq("as", field("alias", name($))))),

    model: ($) => seq("model", definition($)),
    loss: ($) => seq("loss", definition($)),
    function: ($) => seq("fn", definition($)),

    parameters: ($) => seq("(", commas($.parameter), ")"),
    parameter: ($) =>
      seq(
        field("name", name($)),
        ":",
        field("type", $.type),
        optional(seq("=", field("default", $.expression))),
      ),

    type: ($) =>
      choice(
        $.shape,
        seq(field("name", alias($.identifier, $.type_name)), optional($.type_arguments), optional($.shape)),
      ),
    type_arguments: ($) => seq("(", commas($.expression), ")"),
    shape: ($) => seq("[", commas(choice($.expression, $.spread)), "]"),

    data: ($) => seq("data", field("name", name($)), "=", field("value", $.expression), optional($.fields)),
    fields: ($) => seq("{", parts($, choice($.setting, $.binding)), "}"),

    network: ($) =>
      seq(
        field("role", choice("teacher", "student")),
        field("name", name($)),
        optional(seq("=", field("value", $.expression))),
        optional($.from),
      ),
    from: ($) => seq("from", choice(seq($.string, "::", field("name", name($))), $._operand)),

    tap: ($) => seq("tap", field("name", name($)), "=", field("value", $.expression)),

    edge: ($) =>
      seq(
        "edge",
        optional(seq(field("name", name($)), ":")),
        field("source", $.expression),
        "~>",
        field("target", $.expression),
        "by",
        field("loss", $._operand),
        optional(seq("weight", field("weight", $.expression))),
      ),

    train: ($) =>
      seq(
        "train",
        optional(field("name", name($))),
        "on",
        seq(field("data", name($)), repeat(seq(",", field("data", name($))))),
        $.settings_block,
      ),
    settings: ($) => seq("settings", field("name", name($)), $.settings_block),
    settings_block: ($) => seq("{", parts($, choice($.setting, $.spread)), "}"),
    setting: ($) => seq(field("name", name($)), ":", field("value", $.expression)),
    spread: ($) => seq("..", name($)),

    replacement: ($) =>
      seq("output", field("network", name($)), ".", field("name", member($)), "=", field("value", $.expression)),

    constant: ($) => seq(field("name", choice(name($), soft($, ITEM_WORDS))), "=", field("value", $.expression)),

    // ---- Bodies ----

    body: ($) => seq("{", repeat($._newline), optional(lines($, $.statement)), "}"),

    statement: ($) => choice($.input, $.output, $.owned, $.update, $.init, $.require, $.binding),

    input: ($) =>
      seq(
        "input",
        field("name", name($)),
        ":",
        field("type", $.type),
        optional(seq("=", field("default", $.expression))),
      ),
    output: ($) => seq("output", optional(seq(field("name", name($)), "=")), field("value", $.expression)),
    owned: ($) =>
      seq(
        choice("param", "state"),
        field("name", name($)),
        ":",
        field("type", $.type),
        "=",
        field("value", $.expression),
      ),
    update: ($) => seq("update", field("name", name($)), optional($.subscript), "=", field("value", $.expression)),
    init: ($) =>
      seq(
        "init",
        field("name", name($)),
        optional(seq(".", field("role", member($)))),
        "=",
        field("value", $.expression),
      ),
    require: ($) => seq("require", field("condition", $.expression), optional(seq(",", field("message", $.string)))),
    binding: ($) => seq(field("pattern", choice($.pattern, alias($._soft_pattern, $.pattern))), "=", field("value", $.expression)),
    _soft_pattern: ($) => soft($, STATEMENT_WORDS),
    pattern: ($) => choice(name($), seq("(", commas(name($)), ")")),

    // ---- Expressions ----

    expression: ($) => choice($._operand, $.unary, $.binary, $.pipe, $.labelled),

    _operand: ($) =>
      choice(
        name($),
        $.number,
        $.string,
        $.literal,
        $.tuple,
        $.list,
        $.if,
        $.for,
        $.call,
        $.index,
        $.member,
      ),

    pipe: ($) => prec.left(PREC.pipe, seq($.expression, "->", $.expression)),
    labelled: ($) => prec.left(PREC.label, seq($.expression, "as", field("label", name($)))),
    unary: ($) =>
      choice(prec(PREC.not, seq("not", $.expression)), prec(PREC.negate, seq("-", $.expression))),
    binary: ($) =>
      choice(
        ...[
          [PREC.or, "or"],
          [PREC.and, "and"],
          [PREC.compare, choice("==", "!=", "<", "<=", ">", ">=")],
          [PREC.add, choice("+", "-")],
          [PREC.multiply, choice("*", "/", "%", "@")],
        ].map(([level, operator]) =>
          prec.left(level, seq($.expression, field("operator", operator), $.expression)),
        ),
        prec.right(PREC.power, seq($.expression, field("operator", "^"), $.expression)),
      ),

    tuple: ($) => seq("(", commas($.expression), ")"),
    list: ($) => seq("[", commas($.expression), "]"),
    if: ($) => seq("if", field("condition", $.expression), $.block, "else", choice($.block, $.if)),
    for: ($) => seq("for", $.pattern, "in", field("over", $.expression), $.block),
    block: ($) => seq("{", $.expression, "}"),

    call: ($) => seq(field("function", $._operand), $.arguments),
    arguments: ($) => seq("(", commas($.argument), ")"),
    argument: ($) => seq(optional(seq(field("name", name($)), ":")), field("value", $.expression)),
    index: ($) => seq($._operand, $.subscript),
    subscript: ($) => seq("[", commas1(choice($.expression, $.slice)), "]"),
    slice: ($) => seq(optional($.expression), ":", optional($.expression)),
    member: ($) => seq($._operand, ".", field("name", choice(member($), $.step))),

    // ---- Words ----

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    quoted_identifier: () => /`[A-Za-z0-9_]+`/,
    step: () => /[0-9]+/,
    literal: () => choice("true", "false", "none"),
    number: () => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?/,
    string: ($) =>
      seq('"', repeat(choice(token.immediate(prec(1, /[^"\\\n\r]+/)), $.escape)), token.immediate('"')),
    escape: () => token.immediate(/\\["\\n]/),

    comment: () => token(seq("//", /[^\n\r]*/)),
    doc_comment: () => token(prec(1, seq("///", /[^\n\r]*/))),
  },
});

function name($) {
  return choice($.identifier, alias($.quoted_identifier, $.identifier));
}

/** After a full stop every word is a name. */
function member($) {
  return choice(
    alias(reserved("none", $.identifier), $.member_name),
    alias($.quoted_identifier, $.member_name),
  );
}

function soft($, words) {
  return choice(...words.map((word) => alias(word, $.identifier)));
}

function definition($) {
  return seq(
    field("name", name($)),
    optional($.parameters),
    choice($.body, seq("=", field("value", $.expression))),
  );
}

/** One on each line, with empty lines between and behind. */
function lines($, rule) {
  return seq(rule, repeat(seq(repeat1($._newline), rule)), repeat($._newline));
}

/** Apart by commas or line ends. */
function parts($, rule) {
  const apart = choice(",", $._newline);
  return seq(repeat(apart), optional(seq(rule, repeat(seq(repeat1(apart), rule)), repeat(apart))));
}

function commas(rule) {
  return optional(commas1(rule));
}

function commas1(rule) {
  return seq(rule, repeat(seq(",", rule)), optional(","));
}
