//! Whatever happens: nobody waits for ever, the group comes to rest with each member assigned what its leader said,
//! committed offsets never go back, and the log tells the same story as the memory.

use super::room::{GROUP, Room, assignment_of};
use klamm_protocol::ErrorCode;
use klamm_types::Str;
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Duration};

const CLIENTS: [&str; 5] = ["a", "b", "c", "s", "t"];

/// What may happen.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A client does what a client does next.
    Step(usize),
    /// A client joins though it need not, perhaps with other topics.
    Rejoin(usize, bool),
    Leave(usize),
    /// A client forgets all, or is killed and another starts under its name.
    Restart(usize),
    Commit(usize),
    Wait(u16),
    Hold,
    Flow,
    CommitAppend,
    FailAppend,
    /// The coordinator moves; of the appends that waited, the first of them had been written.
    Move(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    let client = 0..CLIENTS.len();
    prop_oneof![
        12 => client.clone().prop_map(Happening::Step),
        1 => (client.clone(), any::<bool>()).prop_map(|(client, other)| Happening::Rejoin(client, other)),
        1 => client.clone().prop_map(Happening::Leave),
        1 => client.clone().prop_map(Happening::Restart),
        4 => client.prop_map(Happening::Commit),
        4 => (1..8_000u16).prop_map(Happening::Wait),
        1 => Just(Happening::Hold),
        1 => Just(Happening::Flow),
        2 => Just(Happening::CommitAppend),
        1 => Just(Happening::FailAppend),
        1 => (0..3usize).prop_map(Happening::Move),
    ]
}

/// Clients and what they were promised.
struct World {
    room: Room,
    next_offset: i64,
    /// The highest commit of each client that was acknowledged.
    acknowledged: BTreeMap<&'static str, i64>,
}

