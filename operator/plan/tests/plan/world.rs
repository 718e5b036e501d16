//! A Kubernetes of one Cluster in memory: it does to what is observed what a plan's effects would do.

use klamm_operator_api::{Cluster, ClusterSpec};
use klamm_plan::{
    Kind, Resource,
    cluster::{
        BrokerSeen, ClaimSeen, Defaults, MemberSeen, ObjectSeen, Observed, PartitionSeen, Plan, PodSeen,
        QuorumSeen, StatefulSetSeen, Step, plan, requests_hash,
    },
    resources::{ACCEPTED_ANNOTATION, CONFIG_ANNOTATION, TEMPLATE_ANNOTATION},
};
use klamm_types::{BrokerId, Uuid};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const QUICKSTART: &str = r#"
apiVersion: klamm.dev/v1alpha1
kind: Cluster
metadata: {name: orders, namespace: shop, uid: 11111111-2222-3333-4444-555555555555, generation: 1}
spec:
  pools: [{name: brokers, replicas: 1}]
  config: {auto.create.topics.enable: true}
"#;

pub(crate) const THREE: &str = r#"
apiVersion: klamm.dev/v1alpha1
kind: Cluster
metadata: {name: orders, namespace: shop, uid: 11111111-2222-3333-4444-555555555555, generation: 1}
spec: {}
"#;

pub(crate) struct World {
    pub(crate) observed: Observed,
    sets: BTreeMap<String, (Value, u32)>,
    pods_made: u32,
    directories_made: u32,
    /// Whether Services lead to pods yet.
    pub(crate) kube_proxy_knows: bool,
    /// The quorum's own memory.
    members: QuorumSeen,
    /// Name, replicas, min.insync.replicas.
    pub(crate) partitions: Vec<(String, Vec<i32>, usize)>,
}

impl World {
    pub(crate) fn new(yaml: &str) -> Self {
        let cluster: Cluster = serde_saphyr::from_str(yaml).unwrap();
        let observed = Observed {
            cluster,
            defaults: Defaults {
                version: "0.1.0".into(),
                registry: "registry.example.com/klamm".into(),
                namespace: "klamm-system".into(),
                brokers_max: 9,
            },
            now: serde_json::from_str("\"2026-11-23T00:00:00Z\"").unwrap(),
            fresh_cluster_id: Uuid(*b"a random id, ok."),
            accepted: None,
            objects: Default::default(),
            pod_monitors: false,
            rejected: None,
            quorum: None,
            authorities: Default::default(),
            certificates: None,
            stateful_sets: Default::default(),
            quorum_seen: None,
            partitions: None,
            growing: vec![],
            bootstrap_reached: false,
            pods: Default::default(),
            claims: Default::default(),
            brokers: Default::default(),
        };
        Self {
            observed,
            sets: BTreeMap::new(),
            pods_made: 0,
            directories_made: 0,
            kube_proxy_knows: true,
            members: QuorumSeen::default(),
            partitions: vec![],
        }
    }

    /// Every random id is another one.
    pub(crate) fn plan(&mut self) -> Plan {
        let id = &mut self.observed.fresh_cluster_id.0;
        id[15] = id[15].wrapping_add(1);
        plan(&self.observed)
    }

    /// The number of single effects of a plan: what an operator can be killed between.
    pub(crate) fn effects(plan: &Plan) -> usize {
        plan.apply.len() + plan.steps.len() + usize::from(plan.status.is_some())
    }

    /// Carries out the first `count` effects; then Kubernetes and the brokers do what they do.
    pub(crate) fn carry_out(&mut self, plan: &Plan, count: usize) {
        let mut done = 0;
        for resource in &plan.apply {
            if done == count {
                break;
            }
            done += 1;
            self.apply(resource);
        }
        for step in &plan.steps {
            if done == count {
                break;
            }
            done += 1;
            self.step(step);
        }
        if let (Some(status), true) = (&plan.status, done < count) {
            self.observed.cluster.status = Some(status.clone());
        }
        self.kubernetes();
    }

