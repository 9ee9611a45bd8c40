import FoundationEssentials
import Gate
import Glibc

/// The state of one analysis between two ticks, in a file that is replaced whole.
struct StateFile {
  struct Kept: Codable {
    var version = 1
    /// `podinfo.test`
    var canary: String
    /// Of the tick that left the state, milliseconds.
    var time: Int64
    var state: AnalysisState
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
  /// canary's, or no state.
  func read(for rollout: Rollout) throws -> Kept? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let kept: Kept
    do {
      kept = try JSONDecoder().decode(Kept.self, from: Data(try InputFile.bytes(path, maximum: 1 << 20)))
    } catch {
      throw ToolFailure("\(path): not a state of promgate gate; remove it to begin anew")
    }
    guard kept.version == 1 else {
      throw ToolFailure("\(path): of version \(kept.version), which is not known here")
    }
    guard kept.canary == rollout.title else {
      throw ToolFailure("\(path): the state of \(kept.canary), not of \(rollout.title)")
    }
    return kept
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
