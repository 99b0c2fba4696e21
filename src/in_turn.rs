//! Much of the same work on two processors, with its results in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How far either thread works ahead of what is taken: so much waits in memory, and for so long neither has to
/// sleep. (Whoever sleeps often is woken on the processor of the other, and then they work one at a time.)
const AHEAD: usize = 6;

/// What one thread does before another were there to help.
const FEW: usize = 6;

/// Does `work` for each number below `count` and hands the results to `take`, in the order of the numbers.
///
/// A second thread helps. It is only started where there is something for it to do, and where none can be had the
/// work is done without. The first error of `take` ends it all. A panic in either thread is one here.
pub(crate) fn in_turn<T: Send, E>(
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    if count < FEW {
        return (0..count).try_for_each(|number| take(work(number)));
    }
    let desk = Desk {
        state: Mutex::new(State { count, next: 0, taken: 0, done: BTreeMap::new(), has_left: false }),
        news: Condvar::new(),
    };
    thread::scope(|scope| {
        let help = || {
            let _leave = Leave(&desk);
            while desk.help(&work) {}
        };
        let _ = thread::Builder::new().spawn_scoped(scope, help);
        let _leave = Leave(&desk);
        (0..count).try_for_each(|number| take(desk.result(number, &work)))
    })
}

/// Where both threads see what there is to do, and lay down what they have done.
struct Desk<T> {
    state: Mutex<State<T>>,
    news: Condvar,
}

struct State<T> {
    count: usize,
    /// The number that nobody works at yet.
    next: usize,
    /// The number whose result is wanted.
    taken: usize,
    done: BTreeMap<usize, T>,
    /// One of the two is gone. What it was at, if it panicked, it does not lay down any more.
    has_left: bool,
}

impl<T> State<T> {
    /// A number to work at, unless that were too far ahead.
    fn claim(&mut self) -> Option<usize> {
        let number = self.next;
        let is_near = number < self.count && number < self.taken + AHEAD;
        self.next += usize::from(is_near);
        is_near.then_some(number)
    }
}

impl<T> Desk<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.news.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one number, waiting for it if need be: whether there was one.
    fn help(&self, work: impl Fn(usize) -> T) -> bool {
        let mut state = self.lock();
        let number = loop {
            match state.claim() {
                Some(number) => break number,
                None if state.next >= state.count => return false,
                None => state = self.wait(state),
            }
        };
        drop(state);
        let result = work(number);
        let mut state = self.lock();
        state.done.insert(number, result);
        if state.taken == number {
            self.news.notify_one();
        }
        true
    }

    /// The result of this number. While the other thread is at it, those behind it are done.
    fn result(&self, number: usize, work: impl Fn(usize) -> T) -> T {
        let mut state = self.lock();
        state.taken = number;
        self.news.notify_one();
        loop {
            if let Some(result) = state.done.remove(&number) {
                return result;
            }
            let left_over = state.has_left.then_some(number);
            let Some(mine) = state.claim().or(left_over) else {
                state = self.wait(state);
                continue;
            };
            drop(state);
            let result = work(mine);
            if mine == number {
                return result;
            }
            state = self.lock();
            state.done.insert(mine, result);
        }
    }
}

/// Whoever has this leaves the desk with it, by a panic, too: the other one waits no more.
struct Leave<'a, T>(&'a Desk<T>);

impl<T> Drop for Leave<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.next = state.count;
        state.has_left = true;
        self.0.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order() {
        for count in [0, 1, 2, 3, 100, 1001] {
            let mut taken = Vec::new();
            let take = |result| {
                taken.push(result);
                Ok::<(), ()>(())
            };
            assert_eq!(in_turn(count, |number| number * 7, take), Ok(()));
            assert_eq!(taken, (0..count).map(|number| number * 7).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut taken = 0;
        let take = |number| {
            taken += 1;
            if number == 10 { Err(number) } else { Ok(()) }
        };
        assert_eq!(in_turn(1_000_000, |number| number, take), Err(10));
        assert_eq!(taken, 11);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn who_waits_for_a_helper_that_panics_does_not_wait_for_ever() {
        let (own, both, have_met) = (thread::current().id(), Barrier::new(2), AtomicBool::new(false));
        let work = |number| {
            // Each is at a number of its own.
            if !have_met.load(Ordering::Relaxed) {
                both.wait();
                have_met.store(true, Ordering::Relaxed);
            }
            assert_eq!(thread::current().id(), own, "the helper gives up");
            number
        };
        let _ = in_turn(1000, work, |_| Ok::<(), ()>(()));
    }

    #[test]
    #[should_panic(expected = "nobody takes it")]
    fn a_helper_that_nothing_is_taken_from_any_more_does_not_wait_for_ever() {
        let _ = in_turn(1_000_000, |number| number, |_| -> Result<(), ()> { panic!("nobody takes it") });
    }
}
