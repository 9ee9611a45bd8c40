import Foundation
import Testing

/// `promgate record` and what is kept by `promgate serve --recording`, as users run them.
@Suite struct RecordToolTests {
  @Test func `what is wrong is said with status 2`() throws {
    let cases = [
      ("x.rec", "say what to record: one of --scrape URL, --remote-read URL and --receive"),
      ("x.rec --receive --scrape http://127.0.0.1:1", "say what to record: one of"),
      ("x.rec --receive --last 1h", "-f, --match, --start, --end and --last go with --remote-read"),
      (
        "x.rec --remote-read http://127.0.0.1:1", "say which series to read: -f MANIFESTS or --match SELECTOR"
      ),
      ("x.rec --remote-read http://127.0.0.1:1 --match up", "say from when to read"),
      ("/dev/null/x --scrape http://127.0.0.1:1", "Not a directory"),
      ("README.md --scrape http://127.0.0.1:1", "README.md: is no recording of promgate's"),
      (
        "$TMPDIR/promgate-none.rec --remote-read http://127.0.0.1:1 --match 'up{' --last 1h",
        "--match 'up{': 1:4: parse error"
      ),
      (
        "$TMPDIR/promgate-none.rec --remote-read http://127.0.0.1:1 --match up --last 1h --server-retries 0",
        "connection refused"
      ),
    ]
    for (arguments, message) in cases {
      let run = try Tool.run(shell: "export TMPDIR=${TMPDIR:-/tmp}; timeout 20 promgate record \(arguments)")
      #expect(run.status == 2, "\(arguments): \(run.status)")
      #expect(run.text.contains(message), "\(arguments): \(run.text)")
    }
  }

  @Test func `scraped, read while it grows, read remotely, and cut`() throws {
    let script = """
      port=$(( 20000 + $$ % 20000 )); dir=$(mktemp -d); cd $dir
      promgate serve --listen 127.0.0.1:$port --interval 100ms --scrape http://127.0.0.1:$port,job=self 2>/dev/null &
      served=$!
      for i in $(seq 100); do curl -sf -o /dev/null http://127.0.0.1:$port/-/ready && break; sleep 0.1; done
      promgate record a.rec --scrape http://127.0.0.1:$port,job=self --interval 100ms 2>log &
      pid=$!
      promgate serve --listen 127.0.0.1:$((port + 1)) --recording none.rec 2>/dev/null &
      empty=$!
      for i in $(seq 100); do promgate inspect a.rec --series up 2>/dev/null | grep -q up && break; sleep 0.1; done
      promgate serve --listen 127.0.0.1:$((port + 2)) --data a.rec --follow 2>/dev/null &
      follower=$!
      for i in $(seq 100); do
        n=$(curl -sg "http://127.0.0.1:$((port + 2))/api/v1/query?query=count_over_time(up[1h])" |
          sed 's/.*,"\\([0-9]*\\)".*/\\1/')
        [ "${n:-0}" -ge 10 ] 2>/dev/null && echo grows && break; sleep 0.1
      done
      for i in $(seq 100); do
        curl -sg "http://127.0.0.1:$((port + 2))/api/v1/metadata?metric=promgate_targets" |
          grep -o '"type":"gauge"' && break
        sleep 0.1
      done
      promgate record a.rec --receive 2>&1; echo "status $?"
      kill -TERM $pid; wait $pid; echo "status $?"
      sed 's/[0-9][0-9.]*/N/g' log | tail -1
      promgate record b.rec --match 'up{job="self"}' --remote-read http://127.0.0.1:$port --last 1h 2>/dev/null
      promgate query 'min_over_time(up[1h]) + 0 * up' --data b.rec --format csv | tail -1 | sed 's/[0-9]\\{5,\\}/N/g'
      head -c -3 a.rec > cut.rec
      promgate query 'count(up)' --data cut.rec --format csv 2>&1 >/dev/null | sed 's/[0-9][0-9]*/N/g'
      kill -TERM $served $empty $follower; wait
      rm -r $dir
      """
    let run = try Tool.run(shell: script)
    let lines = run.text.split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "grows", #""type":"gauge""#, "error: a.rec: another process is writing it (name another file)",
        "status 2", "status 0", "recorded N samples (N bytes, N bytes a sample) in a.rec",
        "127.0.0.1:N,self,1",
        "warning: cut.rec: the last record is cut at byte N: the N bytes from byte N on are left out",
      ], "\(run.text)")
  }

  @Test func `manifests say what is read from a server`() throws {
    let script = """
      port=$(( 20000 + $$ % 20000 )); file=$(mktemp -u)
      promgate serve --listen 127.0.0.1:$port --data Examples/recordings/slow.om.gz 2>/dev/null &
      pid=$!
      for i in $(seq 100); do curl -sf -o /dev/null http://127.0.0.1:$port/-/ready && break; sleep 0.1; done
      promgate record $file -f Examples/podinfo --remote-read http://127.0.0.1:$port --start 1760000000 \
        --end 1760003600 2>/dev/null; echo "status $?"
      promgate replay -f Examples/podinfo --data $file --start 1760000000 > $file.1
      promgate replay -f Examples/podinfo --data Examples/recordings/slow.om.gz --start 1760000000 > $file.2
      cmp $file.1 $file.2 && tail -1 $file.1
      kill -TERM $pid; wait; rm -f $file $file.1 $file.2
      """
    let run = try Tool.run(shell: script)
    #expect(run.text.hasPrefix("status 0\n") && !run.text.contains("differ"), "\(run.text)")
    #expect(run.text.contains("ROLLED BACK"), "\(run.text)")
  }

  /// Pushes from one thread and kills from another, again and again: what was acknowledged is there.
  @Test func `a hundred kills lose nothing that was acknowledged`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID().uuidString).rec")
      .path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    let base = Int64(Date().timeIntervalSince1970) * 1000 - 1_800_000
    var acknowledged: Int64 = 0
    for round in 0..<100 {
      let server = try ServedTool("serve", "--receive", "--recording", file)
      let connection = try PushConnection(port: server.port)
      // What there is: a sample for each number, the last acknowledged one among them.
      let count = try connection.scalar("count_over_time(n[2h] @ \(base / 1000 + 3600))")
      let newest = try connection.scalar("max_over_time(n[2h] @ \(base / 1000 + 3600))")
      if round > 0 {
        #expect(newest >= Double(acknowledged) && count == newest, "round \(round): \(count), \(newest)")
      }
      acknowledged = Int64(newest)
      let end = Date().addingTimeInterval(Double((round * 37) % 60 + 1) / 1000)
      let killer = Thread {
        Thread.sleep(until: end)
        kill(server.process.processIdentifier, SIGKILL)
      }
      killer.start()
      while let status = try? connection.push("n", [(Double(acknowledged + 1), base + acknowledged + 1)]) {
        guard status == 204 else { break }
        acknowledged += 1
      }
      server.process.waitUntilExit()
    }
    #expect(acknowledged > 100)
  }
}
