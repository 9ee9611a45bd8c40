import Manifests
import Testing

/// Renders with the canary `shop` in `test`, target `podinfo`, and two variables.
private func render(_ template: String, variables: [String: String] = ["a": "x", "b-c": "y"]) -> String {
  let values = TemplateValues(
    name: "shop", namespace: "test", target: "podinfo", service: "svc", ingress: "web", route: "path",
    interval: "1m", variables: variables)
  do {
    return try QueryTemplate(parsing: ManifestText(template)).render(values).rendered
  } catch {
    return "! \(error)"
  }
}

private struct Case {
  var template: String
  var expected: String
  init(_ template: String, _ expected: String) {
    self.template = template
    self.expected = expected
  }
}

private func check(_ cases: [Case], sourceLocation: SourceLocation = #_sourceLocation) {
  for item in cases {
    let answer = render(item.template)
    #expect(answer == item.expected, "\(item.template)", sourceLocation: sourceLocation)
  }
}

/// An execution error of the template `tmpl`.
private func failing(_ place: String, _ context: String, _ message: String) -> String {
  "! template excution failed: template: tmpl:\(place): executing \"tmpl\" at <\(context)>: \(message)"
}

private func unparsable(_ message: String, line: Int = 1) -> String {
  "! template parsing failed: template: tmpl:\(line): \(message)"
}

@Test func `Flagger's functions give the canary's names`() {
  check([
    Case("{{ name }} {{namespace}} {{ target }}", "shop test podinfo"),
    Case("{{ service }} {{ ingress }} {{ route }} [{{ interval }}]", "svc web path [1m]"),
    Case("{{ variables.a }}{{ (variables).a }}{{ index variables \"b-c\" }}", "xxy"),
    Case("{{ variables }}", "map[a:x b-c:y]"),
    Case("{{ index variables \"none\" }}.", "."),
    Case("{{ or (index variables \"none\") \"other\" }}", "other"),
    Case("{{ if index variables \"none\" }}yes{{ else }}no{{ end }}", "no"),
    Case("{{ range $k, $v := variables }}{{ $k }}={{ $v }};{{ end }}", "a=x;b-c=y;"),
    Case("{{ with variables }}{{ .a }}{{ end }}", "x"),
    Case("{{ . }} {{ $ }}", "<no value> <no value>"),
    Case("no actions }} here", "no actions }} here"),
    Case("", ""),
  ])
}

@Test func `a template that breaks says what Go says`() {
  check([
    Case("{{ variables.b }}", failing("1:3", "variables", "map has no entry for key \"b\"")),
    Case(
      "\n  {{ variables.a.b }}",
      failing("2:5", "variables", "can't evaluate field b in type string")),
    Case("{{ .name }}", failing("1:3", ".name", "nil data; no entry for key \"name\"")),
    Case(
      "{{ target \"x\" }}", failing("1:3", "target", "wrong number of args for target: want 0 got 1")),
    Case(
      "{{ \"x\" | target }}", failing("1:9", "target", "wrong number of args for target: want 0 got 1")),
    // The caller's variables outlive a called template that fails.
    Case(
      "{{ $a := 1 }}{{ $b := 2 }}{{ if $a }}{{ template \"q\" }}{{ end }}{{ define \"q\" }}{{ .x }}{{ end }}",
      "! template excution failed: template: tmpl:1:83: executing \"q\" at <.x>: "
        + "nil data; no entry for key \"x\""),
    Case("{{ nil }}", failing("1:3", "nil", "nil is not a command")),
    Case("{{ 1 2 }}", failing("1:3", "1", "can't give argument to non-function 1")),
    Case(
      "{{ slice target 3 1 }}",
      failing("1:3", "slice target 3 1", "error calling slice: invalid slice index: 3 > 1")),
    Case(
      "{{ index target 99 }}",
      failing("1:3", "index target 99", "error calling index: index out of range: 99")),
    Case(
      "{{ len 3 }}", failing("1:3", "len 3", "error calling len: len of type int")),
    Case(
      "{{ lt target 3 }}",
      failing("1:3", "lt target 3", "error calling lt: incompatible types for comparison")),
    Case(
      "{{ call target }}",
      failing("1:3", "call target", "error calling call: non-function target of type string")),
    Case("{{ printf 5 }}", failing("1:10", "5", "expected string; found 5")),
    Case(
      "{{ printf (len target) }}",
      failing("1:15", "target", "wrong type for value; expected string; got int")),
    Case("{{ range target }}{{ end }}", failing("1:9", "target", "range can't iterate over podinfo")),
    Case(
      "{{ template \"none\" }}",
      failing(
        "1:12", "{{template \"none\"}}", "template \"none\" not defined")),
    Case(
      "{{ define \"q\" }}{{ .a.b }}{{ end }}{{ template \"q\" variables }}",
      "! template excution failed: template: tmpl:1:21: executing \"q\" at <.a.b>: "
        + "can't evaluate field b in type string"),
  ])
}

