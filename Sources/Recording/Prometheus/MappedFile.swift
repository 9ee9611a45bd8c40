internal import CCompression
private import Glibc

/// A file's bytes, mapped: pages come into memory when they are read, and may go again.
@safe
final class MappedFile: @unchecked Sendable {
  // Sendable: the bytes are never written.
  let path: String
  let bytes: UnsafeRawBufferPointer

  /// Maps a file of at least one byte.
  init(path: String) throws(RecordingError) {
    self.path = path
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
    }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      throw RecordingError(path: path, "is empty, or no file")
    }
    let size = Int(status.st_size)
    let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      throw RecordingError(path: path, "cannot be mapped: \(unsafe String(cString: strerror(errno)))")
    }
    unsafe bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// The same; nil for a file without a byte.
  static func unlessEmpty(path: String) throws(RecordingError) -> MappedFile? {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { return nil }
    return try MappedFile(path: path)
  }

  /// The size of a file in bytes; 0 when there is none.
  static func size(path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  deinit {
    if let address = unsafe bytes.baseAddress {
      unsafe munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }

  var count: Int { unsafe bytes.count }

  /// A reader over a part of the file. The part lies within it, or the reader finds nothing there.
  func reader(at offset: Int, length: Int? = nil) -> ByteReader {
    let start = max(0, min(offset, count))
    let end = length.map { length in
      let (end, overflow) = start.addingReportingOverflow(max(0, length))
      return overflow ? count : min(end, count)
    }
    return unsafe ByteReader(owner: self, bytes: bytes, range: start..<(end ?? count))
  }

  /// Lets pages go that lie within a range; they are read again when they are asked for.
  func release(_ range: Range<Int>) {
    let page = 4096
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end, end <= count, let address = unsafe bytes.baseAddress else { return }
    _ = unsafe madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
  }

  /// Whether the checksum of a part, which lies within the file, is this one.
  func checks(_ range: Range<Int>, _ sum: UInt32) -> Bool {
    unsafe ByteReader(owner: self, bytes: bytes, range: range).checksum == sum
  }

  /// A fault of this file, at a byte.
  func fault(_ reason: String, at offset: Int, hint: String? = nil) -> RecordingError {
    RecordingError(path: path, "\(reason) at byte \(offset)", hint: hint)
  }

  /// Reads: bytes that end too early become a fault of this file.
  func reading<Value>(_ body: () throws -> Value) throws(RecordingError) -> Value {
    do {
      return try body()
    } catch let error as RecordingError {
      throw error
    } catch let ended as BytesEnded {
      throw fault("the file is cut or damaged", at: ended.offset)
    } catch {
      throw RecordingError(path: path, "\(error)")
    }
  }
}
