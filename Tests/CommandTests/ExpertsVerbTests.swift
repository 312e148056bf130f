import Foundation
import Testing

@testable import Command

@Suite("medley experts")
struct ExpertsVerbTests {
  private struct Document: Decodable {
    struct Cache: Decodable {
      var share: Double
      var slots: Int
      var evict: String
      var hits: Int
      var misses: Int
      var hit_rate: Double
      var fetched_bytes_per_token: Double
    }
    var format: String
    var expert_bytes: Double
    var caches: [Cache]
  }

  private func run(_ arguments: String...) throws -> Document {
    let ran = medley(["experts", "--requests", "2", "--tokens", "60", "--json"] + arguments)
    try #require(ran.outcome == .ok, "\(ran.err)")
    return try JSONDecoder().decode(Document.self, from: Data(ran.out.utf8))
  }

  @Test("Every policy is shown for every size, none above Belady, and the same twice")
  func table() throws {
    let document = try run("mixtral-8x7b")
    #expect(document.format == "medley-experts/1" && document.expert_bytes == 3 * 4096 * 14336 * 2)
    #expect(document.caches.count == 3 * 10 && document.caches.map(\.slots).max() == 6 * 32)
    for cache in document.caches {
      #expect(cache.hits + cache.misses == 2 * 60 * 32 * 2)
      let bound = document.caches.first { $0.evict == "belady" && $0.share == cache.share }
      #expect(cache.hits <= bound?.hits ?? 0, "\(cache.evict) at \(cache.share)")
      #expect(cache.fetched_bytes_per_token == Double(cache.misses) * document.expert_bytes / 120)
    }
    let again = try run("mixtral-8x7b", "--cache", "0.25", "--evict", "mrs,lru")
    #expect(
      again.caches.map(\.hits)
        == ["mrs", "lru"].map { name in
          document.caches.first { $0.evict == name && $0.share == 0.25 }?.hits
        })
  }

  @Test("A recorded routing takes the place of the drawn one, and its faults have line and column")
  func recorded() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "routing-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Every token goes to experts 6 and 7: all but the first are hits, in whatever slots.
    let lines = (0..<32).map { "0,0,\($0),6,7\n" }.joined()
    try ("request,token,layer,expert\n" + lines).write(toFile: path, atomically: true, encoding: .utf8)
    let document = try run("mixtral-8x7b", "--cache", "25%", "--evict", "lru", "--routing", path)
    #expect(document.caches.map(\.misses) == [64])
    try ("request,token,layer,expert\n0,0,0,6,8\n").write(toFile: path, atomically: true, encoding: .utf8)
    let refused = medley("experts", "mixtral-8x7b", "--routing", path)
    #expect(refused.outcome == .fault && refused.err.contains("\(path):2:9: error: '8' is no expert"), "\(refused.err)")
    #expect(medley("experts", "mixtral-8x7b", "--routing", path + "x").outcome == .fault)
  }

  @Test("What cannot be is refused")
  func refusals() {
    #expect(medley("experts", "llama-2-7b").err.contains("has no experts to cache"))
    #expect(medley("experts", "mixtral-8x7c").err.contains("did you mean 'mixtral-8x7b'?"))
    #expect(medley("experts", "mixtral-8x7b", "--evict", "lur").err.contains("did you mean 'lru'?"))
    for wrong in ["--cache=0%", "--cache=101%", "--cache=", "--parameter=skew=9", "--parameter=skw=1", "--tokens=0"] {
      #expect(medley("experts", "mixtral-8x7b", wrong).outcome == .usage, "\(wrong)")
    }
    #expect(medley("experts", "deepseek-v3", "--requests", "1000").err.contains("is not held"))
  }
}
