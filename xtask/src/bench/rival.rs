//! A PyTorch program that stays between rounds, so that what it prepares, torch.compile above all, is done once.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Rival {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Rival {
    /// Waits until it is ready: it prints an empty line then, and after the figures of each round.
    pub fn start(command: &mut Command) -> Result<Rival, String> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = piped.spawn().map_err(|e| e.to_string())?;
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut rival = Rival {
            process,
            input,
            output,
        };
        rival.printed()?;
        Ok(rival)
    }

    /// The figures of one more round.
    pub fn round(&mut self) -> Result<String, String> {
        writeln!(self.input, "again").map_err(failed)?;
        self.printed()
    }

    /// Up to an empty line.
    fn printed(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            let start = text.len();
            if self.output.read_line(&mut text).map_err(failed)? == 0 {
                return Err("a program in PyTorch has ended before its time".to_string());
            }
            if text[start..].trim().is_empty() {
                text.truncate(start);
                return Ok(text);
            }
        }
    }
}

fn failed(error: std::io::Error) -> String {
    format!("a program in PyTorch: {error}")
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_what_stands_before_an_empty_line() {
        let program = "echo; while read line; do echo step 1; echo teacher 2; echo; done";
        let mut rival = Rival::start(Command::new("sh").args(["-c", program])).unwrap();
        for _ in 0..2 {
            assert_eq!(rival.round(), Ok("step 1\nteacher 2\n".to_string()));
        }
        let mut silent = Rival::start(Command::new("sh").args(["-c", "echo; read line"])).unwrap();
        assert!(silent.round().is_err());
    }
}
