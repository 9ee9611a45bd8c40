import Testing

/// What the tool says of commands and options that do not exist.
@Suite struct CommandLineToolTests {
  @Test func `an option that does not exist is named before anything that is missing`() throws {
    let cases = [
      ("serve --config.file=x", "Unknown option '--config.file'. Did you mean '--web-config'?"),
      ("serve --web.listen-address=:9090", "Unknown option '--web.listen-address'. Did you mean '--listen'?"),
      (
        "serve --storage.tsdb.retention.time 1d",
        "'--storage.tsdb.retention.time'. Did you mean '--retention'?"
      ),
      ("query up --dta x", "Unknown option '--dta'. Did you mean '--data'?"),
      ("query up --dta=x", "Unknown option '--dta'. Did you mean '--data'?"),
      ("query up -data x", "Unknown option '-data'. Did you mean '--data'?"),
      ("query --dta x", "Unknown option '--dta'. Did you mean '--data'?"),
      ("query up --data x --strat 1", "Unknown option '--strat'. Did you mean '--start'?"),
      ("query up --data x --time yesterday --nosuch", "Unknown option '--nosuch'\n"),
      ("query up --data --tiem 1", "Unknown option '--tiem'. Did you mean '--time'?"),
      ("lint --fail-no error", "Unknown option '--fail-no'. Did you mean '--fail-on'?"),
      ("lint -x", "Unknown option '-x'"),
      ("gate --scrpe http://a", "Unknown option '--scrpe'. Did you mean '--scrape'?"),
      ("gate --honour-timestamps", "Did you mean '--honor-timestamps'?"),
      ("gate --no-honor-timestamp", "Did you mean '--no-honor-timestamps'?"),
      ("replay --ouput x", "Did you mean '--output'?"), ("explain --type up", "Did you mean '--types'?"),
      ("fmt --wdith 3", "Did you mean '--width'?"), ("inspect --lmit 3", "Did you mean '--limit'?"),
      ("record --recieve", "Did you mean '--receive'?"), ("test --formt json", "Did you mean '--format'?"),
      ("demo --sped 3", "Did you mean '--speed'?"), ("lsp --dat x", "Did you mean '--data'?"),
      ("--dta x", "Unknown option '--dta'"), ("--vresion", "Did you mean '--version'?"),
      (
        "query -up --data x",
        "Unknown option '-up' (a value that begins with a dash goes behind --, at the end)"
      ),
      ("qurey up", "There is no command 'qurey'; did you mean 'query'?\nCommands: demo, lint,"),
      ("nosuch --dta x", "There is no command 'nosuch'\nCommands: "),
      ("help nosuch", "There is no command 'nosuch'\nCommands: "),
      ("help qurey", "There is no command 'qurey'; did you mean 'query'?"),
      ("help query up", "There is no command 'query up'"),
      ("help --nosuch", "Unknown option '--nosuch'"),
    ]
    for (line, message) in cases {
      let run = try Tool.run(shell: "promgate \(line)")
      #expect(run.status == 2, "\(line)")
      #expect(run.text.hasPrefix("Error: ") && run.text.contains(message), "\(line): \(run.text)")
      #expect(run.text.components(of: "Error: ") == 1, "\(line): \(run.text)")
      #expect(run.text.contains("--help' for more information"), "\(line): \(run.text)")
    }
  }

  @Test func `what exists is told as before, and nothing behind two dashes is an option`() throws {
    let cases = [
      ("query up", "say what to ask"), ("query up --data", "Missing value for '--data"),
      ("serve", "nothing to serve"), ("query up --data /nowhere -- --dta", "Unexpected argument '--dta'"),
      ("query --data /nowhere -- -up", "/nowhere: No such file"),
      ("lint -- --dta", "--> --dta:1:1"),
      ("replay -f Examples/podinfo", "say what to replay"),
      ("query up down --data x", "Unexpected argument 'down'"),
      ("query up --data x --format xml", "The value 'xml' is invalid for '--format"),
      ("explain up --rows -5", "Missing value for '--rows"),
    ]
    for (line, message) in cases {
      let run = try Tool.run(shell: "promgate \(line)")
      #expect(run.status == 2 && run.text.contains(message), "\(line): \(run.text)")
    }
    for line in [
      "help", "help query", "help help", "--help", "query --help", "query --nosuch --help", "--version",
    ] {
      #expect(try Tool.run(shell: "promgate \(line)").status == 0, "\(line)")
    }
  }
}

extension String {
  /// How often a text is in this one.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
