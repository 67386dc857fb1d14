//! Segments as bytes, so that what was judged can be learned from again.
//!
//! Little endian: the letters `RLS1`; four counts as `u32` (steps T, features F, action values A, state values S); a
//! byte that is 1 where intents are there; then the arrays of [`mdp::Segment`] in the order of its fields.

use mdp::Segment;

const MAGIC: &[u8; 4] = b"RLS1";

/// A segment as bytes.
///
/// # Panics
/// If its arrays have other lengths than its counts say, or more than `u32::MAX` steps.
#[must_use]
pub fn segment_to_bytes(segment: &Segment) -> Vec<u8> {
    let n_steps = segment.n_steps();
    let n_states = if segment.n_state_values == 0 {
        0
    } else {
        (n_steps + 1) * segment.n_state_values
    };
    assert_eq!(
        segment.observations.len(),
        n_steps * segment.n_features,
        "observations"
    );
    assert_eq!(
        segment.next_observations.len(),
        n_steps * segment.n_features,
        "next_observations"
    );
    assert_eq!(
        segment.actions.len(),
        n_steps * segment.n_action_values,
        "actions"
    );
    assert_eq!(segment.rewards.len(), n_steps, "rewards");
    assert_eq!(segment.states.len(), n_states, "states");
    let mut bytes = MAGIC.to_vec();
    for count in [
        n_steps,
        segment.n_features,
        segment.n_action_values,
        segment.n_state_values,
    ] {
        let count = u32::try_from(count).expect("a segment is short");
        bytes.extend(count.to_le_bytes());
    }
    bytes.push(u8::from(segment.intents.is_some()));
    let singles = [
        &segment.observations,
        &segment.actions,
        &segment.next_observations,
    ];
    for number in singles.into_iter().flatten() {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(segment.terminated.iter().map(|flag| u8::from(*flag)));
    let intents = segment.intents.as_deref().unwrap_or_default();
    assert!(
        segment.intents.is_none() || intents.len() == n_steps,
        "intents"
    );
    for number in segment.rewards.iter().chain(intents).chain(&segment.states) {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

/// The segment that was made into bytes; none where they are something else.
#[must_use]
pub fn segment_from_bytes(bytes: &[u8]) -> Option<Segment> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut count = || -> Option<usize> {
        let (number, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        usize::try_from(u32::from_le_bytes(*number)).ok()
    };
    let (n_steps, n_features) = (count()?, count()?);
    let (n_action_values, n_state_values) = (count()?, count()?);
    let (has_intents, mut rest) = match rest.split_first()? {
        (0, rest) => (false, rest),
        (1, rest) => (true, rest),
        _ => return None,
    };
    let rest = &mut rest;
    let n_states = match n_state_values {
        0 => 0,
        width => n_steps.checked_add(1)?.checked_mul(width)?,
    };
    let segment = Segment {
        n_features,
        n_action_values,
        n_state_values,
        observations: singles(rest, n_steps.checked_mul(n_features)?)?,
        actions: singles(rest, n_steps.checked_mul(n_action_values)?)?,
        next_observations: singles(rest, n_steps.checked_mul(n_features)?)?,
        terminated: flags(rest, n_steps)?,
        rewards: doubles(rest, n_steps)?,
        intents: match has_intents {
            true => Some(doubles(rest, n_steps)?),
            false => None,
        },
        states: doubles(rest, n_states)?,
    };
    rest.is_empty().then_some(segment)
}

/// The next `n` bytes, held against those that are there before anything is allocated.
fn take<'b>(rest: &mut &'b [u8], n: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(n)?;
    *rest = after;
    Some(taken)
}

fn singles(rest: &mut &[u8], n: usize) -> Option<Vec<f32>> {
    let (numbers, _) = take(rest, n.checked_mul(4)?)?.as_chunks::<4>();
    Some(numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

fn doubles(rest: &mut &[u8], n: usize) -> Option<Vec<f64>> {
    let (numbers, _) = take(rest, n.checked_mul(8)?)?.as_chunks::<8>();
    Some(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

fn flags(rest: &mut &[u8], n: usize) -> Option<Vec<bool>> {
    let flag = |byte: &u8| match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    take(rest, n)?.iter().map(flag).collect()
}
