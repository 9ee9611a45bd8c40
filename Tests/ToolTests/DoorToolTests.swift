import Foundation
import Testing

/// What strangers can do to the tool that runs long (docs/security.md).
@Suite struct DoorToolTests {
  @Test func `connections wait while there are no descriptors, cost nothing meanwhile, and go on`() throws {
    let text = try Tool.run(
      shell: """
        log=$(mktemp); port=$(( 20000 + $$ % 20000 ))
        (ulimit -n 40; exec promgate serve --receive --listen 127.0.0.1:$port 2>$log) & pid=$!
        for i in $(seq 200); do grep -q Listening $log && break; sleep 0.05; done
        python3 - $port $pid <<'END'
        import os, socket, sys, time, urllib.request
        port, pid = int(sys.argv[1]), int(sys.argv[2])
        def ticks():
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        # In front of their first bytes connections are idle and make room; these are not.
        taken = []
        for _ in range(60):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"GET / HTTP/1.1\\r\\nHo")
            taken.append(client)
        time.sleep(0.5)
        before = ticks()
        time.sleep(2)
        spent = ticks() - before
        print("spent little" if spent < 20 * os.sysconf("SC_CLK_TCK") // 100 * 2 else f"spent {spent} ticks")
        for client in taken:
            client.close()
        for _ in range(100):
            try:
                body = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
                break
            except OSError:
                time.sleep(0.1)
        found = [line for line in body.splitlines() if line.startswith("promgate_refusals_total")]
        reasons = [line for line in found if '"connections"' in line or '"no_descriptors"' in line]
        print("counted" if any(not line.endswith(" 0") for line in reasons) else found)
        END
        kill -TERM $pid; wait $pid; echo "status $?"
        grep -c 'level=WARN .*msg=Refused.* reason=' $log >/dev/null && echo logged
        rm $log
        """
    ).text
    #expect(text == "spent little\ncounted\nstatus 0\nlogged\n", "\(text)")
  }

