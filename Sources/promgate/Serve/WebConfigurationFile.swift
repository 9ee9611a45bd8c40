import Glibc
import Logging
import Manifests
import PromQL
import Scrape
import Server
import Synchronization
import TimeSeries

/// A web configuration file, read again when it or a file that it names has changed. What cannot be read
/// then is told, and what was read before stays.
final class WebConfigurationFile: Sendable {
  private struct State {
    var access: ServerAccess
    var stamps: [String: Stamp]
    var looked: ContinuousClock.Instant
  }

  /// What tells that a file is another one.
  private struct Stamp: Equatable {
    var seconds = 0
    var nanoseconds = 0
    var size = 0
    var node: UInt = 0

    init(_ path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return }
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
      size = Int(status.st_size)
      node = UInt(status.st_ino)
    }
  }

  private let path: String
  private let log: Logger
  private let state: Mutex<State>
  private static let interval = Duration.milliseconds(500)

  init(_ path: String, _ log: Logger) throws(ToolFailure) {
    self.path = path
    self.log = log
    let read = try Self.read(path)
    state = Mutex(State(access: read.access, stamps: read.stamps, looked: .now))
  }

  /// What the file says now.
  var access: ServerAccess {
    state.withLock { state in
      let now = ContinuousClock.now
      guard now - state.looked > Self.interval else { return state.access }
      state.looked = now
      guard state.stamps.contains(where: { Stamp($0.key) != $0.value }) else { return state.access }
      do throws(ToolFailure) {
        let read = try Self.read(path)
        state.access = read.access
        state.stamps = read.stamps
        log.info("Web configuration was read again", metadata: ["file": "\(path)"])
      } catch {
        // Once for each change.
        for name in state.stamps.keys { state.stamps[name] = Stamp(name) }
        log.error(
          "Web configuration cannot be used; what was read before stays",
          metadata: ["file": "\(path)", "err": "\(error)"])
      }
      return state.access
    }
  }

  private static func read(
    _ path: String
  ) throws(ToolFailure) -> (access: ServerAccess, stamps: [String: Stamp]) {
    var files = NamedFiles(beside: path)
    let source: ManifestSource
    do { source = ManifestSource(name: path, bytes: try InputFile.bytes(path, maximum: 1 << 20)) } catch {
      throw ToolFailure("\(path): \(error)")
    }
    let access: ServerAccess
    do throws(ManifestProblem) {
      access = try WebConfiguration(source, &files).access
    } catch {
      let finding = ManifestFinding(error.diagnostic, in: source)
      throw ToolFailure(
        finding.rendered(usesColor: false) + "\n\(path) cannot be used as it is")
    }
    do throws(ServerAccess.Problem) { try access.check() } catch { throw ToolFailure("\(path): \(error)") }
    var stamps: [String: Stamp] = [:]
    for name in files.names + [path] { stamps[name] = Stamp(name) }
    return (access, stamps)
  }
}

/// Files that a configuration names, relative to its own folder.
struct NamedFiles {
  private let folder: String
  private(set) var names: [String] = []

  init(beside path: String) {
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  mutating func bytes(_ name: Located<String>) throws(ManifestProblem) -> [UInt8] {
    let path = name.value.hasPrefix("/") ? name.value : folder + name.value
    names.append(path)
    do { return try InputFile.bytes(path, maximum: 1 << 20) } catch {
      throw ManifestProblem(ManifestCode.type, "\(path): \(error)", at: name.range)
    }
  }
}

/// A web configuration file as it is written (docs/security.md).
struct WebConfiguration {
  private(set) var access = ServerAccess()

  init(_ source: ManifestSource, _ files: inout NamedFiles) throws(ManifestProblem) {
    var composer = try YAMLComposer(checking: source.bytes)
    guard let root = try composer.nextDocument() else { return }
    let file = try StrictMapping(
      root, "a web configuration",
      keys: ["tls_server_config", "http_server_config", "basic_auth_users", "authorization"])
    if let node = file.node("tls_server_config") { try readSecurity(node, &files) }
    if let node = file.node("http_server_config") { try readHeaders(node) }
    for user in try file.pairs("basic_auth_users") {
      guard user.value.wholeMatch(of: /\$2[aby]\$\d\d\$[.\/A-Za-z0-9]{53}/) != nil else {
        throw ManifestProblem(
          ManifestCode.type,
          "the password of \(user.name) is no bcrypt hash (htpasswd -nBC 10 \"\" makes one)",
          at: user.range)
      }
      access.users[user.name] = user.value
    }
    if let node = file.node("authorization") { try readTokens(node, &files) }
  }

