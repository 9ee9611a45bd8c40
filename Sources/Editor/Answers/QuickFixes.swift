import Lint
import Manifests
import PromQL

/// Fixes of findings as actions of the editor.
struct QuickFixes {
  let result: LintResult
  let workspace: Workspace

  /// The fixes of findings that touch some bytes; and one for all safe ones of the text.
  func actions(_ document: Document, from start: Int, to end: Int) -> [CodeAction] {
    let here = result.findings.filter { $0.place.source.name == document.source.name }
    var actions: [CodeAction] = []
    for finding in here {
      guard let range = finding.place.range, range.start <= end, start <= range.end else { continue }
      for fix in finding.fixes {
        actions.append(
          CodeAction(
            title: "\(fix.message) (\(finding.code))", kind: "quickfix", isPreferred: fix.isSafe,
            edit: WorkspaceEdit(changes: changes(fix.edits))))
      }
    }
    let safe = FixApplication.compatible(here, unsafe: false)
    if !safe.isEmpty {
      actions.append(
        CodeAction(
          title: "apply all fixes that keep the results", kind: "source.fixAll", isPreferred: false,
          edit: WorkspaceEdit(changes: changes(safe.flatMap(\.edits)))))
    }
    return actions
  }

  private func changes(_ edits: [Fix.Edit]) -> [String: [TextEdit]] {
    var changes: [String: [TextEdit]] = [:]
    for edit in edits {
      let document = workspace.document(edit.source)
      changes[document.uri, default: []].append(
        TextEdit(range: document.range(edit.range), newText: edit.replacement))
    }
    return changes
  }
}
