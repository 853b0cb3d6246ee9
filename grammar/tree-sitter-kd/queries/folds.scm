[(body) (block) (fields) (settings_block) (parameters) (arguments) (list)] @fold