  private mutating func readTokens(_ node: ManifestNode, _ files: inout NamedFiles) throws(ManifestProblem) {
    let fields = try StrictMapping(node, "authorization", keys: ["type", "credentials", "credentials_file"])
    let type = try fields.text("type")
    guard (type?.value ?? "Bearer").lowercased() == "bearer" else {
      throw ManifestProblem(ManifestCode.type, "the type can only be Bearer", at: type?.range)
    }
    let written = try fields.text("credentials")
    let named = try fields.text("credentials_file")
    guard (written == nil) != (named == nil) else {
      throw ManifestProblem(
        ManifestCode.type, "one of credentials and credentials_file must be given", at: fields.range)
    }
    var text = written?.value ?? ""
    if let named {
      // A token a line: an old one stays good while clients change to the next.
      text = String(decoding: ByteOrderMark.stripped(try files.bytes(named)), as: UTF8.self)
    }
    access.tokens = text.split(separator: "\n").map { $0.filter { $0 != "\r" && $0 != " " } }
      .filter { !$0.isEmpty }
    if access.tokens.isEmpty {
      throw ManifestProblem(ManifestCode.type, "there is no token", at: fields.range)
    }
  }

  private mutating func readHeaders(_ node: ManifestNode) throws(ManifestProblem) {
    // HTTP/1.1 is what is spoken, whatever http2 says.
    let fields = try StrictMapping(node, "http_server_config", keys: ["http2", "headers"])
    _ = try fields.boolean("http2")
    let known = [
      "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection",
      "Strict-Transport-Security",
    ]
    for header in try fields.pairs("headers") {
      guard known.contains(header.name) else {
        throw ManifestProblem(
          ManifestCode.unknownKey,
          "HTTP header \(header.name) can not be configured: there are "
            + known.joined(separator: ", "), at: header.range)
      }
      access.headers.append(ServerAccess.Header(header.name, header.value))
    }
  }

  private static let securityKeys = [
    "cert_file", "cert", "key_file", "key", "client_auth_type", "client_ca_file", "client_ca",
    "client_allowed_sans", "cipher_suites", "prefer_server_cipher_suites", "curve_preferences",
    "min_version", "max_version",
  ]

  private mutating func readSecurity(
    _ node: ManifestNode, _ files: inout NamedFiles
  ) throws(ManifestProblem) {
    let fields = try StrictMapping(node, "tls_server_config", keys: Self.securityKeys)
    func pem(_ key: String) throws(ManifestProblem) -> [UInt8]? {
      let written = try fields.text(key)
      let named = try fields.text(key + "_file")
      if written != nil, let named {
        throw ManifestProblem(
          ManifestCode.type, "only one of \(key) and \(key)_file can be given", at: named.range)
      }
      if let written { return Array(written.value.utf8) }
      guard let named else { return nil }
      return try files.bytes(named)
    }
    guard let certificates = try pem("cert") else {
      throw ManifestProblem(
        ManifestCode.type, "missing one of cert or cert_file", at: fields.range)
    }
    guard let key = try pem("key") else {
      throw ManifestProblem(ManifestCode.type, "missing one of key or key_file", at: fields.range)
    }
    var security = ServerAccess.Security(certificates: certificates, key: key)
    security.clients = try Self.choice("client_auth_type", fields) ?? .none
    security.clientAuthorities = try pem("client_ca") ?? []
    switch security.clients {
    case .none, .requested, .any:
      guard security.clientAuthorities.isEmpty || security.clients != .none else {
        throw ManifestProblem(
          ManifestCode.type, "client CA's have been configured without a Client Auth Policy",
          at: fields.range)
      }
    case .verifiedIfGiven, .verified: break
    }
    security.clientNames = try fields.texts("client_allowed_sans").map(\.value)
    security.cipherSuites = try fields.texts("cipher_suites").map(\.value)
    _ = try fields.boolean("prefer_server_cipher_suites")
    for text in try fields.texts("curve_preferences") {
      guard let curve = ServerAccess.Curve(rawValue: text.value) else {
        throw Self.unknown(text, "curve", ServerAccess.Curve.allCases.map(\.rawValue))
      }
      security.curves.append(curve)
    }
    security.minimum = try Self.choice("min_version", fields) ?? .tls12
    security.maximum = try Self.choice("max_version", fields) ?? .tls13
    access.security = security
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ fields: StrictMapping
  ) throws(ManifestProblem) -> Choice? where Choice.RawValue == String {
    guard let text = try fields.text(key), !text.value.isEmpty else { return nil }
    guard let choice = Choice(rawValue: text.value) else {
      throw unknown(text, key, Choice.allCases.map(\.rawValue))
    }
    return choice
  }

  private static func unknown(_ text: Located<String>, _ what: String, _ known: [String]) -> ManifestProblem {
    ManifestProblem(
      ManifestCode.type, "unknown \(what) \(text.value): there are \(known.joined(separator: ", "))",
      at: text.range)
  }
}
