//! How errproof ends. The numbers are part of its promise and never change.

/// All is well: at least one code was proven or is broken as known, and nothing is red.
pub const SUCCESS: u8 = 0;

/// The contract is broken, or a trial could not be judged. The number is the standard test
/// harness's own, so that cargo reports it as failed tests.
pub const BROKEN: u8 = 101;

/// Bad usage or bad files: nothing was sent. A client that cannot be started is bad usage. So is,
/// before a run, a folder for reports that cannot be made; and advice of `lint` under `--deny`.
pub const USAGE: u8 = 2;

/// The target could not be reached, or refuses the key that it was given. Or the client that is
/// tested makes no call, or fails although its call succeeds.
pub const UNREACHABLE: u8 = 3;

/// Nothing was selected, or nothing was proven: no code that was selected is proven or broken as
/// known. What passed without its twin alone proves nothing: a server that refuses everybody passes.
pub const NOTHING: u8 = 4;

/// An output could not be written, for example to a full disk: the text of a word such as `docs`, the
/// lines of a run, a report, a snapshot. A broken contract takes precedence, and so does a run that
/// proved nothing. A reader that has gone (`| head`) is no reason for it: a word that only prints
/// then ends with 0, and a run goes on to its end and ends with its own code.
pub const UNWRITTEN: u8 = 5;
