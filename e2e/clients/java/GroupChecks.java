import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.errors.*;

/** Consumer groups: assignment, rebalances, offsets, and what the admin client sees of them. */
final class GroupChecks {
    private final Checks on;

    GroupChecks(Checks on) {
        this.on = on;
        for (String assignor : List.of("RangeAssignor", "RoundRobinAssignor", "StickyAssignor", "CooperativeStickyAssignor"))
            on.check("members share and hand over partitions with " + assignor, () -> shared(assignor));
        on.check("a group goes on at its committed offsets", this::resume);
        on.check("offsets are committed asynchronously, with metadata", this::commits);
        on.check("automatic commits are made on close", this::autoCommit);
        on.check("a static member comes back without a rebalance", this::staticMember);
        on.check("a static member is fenced by its double", this::fenced);
        on.check("a silent member is removed after its session", this::silent);
        on.check("a commit by a former member is refused", this::formerMember);
        on.check("admin lists and describes groups", this::described);
        on.check("admin alters, reads and deletes group offsets", this::offsets);
        on.check("admin removes members from a group", this::removed);
        on.check("admin deletes groups, but none at work", this::deleted);
        on.check("the new consumer protocol works or is told at once", this::newProtocol);
    }

    /** A member that polls on a thread of its own until it is closed. */
    private final class Member implements AutoCloseable {
        final Consumer<String, String> consumer;
        final Set<String> seen = ConcurrentHashMap.newKeySet();
        volatile Set<TopicPartition> assignment = Set.of();
        volatile int rebalances;
        private volatile boolean stop;
        private volatile Exception failure;
        private final Thread thread;

