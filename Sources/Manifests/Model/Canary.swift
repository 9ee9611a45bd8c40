/// A Canary as written (flagger.md §1.1). Stored properties hold what the manifest says, nil for what it
/// leaves out; `Canary+Defaults` says what Flagger makes of it.
public struct Canary: Sendable, Hashable {
  /// Nil for a canary that was made by code.
  public var origin: ResourceOrigin?
  public var metadata: ResourceMetadata

  public var provider: Located<MeshProvider>?
  public var metricsServer: Located<String>?
  public var targetRef: Located<ObjectReference<TargetKind>>
  public var autoscalerRef: Located<ObjectReference<AutoscalerKind>>?
  public var ingressRef: Located<ObjectReference<IngressKind>>?
  public var routeRef: Located<ObjectReference<RouteKind>>?
  public var upstreamRef: Located<ObjectReference<UpstreamKind>>?
  public var service: Located<CanaryService>?
  public var analysis: Located<CanaryAnalysis>
  public var progressDeadlineSeconds: Located<Int>?
  public var skipAnalysis: Located<Bool>?
  public var revertOnDeletion: Located<Bool>?
  public var suspend: Located<Bool>?

  /// A canary with what is required; the rest is absent.
  public init(
    metadata: ResourceMetadata, targetRef: Located<ObjectReference<TargetKind>>,
    analysis: Located<CanaryAnalysis>, origin: ResourceOrigin? = nil
  ) {
    self.metadata = metadata
    self.targetRef = targetRef
    self.analysis = analysis
    self.origin = origin
  }
}

/// The part of `spec.service` that an analysis needs (flagger.md §1.3).
public struct CanaryService: Sendable, Hashable {
  public var name: Located<String>?
  public var port: Located<Int>

  public init(port: Located<Int>, name: Located<String>? = nil) {
    self.name = name
    self.port = port
  }
}
