import PromQL
import Testing

struct ParseErrorTests {
  @Test func `syntax errors name the token and what would have fitted`() {
    check(
      """
      up down
         ^^^^ unexpected identifier "down"

      up * / 2
           ^ unexpected <op:/>

      a + aTan2
          ^^^^^ unexpected <op:aTan2>

      sum by job (up)
             ^^^ unexpected identifier "job" in grouping opts, expected "("

      sum by (job instance) (up)
                  ^^^^^^^^ unexpected identifier "instance" in grouping opts, expected "," or ")"

      count without (job, 5) (up)
                          ^ unexpected number "5" in grouping opts, expected label

      up{job}
            ^ unexpected "}" in label matching, expected label matching operator

      up{job=api}
             ^^^ unexpected identifier "api" in label matching, expected string

      up{job="a" instance="b"}
                 ^^^^^^^^ unexpected identifier "instance" in label matching, expected "," or "}"

      up{,job="a"}
         ^ unexpected "," in label matching, expected identifier or "}"

      up offset soon
                ^^^^ unexpected identifier "soon" in offset, expected number, duration, step(), or range()

      up @ noon
           ^^^^ unexpected identifier "noon" in @, expected timestamp

      rate(up[])
              ^ unexpected "]" in subquery or range selector, expected number, duration, step(), or range()

      up[5m 1m]
            ^^ unexpected duration "1m" in subquery or range, expected ":" or "]"

      up[1h:5m 1m]
               ^^ unexpected duration "1m" in subquery selector, expected "]"

      up "a label that is rather long"
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unexpected string "\\"a label t"...
      """)
  }

  @Test func `lexical errors reach from the token to the end`() {
    check(
      """
      up $ 1
         ^^^ unexpected character: '$'

      up{a=~"x"} =~ 1
                 ^^^^ unexpected character after '=': '~'

      up{a=1}
           ^^ unexpected character inside braces: '1'

      rate(up[5x])
              ^^^^ bad number or duration syntax: "5"

      1 + 0x1g
          ^^^^ bad number or duration syntax: "0x1"

      up{a="b
           ^^ unterminated quoted string

      label_join(up, "a\\qb", "")
                     ^^^^^^^^^^^ unknown escape sequence U+0071 'q'
                   ^ trailing commas not allowed in function call args

      up[5m:1m:1m]
              ^^^^ unexpected colon ':'

      ((up)
           | unclosed left parenthesis

      (up))
           | unexpected right parenthesis ')'

      up]
        ^ unexpected right bracket ']'
      """)
  }

  @Test func `errors that do not stop the parser come in the order of completion`() {
    check(
      """
      nope(up offset 1m offset 2m)
           ^^^^^^^^^^^^ offset may not be set multiple times
      ^^^^ unknown function with name "nope"

      topk(up) + sum(1, 2)
      ^^^^^^^^ wrong number of arguments for aggregate expression provided, expected 2, got 1
                 ^^^^^^^^^ wrong number of arguments for aggregate expression provided, expected 1, got 2

      (up)[5m] + up offset 1m[1h]
          ^^^^ ranges only allowed for vector selectors
                             ^^^^ no offset modifiers allowed before range

      up @ 1 @ 2
      ^^^^^^ @ <timestamp> may not be set multiple times

      up{a=~"("} + up{b!~"[z-a]"}
         ^^^^^^ error parsing regexp: missing closing ): `(`
                      ^^^^^^^^^^ error parsing regexp: invalid character class range: `z-a`

      up{a=~"x\\xff"}
         ^^^^^^^^^^ error parsing regexp: invalid UTF-8: `\u{FFFD}`

      abs(up,)
            ^ trailing commas not allowed in function call args

      up[1h1h] offset 0x
         ^^^^ not a valid duration string: "1h1h"
         ^^^^ duration must be greater than 0
                      ^^ error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax

      up[1h / 0]
            ^ division by zero
      @0,0 duration must be greater than 0
      """)
  }

