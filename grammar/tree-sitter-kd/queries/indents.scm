[(body) (block) (fields) (settings_block) (parameters) (arguments) (tuple) (list) (shape)] @indent.begin
["}" ")" "]"] @indent.end @indent.branch
