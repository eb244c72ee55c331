//! The shop of this folder's contract, to run errproof against:
//!
//! ```sh
//! cargo run --package problem-json -- --port 8080
//! ```

#![expect(clippy::print_stdout, reason = "an example says what to do next")]

use std::{future::pending, net::TcpListener};

use clap::Parser;
use wiremock::{Mock, MockServer, matchers};

mod api;
use api::{Deviation, KEYS, Shop};

/// A small API whose errors are problem details (RFC 9457)
#[derive(Parser)]
struct Options {
    /// The port of this machine to listen on
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// A promise to break
    #[arg(long)]
    deviation: Option<Deviation>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let server = MockServer::builder().listener(listener).disable_request_recording();
    let server = server.start().await;
    Mock::given(matchers::any()).respond_with(Shop::new(options.deviation)).mount(&server).await;
    for (variable, key) in KEYS {
        println!("export {variable}={key}");
    }
    println!("export SHOP_HOOK_MAINTENANCE='X-Maintenance: on'");
    println!("# errproof test --contract examples/problem-json --target-url {}", server.uri());
    pending().await
}
