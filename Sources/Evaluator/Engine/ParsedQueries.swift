import PromQL
import Synchronization

/// Queries that were parsed lately: gates and dashboards ask the same ones again and again, and reading a
/// query can cost more than answering it. A tree depends on nothing but the text and the features.
final class ParsedQueries: Sendable {
  static let shared = ParsedQueries()

  private struct Key: Hashable {
    var text: [UInt8]
    var features: LanguageFeatures

    func hash(into hasher: inout Hasher) {
      unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
  }

  private let known = Mutex<[Key: Expression]>([:])

  /// More than these are forgotten all at once; longer texts are not kept.
  private static let limit = 256
  private static let longest = 4096

  /// The tree of a text. Throws what parsing throws.
  func expression(_ text: [UInt8], _ features: LanguageFeatures) throws(ParseFailure) -> Expression {
    guard text.count <= Self.longest else { return try Expression.parse(text, features: features) }
    let key = Key(text: text, features: features)
    if let expression = known.withLock({ $0[key] }) { return expression }
    let expression = try Expression.parse(text, features: features)
    known.withLock { known in
      if known.count >= Self.limit { known = [:] }
      known[key] = expression
    }
    return expression
  }
}
