/// The texts that a pattern accepts, as a set that can be asked: is it empty, is it part of another one, does
/// it meet another one. Patterns are RE2's, anchored at both ends, `.` taking every character, as in matchers
/// of labels. The machinery is that of finite automata: patterns are read by subsets of states, side by side.
package struct PatternLanguage: Sendable {
  private let automaton: PatternAutomaton

  /// Whether there is a text of some kind.
  package enum Answer: Sendable, Hashable {
    /// None, whatever the text.
    case none
    /// The shortest, or one as short.
    case example(String)
    /// It would take too long to tell.
    case unknown
  }

  /// Bytes of a pattern or a text that are looked at; longer ones are left open.
  private static let lengthLimit = 10_000

  /// Nil for what is beyond this reader (`\b`, `(?m)`, classes of Unicode, other letters than ASCII's under
  /// `(?i)`) and for patterns that need more than 2,000 states. The pattern has to be one that RE2 accepts.
  package init?(_ pattern: String) {
    guard pattern.utf8.count <= Self.lengthLimit, let syntax = PatternSyntax(pattern),
      let automaton = PatternAutomaton(syntax)
    else { return nil }
    self.automaton = automaton
  }

  /// Nil for what needs more than 2,000 states.
  init?(_ syntax: PatternSyntax) {
    guard let automaton = PatternAutomaton(syntax) else { return nil }
    self.automaton = automaton
  }

  /// Of one text; nil for one of 1,000 characters or more.
  package init?(text: String) {
    guard text.utf8.count <= Self.lengthLimit else { return nil }
    let points = text.unicodeScalars.map { PatternSyntax.points(CodePoints($0.value)) }
    guard let automaton = PatternAutomaton(.sequence(points)) else { return nil }
    self.automaton = automaton
  }

  /// Whether the whole text is accepted. Costs a visit of the states for every character.
  package func accepts(_ text: String) -> Bool {
    var states = automaton.initial
    var isAtBegin = true
    for scalar in text.unicodeScalars {
      states = automaton.step(states) { automaton.sets[$0].contains(scalar.value) }
      isAtBegin = false
    }
    return automaton.accepts(states, atBegin: isAtBegin)
  }

  /// A text that all of some patterns accept and none of some others.
  package static func text(in accepting: [PatternLanguage], notIn refusing: [PatternLanguage] = []) -> Answer
  {
    guard var search = PatternSearch(accepting.map(\.automaton), refusing.map(\.automaton)) else {
      return .unknown
    }
    return search.first()
  }

  /// All texts that are accepted, shortest first; nil when there are more than `limit` or it cannot be told.
  package func texts(limit: Int) -> [String]? {
    guard var search = PatternSearch([automaton], []) else { return nil }
    return search.all(limit)
  }
}

/// A walk through several automata at once, by the length of the texts that lead there.
private struct PatternSearch {
  private let automata: [PatternAutomaton]
  /// How many of them, the first ones, have to accept; the others must not.
  private let acceptingCount: Int
  /// The code points that no automaton tells apart, kind by kind, each with a readable one where it has one.
  private var kinds: [(sample: UInt32, ranges: [ClosedRange<UInt32>])] = []
  /// For each automaton: the sets that hold the kind.
  private var membership: [[Set<Int>]] = []
  private var budget = 100_000

  /// Side by side: the subset of each automaton.
  private struct Node: Hashable {
    var subsets: [[Int]]
    var isBegin: Bool
  }

