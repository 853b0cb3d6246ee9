//! What the programs printed, round after round.

use std::collections::BTreeMap;

#[derive(Default)]
pub struct Figures {
    /// By threads, program, precision and the figure's name.
    all: BTreeMap<(usize, String, String, String), Vec<f64>>,
}

impl Figures {
    /// Takes in lines of a name and a number each; `prefix` stands before the names.
    pub fn read(
        &mut self,
        threads: usize,
        program: &str,
        precision: &str,
        prefix: &str,
        printed: &str,
    ) -> Result<(), String> {
        for line in printed.lines() {
            let number = line.split_once(' ');
            let number = number.and_then(|(name, number)| Some((name, number.parse().ok()?)));
            let Some((name, number)) = number else {
                return Err(format!("{program} printed `{line}`"));
            };
            let [program, precision] = [program, precision].map(String::from);
            let key = (threads, program, precision, format!("{prefix}{name}"));
            self.all.entry(key).or_default().push(number);
        }
        Ok(())
    }

    fn values(&self, threads: usize, program: &str, precision: &str, name: &str) -> &[f64] {
        let [program, precision, name] = [program, precision, name].map(String::from);
        let found = self.all.get(&(threads, program, precision, name));
        found.map_or(&[], Vec::as_slice)
    }

    /// The median over the rounds; NaN where there is none.
    pub fn median(&self, threads: usize, program: &str, precision: &str, name: &str) -> f64 {
        let mut sorted = self.values(threads, program, precision, name).to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The medians of a program's figures for an experiment, by their names.
    pub fn of(
        &self,
        program: &str,
        threads: usize,
        precision: &str,
        experiment: &str,
    ) -> impl Fn(&str) -> f64 {
        move |figure| {
            self.median(
                threads,
                program,
                precision,
                &format!("{experiment}.{figure}"),
            )
        }
    }

    /// `6128 (5790 to 6933)`: the median, the lowest and the highest.
    pub fn spread(&self, threads: usize, program: &str, precision: &str, name: &str) -> String {
        let values = self.values(threads, program, precision, name);
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        let middle = self.median(threads, program, precision, name);
        format!("{middle:.0} ({low:.0} to {high:.0})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_rounds() {
        let mut figures = Figures::default();
        for number in ["3", "1.5", "100"] {
            let printed = format!("step {number}\nteacher 7\n");
            let read = figures.read(1, "kdc", "f32", "kd.", &printed);
            assert_eq!(read, Ok(()));
        }
        assert_eq!(figures.median(1, "kdc", "f32", "kd.step"), 3.0);
        assert_eq!(figures.spread(1, "kdc", "f32", "kd.step"), "3 (2 to 100)");
        assert!(figures.median(2, "kdc", "f32", "kd.step").is_nan());
        assert!(figures.read(1, "kdc", "f32", "", "no number").is_err());
    }
}
