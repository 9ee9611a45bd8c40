package import Manifests
package import PromQL
import TimeSeries

/// A key of a section, and how its value is read.
package struct ConfigurationField<Section: Sendable>: Sendable {
  package typealias Read =
    @Sendable (inout Section, ManifestNode, inout ConfigurationReader) throws(ManifestProblem) -> Void
  package typealias Place<Value> = any WritableKeyPath<Section, Value> & Sendable

  package let key: String
  package let read: Read

  package init(_ key: String, _ read: @escaping Read) {
    self.key = key
    self.read = read
  }

  /// The key as one of the section that holds this one, which is written into it.
  package func lifted<Outer>(
    to path: any WritableKeyPath<Outer, Section> & Sendable
  ) -> ConfigurationField<Outer> {
    let read = read
    return ConfigurationField<Outer>(key) { (outer, node, reader) throws(ManifestProblem) in
      try read(&outer[keyPath: path], node, &reader)
    }
  }

  // MARK: Scalars

  package static func text(_ key: String, _ place: Place<String>, type: String = "string") -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.text(node, type: type) { section[keyPath: place] = value }
    }
  }

  package static func secret(_ key: String, _ place: Place<Secret>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.text(node, type: "config.plain") { section[keyPath: place] = Secret(value) }
    }
  }

  package static func flag(_ key: String, _ place: Place<Bool>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.flag(node) { section[keyPath: place] = value }
    }
  }

  /// One that has no value of its own until it is written.
  package static func flag(_ key: String, _ place: Place<Bool?>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.flag(node) { section[keyPath: place] = node.isNull ? nil : value }
    }
  }

  package static func natural(_ key: String, _ place: Place<UInt64>, type: String = "uint") -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.natural(node, type: type) { section[keyPath: place] = value }
    }
  }

  package static func integer(_ key: String, _ place: Place<Int64>, type: String = "int") -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.integer(node, type: type) { section[keyPath: place] = value }
    }
  }

  package static func number(_ key: String, _ place: Place<Double>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.number(node) { section[keyPath: place] = value }
    }
  }

  /// Milliseconds.
  package static func duration(_ key: String, _ place: Place<Int64>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { return section[keyPath: place] = 0 }
      guard let text = reader.text(node) else { return }
      do { section[keyPath: place] = try DurationText.milliseconds(text.utf8) } catch {
        throw .refusal("\(error)", at: node.range, help: "write a number and a unit: 30s, 5m, 1h30m")
      }
    }
  }

  /// Bytes.
  package static func size(_ key: String, _ place: Place<Int64>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isNull { return section[keyPath: place] = 0 }
      guard let text = reader.text(node, type: "units.Base2Bytes") else { return }
      do { section[keyPath: place] = try ByteSize.bytes(text) } catch {
        throw .refusal("\(error)", at: node.range, help: "write a number and a unit: 512KB, 10MB, 1GB")
      }
    }
  }

  /// An address, absolute or not; nil where none is written.
  package static func url(_ key: String, _ place: Place<WebAddress?>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { return section[keyPath: place] = nil }
      guard let text = reader.text(node) else { return }
      // go-yaml takes it for no value, and then it is no address.
      if text == "null" || text == "~" { return reader.report(node.unreadable(as: "config.URL")) }
      do { section[keyPath: place] = try WebAddress(text) } catch {
        throw .refusal("\(error)", at: node.range)
      }
    }
  }

  // MARK: Lists and mappings

  package static func texts(_ key: String, _ place: Place<[String]>, item: String = "string") -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if let value = reader.texts(node, type: "[]\(item)", item: item) { section[keyPath: place] = value }
    }
  }

  /// A list that an empty one differs from.
  package static func texts(
    _ key: String, _ place: Place<[String]?>, item: String = "string"
  ) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isNull { return section[keyPath: place] = nil }
      if let value = reader.texts(node, type: "[]\(item)", item: item) { section[keyPath: place] = value }
    }
  }

  /// A mapping of texts to texts, in the order written.
  package static func pairs(
    _ key: String, _ place: Place<[NamedValue]>, type: String = "map[string]string", value: String = "string"
  ) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      guard let entries = reader.entries(node, type: type, value: value) else { return }
      section[keyPath: place] = entries.compactMap { entry in
        reader.text(entry.value, type: value).map { NamedValue(entry.key, $0, at: entry.keyRange) }
      }
    }
  }

  /// Labels whose names are looked at at once.
  package static func labels(_ key: String, _ place: Place<[NamedValue]>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      guard let entries = reader.entries(node, type: "model.LabelSet", value: "model.LabelValue") else {
        return
      }
      section[keyPath: place] = []
      for entry in entries {
        try ListedLabels.check(entry.key, at: entry.keyRange)
        if let value = reader.text(entry.value, type: "model.LabelValue") {
          section[keyPath: place].append(NamedValue(entry.key, value, at: entry.keyRange))
        }
      }
    }
  }

  // MARK: Sections

  package static func section<Inner: ConfigurationSection>(_ key: String, _ place: Place<Inner>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isNull {
        var blank = Inner.blank
        blank.places.range = node.range
        // Of other spellings than `null` go-yaml asks the section what it makes of them.
        if !node.isSkipped { try blank.complete() }
        return section[keyPath: place] = blank
      }
      if let value: Inner = try reader.section(node) { section[keyPath: place] = value }
    }
  }

  package static func section<Inner: ConfigurationSection>(_ key: String, _ place: Place<Inner?>) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isNull { return section[keyPath: place] = nil }
      if let value: Inner = try reader.section(node) { section[keyPath: place] = value }
    }
  }

  /// A list of sections; an item without a value is refused in its turn.
  ///
  /// - Parameter list: what Prometheus calls the list.
  package static func sections<Inner: ConfigurationSection>(
    _ key: String, _ place: Place<[Inner?]>, list: String
  ) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      guard let items = reader.items(node, type: list) else { return }
      section[keyPath: place] = []
      for item in items {
        if item.isNull {
          section[keyPath: place].append(nil)
        } else if let value: Inner = try reader.section(item) {
          section[keyPath: place].append(value)
        }
      }
    }
  }

  /// What Prometheus reads and promgate does not: accepted as it is, and named.
  package static func unread(_ key: String, _ what: String) -> Self {
    Self(key) { (section, node, reader) throws(ManifestProblem) in
      guard !node.isNull else { return }
      reader.note(notDone: "\(what): promgate does not do that, and does not look into it", at: node.range)
    }
  }
}

/// A name and a value as they are written.
package struct NamedValue: Sendable, Hashable {
  package var name: String
  package var value: String
  package var place: SectionPlaces

  package init(_ name: String, _ value: String, at range: SourceRange? = nil) {
    self.name = name
    self.value = value
    place = SectionPlaces()
    place.range = range
  }
}

/// A value that is never shown.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The value itself: for requests only.
  package var exposed: String

  package init(_ value: String = "") { exposed = value }

  package var isEmpty: Bool { exposed.isEmpty }
  package var description: String { exposed.isEmpty ? "" : "<secret>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["value": description]) }
}

/// Names of labels in the configuration.
enum ListedLabels {
  static func check(_ name: String, at range: SourceRange?) throws(ManifestProblem) {
    guard !LabelName.isValid(Array(name.utf8)) else { return }
    throw .refusal("\(GoText.quoted(name)) is not a valid label name", at: range)
  }
}
