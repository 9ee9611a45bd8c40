import Foundation
import Loopback
import Synchronization
import Testing

/// `promgate serve`, as a user runs it.
@Suite struct ServeToolTests {
  @Test func `what is wrong is said before anything is served, with status 2`() throws {
    let cases = [
      (
        "",
        "nothing to serve: give --scrape URL, --receive, --recording FILE, --data PATH or --remote-read URL"
      ),
      ("--scrape 'http://a b'", "column"),
      ("--scrape http://127.0.0.1:1,__x=y", "label names that begin with __ are reserved"),
      ("--scrape http://127.0.0.1:1 --listen 1.2.3.4", "has no port"),
      ("--scrape http://127.0.0.1:1 --listen 127.0.0.1:99999", "is no port from 0 to 65535"),
      ("--scrape http://127.0.0.1:1 --interval -1s", "--interval"),
      ("--scrape http://127.0.0.1:1 --max-series none", "not a positive number"),
      ("--scrape http://127.0.0.1:1 --cors-origin '('", "missing closing )"),
      ("--scrape http://127.0.0.1:1 --sample-limit=-1", "a limit is not negative"),
      ("--data /does/not/exist", "/does/not/exist"),
      ("--scrape http://127.0.0.1:1 --listen 192.0.2.1:1", "cannot listen on 192.0.2.1:1"),
    ]
    for (arguments, message) in cases {
      let run = try Tool.run(shell: "timeout 20 promgate serve \(arguments)")
      #expect(run.status == 2, "\(arguments): \(run.status)")
      #expect(run.text.contains(message), "\(arguments): \(run.text)")
    }
  }

