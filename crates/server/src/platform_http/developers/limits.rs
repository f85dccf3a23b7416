//! How much a key may ask: a bucket for each that fills at a steady rate.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use values::Timestamp;

/// How much may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Limits {
    /// What a key may ask unless said otherwise: 200 a second, 400 at once.
    pub const STANDARD: Limits = Limits { per_second: 200, burst: 400 };
}

/// What is left in a bucket, in thousandths of a request.
struct Bucket {
    left: u64,
    at: Timestamp,
}

/// A bucket for each key. They live in memory: a new start fills them.
pub(super) struct Buckets {
    limits: Limits,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// Full buckets are forgotten when there are this many.
const SWEEP_AT: usize = 10_000;

impl Buckets {
    pub(super) fn new(limits: Limits) -> Buckets {
        Buckets { limits, buckets: Mutex::default() }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes one request out of the bucket of this name: how many are left, or how long to wait for the next.
    pub(super) fn take(&self, name: &str, now: Timestamp) -> Result<u64, Duration> {
        let Limits { per_second, burst } = self.limits;
        let most = u64::from(burst) * 1000;
        let filled = |bucket: &Bucket| {
            let passed = u64::try_from(now.millis() - bucket.at.millis()).unwrap_or(0);
            bucket.left.saturating_add(passed.saturating_mul(u64::from(per_second))).min(most)
        };
        let mut buckets = self.buckets.lock().expect("no holder of this lock panics");
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, bucket| filled(bucket) < most);
        }
        let left = buckets.get(name).map_or(most, filled);
        let taken = left.checked_sub(1000);
        buckets.insert(name.to_owned(), Bucket { left: taken.unwrap_or(left), at: now });
        match taken {
            Some(left) => Ok(left / 1000),
            None => Err(Duration::from_millis((1000 - left).div_ceil(u64::from(per_second.max(1))))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let buckets = Buckets::new(Limits { per_second: 2, burst: 3 });
        let at = Timestamp::from_millis;
        let taken: Vec<_> = (0..4).map(|_| buckets.take("a", at(0))).collect();
        assert_eq!(taken, [Ok(2), Ok(1), Ok(0), Err(Duration::from_millis(500))]);
        assert_eq!(buckets.take("b", at(0)), Ok(2), "another key has a bucket of its own");
        assert_eq!(buckets.take("a", at(499)), Err(Duration::from_millis(1)));
        assert_eq!(buckets.take("a", at(500)), Ok(0));
        assert_eq!(buckets.take("a", at(60_000)), Ok(2), "it holds no more than its burst");
        assert_eq!(buckets.take("a", at(0)), Ok(1), "a clock that jumps back takes nothing away");
    }
}
