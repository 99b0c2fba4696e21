//! The drop-in faces, against the tools whose names they have.
//!
//! | file | what belongs there |
//! |---|---|
//! | `both` | command lines run by the original and by ours, and what may differ |
//! | `furnished` | a world of all sorts of objects |
//! | `listing` | ipcs and lsipc: some hundred lines on the same objects |
//! | `ipcmk`, `ipcrm`, `posix` | what makes and removes, each in a world of its own |
//! | `flock`, `lslocks` | locks on files |
//! | `one_liners` | what scripts do with the output |
//! | `properties` | lines at random |

mod both;
mod flock;
mod furnished;
mod ipcmk;
mod ipcrm;
mod kill;
mod listing;
mod lslocks;
mod mkfifo;
mod one_liners;
mod posix;
mod properties;
mod waitpid;
