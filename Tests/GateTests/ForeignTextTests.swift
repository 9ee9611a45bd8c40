import Foundation
import Gate
import Manifests
import Testing
import TimeSeries

/// What metrics, servers and webhooks say, on every road from a gate to people.
struct ForeignTextTests {
  private static let texts: [String] = [
    "\u{1B}[31mred\u{1B}[0m", "\u{9B}2J\u{7F}", "a\r\nb\u{85}c", "a\u{2028}b\u{202E}c\u{200B}\u{FEFF}",
    "\u{E0041}",
    "<!channel> <https://e.vil|x> @everyone", "[x](https://e.vil) ![y](https://e.vil/z.png)",
    "```\n</details><script>",
    String(repeating: "\u{1B}[2J\n<!here> ", count: 500_000),
  ]

  private static func isRaw(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\n" { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }

  /// Rollouts whose names, answers and errors are the text.
  private func record(_ whole: String) -> (Rollout, [TickRecord]) {
    // A name of a manifest is no longer than a manifest; a body is as long as its sender likes.
    let text = String(whole.prefix(5000))
    var rollout = Rollout.podinfo(steps(10, to: 50), hooks: [.rollout])
    rollout.checks = [
      Check(
        metric: text, kind: .template(text), query: .text("up{a=\"\(text)\"}"),
        bounds: .range(min: nil, max: 1)),
      Check(metric: "b", kind: .inline, query: .text("b"), bounds: .range(min: 0, max: nil)),
    ]
    let body = Array(whole.utf8)
    var answers: [CheckEvidence] = [
      CheckEvidence(
        .success(
          InstantAnswer(
            series: [AnsweredSeries(labels: Labels([(name: "a", value: text)]), content: .value(2))],
            notes: [text]))),
      CheckEvidence(.success(InstantAnswer(errorText: text))), CheckEvidence(.failure(.unreachable(text))),
    ]
    for status in [200, 500] {
      let answer = Result { () throws(QueryFailure) in
        try InstantAnswer(status: status, reason: text, body: body)
      }
      answers.append(CheckEvidence(answer))
    }
    var records: [TickRecord] = []
    for (number, answer) in answers.enumerated() {
      for hook in [HookAnswer.passed, .refused(text)] {
        let state = AnalysisState(
          phase: .progressing, canaryWeight: 10, routes: Routes(primary: 90, canary: 10))
        var evidence = TickEvidence(time: 1_800_000_000_000)
        evidence.checks = [0: answer, 1: CheckEvidence(.success(InstantAnswer()))]
        evidence.hooks = [0: hook]
        guard case .settled(let result) = Analysis(rollout).step(state, evidence) else { continue }
        records.append(TickRecord(number: number, time: evidence.time, before: state, result: result))
      }
    }
    return (rollout, records)
  }

  @Test func `no report and no notification has text of others raw or without a bound`() {
    for text in Self.texts {
      let (rollout, records) = record(text)
      #expect(records.count == 10)
      var roads: [(String, String)] = []
      let plain = TextReport(rollout)
      for record in records {
        roads.append(("text", plain.tick(record)))
        roads.append(("json", JSONReport(rollout).tick(record)))
        for service in NotificationService.allCases {
          let receiver = NotificationReceiver(name: "r", service: service, url: "http://r/")
          for check in record.result.checks {
            let body = receiver.request(
              Notification(.failedChecksReached(1), in: rollout, failure: check)
            ).body
            roads.append((service.rawValue, body))
          }
          let told = Notification(title: text, message: text, severity: .error, fields: [.init(text, text)])
          roads.append((service.rawValue, receiver.request(told).body))
        }
      }
      for (road, shown) in roads {
        #expect(!shown.unicodeScalars.contains(where: Self.isRaw), "\(road): \(shown.prefix(300))")
        #expect(shown.utf8.count < 1_000_000, "\(road): \(shown.utf8.count) bytes")
        guard road == "slack" || road == "discord" || road == "rocket" else { continue }
        // As the receiver reads it.
        let read = (try? JSONSerialization.jsonObject(with: Data(shown.utf8))) as? [String: Any]
        let attachment = (read?["attachments"] as? [[String: Any]])?.first
        let message = attachment?["text"] as? String ?? "none"
        #expect(!message.contains("<!") || road != "slack", "\(message.prefix(200))")
        #expect(!message.contains("@everyone") || road == "slack", "\(message.prefix(200))")
      }
    }
  }
}
