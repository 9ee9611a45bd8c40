import Lint
import Manifests
import Testing

/// Queries of one kind in many spellings: the examples of the rules show one or two.
@Suite struct KindTests {
  /// The codes of the findings of a query that a canary judges.
  private func codes(
    _ query: String, _ range: String = "{max: 500}", provider: String = "istio", interval: String = "1m"
  ) -> Set<String> {
    let lines = query.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: MetricTemplate
      metadata: {name: check, namespace: test}
      spec:
        provider: {type: prometheus, address: "http://prometheus:9090"}
        query: |
      \(lines)
      ---
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: \(provider)
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        service: {port: 9898}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - name: check
            templateRef: {name: check}
            interval: \(interval)
            thresholdRange: \(range)
      """
    return Set(Linting.result(text).findings.map(\.code))
  }

  private func share(_ mark: String, _ metric: String = "r_total") -> String {
    "sum(rate(\(metric){app=\"podinfo\",namespace=\"test\",\(mark)}[1m])) / sum(rate(\(metric){app=\"podinfo\",namespace=\"test\"}[1m]))"
  }

  // MARK: Shares

  private static let successes = [
    "code!~\"4..\"", "code!~\"5..\"", "code!~\"[45]..\"", "code=~\"2..\"", "code=~\"2..|3..\"",
    "code=\"200\"",
    "code!=\"404\"", "code!=\"503\"", "status!=\"error\"", "status=\"success\"", "status=\"ok\"",
    "code=\"OK\"",
    "classification!=\"failure\"", "classification=\"success\"", "success=\"true\"", "success!=\"false\"",
    "success=\"1\"",
    "outcome=\"SUCCESS\"", "outcome!=\"SERVER_ERROR\"", "outcome!~\".*_ERROR\"", "result=\"success\"",
    "result!=\"failure\"",
    "grpc_code=\"OK\"", "grpc_code!~\"Internal|Unavailable\"", "grpc_status=\"0\"",
    "grpc_code=~\"OK|NotFound\"",
    "response_code!~\"5.*\"", "envoy_response_code!~\"5.*\"", "envoy_response_code_class=\"2\"",
    "envoy_response_code_class!=\"5\"",
    "error=\"false\"", "error!=\"true\"", "error=\"\"", "exception=\"None\"", "statusCode=~\"2..\"",
    "exported_status!~\"5..\"",
    "http_response_status_code!~\"5..\"", "is_error=\"false\"", "response_flags=\"-\"",
    "outcome=~\"SUCCESS|CLIENT_ERROR\"", "code=~\"200|404\"", "status=~\"2xx|3xx\"",
    "http_status_code!~\"5.+\"",
  ]
  private static let failures = [
    "code=~\"4..\"", "code=~\"5..\"", "code=~\"[45]..\"", "code!~\"2..\"", "code!~\"2..|3..\"",
    "code=\"500\"", "code!=\"200\"",
    "status=\"error\"", "status!=\"success\"", "code!=\"OK\"", "classification=\"failure\"",
    "success=\"false\"",
    "success!=\"true\"", "outcome=\"SERVER_ERROR\"", "outcome!=\"SUCCESS\"", "result=\"failure\"",
    "grpc_code!=\"OK\"",
    "grpc_code=~\"Internal|Unavailable|Unknown\"", "grpc_status!=\"0\"", "envoy_response_code=~\"5.*\"",
    "envoy_response_code_class=\"5\"", "error=\"true\"", "error!=\"\"", "exception!=\"None\"",
    "error_type=\"timeout\"", "status=\"5xx\"",
    "response_flags=~\"UO|UF\"", "is_error=\"true\"",
  ]

  @Test(arguments: successes)
  func `a success share with a max alone is the wrong way round, with a min it is right`(mark: String) {
    for query in [
      share(mark), "100 * (\(share(mark)))", "max(\(share(mark)))", "round(\(share(mark)))",
      "floor(\(share(mark)))",
    ] {
      #expect(codes(query, "{max: 5}").contains("MT049"), "\(query)")
      #expect(!codes(query, "{min: 0.9}").contains("MT049"), "\(query)")
      #expect(!codes(query, "{min: 0.9, max: 1}").contains("MT049"), "\(query)")
    }
    #expect(codes("1 - (\(share(mark)))", "{min: 0.9}").contains("MT049"), "\(mark)")
    #expect(!codes("1 - (\(share(mark)))", "{max: 0.1}").contains("MT049"), "\(mark)")
  }

  @Test(arguments: failures)
  func `an error share with a min alone is the wrong way round, and has no value without a failure`(
    mark: String
  ) {
    #expect(codes(share(mark), "{min: 0.9}").contains("MT049"), "\(mark)")
    #expect(!codes(share(mark), "{max: 0.1}").contains("MT049"), "\(mark)")
    let bare = "sum(rate(r_total{app=\"podinfo\",namespace=\"test\",\(mark)}[1m]))"
    for query in [
      share(mark), bare, "max(\(share(mark)))", "100 - (\(share(mark))) * 100", "max(sum by (pod) (\(bare)))",
    ] {
      #expect(codes(query).contains("MT015"), "\(query)")
    }
    for query in [
      bare + " or vector(0)", "(\(bare) or vector(0)) / 5", "(\(bare) or sum(up{app=\"podinfo\"}) * 0)",
    ] {
      #expect(!codes(query).contains("MT015"), "\(query)")
    }
  }

  @Test func `a share whose whole is added up or a scalar is a share all the same`() {
    func counted(_ matchers: String, _ metric: String = "r_total") -> String {
      "sum(rate(\(metric){app=\"podinfo\",namespace=\"test\",\(matchers)}[1m]))"
    }
    let (good, bad, all) = (counted("code=~\"2..\""), counted("code!~\"2..\""), counted(""))
    for query in [
      "\(good) / (\(good) + (\(bad) or vector(0)))", "100 * \(good) / scalar(\(all))",
      "\(counted("", "ok_total")) / (\(counted("", "ok_total")) + \(counted("", "err_total")))",
    ] {
      #expect(codes(query, "{max: 0.05}").contains("MT049"), "\(query)")
      #expect(!codes(query, "{min: 0.9}").contains("MT049"), "\(query)")
    }
    #expect(codes("\(good) / (\(good) + (\(bad) or vector(0)))", "{min: 99}").contains("MT020"))
  }

  @Test func `a condition that is no outcome makes no share of successes`() {
    for mark in [
      "method=\"GET\"", "code=~\".+\"", "code=~\"3..\"", "le=\"+Inf\"", "cache=\"hit\"", "version=\"2\"",
      "status=\"pending\"",
    ] {
      for range in ["{max: 5}", "{min: 0.1}"] {
        #expect(!codes(share(mark), range).contains("MT049"), "\(mark)")
      }
    }
  }

  @Test func `a sum of buckets over their count is as large as the buckets allow`() {
    func bucket(_ le: String) -> String {
      "sum(rate(d_seconds_bucket{app=\"podinfo\",namespace=\"test\",le=\"\(le)\"}[1m]))"
    }
    let count = "sum(rate(d_seconds_count{app=\"podinfo\",namespace=\"test\"}[1m]))"
    let (small, large, whole) = (bucket("0.3"), bucket("1.2"), bucket("+Inf"))
    let sums: [(query: String, range: String, has: [String], hasNot: [String])] = [
      ("(\(small) + \(large)) / 2 / \(count)", "{min: 0.9}", [], ["MT105", "MT020", "MT049"]),
      ("(\(small) + \(large)) / \(count) / 2", "{min: 0.9}", [], ["MT105", "MT020"]),
      ("(\(small) + \(large) / 2 - \(small) / 2) / \(count)", "{min: 0.9}", [], ["MT105", "MT020"]),
      ("(\(small) + \(large)) / (2 * \(count))", "{min: 0.9}", [], ["MT105", "MT020"]),
      ("(\(small) + \(large)) / 2 / \(whole)", "{min: 0.9}", [], ["MT105", "MT020"]),
      ("(\(small) + \(large)) / \(count)", "{min: 0.9}", ["MT105"], ["MT020"]),
      ("(\(small) + \(large) / 2) / \(count)", "{min: 0.9}", ["MT105"], ["MT020"]),
      ("(\(small) + \(large)) / \(count)", "{min: 2.5}", ["MT105", "MT020"], []),
      ("(\(small) + \(large)) / 2 / \(count)", "{min: 90}", ["MT020"], ["MT105"]),
      ("(\(small) + \(large)) / 2 / \(count)", "{max: 0.5}", ["MT049"], ["MT105"]),
      ("(\(large) - \(small)) / \(count)", "{max: 0.5}", [], ["MT105", "MT020", "MT049"]),
      ("(\(large) - \(small)) / \(count)", "{min: 2}", ["MT020"], ["MT105"]),
      ("\(large) / \(count)", "{max: 0.5}", ["MT049"], ["MT105"]),
      ("\(large) / \(whole)", "{min: 99}", ["MT020"], ["MT105"]),
      ("1 - \(large) / \(count)", "{max: 0.05}", [], ["MT049", "MT015", "MT020"]),
    ]
    for (query, range, has, hasNot) in sums {
      let found = codes(query, range)
      for code in has { #expect(found.contains(code), "\(code) \(range) \(query)") }
      for code in hasNot { #expect(!found.contains(code), "\(code) \(range) \(query)") }
    }
  }

  // MARK: Whose series

  @Test func `what canary and primary have in common tells nothing`() {
    let both = [
      "namespace=\"test\"", "namespace=\"{{ namespace }}\",container=\"{{ target }}\"",
      "namespace=\"test\",path=\"/\"",
      "kubernetes_namespace=\"test\",method=\"GET\",status!~\"5..\"", "namespace=\"test\",pod=~\".*\"",
      "namespace=\"test\",pod!=\"\"",
      "exported_namespace=\"test\"", "namespace=\"test\",job=\"kubernetes-pods\"",
      "namespace=\"test\",cluster=\"eu\"",
      "app_kubernetes_io_instance=\"podinfo\",namespace=\"test\"",
      "namespace=\"test\",container_name=\"podinfo\"",
    ]
    for matchers in both {
      #expect(codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT100"), "\(matchers)")
    }
    let one = [
      "namespace=\"test\",app=\"podinfo\"", "namespace=\"test\",version=\"2\"",
      "route=~\"test_podinfo-canary_.+\"", "image=~\".*:2\"",
      "namespace=\"test\",pod!~\".*-primary-.*\"", "namespace=\"test\",deployment=\"{{ target }}\"",
      "namespace=\"test\",canary!=\"\"",
      "namespace=\"test\",queue=\"orders\"", "host=\"canary.example.com\"",
      "pod_template_hash=\"1\",namespace=\"test\"",
    ]
    for matchers in one {
      #expect(!codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT100"), "\(matchers)")
    }
    let nginx = "sum(rate(nginx_ingress_controller_requests{namespace=\"test\",ingress=\"podinfo\""
    #expect(codes(nginx + ",service=\"podinfo\"}[1m]))", provider: "nginx").contains("MT100"))
    #expect(codes(nginx + ",canary=~\".*\"}[1m]))", provider: "nginx").contains("MT100"))
    #expect(!codes(nginx + ",canary!=\"\"}[1m]))", provider: "nginx").contains("MT100"))
    #expect(!codes(nginx + ",canary=~\".+\"}[1m]))", provider: "nginx").contains("MT100"))
  }

  @Test func `another namespace is not the canary's`() {
    let others = [
      "namespace=\"prod\",app=\"podinfo\"", "namespace=~\"prod|stage\",app=\"podinfo\"",
      "namespace!=\"test\",app=\"podinfo\"",
      "kubernetes_namespace=\"prod\"", "namespace=\"prod\",pod=~\"podinfo-.*\"",
      "exported_namespace=\"prod\",service=\"podinfo-canary\"",
    ]
    for matchers in others {
      #expect(codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT101"), "\(matchers)")
    }
    let own = [
      "namespace=\"test\",app=\"podinfo\"", "namespace=~\"t.*\",app=\"podinfo\"",
      "namespace=\"kafka\",topic=\"orders\"",
      "namespace=\"monitoring\",exported_namespace=\"test\",app=\"podinfo\"",
      "namespace!=\"prod\",app=\"podinfo\"",
      "namespace=\"db\",role=\"primary\"", "namespace=\"kafka\",job=\"kafka-exporter\"",
      "source_workload_namespace=\"web\",app=\"podinfo\"",
    ]
    for matchers in own {
      #expect(!codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT101"), "\(matchers)")
    }
  }

  @Test func `both sides of a share want the same selectors`() {
    func ratio(_ above: String, _ below: String, _ metrics: (String, String) = ("r_total", "r_total")) -> Set<
      String
    > {
      codes("sum(rate(\(metrics.0){\(above)}[1m])) / sum(rate(\(metrics.1){\(below)}[1m]))", "{max: 0.05}")
    }
    let pod = "pod=~\"podinfo-[0-9a-z]{1,10}-[0-9a-z]{5}\""
    #expect(ratio("namespace=\"test\",\(pod),code=~\"5..\"", "namespace=\"test\"").contains("MT102"))
    #expect(ratio("namespace=\"test\",code=~\"5..\"", "namespace=\"test\",\(pod)").contains("MT102"))
    #expect(ratio("namespace=\"test\",\(pod),code=~\"5..\"", "\(pod)").contains("MT102"))
    #expect(ratio("\(pod)", "namespace=\"test\"", ("errors_total", "requests_total")).contains("MT102"))
    #expect(ratio("\(pod),code=~\"5..\"", "pod=~\"podinfo-primary-.*\"").contains("MT102"))
    #expect(!ratio("\(pod),code=~\"5..\",reason=\"x\"", pod).contains("MT102"))
    #expect(!ratio("namespace=\"test\",\(pod),code=~\"5..\"", "namespace=~\"test\",\(pod)").contains("MT102"))
    #expect(!ratio(pod, "pod=~\"podinfo-.*\"").contains("MT102"))
    #expect(!ratio("app=\"podinfo\"", "\(pod)", ("errors_total", "requests_total")).contains("MT102"))
    #expect(ratio("\(pod),code=~\"5..\",reporter=\"source\"", pod).contains("MT102"))
    #expect(ratio("\(pod),code=~\"5..\",version=\"2\"", pod).contains("MT102"))
    #expect(!ratio("\(pod),reason=\"oom\"", pod, ("errors_total", "requests_total")).contains("MT102"))
  }

  @Test func `windows of a few seconds hold too little`() {
    for (window, isShort) in [
      ("5s", true), ("10s", true), ("15s", true), ("20s", true), ("29s", true), ("30s", false), ("1m", false),
    ] {
      #expect(
        codes("sum(rate(a_total{app=\"podinfo\"}[\(window)]))").contains("MT104") == isShort, "\(window)")
      #expect(
        codes("sum(increase(a_total{app=\"podinfo\"}[{{ interval }}]))", interval: window).contains("MT104")
          == isShort, "\(window)")
    }
    var options = LintOptions()
    options.scrapeInterval = 5_000
    let known = Linter(options).lint(
      query: ManifestSource(name: "q", bytes: Array("sum(rate(a_total[20s]))".utf8)))
    #expect(!known.findings.contains { $0.code == "MT104" })
  }

  // MARK: Hooks

  private func codes(hook: String, _ command: String, type: String = "bash", provider: String = "istio")
    -> Set<String>
  {
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: \(provider)
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        service: {port: 9898}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - {name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}
          webhooks:
          - name: hook
            type: \(hook)
            url: http://flagger-loadtester.test/
            timeout: 30s
            metadata:
              type: \(type)
              cmd: |
                \(command)
      """
    return Set(Linting.result(text).findings.map(\.code))
  }

