import Glibc

/// What the system knows about the process, under the names that Prometheus' clients use.
enum ProcessMetrics {
  /// Families whose source cannot be read are left out.
  static func families() -> [OwnMetric] {
    var families: [OwnMetric] = []
    if let status = Status() {
      families += [
        OwnMetric(
          "process_cpu_seconds", .counter, help: "Total user and system CPU time spent in seconds.",
          status.cpuSeconds),
        OwnMetric(
          "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.",
          status.residentBytes),
        OwnMetric(
          "process_virtual_memory_bytes", .gauge, help: "Virtual memory size in bytes.",
          status.virtualBytes),
        OwnMetric("process_threads", .gauge, help: "Number of threads.", status.threads),
      ]
      if let boot = bootTime() {
        families.append(
          OwnMetric(
            "process_start_time_seconds", .gauge,
            help: "Start time of the process since unix epoch in seconds.",
            boot + status.startSeconds))
      }
    }
    if let count = openFiles() {
      families.append(
        OwnMetric("process_open_fds", .gauge, help: "Number of open file descriptors.", count))
    }
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      families.append(
        OwnMetric(
          "process_max_fds", .gauge, help: "Maximum number of open file descriptors.",
          Double(limit.rlim_cur)))
    }
    return families
  }

  /// The fields of `/proc/self/stat`.
  private struct Status {
    var cpuSeconds: Double
    /// Since the system booted.
    var startSeconds: Double
    var virtualBytes: Double
    var residentBytes: Double
    var threads: Double

    init?() {
      // The second field, the program's name in parentheses, may hold blanks and parentheses.
      guard let text = contents("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
      guard fields.count > 21 else { return nil }
      let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
      // Numbers of proc(5) less three: the state is the first of these fields.
      cpuSeconds = (fields[11] + fields[12]) / ticks
      threads = fields[17]
      startSeconds = fields[19] / ticks
      virtualBytes = fields[20]
      residentBytes = fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
  }

  private static func bootTime() -> Double? {
    let line = contents("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line.flatMap { Double($0.dropFirst(6)) }
  }

  private static func openFiles() -> Double? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Less `.`, `..` and the directory itself.
    return Double(max(0, count - 3))
  }

  private static func contents(_ path: String) -> String? {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = unsafe read(file, &part, part.count)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
