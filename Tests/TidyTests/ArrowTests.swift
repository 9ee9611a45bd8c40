import Foundation
import Testing

/// Which of our modules each module may import (ARCHITECTURE.md). No circles.
private let arrows: [String: Set<String>] = [
  "TimeSeries": ["CRE2", "CColumns", "CElementary"],
  "PromQL": ["TimeSeries"],
  "Evaluator": ["TimeSeries", "PromQL", "CColumns"],
  "Scrape": ["TimeSeries", "CCurl", "CZlib"],
  "Recording": ["TimeSeries", "Scrape", "CZlib", "CCompression", "CMemory", "CRemote"],
  "Manifests": ["TimeSeries", "PromQL", "CYAML"],
  "Gate": ["TimeSeries", "PromQL", "Evaluator", "Manifests"],
  "Lint": ["TimeSeries", "PromQL", "Evaluator", "Manifests", "Gate", "Rules"],
  "Editor": ["TimeSeries", "PromQL", "Manifests", "Lint"],
  "Rules": ["TimeSeries", "PromQL", "Evaluator", "Manifests"],
  "Configuration": ["TimeSeries", "PromQL", "Manifests"],
  "PromQLTest": ["TimeSeries", "PromQL", "Evaluator", "Manifests", "Rules"],
  "Server": [
    "TimeSeries", "PromQL", "Evaluator", "Gate", "Rules", "Scrape", "Recording", "CZlib", "CFloat", "CMemory",
    "CCrypt", "COpenSSL",
  ],
  "Demo": ["TimeSeries", "Scrape", "Manifests", "Gate", "Server"],
  "promgate": [
    "TimeSeries", "PromQL", "Evaluator", "Scrape", "Recording", "Manifests", "Gate", "Lint", "Editor",
    "Rules", "Configuration",
    "PromQLTest", "Server", "Demo", "CMemory",
  ],
]

/// What the pure modules must not see: no files, no network, no clock, no formats.
private let pure: Set<String> = ["TimeSeries", "PromQL", "Evaluator"]
private let impure = ["Foundation", "FoundationEssentials", "Dispatch", "NIOCore", "NIOPosix"]

private func imports(_ path: String) -> [String] {
  Tree.lines(path).compactMap { line in
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(of: "import"), at + 1 < words.count, at <= 1 else { return nil }
    return String(words[words.count - 1].split(separator: ".")[0])
  }
}

@Test func `modules import along the arrows only`() {
  let modules = Set(arrows.keys)
  let files = Tree.files(below: "Sources", endings: [".swift"])
  #expect(files.count > 50)
  for file in files {
    let module = String(file.split(separator: "/")[1])
    guard let allowed = arrows[module] else {
      Issue.record("\(file): module \(module) has no row in the table of arrows")
      continue
    }
    for name in imports(file) where modules.contains(name) || name.hasPrefix("C") {
      let isOurs =
        modules.contains(name)
        || FileManager.default.fileExists(
          atPath: Tree.root.appending(path: "Sources/\(name)").path())
      #expect(!isOurs || allowed.contains(name), "\(file) imports \(name)")
    }
  }
}

@Test func `the core is pure`() {
  for file in Tree.files(below: "Sources", endings: [".swift"]) {
    let module = String(file.split(separator: "/")[1])
    guard pure.contains(module) else { continue }
    for name in imports(file) { #expect(!impure.contains(name), "\(file) imports \(name)") }
    #expect(!Tree.text(file).contains("async "), "\(file) is asynchronous")
  }
}

@Test func `there are no circles`() {
  var done = Set<String>()
  var rest = arrows
  while !rest.isEmpty {
    let ready = rest.filter { module in
      module.value.allSatisfy { arrows[$0] == nil || done.contains($0) }
    }
    if ready.isEmpty {
      Issue.record("a circle among \(rest.keys.sorted())")
      return
    }
    for name in ready.keys {
      done.insert(name)
      rest[name] = nil
    }
  }
}
