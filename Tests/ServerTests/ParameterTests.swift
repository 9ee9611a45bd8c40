import Server
import Testing
import TimeSeries

struct ParameterTests {
  @Test func `times are seconds or RFC 3339`() {
    let cases: [(String, Int64?)] = [
      ("0", 0), ("1.5", 1500), ("-1.5", -1500), ("1e3", 1_000_000), ("+1", 1000), ("1_000", 1_000_000),
      ("1.0005", 1000), ("1748736000.123", 1_748_736_000_123), ("0.9999", 1000),
      ("2025-06-01T00:00:00Z", 1_748_736_000_000), ("2025-06-01T00:00:00+02:00", 1_748_728_800_000),
      ("2025-06-01T00:00:00.9996Z", 1_748_736_000_999), ("2025-06-01T00:00:00,5Z", 1_748_736_000_500),
      ("1969-12-31T23:59:59.5Z", -500), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
      ("0001-01-01T00:00:00Z", nil), ("1700-01-01T00:00:00Z", -8_520_336_000_000),
      ("-292273086-05-16T16:47:06Z", .min), ("292277025-08-18T07:12:54.999999999Z", .max),
      ("", nil), (" 1", nil), ("1 ", nil), ("abc", nil), ("NaN", nil), ("Inf", nil), ("1e10", nil),
      ("0x10", nil), ("2025-06-01", nil), ("2025-06-01T00:00:00", nil), ("2025-02-29T00:00:00Z", nil),
      ("2025-06-01T24:00:00Z", nil), ("2025-06-01t00:00:00z", nil), ("2025-06-01T00:00:00.Z", nil),
      ("1e999", nil), ("2025-06-01T00:00:00+25:00", nil), ("9999-12-31T23:59:59Z", nil),
    ]
    for (text, expected) in cases {
      #expect((try? TimeParameter.milliseconds(text.utf8)) == expected, "\(text)")
    }
  }

  @Test func `a time that was read is written back`() throws {
    for text in ["2025-06-01T00:00:00Z", "1969-12-31T23:59:59.5Z", "2024-02-29T12:34:56.789Z"] {
      #expect(TimeParameter.text(try TimeParameter.milliseconds(text.utf8)) == text)
    }
  }

  @Test func `durations are seconds or units`() {
    let cases: [(String, Int64?)] = [
      ("5", 5_000_000_000), ("0.5", 500_000_000), ("-1", -1_000_000_000), ("1h30m", 5_400_000_000_000),
      ("5ms", 5_000_000), ("NaN", .min), ("1.5s", nil), ("-5s", nil), ("x", nil), ("", nil),
      ("1e30", nil), ("Inf", nil), ("300y", nil),
    ]
    for (text, expected) in cases {
      #expect((try? TimeParameter.nanoseconds(text.utf8)) == expected, "\(text)")
    }
  }

