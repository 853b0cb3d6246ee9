//! `train` blocks: on which data, for how long, by which optimizer.

use super::Stage;
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::{DataSet, Optimizer, TestTime};
use crate::program::declared::{Declared, Parameter, Settings, Wants};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::Owner;
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind, Name, Setting};
use std::rc::Rc;

pub static OPTIMIZERS: &[Declared] = &[
    Declared {
        name: "adam",
        doc: "Adam (Kingma, Ba 2015), as torch.optim.Adam.",
        parameters: &[RATE, BETAS, EPS, DECAY],
    },
    Declared {
        name: "adamw",
        doc: "Adam with decoupled weight decay (Loshchilov, Hutter 2019), as torch.optim.AdamW.",
        parameters: &[RATE, BETAS, EPS, DECAY],
    },
    Declared {
        name: "sgd",
        doc: "Stochastic gradient descent, as torch.optim.SGD.",
        parameters: &[
            RATE,
            Parameter {
                name: "momentum",
                wants: Wants::Below(0.0, 1.0),
                optional: true,
                positional: false,
                doc: "the part of the last step that is kept; 0 unless said",
            },
            DECAY,
            Parameter {
                name: "nesterov",
                wants: Wants::Bool,
                optional: true,
                positional: false,
                doc: "Nesterov's momentum; false unless said",
            },
        ],
    },
];

const RATE: Parameter = Parameter {
    name: "lr",
    wants: Wants::Above(0.0, 1000.0),
    optional: false,
    positional: false,
    doc: "the learning rate; it has no default",
};

const BETAS: Parameter = Parameter {
    name: "betas",
    wants: Wants::Betas,
    optional: true,
    positional: false,
    doc: "the decay of the two running means; (0.9, 0.999) unless said",
};

const EPS: Parameter = Parameter {
    name: "eps",
    wants: Wants::Above(0.0, 1.0),
    optional: true,
    positional: false,
    doc: "added to the denominator; 1e-8 unless said",
};

const DECAY: Parameter = Parameter {
    name: "weight_decay",
    wants: Wants::Below(0.0, f64::INFINITY),
    optional: true,
    positional: false,
    doc: "how strongly weights are drawn to 0; 0 unless said (adamw: 0.01)",
};

/// What a `train` block may say.
const SETTINGS: [&str; 4] = ["epochs", "optimizer", "seed", "test"];

/// What the language has besides, without a meaning yet.
const LATER: [&str; 14] = [
    "edges",
    "learns",
    "steps",
    "clip",
    "precision",
    "accumulate",
    "average",
    "keep",
    "stop",
    "metrics",
    "expect",
    "groups",
    "schedule",
    "hold_out",
];

const MOST_EPOCHS: i64 = 1_000_000;

/// What a block says, each setting with its place.
#[derive(Default)]
struct Block {
    epochs: Option<u64>,
    optimizer: Option<Optimizer>,
    seeds: Option<Vec<u64>>,
    test: Option<TestTime>,
    /// The names that were given, right or wrong.
    given: Vec<(String, Span)>,
    /// Part of it could not be read, so that nothing is known to be missing.
    incomplete: bool,
}

impl Elaborator<'_, '_> {
    /// The data set that networks bind to: the one that is trained on.
    pub(super) fn training_data(&mut self) -> Option<Rc<DataSet>> {
        let ast = self.modules.get(self.root).ast.clone();
        for item in &ast.items {
            if let ItemKind::Train(train) = &item.kind {
                return self.data_of(train);
            }
        }
        None
    }

    /// Where the data set that is trained on is declared.
    pub(super) fn place_of_training_data(&mut self) -> Option<Span> {
        let ast = self.modules.get(self.root).ast.clone();
        let trained_on = ast.items.iter().find_map(|item| match &item.kind {
            ItemKind::Train(train) => train.on.first(),
            _ => None,
        });
        let id = self.modules.lookup(self.root, &trained_on?.text)??;
        let (ast, at) = self.modules.item(id);
        crate::program::load::item_name(&ast.items[at].kind).map(|name| name.span)
    }

    fn data_of(&mut self, train: &ast::Train) -> Option<Rc<DataSet>> {
        let name = train.on.first()?;
        if let Some(second) = train.on.get(1) {
            self.not_yet("training on several data sets", second.span);
        }
        // what is no data set may itself wait for the data
        if let Some(Some(id)) = self.modules.lookup(self.root, &name.text) {
            let (ast, at) = self.modules.item(id);
            if let Some(what) = no_data(&ast.items[at].kind) {
                let message = format!("training runs on a data set, but `{}` is {what}", name.text);
                self.report(Diagnostic::new(Code::E0204, message).at(name.span, what));
                return None;
            }
        }
        let expr = Expr {
            kind: ExprKind::Name(name.text.clone()),
            span: name.span,
        };
        let mut frame = Frame::new(self.root, FrameKind::File, "", Owner::Data);
        match self.expression(&mut frame, &expr) {
            Value::Data(data) => Some(data),
            other => {
                self.wrong_kind(&other, name.span, "training runs on a data set");
                None
            }
        }
    }

