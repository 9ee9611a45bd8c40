import TimeSeries

extension TemplateExecution {
  /// The value of the last command; what it declares is set.
  mutating func pipeline(
    _ pipe: TemplatePipe, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    try at(.pipe(pipe))
    var value: TemplateValue?
    for command in pipe.commands {
      value = try evaluate(command, dot: dot, final: value)
      if value == .nilInterface { value = .invalid }
    }
    let result = value ?? .invalid
    for name in pipe.declared {
      if pipe.isAssignment { try assign(name, result) } else { push(name, result) }
    }
    return result
  }

  /// - Parameter final: what the command before in the pipeline yielded, the last argument.
  private mutating func evaluate(
    _ command: TemplateCommand, dot: TemplateValue, final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    guard let first = command.operands.first else { return .invalid }
    let arguments = Array(command.operands.dropFirst())
    switch first.kind {
    case .field(let names):
      try at(.operand(first))
      return try fields(names, of: dot, at: first, arguments, final, dot: dot)
    case .chain(let operand, let names):
      return try chain(operand, names, at: first, arguments, final, dot: dot)
    case .identifier(let name):
      return try call(
        name, at: first, within: .command(command), arguments, final, dot: dot)
    case .pipe(let pipe):
      try notAFunction(first, arguments, final)
      return try pipeline(pipe, dot: dot)
    case .variable(let name, let names):
      try at(.operand(first))
      let value = try value(of: name)
      guard names.isEmpty else {
        return try fields(names, of: value, at: first, arguments, final, dot: dot)
      }
      try notAFunction(first, arguments, final)
      return value
    case .boolean, .dot, .nilValue, .number, .string:
      try at(.operand(first))
      try notAFunction(first, arguments, final)
      if case .nilValue = first.kind { throw failure("nil is not a command") }
      return try literal(first, dot: dot)
    }
  }

  private func notAFunction(
    _ first: TemplateOperand, _ arguments: [TemplateOperand], _ final: TemplateValue?
  ) throws(TemplateError) {
    if !arguments.isEmpty || final != nil {
      throw failure("can't give argument to non-function \(first)")
    }
  }

  private mutating func literal(
    _ operand: TemplateOperand, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch operand.kind {
    case .boolean(let value): return .boolean(value)
    case .dot: return dot
    case .string(_, let bytes): return .text(bytes)
    case .number(let number):
      try at(.operand(operand))
      guard let value = number.value else { throw failure("\(number.text) overflows int") }
      return value
    case .identifier, .nilValue, .field, .variable, .pipe, .chain: return .invalid
    }
  }

  // Fields.

  private mutating func fields(
    _ names: [String], of receiver: TemplateValue, at operand: TemplateOperand,
    _ arguments: [TemplateOperand], _ final: TemplateValue?, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    var value = receiver
    for (index, name) in names.enumerated() {
      let isLast = index == names.count - 1
      if case .object(let object) = value, let method = object.method(name) {
        let given = try values(
          for: method.signature, of: name, isLast ? arguments : [], isLast ? final : nil, dot: dot)
        if let refusal = method.refusal { throw failure(refusal) }
        value = method.call(given)
        try produce(value.size)
        continue
      }
      let hasArguments = isLast && (!arguments.isEmpty || final != nil)
      value = try field(name, of: value, at: operand, hasArguments: hasArguments)
    }
    return value
  }

