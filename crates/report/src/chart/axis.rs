//! Numbers to pixels, and the numbers worth a tick.

use crate::Scale;

/// Whether a number can be laid on an axis: finite, and small enough for differences to be finite too.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() < 1e150
}

/// One axis: a range of numbers laid along a range of pixels.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    pixel_low: f64,
    pixel_high: f64,
    scale: Scale,
}

impl Axis {
    /// The axis that holds all `values`; those that cannot be drawn do not count. An empty range gets width.
    pub(crate) fn holding(
        values: impl Iterator<Item = f64>,
        pixels: (f64, f64),
        scale: Scale,
    ) -> Axis {
        let usable =
            values.filter(|value| drawable(*value) && (scale == Scale::Linear || *value > 0.0));
        let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = match (low, high) {
            _ if low > high => (0.0, 1.0),
            _ if low == high && scale == Scale::Logarithmic => (low / 2.0, high * 2.0),
            _ if low == high => (
                low - 0.5f64.max(low.abs() * 0.1),
                high + 0.5f64.max(high.abs() * 0.1),
            ),
            range => range,
        };
        let (low, high) = if scale == Scale::Logarithmic && low <= 0.0 {
            (1.0, 10.0)
        } else {
            (low, high)
        };
        Axis {
            low,
            high,
            pixel_low: pixels.0,
            pixel_high: pixels.1,
            scale,
        }
    }

    /// The same axis with this share of its range added at both ends.
    pub(crate) fn padded(self, share: f64) -> Axis {
        let pad = (self.high - self.low) * share;
        Axis {
            low: self.low - pad,
            high: self.high + pad,
            ..self
        }
    }

    /// Where a number lies, in pixels; what lies outside is put at the nearer end, one axis length away at most.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic => {
                (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
            }
        };
        let share = if share.is_nan() {
            0.0
        } else {
            share.clamp(-1.0, 2.0)
        };
        self.pixel_low + share * (self.pixel_high - self.pixel_low)
    }

    /// Whether a number lies on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// About `count` round numbers on the axis.
    pub(crate) fn ticks(&self, count: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.even_ticks(count),
            Scale::Logarithmic => self.ratio_ticks(count),
        }
    }

    fn even_ticks(&self, count: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / count.max(1) as f64;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * unit)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * unit);
        if !step.is_finite() || step <= 0.0 {
            return vec![self.low];
        }
        let first = (self.low / step).ceil();
        (0..=count)
            .map(|index| (first + index as f64) * step)
            .filter(|tick| self.holds(*tick))
            .map(|tick| if tick.abs() < step * 1e-9 { 0.0 } else { tick })
            .collect()
    }

    fn ratio_ticks(&self, count: usize) -> Vec<f64> {
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let decades = (first..=last).map(|power| 10f64.powi(power));
        let fine: Vec<f64> = decades
            .clone()
            .flat_map(|decade| [1.0, 2.0, 5.0].map(|factor| factor * decade))
            .filter(|tick| self.holds(*tick))
            .collect();
        if fine.len() <= count {
            return fine;
        }
        let coarse: Vec<f64> = decades.filter(|tick| self.holds(*tick)).collect();
        let stride = coarse.len().div_ceil(count.max(1)).max(1);
        coarse.into_iter().step_by(stride).collect()
    }
}
