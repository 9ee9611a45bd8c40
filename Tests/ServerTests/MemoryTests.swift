import Server
import Testing
import TimeSeries

@Suite struct MemoryTests {
  @Test func `the least limit of the control groups counts`() {
    for (memberships, files, expected) in [
      // Version 2, alone.
      (
        "0::/a/b\n",
        ["/sys/fs/cgroup/a/memory.max": "268435456\n", "/sys/fs/cgroup/a/b/memory.max": "max\n"], 268_435_456
      ),
      ("0::/\n", ["/sys/fs/cgroup/memory.max": "1000\n", "/sys/fs/cgroup/memory.high": "900\n"], 900),
      // In a container the path is that outside.
      ("0::/../../pod/x\n", ["/sys/fs/cgroup/memory.max": "4096\n"], 4096),
      // Version 1.
      (
        "5:cpu,cpuacct:/c\n4:memory:/docker/abc\n0::/\n",
        [
          "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "9223372036854771712\n",
          "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes": "5000000\n",
          "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ], 5_000_000
      ),
      // Both, and version 2 beside it.
      (
        "4:memory,x:/m\n0::/u\n",
        [
          "/sys/fs/cgroup/memory/m/memory.limit_in_bytes": "7000\n",
          "/sys/fs/cgroup/unified/u/memory.max": "6000\n",
        ], 6000
      ),
      ("", [:], nil), ("nonsense\n1:2\n", [:], nil),
      ("0::/a\n", ["/sys/fs/cgroup/a/memory.max": "many\n"], nil),
    ] as [(String, [String: String], Int?)] {
      #expect(MachineMemory.groupLimit(memberships: memberships) { files[$0] } == expected, "\(memberships)")
    }
    #expect(MachineMemory.limit() > 1 << 20)
  }

  private func crowded(each: Int, all: Int) throws -> Endpoint {
    let endpoint = Endpoint { $0.memory = MemoryBudget(each: each, all: all) }
    for series in 0..<1500 {
      try endpoint.add([("__name__", "m"), ("i", "series-\(series)")], at: 999_000, Double(series))
    }
    return endpoint
  }

  @Test func `an answer that takes too much is refused with the flag, and others go on`() async throws {
    let endpoint = try crowded(each: 128 << 10, all: 1 << 20)
    for target in [
      "/api/v1/query_range?query=sort(m)&start=900&end=1000&step=0.1", "/api/v1/series?match[]=m",
      "/api/v1/label/i/values", "/federate?match[]=m",
    ] {
      let answer = await endpoint.get(target)
      #expect(answer.status == 422, "\(target)")
      let text = String(decoding: answer.body.bytes, as: UTF8.self)
      #expect(
        text.contains("would hold more than 128 KiB of memory (--query.max-memory raises the limit)"),
        "\(text)")
      if target.hasPrefix("/api") { #expect(text.hasPrefix(#"{"status":"error","errorType":"execution""#)) }
      let small = await endpoint.get("/api/v1/query?query=count(m)")
      #expect(small.status == 200)
    }
  }

  @Test func `what an unread answer holds is missing for others until it is gone`() async throws {
    let endpoint = try crowded(each: 16 << 20, all: 12 << 20)
    // Some five megabytes, and twice that while they are made.
    let large = "/api/v1/query_range?query=m&start=999&end=1298&step=1"
    var first: ServerResponse? = await endpoint.get(large)
    #expect(first?.status == 200)
    let second = await endpoint.get(large)
    #expect(second.status == 503)
    #expect(
      String(decoding: second.body.bytes, as: UTF8.self).contains(
        #""errorType":"unavailable","error":"all queries"#))
    #expect(await endpoint.get("/api/v1/query?query=count(m)").status == 200)
    first = nil
    #expect(await endpoint.get(large).status == 200)
  }
}
