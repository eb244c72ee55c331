//! How errproof ends. The numbers are part of its promise and never change.

/// All is well: every selected trial passed, was known, or was ignored with others passing.
pub const SUCCESS: u8 = 0;

/// The contract is broken, or a trial could not be judged. The number is the standard test
/// harness's own, so that cargo reports it as failed tests.
pub const BROKEN: u8 = 101;

/// Bad usage or bad files: nothing was sent. A client that cannot be started is bad usage.
pub const USAGE: u8 = 2;

/// The target could not be reached, or refuses the key that it was given. Or the client that is
/// tested makes no call, or fails though its call was answered with success.
pub const UNREACHABLE: u8 = 3;

/// Nothing was selected, or all that was selected is ignored: nothing was proven.
pub const NOTHING: u8 = 4;
