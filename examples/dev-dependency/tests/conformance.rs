fn main() -> std::process::ExitCode {
    errproof::main()
}
