/// The manifests of `Examples/podinfo`, so that the demo runs from anywhere. A test holds them equal.
package enum TutorialManifests {
  /// `Examples/podinfo/canary.yaml`
  package static let canary = #"""
    # The tutorial's canary as it was meant: 5 % more traffic while all checks pass, up to half of it.
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata:
      name: podinfo
      namespace: test
    spec:
      provider: nginx
      targetRef:
        apiVersion: apps/v1
        kind: Deployment
        name: podinfo
      ingressRef:
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        name: podinfo
      autoscalerRef:
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        name: podinfo
      progressDeadlineSeconds: 60
      service:
        port: 80
        targetPort: 9898
      analysis:
        interval: 10s
        threshold: 10
        maxWeight: 50
        stepWeight: 5
        metrics:
        - name: request-success-rate
          thresholdRange:
            min: 99
          interval: 1m
        - name: "latency"
          templateRef:
            name: latency
          thresholdRange:
            max: 0.5
          interval: 1m
        webhooks:
        - name: acceptance-test
          type: pre-rollout
          url: http://flagger-loadtester.test/
          timeout: 30s
          metadata:
            type: bash
            cmd: "curl -sd 'test' http://podinfo-canary/token | grep token"
        - name: load-test
          url: http://flagger-loadtester.test/
          timeout: 5s
          metadata:
            cmd: "hey -z 1m -q 10 -c 2 http://podinfo.example.com/"

    """#

  /// `Examples/podinfo/latency.yaml`
  package static let latency = #"""
    # The 99th percentile of the canary's request durations, in seconds.
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata:
      name: latency
      namespace: test
    spec:
      provider:
        type: prometheus
        address: http://flagger-prometheus.ingress-nginx:9090
      query: |
        histogram_quantile(0.99,
          sum(
            rate(
              http_request_duration_seconds_bucket{
                kubernetes_namespace="{{ namespace }}",
                kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"
              }[{{ interval }}]
            )
          ) by (le)
        )

    """#

  /// All documents of the tutorial.
  package static let all = canary + "---\n" + latency
}
