public import Manifests
public import PromQL

/// A place in a text that somebody wrote.
public struct Place: Sendable {
  public var source: ManifestSource
  /// Nil for the text as a whole.
  public var range: SourceRange?

  public init(_ source: ManifestSource, _ range: SourceRange?) {
    self.source = source
    self.range = range
  }

  /// What to order by: the file, then the offset.
  var order: (String, Int, Int) { (source.name, range?.start ?? -1, range?.end ?? -1) }
}

/// Something wrong, or doubtful, with its place, the reason to believe it and what to do.
public struct Finding: Sendable {
  /// `MT007`, or the code of a problem of reading (`manifest-unknown-key`).
  public var code: String
  /// The rule's name in words with hyphens; the code again for problems of reading.
  public var name: String
  public var severity: Diagnostic.Severity
  /// One sentence, without a full stop.
  public var message: String
  public var place: Place
  /// Whose it is: `MetricTemplate test/error-rate, .spec.query`.
  public var subject: String
  /// Further places that explain it, in other files too.
  public var related: [Related]
  /// Numbers or a table that make it believable; may have several lines.
  public var evidence: String?
  /// What to do; may have several lines.
  public var help: String?
  public var fixes: [Fix]
  /// The query as it is sent, when the finding is about one.
  public var query: SentQuery?

  /// Its code and its name, where they are not the same.
  var title: String { code == name ? code : "\(code) \(name)" }

  /// A further place.
  public struct Related: Sendable {
    public var place: Place
    public var message: String

    public init(_ place: Place, _ message: String) {
      self.place = place
      self.message = message
    }
  }

  /// A query as a server would see it, and the part that is meant.
  public struct SentQuery: Sendable, Hashable {
    public var text: String
    public var range: SourceRange
  }
}

/// Replacements of bytes that mend a finding.
public struct Fix: Sendable {
  /// What they do: `write kubernetes_namespace`.
  public var message: String
  /// Whether results stay what they are wherever the query works.
  public var isSafe: Bool
  public var edits: [Edit]

  /// Bytes to replace; an empty range inserts.
  public struct Edit: Sendable {
    public var source: ManifestSource
    public var range: SourceRange
    public var replacement: String

    public init(_ source: ManifestSource, _ range: SourceRange, _ replacement: String) {
      self.source = source
      self.range = range
      self.replacement = replacement
    }
  }

  public init(_ message: String, isSafe: Bool, _ edits: [Edit]) {
    self.message = message
    self.isSafe = isSafe
    self.edits = edits
  }
}

/// What a rule says, before it is signed with the rule's code.
struct Advice {
  var message: String
  var place: Place
  var subject: String
  /// Nil: the rule's own.
  var severity: Diagnostic.Severity?
  var related: [Finding.Related] = []
  var evidence: String?
  var help: String?
  var fixes: [Fix] = []
  var query: Finding.SentQuery?

  init(_ message: String, at place: Place, of subject: String) {
    self.message = message
    self.place = place
    self.subject = subject
  }

  func with(severity: Diagnostic.Severity) -> Advice { changed { $0.severity = severity } }

  func related(_ place: Place?, _ message: String) -> Advice {
    guard let place else { return self }
    return changed { $0.related.append(Finding.Related(place, message)) }
  }

  func shown(_ evidence: String?) -> Advice { changed { $0.evidence = evidence } }

  func help(_ help: String) -> Advice { changed { $0.help = help } }

  func fix(_ message: String, isSafe: Bool = false, _ edits: Fix.Edit?...) -> Advice {
    let edits = edits.compactMap { $0 }
    return edits.isEmpty ? self : changed { $0.fixes.append(Fix(message, isSafe: isSafe, edits)) }
  }

  private func changed(_ change: (inout Advice) -> Void) -> Advice {
    var copy = self
    change(&copy)
    return copy
  }
}
