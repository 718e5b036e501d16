import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.record.TimestampType;

/** The producer: acknowledgements, idempotence, compression, sizes, time. */
final class ProducerChecks {
    private final Checks on;

    ProducerChecks(Checks on) {
        this.on = on;
        on.check("an idempotent producer, as it comes, keeps order", this::idempotent);
        on.check("many idempotent producers write to one partition", this::manyProducers);
        for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd"))
            on.check("compression " + compression + " comes back as it went", () -> compression(compression));
        for (String acks : List.of("0", "1", "all")) on.check("acks=" + acks, () -> acks(acks));
        on.check("keys, nulls, headers and timestamps come back", this::everything);
        on.check("a record of 1 MB passes, a larger one is refused", this::large);
        on.check("a topic may take larger records", this::largerByConfig);
        on.check("LogAppendTime stamps records on arrival", this::logAppendTime);
        on.check("a compacted topic refuses records without a key", this::compacted);
        on.check("writing creates the topic", this::autoCreated);
        on.check("a partition that does not exist is refused", this::noPartition);
        on.check("100 partitions are written and read", this::hundred);
        on.check("20 MB in batches of 500 kB pass", this::volume);
        on.check("a transactional producer works or is told at once", this::transactional);
    }

    private void idempotent() throws Exception {
        String topic = on.topic("idempotent", 1);
        Producer<String, String> producer = on.producer("linger.ms", "1", "batch.size", "500");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < 5000; i++) sent.add(producer.send(new ProducerRecord<>(topic, "" + i)));
        for (int i = 0; i < 5000; i++) Checks.expect((long) i, sent.get(i).get().offset(), "offset");
        List<String> values = Checks.values(on.readAll(topic, 1, 5000));
        for (int i = 0; i < 5000; i++) Checks.expect("" + i, values.get(i), "value");
    }

    private void manyProducers() throws Exception {
        String topic = on.topic("producers", 1);
        List<Producer<String, String>> producers = new ArrayList<>();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int p = 0; p < 5; p++) producers.add(on.producer("linger.ms", "0"));
        for (int i = 0; i < 500; i++) sent.add(producers.get(i % 5).send(new ProducerRecord<>(topic, "" + i % 5, "" + i)));
        for (Future<RecordMetadata> each : sent) each.get();
        Map<String, Integer> last = new HashMap<>();
        for (var record : on.readAll(topic, 1, 500)) {
            int value = Integer.parseInt(record.value());
            Checks.expect(last.getOrDefault(record.key(), -1) < value, "each producer's order");
            last.put(record.key(), value);
        }
    }

    private void compression(String name) throws Exception {
        String topic = on.topic("compressed-" + name, 1);
        Producer<String, String> producer = on.producer("compression.type", name, "linger.ms", "20");
        for (int i = 0; i < 1000; i++) producer.send(new ProducerRecord<>(topic, "key", "a value that repeats itself " + i));
        producer.flush();
        List<String> values = Checks.values(on.readAll(topic, 1, 1000));
        for (int i = 0; i < 1000; i++) Checks.expect("a value that repeats itself " + i, values.get(i), "value");
        Consumer<String, String> middle = on.consumer();
        TopicPartition partition = new TopicPartition(topic, 0);
        middle.assign(List.of(partition));
        middle.seek(partition, 777);
        Checks.expect(777L, on.read(middle, 223).get(0).offset(), "first offset from the middle of a batch");
    }

    private void acks(String acks) throws Exception {
        String topic = on.topic("acks-" + acks, 1);
        Producer<String, String> producer = on.producer("acks", acks, "enable.idempotence", "false");
        for (int i = 0; i < 100; i++) {
            long offset = producer.send(new ProducerRecord<>(topic, "" + i)).get().offset();
            Checks.expect(acks.equals("0") ? -1L : i, offset, "offset");
        }
        Checks.expect(100, on.readAll(topic, 1, 100).size(), "records");
    }

    private void everything() throws Exception {
        String topic = on.topic("everything", 1);
        Producer<String, String> producer = on.producer();
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, 0, 1_234_567_890_123L, "k", "v");
        record.headers().add("h", "one".getBytes(StandardCharsets.UTF_8)).add("h", "two".getBytes(StandardCharsets.UTF_8)).add("empty", null);
        producer.send(record).get();
        producer.send(new ProducerRecord<>(topic, null, (String) null)).get();
        var records = on.readAll(topic, 1, 2);
        var first = records.get(0);
        Checks.expect(List.of("k", "v", 1_234_567_890_123L, TimestampType.CREATE_TIME), List.of(first.key(), first.value(), first.timestamp(), first.timestampType()), "first record");
        Checks.expect(3, first.headers().toArray().length, "headers");
        Checks.expect("two", new String(first.headers().lastHeader("h").value(), StandardCharsets.UTF_8), "last header of a name");
        Checks.expect(records.get(1).key() == null && records.get(1).value() == null, "nulls");
    }

    private void large() throws Exception {
        String topic = on.topic("large", 1);
        Producer<String, String> producer = on.producer("max.request.size", "20000000");
        producer.send(new ProducerRecord<>(topic, "x".repeat(1_000_000))).get();
        Checks.fails(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(topic, "x".repeat(1_100_000))).get());
        producer.send(new ProducerRecord<>(topic, "after")).get();
        Checks.expect(1_000_000, on.readAll(topic, 1, 2).get(0).value().length(), "length");
    }

    private void largerByConfig() throws Exception {
        String topic = on.topic("larger", 1, Map.of("max.message.bytes", "10000000"));
        on.producer("max.request.size", "20000000").send(new ProducerRecord<>(topic, "x".repeat(9_000_000))).get();
        Consumer<String, String> consumer = on.consumer("max.partition.fetch.bytes", "1000");
        consumer.assign(List.of(new TopicPartition(topic, 0)));
        Checks.expect(9_000_000, on.read(consumer, 1).get(0).value().length(), "length, though the consumer asked for less");
    }

    private void logAppendTime() throws Exception {
        String topic = on.topic("append-time", 1, Map.of("message.timestamp.type", "LogAppendTime"));
        long before = System.currentTimeMillis();
        var sent = on.producer("compression.type", "lz4").send(new ProducerRecord<>(topic, 0, 1_000L, "k", "v")).get();
        var record = on.readAll(topic, 1, 1).get(0);
        Checks.expect(TimestampType.LOG_APPEND_TIME, record.timestampType(), "type");
        Checks.expect(record.timestamp() >= before && record.timestamp() == sent.timestamp(), "time " + record.timestamp() + " and " + sent.timestamp());
    }

    private void compacted() throws Exception {
        String topic = on.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
        on.producer().send(new ProducerRecord<>(topic, "key", "value")).get();
        Checks.fails(InvalidRecordException.class, () -> on.producer().send(new ProducerRecord<>(topic, "no key")).get());
    }

    private void autoCreated() throws Exception {
        on.producer().send(new ProducerRecord<>("java-auto", "v")).get();
        Checks.expect("v", on.readAll("java-auto", 1, 1).get(0).value(), "value");
        Checks.fails(InvalidTopicException.class, () -> on.producer().send(new ProducerRecord<>("not/a/topic", "v")).get());
    }

    private void noPartition() throws Exception {
        String topic = on.topic("few", 2);
        Checks.fails(org.apache.kafka.common.errors.TimeoutException.class, () -> on.producer("max.block.ms", "1500").send(new ProducerRecord<>(topic, 2, "k", "v")).get());
    }

    private void hundred() throws Exception {
        String topic = on.topic("hundred", 100);
        on.fill(topic, 100, 10_000);
        Map<Integer, Integer> last = new HashMap<>();
        for (var record : on.readAll(topic, 100, 10_000)) {
            int value = Integer.parseInt(record.value());
            Checks.expect(last.getOrDefault(record.partition(), record.partition() - 100) + 100, value, "next value of partition " + record.partition());
            last.put(record.partition(), value);
        }
        Checks.expect(100, last.size(), "partitions with records");
    }

    private void volume() throws Exception {
        String topic = on.topic("volume", 4);
        Producer<String, String> producer = on.producer("batch.size", "500000", "linger.ms", "50");
        String value = "v".repeat(1000);
        for (int i = 0; i < 20_000; i++) producer.send(new ProducerRecord<>(topic, i % 4, null, value));
        producer.flush();
        Checks.expect(20_000, on.readAll(topic, 4, 20_000).size(), "records");
    }

    private void transactional() throws Exception {
        String topic = on.topic("transactional", 1);
        Producer<String, String> producer = on.producer("transactional.id", "java-transactional", "max.block.ms", "20000");
        long began = System.nanoTime();
        if (on.kafka) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, "v"));
            producer.commitTransaction();
            return;
        }
        try {
            producer.initTransactions();
        } catch (KafkaException refused) {
            Checks.expect(!(refused instanceof org.apache.kafka.common.errors.TimeoutException), "an answer, not a time-out: " + refused);
            Checks.expect(System.nanoTime() - began < Duration.ofSeconds(5).toNanos(), "at once");
            return;
        }
        throw new AssertionError("initTransactions was not refused");
    }
}
