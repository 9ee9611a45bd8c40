internal import CZlib

/// A body of gzip members that is undone a slice at a time, so that one that never ends holds up nobody:
/// between two slices whoever undoes it looks at the clock and lets others work.
@safe
struct GzipBody: ~Copyable {
  /// What was undone so far, at most the limit.
  private(set) var bytes: [UInt8] = []
  private let packed: [UInt8]
  private let limit: Int
  private let stream: OpaquePointer?
  private var position = 0
  /// At the end of a member; an empty body is whole.
  private var isWhole = true

  /// Bytes that one slice adds at most: some milliseconds of work.
  private static let slice = 1 << 20

  /// - Parameter limit: the most bytes that the body may have.
  init(_ packed: [UInt8], limit: Int) {
    self.packed = packed
    self.limit = limit
    unsafe stream = promgate_gunzip_new()
  }

  deinit { unsafe promgate_gunzip_free(stream) }

  /// Undoes the next slice; true when that was the last one. Throws `bodyTooLarge`, and `badCompression` for
  /// what is damaged or cut.
  mutating func advance() throws(HTTPFailure) -> Bool {
    guard let stream = unsafe stream else { throw HTTPFailure(.failed, "gzip: there is no memory") }
    var step = promgate_gunzip_step()
    let before = bytes.count
    // One byte more than allowed tells that there are more.
    let room = min(Self.slice, limit - before + 1)
    let (packed, position) = (packed, position)
    bytes.append(addingCapacity: room) { output in
      unsafe packed.withUnsafeBufferPointer { input in
        let rest = unsafe UnsafeBufferPointer(rebasing: input[position...])
        unsafe output.withUnsafeMutableBufferPointer { output, count in
          step = unsafe promgate_gunzip_feed(stream, rest.baseAddress, rest.count, output.baseAddress, room)
          count = step.produced
        }
      }
    }
    self.position += step.consumed
    guard bytes.count <= limit else { throw HTTPFailure(.bodyTooLarge, "body size limit exceeded") }
    if step.outcome == 2 { throw Self.damaged }
    if step.consumed > 0 || step.produced > 0 || !packed.isEmpty { isWhole = step.outcome == 1 }
    guard self.position == packed.count, step.produced < room else { return false }
    guard isWhole else { throw Self.damaged }
    return true
  }

  private static let damaged = HTTPFailure(.badCompression, "gzip: the body is damaged or cut")
}
