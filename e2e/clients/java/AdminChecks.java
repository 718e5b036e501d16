import java.util.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;

/** The admin client: topics, configs, logs, the quorum. */
final class AdminChecks {
    private final Checks on;

    AdminChecks(Checks on) {
        this.on = on;
        on.check("admin describes the cluster", this::cluster);
        on.check("admin creates, describes and deletes a topic", this::lifeOfATopic);
        on.check("admin is refused topics that cannot be", this::refusedTopics);
        on.check("admin validates a topic without creating it", this::validateOnly);
        on.check("admin grows a topic, and is refused to shrink it", this::growth);
        on.check("admin places replicas by hand", this::assignment);
        on.check("admin pages through topics", this::manyTopics);
        on.check("admin alters a topic's configs one by one", this::topicConfigs);
        on.check("admin alters and clears a broker's config", this::brokerConfigs);
        on.check("admin sees which configs exist, with types and defaults", this::describedConfigs);
        on.check("admin lists offsets of every kind", this::offsets);
        on.check("admin deletes records up to an offset", this::deleteRecords);
        on.check("admin describes log directories", this::logDirs);
        on.check("admin describes the metadata quorum", this::quorum);
        on.check("admin describes feature levels", this::features);
        on.check("admin is told what the broker does not serve", this::notServed);
        on.check("a recreated topic has a new id and no records", this::recreated);
        on.check("300 partitions are created and listed", this::hundreds);
    }

    private void cluster() throws Exception {
        DescribeClusterResult cluster = on.admin().describeCluster();
        Checks.expect(1, cluster.nodes().get().size(), "nodes");
        Checks.expect(1, cluster.controller().get().id(), "controller");
        Checks.expect(22, cluster.clusterId().get().length(), "length of the cluster id");
    }

