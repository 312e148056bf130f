import Testing

@testable import Models

/// Patterns of module names.
@Suite struct NamePatternTests {
  @Test func starsStandForAnything() {
    var steps = 1000
    func matches(_ glob: String, _ name: String) -> Bool { Glob.matches(Array(glob.utf8), Array(name.utf8), &steps) }
    #expect(matches("model.layers.*.self_attn", "model.layers.12.self_attn"))
    #expect(matches("model.layers.*.self_attn", "model.layers.12.self_attn.q_proj"))
    #expect(!matches("model.layers.*.self_attn", "model.layers.12.self_attn_norm"))
    #expect(matches("*lm_head", "model.lm_head") && matches("a*b*c*", "a.b.bc.d") && matches("*", ""))
    #expect(matches("a.*.c", "a.b.c.d") && !matches("a.*.c", "a.b.cd") && matches("*.c", "a.c.c.d"))
    #expect(!matches("a.b", "aXb") && !matches("a*b*c", "a.b.bcd") && !matches("", "a"))
  }

  @Test(arguments: [
    (".*self_attn", "model.layers.1.self_attn.q_proj", true), ("self_attn", "model.self_attn", false),
    (#"model\.layers\.(0|1|2)\..*down_proj$"#, "model.layers.2.mlp.down_proj", true),
    (#"model\.layers\.(0|1|2)\..*down_proj$"#, "model.layers.3.mlp.down_proj", false),
    (#".*layers\.[0-3]\."#, "x.layers.3.mlp", true), (#".*layers\.[^0-3]\."#, "x.layers.3.mlp", false),
    (#".*experts\.\d+\.w[123]"#, "block.experts.17.w2", true), ("a+b?c", "aac", true), ("a+b?c", "bc", false),
    ("(?:ab)*$", "ababab", true), ("(?:ab)*$", "ababa", false),
    ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
    ("", "anything", true), ("(a+)+b", "aaab", true), ("(a?b+)+c", "abbabc", true), ("(a|)*b", "aab", true),
    ("a?b", "b", true),
    ("((a+)b?)*c", "aabac", true), ("((a+)b?)*c", "aabbac", false),
  ])
  func expressionsMatchFromTheBeginning(_ pattern: String, _ name: String, _ expected: Bool) throws {
    #expect(try matches(#require(NamePattern(expression: pattern)), name) == expected)
  }

  private func matches(_ pattern: NamePattern, _ name: String) -> Bool {
    var steps = 100_000
    return pattern.matches(NamePattern.Name(Array(name.utf8)), &steps)
  }

  /// Each group of `((((.)*!)?.)*!)?.)*` takes all places from each place: as many steps as places to the power of the depth.
  @Test func stepsAreCounted() throws {
    let name = NamePattern.Name(Array(String(repeating: "a", count: 100).utf8))
    let nested = try #require(NamePattern(expression: "(((((((.)*!)?.)*!)?.)*!)?.)*b"))
    var steps = 100_000
    #expect(!nested.matches(name, &steps) && steps <= 0)
    #expect(try !#require(NamePattern(expression: "a")).matches(name, &steps))
    var left = 3
    #expect(!Glob.matches(Array("*b".utf8), Array("aaab".utf8), &left) && left == 0)
    left = 100
    #expect(Glob.matches(Array("*b".utf8), Array("aaab".utf8), &left) && left == 95)
  }

  @Test func groupsWithinGroupsAreLimited() throws {
    func nested(_ depth: Int) -> NamePattern? {
      NamePattern(
        expression: String(repeating: "(", count: depth) + "." + String(repeating: "+)", count: depth) + "+z")
    }
    let name = String(repeating: "a", count: NamePattern.longest - 1)
    let deepest = try #require(nested(NamePattern.deepest - 1))
    #expect(!matches(deepest, name) && matches(deepest, name + "z"))
    #expect(nested(NamePattern.deepest) == nil)
  }

  @Test(arguments: ["(?!x)", "a{2}", "(", "a)", "*", "[a", #"\b"#, "[z-a]", #"\"#, "[]a]", #"[a-\d]"#])
  func whatIsMoreIsRefused(_ pattern: String) {
    #expect(NamePattern(expression: pattern) == nil)
  }
}