  /// Go names what it looked at last; the whole operand is marked.
  private func field(
    _ name: String, of receiver: TemplateValue, at operand: TemplateOperand, hasArguments: Bool
  ) throws(TemplateError) -> TemplateValue {
    let range = operand.place.range
    if receiver == .nilInterface {
      throw failure("nil pointer evaluating interface {}.\(name)", marking: range)
    }
    guard let type = receiver.typeName else {
      throw failure("nil data; no entry for key \(GoText.quoted(name))", marking: range)
    }
    let value: TemplateValue
    switch receiver {
    case .map(let pairs):
      if let pair = pairs.first(where: { $0.key.utf8.elementsEqual(name.utf8) }) {
        value = .text(pair.value)
      } else if library.refusesMissingKeys {
        throw failure("map has no entry for key \(GoText.quoted(name))", marking: range)
      } else {
        value = .text([])
      }
    case .dictionary(let pairs):
      value = pairs.first { $0.key.utf8.elementsEqual(name.utf8) }?.value ?? .nilInterface
    case .record(let record):
      guard let field = record[name] else {
        throw failure("can't evaluate field \(name) in type \(type)", marking: range)
      }
      value = field
    case .opaque(let opaque):
      guard let field = opaque.fields.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
        throw failure("can't evaluate field \(name) in type \(type)", marking: range)
      }
      value = field.value
    case .object(.time) where ["wall", "ext", "loc"].contains(name):
      throw failure("\(name) is an unexported field of struct type \(type)", marking: range)
    case .invalid, .nilInterface, .boolean, .integer, .byte, .float, .complex, .text, .list, .object:
      throw failure("can't evaluate field \(name) in type \(type)", marking: range)
    }
    if hasArguments { throw failure("\(name) is not a method but has arguments", marking: range) }
    return value
  }

  private mutating func chain(
    _ operand: TemplateOperand, _ names: [String], at whole: TemplateOperand,
    _ arguments: [TemplateOperand], _ final: TemplateValue?, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    try at(.operand(whole))
    let value = try argument(operand, for: .value, dot: dot)
    return try fields(names, of: value, at: whole, arguments, final, dot: dot)
  }

  // Functions.

  private mutating func call(
    _ name: String, at operand: TemplateOperand, within site: Site, _ arguments: [TemplateOperand],
    _ final: TemplateValue?, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    try at(.operand(operand))
    let own = library.functions[name]
    let function = own == nil ? TemplateFunction(rawValue: name) : nil
    guard let signature = own?.signature ?? function?.signature else {
      throw failure("\(GoText.quoted(name)) is not a defined function")
    }
    try checkCount(of: arguments, final, for: signature, of: name)
    if let function, function == .and || function == .or {
      return try shortCircuit(function, arguments, final, dot: dot)
    }
    let values = try values(for: signature, of: name, arguments, final, dot: dot)
    let calleeName = arguments.first?.description ?? final?.reflectedName ?? ""
    let result: TemplateValue
    do throws(TemplateFunctionFailure) {
      if let own {
        result = try own.call(values)
      } else {
        result =
          try function?.call(
            values, calleeName: calleeName, namesComparedTypes: library.namesComparedTypes) ?? .invalid
      }
    } catch {
      try at(site)
      switch error {
      case .message(let message): throw failure("error calling \(name): \(message)")
      case .tooLong: throw limit("printf writes more than \(TemplateLimits.output) bytes")
      }
    }
    try produce(result.size)
    return result
  }

  private func checkCount(
    of arguments: [TemplateOperand], _ final: TemplateValue?, for signature: TemplateSignature,
    of name: String
  ) throws(TemplateError) {
    let count = arguments.count + (final == nil ? 0 : 1)
    if signature.rest == nil {
      guard count == signature.fixed.count else {
        throw failure(
          "wrong number of args for \(name): want \(signature.fixed.count) got \(count)")
      }
    } else if count < signature.fixed.count {
      throw failure(
        "wrong number of args for \(name): want at least \(signature.fixed.count) "
          + "got \(arguments.count)")
    }
  }

  /// The arguments of a function or method, as its parameters want them.
  private mutating func values(
    for signature: TemplateSignature, of name: String, _ arguments: [TemplateOperand],
    _ final: TemplateValue?, dot: TemplateValue
  ) throws(TemplateError) -> [TemplateValue] {
    try checkCount(of: arguments, final, for: signature, of: name)
    var values: [TemplateValue] = []
    for (index, argument) in arguments.enumerated() {
      let parameter = index < signature.fixed.count ? signature.fixed[index] : signature.rest
      values.append(try self.argument(argument, for: parameter ?? .any, dot: dot))
    }
    if let final {
      let parameter =
        arguments.count < signature.fixed.count
        ? signature.fixed[arguments.count] : signature.rest
      values.append(try converted(final, to: parameter ?? .any))
    }
    let size = values.reduce(0) { $0 + $1.size }
    guard size <= TemplateLimits.output else {
      throw limit("\(name) is given more than \(TemplateLimits.output) bytes")
    }
    return values
  }

  private mutating func shortCircuit(
    _ function: TemplateFunction, _ arguments: [TemplateOperand], _ final: TemplateValue?,
    dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    var value = TemplateValue.invalid
    for argument in arguments {
      value = try self.argument(argument, for: .value, dot: dot)
      if value.isTrue == (function == .or) { return value }
    }
    return final ?? value
  }

  /// An argument as its parameter wants it.
  private mutating func argument(
    _ operand: TemplateOperand, for parameter: TemplateSignature.Parameter, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    try at(.operand(operand))
    let value: TemplateValue
    switch operand.kind {
    case .dot: value = dot
    case .nilValue:
      // Lists and pointers can be nil.
      if case .named = parameter { return .invalid }
      if let type = parameter.type { throw failure("cannot assign nil to \(type)") }
      return parameter == .any ? .nilInterface : .invalid
    case .field(let names): value = try fields(names, of: dot, at: operand, [], nil, dot: dot)
    case .variable(let name, let names):
      let start = try self.value(of: name)
      value = try fields(names, of: start, at: operand, [], nil, dot: dot)
    case .pipe(let pipe): value = try pipeline(pipe, dot: dot)
    case .identifier(let name):
      value = try call(name, at: operand, within: .operand(operand), [], nil, dot: dot)
    case .chain(let inner, let names):
      value = try chain(inner, names, at: operand, [], nil, dot: dot)
    case .string, .boolean, .number: return try constant(operand, for: parameter, dot: dot)
    }
    return try converted(value, to: parameter)
  }

  private mutating func constant(
    _ operand: TemplateOperand, for parameter: TemplateSignature.Parameter, dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    if case .string(_, let bytes) = operand.kind, parameter.type == nil || parameter == .text {
      return .text(bytes)
    }
    switch parameter {
    case .value, .any: return try literal(operand, dot: dot)
    case .text: throw failure("expected string; found \(operand)")
    case .integer, .duration:
      let value = try literal(operand, dot: dot)
      guard let number = value.wholeNumber else {
        // `1e3` is a whole number, too.
        guard case .number = operand.kind, case .float(let float) = value, let whole = Int64(exactly: float)
        else {
          throw failure("expected integer; found \(operand)")
        }
        return .integer(whole)
      }
      return .integer(number)
    case .time, .named:
      throw failure("can't handle \(operand) for arg of type \(parameter.type ?? "")")
    }
  }

  private func converted(
    _ value: TemplateValue, to parameter: TemplateSignature.Parameter
  ) throws(TemplateError) -> TemplateValue {
    switch parameter {
    case .value: return value
    case .any: return value == .invalid ? .nilInterface : value
    case .text, .integer, .duration, .time, .named:
      let wanted = parameter.type ?? ""
      guard let type = value == .nilInterface ? "interface {}" : value.typeName else {
        throw failure("invalid value; expected \(wanted)")
      }
      // A pointer is followed where its value is wanted.
      guard type == wanted || type == "*" + wanted else {
        throw failure("wrong type for value; expected \(wanted); got \(type)")
      }
      return value
    }
  }
}

extension TemplateSignature.Parameter {
  /// Go's name of the type; nil where any will do.
  fileprivate var type: String? {
    switch self {
    case .value, .any: nil
    case .text: "string"
    case .integer: "int"
    case .duration: "time.Duration"
    case .time: "time.Time"
    case .named(let name): name
    }
  }
}
