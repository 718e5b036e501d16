//! Topics of a Cluster through Kafka's own admin protocol, on the brokers' port, with the operator's certificate.

use crate::{certificates::Pair, error::Error};
use klamm_client::TlsConnector;
use klamm_client::{
    Client, MetadataResponsePartition, MetadataResponseTopic, NewTopic, QuorumMember, Settings,
};
use klamm_plan::{
    cluster::{MemberSeen, Names, PartitionSeen, QuorumSeen, port},
    topic::{Replicas, Step, TopicSeen},
};
use klamm_types::{BrokerId, DirectoryId, Str, TopicId};
use klamm_world::World;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;

const REQUEST_MAX: Duration = Duration::from_secs(10);

/// One client per Cluster, kept while its certificates are the same.
pub(crate) struct BrokerAdmins {
    world: World,
    clients: Mutex<BTreeMap<(String, String), Admin>>,
}

/// A client of one Cluster. One request at a time.
#[derive(Clone)]
pub(crate) struct Admin {
    ca: String,
    client: Arc<Mutex<Client>>,
}

/// What it takes to speak with a Cluster.
pub(crate) struct Access {
    /// The cluster's CA.
    pub(crate) ca: String,
    /// The operator's certificate for this Cluster.
    pub(crate) operator: Pair,
    /// Brokers' names and ports.
    pub(crate) bootstrap: Vec<(String, u16)>,
}

impl BrokerAdmins {
    pub(crate) fn new(world: World) -> Self {
        Self { world, clients: Mutex::default() }
    }

    /// The client of a Cluster, if it has the authority `ca`.
    pub(crate) async fn known(&self, names: &Names, ca: &str) -> Option<Admin> {
        let clients = self.clients.lock().await;
        clients.get(&(names.namespace.clone(), names.cluster.clone())).filter(|admin| admin.ca == ca).cloned()
    }

    /// A new client of a Cluster.
    pub(crate) async fn open(&self, names: &Names, access: Access) -> Result<Admin, Error> {
        let settings = Settings {
            tls: Some(TlsConnector::new(Arc::new(tls(&access)?))),
            bootstrap: access.bootstrap,
            client_id: Str::from_static("klamm-operator"),
            timeout: REQUEST_MAX,
        };
        let client = Arc::new(Mutex::new(Client::new(self.world.clone(), settings)));
        let admin = Admin { ca: access.ca, client };
        let key = (names.namespace.clone(), names.cluster.clone());
        self.clients.lock().await.insert(key, admin.clone());
        Ok(admin)
    }

    /// The Cluster is gone, or does not answer any more under the old addresses.
    pub(crate) async fn forget(&self, names: &Names) {
        self.clients.lock().await.remove(&(names.namespace.clone(), names.cluster.clone()));
    }
}

/// Brokers, each with its rack.
pub(crate) type Racks = BTreeMap<BrokerId, Option<String>>;

fn directory_id(text: &str) -> Result<DirectoryId, Error> {
    let id = text.parse().map_err(|_| Error::Unreadable(format!("{text} is not a directory's id")))?;
    Ok(DirectoryId(id))
}

fn tls(access: &Access) -> Result<ClientConfig, Error> {
    let unreadable = |what: &str| Error::Unreadable(format!("{what} is not PEM"));
    let mut roots = RootCertStore::empty();
    let ca =
        CertificateDer::from_pem_slice(access.ca.as_bytes()).map_err(|_| unreadable("the cluster's CA"))?;
    roots.add(ca).map_err(|_| unreadable("the cluster's CA"))?;
    let mine = "the operator's certificate";
    let chain = vec![
        CertificateDer::from_pem_slice(access.operator.certificate.as_bytes())
            .map_err(|_| unreadable(mine))?,
    ];
    let key = PrivateKeyDer::from_pem_slice(access.operator.key.as_bytes()).map_err(|_| unreadable(mine))?;
    let config = ClientConfig::builder().with_root_certificates(roots);
    config.with_client_auth_cert(chain, key).map_err(|_| unreadable(mine))
}

