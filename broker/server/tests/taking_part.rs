//! How brokers take part, on the wire: one real broker is the active controller, and another one is played by the test over the
//! controller listener.

use klamm_client::Connection;
use klamm_metadata::{Image, config::Settings, decide::Registration};
use klamm_protocol::{
    AllocateProducerIdsRequest, BrokerHeartbeatRequest, BrokerHeartbeatResponse, BrokerRegistrationRequest,
    CreateTopicsRequest, CreateTopicsResponse, EnvelopeRequest, ErrorCode, FetchRequest, ListOffsetsRequest,
    Request,
    broker_registration_request::{Feature, Listener},
    create_topics_request::CreatableTopic,
    decode_response, encode_request,
    fetch_request::{FetchPartition, FetchTopic, ReplicaState},
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use klamm_server::{
    Machine, Running,
    controller::{InitialVoters, format},
    start,
};
use klamm_types::{BrokerId, Bytes, Chunk, Str, Uuid};
use klamm_world::{World, real};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);
/// The session of the tests: long enough that a busy machine does not end it.
const SESSION: Duration = Duration::from_secs(3);

struct Cluster {
    world: World,
    path: PathBuf,
}

impl Cluster {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-taking-part-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let this = Self { world: real::world(), path };
        format(&this.world, &this.settings(), "c1", &InitialVoters::Standalone).expect("it is empty");
        this
    }

    fn settings(&self) -> Settings {
        let directory = self.path.to_string_lossy().into_owned();
        let session = SESSION.as_millis().to_string();
        let pairs = [
            ("node.id", "3"),
            ("log.dirs", directory.as_str()),
            ("listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0,CLIENTS://127.0.0.1:0"),
            ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT"),
            ("broker.session.timeout.ms", session.as_str()),
        ];
        Settings::new(pairs).expect("they are valid")
    }

    async fn start(&self) -> Running {
        let machine = Machine { memory_bytes: 1 << 30, hostname: "localhost".to_owned() };
        start(self.world.clone(), self.settings(), &machine).await.expect("it starts")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

async fn connect(world: &World, running: &Running, listener: &'static str) -> Connection {
    let address: SocketAddr = running.addresses[&Str::from_static(listener)];
    let host = address.ip().to_string();
    Connection::open(world, (&host, address.port()), None, Str::from_static("test"), SOON)
        .await
        .expect("it listens")
}

async fn eventually(running: &Running, what: &str, wanted: impl Fn(&Image) -> bool) {
    let deadline = running.broker.world.clock.now().mono.plus(SOON);
    assert!(running.broker.image_when(deadline, wanted).await, "{what}");
}

/// A broker that is played: it says what a broker says, and listens where its `socket` is.
struct Played {
    /// Closed first, as a process that dies closes everything at once.
    _socket: Box<dyn klamm_world::Listener>,
    heartbeats: Connection,
    port: u16,
    incarnation: Uuid,
    epoch: i64,
}

const PLAYED: BrokerId = BrokerId(7);

impl Played {
    async fn new(world: &World, running: &Running) -> Self {
        let socket = world.network.listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
        let port = socket.local_address().expect("it is bound").port();
        let heartbeats = connect(world, running, "CONTROLLER").await;
        Self { _socket: socket, heartbeats, port, incarnation: world.uuid(), epoch: -1 }
    }

    fn registration(&self) -> BrokerRegistrationRequest {
        BrokerRegistrationRequest {
            broker_id: PLAYED.0,
            cluster_id: Str::from_static("c1"),
            incarnation_id: self.incarnation,
            listeners: vec![Listener {
                name: Str::from_static("PLAINTEXT"),
                host: Str::from_static("a-name-that-nobody-resolves"),
                port: self.port,
                security_protocol: 0,
            }],
            features: Registration::default()
                .features
                .into_iter()
                .map(|one| Feature {
                    name: one.name,
                    min_supported_version: one.min,
                    max_supported_version: one.max,
                })
                .collect(),
            log_dirs: vec![Uuid([9; 16])],
            ..Default::default()
        }
    }

    async fn register(&mut self) -> i16 {
        let response = self.heartbeats.call(&self.registration()).await.expect("it answers");
        if response.error_code == 0 {
            self.epoch = response.broker_epoch;
        }
        response.error_code
    }

    async fn beat(&mut self, applied: i64, want_shut_down: bool) -> BrokerHeartbeatResponse {
        let beat = BrokerHeartbeatRequest {
            broker_id: PLAYED.0,
            broker_epoch: self.epoch,
            current_metadata_offset: applied,
            want_shut_down,
            ..Default::default()
        };
        self.heartbeats.call(&beat).await.expect("it answers")
    }
}

fn is_fenced(image: &Image) -> Option<bool> {
    image.broker(PLAYED).map(|broker| broker.fenced)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_unfenced_when_it_has_caught_up_and_fenced_when_it_is_dead_or_silent() {
    let cluster = Cluster::new("fencing");
    let running = cluster.start().await;
    let mut played = Played::new(&cluster.world, &running).await;

    let other = BrokerRegistrationRequest { cluster_id: Str::from_static("c2"), ..played.registration() };
    let refused = played.heartbeats.call(&other).await.expect("it answers");
    assert_eq!(refused.error_code, ErrorCode::InconsistentClusterId.code());
    assert_eq!(played.beat(0, false).await.error_code, ErrorCode::BrokerIdNotRegistered.code());
    assert_eq!(played.register().await, 0);
    assert_eq!(is_fenced(&running.broker.image()), Some(true));

    let behind = played.beat(played.epoch - 1, false).await;
    assert_eq!((behind.is_caught_up, behind.is_fenced), (false, true));
    let caught_up = played.beat(played.epoch, false).await;
    assert_eq!((caught_up.is_caught_up, caught_up.is_fenced, caught_up.error_code), (true, false, 0));
    assert_eq!(is_fenced(&running.broker.image()), Some(false));
    let end = running.broker.image().offset();
    assert!(!played.beat(end.0, false).await.is_fenced);
    assert_eq!(running.broker.image().offset(), end, "a heartbeat that changes nothing is no record");

    // its id is taken while it lives; its own process may register again, and keeps its epoch
    let epoch = played.epoch;
    assert_eq!(played.register().await, 0);
    assert_eq!(played.epoch, epoch);
    let mut second = Played::new(&cluster.world, &running).await;
    assert_eq!(second.register().await, ErrorCode::DuplicateBrokerRegistration.code());

    // a closed connection alone is nobody's death: it listens, and comes again
    let began = running.broker.world.clock.now().mono;
    played.heartbeats = connect(&cluster.world, &running, "CONTROLLER").await;
    assert!(!played.beat(end.0, false).await.is_fenced);

    // nothing listens, and the connection is closed: dead at once, long before its session is over
    drop(played);
    eventually(&running, "a dead process is fenced", |image| is_fenced(image) == Some(true)).await;
    let took = running.broker.world.clock.now().mono.since(began);
    assert!(took < SESSION, "fenced after {took:?}, by the end of its session");

    // its next life need not wait; silent with an open connection, it is fenced when its session is over
    assert_eq!(second.register().await, 0);
    assert!(second.epoch > epoch);
    assert!(!second.beat(second.epoch, false).await.is_fenced);
    let heard = running.broker.world.clock.now().mono;
    eventually(&running, "a silent broker is fenced", |image| is_fenced(image) == Some(true)).await;
    assert!(running.broker.world.clock.now().mono.since(heard) >= SESSION - Duration::from_millis(100));
    assert!(!second.beat(second.epoch, false).await.is_fenced, "heard of again, it takes part again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_leaves_is_released_when_the_others_know() {
    let cluster = Cluster::new("leaving");
    let running = cluster.start().await;
    let mut played = Played::new(&cluster.world, &running).await;
    assert_eq!(played.register().await, 0);
    assert!(!played.beat(played.epoch, false).await.is_fenced);
    let mut released = false;
    for _ in 0..200 {
        let answer = played.beat(running.broker.image().offset().0, true).await;
        assert_eq!(answer.error_code, 0);
        if answer.should_shut_down {
            released = true;
            break;
        }
        assert!(running.broker.image().broker(PLAYED).is_some_and(|broker| broker.in_controlled_shutdown));
        cluster.world.sleep(Duration::from_millis(20)).await;
    }
    assert!(released, "the other broker reports what it has applied with each heartbeat");
    assert_eq!(is_fenced(&running.broker.image()), Some(true));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_is_decided_for_the_client_in_it() {
    let cluster = Cluster::new("envelope");
    let running = cluster.start().await;
    let mut controller = connect(&cluster.world, &running, "CONTROLLER").await;
    let create = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: Str::from_static("t"),
            num_partitions: 2,
            replication_factor: 1,
            ..Default::default()
        }],
        ..Default::default()
    };
    const VERSION: i16 = 7;
    let wrap = |frame: Bytes, address: &'static [u8]| EnvelopeRequest {
        request_data: frame,
        request_principal: Some(Bytes::from_static(b"\0\0\x05User\x0aANONYMOUS\0\0")),
        client_host_address: Bytes::from_static(address),
    };
    let frame = bytes(&create, VERSION);
    let answer = controller.call(&wrap(frame.clone(), &[127, 0, 0, 1])).await.expect("it answers");
    assert_eq!(answer.error_code, 0);
    let data = answer.response_data.expect("without an error there is a response");
    let (correlation, created) = decode_response::<CreateTopicsResponse>(data, VERSION).expect("it is one");
    assert_eq!((correlation, created.topics[0].error_code), (41, 0));
    assert!(running.broker.image().topic("t").is_some());

    for (envelope, code) in [
        (wrap(frame.clone(), &[1, 2, 3]), ErrorCode::InvalidRequest),
        (wrap(Bytes::from_static(b"nothing"), &[127, 0, 0, 1]), ErrorCode::InvalidRequest),
        // only what the controller decides may be in one
        (wrap(bytes(&AllocateProducerIdsRequest::default(), 0), &[127, 0, 0, 1]), ErrorCode::InvalidRequest),
        (
            EnvelopeRequest {
                request_principal: Some(Bytes::from_static(b"\0\x07")),
                ..wrap(frame, &[127, 0, 0, 1])
            },
            ErrorCode::PrincipalDeserializationFailure,
        ),
    ] {
        let refused = controller.call(&envelope).await.expect("it answers");
        assert_eq!(refused.error_code, code.code());
    }
    running.stop().await;
}

