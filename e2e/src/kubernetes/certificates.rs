//! The certificates by which the components know each other: one authority, a client and server certificate each.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};

use super::folder::Folder;

/// Where a component's name is in several groups, the first is enough for the local Kubernetes.
pub struct Identity<'a> {
    /// Its files are `pki/<file>.{crt,key}`.
    pub file: &'a str,
    pub user: &'a str,
    pub group: Option<&'a str>,
    pub names: &'a [&'a str],
}

/// Signs what the components of one run show.
pub struct Authority<'a> {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: &'a Folder,
}

impl<'a> Authority<'a> {
    /// A new authority, whose files are `pki/ca.{crt,key}`; and the keys of service accounts, `pki/sa.{pub,key}`.
    pub fn create(folder: &'a Folder) -> Result<Authority<'a>> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name("klamm-e2e", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        folder.write("pki/ca.crt", issuer.pem())?;
        folder.write("pki/ca.key", issuer.key().serialize_pem())?;
        let accounts = KeyPair::generate()?;
        folder.write("pki/sa.key", accounts.serialize_pem())?;
        folder.write("pki/sa.pub", accounts.public_key_pem())?;
        Ok(Authority { issuer, folder })
    }

    /// A certificate that is good for clients and servers, and its kubeconfig `pki/<file>.kubeconfig`.
    pub fn issue(&self, identity: &Identity<'_>) -> Result<()> {
        let names: Vec<String> = identity.names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = name(identity.user, identity.group);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let file = identity.file;
        self.folder.write(&format!("pki/{file}.crt"), params.signed_by(&key, &self.issuer)?.pem())?;
        self.folder.write(&format!("pki/{file}.key"), key.serialize_pem())?;
        let template = include_str!("../../kubernetes/config/kubeconfig.yaml");
        self.folder.fill(&format!("pki/{file}.kubeconfig"), template, &[("user", file)])?;
        Ok(())
    }
}

fn name(user: &str, group: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(group) = group {
        name.push(DnType::OrganizationName, group);
    }
    name.push(DnType::CommonName, user);
    name
}
