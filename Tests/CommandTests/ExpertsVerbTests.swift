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
    struct Bound: Decodable {
      var share: Double
      var hit_rate: Double
    }
    var format: String
    var expert_bytes: Double
    var caches: [Cache]
    var bounds: [Bound]

    /// The most that a cache may hit.
    func bound(_ cache: Cache) throws -> Double { try #require(bounds.first { $0.share == cache.share }).hit_rate }
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

  @Test("No policy hits more often than the bound, whatever is asked for at once, shared and kept")
  func bound() throws {
    var belows: [Bool] = []
    for options in [["--batch=2"], ["--prompt=9", "--shared"], ["--keep-all"], []] {
      let ran = medley(["experts", "olmoe-1b-7b", "--requests=16", "--tokens=8", "--batch=16", "--json"] + options)
      let document = try JSONDecoder().decode(Document.self, from: Data(ran.out.utf8))
      for cache in document.caches {
        #expect(cache.hit_rate <= (try document.bound(cache)), "\(options) \(cache.evict) at \(cache.share)")
        let belady = document.caches.first { $0.evict == "belady" && $0.share == cache.share }
        belows.append(cache.hits > belady?.hits ?? 0)
      }
    }
    // Who asks for more than there are slots may well hit more often than Belady, who has to keep what is in use.
    #expect(belows.contains(true))
  }

  @Test("A cache that holds what it needs hits always, and one policy named twice has two columns")
  func columns() throws {
    let all = try run("mixtral-8x7b", "--cache", "100%", "--evict", "lru")
    #expect(all.bounds.map(\.hit_rate) == [1] && all.caches.map(\.hit_rate) == [1])
    let twice = medley("experts", "mixtral-8x7b", "--cache", "25%", "--tokens=20", "--evict", "lru,lru")
    #expect(twice.out.contains("lru     lru   bound\n") && twice.out.split(separator: "\n").count == 3, "\(twice.out)")
    #expect(medley("experts", "mixtral-8x7b", "--evict", "").outcome == .usage)
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
