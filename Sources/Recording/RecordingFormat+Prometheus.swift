extension RecordingFormat {
  /// A server's data directory (a copy, or one in use), a snapshot of it, or one block
  /// (chunks-and-blocks.md §2).
  static let prometheus = RecordingFormat(
    name: "prometheus", summary: "a data directory, snapshot or block of Prometheus",
    recognises: { glimpse in
      guard let entries = glimpse.entries else { return false }
      let isBlock = entries.contains("meta.json") && entries.contains("index")
      return isBlock || entries.contains("wal") || !DirectoryListing(names: entries).blocks.isEmpty
    },
    read: { path, _ throws(RecordingError) in
      let directory = try PrometheusDirectory(path: path)
      return RecordedSeries(directory, directory.facts)
    })
}
