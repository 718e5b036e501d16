//! What the broker itself asks of the controller: to be registered, topics that are missing, producer ids.

use super::{Controller, Decision};
use klamm_metadata::{
    Image, Record,
    config::{Settings, Values},
    decide::{
        Load, NewTopic, ProducerIdBlock, Refused, Registration, Rules, TopicDefaults, allocate_producer_ids,
        apply, auto_topic, create_topic, register_broker, register_controller, unfence_broker,
    },
};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerEpoch, BrokerId, ProducerId, Str, TopicId, Uuid};
use klamm_world::World;
use tokio::sync::Mutex;

/// What decisions need besides the image.
pub(super) struct Context {
    pub world: World,
    pub me: BrokerId,
    /// What the broker's file sets.
    pub file: Values,
    producer_ids: Mutex<ProducerIdBlock>,
}

impl Context {
    pub fn new(world: World, settings: &Settings) -> Self {
        Self {
            world,
            me: settings.node_id(),
            file: settings.values().clone(),
            producer_ids: Mutex::new(ProducerIdBlock::EMPTY),
        }
    }
}

/// A random id. As in Kafka, none that begins with a dash: on a command line it would be an option.
#[must_use]
pub fn random_id(world: &World) -> Uuid {
    loop {
        let id = world.uuid();
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}

impl Controller {
    /// Registers this node as controller and as broker, fenced; the broker's epoch.
    ///
    /// # Errors
    /// The controller's refusal.
    pub async fn register(
        &self,
        new: Registration,
        controller: Registration,
    ) -> Result<BrokerEpoch, Refused> {
        let context = self.context.clone();
        self.try_decide(move |image| {
            let mut records = register_controller(image, &controller)?;
            let at = image.position.end.plus(records.len() as i64);
            // this process is the controller, so that a broker of its id is its own former life
            let (epoch, registered) = register_broker(context.rules(image), &new, false, at)?;
            records.extend(registered);
            Ok(Decision { records, answer: epoch })
        })
        .await
    }

    /// Unfences this broker, whose logs are open: from here on it leads.
    ///
    /// # Errors
    /// The controller's refusal.
    pub async fn unfence(&self, epoch: BrokerEpoch) -> Result<(), Refused> {
        let context = self.context.clone();
        self.try_decide(move |image| {
            let records = unfence_broker(context.rules(image), context.me, epoch)?;
            Ok(Decision { records, answer: () })
        })
        .await
    }

    /// Makes topics that are missing when they are used, with the broker's defaults; a result for each. One that exists
    /// meanwhile is fine.
    pub async fn auto_create(&self, names: Vec<Str>) -> Vec<Result<(), Refused>> {
        let (context, count) = (self.context.clone(), names.len());
        let decided = self.decide(move |image| {
            let mut next = image.clone();
            let mut load = Load::of(image);
            let (mut records, mut answer) = (Vec::new(), Vec::new());
            for name in &names {
                let made = context.auto_create(&mut next, &mut load, name);
                answer.push(made.map(|made| records.extend(made)));
            }
            Decision { records, answer }
        });
        decided.await.unwrap_or_else(|error| vec![Err(error.into()); count])
    }

    /// A producer id that nobody has had (InitProducerId).
    ///
    /// # Errors
    /// The controller's refusal.
    pub async fn next_producer_id(&self) -> Result<ProducerId, Refused> {
        let mut block = self.context.producer_ids.lock().await;
        if let Some(id) = block.take() {
            return Ok(id);
        }
        let me = self.context.me;
        *block = self
            .try_decide(move |image| {
                let epoch = image.broker(me).map_or(BrokerEpoch(-1), |broker| broker.epoch);
                let (block, records) = allocate_producer_ids(image, me, epoch)?;
                Ok(Decision { records, answer: block })
            })
            .await?;
        block
            .take()
            .ok_or_else(|| Refused::new(ErrorCode::UnknownServerError, "a new block has no producer ids"))
    }
}

impl Context {
    /// What decisions about partitions look at.
    pub fn rules<'a>(&'a self, image: &'a Image) -> Rules<'a> {
        Rules { image, me: self.me, file: &self.file }
    }

    fn auto_create(&self, next: &mut Image, load: &mut Load, name: &Str) -> Result<Vec<Record>, Refused> {
        if next.topic(name).is_some() {
            return Ok(Vec::new());
        }
        let layers = next.layers(self.me, &self.file);
        let (new, defaults) = (auto_topic(name, layers, load), TopicDefaults::of(layers));
        self.create(next, load, defaults, &new)
    }

    /// Makes a topic on `next`, which then has it.
    pub fn create(
        &self,
        next: &mut Image,
        load: &mut Load,
        defaults: TopicDefaults,
        new: &NewTopic,
    ) -> Result<Vec<Record>, Refused> {
        let records = create_topic(next, load, defaults, new, TopicId(random_id(&self.world)))?;
        apply(next, &records)?;
        Ok(records)
    }
}
