//! Makes keys and certificates. Who needs which is the plan's decision.

use crate::error::Error;
use klamm_plan::cluster::CertificateRequest;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, string::Ia5String,
};
use time::{Duration, OffsetDateTime};

/// Until rotation is there, certificates live as long as their authority.
const LIFE: Duration = Duration::days(3650);
/// Clocks differ.
const BACKDATED: Duration = Duration::hours(1);

/// A certificate and its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The certificate.
    pub(crate) certificate: String,
    /// The key, PKCS #8.
    pub(crate) key: String,
}

/// A new key for an authority.
pub(crate) fn authority_key() -> Result<String, Error> {
    KeyPair::generate().map(|key| key.serialize_pem()).map_err(during("an authority's key"))
}

/// The certificate of the authority that has `key`.
pub(crate) fn authority_certificate(name: &str, key: &str) -> Result<String, Error> {
    let made = || -> Result<String, rcgen::Error> {
        let mut params = params(name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params.self_signed(&KeyPair::from_pem(key)?)?.pem())
    };
    made().map_err(during(name))
}

/// A certificate for a broker.
pub(crate) fn broker(authority: &Pair, request: &CertificateRequest) -> Result<Pair, Error> {
    signed(authority, &request.identity, &request.dns_names)
}

/// A certificate for the operator, as a client of one Cluster.
pub(crate) fn operator(authority: &Pair, identity: &str) -> Result<Pair, Error> {
    signed(authority, identity, &[])
}

fn signed(authority: &Pair, identity: &str, dns_names: &[String]) -> Result<Pair, Error> {
    let made = || -> Result<Pair, rcgen::Error> {
        let issuer = Issuer::from_ca_cert_pem(&authority.certificate, KeyPair::from_pem(&authority.key)?)?;
        let mut params = params(identity)?;
        // the identity first: it is what a peer looks for
        params.subject_alt_names.push(SanType::URI(Ia5String::try_from(identity)?));
        for name in dns_names {
            params.subject_alt_names.push(SanType::DnsName(Ia5String::try_from(name.as_str())?));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok(Pair { certificate: params.signed_by(&key, &issuer)?.pem(), key: key.serialize_pem() })
    };
    made().map_err(during(identity))
}

fn params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - BACKDATED, now + LIFE);
    params.distinguished_name = rcgen::DistinguishedName::new();
    // RFC 5280 takes at most 64 characters; the identity is in the alternative names in full
    params.distinguished_name.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    Ok(params)
}

fn during(what: &str) -> impl FnOnce(rcgen::Error) -> Error {
    let what = what.to_owned();
    |source| Error::Certificate { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{
        RootCertStore,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    };
    use std::sync::Arc;

    fn authority(name: &str) -> Pair {
        let key = authority_key().unwrap();
        Pair { certificate: authority_certificate(name, &key).unwrap(), key }
    }

    fn roots(authority: &Pair) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.certificate.as_bytes()).unwrap()).unwrap();
        roots
    }

    /// A handshake in memory between a broker and the operator.
    fn handshake(host: &str, trusted: &Pair, clients: &Pair) -> Result<(), rustls::Error> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let broker_authority = authority("ca");
        let trusted = if trusted.key.is_empty() { &broker_authority } else { trusted };
        let clients = if clients.key.is_empty() { &broker_authority } else { clients };
        let request = CertificateRequest {
            file: "broker-0".into(),
            dns_names: vec!["orders-brokers-0.shop.svc".into()],
            identity: "klamm://shop/orders/broker/0".into(),
        };
        let ours = broker(&broker_authority, &request).unwrap();
        let mine = operator(clients, "klamm://shop/orders/operator").unwrap();
        let chain = |pair: &Pair| vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
        let key = |pair: &Pair| PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots(&broker_authority)))
            .build()
            .unwrap();
        let server = rustls::ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain(&ours), key(&ours))
            .unwrap();
        let client = rustls::ClientConfig::builder()
            .with_root_certificates(roots(trusted))
            .with_client_auth_cert(chain(&mine), key(&mine))
            .unwrap();
        let mut client =
            rustls::ClientConnection::new(Arc::new(client), host.to_owned().try_into().unwrap()).unwrap();
        let mut server = rustls::ServerConnection::new(Arc::new(server)).unwrap();
        for _ in 0..8 {
            let mut wire = vec![];
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = vec![];
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }

    #[test]
    fn only_members_of_one_cluster_speak() {
        let same = Pair { certificate: String::new(), key: String::new() };
        assert_eq!(handshake("orders-brokers-0.shop.svc", &same, &same), Ok(()));
        assert!(handshake("other.shop.svc", &same, &same).is_err(), "another name");
        assert!(
            handshake("orders-brokers-0.shop.svc", &authority("ca"), &same).is_err(),
            "another broker authority"
        );
        assert!(
            handshake("orders-brokers-0.shop.svc", &same, &authority("ca")).is_err(),
            "another client authority"
        );
    }
}
