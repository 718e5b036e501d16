#!/bin/bash
# One Apache Kafka node as bench.py drives it; $JARS is its class path.
#   kafka.sh format DIR   writes the configuration and formats DIR/data
#   kafka.sh start DIR    starts the broker, prints its pid
#   kafka.sh version
set -euo pipefail
. "$(dirname "$0")/common.sh"
# The defaults of Kafka's own kafka-run-class.sh and kafka-server-start.sh.
jvm="-Xmx1G -Xms1G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
case $1 in
  format)
    properties "$2" > "$2/broker.properties"
    cat >> "$2/broker.properties" <<END
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
END
    java -cp "$JARS" kafka.tools.StorageTool format -t $cluster_id $(voters) -c "$2/broker.properties" > "$2/format.log" 2>&1 ;;
  start)
    java $jvm -Dlog4j2.configurationFile="$(dirname "$(readlink -f "$0")")/log4j2.yaml" -cp "$JARS" kafka.Kafka "$2/broker.properties" >> "$2/broker.log" 2>&1 < /dev/null &
    echo $! ;;
  version) echo "Apache Kafka $(ls ${JARS%\*} | sed -n 's/^kafka_2.13-\(.*\).jar/\1/p')" ;;
esac
