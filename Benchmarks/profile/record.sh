#!/usr/bin/env bash
# Records for the compiler how often each part of promgate runs, so that it lays out and inlines what is
# used: builds promgate with counters, has it answer, scrape, replay and lint, and writes
# release.profdata beside this script. Takes about six minutes; `make build` uses what it wrote.
# usage: record.sh BUILD-FLAG…
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/.build/profile
tools=$(dirname "$(readlink -f "$(command -v swift)")")
promgate=$work/build/release/promgate
[ -x "$tools/llvm-profdata" ] || { echo "profile: no llvm-profdata beside the compiler in $tools" >&2; exit 2; }
mkdir -p "$work"
rm -f "$work"/*.profraw

cd "$root"
swift build -c release --product promgate --scratch-path "$work/build" "$@" \
  -Xswiftc -Xfrontend -Xswiftc -ir-profile-generate -Xswiftc -Xclang-linker -Xswiftc -fprofile-generate

export LLVM_PROFILE_FILE=$work/%p.profraw
python3 Benchmarks/peers/gen.py --series 3000 --hours 3 --seed 3 --format om -o "$work/data.om"
"$promgate" serve --data "$work/data.om" --scrape http://127.0.0.1:19390/metrics --interval 1s \
  --retention 100000h --listen 127.0.0.1:19390 2>"$work/serve.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 600); do
  curl -sf -o /dev/null http://127.0.0.1:19390/-/ready && break
  kill -0 "$server" 2>/dev/null || { cat "$work/serve.log" >&2; exit 1; }
  sleep 0.1
done
python3 "$here/ask.py" http://127.0.0.1:19390 --hours 3
kill "$server"
wait "$server" || true
trap - EXIT

for start in 1760000000 1760000600; do
  "$promgate" replay -f Examples/podinfo --data Examples/recordings/slow.om.gz --start "$start" >/dev/null || true
done
"$promgate" lint Examples >/dev/null || true

"$tools/llvm-profdata" merge --sparse -o "$here/release.profdata" "$work"/*.profraw
ls -l "$here/release.profdata"
