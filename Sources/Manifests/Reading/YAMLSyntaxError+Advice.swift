import PromQL

extension YAMLSyntaxError {
  /// The error in go-yaml's words: the line is that of the fault as libyaml counts, one less where its parser
  /// met it, and the first line has none.
  func refusal(of bytes: [UInt8]) -> ManifestProblem {
    func line(_ offset: Int) -> Int { bytes.prefix(max(0, offset)).count { $0 == UInt8(ascii: "\n") } }
    var number = line(offset)
    if number == 0 {
      number = context == nil ? 0 : line(contextOffset)
    } else if stage == .scanner {
      number += 1
    }
    let place = min(offset, bytes.count)
    var problem = ManifestProblem(
      ManifestCode.yaml, "yaml: \(number == 0 || stage == .reader ? "" : "line \(number): ")\(message)",
      at: SourceRange(place, place))
    if let advice = advice(byte: place < bytes.count ? bytes[place] : nil) {
      problem.diagnostic.notes = [Diagnostic.Note(advice)]
    }
    return problem
  }
}

extension YAMLSyntaxError {
  /// What to do about it, for the mistakes that people make; nil where libyaml's words must do.
  ///
  /// - Parameter byte: what stands at the offset.
  func advice(byte: UInt8?) -> String? {
    switch message {
    case "found character that cannot start any token":
      byte == UInt8(ascii: "\t") ? "indent with blanks, not with tabs" : "put the text in quotes"
    case "mapping values are not allowed in this context":
      "put a text that holds a colon and a blank in quotes, or check the line's indentation"
    case "did not find expected key":
      "indent the line as the keys beside it, and put texts that begin with a quote wholly in quotes"
    case "could not find expected ':'":
      "is a colon missing, or the indentation of a block of text?"
    case "did not find expected '-' indicator":
      "indent the line as the items beside it"
    case "found unexpected end of stream":
      "close the quote"
    case "found invalid Unicode character escape code":
      "write the character itself: YAML has no surrogate pairs"
    case "control characters are not allowed":
      "write it as an escape within double quotes"
    default:
      message.hasPrefix("did not find expected ',' or") ? "close the bracket, or add a comma" : nil
    }
  }
}
