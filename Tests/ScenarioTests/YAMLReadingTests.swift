import Foundation
import Testing
import Units

@testable import Scenario

/// The element of a text, and what was said of it.
func read(_ text: String, limits: Limits = Limits()) -> (element: Element?, said: [Diagnostic]) {
  let diagnostics = Diagnostics()
  let element = YAMLReading.element(SourceText(name: "t.yaml", text: text), limits: limits, diagnostics)
  return (element, diagnostics.all)
}

@Suite struct YAMLReadingTests {
  @Test func placesOfKeysAndValues() throws {
    let (root, said) = read("a: 1\nb: {c: 'it''s', d: [x, \"y\"]}\ne:\n  - f: ~\n")
    #expect(said.isEmpty)
    let root2 = try #require(root)
    #expect(root2["b"]?["c"]?.text == "it's")
    #expect(root2["b"]?["c"]?.place.column == 8)
    #expect(root2["b"]?["d"]?.place.line == 2)
    #expect(root2.entries?[2].keyPlace.line == 3)
    #expect(root2["a"]?.text == "1")
  }

  @Test func everyDuplicateKeyIsToldAtItsSecondPlace() {
    let (root, said) = read("a: 1\nb: {c: 1, c: 2}\n\"a\": 3\nb: 2\n")
    #expect(root != nil)
    #expect(
      Faults(said).diagnostics.map { "\($0.place?.line ?? 0):\($0.place?.column ?? 0) \($0.what)" } == [
        "2:11 'c' is given twice", "3:1 'a' is given twice", "4:1 'b' is given twice",
      ])
  }

  @Test(arguments: [
    ("a: *b", 1, 4, "anchors and aliases are not read"),
    ("a: &b 1", 1, 4, "anchors and aliases are not read"),
    ("a: {c: [*x]}", 1, 9, "anchors and aliases are not read"),
    ("a: !!python/object x", 1, 4, "tags are not read"),
    ("? a\n: b", 1, 1, "keys are plain texts"),
    ("a: 1\n---\nb: 2", 2, 1, "a scenario file holds one document"),
    ("a: 1\n...\nb: 2", 2, 1, "a scenario file holds one document"),
    ("a: \u{1}", 1, 4, "the character U+1 is not allowed"),
    ("a: b # \u{2028}c: *d", 1, 8, "the character U+2028 is not allowed"),
    ("a: \u{E001}", 1, 4, "the character U+E001 is not allowed"),
    ("a: \u{202E}b", 1, 4, "the character U+202E is not allowed"),
    ("a: \u{201C}b\u{201D}", 1, 4, "a typographic quote does not quote"),
    ("a: @b", 1, 4, "a text cannot begin with @"),
    ("a: [1, 2", 1, 4, "this bracket does not close"),
    ("a: {b: 1 c: 2}", 1, 11, "a comma is missing before this key"),
    ("a: 1\n b: 2", 2, 3, "a key cannot stand here"),
    ("a: b: c", 1, 5, "a second colon in one value"),
    ("a:1\nb: 2", 1, 2, "the colon has no blank after it"),
    ("a: 'b", 1, 4, "the quote that opens here does not close"),
    ("a:\n  b: 1\n c: 2", 3, 2, "this line is indented like none around it"),
    ("a: 1\n- b", 2, 1, "a list begins among keys"),
    ("a: 1\nb\nc: 2", 2, 1, "this line has no value"),
    ("a: {<<: b}", 1, 5, "merge keys are not read"),
    ("a:\n\tb: 1", 2, 1, "a tab cannot indent"),
    ("{a: 1}: 2", 1, 1, "keys are plain texts of at most 200 characters"),
  ])
  func refused(_ text: String, _ line: Int, _ column: Int, _ what: String) throws {
    let (_, said) = read(text)
    let first = try #require(said.first)
    #expect(first.what == what)
    #expect(first.place?.line == line && first.place?.column == column, "\(first)")
  }

  @Test(arguments: [
    "a: 'x *y &z !w'", "a: it's # *x &y", "a: x*y & z!", "a: >\n  *x\n  &y\nb: 1", "a: |\n  ? b\n  - - - -\n",
    "a: {b: c-d, e: -1}", "--- \na: 1", "# c\n---\na: 1",
  ])
  func accepted(_ text: String) {
    let (root, said) = read(text)
    #expect(root != nil && said.isEmpty, "\(said)")
  }

  /// An empty file is nothing, not a crash.
  @Test(arguments: ["", "\n", "# only a comment", "~"])
  func empty(_ text: String) { #expect(read(text).element?.content == .null) }

  @Test func deepNestingIsRefusedWithoutRecursion() {
    for text in [
      String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
      String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
      (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
      String(repeating: "a: [\n", count: 10_000),
    ] {
      let (root, said) = read(text)
      #expect(root == nil && said.count == 1)
    }
  }

  @Test func longTextsAndManyElementsAreRefused() {
    #expect(read("a: " + String(repeating: "x", count: 20_000)).said.first?.what == "a text is too long")
    #expect(
      read("a: [" + String(repeating: "x,", count: 200_000) + "]").said.first?.what == "the file has too many elements")
    #expect(!read(String(repeating: "k", count: 300) + ": 1").said.isEmpty)
  }

  @Test func filesAreBoundedAndDecoded() throws {
    let folder = NSTemporaryDirectory() + "medley-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a.yaml"
    try Data("a: 1\nb: \u{FF}".utf8 + [0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
    let fault = #expect(throws: Diagnostic.self) { try FileReading.text(of: path, name: "a.yaml", limit: 100) }
    #expect(fault?.place?.line == 2 && fault?.place?.column == 5)
    #expect(throws: Diagnostic.self) { try FileReading.bytes(of: path, limit: 3) }
    #expect(throws: Diagnostic.self) { try FileReading.bytes(of: folder, limit: 3) }
    #expect(throws: Diagnostic.self) { try FileReading.bytes(of: "/dev/zero", limit: 3) }
    #expect(throws: Diagnostic.self) { try FileReading.bytes(of: folder + "/none", limit: 3) }
  }

  /// Texts that would hide an alias behind what looks like a quote, a key or a block scalar.
  @Test(arguments: [
    "a: x\n  'y\nb: &x [1]\nc: *x\nd: 'z'", "{a: x\n 'y, b: *z, c: d'}", "{a:'x, b: *z, c:d'}", "a: :'x\nb: *c\nd: 'e",
    "- b: |\n  *c : d\n", "a:\n  x\n 'y\nb: *c\nd: 'z'", "- x\n 'y\n- *z\n- 'w'", "a: x\n  - 'y\nb: *c\nd: 'e'",
  ])
  func hiddenAliases(_ text: String) {
    let diagnostics = Diagnostics()
    var scan = Prescan(SourceText(name: "t", text: text), Limits())
    scan.run(diagnostics)
    #expect(diagnostics.errorCount == 1)
  }

  /// What the scan lets pass has no anchor and no depth to the parser itself: texts of lines that continue, quote and
  /// indent in misleading ways. (Anchors, since an alias without one is refused by the parser.)
  @Test func theScanSeesWhatTheParserSees() {
    let ends = [
      "a: x", "'y", "y'", "\"y", "z\"", "b: &x 1", "- &x 1", "&x c: 1", "c: 'z'", "- x", "- b: |", "b: |", "x",
      "{a: x,", "'y}",
      "b: &x 1}", "a:'x", "# 'c", "[x, ", "'z', &x 1]", "d:", "- e: x", "- 'y", "\"f\":&x 1", ":'x", "it's", "g: >",
      "{a:'x, b: &x 1, c:d'}",
      "&x 1, h: 'i'}",
    ]
    var state: UInt64 = 7
    func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % n
    }
    var passed = 0
    for _ in 0..<100_000 {
      let lines = (0..<2 + next(4)).map { _ in String(repeating: " ", count: next(4)) + ends[next(ends.count)] }
      let text = lines.joined(separator: "\n")
      let diagnostics = Diagnostics()
      var scan = Prescan(SourceText(name: "t", text: text), Limits())
      scan.run(diagnostics)
      guard diagnostics.all.isEmpty else { continue }
      let (root, said) = read(text)
      passed += root == nil ? 0 : 1
      #expect(
        !said.contains { $0.what.hasPrefix("anchors") || $0.what.contains("too deep") }, "\(text.debugDescription)")
    }
    #expect(passed > 1_000)
  }

  /// Whatever the text, reading ends and every refusal has a diagnostic.
  @Test func randomTexts() {
    let pieces = [
      "a", "b: ", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "'", "\"", "\\", "#", "|", ">", "&x", "*x", "!",
      "%",
      "?", "@", "`", "\t", "---", "~", "é", "\u{FEFF}", "1e9", "\r\n", "\r",
    ]
    var state: UInt64 = 42
    func next() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    for _ in 0..<5_000 {
      let text = (0..<next() % 30).map { _ in pieces[next() % pieces.count] }.joined()
      let (root, said) = read(text)
      #expect(root != nil || !said.isEmpty, "\(text.debugDescription)")
      for diagnostic in said { _ = diagnostic.description }
    }
  }
}
