import FoundationEssentials
import Glibc
import Manifests
import PromQLTest

/// Finds, reads and runs the files of `promgate test`.
struct TestFiles {
  let scripts: ScriptRunner
  let unitTests: UnitTestRunner

  /// The longest file that is read.
  private static let maximumBytes = 64 << 20

  /// The report on a file, or on the tests inside a folder in the order of their paths.
  func reports(on path: String) -> [FileReport] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      return [report(on: path)]
    }
    let names: [String]
    do { names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted() } catch {
      return [FileReport(path: path, content: .unreadable(" cannot read the folder"))]
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    let tests = names.map { folder + $0 }.filter { Self.isTest($0) }
    if tests.isEmpty {
      return [
        FileReport(path: path, content: .unreadable(" no *.test file and no unit test in this folder"))
      ]
    }
    return tests.map { report(on: $0) }
  }

  private static func isYAML(_ path: String) -> Bool { path.hasSuffix(".yml") || path.hasSuffix(".yaml") }

  /// Whether a file in a folder is a test: of the YAML files those with the key `tests`.
  private static func isTest(_ path: String) -> Bool {
    if path.hasSuffix(".test") { return true }
    guard isYAML(path), let bytes = try? InputFile.bytes(path, maximum: maximumBytes) else { return false }
    return UnitTestFile.isUnitTest(bytes)
  }

  private func report(on path: String) -> FileReport {
    do throws(InputFile.Problem) {
      let bytes = try InputFile.bytes(path, maximum: Self.maximumBytes)
      guard Self.isYAML(path) || (!path.hasSuffix(".test") && UnitTestFile.isUnitTest(bytes)) else {
        return FileReport(path: path, script: bytes, runner: scripts)
      }
      return try report(onUnitTests: ManifestSource(name: path, bytes: bytes))
    } catch {
      return FileReport(path: path, content: .unreadable(" \(error)"))
    }
  }

  private func report(onUnitTests source: ManifestSource) throws(InputFile.Problem) -> FileReport {
    if source.isRuleFile {
      throw InputFile.Problem(
        description: "is a rule file: a unit test names it in rule_files; promgate lint checks it")
    }
    let file: UnitTestFile
    do { file = try UnitTestFile(reading: source) } catch {
      return FileReport(path: source.name, content: .unreadable(error.description))
    }
    var rules: [ManifestSource] = []
    for pattern in file.ruleFiles {
      guard PathPattern.isWellFormed(pattern) else {
        throw InputFile.Problem(description: "rule_files: \(pattern): syntax error in pattern")
      }
      let paths = PathPattern.paths(matching: pattern, beside: source.name)
      if paths.isEmpty {
        Output.note("promgate test: \(source.name): no file matches \(pattern)")
      }
      // A file that two patterns match is read once, as in promtool.
      for path in paths where !rules.contains(where: { $0.name.utf8.elementsEqual(path.utf8) }) {
        do {
          rules.append(
            ManifestSource(
              name: path, bytes: try InputFile.bytes(path, maximum: Self.maximumBytes)))
        } catch { throw InputFile.Problem(description: "\(path): \(error)") }
      }
    }
    return FileReport(path: source.name, unitTests: file, ruleFiles: rules, runner: unitTests)
  }
}
