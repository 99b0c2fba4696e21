//! Words of memory: what the processor reads and writes in one step.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

use super::Memory;

/// The width of a word: what the processor reads and writes in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 8 bits.
    One,
    /// 16 bits.
    Two,
    /// 32 bits.
    Four,
    /// 64 bits.
    Eight,
}

impl Width {
    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// In bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::One => 8,
            Self::Two => 16,
            Self::Four => 32,
            Self::Eight => 64,
        }
    }
}

impl Memory {
    /// Reads the word at `offset`, in one step where it is aligned.
    ///
    /// EFAULT when a file that is mapped has become too short, or its file system too full.
    ///
    /// # Panics
    /// When the word does not lie inside.
    pub fn load(&self, offset: usize, width: Width) -> io::Result<u64> {
        let address = self.at(offset, width.bytes());
        self.guarded(|| {
            if !is_aligned(address, width) {
                let mut bytes = [0; 8];
                // SAFETY: `at` checked the range; `bytes` has room for the widest word.
                unsafe { ptr::copy_nonoverlapping(address, bytes.as_mut_ptr(), width.bytes()) };
                return of_bytes(bytes, width);
            }
            // SAFETY: in range and aligned, and there as long as `self`; for who else touches it see `Sync` of `Memory`.
            unsafe {
                match width {
                    Width::One => AtomicU8::from_ptr(address).load(SeqCst).into(),
                    Width::Two => AtomicU16::from_ptr(address.cast()).load(SeqCst).into(),
                    Width::Four => AtomicU32::from_ptr(address.cast()).load(SeqCst).into(),
                    Width::Eight => AtomicU64::from_ptr(address.cast()).load(SeqCst),
                }
            }
        })
    }

    /// Writes the low bits of `word` at `offset`, in one step where it is aligned.
    ///
    /// Errors and panics as [`load`](Self::load).
    pub fn store(&self, offset: usize, width: Width, word: u64) -> io::Result<()> {
        let address = self.at(offset, width.bytes());
        let bytes = to_bytes(word, width);
        self.guarded(|| {
            if !is_aligned(address, width) {
                // SAFETY: `at` checked the range.
                unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), address, width.bytes()) };
                return;
            }
            let [one, ..] = bytes;
            // SAFETY: in range and aligned, and there as long as `self`; for who else touches it see `Sync` of `Memory`.
            unsafe {
                match width {
                    Width::One => AtomicU8::from_ptr(address).store(one, SeqCst),
                    Width::Two => AtomicU16::from_ptr(address.cast()).store(low(word), SeqCst),
                    Width::Four => AtomicU32::from_ptr(address.cast()).store(low(word), SeqCst),
                    Width::Eight => AtomicU64::from_ptr(address.cast()).store(word, SeqCst),
                }
            }
        })
    }

    /// Writes `new` at `offset` if `current` is there, in one step: what was there before.
    ///
    /// Errors and panics as [`load`](Self::load); EINVAL when the offset is not a multiple of the width.
    pub fn compare_exchange(&self, offset: usize, width: Width, current: u64, new: u64) -> io::Result<u64> {
        let address = self.at(offset, width.bytes());
        if !is_aligned(address, width) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        /// What was there, whether it was exchanged or not.
        macro_rules! exchange {
            ($atomic:ty, $address:expr) => {
                match <$atomic>::from_ptr($address).compare_exchange(low(current), low(new), SeqCst, SeqCst) {
                    Ok(old) | Err(old) => u64::from(old),
                }
            };
        }
        // SAFETY: in range and aligned, and there as long as `self`; for who else touches it see `Sync` of `Memory`.
        self.guarded(|| unsafe {
            match width {
                Width::One => exchange!(AtomicU8, address),
                Width::Two => exchange!(AtomicU16, address.cast()),
                Width::Four => exchange!(AtomicU32, address.cast()),
                Width::Eight => exchange!(AtomicU64, address.cast()),
            }
        })
    }
}

pub(super) fn is_aligned(address: *const u8, width: Width) -> bool {
    address.addr().is_multiple_of(width.bytes())
}

/// The low bits of a word, as many as `T` has.
fn low<T: TryFrom<u64>>(word: u64) -> T {
    let mask = u64::MAX >> (64 - 8 * size_of::<T>());
    T::try_from(word & mask).unwrap_or_else(|_| unreachable!("masked to its width"))
}

/// The low bytes of a word as they lie in memory.
fn to_bytes(word: u64, width: Width) -> [u8; 8] {
    let mut bytes = [0; 8];
    match width {
        Width::One => bytes[..1].copy_from_slice(&[low(word)]),
        Width::Two => bytes[..2].copy_from_slice(&low::<u16>(word).to_ne_bytes()),
        Width::Four => bytes[..4].copy_from_slice(&low::<u32>(word).to_ne_bytes()),
        Width::Eight => bytes = word.to_ne_bytes(),
    }
    bytes
}

/// The word of these bytes in memory.
fn of_bytes(bytes: [u8; 8], width: Width) -> u64 {
    let [a, b, c, d, ..] = bytes;
    match width {
        Width::One => a.into(),
        Width::Two => u16::from_ne_bytes([a, b]).into(),
        Width::Four => u32::from_ne_bytes([a, b, c, d]).into(),
        Width::Eight => u64::from_ne_bytes(bytes),
    }
}
