import Foundation
import Testing

/// What the tool does when its results do not get where they should.
@Suite struct OutputToolTests {
  /// A command line for each way that results take to standard output.
  private static let lines = [
    "demo", "demo --format json",
    "lint Examples/broken", "lint Examples/broken --format concise", "lint Examples/broken --format json",
    "lint Examples/broken --format sarif", "lint Examples/broken --format github",
    "lint Examples/broken --format gitlab", "lint Examples/broken --format junit",
    "lint Examples/podinfo --format sarif", "lint Examples/broken --unsafe-fixes --diff",
    "lint --expr 'rate(a[1m])/rate(a[1m])'",
    "lint --list", "lint --explain MT001",
    "gate -f Examples/podinfo --data Examples/recordings/good.om.gz",
    "gate -f Examples/podinfo --data Examples/recordings/slow.om.gz --format json",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz --format json",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz --format junit",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz --format markdown",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz --format html",
    "query up --data Examples/recordings/good.om.gz --format json",
    "query 'vector(1)' --data Examples/recordings/good.om.gz",
    "query 'vector(1)' --data Examples/recordings/good.om.gz --format csv",
    "query 'vector(1)' --data Examples/recordings/good.om.gz --step 1m",
    "query 'up{' --data Examples/recordings/good.om.gz --format json",
    "explain up", "explain up --show tokens", "explain --types up",
    "explain up --data Examples/recordings/good.om.gz",
    "explain up --data Examples/recordings/good.om.gz --format json", "fmt up",
    "inspect Examples/recordings/good.om.gz", "inspect Examples/recordings/good.om.gz --format json",
    "inspect Examples/recordings/good.om.gz --series up",
    "test Examples/rules/checkout_test.yml", "test Examples/rules/checkout_test.yml --format json",
    "test Examples/rules/checkout_test.yml --format junit",
    "--help", "help", "help query", "query --help", "--version", "--generate-completion-script bash",
    "--experimental-dump-help",
  ]