  @Test func `a state that no analysis leaves is refused with what is wrong`() throws {
    let good =
      #"{"version":1,"canary":"podinfo.test","time":1760000000000,"state":{"phase":"Progressing","failedChecks":0,"#
      + #""unmeasuredChecks":0,"canaryWeight":5,"iterations":0,"routes":{"primary":95,"canary":5,"isMirrored":false}}}"#
    func gate(_ state: String) throws -> Tool.Run {
      try Tool.run(
        shell: """
          exec 2>&1; f=$(mktemp); printf '%s' '\(state)' > $f
          promgate gate -f Examples/podinfo --data Examples/recordings/good.om.gz --start 1760000000 --webhooks skip \
            --state $f > /dev/null; s=$?; rm -f $f; exit $s
          """)
    }
    let going = try gate(good)
    #expect(going.status == 0 && going.text.contains("Going on from the state"), "\(going.text)")
    let broken: [(old: String, new: String, message: String)] = [
      (#""failedChecks":0"#, #""failedChecks":-5"#, "failedChecks -5 is negative"),
      (
        #""failedChecks":0"#, #""failedChecks":9223372036854775807"#,
        "failedChecks 9223372036854775807 is no count"
      ),
      (#""failedChecks":0"#, #""failedChecks":1.5"#, "not a state"),
      (#""failedChecks":0"#, #""failedChecks":null"#, "state.failedChecks is null"),
      (#""failedChecks":0,"#, "", "state.failedChecks is missing"),
      (
        #""unmeasuredChecks":0"#, #""unmeasuredChecks":1"#, "unmeasuredChecks 1 is not from 0 to failedChecks"
      ),
      (#""canaryWeight":5"#, #""canaryWeight":101"#, "canaryWeight 101 is not from 0 to 100"),
      (#""iterations":0"#, #""iterations":7"#, "iterations 7 is more than the 0"),
      (#""primary":95"#, #""primary":9"#, "routes of 9 and 5 are not 100 together"),
      (#""primary":95"#, #""primary":9223372036854775807"#, "are not 100 together"),
      ("1760000000000", "-1", "time -1 is negative"),
      ("1760000000000", "9223372036854775808", "not a state"),
      ("1760000000000", "NaN", "not a state"),
      ("Progressing", "Sleeping", "state.phase is not what it should be"),
      (#""version":1"#, #""version":2"#, "of version 2, which is not known here"),
      ("podinfo.test", #"other.test"#, "the state of other.test, not of podinfo.test"),
      (good, "[]", "not a state"), (good, "", "not a state"), (good, #"{"version":1}"#, "canary is missing"),
    ]
    for (old, new, message) in broken {
      let run = try gate(good.replacingOccurrences(of: old, with: new))
      #expect(run.status == 2 && run.text.contains(message), "\(new): \(run.status) \(run.text)")
    }
  }

  @Test func `a command that does not end is ended, and what it writes is bounded`() throws {
    let gate =
      "promgate gate -f Examples/podinfo --data Examples/recordings/good.om.gz --start 1760000000 --webhooks skip"
    let run = try Tool.run(
      shell: #"""
        exec 2>&1; f=$(mktemp); \#(gate) --on-weight-timeout 300ms \
          --on-weight 'trap "" TERM; echo $$ > '$f'; printf "\033[2Jx\n"; yes | head -c 3000000; sleep 1000 & sleep 1000' 2>&1 >/dev/null \
          | sed 's/.*source=[A-Za-z.]*:[0-9]* //'; kill -0 -- -$(cat $f) 2>/dev/null && echo survived; rm $f
        """#)
    #expect(
      run.text.contains(#"msg="Output of --on-weight" line="\x1b[2Jx""# + "\n"), "\(run.text.prefix(500))")
    #expect(run.text.contains("too long; the rest is dropped"))
    #expect(
      run.text.contains("took longer than --on-weight-timeout when it was to set the canary's weight to 5"))
    #expect(!run.text.contains("survived") && run.text.utf8.count < 20_000, "\(run.text.suffix(500))")
    let interrupted = try Tool.run(
      shell: #"""
        exec 2>&1; f=$(mktemp); timeout -s TERM 1 \#(gate) --on-weight 'trap "" TERM; echo $$ > '$f'; sleep 1000' > /dev/null
        kill -0 -- -$(cat $f) 2>/dev/null && echo survived; rm $f
        """#)
    #expect(
      interrupted.text.contains("interrupted") && !interrupted.text.contains("survived"),
      "\(interrupted.text)")
  }

  @Test func `logs are logfmt or JSON, from a level on, and hold no raw text of others`() throws {
    func log(_ flags: String) throws -> String {
      try Tool.run(
        shell: #"""
          port=$(( 20000 + $$ % 20000 )); log=$(mktemp)
          python3 - $((port + 1)) <<'END' & target=$!
          import socket, sys
          server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
          server.bind(("127.0.0.1", int(sys.argv[1]))); server.listen(8)
          while True:
              client, _ = server.accept(); client.recv(65536)
              client.sendall("HTTP/1.1 500 \x1b[31mno\x9b2J\u202e\r\nContent-Type: \x1b]0;t\x07\r\nContent-Length: 0\r\n\r\n".encode())
              client.close()
          END
          promgate serve --listen 127.0.0.1:$port --interval 100ms --scrape http://127.0.0.1:$((port + 1)) \#(flags) 2>$log & pid=$!
          for i in $(seq 600); do grep -q down $log && break; sleep 0.05; done
          # Whatever the others say: who is left would hold the output open.
          kill -KILL $target; kill -TERM $pid; wait $pid; cat $log; rm $log
          """#
      ).text
    }
    for flags in ["", "--log.format json", "--log.level warn", "--log.level=debug --log.format=logfmt"] {
      let text = try log(flags)
      let lines = text.split(separator: "\n")
      #expect(text.contains("Target is down") && lines.contains { $0.contains("WARN") }, "\(flags): \(text)")
      #expect(text.contains("Listening") == !flags.contains("warn"), "\(flags): \(text)")
      for scalar in text.unicodeScalars where scalar != "\n" {
        let isRaw =
          scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        #expect(!isRaw, "\(flags): U+\(String(scalar.value, radix: 16))")
      }
      for line in lines {
        if flags.contains("json") {
          let object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
          #expect(
            object?["time"] is String && object?["level"] is String && object?["msg"] is String, "\(line)")
        } else {
          let form =
            /time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(DEBUG|INFO|WARN|ERROR) source=[\w+]+\.swift:\d+ msg=.*/
          #expect(line.wholeMatch(of: form) != nil, "\(line)")
        }
      }
    }
    let wrong = try Tool.run(shell: "promgate serve --receive --log.level loud")
    #expect(wrong.status == 2 && wrong.text.contains("debug"), "\(wrong.text)")
  }

  @Test func `every flag that the page of security names is one of the tool`() throws {
    let page = try String(contentsOf: Tool.root.appending(path: "docs/security.md"), encoding: .utf8)
    let help = try ["serve", "gate", "record"].map { try Tool.run(shell: "promgate \($0) --help").text }
      .joined()
    let flags = Set(page.matches(of: /`(--[a-z.-]+)/).map { String($0.1) })
    #expect(flags.count > 20)
    for flag in flags {
      #expect([" ", ",", "\n"].contains { help.contains(flag + $0) }, "\(flag)")
    }
  }
}