    /// The file's training. None if it has none or it has mistakes, which are reported.
    pub(super) fn stage(&mut self, ast: &ast::File) -> Option<Stage> {
        let blocks: Vec<(&ast::Train, Span)> = ast
            .items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::Train(train) => Some((train, item.span)),
                _ => None,
            })
            .collect();
        let Some((train, span)) = blocks.first() else {
            let broken = ast
                .items
                .iter()
                .any(|item| matches!(item.kind, ItemKind::Error));
            if !broken {
                self.report(nothing_trains(ast));
            }
            return None;
        };
        if let Some((_, second)) = blocks.get(1) {
            self.not_yet("a second stage of training", *second);
        }
        let data = self.data_of(train);
        let mut block = Block::default();
        for setting in &train.settings {
            self.setting(&mut block, setting);
        }
        self.missing_settings(&block, *span);
        Some(Stage {
            name: train.name.as_ref().map(|name| name.text.clone()),
            data: data?,
            epochs: block.epochs?,
            optimizer: block.optimizer?,
            test: block.test.unwrap_or(TestTime::AtEnd),
            seeds: block.seeds.unwrap_or_else(|| vec![0]),
        })
    }

    fn setting(&mut self, block: &mut Block, setting: &Setting) {
        let (name, value) = match setting {
            Setting::Set { name, value } => (name, value),
            Setting::Spread(name) => return self.spread(block, name),
            Setting::Error => {
                block.incomplete = true;
                return;
            }
        };
        if let Some((_, first)) = block.given.iter().find(|(n, _)| *n == name.text) {
            let diagnostic = Diagnostic::new(Code::E0407, format!("`{}` is set twice", name.text))
                .at(name.span, "set again")
                .also(*first, "first here");
            return self.report(diagnostic);
        }
        block.given.push((name.text.clone(), name.span));
        let mut frame = Frame::new(self.root, FrameKind::File, "", Owner::Data);
        match name.text.as_str() {
            "epochs" => block.epochs = self.whole(&mut frame, "epochs", value, 1, MOST_EPOCHS),
            "optimizer" => block.optimizer = self.optimizer(&mut frame, value),
            "seed" => block.seeds = self.seeds(&mut frame, value),
            "test" => block.test = self.test_time(value),
            other if LATER.contains(&other) => {
                self.not_yet(&format!("the setting `{other}`"), name.span);
            }
            _ => {
                let near = nearest(&name.text, SETTINGS.into_iter().chain(LATER));
                // so that it is not missed as well
                block
                    .given
                    .extend(near.map(|near| (near.to_string(), name.span)));
                let diagnostic = unknown_setting(name, near);
                self.report(diagnostic);
            }
        }
    }

    fn spread(&mut self, block: &mut Block, name: &Name) {
        self.modules.lookup(self.root, &name.text);
        self.not_yet("settings shared by name", name.span);
        block.incomplete = true;
    }

    fn whole(
        &mut self,
        frame: &mut Frame,
        name: &str,
        expr: &Expr,
        min: i64,
        max: i64,
    ) -> Option<u64> {
        let value = self.expression(frame, expr);
        match &value {
            Value::Poison => None,
            Value::Number(n) if n.as_int().is_some_and(|n| (min..=max).contains(&n)) => {
                n.as_int().and_then(|n| u64::try_from(n).ok())
            }
            Value::Number(n) => {
                let message =
                    format!("`{name}` is a whole number from {min} to {max}, but this is {n}");
                self.report(Diagnostic::new(Code::E0408, message).at(expr.span, "out of range"));
                None
            }
            other => {
                let message = format!("`{name}` is a whole number, but this is {}", other.kind());
                self.report(Diagnostic::new(Code::E0224, message).at(expr.span, other.kind()));
                None
            }
        }
    }

    fn seeds(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Vec<u64>> {
        let ExprKind::List(values) = &expr.kind else {
            return Some(vec![self.whole(frame, "seed", expr, 0, i64::MAX)?]);
        };
        if values.is_empty() {
            let diagnostic = Diagnostic::new(Code::E0408, "an empty list of seeds makes no run");
            self.report(
                diagnostic
                    .at(expr.span, "no seed")
                    .help("write `seed: 42` or `seed: [1, 2, 3]`"),
            );
            return None;
        }
        let mut seeds: Vec<u64> = Vec::new();
        for value in values {
            let seed = self.whole(frame, "seed", value, 0, i64::MAX)?;
            if seeds.contains(&seed) {
                let diagnostic =
                    Diagnostic::new(Code::E0408, format!("the seed {seed} stands twice"));
                self.report(diagnostic.at(value.span, "the same run again"));
                return None;
            }
            seeds.push(seed);
        }
        Some(seeds)
    }

    fn test_time(&mut self, expr: &Expr) -> Option<TestTime> {
        match &expr.kind {
            ExprKind::Name(word) if word == "each_epoch" => Some(TestTime::EachEpoch),
            ExprKind::Name(word) if word == "at_end" => Some(TestTime::AtEnd),
            _ => {
                let diagnostic = Diagnostic::new(Code::E0407, "`test` is `at_end` or `each_epoch`");
                self.report(diagnostic.at(expr.span, "neither of them"));
                None
            }
        }
    }

    fn optimizer(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Optimizer> {
        let (found, settings) = self.declared(frame, OPTIMIZERS, &[], "optimizer", expr)?;
        let optimizer = optimizer(found.name, &settings)?;
        if let Optimizer::Sgd {
            momentum,
            nesterov: true,
            ..
        } = optimizer
            && momentum == 0.0
        {
            self.report(
                Diagnostic::new(Code::E0408, "Nesterov's momentum needs a momentum above 0")
                    .at(
                        settings.span("nesterov").unwrap_or(expr.span),
                        "without momentum",
                    )
                    .help("add `momentum: 0.9`"),
            );
            return None;
        }
        Some(optimizer)
    }

    fn missing_settings(&mut self, block: &Block, span: Span) {
        for (name, form) in [
            ("epochs", "epochs: 10"),
            ("optimizer", "optimizer: adam(lr: 0.001)"),
        ] {
            if block.incomplete || block.given.iter().any(|(given, _)| given == name) {
                continue;
            }
            let first_line = Span {
                end: span.start + self.text(span).lines().next().map_or(0, str::len) as u32,
                ..span
            };
            let diagnostic = Diagnostic::new(Code::E0407, format!("this training has no `{name}`"))
                .at(first_line, format!("without `{name}`"))
                .help(format!("add `{form}`"));
            self.report(diagnostic);
        }
    }
}

/// What an item is that can be no data set.
fn no_data(kind: &ItemKind) -> Option<&'static str> {
    match kind {
        ItemKind::Network(_) => Some("a network"),
        ItemKind::Tap(_) => Some("a tap"),
        ItemKind::Callable(_) => Some("a definition"),
        ItemKind::Edge(_) => Some("an edge"),
        _ => None,
    }
}

