internal import CCompression
internal import CZlib
private import Glibc

/// The bytes of a file, decompressed where it is gzip or zstd, read once from the beginning.
@safe
final class RecordingInput {
  let path: String
  private let file: Int32
  private let limit: Int
  /// Nil for a file of another kind.
  private let gunzip: OpaquePointer?
  private let unzstd: OpaquePointer?
  /// Compressed bytes that wait, from `used`.
  private var compressed: [UInt8] = []
  private var used = 0
  private var isAtEnd = false
  private var isWhole = true
  private var total = 0
  /// How many times as long as the file its text may be, beside `smallText`: more than gzip can, and far
  /// more than dumps come to. What is beyond was made to fill memory.
  private static let ratio = 1100
  private static let smallText = 64 << 20
  /// Of the file, in bytes.
  let size: Int

  /// Opens a file. Throws when there is none, or when it is no file.
  init(path: String, limit: Int) throws(RecordingError) {
    self.path = path
    self.limit = limit
    file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      unsafe gunzip = nil
      unsafe unzstd = nil
      size = 0
      throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
    }
    var status = stat()
    unsafe fstat(file, &status)
    var magic: [UInt8] = [0, 0, 0, 0]
    let count = unsafe pread(file, &magic, 4, 0)
    unsafe gunzip = count >= 2 && magic.starts(with: [0x1F, 0x8B]) ? promgate_gunzip_new() : nil
    unsafe unzstd = count == 4 && magic == [0x28, 0xB5, 0x2F, 0xFD] ? promgate_unzstd_new() : nil
    size = max(0, Int(status.st_size))
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR {
      throw RecordingError(path: path, "is a directory", hint: RecordingFormat.expectation)
    }
    guard kind == S_IFREG else {
      throw RecordingError(path: path, "is no regular file", hint: "write it to a file first")
    }
  }

  deinit {
    unsafe promgate_gunzip_free(gunzip)
    unsafe promgate_unzstd_free(unzstd)
    if file >= 0 { close(file) }
  }

  var isCompressed: Bool { unsafe gunzip != nil || unzstd != nil }

  /// Leaves out what a plain file has before its last bytes.
  func skipToEnd(butLast count: Int) {
    guard !isCompressed else { return }
    let target = max(total, Int(lseek(file, 0, SEEK_END)) - count)
    lseek(file, off_t(target), SEEK_SET)
    total = target
  }

  /// Reads more bytes to the end of `buffer`; false at the end of the input.
  func read(into buffer: inout [UInt8], atMost count: Int) throws(RecordingError) -> Bool {
    let before = buffer.count
    // No more room than the file has bytes left, and one for the end.
    let room = isCompressed ? count : min(count, max(1, size - total + 1))
    buffer.append(contentsOf: [UInt8](repeating: 0, count: room))
    var filled = before
    do throws(RecordingError) {
      filled += try isCompressed ? readCompressed(&buffer, from: before) : readPlain(&buffer, from: before)
    } catch {
      buffer.removeSubrange(before...)
      throw error
    }
    buffer.removeSubrange(filled...)
    total += filled - before
    guard total <= limit else {
      throw RecordingError(
        path: path, "the text has more than \(limit) bytes", hint: "raise it with --data-size")
    }
    guard !isCompressed || total <= Self.smallText || total / Self.ratio <= size else {
      throw RecordingError(
        path: path, "the text is more than \(Self.ratio) times as long as the \(tool) file",
        hint: "decompress it first if that is meant: \(tool) -d")
    }
    return filled > before
  }

  private func readPlain(_ buffer: inout [UInt8], from start: Int) throws(RecordingError) -> Int {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
        return unsafe Glibc.read(file, rest.baseAddress, rest.count)
      }
      if count >= 0 { return count }
      if errno != EINTR {
        throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
      }
    }
  }

  private func readCompressed(_ buffer: inout [UInt8], from start: Int) throws(RecordingError) -> Int {
    while true {
      if used == compressed.count, !isAtEnd {
        compressed = [UInt8](repeating: 0, count: 1 << 16)
        let count = try readPlain(&compressed, from: 0)
        compressed.removeSubrange(count...)
        used = 0
        isAtEnd = count == 0
      }
      if isAtEnd, isWhole { return 0 }
      let step = unsafe compressed.withUnsafeBufferPointer { input in
        unsafe buffer.withUnsafeMutableBufferPointer { output in
          let from = unsafe UnsafeBufferPointer(rebasing: input[used...])
          let to = unsafe UnsafeMutableBufferPointer(rebasing: output[start...])
          return unsafe feed(from, to)
        }
      }
      used += step.consumed
      isWhole = step.outcome == 1
      if step.outcome == 2 || (isAtEnd && step.produced == 0) {
        throw RecordingError(
          path: path, isAtEnd ? "the \(tool) file is cut" : "the \(tool) data is damaged",
          hint: "check it with \(tool) -t")
      }
      if step.produced > 0 { return step.produced }
    }
  }

  /// The program that decompresses it too.
  private var tool: String { unsafe unzstd == nil ? "gzip" : "zstd" }

  private func feed(
    _ from: UnsafeBufferPointer<UInt8>, _ to: UnsafeMutableBufferPointer<UInt8>
  ) -> (consumed: Int, produced: Int, outcome: Int32) {
    if let unzstd = unsafe unzstd {
      let step = unsafe promgate_unzstd_feed(unzstd, from.baseAddress, from.count, to.baseAddress, to.count)
      return (step.consumed, step.produced, step.outcome)
    }
    let step = unsafe promgate_gunzip_feed(gunzip, from.baseAddress, from.count, to.baseAddress, to.count)
    return (step.consumed, step.produced, step.outcome)
  }
}
