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
  let following: (@Sendable () throws -> [UInt8]?)?
  /// Where what follows is made; nil for the connection's own thread.
  var maker: (any TaskExecutor)?

  public init(_ bytes: [UInt8] = []) { self.init(parts: [bytes]) }

  init(parts: [[UInt8]]) {
    self.parts = parts.filter { !$0.isEmpty }
    count = parts.reduce(0) { $0 + $1.count }
    following = nil
  }

  init(following: @escaping @Sendable () throws -> [UInt8]?) {
    parts = []
    count = 0
    self.following = following
  }

  /// The parts in one piece; costs a copy where there are several.
  public var bytes: [UInt8] { parts.count == 1 ? parts[0] : Array(parts.joined()) }

  /// The parts and what follows them, which is taken away. Throws what ends it early.
  public func whole() throws -> [UInt8] {
    var all = bytes
    while let piece = try following?() { all += piece }
    return all
  }

  /// Puts bytes in front and behind.
  func wrapped(in head: [UInt8], _ tail: [UInt8]) -> ResponseBody {
    ResponseBody(parts: [head] + parts + [tail])
  }
}
