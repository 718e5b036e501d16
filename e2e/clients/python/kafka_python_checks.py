"""Drives a broker with kafka-python: a client written without librdkafka or Java."""
import os
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from tap import BOOTSTRAP, check, eventually, expect, fails, run_all

# kafka-python (3.0.12) never looks at the answer of a rejoin for new metadata, which comes 100 ms after the first join, if the poll that began
# it ends before: polls must be longer than that takes on a busy machine. They return as soon as there are records.
POLL_MS = 1000
BASE = {"bootstrap_servers": BOOTSTRAP, "request_timeout_ms": 15000}
admin = KafkaAdminClient(**BASE)


def topic(name, partitions=1, **config):
    name = f"kafka-python-{name}"
    config = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
    return name


def producer(**config):
    return KafkaProducer(**BASE | config)


def consumer(group=None, **config):
    group = group and f"kafka-python-{group}"
    return KafkaConsumer(**BASE | {"group_id": group, "auto_offset_reset": "earliest", "enable_auto_commit": False} | config)


def send(writer, name, values, partitions=1, **more):
    futures = [writer.send(name, value.encode(), partition=n % partitions, **more) for n, value in enumerate(values)]
    return [future.get(15).offset for future in futures]


def read(reader, count):
    records = []

    def enough():
        for batch in reader.poll(POLL_MS).values():
            records.extend(batch)
        return len(records) >= count

    eventually(f"{count} records", enough)
    expect(count, len(records), "records")
    return records


def assigned(name, partitions=1, **config):
    reader = consumer(**config)
    reader.assign([TopicPartition(name, partition) for partition in range(partitions)])
    return reader


def values(records):
    return [record.value.decode() for record in records]


@check("the cluster is described")
def _():
    cluster = admin.describe_cluster()
    expect((1, 1), (len(cluster["brokers"]), cluster["controller_id"]), "brokers, controller")


for codec in (None, "gzip", "snappy", "lz4", "zstd"):
    @check(f"compression {codec} comes back as it went")
    def _(codec=codec):
        name = topic(f"codec-{codec}")
        wanted = [f"a value that repeats itself {n}" for n in range(500)]
        send(producer(compression_type=codec, linger_ms=20), name, wanted)
        expect(wanted, values(read(assigned(name), 500)), "values")


for acks in (0, 1, "all"):
    @check(f"acks={acks}")
    def _(acks=acks):
        name = topic(f"acks-{acks}")
        send(producer(acks=acks, enable_idempotence=False), name, [str(n) for n in range(50)])
        expect([str(n) for n in range(50)], values(read(assigned(name), 50)), "values")


@check("an idempotent producer keeps order")
def _():
    name = topic("idempotent")
    offsets = send(producer(enable_idempotence=True), name, [str(n) for n in range(500)])
    expect(list(range(500)), offsets, "offsets")


@check("keys, headers and timestamps come back")
def _():
    name = topic("everything")
    writer = producer()
    writer.send(name, b"v", key=b"k", headers=[("h", b"1")], timestamp_ms=1_234_567_890_123).get(15)
    [record] = read(assigned(name), 1)
    expect((b"k", b"v", [("h", b"1")], 1_234_567_890_123), (record.key, record.value, list(record.headers), record.timestamp), "record")


@check("a record of 1 MB passes, a larger one is refused")
def _():
    name = topic("large")
    writer = producer(max_request_size=10_000_000)
    send(writer, name, ["x" * 1_000_000])
    fails(lambda: send(writer, name, ["x" * 2_000_000]), "MessageSizeTooLarge")
    expect(1_000_000, len(read(assigned(name), 1)[0].value), "length")


@check("offsets are found by time, and at both ends")
def _():
    name = topic("times")
    writer = producer()
    for n in range(20):
        send(writer, name, [str(n)], timestamp_ms=1_000_000 + n * 10)
    partition, reader = TopicPartition(name, 0), assigned(name)
    expect(({partition: 0}, {partition: 20}), (reader.beginning_offsets([partition]), reader.end_offsets([partition])), "ends")
    expect(7, reader.offsets_for_times({partition: 1_000_065})[partition].offset, "offset by time")
    expect(None, reader.offsets_for_times({partition: 2_000_000})[partition], "offset after the last")


@check("members share and hand over partitions")
def _():
    name = topic("shared", 4)
    members = []

    def join():
        members.append(consumer("shared", heartbeat_interval_ms=200))
        members[-1].subscribe([name])

    def shares(*sizes):
        for member in members:
            member.poll(POLL_MS)
        return [len(member.assignment()) for member in members] == list(sizes)

    join()
    eventually("the first has all", lambda: shares(4))
    join()
    eventually("two each", lambda: shares(2, 2))
    members.pop(0).close()
    eventually("the second has all", lambda: shares(4))
    members.pop().close()


@check("a group goes on at its committed offsets")
def _():
    name = topic("resume")
    send(producer(), name, [str(n) for n in range(20)])
    first = consumer("resume", max_poll_records=8)
    first.subscribe([name])
    read(first, 8)
    first.commit()
    first.close()
    second = consumer("resume")
    second.subscribe([name])
    expect([str(n) for n in range(8, 20)], values(read(second, 12)), "second part")
    second.close()


@check("a fetch waits for its first byte, and no longer")
def _():
    name = topic("long-poll")
    reader = assigned(name, fetch_max_wait_ms=5000)
    expect({}, reader.poll(POLL_MS), "records")
    began = time.monotonic()
    send(producer(), name, ["v"])
    read(reader, 1)
    assert time.monotonic() - began < 1.5, f"the record came after {time.monotonic() - began:.1f} s"


@check("admin creates, grows, describes and deletes a topic")
def _():
    name = topic("life", 2, retention_ms="1234567")
    admin.create_partitions({name: NewPartitions(5)})
    eventually("five partitions", lambda: len(admin.describe_topics([name])[0]["partitions"]) == 5)
    fails(lambda: topic("life"), "TopicAlreadyExists")
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    assert "1234567" in str(described), described
    admin.delete_topics([name])
    eventually("gone", lambda: name not in admin.list_topics())


@check("admin lists and describes groups and their offsets")
def _():
    name = topic("groups")
    reader = consumer("groups")
    reader.subscribe([name])
    eventually("assigned", lambda: reader.poll(POLL_MS) is not None and reader.assignment())
    reader.commit({TopicPartition(name, 0): OffsetAndMetadata(3, "", -1)})
    assert "kafka-python-groups" in str(admin.list_groups()), admin.list_groups()
    assert "Stable" in str(admin.describe_groups(["kafka-python-groups"]))
    reader.close()
    assert "3" in str(admin.list_group_offsets(["kafka-python-groups"]))
    admin.delete_groups(["kafka-python-groups"])


run_all()
# Clients of checks that hang would wait for the broker on their way out.
os._exit(0)
