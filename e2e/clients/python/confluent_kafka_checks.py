"""Drives a broker with confluent-kafka, that is with a current librdkafka."""
import os
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, IsolationLevel  # noqa: F401
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
                                   OffsetSpec, ResourceType)
from tap import BOOTSTRAP, TARGET, check, eventually, expect, fails, run_all

BASE = {"bootstrap.servers": BOOTSTRAP, "socket.timeout.ms": 10000, "log_level": 0}
admin = AdminClient(BASE)


def done(futures):
    """The results of an admin call's futures, by key; raises the first failure."""
    return {key: future.result(15) for key, future in futures.items()}


def topic(name, partitions=1, **config):
    name = f"confluent-{name}"
    config = {key.replace("_", "."): value for key, value in config.items()}
    done(admin.create_topics([NewTopic(name, partitions, 1, config=config)]))
    return name


def producer(**config):
    return Producer(BASE | {"message.timeout.ms": 15000} | {key.replace("_", "."): value for key, value in config.items()})


def consumer(group, **config):
    defaults = {"group.id": f"confluent-{group}", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    return Consumer(BASE | defaults | {key.replace("_", "."): value for key, value in config.items()})


def send(writer, name, values, partitions=1, **more):
    """Writes values round robin; returns the delivered (partition, offset)s; raises the first failure."""
    delivered, errors = [], []

    def report(error, message):
        errors.append(error) if error else delivered.append((message.partition(), message.offset()))

    for number, value in enumerate(values):
        writer.produce(name, value, partition=number % partitions, on_delivery=report, **more)
        writer.poll(0)
    expect(0, writer.flush(20), "records left in the queue")
    if errors:
        raise KafkaException(errors[0])
    return delivered


def read(reader, count):
    messages = []

    def enough():
        for message in reader.consume(count - len(messages), 0.2):
            if message.error():
                raise KafkaException(message.error())
            messages.append(message)
        return len(messages) >= count

    eventually(f"{count} records", enough)
    return messages


def read_all(name, count, partitions=1):
    reader = consumer("reader")
    reader.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    messages = read(reader, count)
    reader.close()
    return messages


def values(messages):
    return [message.value().decode() for message in messages]


@check("the cluster and its topics are listed")
def _():
    metadata = admin.list_topics(timeout=10)
    expect([1], list(metadata.brokers), "brokers")
    cluster = admin.describe_cluster().result(10)
    expect((1, 22), (cluster.controller.id, len(cluster.cluster_id)), "controller, length of the cluster id")


for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
    @check(f"compression {codec} comes back as it went")
    def _(codec=codec):
        name = topic(f"codec-{codec}")
        wanted = [f"a value that repeats itself {n}" for n in range(3000)]
        send(producer(compression_type=codec, linger_ms=20), name, wanted)
        expect(wanted, values(read_all(name, 3000)), "values")


for acks in (0, 1, "all"):
    @check(f"acks={acks}")
    def _(acks=acks):
        name = topic(f"acks-{acks}")
        send(producer(acks=acks), name, [str(n) for n in range(100)])
        expect([str(n) for n in range(100)], values(read_all(name, 100)), "values")


@check("an idempotent producer keeps order")
def _():
    name = topic("idempotent")
    delivered = send(producer(enable_idempotence=True, linger_ms=0, batch_num_messages=7), name, [str(n) for n in range(3000)])
    expect([(0, n) for n in range(3000)], delivered, "delivered")
    expect([str(n) for n in range(3000)], values(read_all(name, 3000)), "values")


@check("keys, nulls, headers and timestamps come back")
def _():
    name = topic("everything")
    writer = producer()
    writer.produce(name, "v", "k", headers=[("h", b"1"), ("h", b"2"), ("empty", None)], timestamp=1_234_567_890_123)
    writer.produce(name, None, "tombstone")
    expect(0, writer.flush(15), "records left")
    first, second = read_all(name, 2)
    expect((b"k", b"v", (1, 1_234_567_890_123)), (first.key(), first.value(), first.timestamp()), "first")
    expect([("h", b"1"), ("h", b"2"), ("empty", None)], first.headers(), "headers")
    expect((b"tombstone", None), (second.key(), second.value()), "second")


@check("a record of 1 MB passes, a larger one is refused")
def _():
    name = topic("large")
    writer = producer(message_max_bytes=10_000_000)
    send(writer, name, [os.urandom(1_000_000)])
    fails(lambda: send(writer, name, [os.urandom(2_000_000)]), "MSG_SIZE_TOO_LARGE")
    expect(1_000_000, len(read_all(name, 1)[0].value()), "length")


@check("100 partitions are written and read")
def _():
    name = topic("hundred", 100)
    # Apache Kafka answers before new partitions serve; the retries must not overtake each other.
    send(producer(linger_ms=5, max_in_flight=1), name, [str(n) for n in range(5000)], partitions=100)
    by_partition = {}
    for message in read_all(name, 5000, partitions=100):
        by_partition.setdefault(message.partition(), []).append(int(message.value()))
    for partition in range(100):
        expect(list(range(partition, 5000, 100)), by_partition[partition], f"partition {partition}")


@check("writing creates the topic")
def _():
    send(producer(), "confluent-auto", ["v"])
    expect(["v"], values(read_all("confluent-auto", 1)), "values")


@check("offsets are found by time, and at both ends")
def _():
    name = topic("times")
    writer = producer()
    for n in range(50):
        send(writer, name, [str(n)], timestamp=1_000_000 + n * 10)
    reader = consumer("times")
    expect((0, 50), reader.get_watermark_offsets(TopicPartition(name, 0), timeout=10), "watermarks")
    for time_ms, offset in ((0, 0), (1_000_001, 1), (1_000_250, 25), (1_000_490, 49), (1_000_491, -1)):
        [found] = reader.offsets_for_times([TopicPartition(name, 0, time_ms)], timeout=10)
        expect(offset, found.offset, f"offset at {time_ms}")
    partition = TopicPartition(name, 0)
    for spec, offset in ((OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 50), (OffsetSpec.max_timestamp(), 49)):
        expect(offset, admin.list_offsets({partition: spec})[partition].result(10).offset, str(spec))


@check("a fetch waits for its first byte, and no longer")
def _():
    name = topic("long-poll")
    reader = consumer("long-poll", fetch_wait_max_ms=5000)
    reader.assign([TopicPartition(name, 0, OFFSET_BEGINNING)])
    expect(None, reader.poll(1), "record")
    writer = producer(linger_ms=0)
    began = time.monotonic()
    send(writer, name, ["v"])
    expect(b"v", read(reader, 1)[0].value(), "value")
    assert time.monotonic() - began < 1, f"the record came after {time.monotonic() - began:.1f} s"


class Member:
    """A consumer that must be polled by `poll_all`, as Python's clients have no thread of their own."""

    def __init__(self, name, group, **config):
        self.rebalances = 0
        self.consumer = consumer(group, **config)
        self.consumer.subscribe([name], on_assign=self._count)
        self.seen = []

    def _count(self, _, partitions):
        self.rebalances += bool(partitions)

    def assignment(self):
        return sorted(partition.partition for partition in self.consumer.assignment())


def poll_all(*members):
    for member in members:
        message = member.consumer.poll(0.02)
        if message and not message.error():
            member.seen.append(message.value())


for strategy in ("range", "roundrobin", "cooperative-sticky"):
    @check(f"members share and hand over partitions by {strategy}")
    def _(strategy=strategy):
        name = topic(f"shared-{strategy}", 6)
        send(producer(), name, [str(n) for n in range(60)], partitions=6)
        config = {"partition_assignment_strategy": strategy, "heartbeat_interval_ms": 200}
        members = [Member(name, f"shared-{strategy}", **config)]

        def shares(*sizes):
            poll_all(*members)
            return sorted(len(member.assignment()) for member in members) == list(sizes)

        eventually("the first has all", lambda: shares(6))
        members.append(Member(name, f"shared-{strategy}", **config))
        eventually("three each", lambda: shares(3, 3))
        expect(list(range(6)), sorted(members[0].assignment() + members[1].assignment()), "partitions")
        members.pop(0).consumer.close()
        eventually("the second has all", lambda: shares(6))
        members[0].consumer.close()


@check("a static member comes back without a rebalance")
def _():
    name = topic("static", 4)
    config = {"heartbeat_interval_ms": 200, "session_timeout_ms": 15000}
    first = Member(name, "static", group_instance_id="one", **config)
    second = Member(name, "static", group_instance_id="two", **config)
    eventually("two each", lambda: poll_all(first, second) or (len(first.assignment()), len(second.assignment())) == (2, 2))
    before, had = first.rebalances, second.assignment()
    second.consumer.close()
    again = Member(name, "static", group_instance_id="two", **config)
    eventually("it has what it had", lambda: poll_all(first, again) or again.assignment() == had)
    expect(before, first.rebalances, "rebalances of the other")
    first.consumer.close()
    again.consumer.close()


@check("a group goes on at its committed offsets")
def _():
    name = topic("resume")
    send(producer(), name, [str(n) for n in range(20)])
    first = consumer("resume")
    first.subscribe([name])
    expect([str(n) for n in range(8)], values(read(first, 8)), "first part")
    first.commit(asynchronous=False)
    first.close()
    second = consumer("resume")
    second.subscribe([name])
    expect([str(n) for n in range(8, 20)], values(read(second, 12)), "second part")
    expect(8, second.committed([TopicPartition(name, 0)], timeout=10)[0].offset, "committed")
    second.close()


@check("admin creates, grows, alters and deletes a topic")
def _():
    name = topic("life", 2, retention_ms="1234567")
    done(admin.create_partitions([NewPartitions(name, 5)]))
    eventually("five partitions", lambda: len(admin.list_topics(name, timeout=10).topics[name].partitions) == 5)
    resource = ConfigResource(ResourceType.TOPIC, name)
    expect("1234567", done(admin.describe_configs([resource]))[resource]["retention.ms"].value, "retention.ms")
    change = ConfigEntry("max.message.bytes", "4321", incremental_operation=AlterConfigOpType.SET)
    done(admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])]))
    eventually("altered", lambda: done(admin.describe_configs([resource]))[resource]["max.message.bytes"].value == "4321")
    fails(lambda: done(admin.create_topics([NewTopic(name, 1, 1)])), "TOPIC_ALREADY_EXISTS")
    done(admin.delete_topics([name]))
    eventually("gone", lambda: name not in admin.list_topics(timeout=10).topics)


