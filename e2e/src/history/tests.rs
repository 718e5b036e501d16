//! Histories that are right, and every way in which one can be wrong.

use super::{Action, Kind, Operation, Outcome, check, parse};

/// A history under construction: each operation takes 10 ns and begins when the one before ended.
#[derive(Default)]
struct Story(Vec<Operation>);

impl Story {
    fn then(mut self, process: &str, action: Action) -> Story {
        let begin = 10 * self.0.len() as u64;
        self.0.push(Operation { process: process.into(), begin, end: begin + 10, action });
        self
    }

    fn send(self, process: &str, value: u64, outcome: Outcome) -> Story {
        self.then(process, Action::Send { partition: 0, value, outcome })
    }

    fn ok(self, process: &str, value: u64, offset: i64) -> Story {
        self.send(process, value, Outcome::Ok { offset })
    }

    fn assign(self, process: &str, next: Option<i64>) -> Story {
        self.then(process, Action::Assign { partitions: vec![(0, next)] })
    }

    fn poll(self, process: &str, records: &[(i64, u64)]) -> Story {
        let records = records.iter().map(|(offset, value)| (0, *offset, *value)).collect();
        self.then(process, Action::Poll { records })
    }

    /// Exactly these kinds of anomalies are found, and each is shown by as many operations.
    #[track_caller]
    fn shows(self, expected: &[(Kind, usize)]) {
        let found = check(&self.0);
        let kinds: Vec<_> = found.iter().map(|anomaly| (anomaly.kind, anomaly.operations.len())).collect();
        assert_eq!(kinds, expected, "{found:#?}");
    }
}

/// Three records, acknowledged one after the other.
fn sent() -> Story {
    Story::default().ok("produce/1", 10, 0).ok("produce/1", 11, 1).ok("produce/1", 12, 2)
}

const ALL: &[(i64, u64)] = &[(0, 10), (1, 11), (2, 12)];

#[test]
fn what_may_be_is_no_anomaly() {
    Story::default().shows(&[]);
    sent().shows(&[]); // nobody reads: nobody can miss anything
    sent().assign("reader", Some(0)).poll("reader", ALL).shows(&[]);
    // a group reads again what it had not committed, from a new assignment on
    let group = sent().assign("group/1", None).poll("group/1", &ALL[..2]);
    group.assign("group/2", None).poll("group/2", &ALL[1..]).shows(&[]);
    let again = sent().assign("group/1", None).poll("group/1", ALL);
    again.assign("group/1", None).poll("group/1", &ALL[1..]).shows(&[]);
    // a record whose sender never learned is there, or is not
    let unknown = || sent().send("produce/1", 13, Outcome::Unknown);
    unknown().assign("reader", Some(0)).poll("reader", ALL).shows(&[]);
    unknown().assign("reader", Some(0)).poll("reader", ALL).poll("reader", &[(3, 13)]).shows(&[]);
    // an offset that has no record (a control record's) is passed by
    let gap = Story::default().ok("produce/1", 10, 0).ok("produce/1", 11, 2);
    gap.assign("reader", Some(0)).poll("reader", &[(0, 10), (2, 11)]).shows(&[]);
    // acknowledgements are told of in any order
    let mut swapped = sent();
    swapped.0.swap(0, 2);
    swapped.assign("reader", Some(0)).poll("reader", ALL).shows(&[]);
}

#[test]
fn a_lost_write() {
    // nothing is where it was acknowledged
    let gone = sent().assign("reader", Some(0)).poll("reader", &[(0, 10), (2, 12)]);
    gone.shows(&[(Kind::LostWrite, 2), (Kind::Skip, 3)]);
    // another took its place
    let taken = sent().send("produce/2", 20, Outcome::Unknown).assign("reader", Some(0));
    taken
        .poll("reader", &[(0, 10), (1, 20), (2, 12)])
        .shows(&[(Kind::LostWrite, 2), (Kind::OffsetDivergence, 2)]);
}

