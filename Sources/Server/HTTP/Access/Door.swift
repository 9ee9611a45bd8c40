private import CCrypt
import Scrape
import Synchronization

/// Lets requests in that show a user's password or a token.
///
/// Passwords cost a tenth of a second each, by intent: they are looked at one after the other on a thread of
/// their own, and what was found is remembered for a while.
final class Door: Sendable {
  private struct Attempt: Hashable {
    var user: String
    var password: String
    var hash: String
  }

  private let access: @Sendable () -> ServerAccess
  private let known = Mutex<[Attempt: Bool]>([:])
  private let passwords = QueryThreads(count: 1)

  /// More attempts are forgotten all at once.
  private static let limit = 100
  /// What unknown users' passwords are held against, so that they take as long: no password has it.
  private static let nobody = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

  init(_ access: @escaping @Sendable () -> ServerAccess) { self.access = access }

  /// Nil when the request may come in, else what it is answered.
  func refusal(of request: ServerRequest) async -> ServerResponse? {
    let access = access()
    if access.users.isEmpty, access.tokens.isEmpty { return nil }
    let header = request.headers["Authorization"] ?? ""
    let parts = header.split(separator: " ", maxSplits: 1)
    let shown = parts.count == 2 ? String(parts[1]) : ""
    switch parts.first?.lowercased() {
    case "bearer" where access.tokens.contains(where: { Self.isSame($0, shown) }): return nil
    case "basic" where !access.users.isEmpty:
      if await isKnown(shown, access) { return nil }
    default: break
    }
    var response = ServerResponse.refusal(401, "Unauthorized")
    response.headers["WWW-Authenticate"] = access.users.isEmpty ? "Bearer" : "Basic"
    return response
  }

  /// Adds what every answer carries.
  func addFields(to response: inout ServerResponse) {
    for header in access().headers { response.headers[header.name] = header.value }
  }

  private func isKnown(_ shown: String, _ access: ServerAccess) async -> Bool {
    guard let bytes = Base64.decoded(shown), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      !bytes.contains(0)
    else { return false }
    let user = String(decoding: bytes[..<colon], as: UTF8.self)
    let password = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
    let hash = access.users[user]
    let attempt = Attempt(user: user, password: password, hash: hash ?? Self.nobody)
    if let found = known.withLock({ $0[attempt] }) { return found }
    let isRight = await withTaskExecutorPreference(passwords) {
      // Another request with the same words may have come first.
      if let found = known.withLock({ $0[attempt] }) { return found }
      let matches = unsafe promgate_bcrypt_matches(attempt.password, attempt.hash) == 1 && hash != nil
      known.withLock { known in
        if known.count >= Self.limit { known = [:] }
        known[attempt] = matches
      }
      return matches
    }
    return isRight
  }

  /// Compares in a time that tells nothing but the length.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard a.count == b.count, !a.isEmpty else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
