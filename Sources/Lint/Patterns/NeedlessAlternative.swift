extension PatternSyntax {
  /// Why an alternative adds nothing.
  enum NeedlessAlternative {
    /// It stands there twice.
    case repeated
    /// Another one accepts all that it accepts.
    case contained
  }

  /// Whether the pattern without one of its alternatives accepts the same; nil where none is needless, or it
  /// cannot be told. Looks at the outermost choice.
  var needlessAlternative: NeedlessAlternative? {
    guard case .choice(let parts) = self else { return nil }
    if Set(parts).count < parts.count { return .repeated }
    // An empty alternative means that the label may be missing.
    let told = parts.filter { $0 != .empty }
    guard told.count > 1, told.count <= 12 else { return nil }
    let languages = told.map(PatternLanguage.init(_:))
    for (index, one) in languages.enumerated() {
      for (other, all) in languages.enumerated() where other != index {
        if let one, let all, PatternLanguage.text(in: [one], notIn: [all]) == .none { return .contained }
      }
    }
    return nil
  }
}