impl Admin {
    /// The metadata quorum.
    pub(crate) async fn quorum(&self) -> Result<QuorumSeen, Error> {
        let info = self.client.lock().await.quorum().await?;
        let member = |one: QuorumMember| MemberSeen {
            broker: one.id,
            directory: one.directory.to_string(),
            behind_millis: one.behind_millis.unwrap_or(u64::MAX),
        };
        Ok(QuorumSeen {
            voters: info.voters.into_iter().map(member).collect(),
            observers: info.observers.into_iter().map(member).collect(),
        })
    }

    /// All partitions.
    pub(crate) async fn partitions(&self) -> Result<Vec<PartitionSeen>, Error> {
        let mut client = self.client.lock().await;
        let topics = client.metadata(None).await?.topics;
        let names: Vec<Str> = topics.iter().filter_map(|topic| topic.name.clone()).collect();
        let minima = client.setting_of_topics(&names, "min.insync.replicas").await?;
        let ids = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect();
        let of_topic = |topic: &MetadataResponseTopic| {
            let name = topic.name.clone().unwrap_or_default();
            // one whose setting is not known is taken for the strictest
            let min_in_sync = minima.get(&name).and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
            let partition = |one: &MetadataResponsePartition| PartitionSeen {
                name: format!("{name}-{}", one.partition_index),
                replicas: ids(&one.replica_nodes),
                in_sync: ids(&one.isr_nodes),
                min_in_sync,
            };
            topic.partitions.iter().map(partition).collect::<Vec<_>>()
        };
        Ok(topics.iter().flat_map(of_topic).collect())
    }

    /// Lets the broker vote with this directory.
    pub(crate) async fn add_voter(&self, id: BrokerId, directory: &str, host: &str) -> Result<(), Error> {
        let directory = directory_id(directory)?;
        let listener = ("CONTROLLER", host, port::CONTROLLER.unsigned_abs() as u16);
        Ok(self.client.lock().await.add_voter(id, directory, listener).await?)
    }

    /// Lets the broker vote no more with this directory.
    pub(crate) async fn remove_voter(&self, id: BrokerId, directory: &str) -> Result<(), Error> {
        Ok(self.client.lock().await.remove_voter(id, directory_id(directory)?).await?)
    }

    /// The topic as it is, none when there is none; and the brokers that are up, each with its rack.
    pub(crate) async fn topic(&self, name: &str) -> Result<(Option<TopicSeen>, Racks), Error> {
        let (mut client, name) = (self.client.lock().await, Str::from(name));
        let placement = client.placement(&name).await?;
        let racks = placement.brokers.into_iter().map(|(id, rack)| (id, rack.map(|rack| rack.to_string())));
        let racks = racks.collect();
        let Some(topic) = client.topic(&name).await? else { return Ok((None, racks)) };
        let seen = |one: klamm_client::Replicas| Replicas {
            all: one.all,
            adding: one.adding.into_iter().collect(),
            removing: one.removing.into_iter().collect(),
        };
        let partitions = placement.partitions.into_iter().map(|(index, one)| (index, seen(one))).collect();
        let config = client.topic_config(&name).await?;
        Ok((Some(TopicSeen { id: topic.id.to_string(), partitions, config }), racks))
    }

    /// Carries out a step that concerns Kafka; what concerns Kubernetes is none of its business.
    pub(crate) async fn carry_out(&self, name: &str, step: &Step) -> Result<(), Error> {
        let (mut client, name) = (self.client.lock().await, Str::from(name));
        match step {
            Step::Create { partitions, replicas, config } => {
                let replicas = i16::try_from(*replicas).unwrap_or(i16::MAX);
                let topic = NewTopic { name, partitions: *partitions, replicas, config: config.clone() };
                client.create_topic(&topic).await?;
            }
            Step::Reassign { targets } => client.reassign(&name, targets).await?,
            Step::Grow { partitions } => client.grow_topic(&name, *partitions).await?,
            Step::Configure { set, reset } => {
                let set = set.iter().map(|(key, value)| (key.clone(), Some(value.clone())));
                let changes = set.chain(reset.iter().map(|key| (key.clone(), None))).collect();
                client.alter_topic_config(&name, &changes).await?;
            }
            Step::Delete { id } => {
                let id = id.parse().map_err(|_| Error::Unreadable(format!("{id} is not a topic's id")))?;
                client.delete_topic(TopicId(id)).await?;
            }
            Step::AddFinalizer | Step::RemoveFinalizer => {}
        }
        Ok(())
    }
}
