//! The program klamm-operator.

use clap::Parser;
use klamm_controller::{Options, run};

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().expect("nothing installed one before");
    let logs = tracing_subscriber::EnvFilter::new(&options.log);
    tracing_subscriber::fmt().with_env_filter(logs).with_writer(std::io::stderr).with_ansi(false).init();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(options))
}
