import Evaluator
import NIOCore
import Recording
import TimeSeries

/// Answers remote read over a source of series (remote-storage.md §3).
struct RemoteRead {
  private let source: any SeriesSource

  /// What an answer takes that is written whole.
  private let memory: MemoryAccount

  init(_ source: any SeriesSource, memory: MemoryAccount) {
    self.source = source
    self.memory = memory
  }

  func respond(to request: ServerRequest, _ cancellation: Cancellation) -> ServerResponse {
    do throws(ReadRequest.Problem) {
      let read = try ReadRequest(request.body, memory: memory)
      switch read.encoding {
      case .samples:
        var response = ServerResponse(
          body: try read.answer(over: source, memory: memory) { () throws(ReadRequest.Problem) in
            guard let end = APIError(cancellation) else { return }
            throw ReadRequest.Problem(status: end.status, description: end.message)
          })
        response.body.memory = memory
        response.headers["Content-Type"] = "application/x-protobuf"
        response.headers["Content-Encoding"] = "snappy"
        return response
      case .chunks:
        let stream = ChunkStream(read, over: source)
        return ServerResponse(
          status: 200,
          headers: HTTPFields([
            ("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
          ]),
          body: ResponseBody { try stream.next().map { ByteBuffer(bytes: $0) } })
      }
    } catch {
      return .refusal(error.status, error.description)
    }
  }
}
