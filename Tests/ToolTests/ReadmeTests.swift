import Foundation
import Testing

/// The examples of the documents: each `console` block is run and must print what it shows.
@Suite struct ReadmeTests {
  private struct Example {
    var document: String
    var command: String
    /// What it prints; a line `…` stands for any lines.
    var output: [String]
    var status: Int32
  }

  @Test func `the examples of the documents print what they show`() throws {
    let examples = try Self.examples()
    #expect(examples.count >= 5)
    for example in examples {
      let run = try Tool.run(shell: example.command)
      #expect(run.status == example.status, "\(example.document): \(example.command)\n\(run.text)")
      var lines = run.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      while lines.last == "" { lines.removeLast() }
      #expect(
        Self.matches(lines[...], example.output[...]),
        "\(example.document): \(example.command) printed\n\(run.text)")
    }
  }

  private static func matches(_ lines: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return lines.isEmpty }
    if first == "…" {
      return (lines.startIndex...lines.endIndex).contains { matches(lines[$0...], pattern.dropFirst()) }
    }
    let clean = { (line: String) in line.replacing(/\s+$/, with: "") }
    return lines.first.map { clean($0) == clean(first) } ?? false
      ? matches(lines.dropFirst(), pattern.dropFirst()) : false
  }

  private static func examples() throws -> [Example] {
    var found: [Example] = []
    let documents =
      ["README.md"]
      + ((try? FileManager.default.contentsOfDirectory(
        atPath: Tool.root.appending(path: "docs").path())) ?? []).filter { $0.hasSuffix(".md") }
      .sorted().map { "docs/" + $0 }
    for document in documents {
      guard let text = try? String(contentsOf: Tool.root.appending(path: document), encoding: .utf8) else {
        continue
      }
      var current: Example?
      for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
        if line == "```console" {
          current = Example(document: document, command: "", output: [], status: 0)
        } else if line == "```", let example = current {
          found.append(example)
          current = nil
        } else if line.hasPrefix("$ "), current?.command == "" {
          current?.command = String(line.dropFirst(2))
        } else if let status = line.firstMatch(of: /^\[exit (\d+)\]$/) {
          current?.status = Int32(status.1) ?? -1
        } else {
          current?.output.append(line)
        }
      }
    }
    return found
  }
}
