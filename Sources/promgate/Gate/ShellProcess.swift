import Glibc

/// A shell with a command, in a process group of its own, so that all of it can be ended.
struct ShellProcess: Sendable {
  private let process: pid_t

  /// Starts it; both its outputs go to a descriptor. Throws when it cannot be started.
  init(_ text: String, _ environment: [String], output: Int32) throws(ToolFailure) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // Signals that this process ignores are its own affair.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for number in Output.ignoredSignals + [SIGTERM, SIGINT] { unsafe sigaddset(&signals, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let code = unsafe withCStrings(["/bin/sh", "-c", text]) { arguments in
      unsafe withCStrings(environment) { variables in
        guard let arguments = unsafe arguments, let variables = unsafe variables else { return EINVAL }
        return unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else {
      throw ToolFailure("cannot run the command of --on-weight: \(unsafe String(cString: strerror(code)))")
    }
    self.process = process
  }

  /// The shell's status when it has ended; nil while it runs. Throws when it was lost.
  func status() throws(ToolFailure) -> Int32? {
    var status: Int32 = 0
    let found = unsafe waitpid(process, &status, WNOHANG)
    if found < 0, errno != EINTR { throw ToolFailure("lost the command of --on-weight") }
    return found == process ? status : nil
  }

  /// Waits for the shell's end.
  func wait() {
    var status: Int32 = 0
    unsafe waitpid(process, &status, 0)
  }

  /// Sends a signal to everything in the group.
  func signalAll(_ number: Int32) { kill(-process, number) }
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
