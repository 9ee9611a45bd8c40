/// The base protocol of editors: messages with a `Content-Length` in front, over two pipes.
public struct MessageFraming: Sendable {
  /// Bytes that are not a whole message yet.
  private var pending: [UInt8] = []

  /// The longest message that is taken, and the longest head.
  private static let largestBody = 64 << 20
  private static let largestHead = 4096

  /// Why the rest of the input cannot be read: where a message ends is no longer known.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var description: String
  }

  public init() {}

  /// Takes what came, and gives the bodies that are whole. Throws on a head that makes no sense.
  public mutating func take(_ bytes: some Collection<UInt8>) throws(Problem) -> [[UInt8]] {
    pending += bytes
    var bodies: [[UInt8]] = []
    var start = 0
    while let end = pending[start...].firstRange(of: Array("\r\n\r\n".utf8)) {
      let length = try Self.length(pending[start..<end.lowerBound])
      guard pending.count - end.upperBound >= length else { break }
      bodies.append(Array(pending[end.upperBound..<end.upperBound + length]))
      start = end.upperBound + length
    }
    pending.removeFirst(start)
    guard pending.count <= Self.largestBody + Self.largestHead else {
      throw Problem(description: "a message is longer than \(Self.largestBody) bytes")
    }
    return bodies
  }

  /// A body with its head.
  public static func framed(_ body: some Collection<UInt8>) -> [UInt8] {
    Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
  }

  private static func length(_ head: ArraySlice<UInt8>) throws(Problem) -> Int {
    guard head.count <= largestHead else { throw Problem(description: "the head of a message is too long") }
    for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
      guard let length = Int(parts[1].filter { $0 != " " }), length >= 0, length <= largestBody else {
        throw Problem(description: "Content-Length is \(parts[1])")
      }
      return length
    }
    throw Problem(description: "a message has no Content-Length")
  }
}
