//! A topic that is deleted and made anew at once has the new one's logs, on whichever log thread they are.

use klamm_metadata::{
    Image,
    config::Settings,
    decide::{Load, NewTopic, TopicDefaults, create_topic, delete_topic},
};
use klamm_server::{
    Machine,
    controller::{Decision, InitialVoters, format},
    start,
};
use klamm_types::TopicId;
use klamm_world::real;

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_has_its_own_logs() {
    let path = std::env::temp_dir().join(format!("klamm-recreate-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let (world, directory) = (real::world(), path.to_string_lossy().into_owned());
    let pairs =
        [("node.id", "3"), ("log.dirs", directory.as_str()), ("listeners", "PLAINTEXT://127.0.0.1:0")];
    let settings = Settings::new(pairs).expect("they are valid");
    format(&world, &settings, "c1", &InitialVoters::Standalone).expect("it is empty");
    let machine = Machine { memory_bytes: 1 << 30, hostname: "localhost".to_owned() };
    let running = start(world.clone(), settings, &machine).await.expect("it starts");
    for _ in 0..10 {
        let id = TopicId(world.uuid());
        let decided = running.broker.controller.try_decide(move |image: &Image| {
            let mut records = Vec::new();
            let mut without = image.clone();
            if image.topic("t").is_some() {
                records.push(delete_topic(image, Some("t"), TopicId::default())?.1);
                without = image.apply(&records, image.position).expect("it is there").0;
            }
            let file = klamm_metadata::config::Values::new();
            let defaults = TopicDefaults::of(image.layers(klamm_types::BrokerId(3), &file));
            let new =
                NewTopic { name: "t".into(), partitions: 16, replication_factor: 1, ..NewTopic::default() };
            records.extend(create_topic(&without, &mut Load::of(image), defaults, &new, id)?);
            Ok(Decision { records, answer: () })
        });
        decided.await.expect("it is possible");
        for partition in 0..16 {
            let file = path.join(format!("t-{partition}/partition.metadata"));
            let text = std::fs::read_to_string(file).expect("it is there");
            assert!(text.contains(&id.to_string()), "partition {partition} is of {text}, not of {id}");
        }
    }
    running.stop().await;
    let _ = std::fs::remove_dir_all(&path);
}
