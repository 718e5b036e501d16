"""What is measured of three brokers on one machine. Each phase takes a `Cluster` and a `Scale` and yields (row of the table, value)."""
import json
import os
import signal
import subprocess
import time

from machine import Meter, wait_until_quiet
from phases import LATENCY, fixed_shape, latency
from wire import one_record_batch

# The failover load: 5,000 records of 1 KiB a second to 16 partitions, acks=all, from an idempotent producer.
RATE, PARTITIONS = 5000, 16
# What Klamm takes for a session by default, told to Kafka.
OUR_SESSION = "broker.session.timeout.ms=600\nbroker.heartbeat.interval.ms=150"
# A client of librdkafka notices a host that says nothing only by its own time-outs (60 s unless told otherwise).
SILENT_CLIENT = {"socket.timeout.ms": 1000, "topic.metadata.refresh.interval.ms": 500}


def steady(cluster, topic, seconds, properties):
    """Starts the load; at its end (or SIGTERM) everything is read back and compared with what was acknowledged."""
    load = {"--brokers": cluster.bootstrap(), "--topic": topic, "--partitions": PARTITIONS, "--rate": RATE, "--size": 1024, "--seconds": seconds, "--linger": 1}
    words = [str(word) for pair in load.items() for word in pair]
    more = [word for name, value in properties.items() for word in ("-X", f"{name}={value}")]
    return subprocess.Popen([LATENCY, *words, "--idempotent", "--verify", *more], stdout=subprocess.PIPE, text=True)


def outcome(row, load):
    """What every load of `steady` must show at its end."""
    found = json.loads(load.communicate()[0])
    verified = found["verify"]
    assert verified["partitions_unfinished"] == 0, f"not all could be read back: {verified}"
    yield f"{row}: longest gap of acks, s", found["max_gap_ms"] / 1000
    yield f"{row}: records not acknowledged", found["sent"] - found["acked"]
    yield f"{row}: acknowledged records lost", verified["lost"]
    yield f"{row}: records stored twice", verified["duplicated"]


def failure(cluster, row, how, properties, strikes, number):
    """One broker fails under load; its partitions' next acknowledged write, and the producer's longest wait."""
    topic = f"failover-{number}-{len(row)}"
    cluster.create(topic, PARTITIONS)
    controller = cluster.controller()
    others = [node for node in cluster.nodes if node != controller]
    victim = controller if strikes == "controller" else others[number % len(others)]
    led = cluster.leaders(topic)[victim]
    load = steady(cluster, topic, 600, properties)
    time.sleep(4)
    struck = time.monotonic()
    if how == signal.SIGKILL:
        cluster.nodes[victim].stop(how)
    else:
        cluster.nodes[victim].send(how)
    cluster.wait_served(topic, led, one_record_batch(), without=victim)
    yield f"{row}: server's gap, s", time.monotonic() - struck
    time.sleep(3)
    load.send_signal(signal.SIGTERM)
    yield from outcome(row, load)
    began = time.monotonic()
    if how == signal.SIGKILL:
        cluster.nodes[victim].start()
    else:
        cluster.nodes[victim].send(signal.SIGCONT)
    cluster.wait_in_sync(topic, PARTITIONS)
    yield f"{row}: back until all is in sync, s", time.monotonic() - began
    cluster.delete(topic)


def failover(cluster, scale):
    """A broker that leads partitions fails in three ways, again and again. Of three brokers that are controllers too, leader and
    controller at once is one process: two of three would leave neither a majority nor two replicas."""
    sessions = {"": ""} | ({", session 600 ms": OUR_SESSION} if cluster.name == "Kafka" else {})
    kinds = [
        ("leader killed", signal.SIGKILL, {}, "broker"),
        ("leader and controller killed", signal.SIGKILL, {}, "controller"),
        ("leader stopped silently", signal.SIGSTOP, SILENT_CLIENT, "broker"),
    ]
    for label, session in sessions.items():
        cluster.fresh(session)
        for number in range(scale.kills):
            for kind, how, properties, strikes in kinds:
                wait_until_quiet(scale.quiet_s)
                yield from failure(cluster, kind + label, how, properties, strikes, number)
        cluster.kill()


def fixed3s(cluster, scale):
    """20,000 records of 1 KiB a second to three replicas; CPU time is that of all three brokers."""
    cluster.fresh()
    cluster.create("warm", PARTITIONS)
    latency(cluster, "warm", scale.warm_s).communicate()
    cluster.delete("warm")
    yield from fixed_shape(cluster, scale, "fixed3s", "--sticky")
    yield "fixed3s, SIGTERM to all until all are gone, s", cluster.stop()


def fence_one(cluster, topic):
    """Stops a broker until it is fenced: a count that misses this one counts nothing."""
    before, _ = cluster.in_metadata_log()
    victim = next(node for node in cluster.nodes if node not in (1, cluster.controller()))  # it is the first one's log that is read
    led = cluster.leaders(topic)[victim]
    cluster.nodes[victim].send(signal.SIGSTOP)
    cluster.wait_served(topic, led, one_record_batch(), without=victim)
    cluster.nodes[victim].send(signal.SIGCONT)
    cluster.wait_in_sync(topic, PARTITIONS)
    counted = cluster.in_metadata_log()[0] - before
    assert counted == 1, f"one broker was fenced, {counted} were counted"


def fencings(cluster, scale):
    """A producer beside twice as many busy loops as there are cores: nobody is dead, so nobody may be fenced."""
    row = f"cores saturated for {scale.saturated_s} s"
    cluster.fresh()
    cluster.create("fencings", PARTITIONS)
    fence_one(cluster, "fencings")
    fenced, elected = cluster.in_metadata_log()
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * os.cpu_count())]
    try:
        load = steady(cluster, "fencings", scale.saturated_s, {})
        meter = Meter(cluster)
        yield from outcome(row, load)
        usage = meter.stop()
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    fenced_after, elected_after = cluster.in_metadata_log()
    yield f"{row}: brokers fenced", fenced_after - fenced
    yield f"{row}: controllers elected", elected_after - elected
    yield f"{row}: CPU of the brokers, cores", usage["broker_s"] / usage["wall_s"]
    cluster.kill()


def partitions3(cluster, scale):
    """1,000 partitions of three replicas: until all accept a produce, and what they cost when nothing happens."""
    row = "1,000 partitions on three brokers"
    cluster.fresh()
    wait_until_quiet(scale.quiet_s)
    began = time.monotonic()
    cluster.create("thousand", 1000)
    cluster.wait_served("thousand", range(1000), one_record_batch())
    yield f"{row}: made until all accept a produce, s", time.monotonic() - began
    time.sleep(scale.idle_s)
    yield f"{row}: memory of the largest broker, idle, MiB", max(node.memory_mib() for node in cluster.nodes.values())
    meter = Meter(cluster)
    time.sleep(scale.idle_s)
    usage = meter.stop()
    yield f"{row}: CPU idle, all three, % of a core", 100 * usage["broker_s"] / usage["wall_s"]
    yield f"{row}: SIGTERM to all until all are gone, s", cluster.stop()


ALL = {phase.__name__: phase for phase in (failover, fixed3s, fencings, partitions3)}
