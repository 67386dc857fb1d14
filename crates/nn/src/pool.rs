//! Threads that wait for work without sleeping.
//!
//! # Design
//!
//! A gradient step on a minibatch of 64 takes some tens of microseconds, and a thread that sleeps needs about as long
//! to wake. So the workers spin for a while after each job before they sleep, and the thread that has work never waits
//! for one that has not yet begun: it opens a job, takes pieces of it itself like everybody else, closes the job, and
//! waits only for those who joined. `rayon` was the alternative. Two pieces of 4.5 µs took 5.2 µs here and 19 µs there
//! (9 µs where the job began on one of its own threads, since the other never woke in time); sixteen of 5.5 µs took 46
//! and 99 µs (two cores of a Zen 5, least tenth of 3,000 jobs).
//!
//! A job is `n` pieces with indices. Which thread takes which piece is chance; whoever needs the same bits for any
//! number of threads makes the pieces depend on the data alone and combines their results by index.

#![expect(
    unsafe_code,
    reason = "a job borrows from the stack of the thread that waits for it, and pieces own disjoint parts of slices"
)]

#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// How often a worker looks for a new job before it sleeps: some 100 µs, longer than the gap between two minibatches.
const LOOKS_BEFORE_SLEEP: u32 = 4096;

/// In the state word: the job may still be joined.
const OPEN: u64 = 1 << 31;
/// In the state word: how many workers are in the job. Above `OPEN` stands the number of the job.
const JOINED: u64 = OPEN - 1;

/// A fixed number of threads, the caller's included, that share the pieces of one job at a time.
///
/// With one thread everything runs on the caller's. The other threads end when the pool is dropped.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a job is open: a job that is started from inside another, or beside it, runs on its own thread.
    busy: Mutex<()>,
}

