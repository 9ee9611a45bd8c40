import TimeSeries

extension GoFormat {
  /// Objects print their text where a text can stand, else their number or their fields.
  mutating func object(_ object: GoObject, verb: Unicode.Scalar) {
    let value = TemplateValue.object(object)
    if flags.goSyntax, verb == "v" {
      if case .time(let time, _) = object { return pad(Array(time.goSyntax.utf8)) }
      if let number = object.wholeNumber {
        return integer(number.magnitude, isNegative: number < 0, verb: verb, of: value)
      }
    }
    if ["v", "s", "x", "X", "q"].contains(verb), object.type != "int64" {
      return argument(.text(object.description), verb: verb)
    }
    if let number = object.wholeNumber {
      return integer(number.magnitude, isNegative: number < 0, verb: verb, of: value)
    }
    guard case .time(let time, let isPointer) = object else { return badVerb(verb, value) }
    write(isPointer ? "&{" : "{")
    field(time.nanoseconds, "uint64", verb)
    write(" ")
    field(time.secondsOfGo, "int64", verb)
    write(" ")
    // The place, which is nil for UTC.
    if ["b", "o", "d"].contains(verb) {
      integer(0, isNegative: false, verb: verb, of: value)
    } else {
      write("%!\(verb)(*time.Location=<nil>)")
    }
    write("}")
  }

  private mutating func field(_ number: Int64, _ type: String, _ verb: Unicode.Scalar) {
    if ["b", "c", "d", "o", "O", "U"].contains(verb) {
      integer(number.magnitude, isNegative: number < 0, verb: verb, of: .integer(number))
    } else {
      write("%!\(verb)(\(type)=\(number))")
    }
  }
}
