internal import TimeSeries

extension Target {
  /// What is wrong with the text of a target, and where.
  public struct ArgumentProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text as given.
    public var text: String
    /// Byte offset of the fault in `text`.
    public var offset: Int
    /// What is wrong, and where it helps what is right.
    public var reason: String

    public var description: String { "target \"\(text)\", column \(offset + 1): \(reason)" }
  }

  /// Reads `URL[,label=value…]`, the form of `--scrape`.
  ///
  /// Without a path it is `/metrics`. `instance` defaults to the address's host and port, `job` to
  /// `job`. A value may be quoted (`"a,b"`, with `\"` and `\\`). `user:password@` in the address
  /// becomes basic authentication and shows nowhere.
  public init(argument text: String, job: String = "promgate") throws(ArgumentProblem) {
    var scanner = ArgumentScanner(text)
    let address: HTTPAddress
    do {
      address = try HTTPAddress(scanner.takeAddress())
    } catch {
      throw ArgumentProblem(text: text, offset: error.offset, reason: error.reason)
    }
    var builder = LabelsBuilder()
    builder.set("job", job)
    builder.set("instance", address.authority)
    var seen: Set<String> = []
    while let (name, value, offset) = try scanner.takeLabel() {
      guard seen.insert(name).inserted else {
        throw ArgumentProblem(text: text, offset: offset, reason: "label \"\(name)\" is given twice")
      }
      guard !name.hasPrefix("__") else {
        throw ArgumentProblem(
          text: text, offset: offset, reason: "label names that begin with __ are reserved")
      }
      builder.set(name, value)
    }
    var complete = address
    if complete.path.isEmpty { complete.path = "/metrics" }
    self.init(url: complete.text, labels: builder.labels())
    if let credentials = address.credentials {
      let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      access.authorization = .basic(
        user: String(parts.first ?? ""), password: parts.count > 1 ? String(parts[1]) : "")
    }
  }
}

/// Walks the text of a target.
private struct ArgumentScanner {
  private let text: String
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  /// Up to the first comma that begins a label: in a query other commas may stand.
  mutating func takeAddress() -> String {
    var isInQuery = false
    while position < bytes.count, !startsLabel(position, isInQuery) {
      if bytes[position] == UInt8(ascii: "?") { isInQuery = true }
      position += 1
    }
    return String(decoding: bytes[..<position], as: UTF8.self)
  }

  private func startsLabel(_ start: Int, _ isInQuery: Bool) -> Bool {
    guard bytes[start] == UInt8(ascii: ",") else { return false }
    let rest = bytes[(start + 1)...]
    guard isInQuery, let end = rest.firstIndex(of: UInt8(ascii: "=")) else { return !isInQuery }
    return LabelName.isLegacy(bytes[(start + 1)..<end])
  }

  /// `,name=value`; nil at the end.
  mutating func takeLabel() throws(Target.ArgumentProblem)
    -> (name: String, value: String, offset: Int)?
  {
    guard position < bytes.count else { return nil }
    let start = position + 1
    guard let equal = bytes[start...].firstIndex(of: UInt8(ascii: "=")) else {
      throw problem(start, "expected label=value after the comma")
    }
    guard LabelName.isLegacy(bytes[start..<equal]) else {
      throw problem(start, "a label's name consists of letters, digits and _, and no digit comes first")
    }
    let name = String(decoding: bytes[start..<equal], as: UTF8.self)
    position = equal + 1
    let quoted = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
    return (name, try quoted ? takeQuoted() : takePlain(), start)
  }

  private mutating func takePlain() -> String {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: ",") { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func takeQuoted() throws(Target.ArgumentProblem) -> String {
    let start = position
    var value: [UInt8] = []
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
      value.append(bytes[position])
      position += 1
    }
    guard position < bytes.count else { throw problem(start, "the quote is never closed") }
    position += 1
    guard position == bytes.count || bytes[position] == UInt8(ascii: ",") else {
      throw problem(position, "expected a comma or the end after the closing quote")
    }
    return String(decoding: value, as: UTF8.self)
  }

  private func problem(_ offset: Int, _ reason: String) -> Target.ArgumentProblem {
    Target.ArgumentProblem(text: text, offset: min(offset, bytes.count), reason: reason)
  }
}
