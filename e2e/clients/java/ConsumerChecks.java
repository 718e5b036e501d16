import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;

/** The consumer on its own: positions, times, waiting. */
final class ConsumerChecks {
    private final Checks on;

    ConsumerChecks(Checks on) {
        this.on = on;
        on.check("a consumer knows beginning, end and its lag", this::ends);
        on.check("offsets are found by time", this::times);
        on.check("no offset and no policy is an error", this::noOffset);
        on.check("latest begins at the end", this::latest);
        on.check("a fetch waits for its first byte, and no longer", this::longPoll);
        on.check("a fetch waits for its minimum of bytes", this::minimum);
        on.check("paused partitions give nothing", this::paused);
        on.check("small fetches read all there is", this::smallFetches);
        on.check("read_committed reads what is not transactional", this::readCommitted);
        on.check("partitions of a new topic are found by pattern", this::pattern);
    }

    private Consumer<String, String> assigned(String topic, int partitions, String... pairs) {
        Consumer<String, String> consumer = on.consumer(pairs);
        consumer.assign(Checks.partitions(topic, partitions));
        return consumer;
    }

    private void ends() throws Exception {
        String topic = on.topic("ends", 2);
        on.fill(topic, 2, 11);
        Consumer<String, String> consumer = assigned(topic, 2);
        TopicPartition first = new TopicPartition(topic, 0), second = new TopicPartition(topic, 1);
        Checks.expect(Map.of(first, 0L, second, 0L), consumer.beginningOffsets(consumer.assignment()), "beginnings");
        Checks.expect(Map.of(first, 6L, second, 5L), consumer.endOffsets(consumer.assignment()), "ends");
        on.read(consumer, 11);
        Checks.expect(6L, consumer.position(first), "position");
        Checks.expect(0L, consumer.currentLag(first).orElse(-1), "lag");
    }

    private void times() throws Exception {
        String topic = on.topic("times", 1);
        Producer<String, String> producer = on.producer("batch.size", "120", "linger.ms", "0");
        for (long i = 0; i < 200; i++) producer.send(new ProducerRecord<>(topic, 0, 1_000_000 + i * 10, "k", "v" + i));
        producer.flush();
        TopicPartition partition = new TopicPartition(topic, 0);
        Consumer<String, String> consumer = assigned(topic, 1);
        long[][] cases = {{0, 0}, {1_000_000, 0}, {1_000_001, 1}, {1_000_500, 50}, {1_001_985, 199}, {1_001_990, 199}};
        for (long[] each : cases) {
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, each[0])).get(partition);
            Checks.expect(List.of(each[1], 1_000_000 + each[1] * 10), List.of(found.offset(), found.timestamp()), "offset and time at " + each[0]);
        }
        Checks.expect(null, consumer.offsetsForTimes(Map.of(partition, 1_001_991L)).get(partition), "after the last");
    }

    private void noOffset() throws Exception {
        String topic = on.topic("no-offset", 1);
        Consumer<String, String> consumer = assigned(topic, 1, "group.id", "java-no-offset", "auto.offset.reset", "none");
        Checks.fails(NoOffsetForPartitionException.class, () -> consumer.poll(Duration.ofSeconds(10)));
    }

    private void latest() throws Exception {
        String topic = on.topic("latest", 1);
        on.fill(topic, 1, 10);
        Consumer<String, String> consumer = assigned(topic, 1, "auto.offset.reset", "latest");
        Checks.expect(10L, consumer.position(new TopicPartition(topic, 0)), "position");
        on.producer().send(new ProducerRecord<>(topic, "new")).get();
        Checks.expect(List.of("new"), Checks.values(on.read(consumer, 1)), "values");
    }

    private void longPoll() throws Exception {
        String topic = on.topic("long-poll", 1);
        Consumer<String, String> consumer = assigned(topic, 1, "fetch.max.wait.ms", "5000");
        Producer<String, String> producer = on.producer("linger.ms", "0");
        producer.send(new ProducerRecord<>(topic, "first")).get();
        on.read(consumer, 1);
        consumer.poll(Duration.ofMillis(300));
        long began = System.nanoTime();
        producer.send(new ProducerRecord<>(topic, "second")).get();
        Checks.expect(1, consumer.poll(Duration.ofSeconds(4)).count(), "records");
        long waited = Duration.ofNanos(System.nanoTime() - began).toMillis();
        Checks.expect(waited < 1000, "the record came after " + waited + " ms");
    }

    private void minimum() throws Exception {
        String topic = on.topic("minimum", 1);
        on.fill(topic, 1, 1);
        Consumer<String, String> consumer = assigned(topic, 1, "fetch.min.bytes", "100000", "fetch.max.wait.ms", "1500");
        consumer.position(new TopicPartition(topic, 0));
        long began = System.nanoTime();
        on.read(consumer, 1);
        long waited = Duration.ofNanos(System.nanoTime() - began).toMillis();
        Checks.expect(waited > 1300 && waited < 4000, "too few bytes came after " + waited + " ms");
    }

    private void paused() throws Exception {
        String topic = on.topic("paused", 2);
        on.fill(topic, 2, 10);
        Consumer<String, String> consumer = assigned(topic, 2);
        TopicPartition first = new TopicPartition(topic, 0);
        consumer.pause(List.of(first));
        on.read(consumer, 5).forEach(record -> Checks.expect(1, record.partition(), "partition"));
        consumer.resume(List.of(first));
        on.read(consumer, 5).forEach(record -> Checks.expect(0, record.partition(), "partition"));
    }

    private void smallFetches() throws Exception {
        String topic = on.topic("small", 3);
        on.fill(topic, 3, 3000);
        Consumer<String, String> consumer = assigned(topic, 3, "fetch.max.bytes", "2000", "max.partition.fetch.bytes", "500", "max.poll.records", "17");
        Set<String> seen = new HashSet<>(Checks.values(on.read(consumer, 3000)));
        Checks.expect(3000, seen.size(), "different values");
    }

    private void readCommitted() throws Exception {
        String topic = on.topic("committed", 1);
        on.fill(topic, 1, 10);
        on.read(assigned(topic, 1, "isolation.level", "read_committed"), 10);
    }

    private void pattern() throws Exception {
        Consumer<String, String> consumer = on.consumer("group.id", "java-pattern", "metadata.max.age.ms", "300");
        consumer.subscribe(java.util.regex.Pattern.compile("java-pattern-.*"));
        consumer.poll(Duration.ofMillis(500));
        on.fill(on.topic("pattern-a", 1), 1, 5);
        on.fill(on.topic("pattern-b", 1), 1, 5);
        on.read(consumer, 10);
    }
}
