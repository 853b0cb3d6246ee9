//! Measuring a network: its answers on samples, in evaluation mode.

use crate::data::{Batch, DataSet, Split};
use crate::failure::{Failure, Result};
use crate::interpreter::Executable;
use crate::parameters::Parameters;
use kdc::data::tags::{Tag, entities};
use kdc::plan::{Evaluation, Program};
use tch::{Kind, TchError, Tensor, no_grad_guard};

/// What a network answered, and what was right, wherever the label counts.
pub struct Answers {
    /// `[samples]`, the class with the largest logit.
    predicted: Tensor,
    labels: Tensor,
    /// `[samples]`, the text that a word is of; a sample's own number where there are no words.
    texts: Tensor,
    /// `[samples]`, whether the right class is among the five largest logits.
    in_top5: Tensor,
    /// `[samples]`, the largest probability.
    confidence: Tensor,
    /// `[samples]`, the logarithm of the right class's probability.
    likelihood: Tensor,
    classes: i64,
    /// What the classes mark, if they are called by tags.
    tags: Option<Vec<Tag>>,
}

/// Runs the network over all samples of the split, in order. Draws no random number.
pub fn evaluate(
    evaluation: &Evaluation,
    parameters: &Parameters,
    data: &DataSet,
    split: &Split,
) -> Result<Answers> {
    let fields = data.fields();
    let missing = |what: &str| Failure::Bug(format!("the plan's evaluation lacks `{what}`"));
    let outputs = &evaluation.program.outputs;
    let logits_at = outputs.iter().position(|name| *name == evaluation.logits);
    let logits_at = logits_at.ok_or_else(|| missing(&evaluation.logits))?;
    let label_at = fields.iter().position(|name| *name == evaluation.label);
    let label_at = label_at.ok_or_else(|| missing(&evaluation.label))?;

    let classes = evaluation.classes as i64;
    let (mut predicted, mut labels, mut in_top5) = (Vec::new(), Vec::new(), Vec::new());
    let (mut confidence, mut likelihood, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_text = 0;
    let program = &evaluation.program;
    each_batch(program, parameters, (data, split), |outputs, batch| {
        let logits = &outputs[logits_at];
        // each token of a sequence counts
        let logits = &logits.f_reshape([-1, classes])?;
        let label = &classes_of(&batch.fields[label_at])?.f_reshape([-1])?;
        let (_, top) = logits.f_topk(classes.min(5), 1, true, true)?;
        in_top5.push(
            top.f_eq_tensor(&label.f_unsqueeze(1)?)?
                .f_any_dim(1, false)?,
        );
        confidence.push(logits.f_softmax(1, Kind::Float)?.f_amax(1, false)?);
        // labels that do not count are below 0
        let right = label.f_clamp_min(0)?.f_unsqueeze(1)?;
        let log = logits.f_log_softmax(1, Kind::Float)?;
        likelihood.push(log.f_gather(1, &right, false)?.f_squeeze_dim(1)?);
        predicted.push(logits.f_argmax(1, false)?);
        let rows = Tensor::f_arange(batch.size, (Kind::Int64, label.device()))?;
        let words = label.size()[0] / batch.size;
        let rows = rows.f_repeat_interleave_self_int(words, None, None)?;
        texts.push(rows.f_add_scalar(first_text)?);
        first_text += batch.size;
        labels.push(label.shallow_clone());
        Ok(())
    })?;
    let labels = Tensor::f_cat(&labels, 0)?;
    let counted = labels.f_ge(0)?;
    let of_counted = |all: &[Tensor]| Tensor::f_cat(all, 0)?.f_masked_select(&counted);
    Ok(Answers {
        predicted: of_counted(&predicted)?,
        in_top5: of_counted(&in_top5)?,
        confidence: of_counted(&confidence)?,
        likelihood: of_counted(&likelihood)?,
        texts: of_counted(&texts)?,
        labels: labels.f_masked_select(&counted)?,
        classes,
        tags: data.tags(&evaluation.label).ok(),
    })
}

/// The mean of what a program gives for each batch of the split, each as heavy as it has samples.
pub fn mean_of(
    program: &Program,
    parameters: &Parameters,
    data: &DataSet,
    split: &Split,
) -> Result<f64> {
    let mut sum = 0.0;
    each_batch(program, parameters, (data, split), |outputs, batch| {
        sum += outputs[0].f_double_value(&[])? * batch.size as f64;
        Ok(())
    })?;
    Ok(sum / split.samples as f64)
}

/// Runs a program on all samples of the split, in order, without gradients; `take` gets what it gives for each batch.
fn each_batch(
    program: &Program,
    parameters: &Parameters,
    (data, split): (&DataSet, &Split),
    mut take: impl FnMut(&[Tensor], &Batch) -> Result<()>,
) -> Result<()> {
    let _no_grad = no_grad_guard();
    let mut executable = Executable::new(program, &data.fields(), parameters)?;
    let mut start = 0;
    while start < split.samples {
        let size = data.batch_size().min(split.samples - start);
        let batch = split.range(start, size)?;
        let inputs: Vec<&Tensor> = batch.fields.iter().collect();
        take(&executable.run(&inputs, size)?, &batch)?;
        start += size;
    }
    Ok(())
}

/// Labels as classes; of a distribution the most probable one.
pub fn classes_of(labels: &Tensor) -> std::result::Result<Tensor, TchError> {
    match labels.is_floating_point() {
        true => labels.f_argmax(-1, false),
        false => Ok(labels.shallow_clone()),
    }
}

impl Answers {
    pub fn accuracy(&self) -> Result<f64> {
        mean(&self.predicted.f_eq_tensor(&self.labels)?)
    }

    pub fn top5(&self) -> Result<f64> {
        mean(&self.in_top5)
    }

    /// For each class, the share of its samples that were recognised; NaN for a class without samples.
    pub fn per_class(&self) -> Result<Vec<f64>> {
        let right = self
            .labels
            .f_masked_select(&self.predicted.f_eq_tensor(&self.labels)?)?;
        let count = |labels: &Tensor| {
            labels
                .f_bincount::<Tensor>(None, self.classes)?
                .f_to_kind(Kind::Double)
        };
        Ok(Vec::<f64>::try_from(
            count(&right)?.f_div(&count(&self.labels)?)?,
        )?)
    }

    /// The expected calibration error (Guo and others 2017, equation 5), with 15 bins of equal width.
    pub fn calibration(&self) -> Result<f64> {
        const BINS: f64 = 15.0;
        let right = self.predicted.f_eq_tensor(&self.labels)?;
        let gap =
            (self.confidence.f_to_kind(Kind::Double)?).f_sub(&right.f_to_kind(Kind::Double)?)?;
        let bin = self
            .confidence
            .f_mul_scalar(BINS)?
            .f_ceil()?
            .f_sub_scalar(1.0)?;
        let bin = bin.f_clamp(0.0, BINS - 1.0)?.f_to_kind(Kind::Int64)?;
        let gaps = bin.f_bincount(Some(&gap), 0)?.f_abs()?.f_sum(None)?;
        Ok(f64::try_from(gaps)? / self.labels.size()[0] as f64)
    }

    /// The exponential of the mean of -log p, where p is the right class's probability.
    pub fn perplexity(&self) -> Result<f64> {
        Ok((-mean(&self.likelihood)?).exp())
    }

    /// The F1 of the entities that the tags of words mark, all kinds together: an entity is right if its kind and all its
    /// words are. 0 where there are none.
    pub fn entity_f1(&self) -> Result<f64> {
        let tags =
            (self.tags.as_ref()).ok_or_else(|| Failure::Bug("classes without tags".into()))?;
        let tag_of = |classes: &Tensor| -> Result<Vec<&Tag>> {
            let classes = Vec::<i64>::try_from(classes)?;
            let tags = classes.iter().map(|class| tags.get(*class as usize));
            let all: Option<Vec<&Tag>> = tags.collect();
            all.ok_or_else(|| Failure::Bug("a class without a tag".into()))
        };
        let (labels, predicted) = (tag_of(&self.labels)?, tag_of(&self.predicted)?);
        let texts = Vec::<i64>::try_from(&self.texts)?;
        let (mut there, mut found, mut right, mut word) = (0, 0, 0, 0);
        for text in texts.chunk_by(|one, next| one == next) {
            let words = word..word + text.len();
            word = words.end;
            let marked = entities(labels[words.clone()].iter().copied());
            let answered = entities(predicted[words].iter().copied());
            right += answered.iter().filter(|e| marked.contains(e)).count();
            there += marked.len();
            found += answered.len();
        }
        Ok(match there + found {
            0 => 0.0,
            all => 2.0 * right as f64 / all as f64,
        })
    }

    /// How often the two give the same answer.
    pub fn agreement(&self, other: &Answers) -> Result<f64> {
        mean(&self.predicted.f_eq_tensor(&other.predicted)?)
    }
}

fn mean(of: &Tensor) -> Result<f64> {
    Ok(f64::try_from(of.f_to_kind(Kind::Double)?.f_mean(None)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_and_perplexity_follow_their_definitions() {
        let answers = Answers {
            predicted: Tensor::from_slice(&[0i64, 0, 1, 1, 1]),
            texts: Tensor::from_slice(&[0i64, 1, 2, 3, 4]),
            labels: Tensor::from_slice(&[0i64, 1, 1, 1, 0]),
            in_top5: Tensor::from_slice(&[true; 5]),
            confidence: Tensor::from_slice(&[0.62f32, 0.66, 0.9, 1.0, 0.34]),
            likelihood: Tensor::from_slice(&[0.5f32, 0.25, 1.0, 1.0, 1.0]).log(),
            classes: 2,
            tags: None,
        };
        // one bin holds 0.62 and 0.66, of which one is right; the others hold one each
        let gaps = (0.62 + 0.66 - 1.0) + (1.0 - 0.9) + 0.0 + 0.34;
        let expected = gaps / 5.0;
        assert!((answers.calibration().unwrap() - expected).abs() < 1e-6);
        // 1 / (0.5 · 0.25)^(1/5)
        assert!((answers.perplexity().unwrap() - 8f64.powf(0.2)).abs() < 1e-6);
    }
}
