; A body sees what is above it and its own names.

[(model) (loss) (function) (for)] @local.scope

(parameter name: (identifier) @local.definition.parameter)
(input name: (identifier) @local.definition.parameter)
(pattern (identifier) @local.definition.var)
(tap name: (identifier) @local.definition.var)
(network name: (identifier) @local.definition.var)
(data name: (identifier) @local.definition.var)
(constant name: (identifier) @local.definition.constant)

(identifier) @local.reference
