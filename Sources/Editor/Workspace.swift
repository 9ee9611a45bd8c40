import Lint
import Manifests
import PromQL

/// All texts that belong together: the open ones as they are in the editor, the others as they are on disk.
struct Workspace {
  /// By address.
  private(set) var open: [String: Document] = [:]
  /// What the folders hold, each file read on its own; by path.
  private var files: [String: ManifestReading] = [:]
  /// Of the open texts, by address: read again when they change.
  private var readings: [String: ManifestReading] = [:]

  /// Takes what folders hold now.
  mutating func setFiles(_ sources: [ManifestSource]) {
    files = [:]
    for source in sources { files[source.name] = ManifestReading(reading: source, skipsForeign: true) }
  }

  mutating func set(_ document: Document) {
    open[document.uri] = document
    readings[document.uri] = ManifestReading(reading: document.source, skipsForeign: true)
  }

  mutating func close(_ uri: String) {
    open[uri] = nil
    readings[uri] = nil
  }

  /// Everything, read together; open texts stand for their files.
  var reading: ManifestReading {
    var reading = ManifestReading()
    let names = Set(open.values.map(\.source.name))
    for (name, file) in files.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
      reading.add(file)
    }
    for (_, one) in readings.sorted(by: { $0.key < $1.key }) { reading.add(one) }
    return reading
  }

  /// The text of a place, open or not.
  func document(_ source: ManifestSource) -> Document {
    open.values.first { $0.source.name == source.name } ?? Document(source)
  }
}
