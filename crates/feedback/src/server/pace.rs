//! How often somebody may ask.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// So many requests at once, and so many a second in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestRate {
    /// Requests that may come at once.
    pub burst: f64,
    /// Requests a second after that.
    pub per_second: f64,
}

/// Those who asked lately, at most. More are only possible where names are free; whoever waited longest is forgotten.
const MOST_KNOWN: usize = 4096;

/// A bucket for each who asks (a token bucket in the sense of traffic shaping, nothing to do with [`super::Token`]).
pub(super) struct Pace {
    rate: RequestRate,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at_milliseconds: i64,
}

impl Pace {
    pub(super) fn new(rate: RequestRate) -> Pace {
        Pace {
            rate,
            buckets: Mutex::new(BTreeMap::new()),
        }
    }

    /// Takes one request of `who`; otherwise the seconds after which the next is taken.
    pub(super) fn take(&self, who: &str, now_milliseconds: i64) -> Result<(), u64> {
        let RequestRate { burst, per_second } = self.rate;
        // Nothing that is done under the lock can panic and leave a bucket half filled.
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if buckets.len() >= MOST_KNOWN && !buckets.contains_key(who) {
            forget_oldest(&mut buckets);
        }
        let bucket = buckets.entry(who.to_owned()).or_insert(Bucket {
            left: burst,
            at_milliseconds: now_milliseconds,
        });
        let passed = (now_milliseconds - bucket.at_milliseconds).max(0) as f64 / 1000.0;
        bucket.left = (bucket.left + passed * per_second).min(burst);
        bucket.at_milliseconds = now_milliseconds;
        if bucket.left < 1.0 {
            return Err(((1.0 - bucket.left) / per_second).ceil().max(1.0) as u64);
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

fn forget_oldest(buckets: &mut BTreeMap<String, Bucket>) {
    let oldest = buckets
        .iter()
        .min_by_key(|(_, bucket)| bucket.at_milliseconds);
    if let Some(name) = oldest.map(|(name, _)| name.clone()) {
        buckets.remove(&name);
    }
}