        Member(String topic, String... pairs) {
            consumer = on.consumer(pairs);
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                public void onPartitionsRevoked(Collection<TopicPartition> lost) {}
                public void onPartitionsAssigned(Collection<TopicPartition> won) { rebalances++; }
            });
            thread = new Thread(() -> {
                try {
                    while (!stop) {
                        consumer.poll(Duration.ofMillis(50)).forEach(record -> seen.add(record.partition() + "/" + record.offset()));
                        assignment = Set.copyOf(consumer.assignment());
                    }
                } catch (Exception ended) {
                    failure = ended;
                }
                // Leaving the group is the consumer's own job, on its own thread; a static member stays in.
                consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
            });
            thread.start();
            on.closing(this);
        }

        public void close() throws InterruptedException {
            stop = true;
            thread.join();
        }
    }

    private void shared(String assignor) throws Exception {
        String topic = on.topic("shared-" + assignor, 6);
        String[] settings = {"group.id", topic, "partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor, "heartbeat.interval.ms", "200"};
        on.fill(topic, 6, 60);
        Member first = new Member(topic, settings);
        Checks.eventually("the first has all", () -> first.assignment.size() == 6);
        Member second = new Member(topic, settings);
        Checks.eventually("three each", () -> first.assignment.size() == 3 && second.assignment.size() == 3);
        Checks.expect(Collections.disjoint(first.assignment, second.assignment), "no partition twice");
        Member third = new Member(topic, settings);
        Checks.eventually("two each", () -> first.assignment.size() == 2 && second.assignment.size() == 2 && third.assignment.size() == 2);
        first.close();
        Checks.eventually("three each again", () -> second.assignment.size() == 3 && third.assignment.size() == 3);
        Set<String> seen = new HashSet<>(first.seen);
        seen.addAll(second.seen);
        seen.addAll(third.seen);
        Checks.expect(60, seen.size(), "records seen by the group");
    }

    private Consumer<String, String> subscribed(String group, String topic, String... pairs) {
        String[] settings = Arrays.copyOf(pairs, pairs.length + 2);
        settings[pairs.length] = "group.id";
        settings[pairs.length + 1] = group;
        Consumer<String, String> consumer = on.consumer(settings);
        consumer.subscribe(List.of(topic));
        return consumer;
    }

    private void resume() throws Exception {
        String topic = on.topic("resume", 1);
        on.fill(topic, 1, 20);
        Consumer<String, String> first = subscribed("java-resume", topic, "max.poll.records", "5");
        Checks.expect(5, on.read(first, 5).size(), "first part");
        first.commitSync();
        first.close();
        List<String> rest = Checks.values(on.read(subscribed("java-resume", topic), 15));
        Checks.expect(List.of("5", "19"), List.of(rest.get(0), rest.get(14)), "first and last of the rest");
    }

    private void commits() throws Exception {
        String topic = on.topic("commits", 2);
        TopicPartition first = new TopicPartition(topic, 0), second = new TopicPartition(topic, 1);
        Consumer<String, String> consumer = on.consumer("group.id", "java-commits");
        consumer.assign(List.of(first, second));
        CompletableFuture<Exception> done = new CompletableFuture<>();
        consumer.commitAsync(Map.of(first, new OffsetAndMetadata(3, Optional.of(0), "why")), (offsets, failure) -> done.complete(failure));
        Checks.eventually("answered", () -> { consumer.poll(Duration.ofMillis(20)); return done.isDone(); });
        Checks.expect(null, done.get(), "failure");
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(Set.of(first, second));
        Checks.expect(new OffsetAndMetadata(3, Optional.of(0), "why"), committed.get(first), "committed");
        Checks.expect(null, committed.get(second), "not committed");
        Checks.fails(org.apache.kafka.common.errors.OffsetMetadataTooLarge.class, () -> { consumer.commitSync(Map.of(first, new OffsetAndMetadata(3, "x".repeat(5000)))); return 0; });
    }

    private void autoCommit() throws Exception {
        String topic = on.topic("auto-commit", 1);
        on.fill(topic, 1, 10);
        Consumer<String, String> consumer = subscribed("java-auto-commit", topic, "enable.auto.commit", "true");
        on.read(consumer, 10);
        consumer.close();
        TopicPartition partition = new TopicPartition(topic, 0);
        Checks.expect(10L, on.consumer("group.id", "java-auto-commit").committed(Set.of(partition)).get(partition).offset(), "committed");
    }

    private void staticMember() throws Exception {
        String topic = on.topic("static", 4);
        String[] one = {"group.id", "java-static", "group.instance.id", "one", "heartbeat.interval.ms", "200", "session.timeout.ms", "15000"};
        String[] two = {"group.id", "java-static", "group.instance.id", "two", "heartbeat.interval.ms", "200", "session.timeout.ms", "15000"};
        Member first = new Member(topic, one), second = new Member(topic, two);
        Checks.eventually("two each", () -> first.assignment.size() == 2 && second.assignment.size() == 2);
        int before = first.rebalances;
        Set<TopicPartition> had = second.assignment;
        second.close();
        Member again = new Member(topic, two);
        Checks.eventually("it has what it had", () -> again.assignment.equals(had));
        Checks.expect(before, first.rebalances, "rebalances of the other");
        Checks.expect(2, first.assignment.size(), "the other's partitions");
    }

    private void fenced() throws Exception {
        String topic = on.topic("fenced", 2);
        String[] settings = {"group.id", "java-fenced", "group.instance.id", "same", "heartbeat.interval.ms", "200"};
        Member first = new Member(topic, settings);
        Checks.eventually("it has all", () -> first.assignment.size() == 2);
        Member second = new Member(topic, settings);
        Checks.eventually("the first is fenced", () -> first.failure instanceof FencedInstanceIdException);
        Checks.eventually("the second has all", () -> second.assignment.size() == 2);
    }

    private void silent() throws Exception {
        String topic = on.topic("silent", 2);
        String[] settings = {"group.id", "java-silent", "group.instance.id", "goes", "session.timeout.ms", "6000", "heartbeat.interval.ms", "200"};
        Member goes = new Member(topic, settings);
        Checks.eventually("it has all", () -> goes.assignment.size() == 2);
        goes.close();
        Member stays = new Member(topic, "group.id", "java-silent", "session.timeout.ms", "6000", "heartbeat.interval.ms", "200");
        Checks.eventually("the other has all", () -> stays.assignment.size() == 2);
    }

    private void formerMember() throws Exception {
        String topic = on.topic("former", 1);
        on.fill(topic, 1, 5);
        Consumer<String, String> slow = subscribed("java-former", topic, "max.poll.interval.ms", "1000");
        on.read(slow, 5);
        Checks.eventually("it left", () -> on.admin().describeConsumerGroups(List.of("java-former")).all().get().get("java-former").members().isEmpty());
        Checks.fails(CommitFailedException.class, () -> { slow.commitSync(); return 0; });
    }

    private void described() throws Exception {
        String topic = on.topic("described-group", 2);
        Member member = new Member(topic, "group.id", "java-described", "client.id", "teller");
        Checks.eventually("it has all", () -> member.assignment.size() == 2);
        Admin admin = on.admin();
        GroupListing listed = admin.listGroups().all().get().stream().filter(group -> group.groupId().equals("java-described")).findFirst().orElseThrow();
        Checks.expect(List.of(Optional.of(GroupType.CLASSIC), "consumer", Optional.of(GroupState.STABLE)), List.of(listed.type(), listed.protocol(), listed.groupState()), "listed");
        ConsumerGroupDescription group = admin.describeConsumerGroups(List.of("java-described")).all().get().get("java-described");
        Checks.expect(List.of(GroupState.STABLE, "range", 1, 1), List.of(group.groupState(), group.partitionAssignor(), group.members().size(), group.coordinator().id()), "described");
        MemberDescription described = group.members().iterator().next();
        Checks.expect(Set.copyOf(Checks.partitions(topic, 2)), described.assignment().topicPartitions(), "assignment");
        Checks.expect("teller", described.clientId(), "client id");
        Checks.expect(described.host().contains("127.0.0.1"), "host " + described.host());
        var stable = ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.EMPTY));
        Checks.expect(admin.listGroups(stable).all().get().stream().noneMatch(each -> each.groupId().equals("java-described")), "filtered by state");
        Checks.fails(GroupIdNotFoundException.class, () -> admin.describeConsumerGroups(List.of("java-none")).all().get());
    }

    private void offsets() throws Exception {
        String topic = on.topic("group-offsets", 2);
        TopicPartition first = new TopicPartition(topic, 0), second = new TopicPartition(topic, 1);
        Admin admin = on.admin();
        admin.alterConsumerGroupOffsets("java-offsets", Map.of(first, new OffsetAndMetadata(4), second, new OffsetAndMetadata(5))).all().get();
        Map<TopicPartition, OffsetAndMetadata> read = admin.listConsumerGroupOffsets("java-offsets").partitionsToOffsetAndMetadata().get();
        Checks.expect(List.of(4L, 5L), List.of(read.get(first).offset(), read.get(second).offset()), "offsets");
        var many = admin.listConsumerGroupOffsets(Map.of("java-offsets", new ListConsumerGroupOffsetsSpec(), "java-none", new ListConsumerGroupOffsetsSpec()));
        Checks.expect(2, many.partitionsToOffsetAndMetadata("java-offsets").get().size(), "offsets of one of two groups");
        admin.deleteConsumerGroupOffsets("java-offsets", Set.of(first)).all().get();
        Checks.expect(Set.of(second), admin.listConsumerGroupOffsets("java-offsets").partitionsToOffsetAndMetadata().get().keySet(), "left");
    }

    private void removed() throws Exception {
        String topic = on.topic("removed", 2);
        Member member = new Member(topic, "group.id", "java-removed", "group.instance.id", "goes");
        Checks.eventually("it has all", () -> member.assignment.size() == 2);
        member.close();
        Admin admin = on.admin();
        Checks.expect(1, admin.describeConsumerGroups(List.of("java-removed")).all().get().get("java-removed").members().size(), "a static member stays");
        admin.removeMembersFromConsumerGroup("java-removed", new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("goes")))).all().get();
        Checks.eventually("none", () -> admin.describeConsumerGroups(List.of("java-removed")).all().get().get("java-removed").members().isEmpty());
    }

    private void deleted() throws Exception {
        String topic = on.topic("group-deleted", 1);
        Member member = new Member(topic, "group.id", "java-deleted");
        Checks.eventually("it has all", () -> member.assignment.size() == 1);
        Admin admin = on.admin();
        Checks.fails(GroupNotEmptyException.class, () -> admin.deleteConsumerGroups(List.of("java-deleted")).all().get());
        member.close();
        admin.deleteConsumerGroups(List.of("java-deleted")).all().get();
        Checks.expect(admin.listGroups().all().get().stream().noneMatch(group -> group.groupId().equals("java-deleted")), "gone");
        Checks.fails(GroupIdNotFoundException.class, () -> admin.deleteConsumerGroups(List.of("java-deleted")).all().get());
    }

    private void newProtocol() throws Exception {
        String topic = on.topic("new-protocol", 1);
        on.fill(topic, 1, 1);
        Consumer<String, String> consumer = on.consumer("group.id", "java-new", "group.protocol", "consumer");
        consumer.subscribe(List.of(topic));
        if (on.kafka) on.read(consumer, 1);
        else Checks.fails(UnsupportedVersionException.class, () -> on.read(consumer, 1));
    }
}
