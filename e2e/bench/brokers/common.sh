# What both brokers are told: the same keys, the values of Kafka's shipped server.properties. $NODE is the node's id, of $NODES (1 or 3) on this machine;
# node i serves clients on port $PORT + 2 (i - 1), its controller is one above. $PROPERTIES are lines of settings beyond these.
replicas=$NODES least=$((NODES > 1 ? 2 : 1))
clients() { echo $((PORT + 2 * ($1 - 1))); }
controller() { echo "127.0.0.1:$(($(clients "$1") + 1))"; }

quorum() {
  if [ "$NODES" = 1 ]; then echo "controller.quorum.voters=1@$(controller 1)"
  else echo "controller.quorum.bootstrap.servers=$(for i in $(seq "$NODES"); do controller "$i"; done | paste -sd,)"; fi
}

# What `format` is told beside the cluster's id: who votes, with the ids of their directories ("klamm-bench-000N").
voters() {
  [ "$NODES" = 1 ] || echo "--initial-controllers $(for i in $(seq "$NODES"); do
    echo "$i@$(controller "$i"):$(printf 'klamm-bench-000%s' "$i" | base64 | tr -d =)"; done | paste -sd,)"
}

properties() {
  cat <<END
process.roles=broker,controller
node.id=$NODE
$(quorum)
listeners=PLAINTEXT://127.0.0.1:$(clients "$NODE"),CONTROLLER://$(controller "$NODE")
advertised.listeners=PLAINTEXT://127.0.0.1:$(clients "$NODE")
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$1/data
num.partitions=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$least
default.replication.factor=$replicas
min.insync.replicas=$least
group.initial.rebalance.delay.ms=0
$PROPERTIES
END
}
cluster_id=a2xhbW0tYmVuY2htYXJrLQ
