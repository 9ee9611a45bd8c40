import TimeSeries

extension PrometheusAPI {
  /// All that is answered, the paths of the API behind those beside it (http-api.md §2).
  static let endpoints: [Endpoint] = pages + queries + listings + stores + statuses + others

  /// Finds them.
  static let table = EndpointTable(endpoints)

  // MARK: Beside the API

  private static let pages = [
    Endpoint("/", [.get, .head]) { api, _ in .index(api.options.build) },
    Endpoint("/-/healthy", [.get, .head]) { _, _ in
      ServerResponse(text: "Prometheus Server is Healthy.\n")
    },
    Endpoint("/-/ready", [.get, .head]) { api, _ in
      api.readiness == .ready
        ? ServerResponse(text: "Prometheus Server is Ready.\n") : .notReady(api.readiness)
    },
    Endpoint("/metrics", [.get, .head], place: .pool) { api, call in
      api.compressed(api.metrics.response(to: call.request, api.options.build), for: call.request)
    },
    // Neither is offered.
    Endpoint("/-/lifecycle", [.get, .post, .put], paths: ["/-/reload", "/-/quit"]) { _, call in
      call.request.method == .get
        ? ServerResponse(status: 405, text: "Only POST or PUT requests allowed")
        : ServerResponse(status: 403, text: "Lifecycle API is not enabled.")
    },
    Endpoint("/federate", place: .threads) { api, call in
      await api.timed { api.federate(call.request, $0) }
    },
    Endpoint("/version") { api, _ in
      ServerResponse(
        status: 200, headers: HTTPFields([("Content-Type", "application/json")]),
        body: api.options.build.json)
    },
  ]

  // MARK: Queries

  private static let queries = [
    Endpoint("/api/v1/query", [.get, .post]) { api, call in
      await api.read(call.request) { form throws(APIError) in
        try .query(QueryParameters(instant: form, now: api.now()), api.options)
      }
    },
    Endpoint("/api/v1/query_range", [.get, .post]) { api, call in
      await api.read(call.request) { form throws(APIError) in
        try .query(QueryParameters(range: form), api.options)
      }
    },
    Endpoint("/api/v1/format_query", [.get, .post], place: .pool) { api, call in
      api.plain(call.request) { form throws(APIError) in
        try form.formattedQuery(api.options.features, MemoryAccount(api.options.memory))
      }
    },
    Endpoint("/api/v1/parse_query", [.get, .post], place: .pool) { api, call in
      api.plain(call.request) { form throws(APIError) in
        try form.parsedQuery(api.options.features, MemoryAccount(api.options.memory))
      }
    },
    // Exemplars are not kept: the list is empty.
    Endpoint("/api/v1/query_exemplars", [.get, .post], place: .pool) { api, call in
      api.plain(call.request) { form throws(APIError) in
        try form.exemplars(api.options.features, MemoryAccount(api.options.memory))
      }
    },
  ]

  // MARK: What there is

  private static let listings = [
    // To delete series is not offered, but known.
    Endpoint("/api/v1/series", [.get, .post, .delete]) { api, call in
      if call.request.method == .delete {
        return ServerResponse(APIError(kind: .internalError, message: "not implemented"))
      }
      return await api.read(call.request) { form throws(APIError) in
        .series(try SeriesParameters(series: form))
      }
    },
    Endpoint("/api/v1/labels", [.get, .post]) { api, call in
      await api.read(call.request) { form throws(APIError) in .names(try SeriesParameters(labels: form)) }
    },
    Endpoint("/api/v1/label/:name/values") { api, call in
      await api.read(call.request) { form throws(APIError) in
        let name = LabelNameEscaping.unescaped(call.part)
        guard LabelNameEscaping.isValid(name) else {
          throw .badData("invalid label name: \(GoText.quoted(name))")
        }
        return .values(try SeriesParameters(labels: form), name: name)
      }
    },
    Endpoint("/api/v1/metadata", place: .pool) { api, call in
      api.plain(call.request, api.surroundings.metadata)
    },
    Endpoint("/api/v1/targets", place: .pool) { api, call in
      api.plain(call.request, api.surroundings.targetList)
    },
    Endpoint("/api/v1/targets/metadata", place: .pool) { api, call in
      api.plain(call.request, api.surroundings.targetsMetadata)
    },
    Endpoint("/api/v1/scrape_pools", place: .pool) { api, call in
      api.plain(call.request, api.surroundings.scrapePools)
    },
    Endpoint("/api/v1/alertmanagers") { api, call in
      api.plain(call.request) { _ in
        APIAnswer(data: #"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#)
      }
    },
    Endpoint("/api/v1/rules", place: .pool) { api, call in
      api.plain(call.request) { form throws(APIError) in
        try RuleList(form).answer(api.surroundings.rules?.status ?? [])
      }
    },
    Endpoint("/api/v1/alerts", place: .pool) { api, call in
      api.plain(call.request) { _ in RuleList.alerts(api.surroundings.rules?.status ?? []) }
    },
  ]

  // MARK: Remote read and write

  private static let stores = [
    Endpoint("/api/v1/write", [.post], place: .threads, isShared: false) { api, call in
      api.write(call.request)
    },
    Endpoint("/api/v1/read", [.post], place: .threads, isShared: false) { api, call in
      await api.remoteRead(call.request)
    },
    // Not offered.
    Endpoint("/api/v1/otlp/v1/metrics", [.post], isShared: false) { _, _ in
      .refusal(404, "otlp write receiver needs to be enabled with --web.enable-otlp-receiver")
    },
  ]

  // MARK: The server itself

  private static let statuses = [
    Endpoint("/api/v1/status/buildinfo") { api, _ in
      ServerResponse(APIAnswer(data: api.options.build.json))
    },
    Endpoint("/api/v1/status/runtimeinfo") { api, call in
      api.plain(call.request) { _ in
        api.surroundings.facts.runtime(now: api.now(), threads: api.options.concurrentQueries)
      }
    },
    Endpoint("/api/v1/status/config", place: .pool) { api, call in
      api.plain(call.request) { _ in api.surroundings.facts.config() }
    },
    Endpoint("/api/v1/status/flags", place: .pool) { api, call in
      api.plain(call.request) { _ in api.surroundings.facts.flagList() }
    },
    Endpoint("/api/v1/status/tsdb", place: .threads) { api, call in
      api.plain(call.request) { form throws(APIError) in try StoreStatistics(form).answer(api.source()) }
    },
    Endpoint("/api/v1/status/tsdb/blocks") { api, call in
      api.plain(call.request) { _ in APIAnswer(data: #"{"blocks":[]}"#) }
    },
    Endpoint("/api/v1/status/walreplay") { api, call in
      api.plain(call.request) { _ in APIAnswer(data: #"{"min":0,"max":0,"current":0}"#) }
    },
  ]

  private static let others = [
    // What would change the store is not offered.
    Endpoint(
      "/api/v1/admin/tsdb/:action", [.post, .put],
      paths: ["snapshot", "delete_series", "clean_tombstones"].map { "/api/v1/admin/tsdb/\($0)" }
    ) { _, _ in ServerResponse(APIError(kind: .unavailable, message: "admin APIs disabled")) },
    // What the operator should know, as a list and as a stream: there is never any.
    Endpoint("/api/v1/notifications") { api, call in
      api.plain(call.request) { _ in APIAnswer(data: "[]") }
    },
    // An event source takes the status as: there is nothing to wait for.
    Endpoint("/api/v1/notifications/live") { _, _ in ServerResponse(status: 204) },
  ]
}
