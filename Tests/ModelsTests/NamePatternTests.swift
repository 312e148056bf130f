import Testing

@testable import Models

/// Patterns of module names.
@Suite struct NamePatternTests {
  @Test func starsStandForAnything() {
    #expect(NamePattern(glob: "model.layers.*.self_attn").matches("model.layers.12.self_attn"))
    #expect(!NamePattern(glob: "model.layers.*.self_attn").matches("model.layers.12.self_attn.q_proj"))
    #expect(NamePattern(glob: "*lm_head").matches("model.lm_head"))
    #expect(!NamePattern(glob: "a.b").matches("aXb"))
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
    #expect(try #require(NamePattern(expression: pattern)).matches(name) == expected)
  }

  @Test func groupsWithinGroupsAreLimited() throws {
    func nested(_ depth: Int) -> NamePattern? {
      NamePattern(
        expression: String(repeating: "(", count: depth) + "." + String(repeating: "+)", count: depth) + "+z")
    }
    let name = String(repeating: "a", count: NamePattern.longest - 1)
    let deepest = try #require(nested(NamePattern.deepest - 1))
    #expect(!deepest.matches(name) && deepest.matches(name + "z"))
    #expect(nested(NamePattern.deepest) == nil)
  }

  @Test(arguments: ["(?!x)", "a{2}", "(", "a)", "*", "[a", #"\b"#, "[z-a]", #"\"#, "[]a]", #"[a-\d]"#])
  func whatIsMoreIsRefused(_ pattern: String) {
    #expect(NamePattern(expression: pattern) == nil)
  }
}
