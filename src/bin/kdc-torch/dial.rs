//! Numbers that change while a stage trains, where the device reads them.

use crate::amount::{Amount, Time};
use tch::{Device, Kind, TchError, Tensor};

/// A number in a tensor without dimensions, set by the host before each step.
pub struct Dial {
    amount: Amount,
    value: Tensor,
    now: f64,
}

impl Dial {
    pub fn new(amount: Amount, device: Device) -> Result<Dial, TchError> {
        Ok(Dial {
            amount,
            value: Tensor::f_zeros([0i64; 0], (Kind::Float, device))?,
            now: 0.0,
        })
    }

    /// Sets it to what the number is now, and gives that. The host waits for nothing: a fill takes its number along.
    pub fn set(&mut self, batch: i64, time: Time) -> Result<f64, TchError> {
        let now = self.amount.of(batch, time);
        if now != self.now {
            let _filled = self.value.f_fill_(now)?;
            self.now = now;
        }
        Ok(now)
    }

    pub fn value(&self) -> &Tensor {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdc::plan::Schedule;

    #[test]
    fn it_follows_the_schedule() {
        let ramp = Schedule::Ramp {
            from: 0.0,
            to: 1.0,
            epochs: None,
            steps: Some(4.0),
        };
        let mut dial = Dial::new(Amount::Scheduled(ramp), Device::Cpu).unwrap();
        for (step, expected) in [(0, 0.0), (1, 0.25), (3, 0.75), (9, 1.0)] {
            let time = Time {
                step,
                ..Time::default()
            };
            assert_eq!(dial.set(8, time).unwrap(), expected);
            assert_eq!(dial.value().double_value(&[]), expected);
        }
    }
}
