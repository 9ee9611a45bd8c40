import Gate
import Glibc
import Logging

/// The command that moves the traffic: runs in a shell at each change of the weights.
struct WeightCommand: Sendable {
  var text: String
  var rollout: Rollout
  var log: Logger
  /// How long it may take, milliseconds.
  var timeout: Int64

  /// How long a command that is to end may go on, before it is killed.
  private static let grace = Duration.seconds(2)

  /// Runs the command and waits for it; what it writes goes to the log. Throws when it cannot be started,
  /// does not exit with 0, or takes too long. Cancelling ends it, and all of its process group.
  func run(_ routes: Routes, _ state: AnalysisState) async throws {
    var output = try CommandOutput(log)
    let process = try ShellProcess(text, environment(routes, state), output: output.writingEnd)
    output.closeWritingEnd()
    defer { output.finish() }
    let end = ContinuousClock.now + .milliseconds(timeout)
    do {
      var nap = Duration.milliseconds(2)
      while ContinuousClock.now < end {
        let status = try process.status()
        output.read()
        if let status { return try judge(status, routes) }
        try await Task.sleep(for: nap)
        nap = min(nap * 2, .milliseconds(50))
      }
      await stop(process, &output)
      throw ToolFailure(
        "the command of --on-weight took longer than --on-weight-timeout when it was to set the canary's "
          + "weight to \(routes.canary)")
    } catch is CancellationError {
      await stop(process, &output)
      throw CancellationError()
    }
  }

  /// Asks the command to end, and kills it when it does not. The task may be cancelled.
  private func stop(_ process: ShellProcess, _ output: inout CommandOutput) async {
    process.signalAll(SIGTERM)
    let end = ContinuousClock.now + Self.grace
    while ContinuousClock.now < end {
      // What it started may go on where it has ended.
      if (try? process.status()) != .some(nil) { return process.signalAll(SIGKILL) }
      output.read()
      await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
    }
    process.signalAll(SIGKILL)
    process.wait()
  }

  private func environment(_ routes: Routes, _ state: AnalysisState) -> [String] {
    let own = [
      "PROMGATE_WEIGHT=\(routes.canary)", "PROMGATE_PRIMARY_WEIGHT=\(routes.primary)",
      "PROMGATE_MIRRORED=\(routes.isMirrored)", "PROMGATE_PHASE=\(state.phase.rawValue)",
      "PROMGATE_CANARY=\(rollout.name)", "PROMGATE_NAMESPACE=\(rollout.namespace)",
      "PROMGATE_TARGET=\(rollout.targetName)",
    ]
    var inherited: [String] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let variable = unsafe String(cString: text)
      if !variable.hasPrefix("PROMGATE_") { inherited.append(variable) }
      unsafe entry += 1
    }
    return inherited + own
  }

  private func judge(_ status: Int32, _ routes: Routes) throws(ToolFailure) {
    guard status != 0 else { return }
    let signal = status & 0x7F
    let how = signal == 0 ? "exited with \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    throw ToolFailure(
      "the command of --on-weight \(how) when it was to set the canary's weight to \(routes.canary)")
  }
}
