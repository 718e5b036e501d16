#!/bin/bash
# build.sh FOLDER: librdkafka, its performance tool and its own test suite, built in FOLDER/librdkafka. About 5 minutes on two cores.
# The source comes in an npm package (tests, no examples) and a crate (examples, no tests). `apt-packages` beside this file is what it needs.
set -euo pipefail
npm_package=@confluentinc/kafka-javascript@1.10.1
crate=rdkafka-sys@4.10.0
packages=$(tr '\n' ' ' <"$(dirname "$0")/apt-packages")
dpkg -s $packages >/dev/null 2>&1 || { echo "librdkafka needs packages that are not all here: apt-get install $packages"; exit 1; }
mkdir -p "$1"; cd "$1"
rm -rf librdkafka package crate
npm pack -s "$npm_package" >/dev/null
tar xzf confluentinc-kafka-javascript-*.tgz
mv package/deps/librdkafka .
cargo init -q --vcs none --name source crate
(cd crate && cargo add -q "$crate" && cargo vendor -q vendored >/dev/null 2>&1)
cp -rn crate/vendored/rdkafka-sys/librdkafka/examples librdkafka/
cp -n crate/vendored/rdkafka-sys/librdkafka/mklove/modules/configure.* librdkafka/mklove/modules/
rm -rf package crate confluentinc-kafka-javascript-*.tgz
cd librdkafka
chmod +x configure lds-gen.py mklove/* tests/*.sh 2>/dev/null || true
./configure >/dev/null
make -j2 libs >/dev/null
make -C examples rdkafka_performance >/dev/null
make -C tests -j2 test-runner >/dev/null
