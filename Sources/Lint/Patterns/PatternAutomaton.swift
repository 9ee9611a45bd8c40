/// A machine that reads a text and says whether a pattern accepts the whole of it.
struct PatternAutomaton {
  /// What a state goes on with: a code point of a set, or nothing.
  private struct State {
    var points: Int?
    var next = 0
    var free: [(to: Int, when: Condition)] = []
  }

  private enum Condition { case always, atBegin, atEnd }

  private var states: [State] = []
  private(set) var sets: [CodePoints] = []
  private var setIndexes: [CodePoints: Int] = [:]
  private var accepting = 0

  /// The states that a machine may have; `x{1000}` and the like go beyond.
  private static let limit = 2_000

  /// Nil when it would have too many states.
  init?(_ syntax: PatternSyntax) {
    let start = add()
    guard let end = append(syntax, from: start) else { return nil }
    accepting = end
  }

  private mutating func add() -> Int {
    states.append(State())
    return states.count - 1
  }

  /// The state behind what was appended.
  private mutating func append(_ syntax: PatternSyntax, from start: Int) -> Int? {
    guard states.count < Self.limit else { return nil }
    switch syntax {
    case .empty: return start
    case .points(let points):
      let (here, end) = (add(), add())
      states[start].free.append((here, .always))
      states[here].points = index(of: points)
      states[here].next = end
      return end
    case .begin, .end:
      let end = add()
      states[start].free.append((end, syntax == .begin ? .atBegin : .atEnd))
      return end
    case .sequence(let parts):
      var at = start
      for part in parts {
        guard let next = append(part, from: at) else { return nil }
        at = next
      }
      return at
    case .choice(let parts):
      let end = add()
      for part in parts {
        let branch = add()
        states[start].free.append((branch, .always))
        guard let last = append(part, from: branch) else { return nil }
        states[last].free.append((end, .always))
      }
      return end
    case .repeated(let part, let least, let most):
      var at = start
      for _ in 0..<least {
        guard let next = append(part, from: at) else { return nil }
        at = next
      }
      guard let most else {
        // A state of its own, so that what leads back leads to nothing else.
        let loop = add()
        states[at].free.append((loop, .always))
        guard let last = append(part, from: loop) else { return nil }
        states[last].free.append((loop, .always))
        let end = add()
        states[loop].free.append((end, .always))
        return end
      }
      let end = add()
      for _ in least..<max(least, most) {
        states[at].free.append((end, .always))
        guard let next = append(part, from: at) else { return nil }
        at = next
      }
      states[at].free.append((end, .always))
      return end
    }
  }

  private mutating func index(of points: CodePoints) -> Int {
    if let known = setIndexes[points] { return known }
    sets.append(points)
    setIndexes[points] = sets.count - 1
    return sets.count - 1
  }

  // MARK: Reading

  /// Where a text begins.
  var initial: [Int] { closure([0], atBegin: true, atEnd: false) }

  /// Whether the text may end in these states; at the begin, when nothing was read.
  func accepts(_ current: [Int], atBegin: Bool) -> Bool {
    closure(current, atBegin: atBegin, atEnd: true).contains(accepting)
  }

  /// The states after a code point that is in these sets.
  func step(_ current: [Int], _ isIn: (Int) -> Bool) -> [Int] {
    var next: Set<Int> = []
    for state in current {
      if let points = states[state].points, isIn(points) { next.insert(states[state].next) }
    }
    return closure(Array(next), atBegin: false, atEnd: false)
  }

  /// What is reached without reading, in order.
  private func closure(_ start: [Int], atBegin: Bool, atEnd: Bool) -> [Int] {
    var found = Set(start)
    var open = start
    while let state = open.popLast() {
      for (to, condition) in states[state].free {
        let isOpen =
          switch condition {
          case .always: true
          case .atBegin: atBegin
          case .atEnd: atEnd
          }
        if isOpen, found.insert(to).inserted { open.append(to) }
      }
    }
    return found.sorted()
  }
}