impl World {
    fn new() -> Self {
        let mut room = Room::new();
        for (client, line) in [
            ("a", "version 9"),
            ("b", "version 3"),
            ("c", "version 5"),
            ("s", "static is"),
            ("t", "static it"),
        ] {
            room.run(&format!("{client} {line}"));
        }
        Self { room, next_offset: 0, acknowledged: BTreeMap::new() }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Step(client) => self.step(CLIENTS[client]),
            Happening::Rejoin(client, other) => {
                if !self.waits(CLIENTS[client]) {
                    let topics = if other { "u" } else { "t" };
                    self.run(&format!("{} topics {topics}", CLIENTS[client]));
                    self.run(&format!("{} join", CLIENTS[client]));
                }
            }
            Happening::Leave(client) => {
                self.run(&format!("{} leave", CLIENTS[client]));
            }
            Happening::Restart(client) => self.restart(CLIENTS[client]),
            Happening::Commit(client) => self.commit(CLIENTS[client]),
            Happening::Wait(millis) => {
                self.run(&format!("wait {millis}"));
            }
            Happening::Hold => {
                self.run("hold");
            }
            Happening::Flow => {
                self.run("flow");
            }
            Happening::CommitAppend if !self.room.appends.is_empty() => {
                self.run("commit");
            }
            Happening::FailAppend if !self.room.appends.is_empty() => {
                self.room.fail_one(ErrorCode::NotEnoughReplicas);
                self.run("state");
            }
            Happening::CommitAppend | Happening::FailAppend => {}
            Happening::Move(written) => self.move_coordinator(written),
        }
        self.check_offsets();
    }

    fn waits(&self, client: &str) -> bool {
        self.room.waiting.values().any(|(name, what)| name == client && *what != "other")
    }

    /// A process that starts anew does not hear the answers to the one before.
    fn restart(&mut self, client: &str) {
        for (name, _) in self.room.waiting.values_mut().filter(|(name, _)| name == client) {
            *name = "gone".into();
        }
        self.room.clients.insert("gone".into(), Default::default());
        self.run(&format!("{client} restart"));
    }

    /// What a client does next, as Kafka's do: join until in, sync until assigned, then beat.
    fn step(&mut self, name: &str) {
        if self.waits(name) {
            return;
        }
        let client = &self.room.clients[name];
        if client.generation < 0 || client.member.is_empty() {
            self.run(&format!("{name} join"));
        } else if client.assignment.is_none() {
            self.run(&format!("{name} sync"));
        } else {
            self.run(&format!("{name} beat"));
        }
    }

    /// Runs a command; clients take what they are told to heart.
    fn run(&mut self, command: &str) -> Vec<String> {
        let said = self.room.run(command);
        for line in &said {
            let Some((name, what)) = line.split_once(": ") else { continue };
            let Some(client) = self.room.clients.get_mut(name) else { continue };
            match what {
                "RebalanceInProgress" | "IllegalGeneration" => client.generation = -1,
                "UnknownMemberId" | "FencedInstanceId" => {
                    client.member = Str::default();
                    client.generation = -1;
                }
                _ => {}
            }
        }
        said
    }

    fn commit(&mut self, name: &'static str) {
        self.next_offset += 1;
        let offset = self.next_offset;
        let partition = CLIENTS.iter().position(|client| *client == name).unwrap_or_default();
        let said = self.run(&format!("{name} commit t/{partition}={offset}"));
        if said.iter().any(|line| *line == format!("{name}: committed")) {
            self.acknowledged.insert(name, offset);
        }
    }

    /// What was acknowledged is there, or something later.
    fn check_offsets(&mut self) {
        for (partition, name) in CLIENTS.iter().enumerate() {
            let said = self.room.run(&format!("x fetch t/{partition}")).join("");
            let committed: i64 =
                said.rsplit('=').next().and_then(|number| number.parse().ok()).expect("an offset");
            let promised = self.acknowledged.get(name).copied().unwrap_or(-1);
            assert!(committed >= promised, "{name}: {committed} < {promised}\n{}", self.room.history());
            self.acknowledged.insert(name, committed);
        }
    }

    fn move_coordinator(&mut self, written: usize) {
        for _ in 0..written {
            if let Some((_, records)) = self.room.appends.pop_front() {
                self.room.log.extend(records);
            }
        }
        self.run("reload");
    }

    /// No more trouble: clients go on until all is at rest.
    fn calm_down(&mut self) {
        self.run("flow");
        for _ in 0..400 {
            for client in CLIENTS {
                self.step(client);
            }
            self.run("wait 1000");
        }
    }

    fn check_rest(&mut self) {
        let view = self.room.coordinator.view();
        let group = &view[GROUP];
        let history = self.room.history();
        assert_eq!(group.state, "Stable", "{history}");
        assert!(self.room.waiting.is_empty(), "someone waits: {:?}\n{history}", self.room.waiting);
        assert_eq!(group.members.len(), CLIENTS.len(), "{history}");
        for name in CLIENTS {
            let client = &self.room.clients[name];
            let member = group.members.iter().find(|(id, ..)| *id == client.member);
            let (_, instance, assigned) = member.unwrap_or_else(|| panic!("{name} is out\n{history}"));
            assert_eq!(client.generation, group.generation, "{name}\n{history}");
            assert_eq!(*instance, client.instance, "{name}\n{history}");
            assert_eq!(client.assignment.as_ref(), Some(assigned), "{name}\n{history}");
            // a static member that came back has what was assigned to the id before
            if client.instance.is_none() {
                assert_eq!(*assigned, assignment_of(group.generation, &client.member), "{name}\n{history}");
            }
            assert!(!assigned.is_empty(), "{name}\n{history}");
        }
        assert!(group.settled, "{history}");
    }

    fn check_log(&mut self) {
        let before = self.room.coordinator.view();
        self.room.reload();
        assert_eq!(self.room.coordinator.view(), before, "{}", self.room.history());
    }

    fn check_end(&mut self) {
        self.room.wait(Duration::from_secs(3600));
        self.run("delete");
        self.room.wait(Duration::from_secs(3600));
        assert!(self.room.coordinator.view().is_empty(), "{:?}", self.room.coordinator.view());
        self.check_log();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_group_comes_to_rest(happenings in proptest::collection::vec(happening(), 0..150)) {
        let mut world = World::new();
        for happening in happenings {
            world.happen(happening);
        }
        world.calm_down();
        world.check_rest();
        world.check_log();
        world.check_end();
    }
}
