//! A room with a coordinator, its log, and clients that behave as Kafka's do. It is driven by short commands:
//!
//! `a static x`, `a version 5`, `a protocols p q`, `a session 10000`, `a rebalance 10000`: what client `a` will say.
//! `a join`, `a sync`, `a beat`, `a leave`, `a restart` (forgets its member id).
//! `a commit t/0=5`, `a alone t/0=5` (without a group), `a fetch t/0`, `a fetch all`, `a drop t/0` (OffsetDelete).
//! `hold` (appends wait), `commit` (the first append that waits), `fail ERROR`, `flow` (appends succeed at once).
//! `wait 3000` (milliseconds), `days 8`, `reload`, `load`, `loaded`, `unload`, `delete-topic t`, `describe`, `list …`, `delete`,
//! `state`, `max 2` (group.max.size), `deadline`.

use crate::{
    AppendId, Caller, Context, Effect, Event, GroupConfig, GroupCoordinator, LogRecord, Request, Response,
};
use klamm_protocol::{
    ErrorCode,
    heartbeat_request::HeartbeatRequest,
    join_group_request::{JoinGroupRequest, JoinGroupRequestProtocol},
    join_group_response::JoinGroupResponse,
    leave_group_request::{LeaveGroupRequest, MemberIdentity},
    offset_commit_request::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_delete_request::{OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
    sync_group_request::{SyncGroupRequest, SyncGroupRequestAssignment},
};
use klamm_types::{Bytes, Mono, Now, Str, Uuid, Wall};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

pub(super) const GROUP: &str = "g";

/// A client, with what it knows.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) member: Str,
    pub(super) generation: i32,
    pub(super) instance: Option<Str>,
    pub(super) protocols: Vec<Str>,
    pub(super) topics: Vec<u8>,
    pub(super) version: i16,
    pub(super) session: i32,
    pub(super) rebalance: i32,
    /// The members that it is to assign to; nothing when it does not lead.
    pub(super) leads: Option<Vec<Str>>,
    pub(super) assignment: Option<Bytes>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            member: Str::default(),
            generation: -1,
            instance: None,
            protocols: vec![Str::from("range")],
            topics: subscription("t"),
            version: 9,
            session: 10_000,
            rebalance: 60_000,
            leads: None,
            assignment: None,
        }
    }
}

fn subscription(topic: &str) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, u8::try_from(topic.len()).unwrap()];
    bytes.extend(topic.as_bytes());
    bytes
}

pub(super) struct Room {
    pub(super) coordinator: GroupCoordinator,
    pub(super) config: GroupConfig,
    pub(super) now: Now,
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) waiting: BTreeMap<Caller, (String, &'static str)>,
    pub(super) appends: VecDeque<(AppendId, Vec<LogRecord>)>,
    pub(super) log: Vec<LogRecord>,
    pub(super) flowing: bool,
    callers: u64,
    said: Vec<String>,
    history: String,
}

impl Room {
    pub(super) fn new() -> Self {
        let config = GroupConfig::default();
        let mut room = Self {
            coordinator: GroupCoordinator::new(config.clone()),
            config,
            now: Now { mono: Mono(1_000_000_000), wall: Wall(1_000_000) },
            clients: BTreeMap::new(),
            waiting: BTreeMap::new(),
            appends: VecDeque::new(),
            log: Vec::new(),
            flowing: true,
            callers: 0,
            said: Vec::new(),
            history: String::new(),
        };
        room.event(Event::Load);
        room.event(Event::Loaded);
        room
    }

    pub(super) fn history(&self) -> &str {
        &self.history
    }

