/// Which program answers.
public struct BuildInformation: Sendable, Hashable {
  public var version: String
  /// The commit that it was built from; empty when unknown.
  public var revision: String

  public init(version: String = "0.1.0", revision: String = "") {
    self.version = version
    self.revision = revision
  }

  /// The data of `/api/v1/status/buildinfo` (http-api.md §12).
  var json: [UInt8] {
    let members = [
      ("version", version), ("revision", revision), ("branch", ""), ("buildUser", ""),
      ("buildDate", ""), ("goVersion", ""),
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
