import Testing

/// Where results, notes and files are written: a write that fails has to be seen.
private let writers = [
  "Sources/promgate/Terminal/Output.swift", "Sources/Recording/Journal/RecordingWriter.swift",
]

@Test func `everything that leaves the process goes through one place that knows failure`() {
  let files = Tree.files(below: "Sources", endings: [".swift"]).filter { !writers.contains($0) }
  #expect(files.count > 50)
  for file in files {
    for (number, line) in Tree.lines(file).enumerated() where !line.contains("func print(") {
      let writes =
        line.contains(/(^|[^.\w"`])print\(/)
        || line.contains(/\b(fputs|fwrite|puts|pwrite|createFile)\(|Glibc\.write\(|\.write\(to(File)?:/)
        || line.contains(/\b(FileHandle|O_WRONLY|O_RDWR)\b/)
      #expect(!writes, "\(file):\(number + 1) writes on its own")
    }
  }
}