    /// Does what the command says; returns what was said then, in order.
    pub(super) fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["hold"] => self.flowing = false,
            ["flow"] => {
                self.flowing = true;
                self.settle();
            }
            ["commit"] => self.commit_one(),
            ["fail", error] => self.fail_one(error_named(error)),
            ["wait", millis] => self.wait(Duration::from_millis(millis.parse().unwrap())),
            ["days", days] => self.wait(Duration::from_secs(86_400 * days.parse::<u64>().unwrap())),
            ["reload"] => self.reload(),
            ["load"] => self.event(Event::Load),
            ["loaded"] => self.event(Event::Loaded),
            ["unload"] => self.event(Event::Unload),
            ["delete-topic", topic] => self.event(Event::TopicsDeleted(vec![Str::from(*topic)])),
            ["state"] => self.say_state(),
            ["max", size] => {
                self.config.max_size = size.parse().unwrap();
                self.coordinator.reconfigure(self.config.clone());
            }
            ["describe"] => self.ask("", 6, Request::Describe(Str::from(GROUP))),
            ["describe-old"] => self.ask("", 5, Request::Describe(Str::from(GROUP))),
            ["delete"] => self.ask("", 2, Request::Delete(Str::from(GROUP))),
            ["list", filters @ ..] => {
                let only = |prefix| {
                    filters.iter().filter_map(|word| word.strip_prefix(prefix)).map(Str::from).collect()
                };
                let (states, types) = (only("state="), only("type="));
                self.ask("", 5, Request::List { states, types });
            }
            [name, rest @ ..] => self.client_does(name, rest),
            [] => {}
        }
        let said = std::mem::take(&mut self.said);
        self.history += &format!("{command} → {said:?}\n");
        said
    }

    fn client_does(&mut self, name: &str, words: &[&str]) {
        let client = self.clients.entry(name.to_owned()).or_default();
        match words {
            ["static", instance] => client.instance = Some(Str::from(*instance)),
            ["version", version] => client.version = version.parse().unwrap(),
            ["protocols", names @ ..] => {
                client.protocols = names.iter().map(|name| Str::from(*name)).collect()
            }
            ["topics", topic] => client.topics = subscription(topic),
            ["session", millis] => client.session = millis.parse().unwrap(),
            ["rebalance", millis] => client.rebalance = millis.parse().unwrap(),
            ["is", other] => {
                let other = self.clients[*other].clone();
                self.clients.insert(name.to_owned(), other);
            }
            ["generation", generation] => client.generation = generation.parse().unwrap(),
            ["restart"] => {
                client.member = Str::default();
                client.generation = -1;
                client.leads = None;
                client.assignment = None;
            }
            ["join"] => self.join(name),
            ["sync"] => self.sync(name),
            ["beat"] => self.beat(name),
            ["leave"] => self.leave(name, None),
            ["evict", instance] => self.leave(name, Some(Str::from(*instance))),
            ["commit", what] => self.commit_offset(name, what, false),
            ["alone", what] => self.commit_offset(name, what, true),
            ["fetch", what] => self.fetch(name, what),
            ["drop", what] => self.drop_offset(name, what),
            _ => panic!("not a command: {name} {words:?}"),
        }
    }

    fn join(&mut self, name: &str) {
        let client = self.clients[name].clone();
        let protocol = |name: &Str| JoinGroupRequestProtocol {
            name: name.clone(),
            metadata: Bytes::from(client.topics.clone()),
        };
        let request = JoinGroupRequest {
            group_id: Str::from(GROUP),
            session_timeout_ms: client.session,
            rebalance_timeout_ms: client.rebalance,
            member_id: client.member.clone(),
            group_instance_id: client.instance.clone(),
            protocol_type: Str::from("consumer"),
            protocols: client.protocols.iter().map(protocol).collect(),
            ..Default::default()
        };
        let fresh = Uuid(u128::from(self.callers).to_be_bytes());
        self.ask(name, client.version, Request::Join(request, fresh));
    }

    fn sync(&mut self, name: &str) {
        let client = &self.clients[name];
        let assign = |member: &Str| SyncGroupRequestAssignment {
            member_id: member.clone(),
            assignment: assignment_of(client.generation, member),
        };
        let request = SyncGroupRequest {
            group_id: Str::from(GROUP),
            generation_id: client.generation,
            member_id: client.member.clone(),
            group_instance_id: client.instance.clone(),
            protocol_type: Some(Str::from("consumer")),
            assignments: client.leads.iter().flatten().map(assign).collect(),
            ..Default::default()
        };
        self.ask(name, 5, Request::Sync(request));
    }

    fn beat(&mut self, name: &str) {
        let client = &self.clients[name];
        let request = HeartbeatRequest {
            group_id: Str::from(GROUP),
            generation_id: client.generation,
            member_id: client.member.clone(),
            group_instance_id: client.instance.clone(),
        };
        self.ask(name, 4, Request::Heartbeat(request));
    }

    fn leave(&mut self, name: &str, instance: Option<Str>) {
        let client = &self.clients[name];
        let (member_id, group_instance_id) = match instance {
            Some(_) => (Str::default(), instance),
            None => (client.member.clone(), client.instance.clone()),
        };
        let members = vec![MemberIdentity { member_id, group_instance_id, ..Default::default() }];
        self.ask(
            name,
            5,
            Request::Leave(LeaveGroupRequest { group_id: Str::from(GROUP), members, ..Default::default() }),
        );
    }

    fn commit_offset(&mut self, name: &str, what: &str, alone: bool) {
        let client = self.clients[name].clone();
        let mut request = OffsetCommitRequest {
            group_id: Str::from(GROUP),
            generation_id_or_member_epoch: -1,
            retention_time_ms: -1,
            ..Default::default()
        };
        if !alone {
            request.generation_id_or_member_epoch = client.generation;
            request.member_id = client.member.clone();
            request.group_instance_id = client.instance.clone();
        }
        let (partition, offset) = what.split_once('=').unwrap();
        let (topic, partition) = topic_partition(partition);
        let (offset, metadata) = offset.split_once(':').unwrap_or((offset, ""));
        let partition = OffsetCommitRequestPartition {
            partition_index: partition,
            committed_offset: offset.parse().unwrap(),
            committed_leader_epoch: -1,
            committed_metadata: Some(Str::from(metadata.replace("LONG", &"x".repeat(5000)))),
        };
        request.topics =
            vec![OffsetCommitRequestTopic { name: topic, partitions: vec![partition], ..Default::default() }];
        self.ask(name, client.version, Request::CommitOffsets(request));
    }

    fn fetch(&mut self, name: &str, what: &str) {
        let topics = (what != "all").then(|| {
            let (name, partition) = topic_partition(what);
            vec![OffsetFetchRequestTopics { name, partition_indexes: vec![partition], ..Default::default() }]
        });
        let group = OffsetFetchRequestGroup { group_id: Str::from(GROUP), topics, ..Default::default() };
        self.ask(name, 9, Request::FetchOffsets { group, require_stable: true });
    }

    fn drop_offset(&mut self, name: &str, what: &str) {
        let (topic, partition_index) = topic_partition(what);
        let partitions = vec![OffsetDeleteRequestPartition { partition_index }];
        let topics = vec![OffsetDeleteRequestTopic { name: topic, partitions }];
        let group_id = Str::from(GROUP);
        self.ask(name, 0, Request::DeleteOffsets(OffsetDeleteRequest { group_id, topics }));
    }

    fn ask(&mut self, name: &str, api_version: i16, request: Request) {
        self.callers += 1;
        let caller = Caller(self.callers);
        let what = match &request {
            Request::Join(..) => "join",
            Request::Sync(_) => "sync",
            _ => "other",
        };
        self.waiting.insert(caller, (name.to_owned(), what));
        let context =
            Context { api_version, client_id: Str::from(name), client_host: Str::from("/127.0.0.1") };
        self.event(Event::Request { caller, context, request: Box::new(request) });
    }

    pub(super) fn event(&mut self, event: Event) {
        let mut effects = Vec::new();
        self.coordinator.on_event(self.now, event, &mut effects);
        for effect in effects {
            match effect {
                Effect::Append { id, records } => self.appends.push_back((id, records)),
                Effect::Answer { caller, response } => self.hear(caller, response),
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        while self.flowing && !self.appends.is_empty() {
            self.commit_one();
        }
    }

    pub(super) fn commit_one(&mut self) {
        let (id, records) = self.appends.pop_front().expect("an append waits");
        self.log.extend(records);
        self.event(Event::Committed(id));
    }

    /// Commits an append whose requester is not one of the clients.
    pub(super) fn commit_unanswered(&mut self) {
        let (id, records) = self.appends.pop_front().expect("an append waits");
        self.log.extend(records);
        self.coordinator.on_event(self.now, Event::Committed(id), &mut Vec::new());
    }

    pub(super) fn fail_one(&mut self, error: ErrorCode) {
        let (id, _) = self.appends.pop_front().expect("an append waits");
        self.event(Event::Failed(id, error));
    }

    /// Lets time pass, with a tick at each deadline.
    pub(super) fn wait(&mut self, duration: Duration) {
        let until = self.now.mono.plus(duration);
        while let Some(deadline) = self.coordinator.next_deadline().filter(|deadline| *deadline <= until) {
            self.advance(deadline.max(self.now.mono));
            self.event(Event::Tick);
        }
        self.advance(until);
    }

    fn advance(&mut self, to: Mono) {
        let elapsed = i64::try_from(to.since(self.now.mono).as_millis()).unwrap();
        self.now = Now { mono: to, wall: Wall(self.now.wall.0 + elapsed) };
    }

    /// Another broker takes over: it has what is committed.
    pub(super) fn reload(&mut self) {
        self.event(Event::Unload);
        self.appends.clear();
        self.event(Event::Load);
        self.event(Event::Replay(self.log.clone()));
        self.event(Event::Loaded);
    }

    fn say_state(&mut self) {
        let view = self.coordinator.view();
        let Some(group) = view.get(GROUP) else { return self.said.push("none".into()) };
        let members: Vec<String> = group.members.iter().map(|(id, ..)| self.name_of(id)).collect();
        self.said.push(format!("{} {} {members:?}", group.state, group.generation).replace('"', ""));
    }

    /// Clients are called by their names, whatever their member ids are.
    fn name_of(&self, member: &Str) -> String {
        let known = self.clients.iter().find(|(_, client)| client.member == *member && !member.is_empty());
        known.map_or_else(|| "?".to_owned(), |(name, _)| name.clone())
    }

    fn hear(&mut self, caller: Caller, response: Response) {
        let (name, _) = self.waiting.remove(&caller).expect("every request is answered once");
        let said = match response {
            Response::Join(response) => self.hear_join(&name, &response),
            Response::Sync(response) => {
                if response.error_code == 0 {
                    self.clients.get_mut(&name).unwrap().assignment = Some(response.assignment.clone());
                }
                let assignment = String::from_utf8(response.assignment.to_vec()).unwrap();
                let mine = assignment_of(self.clients[&name].generation, &self.clients[&name].member);
                outcome(
                    error_of(response.error_code),
                    if response.assignment == mine { "assigned" } else { &assignment },
                )
            }
            Response::Heartbeat(error) => outcome(error, "ok"),
            Response::Leave(response) => {
                let first = response.members.first().map_or(response.error_code, |member| member.error_code);
                outcome(error_of(first), "left")
            }
            Response::Delete(error) => outcome(error, "deleted"),
            Response::CommitOffsets(response) => {
                outcome(error_of(response.topics[0].partitions[0].error_code), "committed")
            }
            Response::DeleteOffsets(response) => {
                let partition = response.topics.first().map(|topic| topic.partitions[0].error_code);
                outcome(error_of(partition.unwrap_or(response.error_code)), "dropped")
            }
            Response::FetchOffsets(group) => {
                let mut offsets = Vec::new();
                for topic in &group.topics {
                    for one in &topic.partitions {
                        offsets
                            .push(format!("{}/{}={}", topic.name, one.partition_index, one.committed_offset));
                    }
                }
                outcome(error_of(group.error_code), &offsets.join(" "))
            }
            Response::Describe(group) => {
                let members: Vec<String> = group
                    .members
                    .iter()
                    .map(|one| {
                        format!(
                            "{}:{}:{}",
                            self.name_of(&one.member_id),
                            one.member_metadata.len(),
                            one.member_assignment.len()
                        )
                    })
                    .collect();
                outcome(
                    error_of(group.error_code),
                    &format!(
                        "{} {} {} {}",
                        group.group_state,
                        group.protocol_type,
                        group.protocol_data,
                        members.join(" ")
                    ),
                )
            }
            Response::List(Ok(groups)) => groups
                .iter()
                .map(|group| {
                    format!(
                        "{} {} {} {}",
                        group.group_id, group.group_state, group.protocol_type, group.group_type
                    )
                })
                .collect::<Vec<_>>()
                .join(", "),
            Response::List(Err(error)) => outcome(error, ""),
        };
        self.said.push(if name.is_empty() { said } else { format!("{name}: {said}") });
    }

    fn hear_join(&mut self, name: &str, response: &JoinGroupResponse) -> String {
        let client = self.clients.get_mut(name).unwrap();
        match error_of(response.error_code) {
            ErrorCode::MemberIdRequired => client.member = response.member_id.clone(),
            ErrorCode::UnknownMemberId => client.member = Str::default(),
            ErrorCode::None => {
                client.member = response.member_id.clone();
                client.generation = response.generation_id;
                let members = response.members.iter().map(|member| member.member_id.clone()).collect();
                client.leads = (response.leader == response.member_id).then_some(members);
                client.assignment = None;
            }
            _ => {}
        }
        let (leads, generation) = (self.clients[name].leads.clone(), response.generation_id);
        let leads = match (leads, response.skip_assignment) {
            (Some(members), false) => {
                let names: Vec<String> = members.iter().map(|member| self.name_of(member)).collect();
                format!(" leads {}", names.join(" "))
            }
            (Some(members), true) => {
                self.clients.get_mut(name).unwrap().leads = None;
                format!(" leads {}, need not assign", members.len())
            }
            (None, _) => String::new(),
        };
        outcome(error_of(response.error_code), &format!("in {generation}{leads}"))
    }
}

pub(super) fn assignment_of(generation: i32, member: &Str) -> Bytes {
    Bytes::from(format!("{generation} for {member}"))
}

fn outcome(error: ErrorCode, good: &str) -> String {
    if error == ErrorCode::None { good.trim_end().to_owned() } else { format!("{error:?}") }
}

fn topic_partition(text: &str) -> (Str, i32) {
    let (topic, partition) = text.split_once('/').unwrap();
    (Str::from(topic), partition.parse().unwrap())
}

fn error_named(name: &str) -> ErrorCode {
    match name {
        "NotEnoughReplicas" => ErrorCode::NotEnoughReplicas,
        "NotLeaderOrFollower" => ErrorCode::NotLeaderOrFollower,
        "MessageTooLarge" => ErrorCode::MessageTooLarge,
        "KafkaStorageError" => ErrorCode::KafkaStorageError,
        _ => panic!("no such error here: {name}"),
    }
}

fn error_of(code: i16) -> ErrorCode {
    ErrorCode::from_code(code).expect("one of Kafka's errors")
}
