import Glibc
import Synchronization

/// A thread with a stack that is large enough for plans of many levels, such as a sum of ten thousand
/// operands. The stack is only reserved: memory is used for the levels that are there.
enum DeepStack {
  /// How many levels there may be.
  static let depthLimit: Int = {
    #if DEBUG
      10_000
    #else
      100_000
    #endif
  }()

  /// Bytes of stack that a level may take: several times what was measured.
  private static let bytesPerLevel: Int = {
    #if DEBUG
      48 << 10
    #else
      8 << 10
    #endif
  }()

  /// Bytes of stack that so many levels use, about; more is only reserved.
  static func usedBytes(levels: Int) -> Int { levels * bytesPerLevel / 4 }

  private final class Work<Value: Sendable>: Sendable {
    let body: @Sendable () -> Value
    let value = Mutex<Value?>(nil)

    init(_ body: @escaping @Sendable () -> Value) { self.body = body }

    func run() {
      let result = body()
      value.withLock { $0 = result }
    }
  }

  /// What a thread is given to do, without its type.
  private final class Start {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// Runs the body on a thread of its own and waits for it; nil when the system has no room for one.
  static func run<Value: Sendable>(levels: Int, _ body: @escaping @Sendable () -> Value) -> Value? {
    let work = Work(body)
    var attributes = pthread_attr_t()
    guard unsafe pthread_attr_init(&attributes) == 0 else { return nil }
    defer { unsafe pthread_attr_destroy(&attributes) }
    let size = (1 << 20) + levels * bytesPerLevel
    guard unsafe pthread_attr_setstacksize(&attributes, size) == 0 else { return nil }
    let start = unsafe Unmanaged.passRetained(Start(work.run))
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread, &attributes,
      { pointer in
        guard let pointer = unsafe pointer else { return nil }
        unsafe Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().run()
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      unsafe start.release()
      return nil
    }
    pthread_join(thread, nil)
    return work.value.withLock { $0 }
  }
}