  private let form = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]

  @Test func `parameters of the body win over those of the URL`() async {
    let endpoint = Endpoint()
    let path = "/api/v1/query?query=url&time=1&limit=%zz"
    let body = #"{"status":"success","data":{"resultType":"string","result":[1,"a +"]}}"#
    let answer = await endpoint.send(.post, path, form, body: "query=%22a+%2B%22&;=1")
    #expect(String(decoding: answer.body.bytes, as: UTF8.self) == body)
  }

  @Test func `match parameters of the body and of the URL add up`() async throws {
    let endpoint = Endpoint()
    for name in ["a", "b", "c"] { try endpoint.add([("__name__", name)], at: 0, 1) }
    let answer = await endpoint.send(
      .post, "/api/v1/series?match[]=a", form, body: "match%5B%5D=b")
    let expected = #"{"status":"success","data":[{"__name__":"a"},{"__name__":"b"}]}"#
    #expect(String(decoding: answer.body.bytes, as: UTF8.self) == expected)
  }

  @Test func `a faulty encoding is told where the reference tells it`() async {
    let endpoint = Endpoint()
    for (query, problem) in [
      ("match[]=a&x=%zz", #"invalid URL escape \"%zz\""#), ("match[]=a&x=%4", #"invalid URL escape \"%4\""#),
      ("match[]=a;b", "invalid semicolon separator in query"),
    ] {
      let text = await endpoint.text("/api/v1/series?\(query)")
      let message = "error parsing form values: \(problem)"
      #expect(text == #"{"status":"error","errorType":"bad_data","error":"\#(message)"}"#)
    }
  }

  @Test func `a form may come in parts`() async {
    let endpoint = Endpoint()
    let good =
      "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n\"a b\"\r\n--B\r\n"
      + "content-disposition: FORM-DATA; name=time\r\nX: y\r\n\r\n4\r\n--B--\r\n"
    let file =
      "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"query\"; filename=\"x\"\r\n\r\n1\r\n"
      + "--B  \r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n7\r\n--B--"
    let type = "multipart/form-data; boundary=B"
    let missing = "no expression found in input"
    // As 3.5.3 answers.
    for (query, type, body, expected) in [
      ("time=4", type, good, #"[4,"a b"]"#),
      ("time=4", "Multipart/Form-Data;boundary=\"B\"", good, #"[4,"a b"]"#),
      ("query=2&time=5", type, good, #"[5,"2"]"#), ("time=4", type, file, #"[4,"7"]"#),
      ("time=4", type, good.replacing("\r\n", with: "\n"), #"[4,"a b"]"#), ("a=b", type, good, #"[4,"a b"]"#),
      ("time=4", "multipart/form-data", good, missing),
      ("time=4", "multipart/form-data; boundary=C", good, missing),
      ("time=4", "multipart/mixed; boundary=B", good, missing),
      ("time=4", type, String(good.dropLast(10)), missing),
      ("time=4", type, "", missing), ("time=4", type, "--B--", missing),
      ("time=4", type, "--B\r\n\r\n--B--", missing),
      (
        "time=4", type, "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n--Bx\r\n--B--",
        #""resultType":"vector""#
      ),
    ] {
      let answer = await endpoint.send(.post, "/api/v1/query?\(query)", [("Content-Type", type)], body: body)
      let text = String(decoding: answer.body.bytes, as: UTF8.self)
      #expect(text.contains(expected), "\(query) \(type): \(text)")
    }
  }

  @Test func `a body is a form only when it says so`() async {
    let endpoint = Endpoint()
    let missing = "unknown position: parse error: no expression found in input"
    for (method, fields, isRead) in [
      (ServerRequest.Method.post, [], false), (.get, form, false),
      (.post, [("content-type", "Application/X-WWW-Form-Urlencoded")], true),
      (.post, [("content-type", "application/json")], false),
    ] {
      let answer = await endpoint.send(method, "/api/v1/query", fields, body: "query=1")
      #expect(String(decoding: answer.body.bytes, as: UTF8.self).contains(missing) == !isRead)
    }
  }

  @Test func `label names in paths may be escaped`() async throws {
    let endpoint = Endpoint()
    let names = ["la.bel", "a_b", "U__a_zz_", "U__a_", "plain", "😀", "U___D800_", "a b"]
    for name in names { try endpoint.add([("__name__", "m"), (name, "value of \(name)")], at: 0, 1) }
    let cases = [
      ("U__la_2e_bel", "la.bel"), ("U__a__b", "a_b"), ("U__a_zz_", "U__a_zz_"), ("U__a_", "U__a_"),
      ("plain", "plain"), ("U___1F600_", "😀"), ("U___D800_", "U___D800_"), ("a%20b", "a b"),
      ("la.bel", "la.bel"),
    ]
    for (escaped, name) in cases {
      let text = await endpoint.text("/api/v1/label/\(escaped)/values")
      #expect(text == #"{"status":"success","data":["value of \#(name)"]}"#, "\(escaped)")
    }
    for (path, shown) in [("%ff", #"\\xff"#), ("U__", "")] {
      let text = await endpoint.text("/api/v1/label/\(path)/values")
      let message = #"invalid label name: \"\#(shown)\""#
      #expect(text == #"{"status":"error","errorType":"bad_data","error":"\#(message)"}"#)
    }
  }

  @Test func `addresses to listen on`() throws {
    let cases = [
      ("127.0.0.1:9090", "127.0.0.1:9090"), (":80", "0.0.0.0:80"), ("[::1]:1", "[::1]:1"),
      ("localhost:0", "localhost:0"),
    ]
    for (text, description) in cases {
      #expect(try ListenAddress(parsing: text).description == description)
    }
    for text in [
      "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "a b:1", "http://a:1",
    ] {
      #expect(throws: ListenAddress.Problem.self) { try ListenAddress(parsing: text) }
    }
  }
}
