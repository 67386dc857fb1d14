//! Speed.
use nn::*;
use std::time::Instant;
fn main() {
    let threads: usize = std::env::args().nth(1).map_or(2, |t| t.parse().unwrap());
    let pool = Pool::new(threads);
    let mut rng = mdp::Seed(0).stream("x", 0);
    println!("{} threads {threads}", instruction_set());
    for (batch, i, o) in [(64_usize, 8, 4), (256, 4, 2), (1024, 24, 5), (4096, 8, 4)] {
        let init = Initialization::Orthogonal {
            hidden_gain: 1.414,
            output_gain: 0.01,
        };
        let shape = |outputs| MlpShape {
            inputs: i,
            hidden: vec![64, 64],
            outputs,
            activation: Activation::Tanh,
        };
        let mut model = Model::new(&[(shape(o), init.clone()), (shape(1), init)], &[], &mut rng);
        let inputs: Vec<f32> = (0..batch * i)
            .map(|_| mdp::normal(&mut rng) as f32)
            .collect();
        let rows: Vec<u32> = (0..batch as u32).collect();
        let mut workspace = Workspace::new();
        let mut gradient = vec![0.0; model.parameters().len()];
        let mut adam = Adam::new(gradient.len(), AdamConfig::adam(1e-5));
        let mut times = Vec::new();
        let mut parts = [0.0; 3];
        let n = 400_000 / batch + 200;
        for _ in 0..n {
            let start = Instant::now();
            let scale = 2.0 / batch as f32;
            model.gradient(
                &inputs,
                &rows,
                &|tile: Tile<'_>, _: &mut ()| {
                    for (d, y) in tile.d_outputs.iter_mut().zip(tile.outputs) {
                        *d = y * scale;
                    }
                },
                &mut gradient,
                &mut workspace,
                &pool,
            );
            let t1 = start.elapsed().as_secs_f64();
            clip_gradient_norm(&mut gradient, 0.5);
            let t2 = start.elapsed().as_secs_f64();
            adam.step(model.parameters_mut(), &gradient, 3e-4);
            let t = start.elapsed().as_secs_f64();
            parts[0] += t1;
            parts[1] += t2 - t1;
            parts[2] += t - t2;
            times.push(t);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "batch {batch}: median {:.4} ms min {:.4} ms; grad {:.4} clip {:.4} adam {:.4}",
            times[n / 2] * 1e3,
            times[0] * 1e3,
            parts[0] / n as f64 * 1e3,
            parts[1] / n as f64 * 1e3,
            parts[2] / n as f64 * 1e3
        );
        let mut out = vec![0.0; 8 * (o + 1)];
        let start = Instant::now();
        for _ in 0..10000 {
            model.forward(&inputs[..8 * i], &mut out, &mut workspace, &pool);
        }
        println!(
            "  forward 8 rows {:.3} us",
            start.elapsed().as_secs_f64() * 100.0
        );
    }
}
