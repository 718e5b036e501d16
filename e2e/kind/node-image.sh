#!/usr/bin/env bash
# kind's node image where none can be pulled: Debian's packages, kind's own files (in its Go module), our Go program.
# node-image.sh FOLDER KUBE IMAGE: makes IMAGE in the engine at FOLDER/docker.sock from the program KUBE, unless it is there.
set -euo pipefail
mkdir -p "$1"; KUBE=$2 IMAGE=$3; here=$(cd "$(dirname "$0")" && pwd); cd "$1"; D=$PWD
export DOCKER_HOST=unix://$D/docker.sock DOCKER_BUILDKIT=0
V=v1.35.4; R=$D/root BB=$(command -v busybox)
step() { echo "$(date +%T) $*" >&2; }
if docker image inspect "$IMAGE" >/dev/null 2>&1; then exit; fi

step "programs"
KIND=$(go mod download -json sigs.k8s.io/kind@v0.31.0 | jq -r .Dir)
CGO_ENABLED=0 GOBIN=$D GOFLAGS=-trimpath go install -ldflags "-s -w" github.com/rancher/local-path-provisioner@v0.0.30
mkdir -p node; cp "$KUBE" node/kube; for b in kubeadm kubectl; do ln -sf kube node/$b; done

step debootstrap
rm -rf "$R"; debootstrap --variant=minbase --include=systemd,systemd-sysv,containerd,runc,containernetworking-plugins,iptables,iproute2,conntrack,ethtool,socat,util-linux,mount,kmod,procps,hostname,ca-certificates,nftables,curl,busybox-static bookworm "$R"
rm -rf "$R"/var/cache/apt/archives/*.deb "$R"/var/lib/apt/lists/* "$R"/usr/share/{doc,man,locale,info}

step "kind's files"
cp -rT --no-preserve=mode,ownership "$KIND/images/base/files" "$R"
chmod 0755 "$R"/usr/local/bin/* "$R"/kind/bin "$R"/kind/bin/*
rm -f "$R"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service "$R"/lib/systemd/system/multi-user.target.wants/* \
  "$R"/etc/systemd/system/*.wants/* "$R"/lib/systemd/system/local-fs.target.wants/* "$R"/lib/systemd/system/sockets.target.wants/*udev* \
  "$R"/lib/systemd/system/sockets.target.wants/*initctl* "$R"/lib/systemd/system/basic.target.wants/*
grep -q ReadKMsg=no "$R/etc/systemd/journald.conf" || echo ReadKMsg=no >>"$R/etc/systemd/journald.conf"
for unit in kubelet containerd undo-mount-hacks; do chroot "$R" systemctl enable $unit.service; done
chroot "$R" systemctl mask systemd-binfmt.service
mkdir -p "$R/etc/kubernetes/manifests" "$R/opt/cni/bin" "$R/kind/manifests" "$R/var/lib/kubelet"
# containerd, its CNI plugins and runc come from Debian, where kind looks for them
for b in containerd ctr containerd-shim-runc-v2; do ln -sf /usr/bin/$b "$R/usr/local/bin/$b"; done
for b in host-local loopback ptp portmap; do ln -sf /usr/lib/cni/$b "$R/opt/cni/bin/$b"; done
chroot "$R" ctr oci spec | jq 'del(.process.rlimits)' >"$R/etc/containerd/cri-base.json"
# no CAP_SYS_RESOURCE here: a score may not be lowered; the name of the pause image is kubeadm's
sed -i -e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' -e 's#registry.k8s.io/pause:3.10"#registry.k8s.io/pause:3.10.1"#' "$R/etc/containerd/config.toml"

# cgroup v1 is all there is here
printf 'KUBELET_EXTRA_ARGS=--runtime-cgroups=/system.slice/containerd.service --fail-cgroupv1=false\n' >"$R/etc/default/kubelet"

step "Kubernetes"
install node/kube "$R/usr/bin/kube"
for b in kubeadm kubelet kubectl; do ln -sf kube "$R/usr/bin/$b"; done
printf %s $V >"$R/kind/version"
manifest() { awk -v n="$2" '$0=="const " n " = `"{p=1;next} p&&$0=="`"{exit} p' "$KIND/pkg/build/nodeimage/$1" |
  sed -e 's#` + kindnetdImage + `#docker.io/klamm/kindnetd:1#' -e 's#` + storageProvisionerImage + `#docker.io/klamm/local-path-provisioner:1#' -e 's#` + storageHelperImage + `#docker.io/klamm/local-path-helper:1#'; }
manifest const_cni.go defaultCNIManifest >"$R/kind/manifests/default-cni.yaml"
manifest const_storage.go defaultStorageManifest >"$R/kind/manifests/default-storage.yaml"

step "images of the components"
rm -rf image; mkdir -p image/usr/local/bin image/etc image/tmp image/run image/var image/usr/lib image/usr/lib64 image/usr/sbin image/usr/bin
ln -s usr/lib image/lib; ln -s usr/lib64 image/lib64; ln -s usr/sbin image/sbin; ln -s usr/bin image/bin; chmod 1777 image/tmp
# iptables, nft and conntrack for kube-proxy and kindnetd, with the libraries they load
for b in xtables-nft-multi nft conntrack; do cp "$R/usr/sbin/$b" image/usr/sbin/; done
chroot "$R" sh -c 'for f in /usr/sbin/xtables-nft-multi /usr/sbin/nft /usr/sbin/conntrack /usr/lib/x86_64-linux-gnu/xtables/*.so; do ldd $f; done' 2>/dev/null |
  grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r l; do mkdir -p "image$(dirname "$l")"; cp -L "$R$l" "image$l"; done
(cd "$R" && cp -r --parents usr/lib/x86_64-linux-gnu/xtables etc/protocols etc/services etc/passwd etc/group etc/ssl/certs/ca-certificates.crt "$D/image/")
for b in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -sf xtables-nft-multi image/usr/sbin/$b; done
cp "$BB" image/usr/bin/busybox; for b in sh mkdir rm cat ls; do ln -sf busybox image/usr/bin/$b; done
install node/kube image/usr/local/bin/kube; install local-path-provisioner image/usr/local/bin/
for b in kube-apiserver kube-controller-manager kube-scheduler kube-proxy etcd coredns kindnetd; do ln -sf kube image/usr/local/bin/$b; done
ln -s usr/local/bin/coredns image/coredns
tar -C image --sort=name --owner=0 --group=0 --mtime=@0 -c . | docker import -c 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin' -c 'CMD ["sh"]' - klamm/kube:1 >/dev/null
mkdir -p image/pause.d; gcc -Os -static -o image/pause.d/pause "$here/../kubernetes/pause.c"; strip image/pause.d/pause
tar -C image/pause.d -c pause | docker import -c 'ENTRYPOINT ["/pause"]' - registry.k8s.io/pause:3.10.1 >/dev/null
mkdir -p image/helper.d/bin; cp "$BB" image/helper.d/bin/busybox; for b in sh mkdir rm; do ln -s busybox image/helper.d/bin/$b; done
tar -C image/helper.d -c bin | docker import -c 'ENV PATH=/bin' - klamm/local-path-helper:1 >/dev/null
images=()
for name in $(node/kubeadm config images list --kubernetes-version $V) docker.io/klamm/kindnetd:1 docker.io/klamm/local-path-provisioner:1; do
  case $name in
    */pause:*) ;;
    */coredns:*) printf 'FROM klamm/kube:1\nENTRYPOINT ["/coredns"]\n' | docker build -q -t $name - >/dev/null ;;
    */kindnetd:*) printf 'FROM klamm/kube:1\nENTRYPOINT ["kindnetd"]\n' | docker build -q -t $name - >/dev/null ;;
    *) docker tag klamm/kube:1 $name ;;
  esac
  images+=($name)
