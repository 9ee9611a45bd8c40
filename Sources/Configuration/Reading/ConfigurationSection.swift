package import Manifests
package import PromQL

/// A mapping of Prometheus' configuration, with Prometheus' defaults where nothing is written.
package protocol ConfigurationSection: Sendable, Hashable {
  /// With the defaults.
  init()
  /// What a key without a value leaves: no defaults where they differ from nothing.
  static var blank: Self { get }
  /// What it is, for people: `a scrape configuration`.
  static var title: String { get }
  /// What Prometheus calls its type in messages: `config.ScrapeConfig`.
  static var type: String { get }
  /// Its keys, each with its reader.
  static var fields: [ConfigurationField<Self>] { get }
  var places: SectionPlaces { get set }
  /// Throws what Prometheus refuses of the section as soon as it is read, and completes it.
  mutating func complete() throws(ManifestProblem)
}

extension ConfigurationSection {
  package static var blank: Self { Self() }
  package mutating func complete() throws(ManifestProblem) {}

  /// The keys as those of a section that holds this one without a key of its own.
  static func lifted<Outer>(to path: any WritableKeyPath<Outer, Self> & Sendable) -> [ConfigurationField<
    Outer
  >] {
    fields.map { $0.lifted(to: path) }
  }

  /// What Prometheus refuses, in its words, at the first of the keys that is written.
  ///
  /// - Parameter help: what to do.
  package func refusal(_ message: String, at keys: String..., help: String? = nil) -> ManifestProblem {
    let place = keys.lazy.compactMap { places[$0] }.first ?? places.range
    return .refusal(message, at: place, help: help)
  }
}

extension ManifestProblem {
  package static func refusal(_ message: String, at range: SourceRange?, help: String? = nil)
    -> ManifestProblem
  {
    var problem = ManifestProblem(ConfigurationCode.refused, message, at: range)
    problem.diagnostic.notes = help.map { [Diagnostic.Note($0)] } ?? []
    return problem
  }
}

/// The codes of this module's diagnostics.
package enum ConfigurationCode {
  /// What Prometheus refuses to load.
  package static let refused = "config"
  /// What Prometheus does and promgate does not.
  package static let notDone = "config-not-done"
  /// A target that no rule keeps, a job that scrapes itself, a file that is missing.
  package static let doubtful = "config-doubtful"
}