  @Test func `a command that never fails checks nothing`() {
    let indifferent = [
      "hey -n 10 http://x/", "timeout 30 wrk -d 10s http://x/", "/usr/bin/ab -n 100 http://x/",
      "fortio load http://x/",
      "curl -s http://x/", "curl http://x/ || true", "curl -f http://x/ || true", "curl -f http://x/; exit 0",
      "echo go; hey http://x/",
      "curl -s -o /dev/null -w '%{http_code}' http://x/", "hey http://x/ && echo done",
      "ghz --insecure x:9898", "echo 'GET http://x' | vegeta attack | vegeta report",
      "hey http://x/ | tee /tmp/log",
      "curl -sf http://x/ | jq .", "curl -sf http://x/ | head -1 | sed s/a/b/",
      "(curl -sf http://x/ || true)",
      "{ curl -sf http://x/; true; }", "curl -sf http://x/; wait", "nohup curl -sf http://x/ > log 2>&1 &",
      "for i in 1 2 3; do curl -sf http://x/ && break; sleep 1; done", "for i in 1 2; do hey http://x/; done",
      "if curl -sf http://x/; then echo ok; else echo bad; fi", "if curl -sf http://x/; then echo ok; fi",
      "bash -c 'curl -sf http://x/; true'", "sh -ec 'curl -sf http://x/ || true'", "x=$(curl -s http://x/)",
      "curl -sf http://x/ && echo ok || echo bad",
      "seq 3 | while read i; do curl -sf http://x/ || true; done",
      "set -e; curl -sf http://x/ | jq .; echo done", "eval 'curl -sf http://x/; true'",
      "http GET http://x/", "curl -sf http://x/ & sleep 5", "curl -sf http://x/ | awk '{print $1}'",
      "set -o pipefail; hey http://x/ | tee log", "hey http://x/ || exit 1",
    ]
    for command in indifferent {
      #expect(codes(hook: "pre-rollout", command).contains("MT107"), "\(command)")
    }
    let able = [
      "curl -f http://x/", "curl --fail-with-body http://x/", "curl -fsS http://x/",
      "curl -s http://x/ | grep ok", "test -n \"$X\"",
      "hey http://x/ | grep -q '200'", "bats /tests", "hey http://x/ && curl -sf http://x/",
      "curl -s http://x/ | jq -e .ok",
      "if curl -s http://x/; then exit 1; fi", "k6 run /x.js", "./check.sh", "sh -c 'curl -f http://x/'",
      "exit 1",
      "set -o pipefail; curl -sf http://x/ | jq .", "curl -sf http://x/ | jq -e .ok",
      "curl -sf http://x/ || (echo bad; exit 1)", "curl -sf http://x/ || { echo bad; exit 1; }",
      "for i in 1 2 3; do curl -sf http://x/ || exit 1; done", "for i in 1 2 3; do curl -sf http://x/; done",
      "until curl -sf http://x/; do sleep 1; done", "while ! curl -sf http://x/; do sleep 1; done",
      "for i in 1 2 3; do curl -sf http://x/ && exit 0; sleep 1; done; exit 1",
      "if curl -sf http://x/; then echo ok; else exit 1; fi", "! curl -s http://x/",
      "x=$(curl -sf http://x/)",
      "test $(curl -s -o /dev/null -w '%{http_code}' http://x/) = 200", "trap 'exit 1' EXIT; sleep 1",
      "[ \"$(curl -s http://x/)\" = \"ok; true\" ]", "curl -sf http://x/ # || true",
      "bash -ec 'curl -sf http://x/; sleep 1'",
      "set -e\n                curl -sf http://x/\n                sleep 1",
      "curl -sf http://x/ | awk '{exit 1}'", "cat /results", "check() { curl -sf http://x/; }; check",
      "curl -sf http://x/ & wait $!", "case $X in a) exit 1;; esac", "curl -sf http://x/ | xargs -n1 test",
      "curl -sf http://x/ | jq . || exit $?; ./check", "((1 > 2))",
    ]
    for command in able { #expect(!codes(hook: "pre-rollout", command).contains("MT107"), "\(command)") }
    #expect(!codes(hook: "rollout", "hey -z 1m http://podinfo-canary.test/", type: "cmd").contains("MT107"))
    #expect(!codes(hook: "post-rollout", "hey http://x/").contains("MT107"))
    // Bounded, whatever is nested.
    for (opening, closing) in [
      ("eval ", ""), ("(", ")"), ("$(", ")"), ("if ", ""), ("{ ", "; }"), ("! ", ""),
      ("if a; then b; el", ""),
    ] {
      let nested =
        String(repeating: opening, count: 3000) + "hey http://x/" + String(repeating: closing, count: 3000)
      _ = codes(hook: "pre-rollout", nested)
    }
  }

  @Test func `load goes where it is counted`() {
    let stray: [(provider: String, command: String)] = [
      ("nginx", "hey -z 1m http://podinfo-canary.test/"),
      ("nginx", "hey -z 1m http://podinfo-canary.test.svc.cluster.local:80/"),
      ("nginx", "hey -z 1m http://podinfo/"), ("traefik", "wrk -d 1m http://podinfo.test/"),
      ("apisix", "hey http://apisix-gateway.apisix/"),
      ("contour", "hey -z 1m http://podinfo-canary.test/"), ("kubernetes", "hey http://podinfo.test:9898/"),
      ("istio", "hey http://podinfo-primary.test:9898/"),
      ("nginx", "hey http://ingress-nginx-controller.ingress-nginx.svc/"),
    ]
    for (provider, command) in stray {
      #expect(
        codes(hook: "rollout", command, type: "cmd", provider: provider).contains("MT108"),
        "\(provider) \(command)")
    }
    let right: [(provider: String, command: String)] = [
      ("nginx", "hey -z 1m http://app.example.com/"),
      ("nginx", "hey -host app.example.com http://ingress-nginx-controller.ingress-nginx/"),
      ("contour", "hey -z 1m -host x.example.com http://envoy.projectcontour"),
      ("istio", "hey http://podinfo-canary.test:9898/"),
      ("traefik", "wrk -H 'Host: app.example.com' http://traefik.traefik/"),
      ("kubernetes", "hey http://podinfo-canary.test:9898/"),
      ("linkerd", "hey http://podinfo.test:9898/"),
      ("gatewayapi:v1", "hey -z 1m http://podinfo-canary.test/"),
      ("nginx", "hey http://podinfo-canary.test/ & hey http://app.example.com/"),
      ("nginx", "curl -sf http://podinfo-canary.test/"),
    ]
    for (provider, command) in right {
      #expect(
        !codes(hook: "rollout", command, type: "cmd", provider: provider).contains("MT108"),
        "\(provider) \(command)")
    }
  }

  // MARK: Patterns

  @Test func `matchers that exclude each other select nothing`() {
    let empty = [
      "code=~\"2..\",code=~\"5..\"", "code=~\"5..\",code!~\"[45].*\"", "code=\"x\",code!~\"x|y\"",
      "code=~\".+\",code!~\".*[^x].*\",code!~\"x+\"",
      "code=~\"|a\",code!=\"\",code!=\"a\"", "code!~\".*\"", "pod=~\"a-.*\",pod=~\"b-.*\"",
      "code=~\"(?i)ok\",code!~\"(?i)O.\"",
      "code=~\"5\\\\d\\\\d\",code!~\"5[0-9]{2}\"", "pod=~\".*-canary\",pod!~\".+canary\"", "code=~\"x^y\"",
    ]
    for matchers in empty {
      #expect(codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT031"), "\(matchers)")
    }
    let full = [
      "code=~\"[25]..\",code!~\"5..\"", "code=~\"5..\",code!~\"50[0-4]\"", "code=~\".+\",code!=\"\"",
      "code!~\"\"", "pod=~\"a-.*\",pod!~\"a-primary-.*\"",
      "code=~\"(?i)ok\",code!=\"ok\"", "code=~\"\\\\bx\\\\b\",code=~\"y.*\"",
      "pod=~\"(a|b)*a(a|b){12}\",pod=~\"[ab]{13}\"", "code!~\"4..\",code!~\"5..\"",
    ]
    for matchers in full {
      #expect(!codes("sum(rate(r_total{\(matchers)}[1m]))").contains("MT031"), "\(matchers)")
    }
  }
}
