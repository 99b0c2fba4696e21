//! Much of the same work on two processors, with its results in order.

use std::sync::mpsc;
use std::thread;

/// Does `work` for each number below `count` and hands the results to `take`, in the order of the numbers.
///
/// A second thread does every other one, and is at most two ahead: what is not taken yet stays little. It is
/// only started where there is something for it to do, and where none can be had the work is done without.
/// The first error of `take` ends it all.
pub(crate) fn in_turn<T: Send, E>(
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    if count < 2 {
        return (0..count).try_for_each(|number| take(work(number)));
    }
    thread::scope(|scope| {
        let (done, results) = mpsc::sync_channel(1);
        let work = &work;
        let others = move || (1..count).step_by(2).try_for_each(|number| done.send(work(number)));
        let _ = thread::Builder::new().spawn_scoped(scope, others);
        (0..count).try_for_each(|number| {
            let result = if number % 2 == 0 { None } else { results.recv().ok() };
            take(result.unwrap_or_else(|| work(number)))
        })
    })
}

#[cfg(test)]
mod tests {
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
}
