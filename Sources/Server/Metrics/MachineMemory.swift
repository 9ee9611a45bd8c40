private import CMemory
private import Glibc
public import TimeSeries

/// How much memory there is for the process: what the machine has, or less where a control group or a
/// resource limit says so.
public enum MachineMemory {
  /// Bytes; at least one.
  public static func limit() -> Int {
    let pages = Int(sysconf(Int32(_SC_PHYS_PAGES)))
    let size = Int(sysconf(Int32(_SC_PAGESIZE)))
    var limits = pages > 0 && size > 0 ? [pages.multipliedReportingOverflow(by: size).partialValue] : []
    limits.append(Int(clamping: promgate_memory_resource_limit()))
    let memberships = text("/proc/self/cgroup") ?? ""
    if let groups = groupLimit(memberships: memberships, read: text) { limits.append(groups) }
    return max(1, limits.filter { $0 > 0 }.min() ?? .max)
  }

  /// The least limit of the process' control groups and all those around them, of versions 1 and 2; nil where
  /// there is none.
  ///
  /// - Parameters:
  ///   - memberships: what `/proc/self/cgroup` says.
  ///   - read: the text of a file; nil where there is none.
  package static func groupLimit(memberships: String, read: (String) -> String?) -> Int? {
    var limits: [Int] = []
    for line in memberships.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let path = parts[2] == "/" ? "" : String(parts[2])
      if parts[0] == "0", parts[1].isEmpty {
        // Version 2, alone or beside version 1.
        for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
          limits += Self.limits(root, path, ["memory.max", "memory.high"], read)
        }
      } else if parts[1].split(separator: ",").contains("memory") {
        limits += Self.limits("/sys/fs/cgroup/memory", path, ["memory.limit_in_bytes"], read)
      }
    }
    return limits.min()
  }

  /// What the files of a group and of the groups around it say. In a container the path may be that outside:
  /// what it names is not there, and the root is the container's own.
  private static func limits(
    _ root: String, _ path: String, _ names: [String], _ read: (String) -> String?
  ) -> [Int] {
    var limits: [Int] = []
    var path = path[...]
    while true {
      for name in names {
        // `max` is no number, and version 1 says the largest one.
        guard let text = read("\(root)\(path)/\(name)"), let limit = Int(text.filter { !$0.isWhitespace }),
          limit < 1 << 60
        else { continue }
        limits.append(limit)
      }
      guard let slash = path.lastIndex(of: "/") else { return limits }
      path = path[..<slash]
    }
  }

  /// A small file; nil when it cannot be read.
  private static func text(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

extension HTTPLimits {
  /// The defaults, with bodies of at most a sixteenth of the memory that there is.
  public static var ofMachine: HTTPLimits {
    var limits = HTTPLimits()
    let share = max(1 << 20, MachineMemory.limit() / 16)
    limits.bodySize = min(limits.bodySize, share)
    limits.bodiesSize = min(limits.bodiesSize, share)
    return limits
  }

  /// What bodies may hold decoded, beside what they hold as they came: as much again, all together.
  public var decodedBodies: MemoryBudget { MemoryBudget(each: bodiesSize, all: bodiesSize, names: .bodies) }
}

extension MemoryBudget {
  /// What queries may hold unless somebody says otherwise: all together a quarter of the memory that there
  /// is, each half of that. Either may be given.
  ///
  /// - Parameters:
  ///   - each: bytes for one query; nil for the default.
  ///   - all: bytes for all queries; nil for the default.
  public static func queries(each: Int? = nil, all: Int? = nil) -> MemoryBudget {
    let share = max(16 << 20, MachineMemory.limit() / 4)
    let all = all ?? max(share, each ?? 0)
    return MemoryBudget(each: each ?? all / 2, all: all)
  }
}
