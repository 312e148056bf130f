import Testing
@testable import Units

@Suite struct DiagnosticTests {
  @Test func rendering() {
    let source = SourceText(
      name: "scenarios/split.yaml",
      text: "seed: 1\npolicy: {route: {phase-spilt: {prefill: prefill, decode: decode}}}\n")
    let diagnostic = Diagnostic(
      at: Place(source: source, line: 2, column: 18), "no policy is named 'phase-spilt'",
      why: "the routing policies are least-loaded, phase-split, round-robin", fix: "did you mean 'phase-split'?")
    #expect(
      diagnostic.description == """
        scenarios/split.yaml:2:18: error: no policy is named 'phase-spilt'
          policy: {route: {phase-spilt: {prefill: prefill, decode: decode}}}
                           ^
          why: the routing policies are least-loaded, phase-split, round-robin
          fix: did you mean 'phase-split'?
        """)
    #expect(Diagnostic(.warning, at: nil, "late").description == "warning: late")
  }

  @Test func longLinesAreCutAroundTheCaret() {
    let source = SourceText(
      name: "a", lines: [String(repeating: "x", count: 500) + "y" + String(repeating: "z", count: 500)])
    let lines = Diagnostic(at: Place(source: source, line: 1, column: 501), "w").description.split(separator: "\n")
    #expect(lines[1].count < 120)
    let caret = lines[2].count - 1
    #expect(Array(lines[1])[caret] == "y")
  }

  @Test func controlCharactersNeverReachATerminal() {
    let source = SourceText(name: "a\u{1B}[2J", lines: ["\u{1B}]0;x\u{7} b"])
    let text = Diagnostic(at: Place(source: source, line: 1, column: 99), "\u{1B}[31m\u{202E}").description
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!text.contains("\u{202E}"))
  }

  @Test func faultsAreOrderedByPlace() {
    let source = SourceText(name: "a", lines: ["", "", ""])
    let collected = Diagnostics()
    collected.error(at: nil, "last")
    collected.error(at: Place(source: source, line: 3, column: 1), "second")
    collected.warning(at: Place(source: source, line: 1, column: 9), "first")
    collected.error(at: Place(source: source, line: 3, column: 1), "second")
    // A warning is told once, wherever else its words hold; an error at each place.
    collected.warning(at: Place(source: source, line: 2, column: 1), "first")
    #expect(throws: Faults.self) { try collected.check() }
    #expect(Faults(collected.all).diagnostics.map(\.what) == ["first", "second", "last"])
    for n in 0..<1000 { collected.error(at: nil, "\(n)") }
    #expect(collected.all.count == Diagnostics.limit)
    #expect(collected.faults.description.hasSuffix("note: 903 more faults are not shown\n  fix: mend these first"))
  }

  @Test func linesOfAText() {
    #expect(SourceText(name: "", text: "a\r\nb\n\nc").lines == ["a", "b", "", "c"])
    #expect(SourceText(name: "", text: "").lines.isEmpty)
  }

  @Test func suggestions() {
    #expect(nearestWord(to: "phase-spilt", among: ["round-robin", "phase-split"]) == "phase-split")
    #expect(nearestWord(to: "GB", among: ["kb", "gB", "Gb"]) == "Gb")
    #expect(nearestWord(to: "x", among: ["decode"]) == nil)
    #expect(nearestWord(to: String(repeating: "a", count: 1_000_000), among: ["a"]) == nil)
    #expect(editDistance(Array("abcd".unicodeScalars), Array("acbd".unicodeScalars)) == 1)
    #expect(wordList(["a", "b", "c"]) == "a, b or c")
  }
}
