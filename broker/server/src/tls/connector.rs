//! The client's side of internal listeners: with this node's certificate, to brokers of this cluster only.

use super::{Members, TlsError, authorities, certificates, read};
use klamm_metadata::config::Settings;
use klamm_net::tls::{TlsConnector, identity};
use klamm_world::Disk;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use std::sync::Arc;

/// A connector with the certificate that the settings name. The other side's must be of the same authorities
/// (`klamm.tls.trust.file`), and then be what this node's own name demands: of a broker of the same cluster where the own
/// one is `klamm://NAMESPACE/CLUSTER/broker/ID`, and whatever address it was reached at; else of the host that was dialled.
///
/// # Errors
/// See [`TlsError`].
pub fn connector(disk: &dyn Disk, settings: &Settings) -> Result<TlsConnector, TlsError> {
    let unusable = |error: &dyn std::fmt::Display| TlsError::Unusable(error.to_string());
    let chain = certificates(disk, settings, "klamm.tls.certificate.file")?;
    let key = PrivateKeyDer::from_pem_slice(&read(disk, settings, "klamm.tls.key.file")?)
        .map_err(|e| unusable(&e))?;
    let roots = authorities(disk, settings)?;
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match Members::of_certificate(disk, settings)? {
        Some(members) => Arc::new(ClusterVerifier { members, roots, provider: Arc::clone(&provider) }),
        None => WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|e| unusable(&e))?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(&e))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(chain, key)
        .map_err(|e| unusable(&e))?;
    Ok(TlsConnector::new(Arc::new(config)))
}

/// Takes brokers of the own cluster, by the name in their certificate. A pod's address is not in it, and need not be: no one
/// but the cluster's authority makes such names.
#[derive(Debug)]
struct ClusterVerifier {
    members: Members,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ClusterVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        if self.members.has_broker(identity(certificate).as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
