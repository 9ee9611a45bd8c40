import Glibc
import TimeSeries

/// Reads files that users name.
enum InputFile {
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// All bytes of a file; `-` is standard input. Throws when it cannot be read, or holds more than
  /// `maximum` bytes.
  static func bytes(_ path: String, maximum: Int) throws(Problem) -> [UInt8] {
    let isInput = path == "-"
    let file = isInput ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Problem(description: "cannot open: \(lastError)") }
    defer { if !isInput { close(file) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Problem(description: "cannot read: \(lastError)") }
      if count == 0 { return bytes }
      guard bytes.count + count <= maximum else {
        throw Problem(description: "cannot read: the file is larger than \(maximum >> 20) MiB")
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// The real path of a file below a folder; nil when there is none, or when links lead out of the folder.
  static func path(_ path: String, within folder: String) -> String? {
    guard let root = realPath(folder), let file = realPath("\(folder)/\(path)") else { return nil }
    return file.hasPrefix(root.hasSuffix("/") ? root : root + "/") ? file : nil
  }

  private static func realPath(_ path: String) -> String? {
    guard let found = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
  }

  /// A text without its byte order mark. Throws for what is UTF-16, too.
  static func text(_ path: String, maximum: Int) throws(Problem) -> [UInt8] {
    let bytes = try bytes(path, maximum: maximum)
    if ByteOrderMark.isUTF16(bytes) { throw Problem(description: ByteOrderMark.advice) }
    return ByteOrderMark.stripped(bytes)
  }

  private static var lastError: String { unsafe String(cString: strerror(errno)) }
}
