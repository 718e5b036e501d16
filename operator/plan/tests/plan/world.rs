//! A Kubernetes of one Cluster in memory: it does to what is observed what a plan's effects would do.

use klamm_operator_api::{Cluster, ClusterSpec};
use klamm_plan::{
    Kind, Resource,
    cluster::{
        BrokerSeen, ClaimSeen, Defaults, ObjectSeen, Observed, Plan, PodSeen, StatefulSetSeen, Step, plan,
        requests_hash,
    },
    resources::{ACCEPTED_ANNOTATION, CONFIG_ANNOTATION, TEMPLATE_ANNOTATION},
};
use klamm_types::{BrokerId, Uuid};
use serde_json::Value;

pub(crate) const QUICKSTART: &str = r#"
apiVersion: klamm.dev/v1alpha1
kind: Cluster
metadata: {name: orders, namespace: shop, uid: 11111111-2222-3333-4444-555555555555, generation: 1}
spec:
  pools: [{name: brokers, replicas: 1}]
  config: {auto.create.topics.enable: true}
"#;

pub(crate) struct World {
    pub(crate) observed: Observed,
    set: Option<Value>,
    revision: u32,
    pods_made: u32,
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
            pods: Default::default(),
            claims: Default::default(),
            brokers: Default::default(),
        };
        Self { observed, set: None, revision: 0, pods_made: 0 }
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
                let before = self.set.as_ref().map(|set| set["spec"]["template"].clone());
                if before.as_ref() != Some(&resource.manifest["spec"]["template"]) {
                    self.revision += 1;
                }
                self.set = Some(resource.manifest.clone());
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
            Step::Format { broker, cluster_id } => {
                let seen = self.broker(*broker);
                assert_eq!(seen.cluster_id, None, "a volume that is not empty is never formatted");
                seen.cluster_id = Some(cluster_id.clone());
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

    fn kubernetes(&mut self) {
        let Some(set) = self.set.clone() else { return };
        let name = set["metadata"]["name"].as_str().unwrap().to_owned();
        let template = &set["spec"]["template"];
        let replacing = set["spec"]["updateStrategy"]["type"] == "OnDelete";
        let update_revision = format!("r{}", self.revision);
        let annotation = |name: &str| template["metadata"]["annotations"][name].as_str().map(str::to_owned);
        let seen = StatefulSetSeen {
            settled: true,
            update_revision: update_revision.clone(),
            restart: annotation("klamm.dev/restart"),
            replacing,
        };
        self.observed.stateful_sets.insert(name, seen);
        let start = set["spec"]["ordinals"]["start"].as_i64().unwrap() as i32;
        for id in (start..start + set["spec"]["replicas"].as_i64().unwrap() as i32).map(BrokerId) {
            let claim = ClaimSeen { uid: "claim".into(), cluster_id: None };
            self.observed.claims.entry(id).or_insert(claim);
            self.observed.brokers.entry(id).or_insert(Ok(BrokerSeen::default()));
            let made = &mut self.pods_made;
            let pod = self.observed.pods.entry(id).or_insert_with(|| {
                *made += 1;
                PodSeen {
                    uid: format!("pod {made}"),
                    revision: update_revision.clone(),
                    image: template["spec"]["containers"][0]["image"].as_str().unwrap().into(),
                    config_hash: annotation(CONFIG_ANNOTATION).unwrap(),
                    template_hash: annotation(TEMPLATE_ANNOTATION).unwrap(),
                    ..PodSeen::default()
                }
            });
            let broker = self.observed.brokers.get_mut(&id).unwrap().as_mut().unwrap();
            broker.version = "0.1.0".into();
            broker.serving = broker.cluster_id.is_some();
            broker.quorum_leader = broker.serving.then_some(id);
            pod.ready = broker.serving;
        }
    }
}
