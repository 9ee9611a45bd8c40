private import COpenSSL
import NIOCore

/// Why a connection's TLS ended, in OpenSSL's words.
struct SecureFailure: Error, CustomStringConvertible {
  var description: String
  /// Whether the client is not let in, rather than that TLS broke.
  var isRefusal = false
}

/// TLS of one connection: bytes in, bytes out. Used on the connection's event loop only.
@safe
final class SecureSession {
  /// How the handshake stands.
  enum Progress {
    case unfinished
    case finished
  }

  private let session: OpaquePointer
  /// What waits to be sent, in order.
  private var sealed: [ByteBuffer] = []
  /// How much is encrypted at a time, bytes: three records.
  private static let partSize = 48 << 10

  /// Waits for a client's first bytes. Throws when memory is short.
  init(_ context: SecureContext) throws(SecureFailure) {
    guard let session = unsafe context.session() else { throw Self.failure() }
    unsafe self.session = session
  }

  deinit { unsafe promgate_tls_end(session) }

  /// Works with bytes that have arrived, all of which `body` must use up.
  func withInput<Failure: Error>(
    _ input: ByteBuffer, _ body: () throws(Failure) -> Void
  ) throws(Failure) {
    let result = unsafe input.withUnsafeReadableBytes { bytes -> Result<Void, Failure> in
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe promgate_tls_feed(session, start, bytes.count)
      defer { unsafe promgate_tls_feed(session, nil, 0) }
      do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Goes on with the handshake, with the input at hand.
  func shakeHands() throws(SecureFailure) -> Progress {
    switch unsafe promgate_tls_shake_hands(session) {
    case PROMGATE_TLS_DONE: return .finished
    case PROMGATE_TLS_MORE: return .unfinished
    // Ended, or broken; C's enum has no end of cases.
    default: throw Self.failure()
    }
  }

  /// Appends what the input at hand says, for which a buffer of the input's size has room as a rule. False
  /// when the client has said that nothing more comes.
  func read(into buffer: inout ByteBuffer) throws(SecureFailure) -> Bool {
    while true {
      var outcome = PROMGATE_TLS_DONE
      unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { room in
        var count = 0
        let start = unsafe room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        outcome = unsafe promgate_tls_read(session, start, room.count, &count)
        return count
      }
      switch outcome {
      case PROMGATE_TLS_DONE: continue
      case PROMGATE_TLS_MORE: return true
      case PROMGATE_TLS_CLOSED: return false
      default: throw Self.failure()
      }
    }
  }

  /// Encrypts all of it, in parts: the memory of small ones is used again, that of large ones asked for anew
  /// from the system each time.
  func write(_ buffer: ByteBuffer, _ allocator: ByteBufferAllocator) throws(SecureFailure) {
    gather(allocator)
    var rest = buffer
    while let part = rest.readSlice(length: min(rest.readableBytes, Self.partSize)), part.readableBytes > 0 {
      let size = part.readableBytes + (part.readableBytes >> 14 + 1) * 256
      if sealed.last?.writableBytes ?? 0 < size { sealed.append(allocator.buffer(capacity: size)) }
      try seal(part, into: &sealed[sealed.count - 1], size)
      gather(allocator)
    }
  }

  private func seal(
    _ part: ByteBuffer, into buffer: inout ByteBuffer, _ size: Int
  ) throws(SecureFailure) {
    var isSealed = false
    unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
      unsafe part.withUnsafeReadableBytes { bytes in
        var count = 0
        isSealed = unsafe promgate_tls_write(
          session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
          room.baseAddress?.assumingMemoryBound(to: UInt8.self), room.count, &count)
        return count
      }
    }
    if !isSealed { throw Self.failure() }
  }

  /// Says that nothing more comes.
  func close() { unsafe promgate_tls_close(session) }

  /// Takes what waits to be sent.
  func output(_ allocator: ByteBufferAllocator) -> [ByteBuffer] {
    gather(allocator)
    defer { sealed = [] }
    return sealed
  }

  /// Puts what the session says by itself behind what was encrypted before.
  private func gather(_ allocator: ByteBufferAllocator) {
    var count = 0
    guard let bytes = unsafe promgate_tls_output(session, &count), count > 0 else { return }
    var buffer = allocator.buffer(capacity: count)
    unsafe buffer.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
    unsafe promgate_tls_clear_output(session)
    sealed.append(buffer)
  }

  private static func failure() -> SecureFailure {
    let reason = SecureContext.reason
    return SecureFailure(
      description: "TLS: \(reason.isEmpty ? "the connection cannot go on" : reason)",
      isRefusal: reason == "certificate verify failed")
  }
}
