//! Nodes that connect to each other over real sockets, with certificates as the operator makes them.

use super::*;
use klamm_world::{World, real};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, string::Ia5String};
use std::path::PathBuf;

/// Files that are gone when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }
}

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-tls-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// The settings of a node whose certificate has these names: URIs with a scheme, else DNS names.
    fn node(&self, node: &str, names: &[&str], authority: &Authority) -> Settings {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        for name in names {
            let text = Ia5String::try_from(*name).expect("ASCII");
            let uri = name.contains("://");
            params.subject_alt_names.push(if uri { SanType::URI(text) } else { SanType::DnsName(text) });
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
        let file = |kind: &str, pem: &str| {
            let path = self.0.join(format!("{node}-{kind}.pem"));
            std::fs::write(&path, pem).expect("a file");
            path.display().to_string()
        };
        let pairs = [
            ("node.id".to_owned(), "1".to_owned()),
            ("klamm.tls.certificate.file".to_owned(), file("certificate", &certificate.pem())),
            ("klamm.tls.key.file".to_owned(), file("key", &key.serialize_pem())),
            ("klamm.tls.trust.file".to_owned(), file("trust", &authority.pem)),
        ];
        Settings::new(pairs).expect("good settings")
    }
}

/// Whether `from` gets through to `to` at `host`, which is here.
async fn reaches(world: &World, from: &Settings, to: &Settings, host: &str) -> bool {
    let acceptor = acceptor(world.disk.as_ref(), to).expect("good files");
    let connector = connector(world.disk.as_ref(), from).expect("good files");
    let mut listener = world.network.listen(([127, 0, 0, 1], 0).into()).expect("a port");
    let port = listener.local_address().expect("it is bound").port();
    let accepting = async { acceptor.accept(listener.accept().await.expect("a connection")).await.is_ok() };
    let connecting = async {
        let connection = world.network.connect("127.0.0.1", port).await.expect("it listens");
        connector.connect(host, connection).await.is_ok()
    };
    let (accepted, connected) = tokio::join!(accepting, connecting);
    accepted && connected
}

#[tokio::test]
async fn nodes_reach_brokers_of_their_own_cluster_wherever_they_are() {
    let (world, folder) = (real::world(), Folder::new("members"));
    let (ours, other) = (Authority::new(), Authority::new());
    let me = folder.node("me", &["klamm://shop/orders/broker/0", "orders-0.shop"], &ours);
    for (node, authority, host, expected) in [
        ("klamm://shop/orders/broker/1", &ours, "127.0.0.1", true),
        ("klamm://shop/orders/broker/1", &ours, "orders-1.shop", true),
        ("klamm://shop/orders/operator", &ours, "127.0.0.1", false),
        ("klamm://shop/invoices/broker/1", &ours, "127.0.0.1", false),
        ("klamm://shop/orders/broker/1", &other, "127.0.0.1", false),
    ] {
        let to = folder.node("to", &[node], authority);
        assert_eq!(reaches(&world, &me, &to, host).await, expected, "{node} at {host}");
    }
}

#[tokio::test]
async fn without_a_name_in_a_cluster_the_host_must_be_right() {
    let (world, folder) = (real::world(), Folder::new("hosts"));
    let ours = Authority::new();
    let me = folder.node("me", &["one.example"], &ours);
    let to = folder.node("to", &["two.example"], &ours);
    assert!(reaches(&world, &me, &to, "two.example").await);
    assert!(!reaches(&world, &me, &to, "three.example").await);
}
