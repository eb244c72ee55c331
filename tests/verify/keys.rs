//! How APIs take a key, if they take one: without keys, by every carrier, with further parts, and signed.

mod api;
mod carriers;
mod faults;
mod keyless;
mod signed;
