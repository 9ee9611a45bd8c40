extension TextTemplate {
  /// The same template with every branch taken: both bodies of each `if`, one after the other, and what
  /// stands behind `else` of each `with` and `range` behind their own. Conditions are worked out all the
  /// same. An `if` that declares a variable stays as it is. Costs one visit a node.
  package var takingAllBranches: TextTemplate {
    var tree = tree
    tree.root = Self.taking(tree.root)
    tree.definitions = tree.definitions.mapValues { Self.taking($0) }
    return TextTemplate(tree: tree)
  }

  private static func taking(_ nodes: [TemplateNode]) -> [TemplateNode] {
    nodes.flatMap { node -> [TemplateNode] in
      switch node {
      case .text, .action, .template, .break, .continue: return [node]
      case .if(let branch):
        guard branch.pipe.declared.isEmpty else {
          var copy = branch
          copy.body = taking(branch.body)
          copy.otherwise = branch.otherwise.map { taking($0) }
          return [.if(copy)]
        }
        var condition = branch
        (condition.body, condition.otherwise) = ([], nil)
        return [.if(condition), always(branch.body, branch.place)] + otherwise(branch)
      case .with(let branch): return [.with(bodyOnly(branch))] + otherwise(branch)
      case .range(let branch): return [.range(bodyOnly(branch))] + otherwise(branch)
      }
    }
  }

  private static func bodyOnly(_ branch: TemplateBranch) -> TemplateBranch {
    var copy = branch
    copy.body = taking(branch.body)
    copy.otherwise = nil
    return copy
  }

  private static func otherwise(_ branch: TemplateBranch) -> [TemplateNode] {
    branch.otherwise.map { [always($0, branch.place)] } ?? []
  }

  /// What it declares ends with it.
  private static func always(_ nodes: [TemplateNode], _ place: TemplatePlace) -> TemplateNode {
    let truth = TemplateOperand(place: place, kind: .boolean(true))
    let pipe = TemplatePipe(place: place, commands: [TemplateCommand(place: place, operands: [truth])])
    return .if(TemplateBranch(place: place, pipe: pipe, body: taking(nodes), otherwise: nil))
  }
}