#[test]
fn a_duplicate() {
    let twice = sent().assign("reader", Some(0)).poll("reader", ALL).poll("reader", &[(3, 11)]);
    twice.shows(&[(Kind::Duplicate, 2)]);
    // acknowledged at one place, and read at another
    let moved = Story::default().ok("produce/1", 10, 0).assign("reader", Some(0)).poll("reader", &[(1, 10)]);
    moved.shows(&[(Kind::Duplicate, 2), (Kind::Skip, 3)]);
}

#[test]
fn two_values_at_an_offset() {
    // two are told of the same place
    let told = sent().ok("produce/2", 20, 2).assign("reader", Some(0)).poll("reader", ALL);
    told.shows(&[(Kind::LostWrite, 2), (Kind::OffsetDivergence, 2)]);
    // two readers see different records there
    let unsure = || sent().send("produce/2", 20, Outcome::Unknown).send("produce/2", 21, Outcome::Unknown);
    let first = unsure().assign("reader", Some(0)).poll("reader", ALL).poll("reader", &[(3, 20)]);
    let second = first.assign("afterwards", Some(0)).poll("afterwards", ALL).poll("afterwards", &[(3, 21)]);
    second.shows(&[(Kind::OffsetDivergence, 2)]);
}

#[test]
fn what_should_not_be_there() {
    let failed = sent().send("produce/1", 13, Outcome::Fail).assign("reader", Some(0)).poll("reader", ALL);
    failed.poll("reader", &[(3, 13)]).shows(&[(Kind::FailedWrite, 2)]);
    let unsent = sent().assign("reader", Some(0)).poll("reader", ALL).poll("reader", &[(3, 99)]);
    unsent.shows(&[(Kind::NeverSent, 1)]);
    // sent to another partition
    let elsewhere = Action::Send { partition: 1, value: 30, outcome: Outcome::Unknown };
    let elsewhere = sent().then("produce/1", elsewhere).assign("reader", Some(0)).poll("reader", ALL);
    elsewhere.poll("reader", &[(3, 30)]).shows(&[(Kind::NeverSent, 2)]);
}

#[test]
fn sends_out_of_order() {
    let inverted = Story::default().ok("produce/1", 10, 1).ok("produce/1", 11, 0);
    inverted.assign("reader", Some(0)).poll("reader", &[(0, 11), (1, 10)]).shows(&[(Kind::SendInversion, 2)]);
    // those of two processes have no order
    let two = Story::default().ok("produce/1", 10, 1).ok("produce/2", 11, 0);
    two.assign("reader", Some(0)).poll("reader", &[(0, 11), (1, 10)]).shows(&[]);
}

#[test]
fn polls_out_of_order() {
    // within a poll, and from one to the next
    let within = sent().assign("reader", Some(0)).poll("reader", &[(0, 10), (1, 11), (1, 11), (2, 12)]);
    within.shows(&[(Kind::PollInversion, 2)]);
    let between = sent().assign("reader", Some(0)).poll("reader", ALL).poll("reader", &[(1, 11)]);
    between.shows(&[(Kind::PollInversion, 2)]);
    // before the offset that was asked for
    let early = sent().assign("reader", Some(1)).poll("reader", ALL);
    early.shows(&[(Kind::PollInversion, 2)]);
}

#[test]
fn skips() {
    let afterwards = |story: Story| story.assign("afterwards", Some(0)).poll("afterwards", ALL);
    // within a poll, from one to the next, and at the beginning; the audience itself never gets it
    for polls in [&[&[(0, 10), (2, 12)][..]][..], &[&[(0, 10)], &[(2, 12)]], &[&[(1, 11), (2, 12)]]] {
        let story = afterwards(sent()).assign("reader", Some(0));
        let story = polls.iter().fold(story, |story, records| story.poll("reader", records));
        story.shows(&[(Kind::Skip, 3), (Kind::Unseen, 2)]);
    }
    // given later, after a new assignment, it is a skip all the same
    let story = afterwards(sent()).assign("group/1", None).poll("group/1", &[(0, 10), (2, 12)]);
    story.assign("group/2", None).poll("group/2", ALL).shows(&[(Kind::Skip, 3)]);
    // where a partition was given up and came back, the group says where to go on
    let story = afterwards(sent()).assign("group/1", None).poll("group/1", &ALL[..1]);
    let story = story.then("group/1", Action::Revoke { partitions: vec![0] });
    let story = story.assign("group/2", None).poll("group/2", &ALL[1..2]);
    story.assign("group/1", None).poll("group/1", &ALL[2..]).shows(&[]);
}

