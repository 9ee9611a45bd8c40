import FoundationEssentials
public import Lint
public import Manifests
import PromQL

/// One editor's session of the Language Server Protocol: what comes in, and what goes out. It touches no
/// file itself: folders are read by who runs it.
///
/// Speaks full text synchronisation, diagnostics, hover, completion and code actions. A message that makes
/// no sense is answered with an error; the session goes on.
public struct EditorSession {
  private let linter: Linter
  private let data: LintData?
  private let version: String
  private let readFolder: (String) -> [ManifestSource]
  private var workspace = Workspace()
  private var folders: [String] = []
  private var result: LintResult?
  private var isInitialized = false
  private var isShutDown = false

  /// What becomes of the session after a message.
  public enum Outcome: Sendable, Hashable {
    case goesOn
    /// The editor said goodbye; the status is 0 when it shut down first.
    case ends(status: Int32)
  }

  /// - Parameters:
  ///   - data: for completion of names, labels and values, and for the rules that look at series.
  ///   - readFolder: the manifests below a path; what cannot be read is left out.
  public init(
    options: LintOptions, data: LintData?, version: String,
    readFolder: @escaping (String) -> [ManifestSource]
  ) {
    linter = Linter(options, data: data)
    self.data = data
    self.version = version
    self.readFolder = readFolder
  }

  /// Takes the body of a message. `send` gets the bodies of the answers, in order.
  public mutating func receive(_ body: [UInt8], send: ([UInt8]) -> Void) -> Outcome {
    let data = Data(body)
    guard let envelope = try? JSONDecoder().decode(Envelope.self, from: data) else {
      write(ErrorResponse(nil, .parseError, "the message is no JSON-RPC"), send)
      return .goesOn
    }
    // An answer to something that was never asked.
    guard let method = envelope.method else { return .goesOn }
    if method == "exit" { return .ends(status: isShutDown ? 0 : 1) }
    do {
      if let id = envelope.id {
        try answer(method, id, data, send)
      } else {
        try note(method, data, send)
      }
    } catch let refusal as Refusal {
      if let id = envelope.id { write(ErrorResponse(id, refusal.code, refusal.message), send) }
    } catch {
      if let id = envelope.id { write(ErrorResponse(id, .invalidParams, "\(method): \(error)"), send) }
    }
    return .goesOn
  }

  /// Why a request is not answered.
  private struct Refusal: Error {
    var code: ErrorResponse.Code
    var message: String
  }

  // MARK: Requests

  private mutating func answer(
    _ method: String, _ id: RequestID, _ body: Data, _ send: ([UInt8]) -> Void
  ) throws {
    guard isInitialized || method == "initialize" else {
      throw Refusal(code: .notInitialized, message: "initialize comes first")
    }
    guard !isShutDown else { throw Refusal(code: .invalidRequest, message: "the session is shut down") }
    switch method {
    case "initialize":
      let parameters = try decode(InitializeParameters.self, body)
      let roots = parameters.workspaceFolders?.map(\.uri) ?? [parameters.rootUri].compactMap { $0 }
      folders = roots.compactMap(FileURI.path)
      isInitialized = true
      write(
        Response(id: id, result: InitializeResult(serverInfo: InitializeResult.Server(version: version))),
        send)
    case "shutdown":
      isShutDown = true
      write(Response(id: id, result: Nothing()), send)
    case "textDocument/hover":
      let (document, offset) = try place(decode(PositionParameters.self, body))
      let hover = QueryHover(linter.queries(workspace.reading)).hover(document, offset)
      if let hover {
        write(Response(id: id, result: hover), send)
      } else {
        write(Response(id: id, result: Nothing()), send)
      }
    case "textDocument/completion":
      let (document, offset) = try place(decode(PositionParameters.self, body))
      let sites = linter.sites(workspace.reading).map(\.site)
      let items = Completion(sites: sites, data: data).items(document, offset)
      write(Response(id: id, result: CompletionResult(items: items)), send)
    case "textDocument/codeAction":
      let parameters = try decode(CodeActionParameters.self, body)
      let document = try document(parameters.textDocument.uri)
      let actions = QuickFixes(result: linted(), workspace: workspace)
        .actions(
          document, from: document.offset(parameters.range.start), to: document.offset(parameters.range.end))
      write(Response(id: id, result: actions), send)
    default:
      throw Refusal(code: .methodNotFound, message: "\(method) is not spoken here")
    }
  }

