//! The contract in this folder, against the target that the flags name, or the bundled mock.

fn main() -> std::process::ExitCode {
    errproof::main()
}
