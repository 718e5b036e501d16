"""What is measured. Each phase takes a broker and a `Scale` and yields (row of the table, value)."""
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

from machine import Meter, poll, wait_until_quiet
from wire import one_record_batch

# Built by `cargo xtask bench` before it starts us.
PERFORMANCE, LATENCY = os.environ["RDKAFKA_PERFORMANCE"], os.environ["LAT"]


@dataclass
class Scale:
    idle_s: int          # before idle memory is read
    small_records: int   # of 100 B, at the peak
    large_records: int   # of 1 KiB, at the peak
    fixed_s: int         # of the fixed load …
    fixed_warm_s: int    # … of which this much is not measured
    warm_s: int          # of load before the first measured one: a JVM compiles
    recovery_gb: float
    quiet_s: int         # patience for a machine that is busy with something else
    kills: int           # of each kind in `failover`
    saturated_s: int     # of `fencings`


FULL = Scale(10, 12_000_000, 4_000_000, 60, 15, 40, 10, 300, 10, 600)
QUICK = Scale(5, 2_000_000, 600_000, 15, 5, 10, 1, 10, 2, 120)


def start(broker, scale):
    """A fresh broker: to its first answer, idle, with 1 and with 1,000 partitions, restarted with them."""
    broker.format()
    wait_until_quiet(scale.quiet_s)
    began = time.monotonic()
    broker.start()
    poll(lambda: broker.ask(lambda client: client.api_versions() == 0, 2))
    yield "start to first answer, s", time.monotonic() - began
    broker.wait_up()
    broker.create("one", 1)
    time.sleep(scale.idle_s)
    yield "memory, 1 partition, idle, MiB", broker.memory_mib()
    meter = Meter(broker)
    time.sleep(scale.idle_s)
    usage = meter.stop()
    yield "CPU idle, % of a core", 100 * usage["broker_s"] / usage["wall_s"]
    began = time.monotonic()
    broker.create("thousand", 1000)
    wait_until_served(broker, "thousand", 1000)
    yield "1,000 partitions made until all accept a produce, s", time.monotonic() - began
    time.sleep(scale.idle_s)
    yield "memory, 1,000 partitions, idle, MiB", broker.memory_mib()
    yield "SIGTERM to exit, 1,000 partitions, s", broker.stop()
    wait_until_quiet(scale.quiet_s)
    began = time.monotonic()
    broker.start()
    broker.wait_up()
    wait_until_served(broker, "thousand", 1000)
    yield "restart until all 1,000 accept a produce, s", time.monotonic() - began
    broker.stop()


def wait_until_served(broker, topic, partitions):
    batch = one_record_batch()

    def served(client):
        return not any(client.produce(topic, range(partitions), batch).values())
    poll(lambda: broker.ask(served, 30))


def performance(broker, *options):
    """Runs librdkafka's performance tool: (records, seconds, CPU)."""
    meter = Meter(broker)
    command = [PERFORMANCE, "-i", "600000", "-b", broker.bootstrap(), *map(str, options)]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    usage = meter.stop()
    found = re.search(r"(\d+) delivered .*?failed\) in (\d+)ms", output) or re.search(r"(\d+) messages \(\d+ bytes\) consumed in (\d{2,})ms", output)
    assert found, f"{command} said nothing of use:\n{output[-2000:]}"
    return int(found[1]), int(found[2]) / 1000, usage


def write(broker, topic, size, count):
    return performance(broker, "-P", "-t", topic, "-s", size, "-c", count, "-a", "-1", "-X", "linger.ms=5", "-X", "queue.buffering.max.messages=1000000")


def read(broker, topic, partitions, count):
    chosen = [word for partition in range(partitions) for word in ("-p", partition)]
    return performance(broker, "-C", "-t", topic, *chosen, "-o", "beginning", "-c", count)


