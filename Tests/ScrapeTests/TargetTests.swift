import Scrape
import Testing
import TimeSeries

@Suite struct TargetTests {
  @Test func `a target is read from one argument`() throws {
    let cases: [(text: String, url: String, labels: String)] = [
      ("localhost:9100", "http://localhost:9100/metrics", #"{instance="localhost:9100", job="promgate"}"#),
      ("http://h/m?a=1,2", "http://h/m?a=1,2", #"{instance="h", job="promgate"}"#),
      ("https://h:8443/,job=x,zone=eu", "https://h:8443/", #"{instance="h:8443", job="x", zone="eu"}"#),
      ("HTTP://h?x=y", "http://h/?x=y", #"{instance="h", job="promgate"}"#),
      (
        #"h,a="b,c\"d\\e",instance=me"#,
        "http://h/metrics",
        #"{a="b,c\"d\\e", instance="me", job="promgate"}"#
      ),
      ("[::1]:90", "http://[::1]:90/metrics", #"{instance="[::1]:90", job="promgate"}"#),
      ("h,job=", "http://h/metrics", #"{instance="h"}"#),
    ]
    for (text, url, labels) in cases {
      let target = try Target(argument: text)
      #expect(target.url == url && target.labels.description == labels, "\(text)")
    }
    let secret = try Target(argument: "http://me:p:w@h/x")
    #expect(secret.access.authorization == .basic(user: "me", password: "p:w"))
    #expect(secret.url == "http://h/x" && secret.labels["instance"] == "h")
    #expect(secret.access.authorization.headerValue == "Basic bWU6cDp3")
  }

  @Test func `a broken target is refused with the place`() {
    let cases: [(text: String, description: String)] = [
      ("", #"target "", column 1: the address names no host"#),
      ("ftp://h", #"target "ftp://h", column 1: unknown scheme "ftp"; use http:// or https://"#),
      ("http://", #"target "http://", column 8: the address names no host"#),
      ("http://h:0", #"target "http://h:0", column 8: "0" is no port; a port is a number from 1 to 65535"#),
      ("h:99999", #"target "h:99999", column 1: "99999" is no port; a port is a number from 1 to 65535"#),
      ("h h", #"target "h h", column 2: an address holds no blanks or control characters"#),
      ("[::1", #"target "[::1", column 1: missing ] after an IPv6 address"#),
      ("h,job", #"target "h,job", column 3: expected label=value after the comma"#),
      ("h,a=1,a=2", #"target "h,a=1,a=2", column 7: label "a" is given twice"#),
      ("h,__x=1", #"target "h,__x=1", column 3: label names that begin with __ are reserved"#),
      (
        "h,a=1,b-c=2",
        #"target "h,a=1,b-c=2", column 7: a label's name consists of letters, digits and _, and no "#
          + #"digit comes first"#
      ),
      (#"h,a="x"#, #"target "h,a="x", column 5: the quote is never closed"#),
      (#"h,a="x"y"#, #"target "h,a="x"y", column 8: expected a comma or the end after the closing quote"#),
    ]
    for (text, description) in cases {
      let problem = #expect(throws: Target.ArgumentProblem.self, "\(text)") {
        try Target(argument: text)
      }
      #expect(problem?.description == description)
    }
  }

  @Test func `a scrape asks as Prometheus asks`() {
    let request = target { $0.timeoutMilliseconds = 400 }.request()
    #expect(request.method == .get && request.timeoutMilliseconds == 400 && request.compressed)
    #expect(
      request.headers == [
        HTTPRequest.Header(
          "Accept",
          "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            + "application/openmetrics-text;version=0.0.1;q=0.5,"
            + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
        HTTPRequest.Header("X-Prometheus-Scrape-Timeout-Seconds", "0.4"),
      ])
    let late = target { $0.timeoutMilliseconds = 20_000 }.request(speed: 10)
    #expect(late.timeoutMilliseconds == 1000)
    #expect(late.headers.last?.value == "10")
  }
}
