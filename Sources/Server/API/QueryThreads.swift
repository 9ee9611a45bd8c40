import NIOCore
import NIOPosix
import Synchronization

/// A bounded number of threads for work that computes instead of waiting: tasks that prefer them run
/// there, in the order of their arrival, and wait while all threads are busy.
///
/// The thread that worked last works next: its stack and its free memory are still in the caches.
final class QueryThreads: TaskExecutor {
  /// Pools of one thread each: a pool of many would wake the one that has slept for longest.
  private let threads: [NIOThreadPool]
  private let state: Mutex<State>

  private struct State {
    /// The threads that have nothing to do, the last one to become so at the end.
    var idle: [Int]
    /// What no thread has begun, in order of arrival.
    var waiting = CircularBuffer<UnownedJob>()
  }

  init(count: Int) {
    threads = (0..<max(1, count)).map { _ in NIOThreadPool(numberOfThreads: 1) }
    state = Mutex(State(idle: threads.indices.reversed()))
    for thread in threads { thread.start() }
  }

  deinit { for thread in threads { thread.shutdownGracefully { _ in } } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = state.withLock { state in
      let thread = state.idle.popLast()
      if thread == nil { state.waiting.append(job) }
      return thread
    }
    if let thread { threads[thread].submit { [self] _ in run(job, on: thread) } }
  }

  /// Runs a job and then those that wait.
  private func run(_ first: UnownedJob, on thread: Int) {
    var next: UnownedJob? = first
    while let job = next {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      next = state.withLock { state in
        let job = state.waiting.popFirst()
        if job == nil { state.idle.append(thread) }
        return job
      }
    }
  }
}
