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
  /// Whether a variable of the template's author stands for all of it: after `{{ $job := $labels.job }}`
  /// that is `{{ $job }}`.
  package var isThroughVariable = false
}

extension TextTemplate {
  /// Every value that is looked at by name, in the order written; what a constant key of `index` names
  /// too, and what a variable stands for. A field of what `range` stands on, or of what a function yields, is
  /// none of the template's own data and left out.
  package var uses: [TemplateUse] {
    var walk = TemplateUseWalk()
    for name in tree.definitions.keys.sorted() {
      let nodes = tree.definitions[name] ?? []
      walk.nodes(nodes, dot: name == tree.name ? TemplateUseWalk.Path(root: ".", fields: []) : nil)
    }
    return walk.found.sorted { $0.range.start < $1.range.start }
  }
}

private struct TemplateUseWalk {
  var found: [TemplateUse] = []
  /// What variables stand for.
  private var variables: [String: Path] = [:]

  /// A value, from the template's own data on.
  struct Path {
    var root: String
    var fields: [String]
  }

  /// - Parameter dot: what the dot is; nil where it is none of the template's own data.
  mutating func nodes(_ nodes: [TemplateNode], dot: Path?) {
    for node in nodes {
      switch node {
      case .text, .break, .continue: break
      case .action(let value, _):
        pipe(value, dot, isWritten: value.declared.isEmpty)
        declare(value, dot, isElement: false)
      case .if(let branch): self.branch(branch, dot, within: dot, isElement: false)
      case .with(let branch): self.branch(branch, dot, within: path(branch.pipe, dot), isElement: false)
      case .range(let branch): self.branch(branch, dot, within: nil, isElement: true)
      case .template(_, let value, _): if let value { pipe(value, dot, isWritten: false) }
      }
    }
  }

  private mutating func branch(_ branch: TemplateBranch, _ dot: Path?, within: Path?, isElement: Bool) {
    pipe(branch.pipe, dot, isWritten: false)
    let outer = variables
    declare(branch.pipe, dot, isElement: isElement)
    nodes(branch.body, dot: within)
    nodes(branch.otherwise ?? [], dot: dot)
    // What was declared inside ends here; what was given another value is no longer known.
    variables = outer.filter { variables[$0.key] != nil }
  }

  /// Takes up what a variable stands for from here on.
  private mutating func declare(_ pipe: TemplatePipe, _ dot: Path?, isElement: Bool) {
    for name in pipe.declared { variables[name] = nil }
    guard pipe.declared.count == 1, !pipe.isAssignment, !isElement else { return }
    variables[pipe.declared[0]] = path(pipe, dot)
  }

  /// What a pipeline without functions is.
  private func path(_ pipe: TemplatePipe, _ dot: Path?) -> Path? {
    guard pipe.commands.count == 1, pipe.commands[0].operands.count == 1 else { return nil }
    switch pipe.commands[0].operands[0].kind {
    case .dot: return dot
    case .field(let names): return dot.map { Path(root: $0.root, fields: $0.fields + names) }
    case .variable(let name, let fields): return known(name, fields)
    case .pipe(let inner): return path(inner, dot)
    case .identifier, .nilValue, .boolean, .number, .string, .chain: return nil
    }
  }

  private func known(_ variable: String, _ fields: [String]) -> Path {
    if variable == "$" { return Path(root: ".", fields: fields) }
    if let path = variables[variable] { return Path(root: path.root, fields: path.fields + fields) }
    return Path(root: variable, fields: fields)
  }

  private mutating func pipe(_ pipe: TemplatePipe, _ dot: Path?, isWritten: Bool) {
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
        self.operand(operand, keys, functions, dot, isWritten: isWritten)
      }
    }
  }

  private mutating func operand(
    _ operand: TemplateOperand, _ keys: [String], _ functions: [String], _ dot: Path?, isWritten: Bool
  ) {
    func use(_ path: Path, isThroughVariable: Bool = false) {
      found.append(
        TemplateUse(
          root: path.root, fields: path.fields + keys, range: operand.place.range, isWritten: isWritten,
          functions: functions, isThroughVariable: isThroughVariable && keys.isEmpty))
    }
    switch operand.kind {
    case .identifier, .nilValue, .boolean, .number, .string: break
    case .dot: if let dot { use(dot) }
    case .field(let names): if let dot { use(Path(root: dot.root, fields: dot.fields + names)) }
    case .variable(let name, let fields):
      // Prometheus' own variables stand for all templates.
      let isOwn = fields.isEmpty && variables[name] != nil && !Self.given.contains(name)
      use(known(name, fields), isThroughVariable: isOwn)
    case .pipe(let inner): pipe(inner, dot, isWritten: isWritten)
    case .chain(let inner, let fields):
      self.operand(inner, fields, functions, dot, isWritten: isWritten)
    }
  }

  private static let given: Set<String> = ["$labels", "$value", "$externalLabels", "$externalURL"]
}
