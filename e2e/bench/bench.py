#!/usr/bin/env python3
"""Measures Apache Kafka and Klamm in turn on this machine and prints one table. `cargo xtask bench` builds what it needs and starts it."""
import argparse
import dataclasses
import json
import os
import re
import shutil
import socket
import statistics
import tempfile
import time

import cluster_phases
import phases
from cluster import IDS, Cluster
from machine import Broker

SCRIPTS = {"Kafka": "kafka.sh", "Klamm": "klamm.sh"}
HERE = os.path.dirname(os.path.abspath(__file__))
PHASES = phases.ALL | cluster_phases.ALL
# What the project promises of Klamm (issues 3 and 4), by row. Of several runs the median is judged …
BARS = {
    "start to first answer, s": 0.15,
    "memory, 1 partition, idle, MiB": 20,
    "memory, 1,000 partitions, idle, MiB": 64,
    "1,000 partitions made until all accept a produce, s": 0.5,
    "SIGKILL: restart until all 16 partitions serve, s": 1,
    "1,000 partitions on three brokers: memory of the largest broker, idle, MiB": 80,
}
# … but of these the worst one.
NEVER_ABOVE = [
    (r"killed: longest gap of acks, s$", 1),
    (r": acknowledged records lost$", 0),
    (r": records stored twice$", 0),
    (r": brokers fenced$", 0),
]
# At most this share of Kafka's best run.
OF_KAFKA = {"fixed3s, ack p99, ms": 1 / 2, "fixed3s, broker CPU-s/GB": 1 / 3}


def free_ports(count):
    """The first of so many neighbours that are free now."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            others = [socket.socket() for _ in range(count - 1)]
            try:
                for at, other in enumerate(others, port + 1):
                    other.bind(("127.0.0.1", at))
                return port
            except (OSError, OverflowError):
                continue
            finally:
                for other in others:
                    other.close()


def measure(broker, name, scale, results, out):
    print(f"-- {broker.name}: {name}", flush=True)
    try:
        for row, value in PHASES[name](broker, scale):
            print(f"   {row}: {value:.4g}", flush=True)
            results.setdefault(row, {}).setdefault(broker.name, []).append(value)
            out.write(json.dumps({"broker": broker.name, "row": row, "value": value}) + "\n")
            out.flush()
    except Exception as failure:
        print(f"   FAILED: {failure!r}", flush=True)
        out.write(json.dumps({"broker": broker.name, "phase": name, "failed": repr(failure)}) + "\n")
        results.setdefault(f"runs of {name} that did not end", {}).setdefault(broker.name, []).append(1)
    finally:
        broker.kill()


def number(values):
    if not values:
        return "–"
    middle = statistics.median(values)
    spread = f" ({min(values):.3g}–{max(values):.3g} of {len(values)})" if len(values) > 1 else ""
    return f"{middle:.3g}{spread}" if abs(middle) < 1000 else f"{middle:.0f}{spread}"


def verdict(row, by_broker):
    """The bar that Klamm is measured against, and whether it is met; nothing if there is none."""
    klamm, kafka = by_broker.get("Klamm"), by_broker.get("Kafka")
    never = next((most for pattern, most in NEVER_ABOVE if re.search(pattern, row)), None)
    if not klamm or (row in OF_KAFKA and not kafka):
        return ""
    if row in OF_KAFKA:
        value, most = statistics.median(klamm), OF_KAFKA[row] * min(kafka)
    elif never is not None:
        value, most = max(klamm), never
    elif row in BARS:
        value, most = statistics.median(klamm), BARS[row]
    else:
        return ""
    return f"≤ {most:.3g} {'met' if value <= most else 'MISSED'}"


def table(results, names):
    """Markdown; the ratio is Klamm's to Kafka's, with the bar that Klamm is measured against."""
    lines = [f"| | {' | '.join(names)} | ratio | bar |", "|---|" + "---|" * (len(names) + 2)]
    for row, by_broker in results.items():
        columns = [by_broker.get(name, []) for name in names]
        ratio = "–"
        if len(columns) == 2 and all(columns) and statistics.median(columns[0]):
            ratio = f"{statistics.median(columns[1]) / statistics.median(columns[0]):.3g}"
        lines.append(f"| {row} | {' | '.join(map(number, columns))} | {ratio} | {verdict(row, by_broker)} |")
    return "\n".join(lines)


def recorded(path):
    """The results of earlier runs, as `measure` wrote them."""
    results = {}
    with open(path) as file:
        for line in map(json.loads, file):
            if "row" in line:
                results.setdefault(line["row"], {}).setdefault(line["broker"], []).append(line["value"])
            elif "failed" in line:
                results.setdefault(f"runs of {line['phase']} that did not end", {}).setdefault(line["broker"], []).append(1)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of half an hour; the figures are rough")
    parser.add_argument("--runs", type=int, default=1, help="the table has the median and the extremes")
    parser.add_argument("--only", choices=["kafka", "klamm"], help="measure one broker")
    parser.add_argument("--out", default="bench.jsonl", help="where every single figure goes")
    parser.add_argument("--kills", type=int, help="of each kind in failover")
    parser.add_argument("--table", action="store_true", help="measure nothing: the table of what --out holds")
    parser.add_argument("phases", nargs="*", default=list(PHASES), help=f"of {', '.join(PHASES)}")
    options = parser.parse_args()
    if options.table:
        print(table(recorded(options.out), list(SCRIPTS)))
        return
    folder, port, results = tempfile.mkdtemp(prefix="klamm-bench-"), free_ports(2 * len(IDS)), {}
    scale = phases.QUICK if options.quick else phases.FULL
    if options.kills:
        scale = dataclasses.replace(scale, kills=options.kills)
    kinds = [(name, script) for name, script in SCRIPTS.items() if options.only in (None, name.lower())]
    brokers = [Broker(name, f"{HERE}/brokers/{script}", port, f"{folder}/{name}") for name, script in kinds]
    clusters = [Cluster(name, f"{HERE}/brokers/{script}", port, f"{folder}/{name}") for name, script in kinds]
    try:
        with open(options.out, "a") as out:
            out.write(json.dumps({"time": time.strftime("%F %T"), "versions": [broker.version() for broker in brokers], "quick": options.quick}) + "\n")
            for _ in range(options.runs):
                # In turn, phase by phase: what the machine does to one it does to the other.
                for name in options.phases:
                    for broker in clusters if name in cluster_phases.ALL else brokers:
                        measure(broker, name, scale, results, out)
    finally:
        for broker in brokers + clusters:
            broker.kill()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{' and '.join(broker.version() for broker in brokers)}, {os.cpu_count()} cores shared with the clients, {'quick, ' if options.quick else ''}{options.runs} run(s)\n")
    print(table(results, [broker.name for broker in brokers]))


if __name__ == "__main__":
    main()
