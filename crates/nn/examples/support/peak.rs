//! The most multiplications and additions a second that this machine does, measured, for benchmarks to hold theirs against.

#![expect(
    unsafe_code,
    reason = "the loop that measures the peak uses vector instructions, and `gemm` takes pointers"
)]

use std::hint::black_box;
use std::time::Instant;

use nn::Pool;

/// The best rate of a loop of fused multiply-adds on sixteen registers that touches no memory.
pub(crate) fn fma_gflops(pool: &Pool) -> f64 {
    const ROUNDS: usize = 100_000;
    let mut best = 0.0_f64;
    for _ in 0..50 {
        let start = Instant::now();
        let n = pool.n_threads();
        let mut operations = vec![0_usize; n];
        pool.for_each(&mut operations, |_, operations| {
            *operations = fma_loop(ROUNDS)
        });
        let total: usize = operations.iter().sum();
        best = best.max(1e-9 * total as f64 / start.elapsed().as_secs_f64());
    }
    best
}

/// Returns how many multiplications and additions it did.
fn fma_loop(rounds: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has the instructions.
            return unsafe { fma_loop_avx512(rounds) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the CPU has the instructions.
            return unsafe { fma_loop_avx2(rounds) };
        }
    }
    let mut sums = [1.0_f32; 64];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = *sum * 0.999 + 0.001;
        }
    }
    black_box(sums);
    rounds * 64 * 2
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fma_loop_avx512(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_set1_ps};
    let (factor, term) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(0.001));
    let mut sums = [_mm512_set1_ps(1.0); 16];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, term);
        }
    }
    black_box(sums);
    rounds * 16 * 16 * 2
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fma_loop_avx2(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    let (factor, term) = (_mm256_set1_ps(black_box(0.999)), _mm256_set1_ps(0.001));
    let mut sums = [_mm256_set1_ps(1.0); 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, term);
        }
    }
    black_box(sums);
    rounds * 12 * 8 * 2
}

/// The best rate of a product of two square matrices of side 1024.
pub(crate) fn gemm_gflops(n_threads: usize) -> f64 {
    const N: usize = 1024;
    let (a, b) = (vec![0.5_f32; N * N], vec![0.25_f32; N * N]);
    let mut c = vec![0.0_f32; N * N];
    let parallelism = match n_threads {
        1 => gemm::Parallelism::None,
        n => gemm::Parallelism::Rayon(n),
    };
    let mut best = 0.0_f64;
    for _ in 0..30 {
        let start = Instant::now();
        let (row, column) = (N as isize, 1);
        // SAFETY: all three matrices have N rows of N numbers, row after row.
        unsafe {
            gemm::gemm(
                N,
                N,
                N,
                c.as_mut_ptr(),
                column,
                row,
                false,
                a.as_ptr(),
                column,
                row,
                b.as_ptr(),
                column,
                row,
                0.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
        best = best.max(2e-9 * (N * N * N) as f64 / start.elapsed().as_secs_f64());
        black_box(&mut c);
    }
    assert_eq!(c[0], 128.0, "1024 times a half of a quarter");
    best
}
