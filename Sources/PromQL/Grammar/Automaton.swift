/// The LALR(1) automaton of a grammar: states, transitions and look-aheads, after DeRemer and
/// Pennello. Built once, in a few milliseconds.
struct Automaton {
  /// A rule with the number of its symbols that have been read: `production << 4 | dot`.
  typealias Item = Int

  let productions: [Production]
  /// The rules of each nonterminal.
  private let rules: [[Int]]
  /// For each nonterminal, the nonterminals that may start it, itself included, as bits.
  private let starts: [UInt64]
  private(set) var kernels: [[Item]] = []
  /// `state * Symbol.count + symbol` → state, −1 for none.
  private(set) var transitions: [Int] = []

  init(_ productions: [Production]) {
    self.productions = productions
    rules = Symbol.allCases.map { symbol in productions.indices.filter { productions[$0].left == symbol } }
    starts = Self.starts(productions)
    buildStates()
  }

  func target(_ state: Int, _ symbol: Symbol) -> Int {
    transitions[state * Symbol.count + Int(symbol.rawValue)]
  }

  /// The symbol after the dot; nil for a complete rule.
  func next(_ item: Item) -> Symbol? {
    let right = productions[item >> 4].right
    return item & 15 < right.count ? right[item & 15] : nil
  }

  /// The kernel of a state with all rules that may start inside it.
  func closure(_ kernel: [Item]) -> [Item] {
    var open: UInt64 = 0
    for item in kernel {
      if let symbol = next(item), !symbol.isTerminal { open |= starts[Int(symbol.rawValue)] }
    }
    var items = kernel
    for symbol in Symbol.terminalCount..<Symbol.count where open & Self.bit(symbol) != 0 {
      for rule in rules[symbol] { items.append(rule << 4) }
    }
    return items
  }

  private static func bit(_ symbol: Int) -> UInt64 { 1 << UInt64(symbol - Symbol.terminalCount) }

  private static func starts(_ productions: [Production]) -> [UInt64] {
    var starts = [UInt64](repeating: 0, count: Symbol.count)
    for symbol in Symbol.terminalCount..<Symbol.count { starts[symbol] = bit(symbol) }
    var changed = true
    while changed {
      changed = false
      for production in productions {
        guard let first = production.right.first, !first.isTerminal else { continue }
        let left = Int(production.left.rawValue)
        let union = starts[left] | starts[Int(first.rawValue)]
        if union != starts[left] {
          starts[left] = union
          changed = true
        }
      }
    }
    return starts
  }

  private mutating func buildStates() {
    var known: [[Item]: Int] = [[0]: 0]
    kernels = [[0]]
    var state = 0
    while state < kernels.count {
      transitions += [Int](repeating: -1, count: Symbol.count)
      var moved = [[Item]](repeating: [], count: Symbol.count)
      for item in closure(kernels[state]) {
        if let symbol = next(item) { moved[Int(symbol.rawValue)].append(item + 1) }
      }
      for symbol in moved.indices where !moved[symbol].isEmpty {
        let kernel = moved[symbol].sorted()
        let target = known[kernel] ?? kernels.count
        if target == kernels.count {
          known[kernel] = target
          kernels.append(kernel)
        }
        transitions[state * Symbol.count + symbol] = target
      }
      state += 1
    }
  }
}

extension Automaton {
  /// For each state and rule complete in it, the terminals before which it may be reduced, as bits.
  func lookaheads() -> [[Int: UInt64]] {
    let nullable = nullableSymbols()
    var moves = Moves()
    for state in kernels.indices {
      for symbol in Symbol.allCases where !symbol.isTerminal && target(state, symbol) >= 0 {
        moves.add(state, symbol)
      }
    }
    var follow = moves.list.map { directlyRead(target($0.state, $0.symbol)) }
    let reads = moves.list.map { move in
      let state = target(move.state, move.symbol)
      return nullable.compactMap { moves.index(state, $0) }
    }
    Self.propagate(&follow, along: reads)
    let (includes, lookback) = relations(moves, nullable)
    Self.propagate(&follow, along: includes)
    return lookback.map { rules in
      rules.mapValues { sources in sources.reduce(0) { $0 | follow[$1] } }
    }
  }

  /// The transitions over nonterminals, numbered.
  private struct Moves {
    var list: [(state: Int, symbol: Symbol)] = []
    private var numbers: [Int: Int] = [:]

    mutating func add(_ state: Int, _ symbol: Symbol) {
      numbers[state * Symbol.count + Int(symbol.rawValue)] = list.count
      list.append((state, symbol))
    }

    func index(_ state: Int, _ symbol: Symbol) -> Int? {
      numbers[state * Symbol.count + Int(symbol.rawValue)]
    }
  }

  private func nullableSymbols() -> [Symbol] {
    var nullable: [Symbol] = []
    while true {
      let more = productions.filter { production in
        !nullable.contains(production.left) && production.right.allSatisfy(nullable.contains)
      }
      if more.isEmpty { return nullable }
      nullable += Set(more.map(\.left))
    }
  }

  private func directlyRead(_ state: Int) -> UInt64 {
    var terminals: UInt64 = 0
    for symbol in 0..<Symbol.terminalCount where transitions[state * Symbol.count + symbol] >= 0 {
      terminals |= 1 << UInt64(symbol)
    }
    return terminals
  }

  /// Which moves' look-aheads include which others', and which moves a reduction goes back to.
  private func relations(
    _ moves: Moves, _ nullable: [Symbol]
  ) -> (includes: [[Int]], lookback: [[Int: [Int]]]) {
    var includes = [[Int]](repeating: [], count: moves.list.count)
    var lookback = [[Int: [Int]]](repeating: [:], count: kernels.count)
    for (number, move) in moves.list.enumerated() {
      for rule in rules[Int(move.symbol.rawValue)] {
        let right = productions[rule].right
        // Everything after this position may be empty.
        let tail = (right.lastIndex { !nullable.contains($0) } ?? -1)
        var state = move.state
        for (position, symbol) in right.enumerated() {
          if position >= tail, !symbol.isTerminal, let inner = moves.index(state, symbol) {
            includes[inner].append(number)
          }
          state = target(state, symbol)
        }
        lookback[state][rule, default: []].append(number)
      }
    }
    return (includes, lookback)
  }

  /// Adds to each set the sets it depends on until nothing changes.
  private static func propagate(_ sets: inout [UInt64], along edges: [[Int]]) {
    var changed = true
    while changed {
      changed = false
      for node in sets.indices {
        let union = edges[node].reduce(sets[node]) { $0 | sets[$1] }
        if union != sets[node] {
          sets[node] = union
          changed = true
        }
      }
    }
  }
}
