//! What the machine computes with.

use std::fs;

/// Those that a plan may have products in, on a CPU.
const PRECISIONS: [&str; 2] = ["f32", "bf16"];

pub struct Processor {
    name: String,
    /// As in `/proc/cpuinfo`.
    features: Vec<String>,
}

impl Processor {
    pub fn here() -> Processor {
        Processor::read(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    fn read(info: &str) -> Processor {
        let of = |key: &str| {
            let line = info.lines().find(|line| line.starts_with(key))?;
            line.split_once(": ").map(|(_, value)| value)
        };
        let features = of("flags").or_else(|| of("Features")).unwrap_or_default();
        Processor {
            name: of("model name")
                .unwrap_or(std::env::consts::ARCH)
                .to_string(),
            features: features.split_whitespace().map(String::from).collect(),
        }
    }

    fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|f| f == feature)
    }

    fn has_bf16(&self) -> bool {
        ["avx512_bf16", "amx_bf16", "bf16"]
            .iter()
            .any(|feature| self.has(feature))
    }

    /// Those that it has instructions for: where they are emulated, they take many times as long as f32.
    pub fn precisions(&self) -> Vec<&'static str> {
        let has = |precision: &&str| *precision == "f32" || self.has_bf16();
        PRECISIONS.into_iter().filter(has).collect()
    }

    pub fn title(&self) -> String {
        let names = [("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "Neon")];
        let vectors = names.iter().find(|(feature, _)| self.has(feature));
        let vectors = vectors.map_or("no vectors that are known here", |(_, name)| name);
        let bf16 = if self.has_bf16() {
            " and bf16"
        } else {
            ", without bf16"
        };
        format!("{} ({vectors}{bf16})", self.name)
    }

    /// Where its figures stand: those of the others stay.
    pub fn report(&self, name: &str) -> String {
        let besides = if self.has_bf16() { "" } else { "-f32" };
        format!("docs/{name}{besides}.md")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_is_measured_where_there_are_instructions_for_it() {
        let read = |flags: &str| {
            Processor::read(&format!(
                "model name\t: A Processor\nflags\t\t: fpu {flags}\n"
            ))
        };
        let narrow = read("avx2 fma");
        assert_eq!(narrow.precisions(), ["f32"]);
        assert_eq!(narrow.title(), "A Processor (AVX2, without bf16)");
        let wide = read("avx2 avx512f avx512_bf16");
        assert_eq!(wide.precisions(), ["f32", "bf16"]);
        assert_eq!(wide.title(), "A Processor (AVX-512 and bf16)");
        assert_eq!(wide.report("speed"), "docs/speed.md");
        assert_eq!(narrow.report("speed"), "docs/speed-f32.md");
    }
}
