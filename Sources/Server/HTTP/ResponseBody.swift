/// The bytes of an answer, in parts: large answers are never one piece of memory, which the system would
/// have to clear anew for each of them.
public struct ResponseBody: Sendable {
  /// In order; none is empty.
  private(set) var parts: [[UInt8]]
  /// How many bytes there are.
  public private(set) var count: Int

  public init(_ bytes: [UInt8] = []) { self.init(parts: [bytes]) }

  init(parts: [[UInt8]]) {
    self.parts = parts.filter { !$0.isEmpty }
    count = parts.reduce(0) { $0 + $1.count }
  }

  /// All bytes in one piece; costs a copy where there are several.
  public var bytes: [UInt8] { parts.count == 1 ? parts[0] : Array(parts.joined()) }

  /// Puts bytes in front and behind.
  func wrapped(in head: [UInt8], _ tail: [UInt8]) -> ResponseBody {
    ResponseBody(parts: [head] + parts + [tail])
  }
}
