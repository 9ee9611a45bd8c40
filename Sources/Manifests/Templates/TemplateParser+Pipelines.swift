import PromQL
import TimeSeries

extension TemplateParser {
  /// pipeline ::= [variable {"," variable} (":=" | "=")] command {"|" command}
  mutating func pipeline(
    _ context: String, until end: TemplateToken.Kind
  ) throws(TemplateError) -> TemplatePipe {
    let first = peekNonSpace()
    var pipe = TemplatePipe(place: place(first))
    try declarations(of: &pipe, in: context)
    var last = first
    while true {
      let token = nextNonSpace()
      if token.kind == end {
        try check(pipe, in: context)
        pipe.place.range.end = max(first.range.end, last.range.end)
        return pipe
      }
      guard token.kind.startsOperand else { throw unexpected(token, in: context) }
      putBack(token)
      let command = try command()
      last.range = command.place.range
      pipe.commands.append(command)
    }
  }

  private mutating func declarations(
    of pipe: inout TemplatePipe, in context: String
  ) throws(TemplateError) {
    while peekNonSpace().kind == .variable {
      let variable = next()
      let after = peek()
      let following = peekNonSpace()
      let name = String(decoding: variable.text, as: UTF8.self)
      if following.kind == .assign || following.kind == .declare {
        _ = nextNonSpace()
        pipe.isAssignment = following.kind == .assign
        pipe.declared.append(name)
        declare(name)
        return
      }
      guard following.kind == .other, following.text.elementsEqual(",".utf8) else {
        // A value after all: the blank behind it counts.
        if after.kind == .space { putBack(after) }
        putBack(variable)
        return
      }
      _ = nextNonSpace()
      pipe.declared.append(name)
      declare(name)
      guard context == "range", pipe.declared.count < 2 else {
        throw failure("too many declarations in \(context)", at: variable.range)
      }
      switch peekNonSpace().kind {
      case .variable, .rightDelimiter, .rightParenthesis: continue
      default: throw failure("range can only initialize variables")
      }
    }
  }

  private func check(_ pipe: TemplatePipe, in context: String) throws(TemplateError) {
    guard !pipe.commands.isEmpty else { throw failure("missing value for \(context)") }
    for (index, command) in pipe.commands.enumerated().dropFirst() {
      guard let first = command.operands.first, first.kind.isExecutable else {
        throw failure(
          "non executable command in pipeline stage \(index + 1)", at: command.place.range)
      }
    }
  }

  /// command ::= operand {space operand}
  private mutating func command() throws(TemplateError) -> TemplateCommand {
    var command = TemplateCommand(place: place(peekNonSpace()))
    while true {
      _ = peekNonSpace()
      if let operand = try operand() {
        command.operands.append(operand)
        command.place.range.end = max(command.place.range.end, operand.place.range.end)
      }
      let token = next()
      switch token.kind {
      case .space: continue
      case .rightDelimiter, .rightParenthesis: putBack(token)
      case .pipe: break
      default: throw unexpected(token, in: "operand")
      }
      break
    }
    guard !command.operands.isEmpty else { throw failure("empty command") }
    return command
  }

  /// operand ::= term {field}
  private mutating func operand() throws(TemplateError) -> TemplateOperand? {
    guard let term = try term() else { return nil }
    guard peek().kind == .field else { return term }
    var place = place(peek())
    place.range.start = term.place.range.start
    var fields: [String] = []
    while peek().kind == .field {
      let token = next()
      place.range.end = token.range.end
      fields.append(String(decoding: token.text.dropFirst(), as: UTF8.self))
    }
    switch term.kind {
    case .field(let names): return TemplateOperand(place: place, kind: .field(names + fields))
    case .variable(let name, let names):
      return TemplateOperand(place: place, kind: .variable(name, names + fields))
    case .boolean, .string, .number, .nilValue, .dot:
      throw failure(
        "unexpected . after term \(GoText.quoted(term.description))", at: place.range)
    case .identifier, .pipe, .chain:
      return TemplateOperand(place: place, kind: .chain(term, fields))
    }
  }

  /// term ::= literal | function | "." | ".field" | variable | "(" pipeline ")"
  private mutating func term() throws(TemplateError) -> TemplateOperand? {
    let token = nextNonSpace()
    let text = String(decoding: token.text, as: UTF8.self)
    switch token.kind {
    case .identifier:
      guard functions.contains(text) || TemplateFunction(rawValue: text) != nil else {
        throw failure("function \(GoText.quoted(text)) not defined", at: token.range)
      }
      return TemplateOperand(place: place(token), kind: .identifier(text))
    case .dot: return TemplateOperand(place: place(token), kind: .dot)
    case .keyword(.nilValue): return TemplateOperand(place: place(token), kind: .nilValue)
    case .variable:
      guard isDeclared(text) else {
        throw failure("undefined variable \(GoText.quoted(text))", at: token.range)
      }
      return TemplateOperand(place: place(token), kind: .variable(text, []))
    case .field:
      return TemplateOperand(place: place(token), kind: .field([String(text.dropFirst())]))
    case .boolean: return TemplateOperand(place: place(token), kind: .boolean(text == "true"))
    case .character, .complex, .number:
      return TemplateOperand(place: place(token), kind: .number(try number(token)))
    case .leftParenthesis:
      let pipe = try nested { parser throws(TemplateError) in
        try parser.pipeline("parenthesized pipeline", until: .rightParenthesis)
      }
      var place = pipe.place
      place.range = SourceRange(token.range.start, current.range.end)
      return TemplateOperand(place: place, kind: .pipe(pipe))
    case .string, .rawString:
      guard let bytes = GoUnquote.string(token.text) else {
        throw failure("invalid syntax", at: token.range)
      }
      return TemplateOperand(place: place(token), kind: .string(quoted: text, bytes))
    default:
      putBack(token)
      return nil
    }
  }

  private func number(_ token: TemplateToken) throws(TemplateError) -> TemplateNumber {
    do {
      return try TemplateNumber(parsing: token)
    } catch {
      throw failure(error.message, at: token.range)
    }
  }
}

extension TemplateToken.Kind {
  fileprivate var startsOperand: Bool {
    switch self {
    case .boolean, .character, .complex, .dot, .field, .identifier, .number, .keyword(.nilValue),
      .rawString, .string, .variable, .leftParenthesis:
      true
    default: false
    }
  }
}

extension TemplateOperand.Kind {
  /// Whether a later stage of a pipeline may start with it.
  fileprivate var isExecutable: Bool {
    switch self {
    case .boolean, .dot, .nilValue, .number, .string: false
    case .identifier, .field, .variable, .pipe, .chain: true
    }
  }
}
