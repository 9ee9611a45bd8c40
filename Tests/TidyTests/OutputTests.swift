import Testing

/// Where results, notes and files are written: a write that fails has to be seen.
private let writers = [
  "Sources/promgate/Terminal/Output.swift", "Sources/Recording/Journal/RecordingWriter.swift",
]

@Test func `everything that leaves the process goes through one place that knows failure`() {
  let calls = [
    "fputs(", "fwrite(", "pwrite(", "createFile(", "Glibc.write(", ".write(to:", ".write(toFile:",
    "FileHandle",
    "O_WRONLY", "O_RDWR",
  ]
  let files = Tree.files(below: "Sources", endings: [".swift"]).filter { !writers.contains($0) }
  #expect(files.count > 50)
  for file in files {
    for (number, line) in Tree.lines(file).enumerated() {
      let prints =
        line.contains("print(") && !line.contains("func print(") && line.contains(/(^|[^.\w"`])print\(/)
      if prints || calls.contains(where: { line.contains($0) }) {
        Issue.record("\(file):\(number + 1) writes on its own")
      }
    }
  }
}
