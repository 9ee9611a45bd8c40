import Gate
import Testing

@Suite struct AddressTests {
  @Test func `an address is read as Flagger reads it`() throws {
    let cases = [
      ("http://prom:9090", "http://prom:9090/api/v1/query?query=up"),
      ("http://prom:9090/", "http://prom:9090/api/v1/query?query=up"),
      ("http://prom:9090/prometheus/", "http://prom:9090/prometheus/api/v1/query?query=up"),
      ("http://prom/?dedup=true", "http://prom/api/v1/query?query=up"),
      ("http://prom?dedup=true", "http://prom/api/v1/query?query=up"),
      ("https://prom/a#f", "https://prom/a/api/v1/query?query=up"),
      ("http://prom//a//b/../c/./", "http://prom/a/c/api/v1/query?query=up"),
      ("http://user:word@prom/x", "http://user:word@prom/x/api/v1/query?query=up"),
      ("HTTP://[::1]:9090", "http://[::1]:9090/api/v1/query?query=up"),
    ]
    for (address, url) in cases {
      #expect(try PrometheusAddress(address).queryURL("up") == url)
    }
    let address = try PrometheusAddress("http://p")
    #expect(
      address.queryURL("sum(a{b=\"ü+\"}) / 2", at: 1_500)
        == "http://p/api/v1/query?query=sum%28a%7Bb%3D%22%C3%BC%2B%22%7D%29+%2F+2&time=1.5")
  }

  @Test func `an address that cannot be asked is refused with a reason`() {
    for (address, words) in [
      ("", "prometheus address  is not a valid URL"), ("prometheus", "is not a valid URL"),
      ("prom:9090", "unsupported protocol scheme \"prom\""), ("http://", "no host"),
      ("http://a b", "is not a valid URL"), ("ftp://a", "unsupported protocol scheme"),
      ("http:/a", "unsupported"), ("://", "is not a valid URL"), ("9://a", "is not a valid URL"),
    ] {
      do {
        _ = try PrometheusAddress(address)
        Issue.record("\(address) was taken")
      } catch {
        #expect(error.description.contains(words))
      }
    }
  }

  @Test func `a server is asked with the headers that were given`() async throws {
    let asked = Asked()
    let source = RemoteEvidence(
      .one(
        try PrometheusAddress("http://prom:9090"),
        headers: [MetricsServer.Header(name: "X-Scope-OrgID", value: "tenant")])
    ) { query in
      await asked.add(query)
      return HTTPAnswer(
        status: 200, reason: "OK",
        body: Array(
          #"{"data":{"result":[{"metric":{},"value":[1,"7"]}]},"warnings":["slow"]}"#.utf8))
    }
    let check = Check(
      metric: "m", kind: .inline, query: .text("a  \n +b"), bounds: .range(min: nil, max: nil))
    let evidence = try await source.evidence(for: check, at: 5_000)
    #expect(await asked.queries.map(\.url) == ["http://prom:9090/api/v1/query?query=a+%2Bb"])
    #expect(await asked.queries.first?.headers.first?.name == "X-Scope-OrgID")
    #expect(check.outcome(of: evidence).reasons == ["slow"])
  }

  @Test func `nobody at the other end is an error with a reason`() async throws {
    struct Refused: Error, CustomStringConvertible { var description: String { "connection refused" } }
    let source = RemoteEvidence(.ofEachCheck) { _ in throw Refused() }
    var check = Check(
      metric: "m", kind: .template("t.default"), query: .text("a"),
      bounds: .range(min: nil, max: nil), server: MetricsServer(address: "http://prom"))
    let evidence = try await source.evidence(for: check, at: 0)
    #expect(evidence.answer == .failure(.unreachable("connection refused")))
    check.server.address = "prom:9090"
    let misspelt = try await source.evidence(for: check, at: 0)
    #expect(
      misspelt.answer
        == .failure(.unreachable("unsupported protocol scheme \"prom\" in prom:9090")))
  }

  private actor Asked {
    var queries: [HTTPQuery] = []
    func add(_ query: HTTPQuery) { queries.append(query) }
  }
}
