//! A broker with two log directories: the controller knows what is in which, takes from the broker what was in the one that fails,
//! and the broker ends when that of the metadata log fails (KIP-858).

use klamm_client::{Client, NewTopic};
use klamm_metadata::{Image, Partition, config::Settings};
use klamm_server::{
    Machine,
    controller::{InitialVoters, format},
    start,
};
use klamm_types::{BrokerId, DirectoryId, Str};
use klamm_world::real;
use std::{collections::BTreeMap, time::Duration};

const ME: BrokerId = BrokerId(3);
/// On a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Whether the metadata knows where each partition is, and all are led but those in the directory that has failed.
fn is_led_but_in(image: &Image, failed: Option<DirectoryId>) -> bool {
    let as_wanted = |one: &Partition| match one.directory_of(ME) {
        None => false,
        found if found == failed => !one.has_leader(),
        Some(found) => !found.is_reserved() && one.leader == ME,
    };
    image.topic("t").is_some_and(|topic| topic.partitions.iter().all(|one| as_wanted(one)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_fails_takes_its_partitions_and_the_first_takes_the_broker() {
    let path = std::env::temp_dir().join(format!("klamm-two-directories-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let (world, directories) = (real::world(), format!("{0}/a,{0}/b", path.display()));
    let pairs = [("node.id", "3"), ("log.dirs", &directories), ("listeners", "PLAINTEXT://127.0.0.1:0")];
    let settings = Settings::new(pairs).expect("they are valid");
    format(&world, &settings, "c1", &InitialVoters::Standalone).expect("it is empty");
    let machine = Machine { memory_bytes: 1 << 30, hostname: "localhost".to_owned() };
    let mut running = start(world.clone(), settings, &machine).await.expect("it starts");
    let address = running.addresses["PLAINTEXT"];
    let mut client = Client::new(
        world.clone(),
        klamm_client::Settings {
            bootstrap: vec![(address.ip().to_string(), address.port())],
            tls: None,
            client_id: Str::from_static("test"),
            timeout: SOON,
        },
    );
    let topic = NewTopic { name: "t".into(), partitions: 8, replicas: 1, config: BTreeMap::new() };
    client.create_topic(&topic).await.expect("it is new");
    let soon = || world.clock.now().mono.plus(SOON);
    let broker = &running.broker;
    assert!(broker.image_when(soon(), |image| is_led_but_in(image, None)).await, "it tells where they are");

    let [first, second] = broker.shards.dirs().all() else { panic!("it has two") };
    let failed = second.meta().directory_id;
    second.device().fail("somebody pulled it out".to_owned());
    let known = |image: &Image| {
        let me = image.broker(ME).expect("it is registered");
        !me.fenced && me.directories == [first.meta().directory_id] && is_led_but_in(image, Some(failed))
    };
    assert!(broker.image_when(soon(), known).await, "{:?}", broker.image().topic("t"));

    first.device().fail("and this one".to_owned());
    let why = tokio::time::timeout(SOON, running.failed.recv()).await.expect("it notices");
    assert_eq!(why.as_deref(), Some("the directory of the metadata log has failed: and this one"));
    let _ = std::fs::remove_dir_all(&path);
}
