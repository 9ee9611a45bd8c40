private import FoundationEssentials

/// The names in a folder.
struct DirectoryListing: Sendable {
  /// Sorted by bytes.
  let names: [String]

  init(names: [String]) { self.names = names }

  /// What is in a folder; nothing when there is none.
  init(_ path: String) {
    names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
  }

  /// The entries whose names are decimal numbers, by number.
  func numbered() -> [(number: Int, name: String)] {
    names.compactMap { name in
      guard !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(name)
      else { return nil }
      return (number, name)
    }.sorted { $0.number < $1.number }
  }

  /// The entries that are named like blocks: 26 letters and digits.
  var blocks: [String] {
    names.filter { name in
      name.utf8.count == 26
        && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }
  }
}
