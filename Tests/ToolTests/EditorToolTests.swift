import Foundation
import Testing

/// `promgate lsp`, as editors run it.
@Suite struct EditorToolTests {
  @Test func `a session over pipes ends with the status that the protocol says`() throws {
    func framed(_ body: String) -> String { "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" }
    let hello = framed(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#)
    let goodbye =
      framed(#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#) + framed(#"{"jsonrpc":"2.0","method":"exit"}"#)
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    for (text, status) in [(hello + goodbye, 0), (hello, 1), ("nonsense\r\n\r\n", 2)] {
      try text.write(to: file, atomically: true, encoding: .utf8)
      let run = try Tool.run(shell: "promgate lsp < \(file.path())")
      #expect(run.status == Int32(status), "\(run.text)")
      if status < 2 { #expect(run.text.contains(#""name":"promgate""#)) }
    }
  }

  private static let hasNeovim = (try? Tool.run(shell: "nvim --version").status) == 0

  /// Skipped where no Neovim is installed (`apt-get install neovim`).
  @Test(.enabled(if: hasNeovim, "needs Neovim"))
  func `Neovim shows findings and what is known of a part`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.copyItem(at: Tool.root.appending(path: "Examples/broken"), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let script = folder.appending(path: "session.lua")
    try """
    vim.cmd("edit \(folder.path())/templates.yaml")
    local id = vim.lsp.start_client({name = "promgate", cmd = {"promgate", "lsp"}, root_dir = "\(folder.path())"})
    vim.lsp.buf_attach_client(0, id)
    vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end)
    for _, found in ipairs(vim.diagnostic.get(0)) do print(found.lnum + 1, found.message:match("[^\\n]*")) end
    local place = {textDocument = vim.lsp.util.make_text_document_params(), position = {line = 11, character = 12}}
    for _, answer in pairs(vim.lsp.buf_request_sync(0, "textDocument/hover", place, 30000)) do
      print(answer.result.contents.value:match("[^\\n]*"))
    end
    vim.lsp.stop_client(id)
    vim.cmd("qa!")
    """.write(to: script, atomically: true, encoding: .utf8)
    let run = try Tool.run(shell: "timeout 60 nvim --headless -u NONE -c 'luafile \(script.path())'")
    #expect(
      run.text.contains("12 numerator and denominator meet series by series, so this ratio is always 1"),
      "\(run.text)")
    #expect(run.text.contains("36 this is a success rate, and the threshold has only a max"))
    #expect(run.text.contains("`rate(range-vector)`: Increase of a counter per second"))
  }
}
