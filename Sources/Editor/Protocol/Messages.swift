import FoundationEssentials

// The parts of the Language Server Protocol 3.17 that are spoken. Names are the protocol's.

/// The number or text of a request.
enum RequestID: Codable, Hashable {
  case number(Int)
  case text(String)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    }
  }
}

/// What every message has; parameters are decoded when the method is known.
struct Envelope: Decodable {
  var id: RequestID?
  var method: String?
}

struct Message<Parameters: Decodable>: Decodable { var params: Parameters }

struct Response<Result: Encodable>: Encodable {
  var jsonrpc = "2.0"
  var id: RequestID
  var result: Result
}

struct ErrorResponse: Encodable {
  struct Reason: Encodable {
    var code: Int
    var message: String
  }

  var jsonrpc = "2.0"
  var id: RequestID?
  var error: Reason

  /// The protocol's numbers for errors.
  enum Code: Int {
    case parseError = -32700
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParams = -32602
    case notInitialized = -32002
  }

  init(_ id: RequestID?, _ code: Code, _ message: String) {
    self.id = id
    error = Reason(code: code.rawValue, message: message)
  }
}

struct EditorNotification<Parameters: Encodable>: Encodable {
  var jsonrpc = "2.0"
  var method: String
  var params: Parameters
}

/// A null result.
struct Nothing: Encodable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encodeNil()
  }
}

struct Position: Codable, Hashable {
  /// From 0.
  var line: Int
  /// UTF-16 code units from the start of the line.
  var character: Int
}

struct TextRange: Codable, Hashable {
  var start: Position
  var end: Position
}

struct TextEdit: Encodable {
  var range: TextRange
  var newText: String
}

struct WorkspaceEdit: Encodable { var changes: [String: [TextEdit]] }

struct MarkupContent: Encodable {
  var kind = "markdown"
  var value: String
}

struct PublishedDiagnostic: Encodable {
  struct Related: Encodable {
    struct Location: Encodable {
      var uri: String
      var range: TextRange
    }

    var location: Location
    var message: String
  }

  var range: TextRange
  /// 1 error, 2 warning, 3 information.
  var severity: Int
  var code: String
  var source = "promgate"
  var message: String
  var relatedInformation: [Related]
}

struct PublishDiagnostics: Encodable {
  var uri: String
  var version: Int?
  var diagnostics: [PublishedDiagnostic]
}

// MARK: Parameters

struct InitializeParameters: Decodable {
  struct Folder: Decodable { var uri: String }

  var rootUri: String?
  var workspaceFolders: [Folder]?
}

struct DocumentIdentifier: Decodable { var uri: String }

struct OpenParameters: Decodable {
  struct Item: Decodable {
    var uri: String
    var version: Int?
    var text: String
  }

  var textDocument: Item
}

struct ChangeParameters: Decodable {
  struct Identifier: Decodable {
    var uri: String
    var version: Int?
  }

  struct Change: Decodable { var text: String }

  var textDocument: Identifier
  var contentChanges: [Change]
}

struct DocumentParameters: Decodable { var textDocument: DocumentIdentifier }

struct PositionParameters: Decodable {
  var textDocument: DocumentIdentifier
  var position: Position
}

struct CodeActionParameters: Decodable {
  var textDocument: DocumentIdentifier
  var range: TextRange
}

// MARK: Results

struct InitializeResult: Encodable {
  struct Sync: Encodable {
    var openClose = true
    /// The whole text with every change.
    var change = 1
    var save = true
  }

  struct Completion: Encodable { var triggerCharacters = ["{", "(", "\"", ",", "."] }

  struct CodeActions: Encodable { var codeActionKinds = ["quickfix", "source.fixAll"] }

  struct Capabilities: Encodable {
    var positionEncoding = "utf-16"
    var textDocumentSync = Sync()
    var hoverProvider = true
    var completionProvider = Completion()
    var codeActionProvider = CodeActions()
  }

  struct Server: Encodable {
    var name = "promgate"
    var version: String
  }

  var capabilities = Capabilities()
  var serverInfo: Server
}

struct HoverResult: Encodable {
  var contents: MarkupContent
  var range: TextRange
}

struct CompletionItem: Encodable, Hashable {
  /// The protocol's numbers for kinds.
  enum Kind: Int, Encodable {
    case function = 3
    case field = 5
    case variable = 6
    case value = 12
    case keyword = 14
  }

  var label: String
  var kind: Kind
  var detail: String?
}

struct CompletionResult: Encodable {
  var isIncomplete = false
  var items: [CompletionItem]
}

struct CodeAction: Encodable {
  var title: String
  var kind: String
  var isPreferred: Bool
  var edit: WorkspaceEdit
}
