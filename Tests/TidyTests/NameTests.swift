import Testing

/// The name that a line declares at the top level for more than its file; nil for any other line.
private func declaredName(_ line: Substring) -> Substring? {
  let words = line.split(separator: " ").drop { word in
    word.hasPrefix("@") || ["public", "package", "internal", "final", "indirect"].contains(word)
  }
  let kinds = ["struct", "class", "enum", "actor", "protocol", "typealias"]
  guard line.first != " ", let kind = words.first, kinds.contains(String(kind)) else { return nil }
  return words.dropFirst().first?.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
}

@Test func `no name stands for two things`() {
  var places: [Substring: Set<String>] = [:]
  for file in Tree.files(below: "Sources", endings: [".swift"]) {
    for name in Tree.lines(file).compactMap(declaredName) { places[name, default: []].insert(file) }
  }
  #expect(places.count > 800)
  for (name, files) in places where files.count > 1 {
    Issue.record("\(name) is declared in \(files.sorted().joined(separator: " and in "))")
  }
}
