import Recording
import TimeSeries

/// Answers remote read over a source of series (remote-storage.md §3).
struct RemoteRead {
  private let source: any SeriesSource

  init(_ source: any SeriesSource) { self.source = source }

  func respond(to request: ServerRequest) -> ServerResponse {
    do throws(ReadRequest.Problem) {
      let read = try ReadRequest(request.body)
      let body = try read.answer(over: source)
      var response = ServerResponse(body: body)
      response.headers["Content-Type"] = "application/x-protobuf"
      response.headers["Content-Encoding"] = "snappy"
      return response
    } catch {
      return .refusal(error.status, error.description)
    }
  }
}
