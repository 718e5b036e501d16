"""A client that tells what it does, an operation a line as e2e/src/history reads it, until its input ends. confluent-kafka, that
is librdkafka.

history_client.py create  BOOTSTRAP TOPIC PARTITIONS             makes the topic with three replicas
history_client.py whole   BOOTSTRAP TOPIC PARTITIONS             returns when all three replicas of all partitions are in sync
history_client.py produce BOOTSTRAP TOPIC PARTITIONS NAME RATE   sends so many records a second, idempotent, acks=all
history_client.py group   BOOTSTRAP TOPIC PARTITIONS NAME REST   reads as a member of a group; REST > 0: leaves it and comes back that often (s)
history_client.py read    BOOTSTRAP TOPIC PARTITIONS NAME        reads everything from offset 0
"""
import json
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROLE, BOOTSTRAP, TOPIC, PARTITIONS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
NAME, NUMBER = (sys.argv[5:] + [""] * 2)[:2]
# A silent host is given up after 6 s, as in the other tests with faults; librdkafka's default is a minute.
BASE = {"bootstrap.servers": BOOTSTRAP, "socket.timeout.ms": 6000, "reconnect.backoff.max.ms": 1000, "log_level": 3}
# Longer than all faults together that can keep a partition without a leader: a producer gives nothing up.
DELIVERY_S = 300
WITHIN_S = 60
FILLING = "x" * 200
now = time.monotonic_ns
over = threading.Event()


def watch_input():
    sys.stdin.read()
    over.set()


def tell(begin, kind, **more):
    line = {"process": NAME, "begin": begin, "end": now(), "kind": kind} | more
    print(json.dumps(line, separators=(",", ":")), flush=True)


def fatal(error):
    if error.fatal():
        print(f"{NAME}: {error}", file=sys.stderr, flush=True)
        over.set()
        watcher.failed = True


def admin(holds):
    """Calls again and again what fails while brokers come up."""
    client, end = AdminClient(BASE), time.monotonic() + WITHIN_S
    while True:
        try:
            if holds(client):
                return
            error = "not yet so"
        except KafkaException as exception:
            error = exception
        if time.monotonic() > end:
            sys.exit(f"{ROLE} {TOPIC}: {error}, after {WITHIN_S} s")
        time.sleep(0.1)


def create(client):
    config = {"min.insync.replicas": "2", "segment.bytes": str(1 << 20)}
    try:
        client.create_topics([NewTopic(TOPIC, PARTITIONS, 3, config=config)])[TOPIC].result(10)
    except KafkaException as exception:
        if exception.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
    return whole(client)


def whole(client):
    found = client.list_topics(TOPIC, timeout=5).topics[TOPIC].partitions.values()
    return len(found) == PARTITIONS and all(len(one.isrs) == 3 and one.leader >= 0 for one in found)


def produce():
    # One request in flight: with more, librdkafka answers OUT_OF_ORDER_SEQUENCE_NUMBER for what came behind a refused batch with a
    # new epoch for all partitions, and sends again what others had taken: duplicates of its own (its issue 4953).
    producer = Producer(BASE | {"enable.idempotence": True, "acks": "all", "linger.ms": 5, "error_cb": fatal,
                                "max.in.flight.requests.per.connection": 1,
                                "message.timeout.ms": DELIVERY_S * 1000})
    first, every = int(NAME.split("/")[1]) * 10**9, 1e9 / int(NUMBER)

    def send(begin, value):
        partition = value % PARTITIONS
        sent = {"partition": partition, "value": value}

        def told(error, message):
            if error:
                tell(begin, "send", **sent, outcome="unknown", error=str(error))
            else:
                tell(begin, "send", **sent, outcome="ok", offset=message.offset())

        try:
            producer.produce(TOPIC, f"{value} {FILLING}", partition=partition, on_delivery=told)
        except (BufferError, KafkaException) as refused:
            tell(begin, "send", **sent, outcome="fail", error=str(refused))

    began, value = now(), first
    while not over.is_set():
        send(now(), value)
        value += 1
        # behind after a pause of the machine: no burst
        began = max(began, now() - 10**9)
        began += int(every)
        producer.poll(max(0, (began - now()) / 1e9))
        while now() < began:
            producer.poll(max(0, (began - now()) / 1e9))
    if producer.flush(DELIVERY_S):
        sys.exit(f"{NAME}: records are neither acknowledged nor given up")


class Reader:
    """Polls, and tells of what came between two assignments or within 100 ms."""

    def __init__(self, more):
        self.begin, self.records = now(), []
        self.consumer = Consumer(BASE | {"check.crcs": True, "error_cb": fatal} | more)

    def flush(self):
        if self.records:
            tell(self.begin, "poll", records=self.records)
        self.begin, self.records = now(), []

    def assigned(self, consumer, partitions):
        self.flush()
        # where the group stands is asked for only now
        tell(now(), "assign", partitions=[[one.partition, one.offset if one.offset >= 0 else None] for one in partitions])

    def revoked(self, consumer, partitions):
        self.flush()
        tell(now(), "revoke", partitions=[one.partition for one in partitions])

    def read(self):
        message = self.consumer.poll(0.1)
        if message is None:
            return self.flush()
        if message.error():
            if message.error().code() == KafkaError._AUTO_OFFSET_RESET:
                sys.exit(f"{NAME}: {message.error()}")
            return None  # it goes on by itself
        value, filling = message.value().decode().split(" ")
        if filling != FILLING:
            sys.exit(f"{NAME}: {message.partition()}:{message.offset()} holds {message.value()!r}")
        self.records.append([message.partition(), message.offset(), int(value)])
        if len(self.records) == 500 or now() - self.begin > 100_000_000:
            self.flush()


def group():
    reader = Reader({"group.id": "group", "auto.offset.reset": "earliest", "auto.commit.interval.ms": 1000,
                     "session.timeout.ms": 10000})
    calls = {"on_assign": reader.assigned, "on_revoke": reader.revoked, "on_lost": reader.revoked}
    reader.consumer.subscribe([TOPIC], **calls)
    rest, since = float(NUMBER), time.monotonic()
    while not over.is_set():
        reader.read()
        if rest and time.monotonic() - since > rest:
            reader.consumer.unsubscribe()
            reader.flush()
            reader.consumer.subscribe([TOPIC], **calls)
            since = time.monotonic()
    reader.flush()
    reader.consumer.close()


def read():
    # what is gone is an error, never a jump
    reader = Reader({"group.id": NAME, "auto.offset.reset": "error", "enable.auto.commit": False})
    partitions = [TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)]
    reader.assigned(reader.consumer, partitions)
    reader.consumer.assign(partitions)
    while not over.is_set():
        reader.read()
    reader.flush()
    reader.consumer.close()


watcher = threading.Thread(target=watch_input, daemon=True)
watcher.failed = False
watcher.start()
if ROLE in ("create", "whole"):
    admin({"create": create, "whole": whole}[ROLE])
else:
    {"produce": produce, "group": group, "read": read}[ROLE]()
sys.exit(1 if watcher.failed else 0)
