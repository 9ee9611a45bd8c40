import FoundationEssentials
import Gate
import Glibc
import TimeSeries

/// The state of one analysis between two ticks, in a file that is replaced whole.
struct StateFile {
  struct Kept: Codable {
    static let version = 1

    var version = Self.version
    /// `podinfo.test`
    var canary: String
    /// Of the tick that left the state, milliseconds.
    var time: Int64
    var state: AnalysisState
  }

  /// What is read first: another version may look otherwise.
  private struct Heading: Decodable {
    var version: Int
    var canary: String
  }

  var path: String

  init(path: String) { self.path = path }

  /// The file of a rollout in a folder, which is made where there is none.
  init(in folder: String, for rollout: Rollout) throws(ToolFailure) {
    var isFolder = stat()
    if unsafe mkdir(folder, 0o777) != 0 {
      let problem = errno
      guard problem == EEXIST, unsafe stat(folder, &isFolder) == 0, isFolder.st_mode & S_IFMT == S_IFDIR
      else {
        throw ToolFailure(
          "--state \(folder): "
            + (problem == EEXIST
              ? "is no folder; serve keeps a file there for each canary"
              : unsafe String(cString: strerror(problem))))
      }
    }
    path = "\(folder)/\(rollout.title).json"
  }

  /// The state of the rollout's canary; nil where there is no file yet. Throws when the file is another
  /// canary's, or no state that an analysis of this rollout can leave.
  /// - Parameter now: no state is of a later time, milliseconds; nil where the time is another one.
  func read(for rollout: Rollout, now: Int64?) throws(ToolFailure) -> Kept? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let data: Data
    do { data = Data(try InputFile.bytes(path, maximum: 1 << 20)) } catch {
      throw ToolFailure("\(path): \(error)")
    }
    let heading = try decoded(Heading.self, data)
    guard heading.version == Kept.version else {
      throw ToolFailure("\(path): of version \(heading.version), which is not known here")
    }
    guard heading.canary == rollout.title else {
      throw ToolFailure("\(path): the state of \(VisibleText.line(heading.canary)), not of \(rollout.title)")
    }
    let kept = try decoded(Kept.self, data)
    if let problem = kept.problem(in: rollout, now: now) { throw refused(problem) }
    return kept
  }

  private func decoded<Value: Decodable>(_ type: Value.Type, _ data: Data) throws(ToolFailure) -> Value {
    do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
      throw refused(error.place)
    } catch {
      throw refused("it is no JSON")
    }
  }

  private func refused(_ problem: String) -> ToolFailure {
    ToolFailure("\(path): not a state of promgate gate: \(problem); remove it to begin anew")
  }

  /// Replaces the file: whoever reads it sees the old state or the new one, also after a crash.
  func write(_ state: AnalysisState, at time: Int64, for rollout: Rollout) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let data = try encoder.encode(Kept(canary: rollout.title, time: time, state: state))
    try Output.write(data, toFile: path)
  }

  /// The rollout has ended: the next run begins anew.
  func remove() { unsafe unlink(path) }
}

extension StateFile.Kept {
  /// Clocks of two machines may differ so much, milliseconds.
  private static let lead: Int64 = 60_000

  /// What no analysis leaves; nil for a state that one may have left.
  fileprivate func problem(in rollout: Rollout, now: Int64?) -> String? {
    let weights = 0...WeightSteps.total
    let routes = state.routes
    let total = routes.primary.addingReportingOverflow(routes.canary).partialValue
    let rules: [(holds: Bool, problem: String)] = [
      (time >= 0, "time \(time) is negative"),
      (time <= (now ?? .max - Self.lead) + Self.lead, "time \(time) is in the future"),
      ((state.since ?? 0) >= 0, "since \(state.since ?? 0) is negative"),
      ((state.since ?? 0) <= time, "since \(state.since ?? 0) is after its time"),
      (state.failedChecks >= 0, "failedChecks \(state.failedChecks) is negative"),
      (state.failedChecks <= Int(Int32.max), "failedChecks \(state.failedChecks) is no count of checks"),
      (
        (0...max(0, state.failedChecks)).contains(state.unmeasuredChecks),
        "unmeasuredChecks \(state.unmeasuredChecks) is not from 0 to failedChecks"
      ),
      (weights.contains(state.canaryWeight), "canaryWeight \(state.canaryWeight) is not from 0 to 100"),
      (
        weights.contains(routes.primary) && weights.contains(routes.canary)
          && (total == WeightSteps.total || routes.isMirrored),
        "routes of \(routes.primary) and \(routes.canary) are not 100 together"
      ),
      (
        // An approval leaves one less than there are, the last one leaves one more.
        (min(0, rollout.iterations - 1)...max(0, rollout.iterations) + 1).contains(state.iterations),
        "iterations \(state.iterations) is more than the \(rollout.iterations) of the analysis, or negative"
      ),
    ]
    return rules.first { !$0.holds }?.problem
  }
}

extension DecodingError {
  /// Where what is wrong.
  fileprivate var place: String {
    func path(_ context: Context) -> String {
      context.codingPath.map { VisibleText.line($0.stringValue, limit: 100) }.joined(separator: ".")
    }
    return switch self {
    case .typeMismatch(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is no JSON of one (\(VisibleText.line(context.debugDescription, limit: 100)))"
        : "\(path(context)) is not what it should be"
    case .valueNotFound(_, let context): "\(path(context)) is null"
    case .keyNotFound(let key, let context):
      "\((path(context).isEmpty ? "" : path(context) + ".") + key.stringValue) is missing"
    @unknown default: "it cannot be read"
    }
  }
}
