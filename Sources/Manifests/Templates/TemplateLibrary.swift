/// What a template can call beyond Go's own functions, and how it treats keys that are not there.
package struct TemplateLibrary: Sendable {
  /// A function by what it takes and what it does.
  package struct Function: Sendable {
    /// What it takes.
    package var signature: TemplateSignature
    /// Gets as many arguments as the signature says, of the types that it says.
    package var call: @Sendable ([TemplateValue]) throws(TemplateFunctionFailure) -> TemplateValue

    package init(
      _ signature: TemplateSignature,
      call: @escaping @Sendable ([TemplateValue]) throws(TemplateFunctionFailure) -> TemplateValue
    ) {
      self.signature = signature
      self.call = call
    }
  }

  /// By name. One that is named as a function of Go's replaces it.
  package var functions: [String: Function]
  /// Whether a key that a map does not have is an error (Go's `missingkey=error`) or the empty text
  /// (`missingkey=zero`).
  package var refusesMissingKeys: Bool
  /// Whether a comparison that fails names the types: Prometheus is built with a later Go than Flagger.
  package var namesComparedTypes: Bool

  package init(
    functions: [String: Function], refusesMissingKeys: Bool, namesComparedTypes: Bool = false
  ) {
    self.functions = functions
    self.refusesMissingKeys = refusesMissingKeys
    self.namesComparedTypes = namesComparedTypes
  }
}

/// The arguments that a function of templates takes.
package struct TemplateSignature: Sendable, Hashable {
  /// What a parameter takes.
  package enum Parameter: Sendable, Hashable {
    /// Any value, nil included, as it is.
    case value
    /// Any value as an interface.
    case any
    /// A text.
    case text
    /// Go's `int`.
    case integer
    /// Go's `time.Duration`, a pointer to one, or a whole number as written.
    case duration
    /// Go's `time.Time`, or a pointer to one.
    case time
    /// A record or a list of a Go type.
    case named(String)
  }

  /// One for each argument that must be there.
  package var fixed: [Parameter]
  /// What all further arguments must be; nil when there are none.
  package var rest: Parameter?

  package init(fixed: [Parameter] = [], rest: Parameter? = nil) {
    self.fixed = fixed
    self.rest = rest
  }
}

/// Why a function of a template fails, in Go's words.
package enum TemplateFunctionFailure: Error {
  /// After `error calling NAME: `.
  case message(String)
  /// The result would be larger than a template may write.
  case tooLong
}

/// The eight functions that Flagger gives query templates (flagger.md §2.2).
enum FlaggerFunction: String, Sendable, Hashable, CaseIterable {
  case name
  case namespace
  case target
  case service
  case ingress
  case route
  case interval
  case variables

  static let names = Set(allCases.map(\.rawValue))

  private func result(_ values: TemplateValues) -> TemplateValue {
    switch self {
    case .name: .text(values.name)
    case .namespace: .text(values.namespace)
    case .target: .text(values.target)
    case .service: .text(values.service)
    case .ingress: .text(values.ingress)
    case .route: .text(values.route)
    case .interval: .text(values.interval)
    case .variables: .map(values.variables)
    }
  }

  /// All of them, for some values.
  static func library(_ values: TemplateValues) -> TemplateLibrary {
    var functions: [String: TemplateLibrary.Function] = [:]
    for function in allCases {
      let result = function.result(values)
      functions[function.rawValue] = TemplateLibrary.Function(TemplateSignature()) { _ in result }
    }
    return TemplateLibrary(functions: functions, refusesMissingKeys: true)
  }
}
