#!/usr/bin/env python3
"""Measures Apache Kafka and Klamm in turn on this machine and prints one table. `cargo xtask bench` builds what it needs and starts it."""
import argparse
import json
import os
import shutil
import socket
import statistics
import tempfile
import time

import phases
from machine import Broker

HERE = os.path.dirname(os.path.abspath(__file__))
# What the project promises of Klamm (issue 3), by row.
BARS = {
    "start to first answer, s": 0.15,
    "memory, 1 partition, idle, MiB": 20,
    "memory, 1,000 partitions, idle, MiB": 64,
    "1,000 partitions made until all accept a produce, s": 0.5,
    "SIGKILL: restart until all 16 partitions serve, s": 1,
}


def free_port():
    """The first of two neighbours that are free now."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            try:
                two.bind(("127.0.0.1", one.getsockname()[1] + 1))
                return one.getsockname()[1]
            except OSError:
                continue


def measure(broker, names, scale, results, out):
    for name in names:
        print(f"-- {broker.name}: {name}", flush=True)
        try:
            for row, value in phases.ALL[name](broker, scale):
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
    spread = f" ({min(values):.3g}–{max(values):.3g})" if len(values) > 1 else ""
    return f"{middle:.3g}{spread}" if abs(middle) < 1000 else f"{middle:.0f}{spread}"


def table(results, names):
    """Markdown; the ratio is Klamm's to Kafka's, with the bar that Klamm is measured against."""
    lines = [f"| | {' | '.join(names)} | ratio | bar |", "|---|" + "---|" * (len(names) + 2)]
    for row, by_broker in results.items():
        columns = [by_broker.get(name, []) for name in names]
        ratio = "–"
        if len(columns) == 2 and all(columns) and statistics.median(columns[0]):
            ratio = f"{statistics.median(columns[1]) / statistics.median(columns[0]):.3g}"
        bar = BARS.get(row)
        judged = bar is not None and by_broker.get("Klamm")
        verdict = f"≤ {bar:g} {'met' if statistics.median(by_broker['Klamm']) <= bar else 'MISSED'}" if judged else ""
        lines.append(f"| {row} | {' | '.join(map(number, columns))} | {ratio} | {verdict} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of half an hour; the figures are rough")
    parser.add_argument("--runs", type=int, default=1, help="the table has the median and the extremes")
    parser.add_argument("--only", choices=["kafka", "klamm"], help="measure one broker")
    parser.add_argument("--out", default="bench.jsonl", help="where every single figure goes")
    parser.add_argument("phases", nargs="*", default=list(phases.ALL), help=f"of {', '.join(phases.ALL)}")
    options = parser.parse_args()
    folder, port, results = tempfile.mkdtemp(prefix="klamm-bench-"), free_port(), {}
    scripts = {"Kafka": "kafka.sh", "Klamm": "klamm.sh"}
    brokers = [Broker(name, f"{HERE}/brokers/{script}", port, f"{folder}/{name}") for name, script in scripts.items() if options.only in (None, name.lower())]
    try:
        with open(options.out, "a") as out:
            out.write(json.dumps({"time": time.strftime("%F %T"), "versions": [broker.version() for broker in brokers], "quick": options.quick}) + "\n")
            for _ in range(options.runs):
                # In turn, phase by phase: what the machine does to one it does to the other.
                for name in options.phases:
                    for broker in brokers:
                        measure(broker, [name], phases.QUICK if options.quick else phases.FULL, results, out)
    finally:
        for broker in brokers:
            broker.kill()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{' and '.join(broker.version() for broker in brokers)}, {os.cpu_count()} cores shared with the clients, {'quick, ' if options.quick else ''}{options.runs} run(s)\n")
    print(table(results, [broker.name for broker in brokers]))


if __name__ == "__main__":
    main()
