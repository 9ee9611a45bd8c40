import ArgumentParser
import Editor
import Glibc
import Lint
import Manifests
import Server

/// `promgate lsp`: lint in an editor.
struct LanguageServerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lsp",
    abstract: "Lints in an editor: a language server over standard input and output.",
    discussion: """
      Findings as you type, what is known of the part of a query under the pointer, completion of \
      functions, labels and values, and fixes. All manifests below the opened folder are read together.

      EXAMPLES
        Neovim:
          vim.lsp.start({ name = "promgate", root_dir = vim.fn.getcwd(),
            cmd = { "promgate", "lsp" } })
        Helix (languages.toml):
          [language-server.promgate]
          command = "promgate"
          args = ["lsp", "--data", "metrics.om"]

      Exit status: 0 after a shutdown, 1 when the editor went away without one, 2 for wrong options.
      """)

  @Option(
    help: ArgumentHelp("A recording, for names, labels and values.", valueName: "path"), completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp("How often targets are scraped.", valueName: "duration"),
    transform: ArgumentText.duration)
  var scrapeInterval: Int64?

  @Option(help: "Flagger's -mesh-provider, for a canary that names no provider.")
  var meshProvider = MeshProvider.istio.rawValue

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  func run() throws {
    var options = LintOptions()
    options.scrapeInterval = scrapeInterval
    options.meshProvider = meshProvider
    options.today = Int64(time(nil)) / 86_400
    var session = EditorSession(
      options: options, data: try recordings.source(data).map { LintData($0) },
      version: BuildInformation().version, readFolder: { ManifestReading(paths: [$0]).sources })
    var framing = MessageFraming()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw ExitCode(1) }
      let bodies: [[UInt8]]
      do { bodies = try framing.take(chunk[..<count]) } catch {
        throw ToolFailure("standard input: \(error)")
      }
      for body in bodies {
        var answers: [UInt8] = []
        let outcome = session.receive(body) { answers += MessageFraming.framed($0) }
        try Output.write(answers)
        switch outcome {
        case .goesOn: break
        case .ends(let status): throw ExitCode(status)
        }
      }
    }
  }
}