fn optimizer(name: &str, settings: &Settings) -> Option<Optimizer> {
    let lr = settings.number("lr")?;
    let betas = match settings.numbers("betas").as_deref() {
        Some([a, b]) => (*a, *b),
        _ => (0.9, 0.999),
    };
    let eps = settings.number("eps").unwrap_or(1e-8);
    let decay = |default| settings.number("weight_decay").unwrap_or(default);
    Some(match name {
        "adam" => Optimizer::Adam {
            lr,
            betas,
            eps,
            weight_decay: decay(0.0),
        },
        "adamw" => Optimizer::Adamw {
            lr,
            betas,
            eps,
            weight_decay: decay(0.01),
        },
        _ => Optimizer::Sgd {
            lr,
            momentum: settings.number("momentum").unwrap_or(0.0),
            weight_decay: decay(0.0),
            nesterov: settings.bool("nesterov").unwrap_or(false),
        },
    })
}

fn unknown_setting(name: &Name, near: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0407,
        format!("training has no setting `{}`", name.text),
    )
    .at(name.span, "unknown setting");
    match name.text.as_str() {
        "lr" | "learning_rate" => {
            diagnostic.help("it belongs to the optimizer: `optimizer: adam(lr: 0.001)`")
        }
        "momentum" | "weight_decay" | "betas" => diagnostic.help(format!(
            "it belongs to the optimizer: `optimizer: sgd(lr: 0.1, {}: …)`",
            name.text
        )),
        "batch" | "batch_size" => {
            diagnostic.help("it belongs to the data: end their pipeline with `-> batch(128)`")
        }
        "temperature" | "T" => diagnostic.help("it belongs to the loss: `by soft_target(T: 4)`"),
        "alpha" | "weight" => diagnostic.help("it belongs to the edge: `edge … by … weight 0.5`"),
        "device" => {
            diagnostic.help("it belongs to the command line: `kdc train file.kd --device cuda`")
        }
        _ => match near {
            Some(near) => diagnostic.fix(
                format!("there is one with a similar name: `{near}`"),
                Applicability::Safe,
                vec![Edit {
                    span: name.span,
                    text: near.to_string(),
                }],
            ),
            None => diagnostic.help(format!("the settings are {}", listed(SETTINGS, 8))),
        },
    }
}

fn nothing_trains(ast: &ast::File) -> Diagnostic {
    let at = ast
        .items
        .last()
        .map_or(Span::new(ast.id, 0..0), |item| item.span);
    let data = ast.items.iter().find_map(|item| match &item.kind {
        ItemKind::Data(data) => Some(data.name.text.as_str()),
        ItemKind::Use(using) => using
            .names
            .first()
            .map(|n| n.name.text.as_str())
            .filter(|n| n.starts_with(char::is_lowercase)),
        _ => None,
    });
    let form = format!(
        "train on {} {{ epochs: 10, optimizer: adam(lr: 0.001), seed: 42 }}",
        data.unwrap_or("images")
    );
    Diagnostic::new(
        Code::E0409,
        "this file declares networks or edges but no training",
    )
    .at(at.after(), "nothing trains")
    .fix(
        format!("end it with `{form}`"),
        Applicability::Unsafe,
        vec![Edit {
            span: at.after(),
            text: format!("\n\n{form}"),
        }],
    )
}
