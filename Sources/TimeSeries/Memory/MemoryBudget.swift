import Synchronization

/// How much memory all pieces of work of one kind may hold together, and each of them: the one account from
/// which everything that grows by an input asks before it takes.
///
/// Safe to share. A piece of work opens a `MemoryAccount`.
public final class MemoryBudget: Sendable {
  /// Bytes that one piece of work may hold.
  public let each: Int
  /// Bytes that all may hold together.
  public let all: Int
  let names: Names
  private let taken = Atomic<Int>(0)

  /// How an error calls the work and the flags that give it more.
  public struct Names: Sendable, Hashable {
    /// What wants memory, such as `the query`.
    var work: String
    /// What all of it is called, such as `all queries`.
    var everything: String
    /// The flag that raises `each`, and the one that raises `all`.
    var eachFlag: String
    var allFlag: String

    public init(work: String, everything: String, eachFlag: String, allFlag: String) {
      self.work = work
      self.everything = everything
      self.eachFlag = eachFlag
      self.allFlag = allFlag
    }

    /// Of queries.
    public static let queries = Names(
      work: "the query", everything: "all queries", eachFlag: "--query.max-memory",
      allFlag: "--query.max-memory-total")

    /// Of what bodies of requests are decoded to.
    public static let bodies = Names(
      work: "the request", everything: "the requests under way", eachFlag: "--max-bodies-size",
      allFlag: "--max-bodies-size")
  }

  /// What a piece of work may hold without asking for it: small ones go on when large ones have taken
  /// everything. Bytes.
  package static let allowance = 256 << 10

  /// - Parameters:
  ///   - each: bytes that one piece of work may hold.
  ///   - all: bytes that all together may hold, beside 256 KiB of each.
  public init(each: Int, all: Int, names: Names = .queries) {
    self.each = max(0, each)
    self.all = max(0, all)
    self.names = names
  }

  /// Without a bound.
  public static let unlimited = MemoryBudget(each: .max, all: .max)

  /// Bytes that are held now, without the allowances.
  public var held: Int { taken.load(ordering: .relaxed) }

  /// Takes bytes; false when they are not there, and nothing was taken.
  func take(_ bytes: Int) -> Bool {
    let (old, new) = taken.add(bytes, ordering: .relaxed)
    // The sum may have wrapped around.
    if new <= all, new >= old { return true }
    taken.subtract(bytes, ordering: .relaxed)
    return false
  }

  func giveBack(_ bytes: Int) { taken.subtract(bytes, ordering: .relaxed) }
}

/// What one piece of work holds. Gives everything back when nobody has it any more.
///
/// Used by one thread at a time, which may change.
public final class MemoryAccount: Sendable {
  /// From which the bytes are taken.
  public let budget: MemoryBudget
  private let bytes = Atomic<Int>(0)

  public init(_ budget: MemoryBudget) { self.budget = budget }

  deinit { giveBack(held) }

  /// Bytes that are held now.
  public var held: Int { bytes.load(ordering: .relaxed) }

  /// Asks for bytes that are about to be allocated. Throws when this work, or all work together, would hold
  /// too much: nothing is taken then. Costs an addition or two.
  public func take(_ count: Int) throws(MemoryShortage) {
    guard count > 0 else { return }
    let (sum, overflow) = held.addingReportingOverflow(count)
    guard !overflow, sum <= budget.each else {
      throw MemoryShortage(limit: budget.each, isShared: false, names: budget.names)
    }
    let more = Self.counted(sum) - Self.counted(held)
    guard more == 0 || budget.take(more) else {
      throw MemoryShortage(limit: budget.all, isShared: true, names: budget.names)
    }
    bytes.store(sum, ordering: .relaxed)
  }

  /// Gives bytes back that were taken.
  public func giveBack(_ count: Int) {
    guard count > 0 else { return }
    let before = held
    let rest = max(0, before - count)
    let less = Self.counted(before) - Self.counted(rest)
    if less > 0 { budget.giveBack(less) }
    bytes.store(rest, ordering: .relaxed)
  }

  /// Gives back what was taken since the account held so much.
  public func giveBack(downTo bytes: Int) { giveBack(held - bytes) }

  /// What of a sum the budget of all is asked for.
  private static func counted(_ bytes: Int) -> Int { max(0, bytes - MemoryBudget.allowance) }
}

/// Memory that somebody asked for and did not get.
public struct MemoryShortage: Error, Hashable, CustomStringConvertible {
  /// Bytes that may be held.
  public let limit: Int
  /// Whether all work together holds too much, so that it may go later; else it is this work alone.
  public let isShared: Bool
  let names: MemoryBudget.Names

  public var description: String {
    let size = ByteCount.text(limit)
    return isShared
      ? "\(names.everything) together would hold more than \(size) of memory "
        + "(\(names.allFlag) raises the limit)"
      : "\(names.work) would hold more than \(size) of memory (\(names.eachFlag) raises the limit)"
  }
}

/// Numbers of bytes as text.
public enum ByteCount {
  /// Such as `32 MiB`, `1.5 GiB` or `900 bytes`: at most one digit behind the point.
  public static func text(_ bytes: Int) -> String {
    var (unit, index) = (1, 0)
    let names = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while index + 1 < names.count, bytes / unit >= 1024 {
      unit <<= 10
      index += 1
    }
    // Ten times less than 2^60 fits.
    let tenths = UInt(max(0, bytes % unit)) * 10 / UInt(unit)
    return tenths == 0 || index == 0
      ? "\(bytes / unit) \(names[index])" : "\(bytes / unit).\(tenths) \(names[index])"
  }
}
