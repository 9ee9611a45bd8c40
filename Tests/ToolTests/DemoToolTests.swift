import Foundation
import Testing

/// `promgate demo`, as a user runs it.
@Suite(.serialized) struct DemoToolTests {
  @Test func `a good release is promoted, a slow one rolled back, and that is exit status 0`() throws {
    let run = try Tool.run(shell: "promgate demo --speed 15")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("\nPROMOTED: "))
    #expect(run.text.contains("\nROLLED BACK: "))
    #expect(run.text.contains("Both releases ended as they should"))
    #expect(!run.text.contains("\u{1B}"))
    for line in run.text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test func `when the canary dies nothing is measured, and that is exit status 1`() throws {
    let run = try Tool.run(shell: "promgate demo --speed 40 --kill-canary-at 1s --format json")
    #expect(run.status == 1)
    #expect(run.text.contains("should have been promoted, and was rolled back without being measured"))
    var types: [String: Int] = [:]
    var verdicts: Set<String> = []
    for line in run.text.split(separator: "\n") where line.hasPrefix("{") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      types[object?["type"] as? String ?? "", default: 0] += 1
      for check in object?["checks"] as? [[String: Any]] ?? [] {
        if let verdict = check["verdict"] as? String { verdicts.insert(verdict) }
      }
    }
    #expect(types["start"] == 2)
    #expect(types["end"] == 2)
    // The new revision, the start, ten failed checks, the end.
    #expect(types["tick", default: 0] >= 26)
    #expect(verdicts == ["noValue"])
  }

  @Test func `what it cannot play is refused with exit status 2`() throws {
    let lines = ["--speed 0", "--speed 1000", "--latency 0s", "--latency 5", "--errors 5", "--errors 101%"]
    for line in lines {
      let run = try Tool.run(shell: "promgate demo \(line)")
      #expect(run.status == 2, "\(line)")
      #expect(run.text.contains(line.split(separator: " ")[0]), "\(run.text)")
    }
  }
}
