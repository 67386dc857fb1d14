//! What the programs that measure speed have in common: their one option, the machine's peak, timing, and the report.

use std::process::ExitCode;
use std::time::Instant;

use nn::{Pool, instruction_set};
use serde_json::{Value, json};

#[path = "peak.rs"]
mod peak;

/// Time given to each measurement.
const SECONDS: f64 = 1.0;

/// Reads `--threads N`, measures the machine's peak, and prints what `measure` gives beside it as one JSON object.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose result is what it prints"
)]
pub(crate) fn program(measure: impl FnOnce(f64, &Pool) -> Vec<Value>) -> ExitCode {
    let n_threads = match threads(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(n_threads) => n_threads,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let pool = Pool::new(n_threads);
    let (fma, gemm) = (peak::fma_gflops(&pool), peak::gemm_gflops(n_threads));
    let peak = fma.max(gemm);
    let results = measure(peak, &pool);
    let report = json!({
        "instruction_set": instruction_set(),
        "threads": n_threads,
        "fma_loop_gflops": fma,
        "gemm_1024_gflops": gemm,
        "peak_gflops": peak,
        "results": results,
    });
    println!("{report}");
    ExitCode::SUCCESS
}

fn threads(arguments: &[String]) -> Result<usize, String> {
    match arguments {
        [] => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        [flag, n] if flag == "--threads" => match n.parse() {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(format!("`{n}` is no number of threads; say 1 or more")),
        },
        _ => Err(format!(
            "`{}` is not understood; say --threads N",
            arguments.join(" ")
        )),
    }
}

/// Seconds of each of many calls, sorted.
pub(crate) fn timed(mut call: impl FnMut()) -> Vec<f64> {
    let mut seconds = vec![];
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < SECONDS || seconds.len() < 20 {
        let began = Instant::now();
        call();
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    seconds
}

/// Median and least seconds of calls of `n_operations` each, their rate, and its share of the peak.
pub(crate) fn report(seconds: &[f64], n_operations: f64, peak: f64) -> Value {
    let (median, least) = (seconds[seconds.len() / 2], seconds[0]);
    let gflops = 1e-9 * n_operations / median;
    json!({
        "seconds": median,
        "least_seconds": least,
        "times": seconds.len(),
        "gflops": gflops,
        "share_of_peak": gflops / peak,
        "share_of_peak_at_least_seconds": gflops / peak * median / least,
    })
}
