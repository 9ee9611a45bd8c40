/// What the parser does in each state: goyacc's tables, whose default reductions decide which token
/// an error is found at (promql-syntax.md §5.3).
struct ParsingTable: Sendable {
  enum Action: Sendable, Equatable {
    case fail
    case shift(Int)
    case reduce(Int)
  }

  /// PromQL's table. Building it takes a few milliseconds, once.
  static let promQL = ParsingTable(Grammar.productions)

  let productions: [Production]
  let stateCount: Int
  private let actions: [Action]
  private let gotos: [Int]
  /// Whether a state looks at the next token at all.
  private let readsToken: [Bool]
  private let defaults: [Action]

  init(_ productions: [Production]) {
    let automaton = Automaton(productions)
    let lookaheads = automaton.lookaheads()
    var actions: [Action] = []
    var readsToken: [Bool] = []
    var defaults: [Action] = []
    for state in automaton.kernels.indices {
      let row = Self.row(state, automaton, lookaheads[state])
      let fallback = Self.defaultReduction(row)
      let isFallback = { (action: Action) in action == .fail || action == fallback }
      readsToken.append(!row.allSatisfy(isFallback))
      defaults.append(fallback)
      actions += row.map { $0 == .fail ? fallback : $0 }
    }
    self.productions = productions
    self.actions = actions
    self.readsToken = readsToken
    self.defaults = defaults
    gotos = automaton.transitions
    stateCount = automaton.kernels.count
  }

  /// What to do without looking at the next token; nil when the token decides.
  func blindAction(_ state: Int) -> Action? { readsToken[state] ? nil : defaults[state] }

  func action(_ state: Int, _ terminal: Symbol) -> Action {
    actions[state * Symbol.terminalCount + Int(terminal.rawValue)]
  }

  /// The state after a reduction to a nonterminal.
  func target(_ state: Int, _ nonterminal: Symbol) -> Int {
    gotos[state * Symbol.count + Int(nonterminal.rawValue)]
  }

  /// The state after shifting the error token, if the state has a rule for it.
  func errorTarget(_ state: Int) -> Int? {
    if case .shift(let target) = action(state, .error) { target } else { nil }
  }

  /// Shifts and reductions, conflicts resolved: precedence where both sides have one, else the
  /// shift; among reductions the earlier rule.
  private static func row(
    _ state: Int, _ automaton: Automaton, _ lookaheads: [Int: UInt64]
  ) -> [Action] {
    var row = (0..<Symbol.terminalCount).map { terminal -> Action in
      let target = automaton.transitions[state * Symbol.count + terminal]
      return target < 0 ? .fail : .shift(target)
    }
    for (rule, terminals) in lookaheads.sorted(by: { $0.key < $1.key }) {
      for terminal in 0..<Symbol.terminalCount where terminals & 1 << UInt64(terminal) != 0 {
        switch row[terminal] {
        case .fail: row[terminal] = .reduce(rule)
        case .reduce: continue
        case .shift:
          if reductionWins(automaton.productions[rule], Symbol.allCases[terminal]) {
            row[terminal] = .reduce(rule)
          }
        }
      }
    }
    return row
  }

  private static func reductionWins(_ production: Production, _ terminal: Symbol) -> Bool {
    guard let rule = production.precedence, let token = terminal.precedence else { return false }
    return rule.level > token.level || (rule.level == token.level && token.associativity == .left)
  }

  /// The reduction that most tokens ask for; a state that handles errors has none.
  private static func defaultReduction(_ row: [Action]) -> Action {
    if case .shift = row[Int(Symbol.error.rawValue)] { return .fail }
    var best = Action.fail
    var bestCount = 0
    for candidate in row {
      guard case .reduce = candidate else { continue }
      let count = row.indices.reduce(0) {
        $0 + (row[$1] == candidate ? Symbol.allCases[$1].weight : 0)
      }
      if count > bestCount {
        best = candidate
        bestCount = count
      }
    }
    return best
  }
}
