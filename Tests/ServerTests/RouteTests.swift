import Scrape
import Server
import Testing
import TimeSeries

/// Which requests Prometheus' routers answer, and how they answer the others. All values are Prometheus 3.5.3's.
@Suite struct RouteTests {
  private func shown(_ response: ServerResponse) -> String {
    "\(response.status) \(response.headers["Location"] ?? response.headers["Allow"] ?? "")"
  }

  @Test func `paths that mean another are redirected`() async {
    let endpoint = Endpoint()
    for (methods, path, answer) in [
      (
        [.get, .post, .head, .put, .options], "//api/v1/query?query=1&time=4",
        "301 /api/v1/query?query=1&time=4"
      ),
      ([.get, .post], "/api/v1//query?query=1", "301 /api/v1/query?query=1"),
      ([.get, .post], "/api/v1/../v1/query?query=1", "301 /api/v1/query?query=1"),
      ([.get, .post], "/api/v1/./query?query=1", "301 /api/v1/query?query=1"),
      ([.get, .post], "/api/v1/query/.?query=1", "301 /api/v1/query?query=1"),
      ([.get], "/api/v1/query//?query=1", "301 /api/v1/query/?query=1"),
      ([.get, .post], "/../", "301 /"),
      ([.get, .post, .options], "/api/v1", "301 /api/v1/"),
      // The router of the API leaves out what its paths begin with.
      ([.get], "/api/v1/query/?query=1", "301 /query?query=1"),
      ([.post], "/api/v1/query/?query=1", "307 /query?query=1"),
      ([.head, .put], "/api/v1/query/?query=1", "404 "),
      ([.get], "/api/v1/Query?query=1", "301 /query?query=1"),
      ([.post], "/api/v1/QUERY?query=1", "307 /query?query=1"),
      ([.get], "/API/v1/query?query=1", "404 "),
      ([.get], "/api/v1/label/Job/values/", "301 /label/Job/values"),
      ([.get], "/api/v1/label/Job/Values", "301 /label/Job/values"),
      ([.post], "/api/v1/label/Job/Values", "404 "),
      ([.get, .post], "/api/v1/label//values", "301 /api/v1/label/values"),
      ([.get], "/api/v1/label/a%2Fb/values", "404 "),
      ([.get], "/-/healthy/", "301 /-/healthy"),
      ([.head], "/-/healthy/", "307 /-/healthy"),
      ([.get], "/-/Healthy", "301 /-/healthy"),
      ([.post], "/-/reload/", "307 /-/reload"), ([.get], "/-/reload/", "301 /-/reload"),
      ([.put], "/api/v1/series", "405 DELETE, GET, OPTIONS, POST"), ([.delete], "/api/v1/series", "500 "),
      ([.get], "/federate/", "301 /federate"),
      ([.get, .post], "/api/v1/nosuch/", "404 "),
      ([.get], "/api/v1/%71uery?query=1", "200 "),
      ([.get], "/api/v1/%2571uery?query=1", "404 "),
      ([.options], "/-/healthy", "200 GET, HEAD, OPTIONS"),
      ([.head, .delete], "/-/reload", "405 GET, OPTIONS, POST, PUT"),
    ] as [([ServerRequest.Method], String, String)] {
      for method in methods {
        #expect(shown(await endpoint.send(method, path)) == answer, "\(method) \(path)")
      }
    }
  }

  @Test func `a redirect has the body of Go's library`() async {
    let path = "/api/v1//query?query=a%3C1&x='\"<>"
    let answer = await Endpoint().get(path)
    #expect(
      String(decoding: answer.body.bytes, as: UTF8.self)
        == "<a href=\"/api/v1/query?query=a%3C1&amp;x=&#39;&#34;&lt;&gt;\">Moved Permanently</a>.\n\n")
    #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
    let posted = await Endpoint().send(.post, path)
    #expect(posted.body.count == 0 && posted.headers["Content-Type"] == nil)
  }

  @Test func `only what is answered may be read by browsers`() async {
    let endpoint = Endpoint()
    let origin = [("Origin", "http://a.example")]
    for (path, isShared) in [
      ("/api/v1/query?query=1", true), ("/api/v1/query?query=(", true), ("/api/v1/nosuch", false),
      ("/api/v1//query", false), ("/-/healthy", false), ("/api/v1/notifications", true),
    ] {
      let answer = await endpoint.get(path, origin)
      #expect((answer.headers["Access-Control-Allow-Origin"] == "*") == isShared, "\(path)")
      #expect(answer.headers.all("Vary").contains("Origin") == isShared, "\(path)")
    }
  }

  @Test func `there are no notifications`() async {
    #expect(await Endpoint().text("/api/v1/notifications") == #"{"status":"success","data":[]}"#)
    #expect(await Endpoint().get("/api/v1/notifications/live").status == 204)
  }

  @Test func `clients are told the Prometheus whose API is spoken`() async {
    let text = await Endpoint { $0.build = BuildInformation(version: "7.8.9", revision: "abc") }
      .text("/api/v1/status/buildinfo")
    #expect(
      text == #"{"status":"success","data":{"version":"3.14.0","revision":"abc","branch":"","buildUser":"","#
        + #""buildDate":"","goVersion":"","promgate":"7.8.9"}}"#)
  }

  @Test func `a target tells how it was found`() async throws {
    var target = try Target(argument: "http://localhost:9100/probe?module=a&module=b&x=,zone=z", job: "j")
    target.intervalMilliseconds = 15_000
    let status = TargetStatus(target: target)
    let api = PrometheusAPI(
      options: PrometheusAPI.Options(), now: { 0 }, surroundings: Surroundings(targets: { [status] })
    ) {
      Store().snapshot()
    }
    let answer = await api.respond(to: ServerRequest(.get, "/api/v1/targets"))
    let text = String(decoding: answer.body.bytes, as: UTF8.self)
    #expect(
      text.contains(
        #""discoveredLabels":{"__address__":"localhost:9100","__always_scrape_classic_histograms__":"false","#
          + #""__convert_classic_histograms_to_nhcb__":"false","__metrics_path__":"/probe","__param_module":"a","#
          + #""__scheme__":"http","__scrape_interval__":"15s","__scrape_native_histograms__":"false","#
          + #""__scrape_timeout__":"10s","job":"j","zone":"z"},"#
          + #""labels":{"instance":"localhost:9100","job":"j","zone":"z"}"#), "\(text)")
    #expect(text.contains(#""scrapeUrl":"http://localhost:9100/probe?module=a"#))
    #expect(
      !text.contains(#""globalUrl":"http://localhost:9100"#) && text.contains(#":9100/probe?module=a\u0026"#))
  }
}
