//! Which cluster a command speaks to.

use anyhow::anyhow;
use clap::Args;
use klamm_client::{Client, Settings};
use klamm_types::Str;
use std::time::Duration;

/// Which cluster.
#[derive(Args)]
pub struct Target {
    /// Addresses of brokers, as host:port with commas between them
    #[arg(
        long,
        short = 'b',
        env = "KLAMM_BOOTSTRAP",
        default_value = "localhost:9092",
        value_name = "ADDRESSES"
    )]
    bootstrap: String,
    /// How long to try, in seconds
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Target {
    /// A client of it.
    pub fn client(&self) -> anyhow::Result<Client> {
        let bootstrap =
            Settings::parse_bootstrap(&self.bootstrap).map_err(|reason| anyhow!("--bootstrap: {reason}"))?;
        let settings = Settings {
            bootstrap,
            tls: None,
            client_id: Str::from_static("klamm"),
            timeout: Duration::from_secs(self.timeout),
        };
        Ok(Client::new(klamm_world::real::world(), settings))
    }
}