fn bytes<R: Request>(request: &R, version: i16) -> Bytes {
    let chunks =
        encode_request(41, Some(Str::from_static("client")), version, request).expect("it can be said");
    // a request has no files
    let pieces = chunks.iter().filter_map(|chunk| match chunk {
        Chunk::Bytes(bytes) => Some(bytes.to_vec()),
        Chunk::File(_) => None,
    });
    let whole: Vec<u8> = pieces.flatten().collect();
    Bytes::from(whole).slice(4..) // without its size
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_shutdown_is_remembered() {
    let cluster = Cluster::new("clean");
    let running = cluster.start().await;
    let first = running.broker.epoch().expect("it takes part");
    assert_eq!(
        running.broker.image().broker(BrokerId(3)).map(|me| (me.epoch, me.fenced)),
        Some((first, false))
    );
    let id = running.broker.next_producer_id().await.expect("it is registered");
    assert_ne!(id, running.broker.next_producer_id().await.expect("there are more"));
    running.stop().await;
    let mark = std::fs::read_to_string(cluster.path.join(".kafka_cleanshutdown")).expect("it was clean");
    assert_eq!(mark, format!("{{\"version\":0,\"brokerEpoch\":{}}}", first.0));
    let running = cluster.start().await;
    assert!(running.broker.epoch() > Some(first));
    assert!(!cluster.path.join(".kafka_cleanshutdown").exists(), "from now on a crash is one");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_to_be_a_replica_is_served_on_the_listener_between_brokers_only() {
    let cluster = Cluster::new("replicas");
    let running = cluster.start().await;
    let name = Str::from_static("t");
    let mut controller = connect(&cluster.world, &running, "CONTROLLER").await;
    let topic = CreatableTopic {
        name: name.clone(),
        num_partitions: 1,
        replication_factor: 1,
        ..CreatableTopic::default()
    };
    let create = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
    assert_eq!(controller.call(&create).await.expect("it answers").topics[0].error_code, 0);
    eventually(&running, "the topic is known", |image| image.topic("t").is_some()).await;
    let topic_id = running.broker.image().topic("t").expect("it was just there").id.0;

    // version 4 names the replica in the request's head, version 18 in its state
    let fetch = |version: i16, replica: i32| {
        let partition = FetchPartition {
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 1 << 20,
            high_watermark: i64::MAX,
            ..FetchPartition::default()
        };
        let by_id = version >= 13;
        FetchRequest {
            replica_id: if version < 15 { replica } else { -1 },
            replica_state: ReplicaState {
                replica_id: if version < 15 { -1 } else { replica },
                replica_epoch: -1,
            },
            max_bytes: 1 << 20,
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic: if by_id { Str::default() } else { Str::from_static("t") },
                topic_id: if by_id { topic_id } else { Uuid::default() },
                partitions: vec![partition],
            }],
            ..FetchRequest::default()
        }
    };
    let offsets = |replica_id: i32| ListOffsetsRequest {
        replica_id,
        topics: vec![ListOffsetsTopic {
            name: name.clone(),
            partitions: vec![ListOffsetsPartition {
                partition_index: 0,
                current_leader_epoch: -1,
                timestamp: -1,
            }],
        }],
        ..ListOffsetsRequest::default()
    };
    let refused = ErrorCode::TopicAuthorizationFailed.code();
    for (listener, replica, expected) in
        [("CLIENTS", -1, 0), ("CLIENTS", 7, refused), ("PLAINTEXT", -1, 0), ("PLAINTEXT", 7, 0)]
    {
        let mut connection = connect(&cluster.world, &running, listener).await;
        for version in [4, 12, 13, 18] {
            let request = fetch(version, replica);
            let answer = connection.call_capped(&request, version, Duration::ZERO).await.expect("it answers");
            let found = answer.responses[0].partitions[0].error_code;
            assert_eq!(found, expected, "fetch {version} of {replica} at {listener}");
        }
        let answer = connection.call(&offsets(replica)).await.expect("it answers");
        assert_eq!(
            answer.topics[0].partitions[0].error_code, expected,
            "offsets for {replica} at {listener}"
        );
    }
    running.stop().await;
}
