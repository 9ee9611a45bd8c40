import PromQL
import TimeSeries

/// A parsed template: its own nodes and those of the templates that it defines.
struct TemplateTree: Sendable {
  var name: String
  var root: [TemplateNode]
  /// By name; the template itself is among them.
  var definitions: [String: [TemplateNode]]
  /// What it was parsed from.
  var text: [UInt8]
}

/// A piece of a template. At most `TemplateLimits.nesting` deep.
indirect enum TemplateNode: Sendable {
  case text(SourceRange, [UInt8])
  case action(TemplatePipe, SourceRange)
  case `if`(TemplateBranch)
  case with(TemplateBranch)
  case range(TemplateBranch)
  case template(name: String, pipe: TemplatePipe?, at: TemplatePlace)
  case `break`(TemplatePlace)
  case `continue`(TemplatePlace)

  /// Whether it writes nothing whatever the values: what Go calls an empty tree.
  var isBlank: Bool {
    if case .text(_, let bytes) = self { return bytes.allSatisfy { isTemplateBlank($0) } }
    return false
  }
}

/// `if`, `with` and `range`: both lists of nodes.
struct TemplateBranch: Sendable {
  var place: TemplatePlace
  var pipe: TemplatePipe
  var body: [TemplateNode]
  var otherwise: [TemplateNode]?
}

/// Where a node is: the offset that Go reports, and the bytes to mark.
struct TemplatePlace: Sendable, Hashable {
  var position: Int
  var range: SourceRange
}

/// `$x := a b | c`
struct TemplatePipe: Sendable {
  var place: TemplatePlace
  var isAssignment = false
  /// Names with their `$`.
  var declared: [String] = []
  var commands: [TemplateCommand] = []
}

/// A value, or a function with its arguments.
struct TemplateCommand: Sendable {
  var place: TemplatePlace
  var operands: [TemplateOperand] = []
}

struct TemplateOperand: Sendable {
  var place: TemplatePlace
  var kind: Kind

  indirect enum Kind: Sendable {
    case identifier(String)
    case dot
    case nilValue
    case boolean(Bool)
    case number(TemplateNumber)
    /// As written, and what it means.
    case string(quoted: String, [UInt8])
    /// `.a.b`
    case field([String])
    /// `$x.a.b`, the name with its `$`
    case variable(String, [String])
    case pipe(TemplatePipe)
    /// `(…).a.b`, `function.a.b`
    case chain(TemplateOperand, [String])
  }
}

/// A constant; the first kind that it fits is what it becomes without a context.
struct TemplateNumber: Sendable {
  var text: String
  var value: TemplateValue?
}

func isTemplateBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
}

// The printed forms, which Go's messages quote.

extension TemplatePipe: CustomStringConvertible {
  var description: String {
    let names = declared.joined(separator: ", ")
    let prefix = declared.isEmpty ? "" : names + (isAssignment ? " = " : " := ")
    return prefix + commands.map(\.description).joined(separator: " | ")
  }
}

extension TemplateCommand: CustomStringConvertible {
  var description: String { operands.map(\.inParentheses).joined(separator: " ") }
}

extension TemplateOperand: CustomStringConvertible {
  /// A pipeline within something else needs its parentheses, alone it prints without.
  fileprivate var inParentheses: String {
    if case .pipe = kind { "(\(self))" } else { description }
  }

  var description: String {
    switch kind {
    case .identifier(let name): name
    case .dot: "."
    case .nilValue: "nil"
    case .boolean(let value): value ? "true" : "false"
    case .number(let number): number.text
    case .string(let quoted, _): quoted
    case .field(let names): names.map { ".\($0)" }.joined()
    case .variable(let name, let fields): name + fields.map { ".\($0)" }.joined()
    case .pipe(let pipe): pipe.description
    case .chain(let operand, let fields): operand.inParentheses + fields.map { ".\($0)" }.joined()
    }
  }
}
