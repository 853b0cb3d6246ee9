; Later patterns win.

(identifier) @variable

(comment) @comment
(doc_comment) @comment.documentation
(string) @string
(escape) @string.escape
(number) @number
(step) @number
(literal) @constant.builtin

; ---- Keywords ----

["loss" "fn"] @keyword.function
"model" @keyword.type
["use"] @keyword.import
["if" "else"] @keyword.conditional
["for" "in"] @keyword.repeat
["and" "or" "not"] @keyword.operator
[
  "as" "by" "data" "edge" "from" "init" "input" "on" "output" "param" "require" "settings" "state" "student" "tap" "teacher"
  "train" "update" "weight"
] @keyword

; ---- Names ----

(use from: (identifier) @module)
(imported name: (identifier) @type (#match? @type "^[A-Z]"))
(model name: (identifier) @type)
(loss name: (identifier) @function)
(function name: (identifier) @function)
(type name: (type_name) @type.builtin)
(type_arguments (identifier) @type.builtin (#any-of? @type.builtin "int" "float" "bool" "string" "layer"))

(parameter name: (identifier) @variable.parameter)
(input name: (identifier) @variable.parameter)
(argument name: (identifier) @variable.parameter)
(setting name: (identifier) @variable.parameter)
(member name: (member_name) @variable.member)
(replacement name: (member_name) @variable.member)
(init role: (member_name) @variable.member)
(labelled label: (identifier) @label)

(call function: (identifier) @function.call)
(pipe "->" (identifier) @function.call)
(pipe "->" (labelled (identifier) @function.call "as"))
(edge loss: (identifier) @function.call)

; ---- Signs ----

[
  "->" "~>" "=" "+" "-" "*" "/" "%" "@" "^" "==" "!=" "<" "<=" ">" ">=" ".."
] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" "." "::"] @punctuation.delimiter
