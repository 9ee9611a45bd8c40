/// `spec.service.trafficPolicy`: Istio's DestinationRule.
enum TrafficPolicyFields {
  static let schema = ObjectSchema([
    .object("connectionPool", [.object("http", http, "Of HTTP.")], "Limits on connections."),
    SchemaField("loadBalancer", .object(loadBalancer), "How a pod is picked."),
    .object("outlierDetection", outlierDetection, "When a pod that fails is left out."),
    .object("tls", tls, "How connections are secured."),
  ])

  private static let http: [SchemaField] = [
    .choice(
      "h2UpgradePolicy", ["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"],
      "Whether connections go over to HTTP/2."),
    .number("http1MaxPendingRequests", NumberRule(.whole32), "Most requests that wait for a connection."),
    .number("http2MaxRequests", NumberRule(.whole32), "Most requests at a time."),
    .text("idleTimeout", "How long a connection may be idle."),
    .number("maxRequestsPerConnection", NumberRule(.whole32), "Most requests of one connection."),
    .number("maxRetries", NumberRule(.whole32), "Most retries at a time."),
  ]

  private static let loadBalancer = ObjectSchema(
    [
      .choice(
        "simple", ["ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "LEAST_REQUEST"],
        "By a rule that remembers nothing."),
      .object("consistentHash", hash, "By a hash, so that a client keeps its pod."),
      .object(
        "localityLbSetting",
        [
          .list("distribute", of: .object(ObjectSchema(distribution)), "Shares of regions, in percent."),
          .list("failover", of: .object(ObjectSchema(failover)), "Regions that stand in for others."),
          .boolean("enabled", "Whether regions matter."),
        ], "By region and zone."),
      .text("warmupDurationSecs", "How long a new pod gets less traffic."),
    ],
    exactlyOneOf: [.has(["simple"]), .hasWith("consistentHash", exactlyOneOf: hashKeys.map { .has([$0]) })])

  private static let hashKeys = ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"]

  private static let hash: [SchemaField] = [
    .object(
      "httpCookie",
      [
        .string("name", "The cookie's name."),
        .string("path", "The cookie's path."),
        .text("ttl", "How long the cookie lasts."),
      ], "Of a cookie."),
    .string("httpHeaderName", "Of a header."),
    .string("httpQueryParameterName", "Of a query parameter."),
    .boolean("useSourceIp", "Of the client's address."),
    .number("minimumRingSize", NumberRule(.whole), "Fewest virtual nodes of the hash ring."),
  ]

  private static let distribution: [SchemaField] = [
    .string("from", "Where the traffic comes from."),
    .map("to", of: .number(NumberRule(.whole)), "Percent that each region gets."),
  ]

  private static let failover: [SchemaField] = [
    .string("from", "The region that fails."),
    .string("to", "The region that stands in."),
  ]

  private static let outlierDetection: [SchemaField] = [
    .text("baseEjectionTime", "How long a pod is left out at the least."),
    .number("consecutive5xxErrors", NumberRule(.whole), "Errors in a row."),
    .number("consecutiveErrors", NumberRule(.whole32), "Errors in a row; deprecated."),
    .number("consecutiveGatewayErrors", NumberRule(.whole32), "Gateway errors in a row."),
    .number("consecutiveLocalOriginFailures", NumberRule(.whole32), "Failed connections in a row."),
    .text("interval", "Time between two looks."),
    .number("maxEjectionPercent", NumberRule(.whole32), "Most pods that are left out, in percent."),
    .number("minHealthPercent", NumberRule(.whole32), "Below so many healthy pods none is left out."),
    .boolean("splitExternalLocalOriginErrors", "Count failed connections on their own."),
  ]

  private static let tls: [SchemaField] = [
    .choice("mode", ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"], "What is asked of both sides."),
    .string("caCertificates", "File with the authorities."),
    .string("clientCertificate", "File with the client's certificate."),
    .string("privateKey", "File with the client's key."),
    .string("sni", "The server name that is asked for."),
    .list("subjectAltNames", of: .text(.string), "Names that the server may prove."),
  ]
}