    /// Plans and carries out until nothing is left to do; the number of rounds.
    pub(crate) fn settle(&mut self) -> usize {
        for round in 0..100 {
            let plan = self.plan();
            let effects = Self::effects(&plan);
            self.carry_out(&plan, effects);
            if effects == 0 {
                return round;
            }
        }
        panic!("the plan never comes to rest: {:#?}", self.plan());
    }

    pub(crate) fn condition(&self, kind: &str) -> (String, String, String) {
        let conditions = self.observed.cluster.status.as_ref().unwrap().conditions.as_ref().unwrap();
        let found = conditions.iter().find(|condition| condition.type_ == kind).unwrap();
        (found.status.clone(), found.reason.clone(), found.message.clone())
    }

    fn apply(&mut self, resource: &Resource) {
        let seen = ObjectSeen { ours: true, hash: Some(resource.hash.clone()) };
        self.observed.objects.insert((resource.kind, resource.name.clone()), seen);
        match resource.kind {
            Kind::ConfigMap => {
                let accepted = resource.manifest["metadata"]["annotations"][ACCEPTED_ANNOTATION].as_str();
                let accepted: ClusterSpec = serde_json::from_str(accepted.unwrap()).unwrap();
                self.observed.accepted = Some(accepted);
            }
            Kind::StatefulSet => {
                let set = self.sets.entry(resource.name.clone()).or_insert((Value::Null, 0));
                if set.0["spec"]["template"] != resource.manifest["spec"]["template"] {
                    set.1 += 1;
                }
                set.0 = resource.manifest.clone();
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::CreateAuthority(authority) => {
                self.observed.authorities.insert(*authority);
            }
            Step::IssueCertificates(requests) => self.observed.certificates = Some(requests_hash(requests)),
            Step::RecordQuorum(record) => {
                if self.observed.quorum.is_none() {
                    self.observed.quorum = Some(record.clone());
                }
            }
            Step::Format { broker, cluster_id, is_voter } => {
                self.directories_made += 1;
                let directory = format!("directory {}", self.directories_made);
                let seen = self.broker(*broker);
                assert_eq!(seen.cluster_id, None, "a volume that is not empty is never formatted");
                seen.cluster_id = Some(cluster_id.clone());
                seen.directory_id = Some(directory.clone());
                let member = MemberSeen { broker: *broker, directory, behind_millis: 0 };
                if *is_voter {
                    assert_eq!(self.members, QuorumSeen::default(), "there is one quorum, ever");
                    self.members.voters.push(member);
                } else {
                    self.members.observers.push(member);
                }
            }
            Step::AddVoter { broker, directory } => {
                let at = self.members.observers.iter().position(|one| one.directory == *directory).unwrap();
                let member = self.members.observers.remove(at);
                assert_eq!(member.broker, *broker);
                assert!(self.members.voters.iter().all(|one| one.broker != *broker), "no broker votes twice");
                self.members.voters.push(member);
            }
            Step::RemoveVoter { directory, .. } => {
                let at = self.members.voters.iter().position(|one| one.directory == *directory).unwrap();
                let member = self.members.voters.remove(at);
                self.members.observers.push(member);
            }
            Step::MarkClaim { broker, cluster_id } => {
                let claim = self.observed.claims.get_mut(broker).unwrap();
                claim.cluster_id = Some(cluster_id.clone());
            }
            Step::DeletePod { broker, uid, .. } => {
                if self.observed.pods.get(broker).is_some_and(|pod| pod.uid == *uid) {
                    self.observed.pods.remove(broker);
                }
            }
        }
    }

    pub(crate) fn broker(&mut self, id: BrokerId) -> &mut BrokerSeen {
        self.observed.brokers.get_mut(&id).unwrap().as_mut().unwrap()
    }

    /// The broker's volume is gone with its claim; it comes back with an empty one.
    pub(crate) fn lose_volume(&mut self, id: BrokerId) {
        self.observed.claims.remove(&id);
        self.observed.pods.remove(&id);
        self.observed.brokers.remove(&id);
        self.kubernetes();
    }

    fn kubernetes(&mut self) {
        for (name, (set, revision)) in self.sets.clone() {
            self.stateful_set(&name, &set, revision);
        }
        self.quorum();
        let serving = |broker: &Result<BrokerSeen, String>| broker.as_ref().is_ok_and(|seen| seen.serving);
        self.observed.bootstrap_reached =
            self.kube_proxy_knows && self.observed.brokers.values().any(serving);
    }

    fn stateful_set(&mut self, name: &str, set: &Value, revision: u32) {
        let template = &set["spec"]["template"];
        let replacing = set["spec"]["updateStrategy"]["type"] == "OnDelete";
        let update_revision = format!("r{revision}");
        let annotation = |name: &str| template["metadata"]["annotations"][name].as_str().map(str::to_owned);
        let seen = StatefulSetSeen {
            settled: true,
            update_revision: update_revision.clone(),
            restart: annotation("klamm.dev/restart"),
            replacing,
        };
        self.observed.stateful_sets.insert(name.to_owned(), seen);
        let start = set["spec"]["ordinals"]["start"].as_i64().unwrap() as i32;
        for id in (start..start + set["spec"]["replicas"].as_i64().unwrap() as i32).map(BrokerId) {
            self.pods_made += 1;
            let uid = format!("claim {}", self.pods_made);
            self.observed.claims.entry(id).or_insert(ClaimSeen { uid, cluster_id: None });
            self.observed.brokers.entry(id).or_insert(Ok(BrokerSeen::default()));
            let pod = PodSeen {
                uid: format!("pod {}", self.pods_made),
                revision: update_revision.clone(),
                image: template["spec"]["containers"][0]["image"].as_str().unwrap().into(),
                config_hash: annotation(CONFIG_ANNOTATION).unwrap(),
                template_hash: annotation(TEMPLATE_ANNOTATION).unwrap(),
                ..PodSeen::default()
            };
            self.observed.pods.entry(id).or_insert(pod);
        }
    }

    /// The brokers elect a leader if most voters are there with the directories with which they vote.
    fn quorum(&mut self) {
        let carries = |seen: &BrokerSeen| seen.directory_id.clone();
        let directories: BTreeMap<BrokerId, String> = self
            .observed
            .brokers
            .iter()
            .filter_map(|(id, seen)| Some((*id, carries(seen.as_ref().ok()?)?)))
            .collect();
        if self.members.voters.is_empty() {
            let retained = directories.iter().map(|(broker, directory)| MemberSeen {
                broker: *broker,
                directory: directory.clone(),
                behind_millis: 0,
            });
            self.members.voters = retained.collect();
        }
        let is_there = |one: &&mut MemberSeen| directories.get(&one.broker) == Some(&one.directory);
        let all = self.members.voters.len();
        self.members.voters.iter_mut().for_each(|one| one.behind_millis = 60_000);
        self.members.voters.iter_mut().filter(is_there).for_each(|one| one.behind_millis = 0);
        let live: Vec<_> = self.members.voters.iter().filter(|one| one.behind_millis == 0).collect();
        let leader = live.first().filter(|_| live.len() * 2 > all).map(|one| one.broker);
        self.observed.quorum_seen = leader.map(|_| self.members.clone());
        for (id, broker) in &mut self.observed.brokers {
            let Ok(broker) = broker else { continue };
            broker.version = "0.1.0".into();
            broker.serving = broker.cluster_id.is_some() && leader.is_some();
            broker.quorum_leader = leader.filter(|_| broker.serving);
            let pod = self.observed.pods.get_mut(id);
            pod.into_iter().for_each(|pod| pod.ready = broker.serving);
        }
        let ready = |id: &BrokerId| self.observed.pods.get(id).is_some_and(|pod| pod.ready);
        let partition = |(name, replicas, min): &(String, Vec<i32>, usize)| {
            let replicas: Vec<BrokerId> = replicas.iter().copied().map(BrokerId).collect();
            let in_sync = replicas.iter().copied().filter(ready).collect();
            PartitionSeen { name: name.clone(), replicas, in_sync, min_in_sync: *min }
        };
        self.observed.partitions = Some(self.partitions.iter().map(partition).collect());
    }
}
