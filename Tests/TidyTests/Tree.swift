import Foundation

/// The files of this package.
enum Tree {
  /// The folder that holds Package.swift.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Files below a folder with one of these endings, as paths from the root, sorted.
  static func files(below folder: String, endings: [String]) -> [String] {
    let base = root.appending(path: folder)
    guard let walk = FileManager.default.enumerator(atPath: base.path()) else { return [] }
    var found: [String] = []
    for case let path as String in walk where endings.contains(where: { path.hasSuffix($0) }) {
      if !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
        found.append(folder.isEmpty ? path : "\(folder)/\(path)")
      }
    }
    return found.sorted()
  }

  static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }

  static func lines(_ path: String) -> [Substring] {
    text(path).split(separator: "\n", omittingEmptySubsequences: false)
  }
}
