#!/bin/bash
# One Klamm node as bench.py drives it; $KLAMM_BROKER is the program. The verbs are those of kafka.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"
case $1 in
  format)
    properties "$2" > "$2/broker.properties"
    "$KLAMM_BROKER" format --cluster-id $cluster_id $(voters) --config "$2/broker.properties" > "$2/format.log" 2>&1 ;;
  start)
    "$KLAMM_BROKER" --config "$2/broker.properties" >> "$2/broker.log" 2>&1 < /dev/null &
    echo $! ;;
  version) "$KLAMM_BROKER" --version ;;
esac
