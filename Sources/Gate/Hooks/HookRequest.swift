public import Manifests
import TimeSeries

/// One call of a webhook as Flagger makes it (flagger.md §5.9): where to, with which body, how long it
/// may take.
public struct HookRequest: Sendable, Hashable {
  public var url: String
  /// JSON: name, namespace, phase, checksum, and metadata where there is any.
  public var body: String
  /// For each attempt.
  public var timeoutMilliseconds: Int64
  /// Attempts after the first.
  public var retries: Int
  public var skipsTLSVerification: Bool

  /// What Flagger waits when the manifest says nothing.
  public static let defaultTimeout = GoDuration.seconds(10)

  /// Throws with Go's words when the timeout is no duration.
  /// - Parameter extra: metadata beside the hook's own, which wins.
  public init(
    _ hook: Hook, of rollout: Rollout, phase: Phase, since: Int64?,
    extra: [(key: String, value: String)] = []
  ) throws(GoDurationError) {
    url = hook.url
    retries = hook.retries
    skipsTLSVerification = hook.skipsTLSVerification
    let own = Set(hook.metadata.map(\.key))
    let metadata = hook.metadata.map { ($0.key, $0.value) } + extra.filter { !own.contains($0.key) }
    var object = GoJSON()
    object.add("name", rollout.name)
    object.add("namespace", rollout.namespace)
    object.add("phase", phase.rawValue)
    object.add("checksum", Self.checksum(of: rollout, since: since))
    if !metadata.isEmpty {
      var members = GoJSON()
      // Go writes a map in the order of its keys.
      for (key, value) in metadata.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
        members.add(key, value)
      }
      object.add("metadata", members)
    }
    body = object.closed
    // A text of one character counts as none.
    if let text = hook.timeout, text.count > 1 {
      timeoutMilliseconds = try GoDuration(parsing: text).milliseconds
    } else {
      timeoutMilliseconds = Self.defaultTimeout.milliseconds
    }
  }

  /// Ten characters or so that stay while one rollout runs and differ between rollouts. Flagger hashes
  /// what only the cluster knows (the applied spec), so receivers can only compare it with itself.
  static func checksum(of rollout: Rollout, since: Int64?) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in "\(rollout.title) \(rollout.targetName) \(since ?? 0)".utf8 {
      hash ^= UInt32(byte)
      hash = hash &* 16_777_619
    }
    // Kubernetes' safe encoding: no vowels, so that no words come out.
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    return String("\(hash)".utf8.map { letters[Int($0) % letters.count] })
  }
}

/// What one attempt to call a webhook came to.
enum HookAttempt: Sendable, Hashable {
  case settled(HookAnswer)
  /// Worth another attempt; the error that is told when none is left.
  case again(error: String?)

  /// Of an answer: up to 202 is success; 429 and what is not 501 from 500 on is tried again, its body
  /// lost; everything else is a refusal with its body, made fit to be shown.
  init(status: Int, body: [UInt8]) {
    switch status {
    case ...202: self = .settled(.passed)
    case 429, 500, 502...: self = .again(error: nil)
    default: self = .settled(.refused(VisibleText.line(body)))
    }
  }
}