def peak(broker, scale):
    """librdkafka as fast as it goes, then the same data read back from the page cache."""
    broker.fresh()
    for size, count in ((100, scale.small_records // 6), (1024, scale.large_records // 4)):
        broker.create(f"warm-{size}", 16)
        write(broker, f"warm-{size}", size, count)
        read(broker, f"warm-{size}", 16, count)
        broker.delete(f"warm-{size}")
    for size, label, count in ((100, "100 B", scale.small_records), (1024, "1 KiB", scale.large_records)):
        for partitions in (3, 16):
            topic = f"peak-{size}-{partitions}"
            broker.create(topic, partitions)
            wait_until_quiet(scale.quiet_s)
            yield from rates(f"produce {label}, {partitions} partitions", size, write(broker, topic, size, count))
            yield from rates(f"consume {label}, {partitions} partitions", size, read(broker, topic, partitions, count))
            broker.delete(topic)
            time.sleep(1)
    yield "memory after the peak, MiB", broker.memory_mib()
    broker.stop()


def rates(row, size, outcome):
    records, seconds, usage = outcome
    gigabytes = records * size / 1e9
    yield f"{row}, MB/s", 1000 * gigabytes / seconds
    yield f"{row}, broker CPU-s/GB", usage["broker_s"] / gigabytes
    yield f"{row}, machine less client CPU-s/GB", (usage["broker_s"] + usage["others_s"]) / gigabytes


def latency(broker, topic, seconds, *options):
    """Starts the open-loop tool: 20,000 records of 1 KiB a second to 16 partitions, acks=all."""
    load = {"--brokers": broker.bootstrap(), "--topic": topic, "--partitions": 16, "--rate": 20000, "--size": 1024, "--seconds": seconds, "--linger": 1}
    words = [str(word) for pair in load.items() for word in pair]
    return subprocess.Popen([LATENCY, *words, *options], stdout=subprocess.PIPE, text=True)


def fixed(broker, scale):
    """20,000 records of 1 KiB a second; latency counts from the time a record was due."""
    broker.fresh()
    broker.create("warm", 16)
    latency(broker, "warm", scale.warm_s).communicate()
    broker.delete("warm")
    for shape, options in (("fixed1s", ["--sticky"]), ("fixed1", [])):
        yield from fixed_shape(broker, scale, shape, *options)
    yield "memory after the fixed load, MiB", broker.memory_mib()
    broker.stop()


def fixed_shape(broker, scale, shape, *options):
    broker.create(shape, 16)
    wait_until_quiet(scale.quiet_s)
    load = latency(broker, shape, scale.fixed_s, "--warmup", str(scale.fixed_warm_s), *options)
    time.sleep(scale.fixed_warm_s + 0.8)
    meter = Meter(broker)
    time.sleep(scale.fixed_s - scale.fixed_warm_s - 1)
    usage = meter.stop()
    found = json.loads(load.communicate()[0])
    gigabytes = 20000 * 1024 * usage["wall_s"] / 1e9
    for kind in ("ack", "e2e"):
        for quantile in ("p50", "p99", "p99.9", "max"):
            yield f"{shape}, {kind} {quantile}, ms", found[f"{kind}_ms"][quantile]
    yield f"{shape}, broker CPU-s/GB", usage["broker_s"] / gigabytes
    yield f"{shape}, machine less client CPU-s/GB", (usage["broker_s"] + usage["others_s"]) / gigabytes
    yield f"{shape}, records not acknowledged", found["sent"] - found["acked"]
    broker.delete(shape)


def recovery(broker, scale):
    """SIGKILL after much was written; until every partition takes and gives records again."""
    broker.fresh()
    partitions = range(16)
    broker.create("recovery", 16)
    wait_until_quiet(scale.quiet_s)
    count = int(scale.recovery_gb * 1e9 / 1024)
    written, seconds, _ = write(broker, "recovery", 1024, count)
    last_write = time.monotonic()
    stored = sum(broker.ask(lambda client: client.end_offsets("recovery", partitions), 20).values())
    yield f"written before SIGKILL, MB/s ({scale.recovery_gb:g} GB)", written * 1024 / 1e6 / seconds
    yield "last write to SIGKILL, s", time.monotonic() - last_write
    broker.stop(signal.SIGKILL)
    began = time.monotonic()
    broker.start()
    left, batch = set(partitions), one_record_batch()

    def step(client):
        for partition, error in client.produce("recovery", sorted(left), batch).items():
            if error == 0 and client.fetch("recovery", {partition: 0})[partition][1] > 0:
                left.discard(partition)
        return not left
    poll(lambda: broker.ask(step, 1), 400)
    yield "SIGKILL: restart until all 16 partitions serve, s", time.monotonic() - began
    kept = sum(broker.ask(lambda client: client.end_offsets("recovery", partitions), 20).values())
    # A probe whose answer was late is written twice: only what is missing counts.
    yield "acknowledged records lost by SIGKILL", max(0, stored - kept)
    yield "SIGTERM to exit, after the recovery, s", broker.stop()
    began = time.monotonic()
    broker.start()
    broker.wait_leaders("recovery", 16)
    yield "clean restart with the same data, s", time.monotonic() - began
    broker.stop(signal.SIGKILL)


ALL = {phase.__name__: phase for phase in (start, peak, fixed, recovery)}
