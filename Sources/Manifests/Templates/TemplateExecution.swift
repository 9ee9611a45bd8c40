import PromQL
import TimeSeries

/// Runs a template as Go does, with Go's messages.
struct TemplateExecution {
  private let tree: TemplateTree
  let library: TemplateLibrary
  private var output: [UInt8] = []
  private var map = PositionMap()
  private var steps = 0
  private var calls = 0
  private var producedBytes = 0
  private var variables: [(name: String, value: TemplateValue)] = []
  /// The template that runs: messages name it.
  private var templateName: String
  /// What is being evaluated: messages say so.
  private var site: Site

  /// A node that a message can be about.
  enum Site {
    case pipe(TemplatePipe)
    case command(TemplateCommand)
    case operand(TemplateOperand)
    case call(name: String, pipe: TemplatePipe?, TemplatePlace)
    case place(TemplatePlace)
  }

  private enum Flow {
    case onwards
    case leaveLoop
    case nextRound
  }

  /// - Parameter dot: what `.` is at first.
  /// - Returns: the text, and the way from it to the template's text.
  static func run(
    _ tree: TemplateTree, library: TemplateLibrary, dot: TemplateValue = .invalid
  ) throws(TemplateError) -> (text: String, map: PositionMap) {
    var execution = TemplateExecution(tree: tree, library: library)
    execution.variables = [("$", dot)]
    _ = try execution.walk(tree.root, dot: dot)
    return (String(decoding: execution.output, as: UTF8.self), execution.map)
  }

  private init(tree: TemplateTree, library: TemplateLibrary) {
    self.tree = tree
    self.library = library
    templateName = tree.name
    site = .place(TemplatePlace(position: 0, range: SourceRange(0, 0)))
  }

  // Errors.

  mutating func at(_ site: Site) throws(TemplateError) {
    self.site = site
    steps += 1
    guard steps <= TemplateLimits.steps else {
      throw limit("the template takes more than \(TemplateLimits.steps) steps")
    }
  }

  /// Counts what functions yield: variables could keep all of it.
  mutating func produce(_ bytes: Int) throws(TemplateError) {
    producedBytes += bytes
    guard producedBytes <= TemplateLimits.produced else {
      throw limit("the template's functions yield more than \(TemplateLimits.produced) bytes")
    }
  }

  func limit(_ message: String) -> TemplateError { TemplateError(.limit, message, at: place.range) }

  private var place: TemplatePlace {
    switch site {
    case .pipe(let pipe): pipe.place
    case .command(let command): command.place
    case .operand(let operand): operand.place
    case .call(_, _, let place), .place(let place): place
    }
  }

  private var context: String {
    switch site {
    case .pipe(let pipe): pipe.description
    case .command(let command): command.description
    case .operand(let operand): operand.description
    case .call(let name, let pipe, _):
      "{{template \(GoText.quoted(name))\(pipe.map { " \($0)" } ?? "")}}"
    case .place: ""
    }
  }

  func failure(_ message: String, marking range: SourceRange? = nil) -> TemplateError {
    let before = tree.text.prefix(place.position)
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let location = "\(tree.name):\(line):\(place.position - lineStart)"
    return TemplateError(
      .execution,
      "template: \(location): executing \(GoText.quoted(templateName)) at <\(context)>: \(message)",
      at: range ?? place.range)
  }

  // Output.

  private mutating func write(_ bytes: [UInt8], from range: SourceRange, isVerbatim: Bool)
    throws(TemplateError)
  {
    guard output.count + bytes.count <= TemplateLimits.output else {
      throw limit("the template writes more than \(TemplateLimits.output) bytes")
    }
    output += bytes
    if isVerbatim {
      map.appendVerbatim(range)
    } else {
      map.append(bytes.count, standingFor: range)
    }
  }

  // Nodes.

  private mutating func walk(
    _ nodes: [TemplateNode], dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    for node in nodes {
      switch try walk(node, dot: dot) {
      case .onwards: continue
      case .leaveLoop: return .leaveLoop
      case .nextRound: return .nextRound
      }
    }
    return .onwards
  }

  private mutating func walk(
    _ node: TemplateNode, dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    switch node {
    case .text(let range, let bytes):
      try at(.place(TemplatePlace(position: range.start, range: range)))
      try write(bytes, from: range, isVerbatim: true)
    case .action(let pipe, let range):
      let value = try pipeline(pipe, dot: dot)
      guard pipe.declared.isEmpty else { break }
      let text = value == .invalid ? Array("<no value>".utf8) : GoFormat.plain(value.followed)
      try write(text, from: range, isVerbatim: false)
    case .if(let branch): return try walk(branch, dot: dot, rebindsDot: false)
    case .with(let branch): return try walk(branch, dot: dot, rebindsDot: true)
    case .range(let branch): return try loop(branch, dot: dot)
    case .template(let name, let pipe, let place):
      try call(name, pipe: pipe, at: place, dot: dot)
    case .break(let place):
      try at(.place(place))
      return .leaveLoop
    case .continue(let place):
      try at(.place(place))
      return .nextRound
    }
    return .onwards
  }

