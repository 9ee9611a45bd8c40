import ArgumentParser
import Scrape

/// How a server is talked to, for every command that asks one.
struct ServerArguments: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A header for the server, as `Name: value`; may be repeated.", valueName: "header"),
    transform: ServerArguments.header)
  var header: [HTTPRequest.Header] = []

  @Option(help: ArgumentHelp("The user of basic authentication.", valueName: "name"))
  var user: String?

  @Option(help: ArgumentHelp("A file with the user's password.", valueName: "file"), completion: .file())
  var passwordFile: String?

  @Option(help: ArgumentHelp("A file with a bearer token.", valueName: "file"), completion: .file())
  var tokenFile: String?

  @Option(
    help: ArgumentHelp("Certificates (PEM) to trust instead of the system's.", valueName: "file"),
    completion: .file())
  var caFile: String?

  @Flag(help: "Accepts any certificate.")
  var insecure = false

  @Option(
    help: ArgumentHelp(
      "How long a server may take to answer.", default: .duration(60_000), valueName: "duration"),
    transform: ArgumentText.duration)
  var serverTimeout: Int64 = 60_000

  @Option(help: ArgumentHelp("How often a request that failed is sent again.", valueName: "count"))
  var serverRetries = 2

  private static func header(_ text: String) throws -> HTTPRequest.Header {
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
      throw ValidationError("'\(text)': write it as 'Name: value'")
    }
    return HTTPRequest.Header(
      String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " }))
  }

  func validate() throws {
    if (user == nil) != (passwordFile == nil) {
      throw ValidationError("--user and --password-file go together")
    }
    if user != nil, tokenFile != nil {
      throw ValidationError("--user and --token-file exclude each other: give one")
    }
    guard (0...100).contains(serverRetries) else {
      throw ValidationError("--server-retries is from 0 to 100")
    }
  }

  /// Credentials, headers and certificates. `userInfo` is what an address says before its `@`.
  func access(userInfo: String? = nil) throws(ToolFailure) -> HTTPAccess {
    var access = HTTPAccess(verifiesCertificates: !insecure, certificateFile: caFile, headers: header)
    if let user, let passwordFile {
      access.authorization = .basic(user: user, password: try Self.secret(passwordFile))
    } else if let tokenFile {
      access.authorization = .bearer(try Self.secret(tokenFile))
    } else if let userInfo {
      let parts = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      access.authorization = .basic(user: parts[0], password: parts.count > 1 ? parts[1] : "")
    }
    return access
  }

  /// What a file holds, without the blanks around it, as Prometheus reads secrets.
  private static func secret(_ path: String) throws(ToolFailure) -> String {
    do {
      let bytes = try InputFile.text(path, maximum: 1 << 20)
      return String(
        String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace).reversed().drop(
          while: \.isWhitespace
        ).reversed())
    } catch {
      throw ToolFailure("\(path): \(error)")
    }
  }
}