  private func place(_ parameters: PositionParameters) throws -> (Document, Int) {
    let document = try document(parameters.textDocument.uri)
    return (document, document.offset(parameters.position))
  }

  private func document(_ uri: String) throws -> Document {
    guard let document = workspace.open[uri] else {
      throw Refusal(code: .invalidParams, message: "\(uri) is not open")
    }
    return document
  }

  // MARK: Notifications

  private mutating func note(_ method: String, _ body: Data, _ send: ([UInt8]) -> Void) throws {
    guard isInitialized else { return }
    switch method {
    case "initialized", "workspace/didChangeWatchedFiles":
      readFolders()
    case "textDocument/didOpen":
      let item = try decode(OpenParameters.self, body).textDocument
      workspace.set(Document(uri: item.uri, version: item.version, text: item.text))
    case "textDocument/didChange":
      let parameters = try decode(ChangeParameters.self, body)
      guard let last = parameters.contentChanges.last, workspace.open[parameters.textDocument.uri] != nil
      else { return }
      workspace.set(
        Document(uri: parameters.textDocument.uri, version: parameters.textDocument.version, text: last.text))
    case "textDocument/didSave":
      readFolders()
    case "textDocument/didClose":
      let uri = try decode(DocumentParameters.self, body).textDocument.uri
      workspace.close(uri)
      write(
        EditorNotification(
          method: "textDocument/publishDiagnostics", params: PublishDiagnostics(uri: uri, diagnostics: [])),
        send)
    default: return
    }
    result = nil
    publish(send)
  }

  private mutating func readFolders() { workspace.setFiles(folders.flatMap(readFolder)) }

  private mutating func linted() -> LintResult {
    if let result { return result }
    let fresh = linter.lint(workspace.reading)
    result = fresh
    return fresh
  }

  /// Findings of every open text: a change in one may mend another.
  private mutating func publish(_ send: ([UInt8]) -> Void) {
    let result = linted()
    for (uri, document) in workspace.open.sorted(by: { $0.key < $1.key }) {
      let found = result.findings.filter { $0.place.source.name == document.source.name }
      let diagnostics = PublishDiagnostics(
        uri: uri, version: document.version,
        diagnostics: found.map { PublishedDiagnostic($0, in: document, workspace) })
      write(EditorNotification(method: "textDocument/publishDiagnostics", params: diagnostics), send)
    }
  }

  // MARK: JSON

  private func decode<Parameters: Decodable>(_ type: Parameters.Type, _ body: Data) throws -> Parameters {
    do { return try JSONDecoder().decode(Message<Parameters>.self, from: body).params } catch {
      throw Refusal(code: .invalidParams, message: "the parameters are not what the protocol says")
    }
  }

  private func write(_ message: some Encodable, _ send: ([UInt8]) -> Void) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    guard let data = try? encoder.encode(message) else { return }
    send(Array(data))
  }
}

extension PublishedDiagnostic {
  init(_ finding: Finding, in document: Document, _ workspace: Workspace) {
    range = document.range(finding.place.range)
    severity =
      switch finding.severity {
      case .error: 1
      case .warning: 2
      case .info: 3
      }
    code = finding.code
    message = ([finding.message, finding.evidence, finding.help.map { "help: " + $0 }].compactMap { $0 })
      .joined(separator: "\n")
    relatedInformation = finding.related.map { related in
      let other = workspace.document(related.place.source)
      return Related(
        location: Related.Location(uri: other.uri, range: other.range(related.place.range)),
        message: related.message)
    }
  }
}
