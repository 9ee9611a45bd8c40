import Scrape
import Synchronization

/// Says who may come in: who shows a user's password or a token. Only the head of a request is looked at,
/// before anything of its body is read.
///
/// What a password was found to be is remembered; one that is not known is hashed in its asker's turn.
final class Door: Sendable {
  /// What the head of a request says.
  enum Look: Sendable {
    case welcome
    case refused
    /// To be hashed first.
    case unknown(Credentials)
  }

  /// A name and a password, with the hash that the password should have.
  struct Credentials: Sendable, Hashable {
    fileprivate var user: String
    /// As bytes: texts that look alike are not the same password.
    fileprivate var password: [UInt8]
    /// Of nobody's when there is no such user.
    fileprivate var hash: String
    fileprivate var isUser: Bool
  }

  private struct Memory {
    /// What each user last came in with: guesses of others do not push it out.
    var right: [String: Credentials] = [:]
    var wrong: Set<Credentials> = []
    /// Wrong guesses by address.
    var guesses: [String: Int] = [:]
  }

  private let access: @Sendable () -> ServerAccess
  private let memory = Mutex(Memory())
  private let passwords = PasswordQueue(threads: 1)

  /// More wrong passwords, or addresses, are forgotten all at once.
  private static let limit = 1000
  /// What unknown users' passwords are held against, so that they take as long: no password has it.
  private static let nobody = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
  /// How much longer each wrong guess of an address lets it wait, up to ten of them.
  private static let pause = Duration.milliseconds(100)

  init(_ access: @escaping @Sendable () -> ServerAccess) { self.access = access }

  /// Looks at a request's field `Authorization`; nil when it has none.
  func look(at authorization: String?) -> Look {
    let access = access()
    if access.users.isEmpty, access.tokens.isEmpty { return .welcome }
    let parts = (authorization ?? "").split(separator: " ", maxSplits: 1)
    let shown = parts.count == 2 ? String(parts[1]) : ""
    switch parts.first?.lowercased() {
    case "bearer" where access.tokens.contains(where: { Self.isSame($0, shown) }): return .welcome
    case "basic" where !access.users.isEmpty:
      guard let credentials = Self.credentials(shown, access) else { return .refused }
      return memory.withLock { memory in
        if memory.right[credentials.user] == credentials { return .welcome }
        return memory.wrong.contains(credentials) ? .refused : .unknown(credentials)
      }
    default: return .refused
    }
  }

  /// Hashes a password when its asker's turn comes, and then lets who guesses wait.
  func isRight(_ credentials: Credentials, from address: String) async -> Bool {
    let asker = PasswordQueue.Asker(address: address, user: credentials.isUser ? credentials.user : nil)
    let matches = await passwords.matches(
      String(decoding: credentials.password, as: UTF8.self), credentials.hash, for: asker)
    if Task.isCancelled { return false }
    let isRight = matches && credentials.isUser
    let guesses = memory.withLock { memory in
      if isRight {
        memory.right[credentials.user] = credentials
        memory.guesses[address] = nil
        return 0
      }
      if memory.wrong.count >= Self.limit { memory.wrong = [] }
      memory.wrong.insert(credentials)
      if memory.guesses.count >= Self.limit { memory.guesses = [:] }
      memory.guesses[address, default: 0] = min((memory.guesses[address] ?? 0) + 1, 10)
      return memory.guesses[address] ?? 0
    }
    if !isRight { try? await Task.sleep(for: Self.pause * guesses) }
    return isRight
  }

  /// What a request is answered that may not come in.
  var refusal: ServerResponse {
    var response = ServerResponse.refusal(401, "Unauthorized")
    response.headers["WWW-Authenticate"] = access().users.isEmpty ? "Bearer" : "Basic"
    addFields(to: &response)
    return response
  }

  /// Adds what every answer carries.
  func addFields(to response: inout ServerResponse) {
    for header in access().headers { response.headers[header.name] = header.value }
  }

  /// Nil for what is no name and password.
  private static func credentials(_ shown: String, _ access: ServerAccess) -> Credentials? {
    guard let bytes = Base64.decoded(shown), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      !bytes.contains(0)
    else { return nil }
    let user = String(decoding: bytes[..<colon], as: UTF8.self)
    let hash = access.users[user]
    return Credentials(
      user: user, password: Array(bytes[(colon + 1)...]), hash: hash ?? nobody, isUser: hash != nil)
  }

  /// Compares in a time that tells nothing but the length.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard a.count == b.count, !a.isEmpty else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
