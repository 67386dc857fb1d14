//! Every piece once, on any number of threads, whatever goes wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Pool;

#[test]
fn every_piece_is_done_once() {
    for n_threads in [0, 1, 2, 3, 5] {
        let pool = Pool::new(n_threads);
        assert_eq!(pool.n_threads(), n_threads.max(1));
        for n_pieces in [0, 1, 2, 7, 100] {
            for _ in 0..20 {
                let counts: Vec<AtomicUsize> = (0..n_pieces).map(|_| AtomicUsize::new(0)).collect();
                pool.run(n_pieces, &|index, thread| {
                    assert!(thread < pool.n_threads());
                    counts[index].fetch_add(1, Ordering::Relaxed);
                });
                assert!(
                    counts
                        .iter()
                        .all(|count| count.load(Ordering::Relaxed) == 1)
                );
            }
        }
    }
}

#[test]
fn no_two_pieces_share_a_thread_number() {
    let pool = Pool::new(4);
    let inside: Vec<AtomicUsize> = (0..4).map(|_| AtomicUsize::new(0)).collect();
    pool.run(200, &|_, thread| {
        assert_eq!(inside[thread].fetch_add(1, Ordering::SeqCst), 0);
        std::thread::yield_now();
        inside[thread].fetch_sub(1, Ordering::SeqCst);
    });
}

#[test]
fn items_and_states_are_handed_out_apart() {
    let pool = Pool::new(3);
    let mut items = vec![0_usize; 50];
    pool.for_each(&mut items, |index, item| *item += index);
    assert!(items.iter().enumerate().all(|(index, item)| index == *item));
    let mut sums = [0_usize; 3];
    pool.for_each_with(&mut sums, &mut items, |sum, index, item| {
        *sum += *item;
        *item = 2 * index;
    });
    assert_eq!(sums.iter().sum::<usize>(), 49 * 50 / 2);
    assert_eq!(items[7], 14);
}

#[test]
fn workers_wake_after_they_slept() {
    let pool = Pool::new(2);
    for _ in 0..3 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        let count = AtomicUsize::new(0);
        pool.run(64, &|_, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 64);
    }
}

#[test]
fn a_job_inside_a_job_runs_where_it_is() {
    let pool = Pool::new(2);
    let count = AtomicUsize::new(0);
    pool.run(8, &|_, _| {
        pool.run(8, &|_, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(count.into_inner(), 64);
}

#[test]
fn a_pool_may_be_shared() {
    let pool = Pool::new(2);
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    pool.run(10, &|_, _| {
                        count.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(count.into_inner(), 4 * 50 * 10);
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
    let pool = Pool::new(3);
    for bad in [0, 13, 39] {
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.run(40, &|index, _| {
                if index == bad {
                    std::panic::panic_any(bad);
                }
            });
        }));
        let panic = result.expect_err("the piece panicked");
        assert_eq!(panic.downcast_ref::<usize>(), Some(&bad));
        let count = AtomicUsize::new(0);
        pool.run(40, &|_, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 40);
    }
}
