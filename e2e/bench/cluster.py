"""A cluster of three on this machine: three processes, each broker and controller, on loopback."""
import glob
import os
import re
import signal
import subprocess
import time

from machine import Broker, poll

IDS = (1, 2, 3)
# What a fenced broker leaves in the metadata log; both write Kafka's records, so that Kafka's own tool reads both.
FENCED = re.compile(r'"type":"REGISTRATION_CHANGE[^}]*"fenced":1|"type":"FENCE_BROKER_RECORD"|"type":"BROKER_REGISTRATION_CHANGE_RECORD"[^}]*"fenced":1')
ELECTED = re.compile(r"LeaderChange")


class Cluster:
    """Three brokers of the kind that `script` starts; topics have three replicas, two of which must be in sync."""

    def __init__(self, name, script, port, folder):
        self.name = name
        self.nodes = {node: Broker(name, script, port, f"{folder}/{node}", node, len(IDS)) for node in IDS}

    def version(self):
        return self.nodes[1].version()

    def fresh(self, properties=""):
        """Formatted, started, each knows all; with lines of settings beyond the usual."""
        self.kill()
        for node in self.nodes.values():
            node.environment["PROPERTIES"] = properties
            node.format()
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_up()

    def kill(self):
        for node in self.nodes.values():
            node.kill()

    def stop(self):
        """SIGTERM to all at once: seconds until all are gone."""
        began = time.monotonic()
        for node in self.nodes.values():
            node.send(signal.SIGTERM)
        for node in self.nodes.values():
            node.wait_gone()
        return time.monotonic() - began

    def pids(self):
        return [pid for node in self.nodes.values() for pid in node.pids()]

    def cpu_s(self):
        return sum(node.cpu_s() for node in self.nodes.values())

    def bootstrap(self):
        return ",".join(node.bootstrap() for node in self.nodes.values())

    def ask(self, question, timeout=10, without=None):
        """The answer of one that runs, other than `without`."""
        return next(node for name, node in self.nodes.items() if node.pid and name != without).ask(question, timeout)

    def controller(self):
        """The active controller's id."""
        found = []

        def known(client):
            found[:] = [client.controller()]
            return found[0] in IDS
        poll(lambda: self.ask(known, 2))
        return found[0]

    def create(self, topic, partitions):
        error = self.ask(lambda client: client.create(topic, partitions, len(IDS)), 60)
        assert error == 0, f"creating {topic} failed with error {error}"
        self.wait_in_sync(topic, partitions)

    def wait_in_sync(self, topic, partitions):
        """Until every broker knows three brokers and of every partition a leader and three replicas in sync."""
        def whole(client):
            brokers, topics = client.metadata([topic])
            error, found = topics[topic]
            healthy = (e == 0 and leader in IDS and len(in_sync) == len(IDS) for e, _, leader, _, in_sync in found)
            return brokers == len(IDS) and error == 0 and len(found) == partitions and all(healthy)
        return poll(lambda: all(node.ask(whole) for node in self.nodes.values()))

    def leaders(self, topic, without=None):
        """{leader: partitions}, as one that runs knows it."""
        led = {}
        for error, partition, leader, *_ in self.ask(lambda client: client.metadata([topic]), 2, without)[1][topic][1]:
            led.setdefault(-1 if error else leader, []).append(partition)
        return led

    def wait_served(self, topic, partitions, batch, without=None):
        """Until each of these partitions has taken a batch with acks=all from another broker than `without`."""
        left = set(partitions)

        def taken():
            for leader, led in self.leaders(topic, without).items():
                mine = sorted(left.intersection(led))
                if mine and leader in IDS and leader != without:
                    errors = self.nodes[leader].ask(lambda client: client.produce(topic, mine, batch), 30)
                    left.difference_update(partition for partition, error in errors.items() if error == 0)
            return not left
        return poll(taken)

    def delete(self, topic):
        self.ask(lambda client: client.delete(topic), 30)

    def in_metadata_log(self):
        """(brokers fenced, leaders elected) since the cluster was formatted, by Kafka's dump tool and the first node's log."""
        files = ",".join(sorted(glob.glob(f"{self.nodes[1].folder}/data/__cluster_metadata-0/*.log")))
        tool = ["java", "-cp", os.environ["JARS"], "org.apache.kafka.tools.DumpLogSegments", "--cluster-metadata-decoder", "--files", files]
        dumped = subprocess.run(tool, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        assert "REGISTER_BROKER_RECORD" in dumped, f"Kafka's dump tool found no broker in {files}:\n{dumped[-2000:]}"
        return len(FENCED.findall(dumped)), len(ELECTED.findall(dumped))