@Test func `a template that cannot be read says what Go says`() {
  check([
    Case("{{ variables.b-c }}", unparsable("bad character U+002D '-'")),
    Case("{{ sum }}", unparsable("function \"sum\" not defined")),
    Case("{{ Target }}", unparsable("function \"Target\" not defined")),
    Case("{{ default \"a\" target }}", unparsable("function \"default\" not defined")),
    Case("\n{{ target ", unparsable("unclosed action", line: 2)),
    Case("{{ target\n\n", unparsable("unclosed action started at tmpl:1", line: 3)),
    Case("{{ $a := 1 }}{{ if $a }}{{ block \"q\" 1 }}{{ sum }}", unparsable("function \"sum\" not defined")),
    Case("{{ block \"q\" 1 }}\n{{ else }}", unparsable("unexpected {{else}} in block clause")),
    Case("{{ 1_ }}", unparsable("illegal number syntax: \"1_\"")),
    Case("{{ target . . | .. }}", unparsable("unexpected <.> in operand")),
    Case("{{ target }", unparsable("unexpected \"}\" in operand")),
    Case("{{ }}", unparsable("missing value for command")),
    Case("{{ ( ) }}", unparsable("missing value for parenthesized pipeline")),
    Case("{{ | target }}", unparsable("unexpected \"|\" in command")),
    Case("{{ (target }}", unparsable("unclosed left paren")),
    Case("{{ target) }}", unparsable("unexpected right paren")),
    Case("{{ if target }}x", unparsable("unexpected EOF")),
    Case("{{ end }}", unparsable("unexpected {{end}}")),
    Case("{{ else }}", unparsable("unexpected {{else}}")),
    Case("{{ $x }}", unparsable("undefined variable \"$x\"")),
    Case("{{ break }}", unparsable("{{break}} outside {{range}}")),
    Case("{{ target | 5 }}", unparsable("non executable command in pipeline stage 2")),
    Case("{{ \"open }}", unparsable("unterminated quoted string")),
    Case("{{ 'ab' }}", unparsable("malformed character constant: 'ab'")),
    Case("{{ 12a }}", unparsable("bad number syntax: \"12a\"")),
    Case("{{ 99999999999999999999 }}", unparsable("integer overflow: \"99999999999999999999\"")),
    Case("{{ \"a\".b }}", unparsable("unexpected . after term \"\\\"a\\\"\"")),
    Case("{{ $a, $b := target }}", unparsable("too many declarations in command")),
    Case("{{/* open", unparsable("unclosed comment")),
    Case("{{/* c */ target }}", unparsable("comment ends before closing delimiter")),
    Case("{{ if }}x{{ end }}", unparsable("missing value for if")),
    Case("{{ template target }}", unparsable("unexpected \"target\" in template clause")),
    Case("{{ € }}", unparsable("unrecognized character in action: U+20AC '€'")),
    Case(
      "{{ define \"a\" }}1{{ end }}{{ define \"a\" }}2{{ end }}",
      unparsable("template: multiple definition of template \"a\"")),
  ])
}

@Test func `actions nest, trim, loop and declare as in Go`() {
  check([
    Case("a {{- target -}}  z", "apodinfoz"),
    Case("a {{/* note */ -}}  z", "a z"),
    Case("a {{- /* note */}} z", "a z"),
    Case("{{ if eq target \"x\" }}1{{ else if eq target \"podinfo\" }}2{{ else }}3{{ end }}", "2"),
    Case("{{ with index variables \"z\" }}1{{ else with target }}{{ . }}{{ end }}", "podinfo"),
    Case("{{ $x := target }}{{ $x }}-primary", "podinfo-primary"),
    Case("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"),
    Case(
      "{{ range 4 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}"
        + "{{ . }}{{ end }}",
      "02"),
    Case("{{ range $i := 3 }}{{ $i }},{{ end }}", "0,1,2,"),
    Case("{{ range 0 }}x{{ else }}none{{ end }}", "none"),
    Case("{{ define \"q\" }}sum({{ . }}){{ end }}{{ template \"q\" target }}", "sum(podinfo)"),
    Case("{{ block \"q\" target }}[{{ . }}]{{ end }}{{ template \"q\" name }}", "[podinfo][shop]"),
    Case("{{ template \"q\" }}{{ define \"q\" }}{{ . }}{{ end }}", "<no value>"),
    Case("{{ target | printf \"%s-%s\" namespace }}", "test-podinfo"),
    Case("{{ (printf \"%s\" target) | len }}", "7"),
    Case("{{ $x := `raw \"` }}{{ $x }}", "raw \""),
  ])
}

