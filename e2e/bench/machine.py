"""The machine: broker processes and their costs, and the CPU time of everyone else."""
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from wire import Client

TICK = os.sysconf("SC_CLK_TCK")


def poll(holds, limit_s=120, step_s=0.003):
    """Seconds until it holds; a broker that does not answer yet counts as no."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        try:
            if holds():
                return time.monotonic() - began
        except (OSError, AssertionError, KeyError):
            pass
        time.sleep(step_s)
    raise TimeoutError(f"not within {limit_s} s")


def _stat(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()


def cpu_s(pid):
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def own_cpu_s():
    """This program and the load tools that it ran to their end."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def others_cpu_s(broker_pids):
    """Every process but the brokers, this program and its children: kernel threads that work for the brokers, and strangers."""
    total, me = 0, os.getpid()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = _stat(pid)
        except OSError:
            continue
        if int(pid) not in (*broker_pids, me, 1) and int(fields[1]) != me:
            total += sum(map(int, fields[11:15])) / TICK
    return total


def wait_until_quiet(limit_s):
    """Until the machine did nothing else for 2 s; says so if it never was."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        before = others_cpu_s([])
        time.sleep(2)
        if others_cpu_s([]) - before < 0.3:
            return
    print("   the machine is busy with something else: figures will suffer", file=sys.stderr)


class Broker:
    """One broker in a folder of its own, driven by a script of brokers/; it may be one of several, whose first client port is `port`."""

    def __init__(self, name, script, port, folder, node=1, nodes=1):
        self.name, self.script, self.folder, self.nodes, self.pid = name, script, folder, nodes, None
        self.port = port + 2 * (node - 1)
        self.environment = os.environ | {"PORT": str(port), "NODE": str(node), "NODES": str(nodes), "PROPERTIES": ""}

    def _run(self, *words):
        command = [self.script, *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=self.environment).stdout.strip()

    def version(self):
        return self._run("version")

    def format(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self._run("format", self.folder)

    def start(self):
        self.pid = int(self._run("start", self.folder).split()[-1])

    def fresh(self):
        """A formatted, started broker that answers."""
        self.format()
        self.start()
        self.wait_up()

    def _alive(self):
        try:
            return _stat(self.pid)[0] != "Z" or len(os.listdir(f"/proc/{self.pid}/task")) > 1
        except OSError:
            return False

    def send(self, which):
        os.kill(self.pid, which)

    def stop(self, how=signal.SIGTERM):
        """Seconds until the process is gone."""
        began = time.monotonic()
        self.send(how)
        self.wait_gone()
        return time.monotonic() - began

    def wait_gone(self):
        while self._alive():
            time.sleep(0.002)
        self.pid = None

    def kill(self):
        if self.pid and self._alive():
            self.stop(signal.SIGKILL)

    def pids(self):
        return [self.pid] if self.pid else []

    def cpu_s(self):
        return sum(map(cpu_s, self.pids()))

    def memory_mib(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024

    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def ask(self, question, timeout=10):
        with Client(self.port, timeout) as client:
            return question(client)

    def wait_up(self):
        return poll(lambda: self.ask(lambda client: client.metadata([])[0] == self.nodes, 2))

    def wait_leaders(self, topic, partitions):
        """Until every partition has a leader in the metadata."""
        def led(client):
            error, found = client.metadata([topic])[1][topic]
            return error == 0 and len(found) == partitions and all(e == 0 and leader >= 0 for e, _, leader, _, _ in found)
        return poll(lambda: self.ask(led))

    def create(self, topic, partitions):
        error = self.ask(lambda client: client.create(topic, partitions), 60)
        assert error == 0, f"creating {topic} failed with error {error}"
        self.wait_leaders(topic, partitions)

    def delete(self, topic):
        self.ask(lambda client: client.delete(topic), 30)


class Meter:
    """CPU time between its start and `stop`."""

    def __init__(self, broker):
        self.broker = broker
        self.before = self._now()

    def _now(self):
        return time.monotonic(), self.broker.cpu_s(), own_cpu_s(), others_cpu_s(self.broker.pids())

    def stop(self):
        names = ("wall_s", "broker_s", "client_s", "others_s")
        return {name: after - before for name, before, after in zip(names, self.before, self._now())}
