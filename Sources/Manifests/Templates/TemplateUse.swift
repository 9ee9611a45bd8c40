package import PromQL

/// A value that a template looks at.
package struct TemplateUse: Sendable, Hashable {
  /// The variable with its `$`, or `.` for the template's own data.
  package var root: String
  /// What is looked at in it: `Labels`, `job`.
  package var fields: [String]
  /// In the template's text.
  package var range: SourceRange
  /// Whether it is written, and not only decided on.
  package var isWritten: Bool
  /// The functions that its pipeline calls.
  package var functions: [String]
}

extension TextTemplate {
  /// Every value that is looked at by name, in the order written; what a constant key of `index` names
  /// too. A field of what `range` and `with` stand on is none of the template's own data and left out.
  package var uses: [TemplateUse] {
    var walk = TemplateUseWalk()
    for name in tree.definitions.keys.sorted() {
      walk.nodes(tree.definitions[name] ?? [], isOwn: name == tree.name)
    }
    return walk.found.sorted { $0.range.start < $1.range.start }
  }
}

private struct TemplateUseWalk {
  var found: [TemplateUse] = []

  /// - Parameter isOwn: whether the dot is the template's own data.
  mutating func nodes(_ nodes: [TemplateNode], isOwn: Bool) {
    for node in nodes {
      switch node {
      case .text, .break, .continue: break
      case .action(let value, _): pipe(value, isOwn: isOwn, isWritten: value.declared.isEmpty)
      case .if(let branch): self.branch(branch, isOwn: isOwn, isOwnWithin: isOwn)
      case .with(let branch), .range(let branch): self.branch(branch, isOwn: isOwn, isOwnWithin: false)
      case .template(_, let value, _):
        if let value { pipe(value, isOwn: isOwn, isWritten: false) }
      }
    }
  }

  private mutating func branch(_ branch: TemplateBranch, isOwn: Bool, isOwnWithin: Bool) {
    pipe(branch.pipe, isOwn: isOwn, isWritten: false)
    nodes(branch.body, isOwn: isOwnWithin)
    nodes(branch.otherwise ?? [], isOwn: isOwn)
  }

  private mutating func pipe(_ pipe: TemplatePipe, isOwn: Bool, isWritten: Bool) {
    let functions = pipe.commands.flatMap { command in
      command.operands.compactMap { operand in
        if case .identifier(let name) = operand.kind { name } else { nil }
      }
    }
    for command in pipe.commands {
      for (position, operand) in command.operands.enumerated() {
        var keys: [String] = []
        if position == 1, case .identifier("index")? = command.operands.first?.kind,
          command.operands.count > 2, case .string(_, let key) = command.operands[2].kind
        {
          keys = [String(decoding: key, as: UTF8.self)]
        }
        self.operand(operand, keys, functions, isOwn: isOwn, isWritten: isWritten)
      }
    }
  }

  private mutating func operand(
    _ operand: TemplateOperand, _ keys: [String], _ functions: [String], isOwn: Bool, isWritten: Bool
  ) {
    func use(_ root: String, _ fields: [String]) {
      found.append(
        TemplateUse(
          root: root, fields: fields + keys, range: operand.place.range, isWritten: isWritten,
          functions: functions))
    }
    switch operand.kind {
    case .identifier, .nilValue, .boolean, .number, .string: break
    case .dot: if isOwn { use(".", []) }
    case .field(let names): if isOwn { use(".", names) }
    case .variable("$", let fields): use(".", fields)
    case .variable(let name, let fields): use(name, fields)
    case .pipe(let inner): pipe(inner, isOwn: isOwn, isWritten: isWritten)
    case .chain(let inner, let fields):
      self.operand(inner, fields, functions, isOwn: isOwn, isWritten: isWritten)
    }
  }
}
