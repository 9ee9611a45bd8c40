import Foundation
import Testing

/// `promgate check config` over files that name others.
@Suite struct CheckToolTests {
  /// Files of a folder.
  private static let files: [(name: String, text: String)] = [
    (
      "good.yml",
      """
      rule_files: [rules/*.yml]
      scrape_config_files: [jobs/*.yml]
      scrape_configs:
      - job_name: a
        scrape_interval: 10m
        static_configs: [{targets: ["x:1", "localhost:9090"]}]
        file_sd_configs: [{files: [targets/*.json, none.yml]}]
      tracing: {endpoint: x}
      """
    ),
    ("rules/a.yml", "groups: [{name: g, rules: [{record: a, expr: '1'}, {record: a, expr: '2'}]}]"),
    ("jobs/b.yml", "scrape_configs: [{job_name: b, static_configs: [{targets: ['y:1']}]}]"),
    ("targets/t.json", #"[{"targets": ["z:1"], "labels": {"env": "prod", "__metrics_path__": "\/m"}}]"#),
    ("no-rules.yml", "rule_files: [missing.yml]"),
    ("bad-rules.yml", "rule_files: [bad/*.yml]"),
    ("bad/r.yml", "groups: [{name: g, rules: [{record: a, expr: '('}]}]"),
    (
      "bad-target.yml",
      "scrape_configs: [{job_name: a, static_configs: [{targets: [x/y]}], relabel_configs: [{target_label: b}]}]"
    ),
    (
      "dropped.yml",
      "scrape_configs: [{job_name: a, static_configs: [{targets: ['x:1']}], relabel_configs: [{source_labels: [nope], regex: b, action: keep}]}]"
    ),
    ("twice.yml", "scrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: b}]"),
    ("loop.yml", "remote_write: [{url: 'http://localhost:9090/api/v1/write'}]"),
    ("bad-sd.yml", "scrape_configs: [{job_name: a, file_sd_configs: [{files: [sd.json]}]}]"),
    ("sd.json", #"[{"targets": ["x:1"], "label": {}}]"#),
    ("token.yml", "scrape_configs: [{job_name: a, bearer_token_file: no-token}]"),
  ]

  /// Arguments, status, what is told, and what is not.
  private static let cases: [(arguments: String, status: Int32, says: [String], isSilentOn: [String])] = [
    (
      "good.yml", 0,
      [
        "  SUCCESS: 1 rule files found\n SUCCESS: good.yml is valid prometheus config file syntax\n\nChecking rules/a.yml\n",
        "  SUCCESS: 2 rules found\n", "rules/a.yml:1:61: warning: the rule a is there already",
        "good.yml:6:38: info: localhost:9090 is where the server itself listens",
        "good.yml:7:29: warning: file \"none.yml\" for file_sd in scrape job \"a\" does not exist",
        "good.yml:8:10: info: tracing: promgate sends no traces",
      ], ["error:", "too long"]
    ),
    ("--lint none good.yml", 0, ["2 rules found"], ["is there already"]),
    (
      "--lint all --lint-fatal good.yml", 1, ["error: too long scrape interval found", "error: the rule a"],
      []
    ),
    ("--syntax-only good.yml", 0, ["SUCCESS: good.yml"], ["rules/a.yml", "none.yml"]),
    (
      "no-rules.yml", 1, ["no-rules.yml:1:14: error: \"missing.yml\" does not point to an existing file"],
      ["SUCCESS"]
    ),
    ("--syntax-only no-rules.yml", 0, ["SUCCESS"], []),
    (
      "bad-rules.yml", 1, ["bad/r.yml:1:46: error: group \"g\", rule 1, \"a\": could not parse"],
      ["rules found"]
    ),
    ("bad-target.yml", 1, ["error: instance 0 in group 0: \"x/y\" is not a valid hostname"], ["SUCCESS"]),
    (
      "dropped.yml", 0,
      [
        "warning: no target of job \"a\" is kept: its relabel_configs drop all of them (1)",
        "__address__=\"x:1\"",
      ],
      ["error:"]
    ),
    (
      "twice.yml", 1,
      [
        "jobs/b.yml:1:29: error: found multiple scrape configs with job name \"b\", first found in main config file"
      ], []
    ),
    ("loop.yml", 0, ["loop.yml:1:22: warning: remote_write sends to the server itself"], []),
    ("bad-sd.yml", 1, ["sd.json:1:23: error: field label not found in type struct"], ["SUCCESS"]),
    (
      "token.yml", 1, ["error checking authorization credentials or bearer token file \"no-token\""],
      ["SUCCESS"]
    ),
    ("nowhere.yml", 2, ["nowhere.yml: cannot open"], []),
    (
      "--targets good.yml", 0,
      [#""scrapeUrl":"http://z:1/m""#, #""env":"prod""#, #""scrapePool":"b""#], ["Checking"]
    ),
    (
      "--targets dropped.yml", 0,
      [#""activeTargets":[],"droppedTargets":[{"discoveredLabels":{"__address__":"x:1""#], []
    ),
  ]

  @Test func `a configuration is checked with all that it names`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in Self.files {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (text + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    for (arguments, status, says, isSilentOn) in Self.cases {
      let run = try Tool.run(shell: "cd \(folder.path()) && promgate check config \(arguments)")
      #expect(run.status == status, "\(arguments)\n\(run.text)")
      for text in says { #expect(run.text.contains(text), "\(arguments) does not say \(text)\n\(run.text)") }
      for text in isSilentOn { #expect(!run.text.contains(text), "\(arguments) says \(text)\n\(run.text)") }
    }
  }

  @Test func `commands of commands are told apart`() throws {
    for (line, says) in [
      ("promgate check confg x", "There is no command 'check confg'; did you mean 'config'?"),
      ("promgate check config --syntax x", "Unknown option '--syntax'. Did you mean '--syntax-only'?"),
      ("promgate help check config", "USAGE: promgate check config"),
      ("promgate help check nosuch", "There is no command 'check nosuch'"),
    ] {
      let run = try Tool.run(shell: line)
      #expect(run.text.contains(says), "\(line)\n\(run.text)")
    }
  }
}
