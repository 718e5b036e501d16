//! Certificates of the listeners that speak TLS, who may connect to the internal ones, and who may be connected to.

mod connector;
#[cfg(test)]
mod handshakes;

pub use connector::connector;

use klamm_metadata::config::Settings;
use klamm_net::tls::{TlsAcceptor, identity};
use klamm_types::Str;
use klamm_world::Disk;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{io, path::Path, sync::Arc};

/// PEM files larger than this are not certificates.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A setting is missing.
    #[error("{0} is missing: a listener speaks SSL")]
    Missing(&'static str),
    /// A file cannot be read.
    #[error("{setting}: {path}: {error}")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: String,
        /// What is wrong.
        error: String,
    },
    /// Certificate, key and authorities do not fit.
    #[error("klamm.tls.certificate.file, klamm.tls.key.file and klamm.tls.trust.file: {0}")]
    Unusable(String),
}

/// An acceptor with the certificate that the settings name. With authorities (`klamm.tls.trust.file`) every client must have a
/// certificate of them.
///
/// # Errors
/// See [`TlsError`].
pub fn acceptor(disk: &dyn Disk, settings: &Settings) -> Result<TlsAcceptor, TlsError> {
    server_config(disk, settings).map(|config| TlsAcceptor::new(Arc::new(config)))
}

/// As [`acceptor`], the configuration itself.
///
/// # Errors
/// See [`TlsError`].
pub fn server_config(disk: &dyn Disk, settings: &Settings) -> Result<ServerConfig, TlsError> {
    let unusable = |error: &dyn std::fmt::Display| TlsError::Unusable(error.to_string());
    let chain = certificates(disk, settings, "klamm.tls.certificate.file")?;
    let key = PrivateKeyDer::from_pem_slice(&read(disk, settings, "klamm.tls.key.file")?)
        .map_err(|e| unusable(&e))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(&e))?;
    let builder = if settings.get("klamm.tls.trust.file").is_none() {
        builder.with_no_client_auth()
    } else {
        let roots = Arc::new(authorities(disk, settings)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
        builder.with_client_cert_verifier(verifier.map_err(|e| unusable(&e))?)
    };
    builder.with_single_cert(chain, key).map_err(|e| unusable(&e))
}

/// The authorities in `klamm.tls.trust.file`.
fn authorities(disk: &dyn Disk, settings: &Settings) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(disk, settings, "klamm.tls.trust.file")? {
        roots.add(authority).map_err(|error| TlsError::Unusable(error.to_string()))?;
    }
    Ok(roots)
}

/// Who may use internal listeners: brokers and the operator of this broker's own cluster, `klamm://<namespace>/<cluster>/…`.
#[derive(Clone, Debug)]
pub struct Members(String);

impl Members {
    /// The members of the cluster that the broker's own certificate names; none when it names none.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn of_certificate(disk: &dyn Disk, settings: &Settings) -> Result<Option<Self>, TlsError> {
        if settings.get("klamm.tls.certificate.file").is_none() {
            return Ok(None);
        }
        let chain = certificates(disk, settings, "klamm.tls.certificate.file")?;
        Ok(chain.first().and_then(identity).and_then(|own| Self::of_identity(&own)))
    }

    fn of_identity(own: &str) -> Option<Self> {
        let (cluster, _) = own.strip_prefix("klamm://")?.rsplit_once("/broker/")?;
        Some(Self(format!("klamm://{cluster}/")))
    }

    /// Whether `identity` is one of them.
    #[must_use]
    pub fn contains(&self, identity: Option<&Str>) -> bool {
        let role = identity.and_then(|identity| identity.strip_prefix(&self.0));
        role.is_some_and(|role| role == "operator" || is_broker(role))
    }

    /// Whether `identity` is that of one of the brokers.
    #[must_use]
    pub fn has_broker(&self, identity: Option<&Str>) -> bool {
        identity.and_then(|identity| identity.strip_prefix(&self.0)).is_some_and(is_broker)
    }
}

fn is_broker(role: &str) -> bool {
    role.strip_prefix("broker/").is_some_and(|id| id.parse::<u32>().is_ok())
}

fn certificates(
    disk: &dyn Disk,
    settings: &Settings,
    setting: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(disk, settings, setting)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let file = |error: String| TlsError::File {
        setting,
        path: settings.get(setting).unwrap_or_default().to_string(),
        error,
    };
    match all {
        Ok(all) if all.is_empty() => Err(file("there is no certificate in it".to_owned())),
        Ok(all) => Ok(all),
        Err(error) => Err(file(error.to_string())),
    }
}

fn read(disk: &dyn Disk, settings: &Settings, setting: &'static str) -> Result<Vec<u8>, TlsError> {
    let path = settings.get(setting).ok_or(TlsError::Missing(setting))?;
    let bytes = (|| -> io::Result<Vec<u8>> {
        let file = disk.open_to_read(Path::new(path.as_str()))?;
        let length = file.length()?.min(PEM_BYTES_MAX);
        let mut bytes = vec![0; length as usize];
        let count = file.read_at(&mut bytes, 0)?;
        bytes.truncate(count);
        Ok(bytes)
    })();
    bytes.map_err(|error| TlsError::File { setting, path: path.to_string(), error: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_of_the_own_cluster() {
        let members = Members::of_identity("klamm://shop/orders/broker/0").expect("a broker's identity");
        let check = |identity: Option<&str>, expected| {
            assert_eq!(members.contains(identity.map(Str::from).as_ref()), expected, "{identity:?}");
        };
        check(Some("klamm://shop/orders/broker/7"), true);
        check(Some("klamm://shop/orders/operator"), true);
        check(Some("klamm://shop/orders2/operator"), false);
        check(Some("klamm://other/orders/broker/0"), false);
        check(Some("klamm://shop/orders/broker/x"), false);
        check(Some("klamm://shop/orders/user/broker"), false);
        check(None, false);
        assert!(Members::of_identity("https://shop/orders/broker/0").is_none());
    }
}