  /// Nil for too many kinds of characters.
  init?(_ accepting: [PatternAutomaton], _ refusing: [PatternAutomaton]) {
    automata = accepting + refusing
    acceptingCount = accepting.count
    var bounds: Set<UInt32> = Set(CodePoints.all.ranges.map(\.lowerBound))
    for range in automata.flatMap({ $0.sets.flatMap(\.ranges) }) {
      bounds.insert(range.lowerBound)
      if range.upperBound < 0x10FFFF { bounds.insert(range.upperBound + 1) }
    }
    // Readable samples, where a kind has one.
    for letter in ["a", "x", "A", "0", "1", "5", "-", "_", "/", " "] as [Unicode.Scalar] {
      bounds.insert(letter.value)
      bounds.insert(letter.value + 1)
    }
    guard bounds.count <= 600 else { return nil }
    var known: [[Set<Int>]: Int] = [:]
    let ordered = bounds.sorted()
    for (index, low) in ordered.enumerated() where !(0xD800...0xDFFF).contains(low) {
      let end = index + 1 < ordered.count ? ordered[index + 1] - 1 : 0x10FFFF
      let range = low...(low <= 0xD7FF ? min(end, 0xD7FF) : end)
      let sets = automata.map { automaton in
        Set(automaton.sets.indices.filter { automaton.sets[$0].contains(low) })
      }
      if let same = known[sets] {
        kinds[same].ranges.append(range)
        if Self.isReadable(low), !Self.isReadable(kinds[same].sample) { kinds[same].sample = low }
      } else {
        known[sets] = kinds.count
        kinds.append((low, [range]))
        membership.append(sets)
      }
    }
  }

  private static func isReadable(_ point: UInt32) -> Bool { (0x21...0x7E).contains(point) }

  private var start: Node { Node(subsets: automata.map(\.initial), isBegin: true) }

  private func accepts(_ node: Node) -> Bool {
    automata.indices.allSatisfy {
      automata[$0].accepts(node.subsets[$0], atBegin: node.isBegin) == ($0 < acceptingCount)
    }
  }

  /// Nil where nothing that has to accept can do so any more.
  private mutating func step(_ node: Node, _ kind: Int) -> Node? {
    var next: [[Int]] = []
    for index in automata.indices {
      let sets = membership[kind][index]
      let subset = automata[index].step(node.subsets[index]) { sets.contains($0) }
      budget -= 1 + subset.count / 8
      if subset.isEmpty, index < acceptingCount { return nil }
      next.append(subset)
    }
    return Node(subsets: next, isBegin: false)
  }

  mutating func first() -> PatternLanguage.Answer {
    var seen: Set<Node> = [start]
    // Nodes in the order found, with the way to each.
    var found: [(node: Node, from: Int, kind: Int)] = [(start, -1, -1)]
    var at = 0
    while at < found.count {
      if accepts(found[at].node) { return .example(text(leadingTo: at, found.map { ($0.from, $0.kind) })) }
      for kind in kinds.indices {
        guard budget > 0 else { return .unknown }
        if let next = step(found[at].node, kind), seen.insert(next).inserted {
          found.append((next, at, kind))
        }
      }
      at += 1
    }
    return .none
  }

  private func text(leadingTo end: Int, _ ways: [(from: Int, kind: Int)]) -> String {
    var scalars: [Unicode.Scalar] = []
    var at = end
    while at > 0 {
      scalars.append(Unicode.Scalar(kinds[ways[at].kind].sample) ?? "?")
      at = ways[at].from
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars.reversed())
    return String(text)
  }

  mutating func all(_ limit: Int) -> [String]? {
    var texts: [String] = []
    var open: [(node: Node, text: String)] = [(start, "")]
    while !open.isEmpty {
      var longer: [(node: Node, text: String)] = []
      for (node, text) in open {
        if accepts(node) { texts.append(text) }
        guard texts.count <= limit else { return nil }
        for kind in kinds.indices {
          guard budget > 0 else { return nil }
          guard let next = step(node, kind) else { continue }
          let ranges = kinds[kind].ranges
          guard longer.count + ranges.reduce(0, { $0 + $1.count }) <= limit else { return nil }
          for scalar in ranges.joined().compactMap(Unicode.Scalar.init) {
            var longerText = text
            longerText.unicodeScalars.append(scalar)
            longer.append((next, longerText))
          }
        }
      }
      open = longer
    }
    return texts
  }
}