  private mutating func walk(
    _ branch: TemplateBranch, dot: TemplateValue, rebindsDot: Bool
  ) throws(TemplateError) -> Flow {
    let mark = variables.count
    defer { variables.removeLast(variables.count - mark) }
    let value = try pipeline(branch.pipe, dot: dot)
    if value.isTrue { return try walk(branch.body, dot: rebindsDot ? value : dot) }
    guard let otherwise = branch.otherwise else { return .onwards }
    return try walk(otherwise, dot: dot)
  }

  private mutating func call(
    _ name: String, pipe: TemplatePipe?, at place: TemplatePlace, dot: TemplateValue
  ) throws(TemplateError) {
    try at(.call(name: name, pipe: pipe, place))
    guard let body = tree.definitions[name] else {
      throw failure("template \(GoText.quoted(name)) not defined")
    }
    guard calls < TemplateLimits.calls else {
      throw limit("templates call each other more than \(TemplateLimits.calls) deep")
    }
    let inner = try pipe.map { pipe throws(TemplateError) in try pipeline(pipe, dot: dot) } ?? .invalid
    let outer = (variables, templateName, site)
    // After an error too: whoever called takes its own variables off again.
    defer {
      calls -= 1
      (variables, templateName, site) = outer
    }
    variables = [("$", inner)]
    templateName = name
    calls += 1
    _ = try walk(body, dot: inner)
  }

  private mutating func loop(
    _ branch: TemplateBranch, dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    try at(.place(branch.place))
    let outerMark = variables.count
    defer { variables.removeLast(variables.count - outerMark) }
    let value = try pipeline(branch.pipe, dot: dot)
    switch value {
    case .map(let pairs) where !pairs.isEmpty:
      for (key, element) in TemplateValue.sorted(pairs) {
        if try round(branch, index: .text(key), element: .text(element)) == .leaveLoop { break }
      }
      return .onwards
    case .dictionary(let pairs) where !pairs.isEmpty:
      for (key, element) in TemplateValue.sorted(pairs) {
        if try round(branch, index: .text(key), element: element) == .leaveLoop { break }
      }
      return .onwards
    case .integer, .byte, .object(.duration(_, isPointer: false)), .object(.month), .object(.weekday),
      .object(.int64):
      guard branch.pipe.declared.count < 2 else {
        let shown = String(decoding: GoFormat.plain(value), as: UTF8.self)
        throw failure("can't use \(shown) to iterate over more than one variable")
      }
      guard let count = value.wholeNumber, count > 0 else { break }
      for number in 0..<count {
        var element = TemplateValue.integer(number)
        if case .byte = value { element = .byte(UInt8(truncatingIfNeeded: number)) }
        if case .object(let object) = value { element = .object(object.counterpart(number)) }
        if try round(branch, index: .invalid, element: element) == .leaveLoop { break }
      }
      return .onwards
    case .list(let list) where !list.items.isEmpty:
      for (index, element) in list.items.enumerated() {
        let position = TemplateValue.integer(Int64(index))
        if try round(branch, index: position, element: element) == .leaveLoop { break }
      }
      return .onwards
    case .map, .dictionary, .list, .invalid, .nilInterface: break
    case .boolean, .float, .complex, .text, .record, .object, .opaque:
      let shown = String(decoding: GoFormat.plain(value), as: UTF8.self)
      throw failure("range can't iterate over \(shown)")
    }
    guard let otherwise = branch.otherwise else { return .onwards }
    return try walk(otherwise, dot: dot)
  }

  private mutating func round(
    _ branch: TemplateBranch, index: TemplateValue, element: TemplateValue
  ) throws(TemplateError) -> Flow {
    try at(.place(branch.place))
    let names = branch.pipe.declared
    let mark = variables.count
    defer { variables.removeLast(variables.count - mark) }
    if branch.pipe.isAssignment {
      if names.count > 1 {
        try assign(names[0], index)
        try assign(names[1], element)
      } else if let name = names.first {
        try assign(name, element)
      }
    } else if let last = names.last {
      // The pipeline has pushed them: the element is the last.
      variables[mark - 1] = (last, element)
      if names.count > 1 { variables[mark - 2] = (names[0], index) }
    }
    return try walk(branch.body, dot: element)
  }

  // Variables.

  mutating func push(_ name: String, _ value: TemplateValue) { variables.append((name, value)) }

  private func lastIndex(of name: String) -> Int? {
    variables.lastIndex { $0.name.utf8.elementsEqual(name.utf8) }
  }

  mutating func assign(_ name: String, _ value: TemplateValue) throws(TemplateError) {
    guard let index = lastIndex(of: name) else { throw failure("undefined variable: \(name)") }
    variables[index].value = value
  }

  func value(of name: String) throws(TemplateError) -> TemplateValue {
    guard let index = lastIndex(of: name) else { throw failure("undefined variable: \(name)") }
    return variables[index].value
  }
}
