public import Manifests
import Rules

/// What became of one file: its outcomes, or why it could not be read.
public struct FileReport: Sendable {
  public enum Content: Sendable {
    case outcomes([Outcome])
    /// The file is no valid script, or holds no test: place and reason.
    case unreadable(String)
  }

  /// The path as it was given or found.
  public var path: String
  public var content: Content

  public init(path: String, content: Content) {
    self.path = path
    self.content = content
  }

  public var outcomes: [Outcome] {
    switch content {
    case .outcomes(let outcomes): outcomes
    case .unreadable: []
    }
  }

  public var passed: Int { outcomes.count { $0.failure == nil } }
  public var failed: Int { outcomes.count { $0.failure != nil } }

  /// Reads a script and runs it.
  public init(path: String, script bytes: [UInt8], runner: ScriptRunner) {
    self.path = path
    do {
      let script = try ScriptParser.parse(bytes)
      content =
        script.hasEvaluations
        ? .outcomes(runner.run(script).outcomes) : .unreadable(" no test was found in this script: no eval")
    } catch {
      content = .unreadable(error.description)
    }
  }
}

extension FileReport {
  /// Runs a file of unit tests.
  ///
  /// - Parameter ruleFiles: the rule files that it names, read.
  public init(
    path: String, unitTests file: UnitTestFile, ruleFiles: [ManifestSource], runner: UnitTestRunner
  ) {
    self.path = path
    // Of a file without any test it is said that it has none.
    guard file.tests.isEmpty || runner.selectsAny(of: file) else {
      content = .outcomes([])
      return
    }
    let switches = runner.switches
    let readings = ruleFiles.map {
      RuleReading(
        RuleDocument(in: $0), for: .prometheus(switches.features),
        ignoringUnknownKeys: switches.ignoresUnknownRuleKeys)
    }
    if let finding = readings.flatMap(\.findings).first {
      content = .unreadable(
        " \(finding.source.name):\(UnreadableFile(finding).description)")
      return
    }
    guard file.hasTests else {
      content = .unreadable(
        " no test was found in this file: it has no alert_rule_test and no promql_expr_test")
      return
    }
    content = .outcomes(runner.run(file, groups: readings.flatMap(\.groups)))
  }
}

/// What became of all files.
public struct TestReport: Sendable {
  public var files: [FileReport]

  public init(files: [FileReport]) { self.files = files }

  public var passed: Int { files.reduce(0) { $0 + $1.passed } }
  public var failed: Int { files.reduce(0) { $0 + $1.failed } }

  /// How many files could not be read.
  public var unreadable: Int {
    files.count { if case .unreadable = $0.content { true } else { false } }
  }

  /// `1655 passed, 0 failed`; unreadable files are named when there are any.
  public var summary: String {
    let summary = "\(passed) passed, \(failed) failed"
    return unreadable == 0 ? summary : "\(summary), \(unreadable) unreadable"
  }
}
