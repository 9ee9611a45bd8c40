import Foundation
import FoundationXML
import Loopback
import Synchronization
import Testing

/// `promgate replay`, and what `promgate gate` does beside judging.
@Suite struct ReplayToolTests {
  private let good = "-f Examples/podinfo --data Examples/recordings/good.om.gz"
  private let slow = "-f Examples/podinfo --data Examples/recordings/slow.om.gz"

  private func temporary(_ name: String) -> URL {
    FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + name)
  }

  private func json(_ text: String) throws -> [String: Any] {
    let start = try #require(text.firstIndex(of: "{"))
    let end = try #require(text.lastIndex(of: "}"))
    return try #require(
      JSONSerialization.jsonObject(with: Data(text[start...end].utf8)) as? [String: Any])
  }

  @Test func `JSON has verdict ticks and version`() throws {
    let run = try Tool.run(shell: "promgate replay \(slow) --format json")
    #expect(run.status == 1)
    let object = try json(run.text)
    #expect(object["verdict"] as? String == "rolledBack" && object["version"] as? Int == 1)
    let ticks = try #require(object["ticks"] as? [[String: Any]])
    #expect(ticks.count == 13)
    let checks = try #require(ticks[2]["checks"] as? [[String: Any]])
    #expect(checks.map { $0["verdict"] as? String } == ["passed", "failed"])
    #expect(checks[1]["samples"] as? Int == 36 && checks[1]["seriesFound"] as? Int == 12)
    #expect((checks[1]["query"] as? String)?.hasPrefix("histogram_quantile(0.99") == true)
    #expect(checks[0]["otherVerdict"] as? String == "noValue")
    #expect(ticks[2]["weight"] as? Int == 5)
    let promoted = try Tool.run(shell: "promgate replay \(good) --format json")
    #expect(promoted.status == 0)
    #expect(try json(promoted.text)["verdict"] as? String == "promoted")
  }

  @Test func `a replay decides as the gate does`() throws {
    for source in [good, slow] {
      let gate = try Tool.run(shell: "promgate gate \(source) --format json")
      let replay = try json(try Tool.run(shell: "promgate replay \(source) --format json").text)
      let ticks = try #require(replay["ticks"] as? [[String: Any]])
      let lines = try gate.text.split(separator: "\n").map { try json(String($0)) }
      let judged = lines.filter { $0["type"] as? String == "tick" }
      #expect(judged.count == ticks.count)
      for (one, other) in zip(judged, ticks) {
        for key in ["time", "weight", "failedChecks"] {
          #expect(one[key] as? Double == other[key] as? Double)
        }
        let verdicts = [one, other].map {
          ($0["checks"] as? [[String: Any]] ?? []).map { $0["value"] as? Double }
        }
        #expect(verdicts[0] == verdicts[1])
      }
      #expect(lines.last?["verdict"] as? String == replay["verdict"] as? String)
    }
  }

  @Test func `many starts are many replays`() throws {
    let times = "--from 2025-10-09T08:53:20Z --to 2025-10-09T09:13:20Z --every 1m"
    let run = try Tool.run(shell: "promgate replay \(good) \(times) --format json")
    let replays = try #require(try json(run.text)["replays"] as? [[String: Any]])
    #expect(replays.count == 21)
    #expect(Set(replays.compactMap { $0["verdict"] as? String }).isSubset(of: ["promoted", "undecided"]))
    let text = try Tool.run(shell: "promgate replay \(good) \(times)")
    #expect(text.text.contains("21 replays: promoted"))
    let alone = try Tool.run(shell: "promgate replay \(good) --start 2025-10-09T08:58:20Z --format json")
    #expect(try json(alone.text)["verdict"] as? String == replays[5]["verdict"] as? String)
  }

  @Test func `the page stands alone and holds no markup from outside`() throws {
    let folder = temporary("")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let canary = try String(
      contentsOf: Tool.root.appending(path: "Examples/podinfo/canary.yaml"), encoding: .utf8)
    try canary.replacing("\"latency\"", with: "\"<script>alert(1)</script>\"")
      .write(to: folder.appending(path: "canary.yaml"), atomically: true, encoding: .utf8)
    let page = folder.appending(path: "page.html")
    let run = try Tool.run(
      shell: "promgate replay -f \(folder.path()) -f Examples/podinfo/latency.yaml "
        + "--data Examples/recordings/slow.om.gz --sweep --format html -o \(page.path())")
    #expect(run.status == 1, "\(run.text)")
    let html = try String(contentsOf: page, encoding: .utf8)
    #expect(html.hasPrefix("<!doctype html>"))
    #expect(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    for part in ["http://", "https://", " src=", "@import", "url("] {
      #expect(!html.contains(part) || part == "http://" && !html.contains("href="), "\(part)")
    }
    #expect(html.components(separatedBy: "<svg").count == 4)
    #expect(html.contains("prefers-color-scheme:dark") && html.contains("How sure is it?"))
  }

  @Test func `reports for CI and for pull requests`() throws {
    let junit = try Tool.run(shell: "promgate replay \(slow) --format junit").text
      .drop { $0 != "<" }
    let parser = XMLParser(data: Data(String(junit).utf8))
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    #expect(junit.contains("failures=\"1\""))
    let markdown = try Tool.run(shell: "promgate replay \(slow) --format markdown --sweep").text
      .drop { $0 != "#" }
    #expect(markdown.hasPrefix("### ❌ podinfo.test: rolled back\n"))
    #expect(markdown.contains("| 2 | 08:53:40Z | 5 | ✅ 100% | ❌ 0.995 | 1/10 |"))
    #expect(markdown.contains("#### How sure is it?"))
  }

  @Test func `the terminal view fits its columns`() throws {
    let run = try Tool.run(shell: "promgate replay \(slow) --sweep --events")
    for line in run.text.split(separator: "\n") where !line.hasPrefix("the recording") {
      #expect(line.count <= 80, "\(line)")
    }
    #expect(run.text.contains("··✗✗✗✗✗✗✗✗✗✗·"))
    #expect(run.text.contains("latency max 0.5: promoted at max 0.995"))
  }

  @Test func `what cannot be replayed is said`() throws {
    for (arguments, words) in [
      ("-f Examples/podinfo", "say what to replay"),
      ("\(good) --start 2030-01-01T00:00:00Z", "the recording ends at"),
      ("\(good) --start 1 --from 2", "give one or the others"),
      ("\(good) --from 5 --to 4", "--to lies before --from"),
      ("\(good) --from 0 --every 1ms", "make --every longer"),
      ("\(good) --from=-9200000000000000 --to=9200000000000000", "to a valid timestamp"),
      ("\(good) --on-no-value wait", "wants --strict"),
      ("\(good) --strict --minimum-requests 0", "positive number"),
      ("-f Examples/podinfo --remote-read http://127.0.0.1:1", "wants --start"),
    ] {
      let run = try Tool.run(shell: "promgate replay \(arguments)")
      #expect(run.status == 2 && run.text.contains(words), "\(arguments): \(run.text)")
    }
  }

  // MARK: The gate's effects

  /// A canary over the good recording's metrics with webhooks and an alert to a receiver.
  private func manifests(_ url: String, in folder: URL, webhooks: String, alert: String = "msteams") throws
    -> String
  {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: nginx
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
        service: {port: 80}
        analysis:
          interval: 10s
          threshold: 2
          stepWeight: 50
          maxWeight: 50
          metrics:
          - {name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}
          alerts:
          - {name: team, severity: info, providerRef: {name: team}}
          webhooks:
      \(webhooks)
      ---
      apiVersion: flagger.app/v1beta1
      kind: AlertProvider
      metadata: {name: team, namespace: test}
      spec: {type: \(alert), address: "\(url)/team"}
      """
    let file = folder.appending(path: "manifests.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path()
  }

  @Test func `webhooks are called and people are told`() throws {
    let seen = Mutex<[(line: String, body: String)]>([])
    let server = try LoopbackServer { request in
      seen.withLock { $0.append((request.line, request.body)) }
      return LoopbackServer.reply(
        Array("no".utf8), status: request.line.contains("/closed") ? "403 Forbidden" : "200 OK")
    }
    defer { server.stop() }
    let folder = temporary("")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try manifests(
      server.url, in: folder,
      webhooks: """
              - {name: start, type: confirm-rollout, url: "\(server.url)/open"}
              - {name: test, type: rollout, url: "\(server.url)/closed", metadata: {cmd: "a<b"}}
              - {name: log, type: event, url: "\(server.url)/event"}
        """)
    let run = try Tool.run(
      shell: "promgate gate -f \(file) --data Examples/recordings/good.om.gz --webhooks call "
        + "--notify slack=\(server.url)/slack --cluster-name prod")
    // The rollout hook refuses twice: rolled back, without a query.
    #expect(run.status == 3 || run.status == 1, "\(run.text)")
    #expect(run.text.contains("external check test failed no"), "\(run.text)")
    let calls = seen.withLock { $0 }
    func bodies(_ path: String) -> [String] {
      calls.filter { $0.line.hasPrefix("POST \(path) ") }.map(\.body)
    }
    #expect(bodies("/open").count == 1 && bodies("/open")[0].contains(#""phase":"Initialized""#))
    #expect(bodies("/closed").count == 2 && bodies("/closed")[0].contains(#""metadata":{"cmd":"a\u003cb"}"#))
    #expect(bodies("/team").count == 2 && bodies("/team")[0].hasPrefix(#"{"@type":"MessageCard""#))
    #expect(bodies("/slack").count == 2 && bodies("/slack")[1].contains("Failed checks threshold reached 2"))
    #expect(bodies("/slack")[0].contains(#"{"title":"Cluster","value":"prod","short":false}"#))
    let events = bodies("/event")
    #expect(
      events.contains { $0.contains(#""eventMessage":"New revision detected! Scaling up podinfo.test""#) })
    #expect(events.contains { $0.contains(#""eventType":"Warning""#) })
  }

  @Test func `a recording calls nobody unless it is asked to`() throws {
    let count = Mutex(0)
    let server = try LoopbackServer { _ in
      count.withLock { $0 += 1 }
      return LoopbackServer.reply([])
    }
    defer { server.stop() }
    let folder = temporary("")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try manifests(
      server.url, in: folder,
      webhooks: "        - {name: start, type: confirm-rollout, url: \"\(server.url)/open\"}")
    for command in ["gate", "replay"] {
      let line = "promgate \(command) -f \(file) --data Examples/recordings/good.om.gz"
      // Nobody could ask whether the rollout may begin.
      let held = try Tool.run(shell: line)
      #expect(held.status == 3, "\(held.text)")
      let words = held.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(words.contains("nobody asked the webhook start (confirm-rollout)"), "\(held.text)")
      let open = try Tool.run(shell: line + " --webhooks skip")
      #expect(open.status == 0, "\(open.text)")
    }
    #expect(count.withLock { $0 } == 0)
    let called = try Tool.run(
      shell: "promgate replay -f \(file) --data Examples/recordings/good.om.gz --webhooks call")
    #expect(called.status == 2 && called.text.contains("a replay calls no webhooks"), "\(called.text)")
  }

  @Test func `notifications go through a proxy`() throws {
    let lines = Mutex<[String]>([])
    let proxy = try LoopbackServer { request in
      lines.withLock { $0.append(request.line) }
      return LoopbackServer.reply([])
    }
    defer { proxy.stop() }
    let run = try Tool.run(
      shell: "promgate gate \(good) --notify webhook=http://receiver.invalid/x --notify-proxy \(proxy.url)")
    #expect(run.status == 0)
    #expect(lines.withLock { $0 }.count == 2)
    #expect(lines.withLock { $0 }.allSatisfy { $0.hasPrefix("POST http://receiver.invalid/x ") })
  }

  @Test func `a killed gate goes on where it was`() throws {
    let answer =
      #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"100"]}]}}"#
    let server = try LoopbackServer { _ in LoopbackServer.reply(Array(answer.utf8)) }
    defer { server.stop() }
    let folder = temporary("")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try manifests(server.url, in: folder, webhooks: "    []")
    let yaml = try String(contentsOfFile: file, encoding: .utf8).replacing(
      "    webhooks:\n    []\n", with: "")
    try yaml.write(toFile: file, atomically: true, encoding: .utf8)
    let state = folder.appending(path: "state.json").path()
    let command =
      "promgate gate -f \(file) --prometheus \(server.url) --webhooks skip --state \(state) --format json"
    func weights(killedAfter seconds: Int) throws -> [Int] {
      let run = try Tool.run(shell: "timeout -s KILL \(seconds) \(command)")
      return try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try json(String($0)) }
        .filter { $0["type"] as? String == "tick" }.compactMap { $0["weight"] as? Int }
    }
    // The first tick, killed, and the second one when it is due, ten seconds later.
    #expect(try weights(killedAfter: 2) == [0])
    #expect(try weights(killedAfter: 11) == [50])
    let kept = try json(try String(contentsOfFile: state, encoding: .utf8))
    #expect((kept["state"] as? [String: Any])?["canaryWeight"] as? Int == 50)
    // Over a recording the rest takes no time; the end removes the state.
    let time = try #require(kept["time"] as? Int)
    try String(contentsOfFile: state, encoding: .utf8).replacing("\(time)", with: "1760000100000")
      .replacing(/"since":\d+/, with: #""since":1760000000000"#)
      .write(toFile: state, atomically: true, encoding: .utf8)
    let rest = try Tool.run(
      shell: "promgate gate -f \(file) --data Examples/recordings/good.om.gz --state \(state) --format json")
    #expect(rest.status == 0 && rest.text.contains(#""phase":"Promoting""#), "\(rest.text)")
    #expect(!FileManager.default.fileExists(atPath: state))
    try #"{"version":1}"#.write(toFile: state, atomically: true, encoding: .utf8)
    let broken = try Tool.run(shell: command)
    #expect(broken.status == 2 && broken.text.contains("not a state of promgate gate"))
  }
}