  @Test func `it scrapes itself, answers, tells events, and stops at a signal`() throws {
    // The server scrapes its own metrics through a port that is found free first.
    let script = """
      port=$(( 20000 + $$ % 20000 ))
      log=$(mktemp)
      promgate serve --listen 127.0.0.1:$port --interval 1s \
        --scrape http://127.0.0.1:$port,job=self --scrape http://127.0.0.1:1,job=dead 2>$log &
      pid=$!
      for i in $(seq 100); do
        answer=$(curl -sg "http://127.0.0.1:$port/api/v1/query?query=sort_desc(up)")
        case "$answer" in *self*dead*) break;; esac
        sleep 0.1
      done
      echo "$answer" | sed 's/[0-9][0-9.]*,"/T,"/g; s/127.0.0.1:[0-9]*/ADDRESS/g'
      kill -TERM $pid
      wait $pid
      echo "status $?"
      sed "s/:$port/:PORT/; s/^time=[0-9T:.-]*Z level=/TIME /; s/source=[A-Za-z+]*.swift:[0-9]* //" $log
      rm $log
      """
    let run = try Tool.run(shell: script)
    #expect(
      run.text.contains(
        #"[{"metric":{"__name__":"up","instance":"ADDRESS","job":"self"},"value":[T,"1"]},"#
          + #"{"metric":{"__name__":"up","instance":"ADDRESS","job":"dead"},"value":[T,"0"]}]"#))
    let told = [
      "status 0", "TIME INFO msg=Listening address=http://127.0.0.1:PORT", "TIME INFO msg=Stopping",
      "TIME INFO msg=Stopped",
    ]
    for line in told {
      #expect(run.text.split(separator: "\n").contains(Substring(line)), "\(run.text)")
    }
    #expect(run.text.contains("TIME INFO msg=\"Target is up\" samples="), "\(run.text)")
    #expect(run.text.contains(" target=http://127.0.0.1:PORT/metrics\n"), "\(run.text)")
    #expect(run.text.contains("TIME WARN msg=\"Target is down\" err="), "\(run.text)")
  }

  @Test(arguments: ["serve --gate Examples/podinfo", "gate -f Examples/podinfo --webhooks skip"])
  func `Flagger's metrics are shown with bounds and outcomes`(command: String) throws {
    let script = """
      port=$(( 20000 + $$ % 20000 ))
      promgate \(command) --listen 127.0.0.1:$port --interval 1s --scrape http://127.0.0.1:$port,job=self \
        >/dev/null 2>&1 &
      pid=$!
      for i in $(seq 100); do
        answer=$(curl -sg "http://127.0.0.1:$port/metrics")
        case "$answer" in *flagger_canary_status*) break;; esac
        sleep 0.1
      done
      echo "$answer" | grep -E '^(flagger|promgate_canary)'
      kill -TERM $pid
      wait $pid
      """
    let run = try Tool.run(shell: script)
    for line in [
      #"flagger_info{version="1.44",mesh_provider="nginx"} 1"#, #"flagger_canary_total{namespace="test"} 1"#,
      #"flagger_canary_status{name="podinfo",namespace="test"} 0"#,
      #"flagger_canary_weight{workload="podinfo-primary",namespace="test"} 100"#,
      #"promgate_canary_failed_checks{name="podinfo",namespace="test"} 0"#,
      #"promgate_canary_metric_threshold{name="podinfo",namespace="test",metric="latency",bound="max"} 0.5"#,
      #"flagger_canary_duration_seconds_count{name="podinfo",namespace="test"} 1"#,
    ] {
      #expect(run.text.split(separator: "\n").contains(Substring(line)), "\(line)\n\(run.text)")
    }
  }

  @Test func `serve asks the webhooks of its canaries, tells people, and keeps their state`() throws {
    let asked = Mutex<[String]>([])
    let receiver = try LoopbackServer { request in
      asked.withLock { $0.append(request.line.split(separator: " ")[1].description) }
      return LoopbackServer.reply(
        [], status: request.line.contains("/approve") ? "403 Forbidden" : "200 OK")
    }
    defer { receiver.stop() }
    let folder = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let canary = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: nginx
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
        service: {port: 80}
        analysis:
          interval: 1s
          threshold: 2
          stepWeight: 50
          maxWeight: 50
          metrics:
          - {name: up, query: 'min(up)', thresholdRange: {min: 1}}
          webhooks:
          - {name: approve, type: confirm-promotion, url: "\(receiver.url)/approve"}
      """
    try canary.write(to: folder.appending(path: "canary.yaml"), atomically: true, encoding: .utf8)
    let script = """
      cd \(folder.path())
      port=$(( 20000 + $$ % 20000 ))
      promgate serve --gate canary.yaml --listen 127.0.0.1:$port --interval 1s --state states \
        --scrape http://127.0.0.1:$port,job=self --notify webhook=\(receiver.url)/notify \
        --on-weight 'echo moved $PROMGATE_CANARY to $PROMGATE_WEIGHT' >log 2>&1 &
      pid=$!
      for i in $(seq 200); do grep -q 'waiting for promotion approval' log && break; sleep 0.1; done
      kill -TERM $pid
      wait $pid
      echo "status $?"
      cat log states/podinfo.test.json
      echo x > file
      promgate serve --gate canary.yaml --scrape http://127.0.0.1:1 --state file 2>&1
      promgate serve --scrape http://127.0.0.1:1 --state states 2>&1
      """
    let run = try Tool.run(shell: script)
    let paths = asked.withLock { $0 }
    #expect(paths.contains("/approve"), "\(paths)")
    #expect(paths.contains("/notify"), "\(paths)")
    for text in [
      "status 0\n", #"line="moved podinfo to 50""#, #""phase":"WaitingPromotion""#,
      "interrupted; the canary's weight stays at 50",
      "--state file: is no folder; serve keeps a file there for each canary",
      "--state is for the canaries of --gate: give --gate PATH",
    ] {
      #expect(run.text.contains(text), "\(text)\n\(run.text)")
    }
    #expect(!run.text.contains("promoted"), "\(run.text)")
  }

  @Test func `what is pushed is answered, and read back by remote read`() throws {
    // A WriteRequest: pushed_total{job="sender"} 42.5 at 1760000000, in a snappy block.
    let body = "Pfw8AAAACjsKGAoIX19uYW1lX18SDHB1c2hlZF90b3RhbAoNCgNqb2ISBnNlbmRlchIQCQAAAAAAQEVAEICAs8GcMw=="
    let script = """
      port=$(( 20000 + $$ % 20000 ))
      promgate serve --receive --listen 127.0.0.1:$port 2>/dev/null &
      pid=$!
      for i in $(seq 100); do curl -sf -o /dev/null http://127.0.0.1:$port/-/ready && break; sleep 0.1; done
      echo \(body) | base64 -d | curl -s -o /dev/null -w 'status %{http_code}\\n' --data-binary @- \
        -H 'Content-Type: application/x-protobuf' -H 'Content-Encoding: snappy' http://127.0.0.1:$port/api/v1/write
      echo junk | curl -s -w 'status %{http_code}\\n' --data-binary @- \
        -H 'Content-Type: application/x-protobuf' http://127.0.0.1:$port/api/v1/write
      curl -sg "http://127.0.0.1:$port/api/v1/query?query=pushed_total&time=1760000000"; echo
      promgate query pushed_total --remote-read http://127.0.0.1:$port --time 1760000000 --format csv
      kill -TERM $pid
      wait $pid
      """
    let run = try Tool.run(shell: script)
    #expect(run.text.contains("status 204\ns2: corrupt input\nstatus 400\n"), "\(run.text)")
    #expect(
      run.text.contains(
        #"{"metric":{"__name__":"pushed_total","job":"sender"},"value":[1760000000,"42.5"]}"#), "\(run.text)")
    // The remote's answer, through our own client.
    #expect(run.text.split(separator: "\n").last?.hasSuffix("42.5") == true, "\(run.text)")
  }
}
