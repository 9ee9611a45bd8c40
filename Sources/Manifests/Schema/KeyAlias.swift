/// What people call keys that are called otherwise: in Argo Rollouts, in Istio, in Flagger's own types, or in
/// the plural. A spelling that is nearly right is none.
enum KeyAlias {
  /// The fields that a key may stand for, the likeliest first; a mapping has one of them, or none.
  static func fields(for key: String) -> [String] {
    table[key.lowercased().filter { $0 != "-" && $0 != "_" }] ?? []
  }

  private static let table: [String: [String]] = [
    "retry": ["retries"], "retrypolicy": ["retries"], "numretries": ["retries"], "maxretries": ["retries"],
    "cors": ["corsPolicy"], "policy": ["trafficPolicy"], "traffic": ["trafficPolicy"],
    "ports": ["port"], "portnumber": ["port"], "serviceport": ["port"], "containerport": ["targetPort"],
    "matches": ["match"], "matchers": ["match"], "routes": ["match"], "conditions": ["match"],
    "hostnames": ["hosts"], "parentrefs": ["gatewayRefs"],
    "delegate": ["delegation"], "mirrors": ["mirror"], "mirroring": ["mirror"], "rewrites": ["rewrite"],
    "range": ["thresholdRange"], "limits": ["thresholdRange"], "bounds": ["thresholdRange"],
    "template": ["templateRef"], "templatename": ["templateRef"], "metrictemplate": ["templateRef"],
    "metrictemplateref": ["templateRef"], "metricref": ["templateRef"], "metrictemplatename": ["templateRef"],
    "variables": ["templateVariables"], "vars": ["templateVariables"], "args": ["templateVariables"],
    "params": ["templateVariables"], "arguments": ["templateVariables"],
    "window": ["interval"], "period": ["interval"], "frequency": ["interval"], "every": ["interval"],
    "failurethreshold": ["threshold"], "failurelimit": ["threshold"], "maxfailures": ["threshold"],
    "failures": ["threshold"], "maxfailedchecks": ["threshold"],
    "hooks": ["webhooks"], "notifications": ["alerts"], "checks": ["metrics"], "metrictemplates": ["metrics"],
    "weights": ["stepWeights"], "steps": ["stepWeights", "iterations"], "setweight": ["stepWeight"],
    "maximumweight": ["maxWeight"], "weight": ["maxWeight"], "endpoint": ["address", "url"],
    "url": ["address"], "uri": ["url", "address"], "server": ["address"], "address": ["url"],
    "host": ["address", "hosts"], "expr": ["query"], "promql": ["query"], "expression": ["query"],
    "secret": ["secretRef"], "secretname": ["secretRef"], "credentials": ["secretRef"],
    "provider": ["providerRef"], "alertprovider": ["providerRef"], "level": ["severity"],
    "parameters": ["metadata", "templateVariables"], "payload": ["metadata"], "data": ["metadata"],
    "target": ["targetRef"], "workloadref": ["targetRef"], "scaletargetref": ["targetRef"],
    "autoscaler": ["autoscalerRef"], "hpa": ["autoscalerRef"], "hparef": ["autoscalerRef"],
    "ingress": ["ingressRef"], "route": ["routeRef"], "upstream": ["upstreamRef"],
    "deadline": ["progressDeadlineSeconds"], "progressdeadline": ["progressDeadlineSeconds"],
    "paused": ["suspend"], "pause": ["suspend"], "skip": ["skipAnalysis"], "strategy": ["analysis"],
    "cookie": ["cookieName"], "insecure": ["insecureSkipVerify", "disableTLS"],
    "when": ["type"], "phase": ["type"],
  ]
}