#[derive(Debug)]
struct Shared {
    state: AtomicU64,
    next_piece: AtomicUsize,
    job: UnsafeCell<Job>,
    sleepers: AtomicUsize,
    shutdown: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The open job, its lifetime erased.
#[derive(Clone, Copy, Debug)]
struct Job {
    piece: *const (dyn Fn(usize, usize) + Sync),
    n_pieces: usize,
}

// SAFETY: `job` is written only by the holder of `Pool::busy` while no worker has joined, and read only by workers
// that joined, which the state word orders after the write. Everything else in here is `Sync` by itself.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` is used only between the opening and the closing of a job, when its target is alive.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `n_threads` threads, of which one is the caller's; zero counts as one.
    ///
    /// # Panics
    ///
    /// If the operating system refuses a thread.
    #[must_use]
    pub fn new(n_threads: usize) -> Pool {
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            next_piece: AtomicUsize::new(0),
            job: UnsafeCell::new(Job {
                piece: &|_, _| {},
                n_pieces: 0,
            }),
            sleepers: AtomicUsize::new(0),
            shutdown: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let workers = (1..n_threads.max(1))
            .map(|worker| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("nn-{worker}"))
                    .spawn(move || shared.work(worker))
                    .expect("the operating system starts a thread")
            })
            .collect();
        Pool {
            shared,
            workers,
            busy: Mutex::new(()),
        }
    }

    /// How many threads share a job.
    #[must_use]
    pub fn n_threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `piece(index, thread)` once for every index below `n_pieces`, on all threads of the pool, and returns
    /// when all calls have. `thread` is below [`n_threads`](Pool::n_threads), and no two calls with the same number
    /// run at the same time. A job that is started while another is under way runs on the thread that starts it.
    ///
    /// # Panics
    ///
    /// With the panic of a piece, after all other threads have stopped.
    pub fn run(&self, n_pieces: usize, piece: &(dyn Fn(usize, usize) + Sync)) {
        let free = if self.workers.is_empty() || n_pieces < 2 {
            None
        } else {
            self.busy.try_lock().ok()
        };
        let Some(_busy) = free else {
            for index in 0..n_pieces {
                piece(index, 0);
            }
            return;
        };
        self.open(n_pieces, piece);
        let own = catch_unwind(AssertUnwindSafe(|| {
            self.shared.take_pieces(piece, n_pieces, 0)
        }));
        self.close();
        let theirs = self
            .shared
            .panic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(panic) = own.err().or(theirs) {
            drop(_busy);
            resume_unwind(panic);
        }
    }

    /// Calls `work(index, item)` once for every item of the slice.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let slots = Disjoint::new(items);
        self.run(slots.len(), &|index, _| {
            // SAFETY: every index comes once.
            let item = unsafe { slots.part(index, 1) };
            work(index, &mut item[0]);
        });
    }

    /// Calls `work(state, index, item)` once for every item; a state is used by one thread at a time.
    ///
    /// # Panics
    ///
    /// If there are fewer states than threads.
    pub fn for_each_with<S: Send, T: Send>(
        &self,
        states: &mut [S],
        items: &mut [T],
        work: impl Fn(&mut S, usize, &mut T) + Sync,
    ) {
        assert!(self.n_threads() <= states.len(), "a state for every thread");
        let states = Disjoint::new(states);
        let slots = Disjoint::new(items);
        self.run(slots.len(), &|index, thread| {
            // SAFETY: every index comes once, and no two calls of one thread number run at the same time.
            let (state, item) = unsafe { (states.part(thread, 1), slots.part(index, 1)) };
            work(&mut state[0], index, &mut item[0]);
        });
    }

    fn open(&self, n_pieces: usize, piece: &(dyn Fn(usize, usize) + Sync)) {
        // SAFETY: the lifetime is erased only until `close`, which returns when no worker is in the job any more; and
        // the cell is free, because the previous job is closed and `busy` is held.
        unsafe {
            let piece = std::mem::transmute::<
                *const (dyn Fn(usize, usize) + Sync + '_),
                *const (dyn Fn(usize, usize) + Sync + 'static),
            >(piece);
            *self.shared.job.get() = Job { piece, n_pieces };
        }
        self.shared.next_piece.store(0, Ordering::Relaxed);
        let number = (self.shared.state.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        self.shared
            .state
            .store(number << 32 | OPEN, Ordering::SeqCst);
        if self.shared.sleepers.load(Ordering::SeqCst) > 0 {
            for worker in &self.workers {
                worker.thread().unpark();
            }
        }
    }

    fn close(&self) {
        let mut state = self.shared.state.fetch_and(!OPEN, Ordering::AcqRel) & !OPEN;
        let mut looks = 0_u32;
        while state & JOINED != 0 {
            pause(&mut looks);
            state = self.shared.state.load(Ordering::Acquire);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.shutdown.store(true, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches the panics of its pieces, so there is none to pass on.
            let _ = worker.join();
        }
    }
}

/// Waits a moment: by spinning, and every 40 µs by offering the core to others. Where none wants it that costs nothing;
/// where more threads than cores want to run, the one that is waited for may be among them. Offered more often, the core
/// would be lost to others between two minibatches, for milliseconds.
fn pause(looks: &mut u32) {
    *looks += 1;
    if looks.is_multiple_of(LOOKS_BEFORE_SLEEP / 2) {
        thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

impl Shared {
    /// The life of a worker.
    fn work(&self, worker: usize) {
        let mut last_job = 0;
        while let Some(job_number) = self.join(last_job) {
            last_job = job_number;
            // SAFETY: this worker has joined, so the job was written before and stays until it leaves.
            let job = unsafe { *self.job.get() };
            let pieces = catch_unwind(AssertUnwindSafe(|| {
                // SAFETY: as above; the closure outlives the job.
                self.take_pieces(unsafe { &*job.piece }, job.n_pieces, worker);
            }));
            if let Err(panic) = pieces {
                *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            self.state.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for an open job other than `last_job` and joins it; none when the pool is dropped.
    fn join(&self, last_job: u64) -> Option<u64> {
        let mut looks = 0;
        loop {
            let state = self.state.load(Ordering::Acquire);
            if self.shutdown.load(Ordering::Relaxed) {
                return None;
            }
            if is_new(state, last_job) {
                let joined = self.state.compare_exchange_weak(
                    state,
                    state + 1,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                );
                if joined.is_ok() {
                    return Some(state >> 32);
                }
            } else if looks < LOOKS_BEFORE_SLEEP {
                pause(&mut looks);
            } else {
                self.sleep(last_job);
                looks = 0;
            }
        }
    }

    /// Sleeps until a job opens. The opener looks at `sleepers` after it has opened, the sleeper at the state after it
    /// has counted itself, so one of them sees the other.
    fn sleep(&self, last_job: u64) {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        if !is_new(self.state.load(Ordering::SeqCst), last_job)
            && !self.shutdown.load(Ordering::SeqCst)
        {
            thread::park();
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    fn take_pieces(&self, piece: &(dyn Fn(usize, usize) + Sync), n_pieces: usize, thread: usize) {
        loop {
            let index = self.next_piece.fetch_add(1, Ordering::Relaxed);
            if n_pieces <= index {
                return;
            }
            piece(index, thread);
        }
    }
}

/// Whether the state word shows a job that may be joined and is not the last one.
fn is_new(state: u64, last_job: u64) -> bool {
    state & OPEN != 0 && state >> 32 != last_job
}

/// A slice whose parts are handed to pieces of a job.
pub(crate) struct Disjoint<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it only hands out parts, and `part` asks that they do not overlap; so it is a way to send parts of the slice.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Disjoint<'a, T> {
        Disjoint {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            slice: PhantomData,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The `n` items from `first` on.
    ///
    /// # Safety
    ///
    /// No item may be in two parts that are in use at the same time.
    ///
    /// # Panics
    ///
    /// If the part does not lie within the slice.
    #[expect(clippy::mut_from_ref, reason = "the caller keeps the parts apart")]
    pub(crate) unsafe fn part(&self, first: usize, n: usize) -> &mut [T] {
        assert!(
            first <= self.len && n <= self.len - first,
            "inside the slice"
        );
        // SAFETY: inside the slice, exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), n) }
    }
}
