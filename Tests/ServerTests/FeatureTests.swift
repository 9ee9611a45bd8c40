import PromQL
import Server
import Testing

@Test func `the endpoint accepts all of the language`() {
  #expect(QueryAPI.Options().features == LanguageFeatures.all)
}
