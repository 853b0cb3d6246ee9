//! `train` blocks: on which data, for how long, which edges, what learns.

mod groups;
mod learning;
mod metric;
mod optimizer;
mod scores;
mod settings;
mod unknown;
mod written;

pub use groups::Resolved as Group;
pub use learning::Learning;
pub use metric::{METRICS, Metric};
pub use optimizer::OPTIMIZERS;
pub use scores::Expectation;

use super::graft::Graft;
use super::{Answers, Edge, Precision, Stage};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::cache::Wish;
use crate::plan::{DataSet, TestTime};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::Owner;
use crate::program::load::DefId;
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind};
use settings::Block;
use std::rc::Rc;

/// All stages of a file, and the seeds of its runs.
pub struct Training {
    pub stages: Vec<Stage>,
    pub seeds: Vec<u64>,
    /// Of all stages, each once.
    pub metrics: Vec<Metric>,
    pub answers: Answers,
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
            self.report(
                Diagnostic::new(Code::E0407, "an epoch runs over one data set")
                    .at(second.span, "one too many")
                    .help("name the one that makes the epochs; edges may read others as well"),
            );
        }
        // what is no data set may itself wait for the data
        if let Some(Some(id)) = self.modules.lookup_at(self.root, &name.text, name.span) {
            let (ast, at) = self.modules.item(id);
            if let Some(what) = no_data(&ast.items[at].kind) {
                let message = format!("training runs on a data set, but `{}` is {what}", name.text);
                self.report(
                    Diagnostic::new(Code::E0204, message)
                        .at(name.span, what)
                        .help("name the data: `train on images { … }`; what learns are the right sides of the edges"),
                );
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
    pub(super) fn training(
        &mut self,
        ast: &ast::File,
        edges: &[Option<Edge>],
        grafts: &[Graft],
    ) -> Option<Training> {
        let blocks: Vec<(&ast::Train, Span)> = (ast.items.iter())
            .filter_map(|item| match &item.kind {
                ItemKind::Train(train) => Some((train, item.span)),
                _ => None,
            })
            .collect();
        if blocks.is_empty() {
            let broken = ast
                .items
                .iter()
                .any(|item| matches!(item.kind, ItemKind::Error));
            if !broken {
                self.report(nothing_trains(ast));
            }
            return None;
        }
        let mut stages = Vec::new();
        let data = self.data_of(blocks[0].0);
        let known = edges.iter().flatten();
        let answers =
            data.map(|data| Answers::new(&self.graph, &self.networks, known, grafts, &data));
        let mut metrics: Vec<Metric> = Vec::new();
        let mut seeds: Option<(Vec<u64>, Span)> = None;
        for (place, (train, span)) in blocks.iter().enumerate() {
            let line = first_line(self.text(*span), *span);
            if blocks.len() > 1 && train.name.is_none() {
                self.report(unnamed_stage(place, line));
            }
            let block = self.settings_block(self.root, &train.settings);
            self.missing_settings(&block, line);
            self.one_seed(&mut seeds, &block);
            if let (Some(written), Some(answers)) = (&block.metrics, &answers) {
                for metric in self.metrics(written, answers) {
                    if !metrics.iter().any(|known| known.is_same(&metric)) {
                        metrics.push(metric);
                    }
                }
            }
            stages.push(self.stage(train, *span, block, edges, answers.as_ref()));
        }
        Some(Training {
            stages: stages.into_iter().collect::<Option<_>>()?,
            metrics,
            answers: answers?,
            seeds: seeds.map_or_else(|| vec![0], |(seeds, _)| seeds),
        })
    }

    fn stage(
        &mut self,
        train: &ast::Train,
        span: Span,
        block: Block,
        edges: &[Option<Edge>],
        answers: Option<&Answers>,
    ) -> Option<Stage> {
        let data = self.data_of(train);
        let used = self.edges_of_stage(block.edges.as_ref(), edges);
        let learning = self.learning(block.learns.as_ref(), used.as_deref()?, edges);
        let average = block.average.map(|written| self.average(&written));
        let (data, answers) = (data?, answers?);
        let expect = block
            .expect
            .map(|written| self.expectations(&written, answers));
        let keep = block
            .keep
            .map(|written| self.keep(&written, &data, answers));
        let stop = block
            .stop
            .map(|written| self.stop(&written, &data, answers));
        let learning = learning?;
        let (optimizer, groups) = block.optimizer?;
        let groups = self.resolved_groups(&groups, &optimizer, &learning);
        Some(Stage {
            name: train.name.as_ref().map(|name| name.text.clone()),
            span,
            data,
            length: block.length?,
            optimizer,
            groups: groups?,
            accumulate: block.accumulate.unwrap_or(1),
            clip: block.clip,
            precision: block.precision.unwrap_or(Precision::F32),
            cache: Wish {
                keep: block.cache.unwrap_or_default(),
                store: block.store.unwrap_or_default(),
            },
            batch_statistics: block.batch_statistics.unwrap_or(false),
            average: present(average)?,
            expect: present(expect)?.unwrap_or_default(),
            keep: present(keep)?.flatten(),
            stop: present(stop)?,
            test: block.test.unwrap_or(TestTime::AtEnd),
            edges: used?,
            learning,
        })
    }

    /// A run has one seed, whichever stage says it.
    fn one_seed(&mut self, seeds: &mut Option<(Vec<u64>, Span)>, block: &Block) {
        match (&seeds, &block.seeds) {
            (None, Some(said)) => *seeds = Some(said.clone()),
            (Some((first, place)), Some((other, again))) if first != other => {
                let diagnostic =
                    Diagnostic::new(Code::E0408, "two stages of a run have different seeds")
                        .at(*again, "another seed")
                        .also(*place, "first here")
                        .help("the seed is the whole run's: say it in one stage");
                self.report(diagnostic);
            }
            _ => {}
        }
    }

    /// A `settings` block by itself.
    pub(super) fn settings_alone(&mut self, id: DefId, item: &ast::SettingsItem) {
        self.settings_block(id.module, &item.settings);
    }
}

/// What was said and is right; the outer none if it was wrong.
fn present<T>(said: Option<Option<T>>) -> Option<Option<T>> {
    match said {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}

/// Results and metrics call a stage by its name.
fn unnamed_stage(place: usize, line: Span) -> Diagnostic {
    let name = format!("stage{}", place + 1);
    let after_keyword = Span {
        end: line.start + "train".len() as u32,
        ..line
    };
    Diagnostic::new(Code::E0412, "of several stages each needs a name")
        .at(line, "without a name")
        .fix(
            format!("write one after `train`: `train {name} on …`"),
            Applicability::Unsafe,
            vec![Edit {
                span: after_keyword.after(),
                text: format!(" {name}"),
            }],
        )
}

fn first_line(text: &str, span: Span) -> Span {
    Span {
        end: span.start + text.lines().next().map_or(0, str::len) as u32,
        ..span
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
