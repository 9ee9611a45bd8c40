import Gate
import Glibc

/// The command that moves the traffic: runs in a shell at each change of the weights.
struct WeightCommand: Sendable {
  var text: String
  var rollout: Rollout

  /// Runs the command and waits for it. Its standard output goes to standard error. Throws when it
  /// cannot be started or does not exit with 0; cancelling ends it and what it started.
  func run(_ routes: Routes, _ state: AnalysisState) async throws {
    let process = try start(environment(routes, state))
    do {
      var nap = Duration.milliseconds(2)
      while true {
        if let status = try finished(process) { return try judge(status, routes) }
        try await Task.sleep(for: nap)
        nap = min(nap * 2, .milliseconds(50))
      }
    } catch is CancellationError {
      kill(-process, SIGTERM)
      var status: Int32 = 0
      unsafe waitpid(process, &status, 0)
      throw CancellationError()
    }
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

  private func start(_ environment: [String]) throws(ToolFailure) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // A process group of its own, so that all of it can be ended.
    // Signals that this process ignores are its own affair.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for number in Output.ignoredSignals { unsafe sigaddset(&signals, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let code = unsafe withCStrings(["/bin/sh", "-c", text]) { arguments in
      unsafe withCStrings(environment) { variables in
        guard let arguments = unsafe arguments, let variables = unsafe variables else { return EINVAL }
        return unsafe posix_spawn(
          &process, "/bin/sh", &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else {
      throw ToolFailure("cannot run the command of --on-weight: \(unsafe String(cString: strerror(code)))")
    }
    return process
  }

  /// The exit status; nil while it runs.
  private func finished(_ process: pid_t) throws(ToolFailure) -> Int32? {
    var status: Int32 = 0
    let found = unsafe waitpid(process, &status, WNOHANG)
    if found < 0, errno != EINTR { throw ToolFailure("lost the command of --on-weight") }
    return found == process ? status : nil
  }

  private func judge(_ status: Int32, _ routes: Routes) throws(ToolFailure) {
    guard status != 0 else { return }
    let signal = status & 0x7F
    let how = signal == 0 ? "exited with \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    throw ToolFailure(
      "the command of --on-weight \(how) when it was to set the canary's weight to \(routes.canary)")
  }
}

/// Calls with a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
  var pointers = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}
