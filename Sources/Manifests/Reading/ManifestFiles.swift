import Glibc
import PromQL

extension ManifestReading {
  /// What reading may cost. Whoever exceeds a limit gets an error that names it.
  public struct Limits: Sendable, Hashable {
    /// Bytes of one text.
    public var textBytes = 8 << 20
    /// Files found in folders.
    public var files = 10_000
    /// Levels of folders.
    public var folderDepth = 32

    public init() {}
  }

  /// Reads files, folders (every `.yaml`, `.yml` and `.json` below them, in the order of their names;
  /// hidden ones and links to folders are left out) and standard input (`-`).
  ///
  /// Resources of other kinds are counted; whatever is wrong is among the findings. Blocks.
  public init(paths: [String], limits: Limits = Limits()) {
    self.init()
    var files = FileFinder(limits: limits)
    for path in paths { files.add(path) }
    for file in files.found {
      do {
        let bytes = try readFile(file.path, limit: limits.textBytes)
        let source = ManifestSource(name: file.path, bytes: bytes)
        add(ManifestReading(reading: source, skipsForeign: file.isFromFolder))
      } catch {
        found.append(file.finding(error.message))
      }
    }
    found += files.failures.map { ManifestFile(path: $0.path).finding($0.message) }
  }
}

/// A file that could not be read.
private struct FileFailure: Error {
  var path: String
  var message: String

  init(_ path: String, _ doing: String, errno code: Int32) {
    self.path = path
    message = "cannot \(doing): \(unsafe String(cString: strerror(code)))"
  }

  init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }
}

private struct ManifestFile {
  var path: String
  var isFromFolder = false

  func finding(_ message: String) -> ManifestFinding {
    ManifestFinding(
      Diagnostic(code: ManifestCode.file, severity: .error, range: nil, message: message),
      in: ManifestSource(name: path, bytes: []))
  }
}

/// Lists the files that some paths stand for.
private struct FileFinder {
  let limits: ManifestReading.Limits
  var found: [ManifestFile] = []
  var failures: [FileFailure] = []

  init(limits: ManifestReading.Limits) { self.limits = limits }

  mutating func add(_ path: String) {
    var status = stat()
    guard path != "-" else { return found.append(ManifestFile(path: path)) }
    guard unsafe stat(path, &status) == 0 else {
      return failures.append(FileFailure(path, "open it", errno: errno))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return found.append(ManifestFile(path: path)) }
    let before = found.count
    walk(path, depth: 1)
    if found.count == before, failures.isEmpty {
      failures.append(FileFailure(path, "the folder holds no .yaml, .yml or .json file"))
    }
  }

  private mutating func walk(_ folder: String, depth: Int) {
    guard depth <= limits.folderDepth else {
      return failures.append(
        FileFailure(folder, "folders are nested more than \(limits.folderDepth) deep"))
    }
    for name in names(in: folder) where !name.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      var status = stat()
      guard unsafe lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        walk(path, depth: depth + 1)
        continue
      }
      // A link counts as the file that it leads to; pipes and devices could make reading endless.
      guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json") {
        guard found.count < limits.files else {
          if failures.last?.path != folder {
            failures.append(FileFailure(folder, "there are more than \(limits.files) files"))
          }
          return
        }
        found.append(ManifestFile(path: path, isFromFolder: true))
      }
    }
  }

  /// Sorted by their bytes.
  private mutating func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else {
      failures.append(FileFailure(folder, "open it", errno: errno))
      return []
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// The bytes of a file, or of standard input for `-`.
private func readFile(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
  let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileFailure(path, "open it", errno: errno) }
  defer { if path != "-" { close(descriptor) } }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe chunk.withUnsafeMutableBytes { buffer in
      unsafe read(descriptor, buffer.baseAddress, buffer.count)
    }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw FileFailure(path, "read it", errno: errno) }
    if count == 0 { return bytes }
    bytes += chunk.prefix(count)
    guard bytes.count <= limit else {
      throw FileFailure(path, "it is larger than \(limit) bytes, the limit for one manifest")
    }
  }
}
