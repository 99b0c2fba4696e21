//! Memory between an input and an output, as much as they are apart.

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{FlowError, LARGE, grow};
use crate::proc::memory;
use crate::sys::pages::Pages;
use crate::sys::{errno, fd, siginfo, signal};

/// How much is read and written at a time.
const BLOCK: usize = 256 * 1024;

/// Blocks that are kept for the next reads instead of being given back.
const SPARE: usize = 4;

/// What the machine shall keep: when less is left, the reservoir counts as full.
const RESERVE: u64 = 64 << 20;

/// How much a reservoir holds, and when it is read into and written from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Bytes that it holds at most. It takes memory only for what it holds.
    pub size: usize,
    /// Writing begins when it holds so much, and again after it has been empty.
    pub high: usize,
    /// When it was full, reading begins again when it holds no more than this.
    pub low: usize,
}

/// Passes everything from `input` to `output`; the input is read by a thread of its own.
///
/// `tell` hears how much has been written so far.
pub fn buffer(
    input: BorrowedFd<'static>,
    output: BorrowedFd<'_>,
    marks: Marks,
    tell: &mut dyn FnMut(u64),
) -> Result<(), FlowError> {
    grow(input, LARGE);
    grow(output, LARGE);
    let reservoir: &'static Reservoir = Box::leak(Box::new(Reservoir::new(marks)));
    // Signals are for this thread: who reads may sleep as long as the process lives.
    let before = siginfo::block(u64::MAX).map_err(FlowError::Read)?;
    let reader = thread::Builder::new().spawn(move || reservoir.read(input));
    siginfo::set_mask(before).map_err(FlowError::Read)?;
    reader.map_err(FlowError::Read)?;
    let mut written = 0;
    while let Some(block) = reservoir.take()? {
        let mut rest = &block.bytes[..block.length];
        while !rest.is_empty() {
            match fd::write(output, rest) {
                Ok(count) => {
                    rest = &rest[count..];
                    written += count as u64;
                }
                Err(error) if errno::is(&error, errno::EINTR) && !signal::wants_attention() => {}
                Err(error) if errno::is(&error, errno::EINTR) => return Err(FlowError::Interrupted),
                Err(error) => return Err(FlowError::Write(error)),
            }
        }
        tell(written);
        reservoir.give_back(block);
    }
    Ok(())
}

#[derive(Debug)]
struct Reservoir {
    marks: Marks,
    state: Mutex<State>,
    /// There is something to write, or the input is at its end.
    filled: Condvar,
    /// There is room.
    drained: Condvar,
}

#[derive(Debug)]
struct State {
    blocks: VecDeque<Block>,
    spare: Vec<Block>,
    /// Bytes in all blocks, with the one that is being written.
    held: usize,
    may_read: bool,
    may_write: bool,
    /// The input is at its end, or cannot be read.
    end: Option<io::Result<()>>,
}

#[derive(Debug)]
struct Block {
    /// Always of the same length; the first bytes of it count.
    bytes: Pages,
    length: usize,
}

impl Block {
    fn new() -> io::Result<Self> {
        Ok(Self { bytes: Pages::new(BLOCK)?, length: 0 })
    }

    /// Reads up to `room` bytes into it: none at the end of the input.
    fn fill(mut self, input: BorrowedFd<'_>, room: usize) -> io::Result<Self> {
        loop {
            match fd::read(input, &mut self.bytes[..room]) {
                Err(error) if errno::is(&error, errno::EINTR) => {}
                read => {
                    self.length = read?;
                    return Ok(self);
                }
            }
        }
    }
}

impl Reservoir {
    fn new(marks: Marks) -> Self {
        let state = State {
            blocks: VecDeque::new(),
            spare: Vec::new(),
            held: 0,
            may_read: true,
            may_write: marks.high == 0,
            end: None,
        };
        Self { marks, state: Mutex::new(state), filled: Condvar::new(), drained: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end of the input.
    fn read(&self, input: BorrowedFd<'_>) {
        let mut goes_on = true;
        while goes_on {
            let read = self.empty_block().and_then(|(block, room)| block.fill(input, room));
            let mut state = self.lock();
            match read {
                Ok(block) if block.length == 0 => state.end = Some(Ok(())),
                Ok(block) => state.put(block, self.marks),
                Err(error) => state.end = Some(Err(error)),
            }
            goes_on = state.end.is_none();
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Waits for room: a block, and how much may be read into it. ENOMEM when there is not even one.
    fn empty_block(&self) -> io::Result<(Block, usize)> {
        let mut state = self.lock();
        loop {
            if state.may_read && state.held < self.marks.size {
                let room = BLOCK.min(self.marks.size - state.held);
                if let Some(block) = state.spare.pop() {
                    return Ok((block, room));
                }
                if state.held == 0 || has_memory() {
                    match Block::new() {
                        Err(_) if state.held > 0 => {}
                        block => return Ok((block?, room)),
                    }
                }
            }
            // It is as full as it gets: whoever waits for it to be filled shall not.
            state.may_write = true;
            self.filled.notify_one();
            state = self.drained.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for something to write; `None` when everything is written.
    fn take(&self) -> Result<Option<Block>, FlowError> {
        let mut state = self.lock();
        loop {
            if state.may_write || state.end.is_some() {
                if let Some(block) = state.blocks.pop_front() {
                    return Ok(Some(block));
                }
                if let Some(end) = state.end.take() {
                    return end.map(|()| None).map_err(FlowError::Read);
                }
                // Empty: it is to be filled again before more is written.
                state.may_write = self.marks.high == 0;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A block has been written.
    fn give_back(&self, mut block: Block) {
        let mut state = self.lock();
        state.held -= block.length;
        state.may_read |= state.held <= self.marks.low;
        block.length = 0;
        if state.spare.len() < SPARE {
            state.spare.push(block);
        }
        drop(state);
        self.drained.notify_one();
    }
}

impl State {
    /// Takes in what was read. Small reads come together in one block.
    fn put(&mut self, mut block: Block, marks: Marks) {
        self.held += block.length;
        self.may_write |= self.held >= marks.high && self.held > 0;
        self.may_read = self.may_read && self.held < marks.size;
        match self.blocks.back_mut() {
            Some(last) if block.length <= BLOCK / 2 && last.length + block.length <= BLOCK => {
                last.bytes[last.length..][..block.length].copy_from_slice(&block.bytes[..block.length]);
                last.length += block.length;
                block.length = 0;
                self.spare.push(block);
            }
            _ => self.blocks.push_back(block),
        }
    }
}

/// Whether the machine has memory for another block; where that is not told, it has.
fn has_memory() -> bool {
    !memory::available().is_ok_and(|available| available < RESERVE)
}