  @Test func `recovery lists what yacc would`() {
    check(
      """
      sum(up, *)
            ^ trailing commas not allowed in function call args
              ^ unexpected <op:*> in aggregation
      @0,0 no arguments for aggregate expression provided
               ^ unexpected ")"

      avg by (x) *
                 ^ unexpected <op:*> in aggregation
      @0,10 no arguments for aggregate expression provided
                  | unexpected end of input

      2 * max(up $
                 ^ unexpected character: '$'
      @4,1 no arguments for aggregate expression provided

      up down $
         ^^^^ unexpected identifier "down"
              ^ unexpected character: '$'

      a + on b c
             ^ unexpected identifier "b" in grouping opts, expected "("
               ^ unexpected identifier "c"

      up[*]
         ^ unexpected <op:*> in subquery or range selector, expected number, duration, step(), or range()
          ^ unexpected "]"
      """)
  }

  @Test func `type errors come inner first, operands from left to right`() {
    check(
      """
      rate(up) + abs(up[5m])
           ^^ expected type range vector in call to function "rate", got instant vector
                     ^^^^^^ expected type instant vector in call to function "abs", got range vector

      sum("a") + {}
          ^^^ expected type instant vector in aggregation expression, got string
                 ^^ vector selector must contain at least one non-empty matcher

      1 > 2
        | comparisons between scalars must use BOOL modifier

      up{__name__="down"}
      ^^^^^^^^^^^^^^^^^^^ metric name must not be set twice: "up" or "down"

      a * on (x) group_left (x) b
        ^^^^^^^^^^^^^^^^^^^^^^ label "x" must not occur in ON and GROUP clause at once

      a and on (x) group_left b
      ^^^^^^^^^^^^^^^^^^^^^^^^^ no grouping allowed for "and" operation
      ^^^^^^^^^^^^^^^^^^^^^^^^^ set operations must always be many-to-many

      a or fill(1) b
      ^^^^^^^^^^^^^^ filling in missing series not allowed for set operators

      a + fill(1) 2
      ^^^^^^^^^^^^^ filling in missing series only allowed between instant vectors

      (-"a")[1h:]
       ^^^^ unary expression only allowed on expressions of type scalar or instant vector, got "string"
      ^^^^^^^^^^^ subquery is only allowed on instant vector, got string instead

      info(up, {job="x"} + 1)
               ^^^^^^^^^^^^^ expected label selectors only
      """)
  }

  private func check(_ table: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for item in CaretTable(table).cases {
      let messages = CaretTable.messages(item.query)
      #expect(messages == item.messages, "\(item.query)", sourceLocation: sourceLocation)
    }
  }

  @Test func `the error's text names line and column of the first error`() {
    let texts = ["", "  # nothing\n", "up\n+ down bar", "sum(\n"].map { query in
      do throws(ParseFailure) { return "\(try Expression.parse(query))" } catch { return "\(error)" }
    }
    #expect(
      texts == [
        "unknown position: parse error: no expression found in input",
        "1:1: parse error: no expression found in input",
        "2:8: parse error: unexpected identifier \"bar\"",
        "2:1: parse error: unclosed left parenthesis",
      ])
  }

  @Test func `what is switched off is refused in Prometheus' words`() {
    let table: [(LanguageFeature, String, [String])] = [
      (.experimentalFunctions, "max_of(1, 2)", ["0…6 function \"max_of\" is not enabled"]),
      (.experimentalFunctions, "start()", ["0…5 function \"start\" is not enabled"]),
      (
        .experimentalFunctions, "1 + limitk(1, up)",
        [
          "4…17 limitk() is experimental and must be enabled with "
            + "--enable-feature=promql-experimental-functions"
        ]
      ),
      (.durationExpressions, "up[5m + 1m]", ["3…5 experimental duration expression is not enabled"]),
      (.durationExpressions, "a offset -(5m)", ["11…13 experimental duration expression is not enabled"]),
      (.durationExpressions, "up[step()]", ["3…9 experimental duration expression is not enabled"]),
      (.fillModifiers, "a + fill(1) b", ["0…13 binop fill modifiers are experimental and not enabled"]),
      (.extendedRangeSelectors, "up anchored", ["0…2 anchored modifier is experimental and not enabled"]),
      (.extendedRangeSelectors, "up smoothed", ["0…2 smoothed modifier is experimental and not enabled"]),
    ]
    for (feature, query, messages) in table {
      #expect(CaretTable.messages(query) == [], "\(query)")
      #expect(CaretTable.messages(query, features: .all.subtracting([feature])) == messages, "\(query)")
    }
    #expect(CaretTable.messages("rate(up[5m] offset 1m) + topk(1, up)", features: []) == [])
  }
}
