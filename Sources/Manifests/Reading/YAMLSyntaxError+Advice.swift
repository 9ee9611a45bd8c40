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
