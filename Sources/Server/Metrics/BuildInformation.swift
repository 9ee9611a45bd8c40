/// Which program answers.
public struct BuildInformation: Sendable, Hashable {
  /// The Prometheus whose API this server speaks: clients choose their calls by it.
  public static let spokenVersion = "3.14.0"

  /// promgate's own.
  public var version: String
  /// The commit that it was built from; empty when unknown.
  public var revision: String

  public init(version: String = "0.1.0", revision: String = "") {
    self.version = version
    self.revision = revision
  }

  /// The data of `/api/v1/status/buildinfo` (http-api.md §12): a version that clients can act on, and
  /// promgate's own beside it.
  var json: [UInt8] {
    let members = [
      ("version", Self.spokenVersion), ("revision", revision), ("branch", ""), ("buildUser", ""),
      ("buildDate", ""), ("goVersion", ""), ("promgate", version),
    ]
    var writer = ByteWriter()
    for (index, member) in members.enumerated() {
      writer.append(index == 0 ? "{" : ",")
      writer.append(string: member.0)
      writer.append(UInt8(ascii: ":"))
      writer.append(string: member.1)
    }
    writer.append(UInt8(ascii: "}"))
    return writer.finish()
  }
}