done
step "preload ${images[*]}"
docker save "${images[@]}" klamm/local-path-helper:1 -o images.tar
rm -rf "$R/var/lib/containerd" pre; mkdir -p pre "$R/var/lib/containerd"
printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri","io.containerd.internal.v1.opt"]\n[grpc]\n address = "%s"\n' "$R/var/lib/containerd" "$D/pre/state" "$D/pre/c.sock" >pre/c.toml
containerd -c pre/c.toml >pre/log 2>&1 & C=$!
for _ in $(seq 100); do [ -S pre/c.sock ] && break; sleep 0.1; done
ctr -a pre/c.sock -n k8s.io images import --all-platforms --digests --snapshotter=overlayfs images.tar >pre/import.log 2>&1 || { cat pre/import.log; kill $C; exit 1; }
ctr -a pre/c.sock -n k8s.io images ls -q | grep -v @ >pre/list
kill $C; wait $C || true

step "node image"
: >"$R/etc/machine-id"; rm -f "$R/var/lib/dbus/machine-id" "$R/etc/resolv.conf" "$R/etc/hostname"
tar -C "$R" --numeric-owner --xattrs -c . | docker import - klamm/kind-root:1 >/dev/null
printf 'FROM klamm/kind-root:1\nENV container=docker\nSTOPSIGNAL SIGRTMIN+3\nENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]\n' | docker build -q -t "$IMAGE" -
rm -rf images.tar image pre root node; step done
