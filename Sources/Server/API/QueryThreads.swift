import NIOCore
import NIOPosix

/// A bounded number of threads for work that computes instead of waiting: tasks that prefer them run
/// there, in the order of their arrival, and wait while all threads are busy.
final class QueryThreads: TaskExecutor {
  private let pool: NIOThreadPool

  init(count: Int) {
    pool = NIOThreadPool(numberOfThreads: max(1, count))
    pool.start()
  }

  deinit { pool.shutdownGracefully { _ in } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pool.submit { [self] _ in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
