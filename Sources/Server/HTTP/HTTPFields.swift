internal import NIOHTTP1

/// Header fields in the order that they were set; names compare without regard to case.
public struct HTTPFields: Sendable {
  private(set) var fields: HTTPHeaders

  public init(_ fields: [(name: String, value: String)] = []) { self.fields = HTTPHeaders(fields) }

  init(_ fields: HTTPHeaders) { self.fields = fields }

  /// The first value of a field; nil when it is absent. Setting replaces all values.
  public subscript(_ name: String) -> String? {
    get { fields.first(name: name) }
    set {
      if let newValue {
        fields.replaceOrAdd(name: name, value: newValue)
      } else {
        fields.remove(name: name)
      }
    }
  }

  /// All values of a field, in order.
  public func all(_ name: String) -> [String] { fields[name] }

  /// Adds a field without touching others of its name.
  public mutating func add(_ name: String, _ value: String) { fields.add(name: name, value: value) }
}