    private void lifeOfATopic() throws Exception {
        Admin admin = on.admin();
        NewTopic wanted = new NewTopic("java-life", 4, (short) 1).configs(Map.of("retention.bytes", "1000000"));
        CreateTopicsResult created = admin.createTopics(List.of(wanted));
        Checks.expect(4, created.numPartitions("java-life").get(), "partitions in the answer");
        Checks.expect("1000000", created.config("java-life").get().get("retention.bytes").value(), "config in the answer");
        TopicDescription topic = admin.describeTopics(List.of("java-life")).allTopicNames().get().get("java-life");
        Checks.expect(4, topic.partitions().size(), "partitions");
        topic.partitions().forEach(p -> Checks.expect(List.of(1, 1, 1), List.of(p.leader().id(), p.replicas().size(), p.isr().size()), "replicas"));
        Checks.expect(created.topicId("java-life").get(), topic.topicId(), "topic id");
        Checks.expect(topic.partitions().size(), admin.describeTopics(TopicCollection.ofTopicIds(List.of(topic.topicId()))).allTopicIds().get().get(topic.topicId()).partitions().size(), "by id");
        Checks.expect(admin.listTopics().names().get().contains("java-life"), "listed");
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(topic.topicId()))).all().get();
        Checks.eventually("not listed any more", () -> !admin.listTopics().names().get().contains("java-life"));
        Checks.fails(UnknownTopicOrPartitionException.class, () -> admin.describeTopics(List.of("java-life")).allTopicNames().get());
    }

    private void refusedTopics() throws Exception {
        Admin admin = on.admin();
        on.topic("refused", 1);
        refused(TopicExistsException.class, new NewTopic("java-refused", 1, (short) 1));
        refused(InvalidTopicException.class, new NewTopic("no spaces", 1, (short) 1));
        refused(InvalidTopicException.class, new NewTopic("x".repeat(250), 1, (short) 1));
        refused(InvalidTopicException.class, new NewTopic("..", 1, (short) 1));
        refused(InvalidPartitionsException.class, new NewTopic("java-refused-0", 0, (short) 1));
        refused(InvalidReplicationFactorException.class, new NewTopic("java-refused-1", 1, (short) 2));
        refused(InvalidConfigurationException.class, new NewTopic("java-refused-2", 1, (short) 1).configs(Map.of("no.such", "1")));
        refused(InvalidConfigurationException.class, new NewTopic("java-refused-3", 1, (short) 1).configs(Map.of("retention.ms", "x")));
        refused(InvalidConfigurationException.class, new NewTopic("java-refused-4", 1, (short) 1).configs(Map.of("cleanup.policy", "burn")));
        Checks.fails(UnknownTopicOrPartitionException.class, () -> admin.deleteTopics(List.of("java-none")).all().get());
        Checks.expect(admin.listTopics().names().get().stream().noneMatch(name -> name.startsWith("java-refused-")), "none was created");
    }

    private void refused(Class<? extends Exception> why, NewTopic topic) throws Exception {
        Checks.fails(why, () -> on.admin().createTopics(List.of(topic)).all().get());
    }

    private void validateOnly() throws Exception {
        Admin admin = on.admin();
        admin.createTopics(List.of(new NewTopic("java-dry", 1, (short) 1)), new CreateTopicsOptions().validateOnly(true)).all().get();
        Checks.expect(!admin.listTopics().names().get().contains("java-dry"), "not created");
    }

    private void growth() throws Exception {
        Admin admin = on.admin();
        String topic = on.topic("growth", 2);
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
        Checks.eventually("five partitions", () -> admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size() == 5);
        on.fill(topic, 5, 50);
        Checks.expect(50, on.readAll(topic, 5, 50).size(), "records");
        Checks.fails(InvalidPartitionsException.class, () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get());
        Checks.fails(UnknownTopicOrPartitionException.class, () -> admin.createPartitions(Map.of("java-none", NewPartitions.increaseTo(3))).all().get());
    }

    private void assignment() throws Exception {
        Admin admin = on.admin();
        admin.createTopics(List.of(new NewTopic("java-placed", Map.of(0, List.of(1), 1, List.of(1))))).all().get();
        Checks.expect(2, admin.describeTopics(List.of("java-placed")).allTopicNames().get().get("java-placed").partitions().size(), "partitions");
        Checks.fails(InvalidReplicaAssignmentException.class, () -> admin.createTopics(List.of(new NewTopic("java-nowhere", Map.of(0, List.of(7))))).all().get());
    }

    private void manyTopics() throws Exception {
        Admin admin = on.admin();
        List<NewTopic> topics = IntStream.range(0, 30).mapToObj(i -> new NewTopic("java-many-" + i, 1, (short) 1)).toList();
        admin.createTopics(topics).all().get();
        List<String> names = topics.stream().map(NewTopic::name).toList();
        DescribeTopicsOptions seven = new DescribeTopicsOptions().partitionSizeLimitPerResponse(7);
        Checks.expect(30, admin.describeTopics(names, seven).allTopicNames().get().size(), "topics described");
        admin.deleteTopics(names).all().get();
    }

    private static ConfigResource topicResource(String topic) { return new ConfigResource(ConfigResource.Type.TOPIC, topic); }

    private void alter(ConfigResource resource, AlterConfigOp.OpType how, String key, String value) throws Exception {
        on.admin().incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(key, value), how)))).all().get();
    }

    private ConfigEntry config(ConfigResource resource, String key) throws Exception {
        return on.admin().describeConfigs(List.of(resource)).all().get().get(resource).get(key);
    }

    private void topicConfigs() throws Exception {
        ConfigResource topic = topicResource(on.topic("configs", 1));
        Checks.expect(ConfigEntry.ConfigSource.DEFAULT_CONFIG, config(topic, "retention.ms").source(), "source before");
        alter(topic, AlterConfigOp.OpType.SET, "retention.ms", "1234567");
        alter(topic, AlterConfigOp.OpType.SET, "max.message.bytes", "5000");
        Checks.eventually("both are set", () -> config(topic, "retention.ms").value().equals("1234567") && config(topic, "max.message.bytes").value().equals("5000"));
        Checks.expect(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, config(topic, "retention.ms").source(), "source after");
        alter(topic, AlterConfigOp.OpType.APPEND, "cleanup.policy", "compact");
        Checks.eventually("appended", () -> config(topic, "cleanup.policy").value().equals("delete,compact"));
        alter(topic, AlterConfigOp.OpType.SUBTRACT, "cleanup.policy", "compact");
        alter(topic, AlterConfigOp.OpType.DELETE, "retention.ms", null);
        Checks.eventually("back to the default", () -> config(topic, "retention.ms").value().equals("604800000") && config(topic, "cleanup.policy").value().equals("delete"));
        Checks.fails(InvalidConfigurationException.class, () -> { alter(topic, AlterConfigOp.OpType.SET, "retention.ms", "soon"); return 0; });
        Checks.fails(UnknownTopicOrPartitionException.class, () -> { alter(topicResource("java-none"), AlterConfigOp.OpType.SET, "retention.ms", "1"); return 0; });
        Checks.fails(RecordTooLargeException.class, () -> on.producer("max.request.size", "100000").send(new org.apache.kafka.clients.producer.ProducerRecord<>(topic.name(), "x".repeat(6000))).get());
    }

    private void brokerConfigs() throws Exception {
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        alter(broker, AlterConfigOp.OpType.SET, "log.retention.ms", "99999999");
        Checks.eventually("set", () -> "99999999".equals(config(broker, "log.retention.ms").value()));
        Checks.expect(ConfigEntry.ConfigSource.DYNAMIC_BROKER_CONFIG, config(broker, "log.retention.ms").source(), "source");
        alter(broker, AlterConfigOp.OpType.DELETE, "log.retention.ms", null);
        Checks.eventually("cleared", () -> !"99999999".equals(config(broker, "log.retention.ms").value()));
        Checks.fails(InvalidRequestException.class, () -> { alter(broker, AlterConfigOp.OpType.SET, "node.id", "9"); return 0; });
    }

    private void describedConfigs() throws Exception {
        String topic = on.topic("described", 1);
        Config configs = on.admin().describeConfigs(List.of(topicResource(topic)), new DescribeConfigsOptions().includeDocumentation(true).includeSynonyms(true)).all().get().get(topicResource(topic));
        Checks.expect(ConfigEntry.ConfigType.LONG, configs.get("retention.ms").type(), "type of retention.ms");
        Checks.expect(ConfigEntry.ConfigType.LIST, configs.get("cleanup.policy").type(), "type of cleanup.policy");
        Checks.expect("log.cleanup.policy", configs.get("cleanup.policy").synonyms().get(0).name(), "synonym");
        Set<String> expected = Set.of("cleanup.policy", "compression.type", "delete.retention.ms", "file.delete.delay.ms", "flush.messages", "flush.ms", "index.interval.bytes",
            "max.compaction.lag.ms", "max.message.bytes", "message.timestamp.type", "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "min.insync.replicas", "preallocate",
            "retention.bytes", "retention.ms", "segment.bytes", "segment.index.bytes", "segment.jitter.ms", "segment.ms", "unclean.leader.election.enable");
        Set<String> missing = new TreeSet<>(expected);
        configs.entries().forEach(entry -> missing.remove(entry.name()));
        Checks.expect(Set.of(), missing, "configs that a topic lacks");
        Checks.fails(UnknownTopicOrPartitionException.class, () -> on.admin().describeConfigs(List.of(topicResource("java-none"))).all().get());
    }

    private void offsets() throws Exception {
        String topic = on.topic("offsets", 1);
        var producer = on.producer();
        for (long time : new long[] {1_000, 3_000, 2_000}) producer.send(new org.apache.kafka.clients.producer.ProducerRecord<>(topic, 0, time, "k", "v")).get();
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<OffsetSpec, Long> expected = new LinkedHashMap<>();
        expected.put(OffsetSpec.earliest(), 0L);
        expected.put(OffsetSpec.latest(), 3L);
        expected.put(OffsetSpec.maxTimestamp(), 1L);
        expected.put(OffsetSpec.forTimestamp(1_500), 1L);
        expected.put(OffsetSpec.forTimestamp(4_000), -1L);
        for (var each : expected.entrySet()) Checks.expect(each.getValue(), on.admin().listOffsets(Map.of(partition, each.getKey())).partitionResult(partition).get().offset(), each.getKey().getClass().getSimpleName());
        TopicPartition none = new TopicPartition("java-none", 0);
        Checks.fails(UnknownTopicOrPartitionException.class, () -> on.admin().listOffsets(Map.of(none, OffsetSpec.latest())).all().get());
    }

    private void deleteRecords() throws Exception {
        String topic = on.topic("deleted", 1);
        on.fill(topic, 1, 20);
        TopicPartition partition = new TopicPartition(topic, 0);
        Checks.expect(8L, on.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(8))).lowWatermarks().get(partition).get().lowWatermark(), "low watermark");
        Checks.expect(8L, on.consumer().beginningOffsets(List.of(partition)).get(partition), "beginning");
        Checks.expect("8", on.readAll(topic, 1, 12).get(0).value(), "first value left");
        Checks.fails(org.apache.kafka.common.errors.OffsetOutOfRangeException.class, () -> on.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(21))).all().get());
        on.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).all().get();
        Checks.expect(20L, on.consumer().beginningOffsets(List.of(partition)).get(partition), "beginning of an emptied log");
        Checks.fails(org.apache.kafka.clients.consumer.OffsetOutOfRangeException.class, () -> {
            Consumer<String, String> consumer = on.consumer("auto.offset.reset", "none");
            consumer.assign(List.of(partition));
            consumer.seek(partition, 3);
            return consumer.poll(java.time.Duration.ofSeconds(10)).count();
        });
    }

    private void logDirs() throws Exception {
        String topic = on.topic("logdirs", 2);
        on.fill(topic, 1, 100);
        var dirs = on.admin().describeLogDirs(List.of(1)).allDescriptions().get().get(1).values();
        Checks.expect(1, dirs.size(), "directories");
        LogDirDescription dir = dirs.iterator().next();
        Checks.expect(dir.error() == null && dir.totalBytes().getAsLong() > 0 && dir.usableBytes().getAsLong() > 0, "the volume's size");
        Checks.expect(dir.replicaInfos().get(new TopicPartition(topic, 0)).size() > 500, "partition 0 has bytes");
        Checks.expect(0L, dir.replicaInfos().get(new TopicPartition(topic, 1)).size(), "partition 1 has none");
    }

    private void quorum() throws Exception {
        QuorumInfo quorum = on.admin().describeMetadataQuorum().quorumInfo().get();
        Checks.expect(List.of(1, 1, 0), List.of(quorum.leaderId(), quorum.voters().size(), quorum.observers().size()), "leader, voters, observers");
        Checks.expect(quorum.highWatermark() > 0 && quorum.voters().get(0).logEndOffset() > 0, "offsets");
    }

    private void features() throws Exception {
        FeatureMetadata features = on.admin().describeFeatures().featureMetadata().get();
        Checks.expect(features.finalizedFeatures().get("metadata.version").maxVersionLevel() > 20, "metadata.version is finalised");
        Checks.expect(features.supportedFeatures().containsKey("metadata.version"), "and supported");
    }

    private void notServed() throws Exception {
        if (on.kafka) Checks.fails(SecurityDisabledException.class, () -> on.admin().describeAcls(AclBindingFilter.ANY).values().get());
        else Checks.fails(UnsupportedVersionException.class, () -> on.admin().describeAcls(AclBindingFilter.ANY).values().get());
    }

    private void recreated() throws Exception {
        String topic = on.topic("recreated", 1);
        on.fill(topic, 1, 10);
        Uuid before = id(topic);
        on.admin().deleteTopics(List.of(topic)).all().get();
        Checks.eventually("created anew", () -> {
            try { return on.topic("recreated", 1) != null; } catch (java.util.concurrent.ExecutionException exists) { return false; }
        });
        Checks.expect(!before.equals(id(topic)), "a new id");
        TopicPartition partition = new TopicPartition(topic, 0);
        Checks.expect(0L, on.consumer().endOffsets(List.of(partition)).get(partition), "end of the new log");
        on.fill(topic, 1, 3);
        Checks.expect(List.of("0", "1", "2"), Checks.values(on.readAll(topic, 1, 3)), "values");
    }

    private Uuid id(String topic) throws Exception { return on.admin().describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId(); }

    private void hundreds() throws Exception {
        String topic = on.topic("hundreds", 300);
        Checks.expect(300, on.admin().describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size(), "partitions");
        on.admin().deleteTopics(List.of(topic)).all().get();
    }
}
