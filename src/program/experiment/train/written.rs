//! Which settings a `train` or `settings` block has: its own, and those that it takes over by `..name`.

use super::settings::Block;
use crate::diag::suggest::nearest;
use crate::diag::{Code, Diagnostic};
use crate::program::elaborate::Elaborator;
use crate::program::load::{DefId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{Expr, ItemKind, Name, Setting};

/// A setting, with the file in which it stands.
#[derive(Clone)]
pub struct Written {
    pub module: ModuleId,
    pub name: Name,
    pub value: Expr,
}

impl Elaborator<'_, '_> {
    /// A block's own settings, then those that it takes over and does not set itself.
    pub(super) fn all_settings(
        &mut self,
        block: &mut Block,
        module: ModuleId,
        settings: &[Setting],
        open: &mut Vec<DefId>,
    ) -> Vec<Written> {
        let own = self.own_settings(block, module, settings);
        let mut all = own.clone();
        for setting in settings {
            let Setting::Spread(name) = setting else {
                continue;
            };
            for taken in self.taken_over(block, module, name, open) {
                let same = |other: &&Written| is_same(&other.name, &taken.name);
                if own.iter().any(|set| same(&set)) {
                    continue;
                }
                match all.iter().find(same) {
                    Some(other) => {
                        let diagnostic = twice(&taken.name.text, name.span, other).help(format!(
                            "set `{}` in this block, which then counts",
                            taken.name.text
                        ));
                        self.report(diagnostic);
                    }
                    None => all.push(taken),
                }
            }
        }
        all
    }

    fn own_settings(
        &mut self,
        block: &mut Block,
        module: ModuleId,
        settings: &[Setting],
    ) -> Vec<Written> {
        let mut own: Vec<Written> = Vec::new();
        for setting in settings {
            match setting {
                Setting::Set { name, value } => {
                    if let Some(first) = own.iter().find(|set| is_same(&set.name, name)) {
                        let diagnostic = twice(&name.text, name.span, first);
                        self.report(diagnostic);
                        continue;
                    }
                    own.push(Written {
                        module,
                        name: name.clone(),
                        value: value.clone(),
                    });
                }
                Setting::Error => block.incomplete = true,
                Setting::Spread(_) => {}
            }
        }
        own
    }

    /// What `..name` stands for. `open` are the blocks that are being read, each taken over by the one before.
    fn taken_over(
        &mut self,
        block: &mut Block,
        module: ModuleId,
        name: &Name,
        open: &mut Vec<DefId>,
    ) -> Vec<Written> {
        let found = self.modules.lookup_at(module, &name.text, name.span);
        let Some(Some(id)) = found else {
            block.incomplete = true;
            if found.is_none() {
                self.no_such_settings(module, name);
            }
            return Vec::new();
        };
        let (ast, at) = self.modules.item(id);
        let ItemKind::Settings(item) = &ast.items[at].kind else {
            block.incomplete = true;
            let message = format!("`..` takes over settings, but `{}` are none", name.text);
            self.report(
                Diagnostic::new(Code::E0204, message)
                    .at(name.span, "no settings")
                    .help("define them at the top of a file: `settings name { epochs: 10 }`"),
            );
            return Vec::new();
        };
        if open.contains(&id) {
            block.incomplete = true;
            let message = format!("the settings `{}` take over themselves", name.text);
            self.report(
                Diagnostic::new(Code::E0205, message)
                    .at(name.span, "closes the circle")
                    .help("leave this `..` out"),
            );
            return Vec::new();
        }
        open.push(id);
        let all = self.all_settings(block, id.module, &item.settings, open);
        open.pop();
        all
    }

    fn no_such_settings(&mut self, module: ModuleId, name: &Name) {
        let message = format!("there are no settings `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0201, message).at(name.span, "unknown name");
        let there: Vec<&str> = self.modules.names(module).collect();
        let diagnostic = match nearest(&name.text, there) {
            Some(near) => diagnostic.replace(
                format!("there is something with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(
                "define them, `settings name { … }`, or import them: `use \"recipes.kd\"::name`",
            ),
        };
        self.report(diagnostic);
    }
}

/// Whether two settings exclude each other.
fn is_same(a: &Name, b: &Name) -> bool {
    let length = |name: &Name| ["epochs", "steps"].contains(&name.text.as_str());
    a.text == b.text || (length(a) && length(b))
}

fn twice(name: &str, again: Span, first: &Written) -> Diagnostic {
    let message = match first.name.text == name {
        true => format!("`{name}` is set twice"),
        false => "the length is set twice, in epochs and in steps".to_string(),
    };
    Diagnostic::new(Code::E0407, message)
        .at(again, "set again")
        .also(first.name.span, "first here")
        .help("leave one of them out")
}
