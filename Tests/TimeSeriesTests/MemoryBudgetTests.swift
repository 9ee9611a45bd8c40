import Testing
import TimeSeries

@Suite struct MemoryBudgetTests {
  @Test func `an account holds no more than it may, and gives back what it held`() throws {
    let budget = MemoryBudget(each: 1 << 20, all: 1 << 20)
    do {
      let account = MemoryAccount(budget)
      try account.take(1 << 19)
      try account.take(1 << 19)
      #expect(throws: MemoryShortage.self) { try account.take(1) }
      #expect(throws: MemoryShortage.self) { try account.take(.max) }
      #expect(account.held == 1 << 20)
      account.giveBack(downTo: 100)
      #expect(account.held == 100)
      account.giveBack(1000)
      account.giveBack(-5)
      #expect(account.held == 0)
      try account.take(1 << 20)
    }
    #expect(budget.held == 0)
  }

  @Test func `small work goes on when large work has taken everything`() throws {
    let budget = MemoryBudget(each: 1 << 20, all: 1 << 20)
    let (first, second, small) = (MemoryAccount(budget), MemoryAccount(budget), MemoryAccount(budget))
    try first.take(1 << 20)
    let shortage = #expect(throws: MemoryShortage.self) { try second.take(1 << 20) }
    #expect(shortage?.isShared == true)
    #expect(
      shortage?.description
        == "all queries together would hold more than 1 MiB of memory (--query.max-memory-total raises the limit)"
    )
    #expect(second.held == 0)
    try small.take(MemoryBudget.allowance)
    first.giveBack(1 << 20)
    try second.take(1 << 20)
  }

  @Test func `without a bound nothing overflows`() throws {
    let account = MemoryAccount(.unlimited)
    try account.take(.max)
    #expect(throws: MemoryShortage.self) { try account.take(.max) }
    account.giveBack(.max)
    #expect(account.held == 0)
  }

  @Test func `sizes are told in the largest unit`() {
    for (bytes, text) in [
      (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"), (32 << 20, "32 MiB"),
      ((32 << 20) - 1, "31.9 MiB"), (5 << 30, "5 GiB"), (.max, "7.9 EiB"),
    ] {
      #expect(ByteCount.text(bytes) == text)
    }
  }
}
