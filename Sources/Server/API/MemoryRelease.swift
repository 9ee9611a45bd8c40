import CMemory
import NIOCore
import NIOPosix
import Synchronization

/// Gives the memory of large answers back to the system some time after they were written.
final class MemoryRelease: Sendable {
  /// Answers of fewer bytes leave nothing that matters.
  static let worthwhile = 4 << 20
  private static let delay = TimeAmount.seconds(1)

  private let isScheduled = Atomic(false)

  /// Once a delay at most, however many answers there are.
  func schedule() {
    guard isScheduled.exchange(true, ordering: .relaxed) == false else { return }
    MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.delay) {
      self.isScheduled.store(false, ordering: .relaxed)
      promgate_memory_trim()
    }
  }
}
