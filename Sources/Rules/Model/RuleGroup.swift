/// Rules that are evaluated together, one after the other, each seeing what the ones before wrote
/// (config.md §9.1).
public struct RuleGroup: Sendable, Hashable {
  /// Unique in its file.
  public var name: String
  /// Milliseconds; nil for the default of whoever evaluates it.
  public var interval: Int64?
  /// How far behind the clock the rules are evaluated, milliseconds.
  public var queryOffset: Int64
  /// The most series or alerts that one rule may yield; 0 for no limit.
  public var limit: Int
  /// In the order of evaluation.
  public var rules: [RuleDefinition]

  public init(
    name: String, interval: Int64? = nil, queryOffset: Int64 = 0, limit: Int = 0, rules: [RuleDefinition]
  ) {
    self.name = name
    self.interval = interval
    self.queryOffset = queryOffset
    self.limit = limit
    self.rules = rules
  }
}

/// A recording or an alerting rule.
public struct RuleDefinition: Sendable, Hashable {
  /// What becomes of the query's result.
  public enum Kind: Sendable, Hashable {
    /// Writes the query's result as series of the rule's name.
    case recording
    case alerting(Alerting)
  }

  /// What an alert has beyond a query. Durations are milliseconds.
  public struct Alerting: Sendable, Hashable {
    /// `for`: how long the query must yield a label set before its alert fires.
    public var holdDuration: Int64
    /// How long an alert goes on firing after the query has stopped yielding it.
    public var keepFiringFor: Int64
    /// Templates.
    public var annotations: [NamedText]

    public init(holdDuration: Int64 = 0, keepFiringFor: Int64 = 0, annotations: [NamedText] = []) {
      self.holdDuration = holdDuration
      self.keepFiringFor = keepFiringFor
      self.annotations = annotations
    }
  }

  /// The metric that is recorded, or the alert's name.
  public var name: String
  /// The query's text.
  public var expression: [UInt8]
  /// Set on every result, the group's labels included; those of alerts are templates.
  public var labels: [NamedText]
  public var kind: Kind

  public init(name: String, expression: [UInt8], labels: [NamedText] = [], kind: Kind = .recording) {
    self.name = name
    self.expression = expression
    self.labels = labels
    self.kind = kind
  }
}

/// A label or an annotation as a rule file has it.
public struct NamedText: Sendable, Hashable {
  /// Of the label or annotation.
  public var name: String
  /// As written: a template where the rule says so.
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}
