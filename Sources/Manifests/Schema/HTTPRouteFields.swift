/// What `spec.service` hands on to the routes: Istio's words, which other routers translate.
enum HTTPRouteFields {
  static let match = ObjectSchema([
    .string("name", "What the rule is called in telemetry."),
    condition("uri", "The path."),
    condition("scheme", "The URI's scheme."),
    condition("method", "The request's method."),
    condition("authority", "The host that was asked."),
    .map("headers", of: StringMatch.optional(.string), "Conditions on headers, by their names."),
    .map(
      "withoutHeaders", of: StringMatch.optional(.string), "Conditions that no header may meet."),
    .map(
      "queryParams", of: StringMatch.optional(.string), "Conditions on query parameters, by their names."),
    .number("port", NumberRule(.whole), "The port that was asked."),
    .map("sourceLabels", of: .text(.string), "Labels of the calling pods."),
    .string("sourceNamespace", "Namespace of the calling pods."),
    .list("gateways", of: .text(.string), "Gateways that the request came through."),
    .boolean("ignoreUriCase", "Compare paths without their case."),
  ])

  private static func condition(_ key: String, _ summary: String) -> SchemaField {
    SchemaField(key, StringMatch.optional(.string), summary)
  }

  static let retries = ObjectSchema([
    .number("attempts", NumberRule(.whole32), "How often a failed request is tried again."),
    .text("perTryTimeout", "How long each attempt may take."),
    .string("retryOn", "Which failures are tried again."),
  ])

  static let rewrite = ObjectSchema([
    .string("uri", "The new path, or its new beginning."),
    .string("authority", "The new host."),
    .string("type", "How the path is changed (Gateway API)."),
  ])

  static let headers = ObjectSchema([
    .object("request", changes, "Of each request."),
    .object("response", changes, "Of each answer."),
  ])

  private static let changes: [SchemaField] = [
    .map("add", of: .text(.string), "Headers that are added."),
    .map("set", of: .text(.string), "Headers that are overwritten."),
    .list("remove", of: .text(.string), "Headers that are removed."),
  ]

  static let corsPolicy = ObjectSchema([
    .list("allowOrigin", of: .text(.string), "Origins that may ask; deprecated: write allowOrigins."),
    .list("allowOrigins", of: .object(StringMatch.origin), "Conditions on origins that may ask."),
    .list("allowMethods", of: .text(.string), "Methods that they may use."),
    .list("allowHeaders", of: .text(.string), "Headers that they may send."),
    .list("exposeHeaders", of: .text(.string), "Headers that they may read."),
    .text("maxAge", "How long the answer may be remembered."),
    .boolean("allowCredentials", "Whether they may send credentials."),
  ])
}