  @Test(arguments: lines) func `a full disk behind standard output is status 2 and a message`(_ line: String)
    throws
  {
    let run = try Tool.run(shell: "{ promgate \(line) > /dev/full; }")
    #expect(run.status == 2, "\(run.text)")
    #expect(
      run.text.contains("error: standard output: cannot be written: No space left on device"), "\(run.text)")
  }

  @Test func `standard output that is closed is told, and nothing that is opened takes its place`() throws {
    for line in ["fmt up", "query 'vector(1)' --data Examples/recordings/good.om.gz", "--help"] {
      let run = try Tool.run(shell: "{ promgate \(line) >&-; }")
      #expect(run.status == 2 && run.text.contains("Bad file descriptor"), "\(line): \(run.text)")
    }
  }

  @Test func `a language server whose editor's disk is full ends`() throws {
    let hello = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#
    let run = try Tool.run(
      shell:
        "{ printf 'Content-Length: \(hello.utf8.count)\\r\\n\\r\\n%s' '\(hello)' | promgate lsp > /dev/full; }"
    )
    #expect(run.status == 2 && run.text.contains("cannot be written"), "\(run.text)")
  }

  @Test(arguments: [
    "explain 'a + b' --show tokens", "lint --list", "--help",
    "inspect Examples/recordings/good.om.gz --series '{__name__=~\".+\"}' --limit 1000",
    "gate -f Examples/podinfo --data Examples/recordings/good.om.gz --format json",
  ]) func `a pipe that nobody reads ends the tool quietly, as the signal does`(_ line: String) throws {
    // The reader is gone before anything is written.
    let script = "f=$(mktemp); { { sleep 0.3; promgate \(line); echo $? > $f; } | true; }; cat $f; rm $f"
    let run = try Tool.run(shell: script)
    #expect(run.text == "141\n", "\(run.text)")
  }

  @Test func `standard error that takes nothing changes no status`() throws {
    for (line, status) in [("fmt 'a +'", 2), ("query --dta", 2), ("qurey", 2), ("fmt up", 0)] {
      let run = try Tool.run(shell: "{ promgate \(line) 2>/dev/full; }")
      #expect(run.status == Int32(status), "\(line)")
    }
  }

  @Test(arguments: [
    "lint Examples/broken --write-baseline", "test Examples/rules/checkout_test.yml --junit",
    "replay -f Examples/podinfo --data Examples/recordings/good.om.gz --format html --output",
  ]) func `a report that cannot be written is status 2, and what was there stays`(_ line: String) throws {
    let full = try Tool.run(shell: "promgate \(line) /dev/full")
    #expect(full.status == 2, "\(full.text)")
    #expect(
      full.text.contains("error: /dev/full: cannot be written: No space left on device"), "\(full.text)")
    let nowhere = try Tool.run(shell: "promgate \(line) /nowhere/at/all")
    #expect(nowhere.status == 2 && nowhere.text.contains("/nowhere/at/all: cannot be written: No such file"))
    let limited = try Tool.run(
      shell: "{ d=$(mktemp -d); echo beforehand > $d/out; (ulimit -f 0; promgate \(line) $d/out); echo $?;"
        + " cat $d/out; ls -A $d; rm -r $d; }")
    #expect(limited.text.contains("cannot be written: File too large\n"), "\(limited.text)")
    #expect(limited.text.hasSuffix("2\nbeforehand\nout\n"), "\(limited.text)")
    let fine = try Tool.run(
      shell:
        "d=$(mktemp -d); echo beforehand > $d/out; ln -s out $d/link; chmod 600 $d/out; promgate \(line) $d/link;"
        + " grep -c beforehand $d/out; stat -c %a $d/out; stat -c %F $d/link; ls -A $d; rm -r $d")
    #expect(fine.text.hasSuffix("0\n600\nsymbolic link\nlink\nout\n"), "\(fine.text)")
  }

  @Test func `a manifest that cannot be mended stays as it is`() throws {
    let run = try Tool.run(
      shell:
        "{ d=$(mktemp -d); cp Examples/broken/* $d; (ulimit -f 0; promgate lint $d --fix --unsafe-fixes);"
        + " echo $?; diff -r Examples/broken $d && echo same; rm -r $d; }")
    #expect(run.text.hasSuffix("2\nsame\n") && run.text.contains("cannot be written"), "\(run.text)")
  }

  @Test func `a state that cannot be kept ends the gate with status 2`() throws {
    let run = try Tool.run(
      shell: "{ d=$(mktemp -d); for state in $d/state /nowhere/state; do (ulimit -f 0; promgate gate"
        + " -f Examples/podinfo --data Examples/recordings/good.om.gz --state $state 2>&1 > /dev/null |"
        + " sed s,$d,d,); done; ls -A $d; rm -r $d; }")
    #expect(
      run.text == """
        error: d/state: cannot be written: File too large
        error: /nowhere/state: cannot be written: No such file or directory

        """, "\(run.text)")
  }

  @Test func `a recording that cannot be written is status 2`() throws {
    let run = try Tool.run(
      shell: "{ port=$(( 20000 + $$ % 20000 )); d=$(mktemp -d);"
        + " promgate serve --data Examples/recordings/good.om.gz --listen 127.0.0.1:$port 2>/dev/null & s=$!;"
        + " for i in $(seq 100); do curl -sf -o /dev/null http://127.0.0.1:$port/-/ready && break; sleep 0.1; done;"
        + " (ulimit -f 1; promgate record $d/a.rec --match '{__name__=~\".+\"}' --remote-read http://127.0.0.1:$port"
        + " --start 1760000000 --end 1760000890); echo $?; kill $s; rm -r $d; }")
    #expect(run.text.contains("File too large") && run.text.hasSuffix("2\n"), "\(run.text)")
  }
}
