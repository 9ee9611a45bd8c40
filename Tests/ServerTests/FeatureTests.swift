import PromQL
import Server
import Testing

@Test func `the endpoint accepts all of the language`() {
  #expect(PrometheusAPI.Options().features == LanguageFeatures.all)
}
