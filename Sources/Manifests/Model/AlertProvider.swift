/// An AlertProvider as written (flagger.md §1.6): exactly one of `address` and `secretName` is there.
public struct AlertProvider: Sendable, Hashable {
  /// Nil for a provider that was made by code.
  public var origin: ResourceOrigin?
  public var metadata: ResourceMetadata
  public var type: Located<Kind>
  public var channel: Located<String>?
  public var username: Located<String>?
  public var address: Located<String>?
  public var proxy: Located<String>?
  /// A Secret with the key `address`, and perhaps `token`.
  public var secretName: Located<String>?

  public init(
    metadata: ResourceMetadata, type: Located<Kind>, origin: ResourceOrigin? = nil
  ) {
    self.metadata = metadata
    self.type = type
    self.origin = origin
  }

  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case slack
    case msteams
    case discord
    case rocket
    case gchat
  }
}
