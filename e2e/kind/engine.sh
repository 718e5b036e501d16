#!/usr/bin/env bash
# A Docker engine of our own, in a network namespace of its own, for machines without one.
# engine.sh start FOLDER | stop FOLDER. Its address is unix://FOLDER/docker.sock, reached by `nsenter --net=/run/netns/klamm-kind`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); action=$1; mkdir -p "$2"; cd "$2"; D=$PWD
space=klamm-kind

stop() {
  [ ! -f dockerd.pid ] || kill "$(cat dockerd.pid)" 2>/dev/null || true
  for _ in $(seq 50); do [ -f dockerd.pid ] && kill -0 "$(cat dockerd.pid)" 2>/dev/null || break; sleep 0.2; done
  ip netns del $space 2>/dev/null || true
}
[ "$action" = start ] || { stop; exit; }

wanted="docker.io debootstrap jq busybox-static iproute2 iptables" # the rest is installed for the local Kubernetes already
missing=$(for package in $wanted; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done)
if [ -n "$missing" ]; then
  apt-get update -qq
  # At this runlevel Debian starts no daemon on installation: the engine is to run in our network alone.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# runc-less asks only for capabilities that the machine can give; kind cannot choose a runtime, so it is the default one.
[ -x runc-less ] || (cd "$here/runc-less" && CGO_ENABLED=0 go build -trimpath -o "$D/runc-less" .)
docker -H "unix://$D/docker.sock" info >/dev/null 2>&1 && exit
ip netns add $space 2>/dev/null || true
ip -n $space link set lo up
nsenter --net=/run/netns/$space setsid dockerd --data-root "$D/data" --exec-root "$D/exec" --pidfile "$D/dockerd.pid" \
  --host "unix://$D/docker.sock" --add-runtime "runc-less=$D/runc-less" --default-runtime runc-less --storage-driver overlay2 \
  >dockerd.log 2>&1 </dev/null &
for _ in $(seq 100); do docker -H "unix://$D/docker.sock" info >/dev/null 2>&1 && exit; sleep 0.2; done
tail -5 dockerd.log; exit 1
