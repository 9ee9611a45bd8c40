import Foundation
import Gate
import Testing

/// Numbers that nobody should send: each has a name, and none makes a verdict.
@Suite struct SequentialHostileTests {
  private let fine = RequestCounts(errors: 5, requests: 1000)

  @Test func `counts that are none leave the tick out`() {
    let table: [(RequestCounts, CountFault)] = [
      (RequestCounts(errors: .nan, requests: 10), .notFinite),
      (RequestCounts(errors: 1, requests: .infinity), .notFinite),
      (RequestCounts(errors: -1, requests: 10), .negative),
      (RequestCounts(errors: 1, requests: -10), .negative),
      (RequestCounts(errors: -3, requests: -2), .negative),
      (RequestCounts(errors: 11, requests: 10), .errorsExceedRequests),
      (RequestCounts(errors: 1, requests: 1e300), .beyondCounting),
      (RequestCounts(errors: 1e300, requests: 1e300), .beyondCounting),
    ]
    for (counts, fault) in table {
      var test = SequentialTest(strands: [Strand("errors")])
      var remarks = test.add([TickCounts(canary: counts, primary: fine)])
      #expect(remarks.map(\.remark) == [.impossible(fault, .canary, pod: nil)], "\(counts)")
      remarks = test.add([TickCounts(canary: fine, primary: counts)])
      #expect(remarks.map(\.remark) == [.impossible(fault, .primary, pod: nil)], "\(counts)")
      let pods = [PodCounts(pod: "a", counts: fine), PodCounts(pod: "b", counts: counts)]
      remarks = test.add([TickCounts(pods: pods, primary: fine)])
      #expect(remarks.map(\.remark) == [.impossible(fault, .canary, pod: "b")], "\(counts)")
      #expect(
        test.logWorse == 0 && test.decision == .undecided && test.ticks == 3 && test.carryingPods.isEmpty)
      #expect(!remarks[0].remark.text.isEmpty)
    }
  }

  @Test func `ticks that say nothing say so`() {
    var test = SequentialTest(strands: [Strand("errors"), Strand("latency", bound: 1)])
    let broken = RequestCounts(errors: 50, requests: 50)
    #expect(
      test.add([TickCounts(canary: .none, primary: broken), nil]).map(\.remark) == [
        .noRequests(.canary), .noCounts,
      ])
    #expect(
      test.add([TickCounts(canary: broken, primary: .none)]).map(\.remark) == [
        .noRequests(.primary), .noCounts,
      ])
    let idle = TickCounts(canary: fine, primary: fine)
    #expect(test.add([idle, idle, idle]).map { $0.strand } == [2])
    #expect(test.decision == .undecided)
    var limit = SequentialTest(strands: [Strand("errors", standard: .limit(0.5))])
    #expect(limit.add([TickCounts(canary: .none)]).map(\.remark) == [.noRequests(.canary)])
    for share in [0, -1, 1, 2, Double.nan, .infinity] {
      var none = SequentialTest(strands: [Strand("errors", standard: .limit(share))])
      let remarks = none.add([TickCounts(canary: broken)])
      #expect(remarks.count == 1 && none.logWorse == 0 && none.decision == .undecided, "limit \(share)")
    }
  }

  @Test func `oddities are told and taken`() {
    var test = SequentialTest(strands: [Strand("errors")])
    let estimated = RequestCounts(errors: 4.5, requests: 1000)
    #expect(test.add([TickCounts(canary: estimated, primary: fine)]).map(\.remark) == [.fractional(.canary)])
    #expect(test.logWorse != 0)
    let much = RequestCounts(errors: 5, requests: 9000)
    let remarks = test.add([TickCounts(canary: fine, primary: much)], plannedShare: 0.3)
    #expect(remarks.map(\.remark) == [.shareOff(planned: 0.3, seen: 0.1)])
    #expect(remarks[0].remark.text.contains("10.0%") && remarks[0].remark.text.contains("30.0%"))
    #expect(test.add([TickCounts(canary: fine, primary: much)], plannedShare: 0.1).isEmpty)
  }

  @Test func `pods that go and pods without end`() {
    var test = SequentialTest(strands: [Strand("errors")])
    func tick(_ pods: [String]) -> TickCounts {
      TickCounts(
        pods: pods.map { PodCounts(pod: $0, counts: RequestCounts(errors: 1, requests: 10)) }, primary: fine)
    }
    test.add([tick(["a", "b"])])
    #expect(test.add([tick(["a"])]).map(\.remark) == [.vanished(pod: "b")])
    #expect(test.add([tick(["a"])]).isEmpty)
    #expect(test.add([tick(["a", "b"])]).isEmpty)
    let remarks = test.add([tick((0..<500).map { "p\($0)" })]).map(\.remark)
    #expect(remarks.contains(.tooManyPods(limit: 100)) && test.carryingPods.count == 100)
    // One name twice is one pod.
    test.add([tick(["a", "a", "a"])])
    #expect(test.logWorse.isFinite && test.logWorseHeld.isFinite && test.carryingPods.count == 100)
  }

  @Test func `no counts are too many`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<100 {
      var test = SequentialTest(strands: [Strand("a"), Strand("b", standard: .limit(1e-9))])
      for _ in 0..<3 {
        func side() -> RequestCounts {
          let requests = exp2(Double.random(in: 0...53, using: &random)).rounded()
          return RequestCounts(
            errors: (requests * pow(10, .random(in: -12...0, using: &random))).rounded(), requests: requests)
        }
        let tick = TickCounts(canary: side(), primary: side())
        test.add([tick, tick])
        for value in [test.logWorse, test.logNotWorse, test.pValue, test.maximumLogWorse] {
          #expect(value.isFinite, "\(tick)")
        }
        #expect(
          test.interval(strand: 0).map { !$0.lower.isNaN && !$0.upper.isNaN && !$0.estimate.isNaN } ?? true,
          "\(tick)")
        #expect(test.remainingUntilWorse.map(\.ticks.isFinite) ?? true)
      }
    }
  }

  // MARK: Stored

  private func grown() -> SequentialTest {
    var test = SequentialTest(strands: [
      Strand("errors"), Strand("latency", bound: 0.25), Strand("e", standard: .limit(0.01)),
    ])
    for number in 0..<7 {
      let pods = (0..<4).map {
        PodCounts(pod: "p\($0)", counts: RequestCounts(errors: Double((number * $0) % 3), requests: 97))
      }
      let tick = TickCounts(pods: pods, primary: RequestCounts(errors: 7, requests: 1013))
      test.add([tick, TickCounts(canary: fine, primary: fine), tick])
    }
    return test
  }

  @Test func `a stored test goes on as if it had never been stored`() throws {
    var test = grown()
    var stored = try JSONDecoder().decode(SequentialTest.self, from: JSONEncoder().encode(test))
    #expect(stored == test)
    let tick = TickCounts(canary: RequestCounts(errors: 30, requests: 800), primary: fine)
    test.add([tick, tick, tick])
    stored.add([tick, tick, tick])
    #expect(stored == test && stored.hashValue == test.hashValue)
    #expect(stored.logWorse.bitPattern == test.logWorse.bitPattern)
    let counts = TickCounts(pods: [PodCounts(pod: "a", counts: fine)], primary: fine)
    #expect(try JSONDecoder().decode(TickCounts.self, from: JSONEncoder().encode(counts)) == counts)
  }

  @Test func `what was not stored so is refused`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = try #require(String(data: encoder.encode(grown()), encoding: .utf8))
    let changes: [(String, String)] = [
      (#""worse":["#, #""worse":[1,"#), (#""notWorse":["#, #""notWorse":[1,"#),
      (#""alpha":0.01"#, #""alpha":0"#),
      (#""alpha":0.01"#, #""alpha":"a""#), (#""overdispersion":1"#, #""overdispersion":0.5"#),
      (#""ticks":7"#, #""ticks":-7"#),
      (#""ticks":7"#, #""ticks":9223372036854775807"#), (#""evidence":["#, #""evidence":[],"rest":["#),
      (#""maximumLogWorse":"#, #""maximumLogWorse":-1,"rest":"#), (#""pods":["#, #""pods":[1,"#),
    ]
    for (old, new) in changes {
      let changed = text.replacingOccurrences(of: old, with: new)
      #expect(changed != text, "nothing to change: \(old)")
      #expect(throws: (any Error).self, "\(old) → \(new)") {
        try JSONDecoder().decode(SequentialTest.self, from: Data(changed.utf8))
      }
    }
  }

  @Test func `settings that make no test are refused with what is wrong`() throws {
    #expect(throws: SequentialSettings.Fault.self) { try SequentialSettings(alpha: 0) }
    #expect(throws: SequentialSettings.Fault.self) { try SequentialSettings(alpha: .nan) }
    #expect(throws: SequentialSettings.Fault.self) { try SequentialSettings(beta: 1) }
    #expect(throws: SequentialSettings.Fault.self) { try SequentialSettings(tolerance: 0) }
    #expect(throws: SequentialSettings.Fault.self) { try SequentialSettings(overdispersion: .infinity) }
    do {
      _ = try SequentialSettings(tolerance: 3)
      Issue.record("a regression below the tolerance was taken")
    } catch {
      #expect(
        error.description == "the ratio to exclude is 2.0, and has to be 3.0 (the tolerated one) to 1000")
    }
    #expect(try SequentialSettings() == .standard)
  }
}
