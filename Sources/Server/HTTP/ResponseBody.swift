internal import NIOCore
import TimeSeries

/// The bytes of an answer, in parts: large answers are never one piece of memory, which the system would
/// have to clear anew for each of them.
public struct ResponseBody: Sendable {
  /// In order; none is empty.
  private(set) var parts: [[UInt8]]
  /// How many bytes `parts` has.
  public private(set) var count: Int
  /// Gives what follows the parts, a piece at a time, nil at its end: an answer whose length nobody knows.
  /// Called on `maker`, one call at a time, as the client takes what came before. An error breaks the
  /// connection off.
  let following: (@Sendable () throws -> ByteBuffer?)?
  /// Where what follows is made; nil for the connection's own thread.
  var maker: (any TaskExecutor)?
  /// What comes behind what follows.
  private(set) var tail: [UInt8] = []
  /// What the body takes, or what it is made from: held until the client has it. Nil for what is small.
  var memory: MemoryAccount?

  public init(_ bytes: [UInt8] = []) { self.init(parts: [bytes]) }

  init(parts: [[UInt8]]) {
    self.parts = parts.filter { !$0.isEmpty }
    count = parts.reduce(0) { $0 + $1.count }
    following = nil
  }

  /// The same with other parts in front of what follows.
  func replacingParts(_ parts: [[UInt8]]) -> ResponseBody {
    var body = self
    body.parts = parts.filter { !$0.isEmpty }
    body.count = body.parts.reduce(0) { $0 + $1.count }
    return body
  }

  init(_ head: [UInt8] = [], following: @escaping @Sendable () throws -> ByteBuffer?) {
    parts = head.isEmpty ? [] : [head]
    count = head.count
    self.following = following
  }

  /// The parts in one piece; costs a copy where there are several.
  public var bytes: [UInt8] { parts.count == 1 ? parts[0] : Array(parts.joined()) }

  /// The parts and what follows them, which is taken away. Throws what ends it early.
  public func whole() throws -> [UInt8] {
    guard let following else { return bytes }
    var all = bytes
    while let piece = try following() { all += piece.readableBytesView }
    return all + tail
  }

  /// The same with what follows among the parts, so that it can be compressed; as it goes on where there is
  /// no memory for that, or where making it fails.
  func gathered() -> ResponseBody {
    guard let following else { return self }
    var all = parts
    while true {
      guard let piece = try? following() else { break }
      all.append(Array(piece.readableBytesView))
      do { try memory?.take(2 * piece.readableBytes) } catch { return replacingParts(all) }
    }
    var whole = ResponseBody(parts: all + [tail])
    whole.memory = memory
    return whole
  }

  /// Puts bytes in front and behind.
  func wrapped(in head: [UInt8], _ tail: [UInt8]) -> ResponseBody {
    guard following != nil else { return replacingParts([head] + parts + [tail]) }
    var body = self
    body.parts.insert(head, at: 0)
    body.count += head.count
    body.tail += tail
    return body
  }
}
