import PromQL
import TimeSeries

/// A token of Go's text/template.
struct TemplateToken: Sendable, Hashable {
  var kind: Kind
  var range: SourceRange
  /// The line on which it starts, from 1.
  var line: Int
  var text: [UInt8]

  enum Kind: Sendable, Hashable {
    /// The lexer's last word; `text` is its message.
    case error
    case end
    case text
    case leftDelimiter
    case rightDelimiter
    case space
    case pipe
    case assign
    case declare
    case leftParenthesis
    case rightParenthesis
    case string
    case rawString
    case character
    case number
    case complex
    case boolean
    case identifier
    case field
    case variable
    case dot
    /// Any other printable ASCII character.
    case other
    case keyword(TemplateKeyword)
  }

  /// As Go's parser quotes it in messages.
  var description: String {
    switch kind {
    case .end: return "EOF"
    case .error: return String(decoding: text, as: UTF8.self)
    case .keyword, .dot: return "<\(String(decoding: text, as: UTF8.self))>"
    case .text, .leftDelimiter, .rightDelimiter, .space, .pipe, .assign, .declare,
      .leftParenthesis, .rightParenthesis, .string, .rawString, .character, .number, .complex,
      .boolean, .identifier, .field, .variable, .other:
      guard text.count > 10 else { return GoText.quoted(text) }
      return GoText.quoted(String(decoding: text, as: UTF8.self).unicodeScalars.prefix(10).utf8) + "..."
    }
  }
}

/// The words that are no functions.
enum TemplateKeyword: String, Sendable, Hashable, CaseIterable {
  case block
  case `break`
  case `continue`
  case define
  case `else`
  case end
  case `if`
  case nilValue = "nil"
  case range
  case template
  case with
}

extension Sequence<Unicode.Scalar> {
  fileprivate var utf8: [UInt8] { flatMap { Array(String($0).utf8) } }
}