@Test func `Go's own functions compute`() {
  check([
    Case("{{ and target 0 1 }} {{ or 0 \"\" name }} {{ not 0 }}", "0 shop true"),
    Case("{{ len target }} {{ len variables }} {{ slice target 0 3 }} {{ slice target 3 }}", "7 2 pod info"),
    Case(
      "{{ index target 0 }} {{ 'a' }} {{ 0x10 }} {{ 1e3 }} {{ 1.50 }} {{ 1_000 }}",
      "112 97 16 1000 1.5 1000"),
    Case(
      "{{ eq 1 2 1 }} {{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt \"b\" \"a\" }} {{ ge 1.5 2.5 }}",
      "true true true true true false"),
    Case("{{ print 1 2 \"a\" 3 nil }}|{{ println \"a\" 1 }}|", "1 2a3 <nil>|a 1\n|"),
    Case("{{ html \"<a href='x'>&\" }}", "&lt;a href=&#39;x&#39;&gt;&amp;"),
    Case("{{ js \"a'b<=\\n\" }}", "a\\'b\\u003C\\u003D\\u000A"),
    Case("{{ urlquery \"a b&ü~\" }}", "a+b%26%C3%BC~"),
    Case("{{ printf \"%q\" target }} {{ target | printf \"%q\" }}", "\"podinfo\" \"podinfo\""),
    Case("{{ or nil nil }}", "<no value>"),
    Case("{{ 1+2i }}", "(1+2i)"),
  ])
}

@Test func `printf formats as Go does`() {
  let cases = [
    ("%s|%10s|%-10s|%.3s", "target target target target", "podinfo|   podinfo|podinfo   |pod"),
    ("%d|%5d|%-5d|%05d|%+d|% d", "7 7 7 7 7 7", "7|    7|7    |00007|+7| 7"),
    ("%x|%X|%#x|%o|%b|%c|%U", "255 255 255 8 5 65 65", "ff|FF|0xff|10|101|A|U+0041"),
    ("%v|%t|%T|%T", "true false 1 variables", "true|false|int|map[string]string"),
    ("%f|%.2f|%8.3f|%e|%g", "1.5 2.675 3.14159 1500.0 1e21", "1.500000|2.67|   3.142|1.500000e+03|1e+21"),
    ("%x|% x|%q", "\"hi\" \"hi\" `a\"b`", "6869|68 69|\"a\\\"b\""),
    ("%d", "target", "%!d(string=podinfo)"),
    ("%d %d", "1", "1 %!d(MISSING)"),
    ("%d", "1 target", "1%!(EXTRA string=podinfo)"),
    ("%[2]s %[1]s", "name target", "podinfo shop"),
    ("%[5]d", "1", "%!d(BADINDEX)"),
    ("%*d|%.*f", "5 3 1 2.25", "    3|2.2"),
    ("%-", "", "%!(NOVERB)"),
    ("100%", "", "100%!(NOVERB)"),
    ("%%|%#v|%#v", "target variables", "%|\"podinfo\"|map[string]string{\"a\":\"x\", \"b-c\":\"y\"}"),
    ("%v", "nil", "<nil>"),
  ]
  for (format, arguments, expected) in cases {
    let shown = format.replacing("\"", with: "\\\"")
    #expect(render("{{ printf \"\(shown)\" \(arguments) }}") == expected, "\(format)")
  }
}

@Test func `values are put in as they are`() {
  #expect(render("{{ variables.a }}", variables: ["a": "say \"hi\""]) == "say \"hi\"")
  #expect(render("{{ variables.a }}", variables: ["a": "{{ target }}"]) == "{{ target }}")
  #expect(
    render("{{ variables.a }}", variables: [:])
      == failing("1:3", "variables", "map has no entry for key \"a\""))
}

@Test func `hostile templates end in an error that names the limit`() {
  let deep = 5000
  let cases: [(String, String)] = [
    ("{{ range 1000000000 }}{{ end }}", "steps"),
    ("{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}", "steps"),
    ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", "call each other"),
    ("{{ range 100000 }}0123456789012345678901234567890123456789{{ end }}", "writes more"),
    ("{{ $x := \"aaaaaaaa\" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}", "more than"),
    ("{{ printf \"%1000000d%1000000d\" 1 2 }}", "printf writes more"),
    (String(repeating: "{{ if true }}", count: deep), "nested"),
    (
      "{{ " + String(repeating: "(", count: deep) + "1" + String(repeating: ")", count: deep) + " }}",
      "nested"
    ),
    (String(repeating: "x", count: 2 << 20), "larger"),
  ]
  for (template, expected) in cases {
    let answer = render(template)
    #expect(
      answer.hasPrefix("! ") && answer.contains(expected), "\(template.prefix(40)): \(answer.prefix(200))")
  }
  // Bytes that are nothing in particular: no answer is wrong as long as there is one.
  var state: UInt64 = 7
  let alphabet = Array("{{}}-/*|.$:=(),\"`'%\\ \n09aifendrangewith€".unicodeScalars)
  for _ in 0..<3000 {
    var text = "{{ "
    for _ in 0..<24 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      text.unicodeScalars.append(alphabet[Int(state >> 33) % alphabet.count])
    }
    _ = render(text)
  }
}
