import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/**
 * Drives a broker with Kafka's own Java clients and speaks TAP: {@code Checks HOST:PORT klamm|kafka}.
 * The checks are in the classes named in {@link #main}; here is what they share.
 */
final class Checks {
    /** A check throws what it does not like. */
    interface Body { void run() throws Exception; }

    /** Longer than any client needs on a busy machine, shorter than patience. */
    static final Duration LIMIT = Duration.ofSeconds(20);

    final String bootstrap;
    /** Transactions, and what else only Apache Kafka has so far. */
    final boolean kafka;
    private final Map<String, Body> checks = new LinkedHashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    private Checks(String bootstrap, String target) {
        this.bootstrap = bootstrap;
        this.kafka = target.equals("kafka");
    }

    public static void main(String[] arguments) {
        Checks checks = new Checks(arguments[0], arguments[1]);
        new AdminChecks(checks);
        new ProducerChecks(checks);
        new ConsumerChecks(checks);
        new GroupChecks(checks);
        checks.runAll();
        System.exit(0);
    }

    void check(String name, Body body) { checks.put(name, body); }

    private void runAll() {
        System.out.println("1.." + checks.size());
        ExecutorService runner = Executors.newCachedThreadPool();
        checks.forEach((name, body) -> {
            Future<?> done = runner.submit(() -> { body.run(); return null; });
            try {
                done.get(LIMIT.toSeconds() + 5, TimeUnit.SECONDS);
                System.out.println("ok - " + name);
            } catch (Exception failure) {
                done.cancel(true);
                (failure instanceof ExecutionException ? failure.getCause() : failure).printStackTrace(System.out);
                System.out.println("not ok - " + name);
            }
            closeAll();
        });
    }

    /** Closed when the check is over. */
    <T extends AutoCloseable> T closing(T client) {
        synchronized (open) { open.add(client); }
        return client;
    }

    private void closeAll() {
        synchronized (open) {
            for (AutoCloseable client : open) {
                try {
                    if (client instanceof Consumer) ((Consumer<?, ?>) client).close(CloseOptions.timeout(Duration.ofSeconds(2)));
                    else if (client instanceof Producer) ((Producer<?, ?>) client).close(Duration.ofSeconds(2));
                    else client.close();
                } catch (Exception late) {
                    System.out.println("while closing: " + late);
                }
            }
            open.clear();
        }
    }

    // ---- clients

    private Properties properties(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("default.api.timeout.ms", "15000");
        properties.put("request.timeout.ms", "10000");
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    Admin admin() { return closing(Admin.create(properties())); }

    Producer<String, String> producer(String... pairs) {
        Properties properties = properties(pairs);
        properties.remove("default.api.timeout.ms");
        properties.putIfAbsent("delivery.timeout.ms", "15000");
        properties.putIfAbsent("max.block.ms", "15000");
        return closing(new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer()));
    }

    Consumer<String, String> consumer(String... pairs) {
        Properties properties = properties(pairs);
        properties.putIfAbsent("auto.offset.reset", "earliest");
        properties.putIfAbsent("enable.auto.commit", "false");
        return closing(new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer()));
    }

    // ---- what many checks do

    /** A new topic with a name of its own. */
    String topic(String name, int partitions, Map<String, String> configs) throws Exception {
        String unique = "java-" + name;
        Admin admin = admin();
        admin.createTopics(List.of(new NewTopic(unique, Optional.of(partitions), Optional.empty()).configs(configs))).all().get();
        // Apache Kafka answers before its partitions serve; an idempotent producer that is too early may then fail for good.
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        partitions(unique, partitions).forEach(partition -> ends.put(partition, OffsetSpec.latest()));
        eventually("every partition serves", () -> {
            try {
                return admin.listOffsets(ends).all().get() != null;
            } catch (ExecutionException early) {
                return false;
            }
        });
        return unique;
    }

    String topic(String name, int partitions) throws Exception { return topic(name, partitions, Map.of()); }

    /** Values "0", "1", … round robin over the partitions, all acknowledged. */
    void fill(String topic, int partitions, int count) throws Exception {
        Producer<String, String> producer = producer();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) sent.add(producer.send(new ProducerRecord<>(topic, i % partitions, "k" + i, "" + i)));
        for (Future<RecordMetadata> each : sent) each.get();
    }

    static List<TopicPartition> partitions(String topic, int count) {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < count; i++) all.add(new TopicPartition(topic, i));
        return all;
    }

    /** Reads all partitions from the beginning until there are so many records. */
    List<ConsumerRecord<String, String>> readAll(String topic, int partitions, int count) {
        Consumer<String, String> consumer = consumer();
        consumer.assign(partitions(topic, partitions));
        consumer.seekToBeginning(consumer.assignment());
        return read(consumer, count);
    }

    List<ConsumerRecord<String, String>> read(Consumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (records.size() < count && System.nanoTime() < end) consumer.poll(Duration.ofMillis(200)).forEach(records::add);
        expect(count, records.size(), "records read");
        return records;
    }

    static List<String> values(List<ConsumerRecord<String, String>> records) {
        return records.stream().map(ConsumerRecord::value).toList();
    }

    static void expect(Object expected, Object actual, String what) {
        if (!Objects.equals(expected, actual)) throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }

    static void expect(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    /** The call must fail with this exception, itself or as a cause. */
    static void fails(Class<? extends Exception> expected, Callable<?> call) throws Exception {
        Object answer;
        try {
            answer = call.call();
        } catch (Exception failure) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) if (expected.isInstance(cause)) return;
            throw failure;
        }
        throw new AssertionError("expected " + expected.getSimpleName() + ", got " + answer);
    }

    /** Polls until it holds. */
    static void eventually(String what, Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            if (holds.call()) return;
            Thread.sleep(20);
        }
        throw new AssertionError("not within " + LIMIT.toSeconds() + " s: " + what);
    }
}
