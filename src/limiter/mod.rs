//! Names the algorithm of a rate limiter from outside: [`experiment`] decides what to send next and what that
//! tells, as a pure function of what came back; [`text`] says it. Whoever calls it sends, and waits.

mod by_clock;
mod evidence;
pub mod experiment;
pub mod most;
pub mod numbers;
mod replay;
pub mod step;
pub mod text;
pub mod waits;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod simulated_limiter;