#[test]
fn unseen() {
    // read by nobody, and nothing behind it
    let tail = sent().assign("reader", Some(0)).poll("reader", &ALL[..2]);
    tail.shows(&[(Kind::Unseen, 1)]);
    // a group that committed what none of its members was given
    let group = sent().assign("reader", Some(0)).poll("reader", ALL).assign("group/1", None);
    group
        .poll("group/1", &ALL[..1])
        .assign("group/2", None)
        .poll("group/2", &ALL[2..])
        .shows(&[(Kind::Unseen, 2)]);
    // one that was given nothing at all
    let idle = sent().assign("reader", Some(0)).poll("reader", ALL).assign("group/1", None);
    idle.shows(&[(Kind::Unseen, 2), (Kind::Unseen, 2), (Kind::Unseen, 2)]);
}

/// Makes one record of a poll wrong.
type Wrong = fn(&mut Vec<(i32, i64, u64)>, usize);

/// A long right history; then each of its records is lost, doubled, moved in turn, and each time that is found.
#[test]
fn every_single_fault_in_a_long_history_is_found() {
    let right = || {
        let mut story = (0..40).fold(Story::default(), |story, n| story.ok("produce/1", 100 + n, n as i64));
        for reader in ["reader", "afterwards"] {
            story = story.assign(reader, Some(0));
            for from in (0..40).step_by(7) {
                let records: Vec<_> = (from..40.min(from + 7)).map(|n| (n, 100 + n as u64)).collect();
                story = story.poll(reader, &records);
            }
        }
        story.0
    };
    assert_eq!(check(&right()), []);
    let polls = |history: &[Operation]| {
        (0..history.len()).filter(|at| matches!(history[*at].action, Action::Poll { .. })).collect::<Vec<_>>()
    };
    for at in polls(&right()) {
        for index in 0..right()[at].read().count() {
            let wrongs: [Wrong; 5] = [
                |records, index| _ = records.remove(index),
                |records, index| records.insert(index, records[index]),
                |records, index| records[index].2 += 1,
                |records, index| records[index].1 += 1,
                |records, index| records[index].0 += 1,
            ];
            for (number, wrong) in wrongs.into_iter().enumerate() {
                let mut history = right();
                let Action::Poll { records } = &mut history[at].action else { unreachable!() };
                wrong(records, index);
                assert_ne!(check(&history), [], "wrong {number} of record {index} in {}", history[at]);
            }
        }
    }
}

#[test]
fn operations_are_read_from_lines() {
    let lines = r#"{"process":"produce/1","begin":1,"end":2,"kind":"send","partition":3,"value":7,"outcome":"ok","offset":9}
{"process":"produce/1","begin":1,"end":2,"kind":"send","partition":3,"value":8,"outcome":"unknown"}
{"process":"group/1","begin":2,"end":2,"kind":"assign","partitions":[[0,null],[1,5]]}
{"process":"group/1","begin":3,"end":4,"kind":"poll","records":[[3,9,7]]}
{"process":"group/1","begin":5,"end":5,"kind":"revoke","partitions":[0,1]}
{"process":"gro"#;
    let parsed = parse(lines).unwrap();
    assert_eq!(parsed.len(), 5, "a line that is still written does not count");
    assert_eq!(
        parsed[0].acknowledged().map(|(place, value)| (place.to_string(), value)),
        Some(("3:9".into(), 7))
    );
    assert_eq!(parsed[2].action, Action::Assign { partitions: vec![(0, None), (1, Some(5))] });
    assert_eq!((parsed[3].audience(), parsed[3].read().count()), ("group", 1));
    let wrong = parse("{\"process\":\"a\"}\n").unwrap_err().to_string();
    assert!(wrong.contains("is no operation"), "{wrong}");
}