@check("admin deletes records")
def _():
    name = topic("delete-records")
    send(producer(), name, [str(n) for n in range(10)])
    partition = TopicPartition(name, 0, 6)
    expect(6, done(admin.delete_records([partition]))[partition].low_watermark, "low watermark")
    expect(["6", "7", "8", "9"], values(read_all(name, 4)), "left")


@check("admin lists, describes and deletes groups, and alters their offsets")
def _():
    name = topic("groups")
    send(producer(), name, ["v"])
    reader = consumer("groups")
    reader.subscribe([name])
    read(reader, 1)
    reader.commit(asynchronous=False)
    group = "confluent-groups"
    assert group in [listed.group_id for listed in admin.list_consumer_groups().result(10).valid]
    described = done(admin.describe_consumer_groups([group]))[group]
    expect((ConsumerGroupState.STABLE, 1, "range"), (described.state, len(described.members), described.partition_assignor), "described")
    fails(lambda: done(admin.delete_consumer_groups([group])), "NON_EMPTY_GROUP")
    reader.close()
    wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(name, 0, 0)])
    done(admin.alter_consumer_group_offsets([wanted]))
    [listed] = done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])).values()
    expect([(name, 0, 0)], [(p.topic, p.partition, p.offset) for p in listed.topic_partitions], "offsets")
    done(admin.delete_consumer_groups([group]))
    assert group not in [listed.group_id for listed in admin.list_consumer_groups().result(10).valid]


@check("a transactional producer works or is told at once")
def _():
    writer = producer(transactional_id="confluent-transactional")
    if TARGET == "kafka":
        writer.init_transactions(20)
        return
    began = time.monotonic()
    error = fails(lambda: writer.init_transactions(20), "UNSUPPORTED", "AUTHORIZATION", "INVALID")
    assert "TIMED_OUT" not in repr(error) and time.monotonic() - began < 5, f"{error!r} after {time.monotonic() - began:.1f} s"


run_all()
# Consumers of checks that hang would wait for the broker on their way out.
os._exit(0)
