#!/usr/bin/env bash
# promgate beside Prometheus and VictoriaMetrics on the same data, all on loopback: answers compared first,
# then CPU, time and memory. usage: run.sh PROMGATE PEERS WORK [SERIES [HOURS [SEED [REPEAT [ROAD]]]]]
# ROAD is how promgate came by the data: scraped (as if), pushed (remote write), blocks (read in place), or churn:
# scraped, and no series lives longer than five minutes.
# PEERS is what scripts/peers unpacked (prometheus, promtool, victoria-metrics); WORK keeps the data.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
promgate=$1 peers=$2 work=$3 series=${4:-10000} hours=${5:-6} seed=${6:-1} repeat=${7:-5} road=${8:-scraped}
name=$series-$hours-$seed queries=$here/queries.json shape= label=kubernetes_pod_name metric=http_requests_total
case $road in
  scraped | pushed | blocks) ;;
  churn) name=churn-$name queries=$here/churn.json shape=--churn label=pod metric=pod_metric_3 ;;
  *) echo "bench-peers: no road $road: scraped, pushed, blocks or churn" >&2; exit 2 ;;
esac
mkdir -p "$work"
pids=()
finish() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; }
trap finish EXIT

# A server's name, its address that answers when it is ready, its command.
start() {
  local label=$1 ready=$2
  shift 2
  "$@" >"$work/$label.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 600); do
    if curl -sf -o /dev/null "$ready"; then
      # Another server may have had the address before: then this one ends.
      sleep 0.3
      kill -0 "${pids[-1]}" 2>/dev/null || { cat "$work/$label.log" >&2; exit 1; }
      echo "$label: pid ${pids[-1]}" >&2
      return
    fi
    kill -0 "${pids[-1]}" 2>/dev/null || { cat "$work/$label.log" >&2; exit 1; }
    sleep 0.1
  done
  echo "bench-peers: $label does not answer at $ready" >&2
  exit 1
}

if [ ! -d "$work/blocks-$name" ]; then
  echo "making the data: $series series, $hours h (once; about two minutes for the default)" >&2
  python3 "$here/gen.py" --series "$series" --hours "$hours" --seed "$seed" $shape --format om -o "$work/data.om"
  "$peers/promtool/usr/bin/promtool" tsdb create-blocks-from openmetrics "$work/data.om" "$work/new" >/dev/null
  rm "$work/data.om"
  mv "$work/new" "$work/blocks-$name"
fi
rm -rf "$work/prometheus-$name"
cp -r "$work/blocks-$name" "$work/prometheus-$name"
echo 'global: {scrape_interval: 15s}' >"$work/prometheus.yml"
start prometheus http://127.0.0.1:19353/-/ready "$peers/prometheus/usr/bin/prometheus" \
  --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus-$name" \
  --storage.tsdb.retention.time=100y --web.listen-address=127.0.0.1:19353
prometheus=${pids[-1]}
fresh=
[ -d "$work/vm-$name" ] || fresh=1
start vm http://127.0.0.1:18428/health "$peers/victoria-metrics/usr/bin/victoria-metrics" \
  -storageDataPath="$work/vm-$name" -httpListenAddr=127.0.0.1:18428 -retentionPeriod=100y -search.latencyOffset=0s
vm=${pids[-1]}
if [ -n "$fresh" ]; then
  python3 "$here/gen.py" --series "$series" --hours "$hours" --seed "$seed" $shape --format prom -o "$work/data.prom"
  curl -sf -T "$work/data.prom" http://127.0.0.1:18428/api/v1/import/prometheus
  rm "$work/data.prom"
  curl -sf http://127.0.0.1:18428/internal/force_flush
  sleep 2
fi
kept="--retention 100000h --max-stored-samples 2000000000 --max-series 1000000"
case $road in
  # The store in memory, filled from the same blocks in front of a target that nobody listens at.
  scraped | churn) from="--data $work/blocks-$name --scrape http://127.0.0.1:9/metrics,job=nobody --interval 1h $kept" ;;
  pushed) from="--receive $kept" ;;
  blocks) from="--data $work/blocks-$name" ;;
esac
start promgate http://127.0.0.1:19090/-/ready "$promgate" serve $from --listen 127.0.0.1:19090
if [ "$road" = pushed ]; then
  python3 "$here/push.py" http://127.0.0.1:19090/api/v1/write --series "$series" --hours "$hours" --seed "$seed"
fi
servers=(--server "promgate=http://127.0.0.1:19090@${pids[-1]}"
  --server "prometheus=http://127.0.0.1:19353@$prometheus" --server "vm=http://127.0.0.1:18428@$vm")
status=0
python3 "$here/bench.py" --queries "$queries" --repeat "$repeat" --nocache-vm --hours "$hours" \
  -o "$work/result-$road-$name.json" "${servers[@]}" || status=1
# VictoriaMetrics lists by days, and knows no time range below one: it is no measure here.
python3 "$here/listings.py" --hours "$hours" --label $label --selector $metric "${servers[@]:0:4}" || status=1
exit $status
