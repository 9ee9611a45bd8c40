import Foundation
import Testing

/// Characters a line, lines a file. Ratcheted: lowered when there is room, never raised silently.
private let lineLimit = 110
/// Tables of cases keep a case on a line.
private let testLineLimit = 190
private let fileLimit = 500

private var sources: [String] {
  // What a generator wrote is not for readers.
  ["Sources", "Tests"].flatMap { Tree.files(below: $0, endings: [".swift", ".c", ".cpp", ".h"]) }
    .filter { !$0.contains(".pb-c.") }
}

@Test func `lines and files stay readable`() {
  for file in sources {
    let lines = Tree.lines(file)
    let limit = file.hasPrefix("Tests/") ? testLineLimit : lineLimit
    #expect(lines.count <= fileLimit, "\(file) has \(lines.count) lines")
    for (number, line) in lines.enumerated() where line.unicodeScalars.count > limit {
      Issue.record("\(file):\(number + 1) has \(line.unicodeScalars.count) characters")
    }
  }
}

@Test func `nothing is left over`() {
  // Written in parts, so that this file does not find itself.
  let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "try" + "!", "as" + "! ", "@test" + "able"]
  for file in sources {
    for (number, line) in Tree.lines(file).enumerated() {
      for word in words where line.contains(word) {
        Issue.record("\(file):\(number + 1) holds \(word)")
      }
    }
  }
}

@Test func `buckets without a name are not names`() {
  let banned = ["Manager", "Helper", "Util", "Utils", "Common", "Misc", "Impl"]
  for file in Tree.files(below: "Sources", endings: [".swift"]) {
    let name = file.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
    for word in banned { #expect(!name.hasSuffix(word), "\(file) is named after nothing") }
  }
}

@Test func `links in the documents lead somewhere`() throws {
  let documents = Tree.files(below: "", endings: [".md"])
  #expect(documents.contains("README.md"))
  for document in documents {
    let folder = Tree.root.appending(path: document).deletingLastPathComponent()
    for match in Tree.text(document).matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
      let target = String(match.1)
      if target.contains("://") || target.hasPrefix("mailto:") { continue }
      let exists = FileManager.default.fileExists(atPath: folder.appending(path: target).path())
      #expect(exists, "\(document) links to \(target)")
    }
  }
}
