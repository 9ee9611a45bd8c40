#!/bin/bash
# Builds kuberig (a Kubernetes API server for tests) from Debian's Go libraries and unpacks etcd and kubectl beside it.
# usage: build.sh FOLDER    then FOLDER/bin has kuberig, etcd and kubectl; nothing is installed in the system
# Of Debian's unstable release: 88 packages, 110 MB; the first time it takes five minutes of CPU and 1.6 GB of disk.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
release=${KUBERIG_RELEASE:-sid}
mirror=$("$here/../../scripts/debian-mirror")
state=$folder/.apt; mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder/debs" "$folder/bin"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$state/sources.list"
: >"$state/status"
apt=(-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" -o Dir::State::status="$state/status" -o APT::Sandbox::User=root)
root=$folder/root
if [[ ! -e $folder/.unpacked ]]; then
  ls "$state/lists"/*Packages* >/dev/null 2>&1 || apt-get "${apt[@]}" update -qq
  (cd "$folder/debs" && apt-get "${apt[@]}" download -qq $(grep -v '^#' "$here/packages.txt"))
  for deb in "$folder"/debs/*.deb; do dpkg -x "$deb" "$root"; done
  rm -rf "$folder/debs"; touch "$folder/.unpacked"
fi
goroot=$(ls -d "$root"/usr/lib/go-1.* | sort -V | tail -n 1)
export GOROOT=$goroot GOPATH=$folder/go:$root/usr/share/gocode GO111MODULE=off GOTOOLCHAIN=local GOFLAGS= GOCACHE=${KUBERIG_CACHE:-$folder/cache} CGO_ENABLED=0 PATH=$goroot/bin:$root/usr/bin:$PATH
source=$folder/go/src/promgate.test/kuberig; mkdir -p "$source/openapi"
cp "$here"/kuberig/*.go "$source/"
if [[ ! -e $source/openapi/zz_openapi.go ]]; then
  echo '//' >"$folder/header.txt"; echo 'package openapi' >"$source/openapi/doc.go"
  api=k8s.io/api; meta=k8s.io/apimachinery/pkg
  openapi-gen --go-header-file "$folder/header.txt" --output-dir "$source/openapi" --output-pkg promgate.test/kuberig/openapi --output-file zz_openapi.go --report-filename "$folder/openapi-report.txt" \
    $api/core/v1 $api/apps/v1 $api/autoscaling/v1 $api/autoscaling/v2 $api/networking/v1 $api/coordination/v1 $api/discovery/v1 $api/rbac/v1 \
    $meta/util/intstr $meta/apis/meta/v1 $meta/runtime $meta/version $meta/api/resource
fi
version=1.36.4
go build -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36" -o "$folder/bin/kuberig" promgate.test/kuberig
cp "$root/usr/bin/etcd" "$root/usr/bin/kubectl" "$folder/bin/"
echo "$folder/bin: $(ls "$folder/bin" | tr '\n' ' ')"
