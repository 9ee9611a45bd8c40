import Testing

@Suite struct FeatureToolTests {
  private static let query = "promgate query 'mad_over_time(nginx_ingress_controller_requests[5m])'"
  private static let data = "--data Examples/recordings/good.om.gz"

  @Test func `all of the language is on unless a part is refused by name`() throws {
    let on = try Tool.run(shell: "\(Self.query) \(Self.data)")
    #expect(on.status == 0, "\(on.text)")
    let off = try Tool.run(
      shell: "\(Self.query) \(Self.data) --disable-feature promql-experimental-functions")
    #expect(off.status == 2)
    #expect(off.text.contains("function \"mad_over_time\" is not enabled"), "\(off.text)")
  }

  @Test func `a query over too many samples names the limit and its flag`() throws {
    let run = try Tool.run(
      shell: "promgate query 'sort(nginx_ingress_controller_requests)' \(Self.data) --max-samples 1")
    #expect(run.status == 2)
    #expect(run.text.contains("too many samples") && run.text.contains("--max-samples"), "\(run.text)")
  }
}
