"""A blocking Kafka client without retries or back-off, for watching a broker: old, non-flexible versions of requests (and
DescribeQuorum, which has none), each of which Apache Kafka 4 still serves. What it measures is the broker's, not a client library's."""
import socket
import struct
import time


def _crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def string(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def one_record_batch(value=b"probe"):
    """A v2 batch of one record without a key."""
    def varint(n):  # zigzag, of a small non-negative number
        return bytes([n << 1])
    record = b"\0" + varint(0) + varint(0) + b"\x01" + varint(len(value)) + value + varint(0)
    record = varint(len(record)) + record
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    return struct.pack(">qiibI", 0, len(body) + 9, 0, 2, crc32c(body)) + body


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, kind):
        value = struct.unpack_from(">" + kind, self.data, self.at)[0]
        self.at += struct.calcsize(">" + kind)
        return value

    def raw(self, length):
        if length < 0:
            return b""
        value = self.data[self.at:self.at + length]
        self.at += length
        return value

    def string(self):
        return self.raw(self.take("h")).decode()

    def bytes(self):
        return self.raw(self.take("i"))

    def array(self, element):
        return [element() for _ in range(self.take("i"))]


class Client:
    def __init__(self, port, timeout=5):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _receive(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("closed by the broker")
            data += chunk
        return data

    def _call(self, key, version, body, flexible=False):
        self.correlation += 1
        frame = struct.pack(">hhi", key, version, self.correlation) + string("bench") + (b"\0" if flexible else b"") + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        answer = Reader(self._receive(struct.unpack(">i", self._receive(4))[0]))
        assert answer.take("i") == self.correlation
        assert not flexible or answer.take("b") == 0, "no tagged fields are known in this header"
        return answer

    def api_versions(self):
        """The error code."""
        return self._call(18, 0, b"").take("h")

    def metadata(self, topics):
        """(number of brokers, {topic: (error, [(error, partition, leader, replicas, in-sync replicas)])}); of all topics for None"""
        wanted = struct.pack(">i", -1) if topics is None else array([string(topic) for topic in topics])
        answer = self._call(3, 4, wanted + b"\0")
        answer.take("i")
        brokers = answer.array(lambda: (answer.take("i"), answer.string(), answer.take("i"), answer.string()))
        answer.string(), answer.take("i")

        def partition():
            error, index, leader = answer.take("h"), answer.take("i"), answer.take("i")
            replicas, in_sync = (answer.array(lambda: answer.take("i")) for _ in range(2))
            return error, index, leader, replicas, in_sync

        def topic():
            error, name = answer.take("h"), answer.string()
            answer.take("b")
            return name, (error, answer.array(partition))

        return len(brokers), dict(answer.array(topic))

    def create(self, topic, partitions, replicas=1):
        """The error code."""
        body = array([string(topic) + struct.pack(">ih", partitions, replicas) + array([]) + array([])])
        answer = self._call(19, 2, body + struct.pack(">ib", 60000, 0))
        answer.take("i"), answer.take("i"), answer.string()
        return answer.take("h")

    def delete(self, topic):
        self._call(20, 1, array([string(topic)]) + struct.pack(">i", 30000))

    def produce(self, topic, partitions, batch):
        """{partition: error code}, with acks=all"""
        data = array([struct.pack(">ii", partition, len(batch)) + batch for partition in partitions])
        answer = self._call(0, 7, struct.pack(">hhi", -1, -1, 5000) + array([string(topic) + data]))

        def partition():
            index, error = answer.take("i"), answer.take("h")
            answer.take("q"), answer.take("q"), answer.take("q")
            return index, error

        return dict(sum(answer.array(lambda: (answer.string(), answer.array(partition))[1]), []))

    def fetch(self, topic, offsets):
        """{partition: (error code, number of bytes)}; offsets is {partition: offset}"""
        wanted = array([struct.pack(">iqi", partition, offset, 4096) for partition, offset in offsets.items()])
        answer = self._call(1, 4, struct.pack(">iiiib", -1, 100, 1, 50 << 20, 0) + array([string(topic) + wanted]))
        answer.take("i")

        def partition():
            index, error = answer.take("i"), answer.take("h")
            answer.take("q"), answer.take("q")
            answer.array(lambda: (answer.take("q"), answer.take("q")))
            return index, (error, len(answer.bytes()))

        return dict(sum(answer.array(lambda: (answer.string(), answer.array(partition))[1]), []))

    def end_offsets(self, topic, partitions):
        """{partition: end offset}"""
        wanted = array([struct.pack(">iq", partition, -1) for partition in partitions])
        answer = self._call(2, 1, struct.pack(">i", -1) + array([string(topic) + wanted]))

        def partition():
            index = answer.take("i")
            answer.take("h"), answer.take("q")
            return index, answer.take("q")

        return dict(sum(answer.array(lambda: (answer.string(), answer.array(partition))[1]), []))

    def controller(self):
        """The leader of the metadata quorum, -1 if there is none."""
        name = b"__cluster_metadata"
        topic = bytes([2, len(name) + 1]) + name + bytes([2]) + struct.pack(">i", 0) + b"\0\0\0"
        answer = self._call(55, 0, topic, flexible=True)
        error = answer.take("h")
        assert error == 0, f"DescribeQuorum: error {error}"
        assert answer.take("b") == 2, "one topic"
        answer.raw(answer.take("b") - 1)
        assert answer.take("b") == 2, "one partition"
        answer.take("i")
        return -1 if answer.take("h") else answer.take("i")
