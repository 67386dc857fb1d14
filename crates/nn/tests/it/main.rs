//! What a user of the crate can observe from outside: a step allocates nothing, and networks learn.

#![expect(
    unsafe_code,
    reason = "an allocator that counts can only be written with unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use nn::{
    Activation, Adam, AdamConfig, Head, HeadInputs, Initialization, MlpShape, Model, Pool, Tile,
    Workspace, clip_gradient_norm,
};

/// Allocations of all threads so far.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system allocator's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system allocator's conditions.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn networks(n_actions: usize) -> Model {
    let shape = |outputs| MlpShape {
        inputs: 3,
        hidden: vec![33, 64],
        outputs,
        activation: Activation::Tanh,
    };
    let begin = |output_gain| Initialization::Orthogonal {
        hidden_gain: 2.0_f32.sqrt(),
        output_gain,
    };
    Model::new(
        &[(shape(n_actions), begin(0.01)), (shape(1), begin(1.0))],
        &[],
        &mut mdp::Seed(0).stream("weights", 0),
    )
}

/// Both checks in one test, because the allocations of tests that run beside each other would be counted together.
#[test]
fn networks_learn_and_a_step_allocates_nothing() {
    let n_rows = 600;
    let mut rng = mdp::Seed(0).stream("inputs", 0);
    let inputs: Vec<f32> = (0..n_rows * 3)
        .map(|_| mdp::normal(&mut rng) as f32)
        .collect();
    // The best action is the sign of the first input, the value the product of the others.
    let actions: Vec<f32> = inputs
        .chunks(3)
        .map(|row| f32::from(u8::from(row[0] > 0.0)))
        .collect();
    let values: Vec<f32> = inputs.chunks(3).map(|row| row[1] * row[2]).collect();
    let rows: Vec<u32> = (0..n_rows as u32).collect();
    let head = Head::Categorical { n_actions: 2 };
    let loss = |tile: Tile<'_>, sum: &mut f64| {
        const MOST: usize = 64;
        let n = tile.rows.len();
        let mut chosen = [0.0; MOST];
        for (chosen, row) in chosen.iter_mut().zip(tile.rows) {
            *chosen = actions[*row as usize];
        }
        let inputs = HeadInputs {
            outputs: tile.outputs,
            stride: 3,
            latent: tile.latent,
            free: &[],
        };
        let (mut log_probs, mut entropies) = ([0.0; MOST], [0.0; MOST]);
        head.evaluate(
            &inputs,
            &chosen[..n],
            &mut log_probs[..n],
            &mut entropies[..n],
        );
        let weights = [-1.0 / n_rows as f32; MOST];
        head.backward(
            &inputs,
            &chosen[..n],
            &weights[..n],
            &[0.0; MOST][..n],
            tile.d_outputs,
            tile.d_free,
        );
        for (r, row) in tile.rows.iter().enumerate() {
            let error = tile.outputs[3 * r + 2] - values[*row as usize];
            tile.d_outputs[3 * r + 2] = error / n_rows as f32;
            *sum += f64::from(0.5 * error * error - log_probs[r]) / n_rows as f64;
        }
    };
    let pool = Pool::new(2);
    let mut model = networks(2);
    let mut workspace = Workspace::new();
    let mut gradient = vec![0.0; model.parameters().len()];
    let mut outputs = vec![0.0; n_rows * 3];
    let mut adam = Adam::new(gradient.len(), AdamConfig::adam(1e-5));
    let mut step = || {
        let loss = model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, &pool);
        clip_gradient_norm(&mut gradient, 0.5);
        adam.step(model.parameters_mut(), &gradient, 3e-3);
        model.forward(&inputs, &mut outputs, &mut workspace, &pool);
        loss
    };
    let first = step();
    // A thread that starts late, or the test runner, may allocate now and then; steps that do so do it every time.
    let mut last = 0.0;
    let mut least_allocations = u64::MAX;
    for _ in 0..10 {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for _ in 0..40 {
            last = step();
        }
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        least_allocations = least_allocations.min(allocations);
    }
    assert_eq!(least_allocations, 0, "allocations in 40 steps");
    assert!(
        first > 0.9,
        "a coin's surprise and half a variance: {first}"
    );
    assert!(last < 0.1, "after 400 steps: {last}");
}
