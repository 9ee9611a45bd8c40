import ArgumentParser
import Demo
import Gate
import Glibc
import Manifests
import Synchronization

/// `promgate demo`: the tutorial's rollout on this machine.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Plays the tutorial: one canary promoted, another one rolled back.",
    discussion: """
      Two versions of a sample application, an ingress and its users run on loopback; three targets \
      are scraped over HTTP, and the tutorial's canary judges what was scraped. First a good release, \
      then a slow one; --latency and --errors make the second one something else.

      EXAMPLES
        promgate demo
        promgate demo --errors 5%
        promgate demo --latency 300ms
        promgate demo --kill-canary-at 30s
        promgate demo --format json | jq 'select(.type == "tick").checks'

      Exit status: 0 both releases ended as what they do deserves (good promoted, bad rolled back), \
      1 one did not, 2 the demo could not be played.
      """)

  /// How the ticks are written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: "How long the second release takes for a request: 300ms, 1.5s.")
  var latency: DemoDuration?

  @Option(help: "How many requests the second release fails: 5%, 0.05.")
  var errors: DemoShare?

  @Option(help: "How many times as fast as the wall the clock runs, 1 to 50.")
  var speed = 10.0

  @Option(
    name: .customLong("kill-canary-at"),
    help: "When in each rollout the canary's process dies, on the demo's clock: 30s.")
  var killCanaryAt: DemoDuration?

  @Option(help: "text: a story; json: the lines of promgate gate.")
  var format = Format.text

  func validate() throws {
    guard (1...50).contains(speed) else {
      throw ValidationError("--speed \(speed) is not from 1 to 50")
    }
    if let latency, !(1...10_000).contains(latency.milliseconds) {
      throw ValidationError("--latency has to be from 1ms to 10s")
    }
    if let killCanaryAt, killCanaryAt.milliseconds < 0 {
      throw ValidationError("--kill-canary-at cannot be negative")
    }
  }

  func run() async throws {
    let output = DemoOutput()
    do {
      let play = try Play(
        casting, pace: Pace(speed: speed), breaksCanaryAfter: killCanaryAt?.milliseconds)
      let began = ContinuousClock.now
      var unmet: [String] = []
      for (index, act) in play.acts.enumerated() {
        let end =
          switch format {
          case .text: try await tell(act, number: index + 1, output)
          case .json: try await list(act, output)
          }
        if let problem = Self.problem(act, end) { unmet.append(problem) }
      }
      try conclude(unmet, took: ContinuousClock.now - began, output)
    } catch let exit as ExitCode {
      throw exit
    } catch let failure as ToolFailure {
      throw failure
    } catch {
      try output.write("")
      throw ToolFailure("the demo cannot be played: \(error)")
    }
  }

  /// Whatever is not asked for is as in a good release.
  private var casting: Play.Casting {
    var casting = Play.Casting()
    if latency != nil || errors != nil {
      casting.second.latency = latency?.seconds ?? casting.good.latency
      casting.second.errorShare = errors?.share ?? 0
    }
    return casting
  }

  private func tell(_ act: Act, number: Int, _ output: DemoOutput) async throws -> GateEnd {
    var story = Story(act.rollout, usesColor: Terminal.standardOutput.usesColor)
    if number == 1 { try output.write(story.opening(act.pace)) }
    try output.write(story.heading(number, act))
    var last: Act.Progress?
    let glance: (@Sendable (Act.Progress) -> Void)? =
      output.isTerminal
      ? { @Sendable [story] progress in output.show(story.glance(progress)) } : nil
    let end = try await act.play(glance: glance) { record, progress in
      last = progress
      try output.write(story.tick(record, progress))
    }
    try output.write(story.ending(end, last))
    return end
  }

  private func list(_ act: Act, _ output: DemoOutput) async throws -> GateEnd {
    let report = JSONReport(act.rollout)
    try output.write(report.start(Forecast(act.rollout)) + "\n")
    let end = try await act.play { record, _ in try output.write(report.tick(record) + "\n") }
    try output.write(report.end(end) + "\n")
    return end
  }

  /// Why a rollout did not end as it should; nil when it did.
  private static func problem(_ act: Act, _ end: GateEnd) -> String? {
    let expectation = ExpectedEnd(of: act.candidate, in: act.rollout)
    guard !expectation.isMet(by: end) else { return nil }
    let wanted =
      switch expectation {
      case .promoted: "should have been promoted"
      case .rolledBack: "should have been rolled back"
      case .either: "should have been promoted or rolled back"
      }
    return "podinfo \(act.candidate.version) (\(act.candidate)) \(wanted), and was "
      + "\(end.verdict.inWords): \(end.explanation(in: act.rollout))"
  }

  private func conclude(_ unmet: [String], took: Duration, _ output: DemoOutput) throws {
    try output.write("")
    for problem in unmet { Output.note("demo: \(problem)") }
    guard unmet.isEmpty else { throw ExitCode(1) }
    if format == .text {
      try output.write("\nBoth releases ended as they should, in \(took.components.seconds) seconds.\n")
    }
  }
}

extension Verdict {
  fileprivate var inWords: String {
    switch self {
    case .promoted: "promoted"
    case .rolledBack: "rolled back"
    case .undecided: "rolled back without being measured"
    }
  }
}

/// A duration on the command line, in Go's form.
struct DemoDuration: ExpressibleByArgument {
  let duration: GoDuration

  init?(argument: String) {
    guard let duration = try? GoDuration(parsing: argument) else { return nil }
    self.duration = duration
  }

  var milliseconds: Int64 { duration.milliseconds }
  var seconds: Double { duration.seconds }
}

/// A share on the command line: `5%` or `0.05`.
struct DemoShare: ExpressibleByArgument {
  /// 0 to 1.
  let share: Double

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? argument.dropLast() : argument[...]) else { return nil }
    share = isPercent ? number / 100 : number
    guard (0...1).contains(share) else { return nil }
  }
}

/// Standard output with, on a terminal, one line at its end that changes.
final class DemoOutput: Sendable {
  let isTerminal = isatty(STDOUT_FILENO) == 1
  private let hasPassingLine = Mutex(false)
  private static let clearLine = "\r\u{1B}[2K"

  /// Writes a text that stays.
  func write(_ text: String) throws(ToolFailure) {
    try hasPassingLine.withLock { hasLine throws(ToolFailure) in
      try Output.write(((hasLine ? Self.clearLine : "") + text).utf8)
      hasLine = false
    }
  }

  /// Shows a line until something else is written. What a terminal does not show is not missed.
  func show(_ line: String) {
    hasPassingLine.withLock { hasLine in
      try? Output.write((Self.clearLine + line).utf8)
      hasLine = true
    }
  }
}
