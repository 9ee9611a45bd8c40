/// The operators between two expressions; the raw value is the canonical spelling.
public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"
  case power = "^"
  case atan2
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case trimUpper = "</"
  case trimLower = ">/"
  case and, or, unless

  /// What an operator does, by family.
  public enum Kind: Sendable, Hashable {
    case arithmetic(ArithmeticOperator)
    case comparison(ComparisonOperator)
    case trim(TrimOperator)
    case set(SetOperator)
  }

  /// To which side equal operators lean.
  public enum Associativity: Sendable, Hashable { case left, right }

  /// All that is to be known of an operator (promql-syntax.md §2.2).
  public struct Facts: Sendable, Hashable {
    public var kind: Kind
    /// 1 binds loosest.
    public var precedence: Int
    public var associativity: Associativity

    fileprivate init(_ kind: Kind, _ precedence: Int, _ associativity: Associativity = .left) {
      self.kind = kind
      self.precedence = precedence
      self.associativity = associativity
    }
  }

  /// The table of operators.
  public var facts: Facts {
    switch self {
    case .or: Facts(.set(.or), 1)
    case .and: Facts(.set(.and), 2)
    case .unless: Facts(.set(.unless), 2)
    case .equal: Facts(.comparison(.equal), 3)
    case .notEqual: Facts(.comparison(.notEqual), 3)
    case .less: Facts(.comparison(.less), 3)
    case .lessOrEqual: Facts(.comparison(.lessOrEqual), 3)
    case .greater: Facts(.comparison(.greater), 3)
    case .greaterOrEqual: Facts(.comparison(.greaterOrEqual), 3)
    case .trimUpper: Facts(.trim(.upper), 3)
    case .trimLower: Facts(.trim(.lower), 3)
    case .add: Facts(.arithmetic(.add), 4)
    case .subtract: Facts(.arithmetic(.subtract), 4)
    case .multiply: Facts(.arithmetic(.multiply), 5)
    case .divide: Facts(.arithmetic(.divide), 5)
    case .modulo: Facts(.arithmetic(.modulo), 5)
    case .atan2: Facts(.arithmetic(.atan2), 5)
    case .power: Facts(.arithmetic(.power), 6, .right)
    }
  }

  /// Whether the operator compares, so that `bool` may follow.
  public var isComparison: Bool { if case .comparison = facts.kind { true } else { false } }

  /// Whether the operator works on sets of series.
  public var isSet: Bool { if case .set = facts.kind { true } else { false } }
}

/// The signs in front of an expression.
public enum UnaryOperator: String, Sendable, Hashable, CaseIterable {
  case plus = "+"
  case minus = "-"
}
