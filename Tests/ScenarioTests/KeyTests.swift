import Foundation
import Hardware
import Testing

@testable import Scenario

/// The tables of keys say what the readers ask for, no more and no less.
@Suite struct KeyTests {
  /// Everything that the readers ask of all files in `scenarios`, the faulty ones among them.
  private static let askings: [KeyRecorder.Asking] = {
    let recorder = KeyRecorder()
    KeyRecorder.$current.withValue(recorder) {
      let files = FileManager.default.enumerator(atPath: repository + "/scenarios")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      while let file = files?.nextObject() as? String {
        let isPart = ["devices/", "links/", "tiers/", "kernels/"].contains {
          file.hasPrefix($0) || file.contains("/\($0)")
        }
        // Names with dots or without letters make paths that say nothing.
        guard file.hasSuffix(".yaml"), !isPart, !file.hasSuffix("63-names.yaml") else { continue }
        _ = try? Scenario.read(path: "\(repository)/scenarios/\(file)", catalogue: catalogue)
      }
      for device in catalogue.names(.device) { _ = try? catalogue.device(named: device) }
      for tier in catalogue.names(.tier) { _ = try? catalogue.tier(named: tier) }
      for device in catalogue.names(.kernel) { _ = try? catalogue.kernels(of: device) }
      _ = try? scenario(["s.yaml": rare])
      let integer = "int32: {value: 1 OP/s, accumulator: int32, source: none}"
      let each = Format.allCases.map { "\($0.rawValue): {value: 1, source: none}" }.joined(separator: ", ")
      _ = try? scenario([
        "s.yaml": "model: llama-2-7b\ncluster: {pools: {a: {device: d}}}\n",
        "devices/d.yaml": "compute: {\(integer)}\nforms: {units: [{per-cycle: {\(each)}}]}\n",
      ])
    }
    return recorder.askings
  }()

  /// Settings that no file under `scenarios` has.
  private static let rare = """
    model: {name: llama-2-7b, conversion-operations: 4, kv-cache: fp16}
    cluster: {pools: {a: {device: a100-sxm, preemption: swap, batch: {decode-first: {decode-steps: 4}}}}}
    policy: {batch: {decode-first: {decode-steps: 4}}}
    slo: {ttft: 2x, reference: {device: a100-sxm, expert-parallel: 1}}
    workload: {generator: poisson, lengths: {resample: {trace: {path: t.csv}}}}
    variants:
      formats: {cluster: {pools: {a: {expert-link: nvlink4, expert-parallel: 1, precision: {conversion-operations: 4}}}}}
      chunked: {cluster: {pools: {a: {batch: {chunked: {token-budget: 512}}}}}}
      whole: {cluster: {pools: {a: {batch: {prompts-in-step: {missed-steps: 4}}}}}}
      held: {cluster: {pools: {a: {scheduling: ahead, batch: {in-flight: {hold-steps: 20, hold-until: 90 %}}}}}}
      prompts: {workload: {lengths: {prompt: {lognormal: {mean: 5 tokens, cv: 1, max: 9 tokens}}}}}
      users: {workload: {generator: {closed-loop: {users: 2, think: {lognormal: {mean: 1 s, cv: 1}}}}, lengths: {pairs: [[5 tokens, 6 tokens, 2]]}}}
      waits: {workload: {generator: {closed-loop: {users: 2, think: {exponential: {mean: 1 s}}}}}}
      measured: {workload: {generator: {closed-loop: {users: 2, think: {quantiles: {p0: 0 s, p100: 1 s}}}}}}
      day: {workload: {generator: {diurnal: {profile: [1, 2], period: 1 h, start: 1 min, cv: 2}}, samples: 2}}
      states: {workload: {generator: {mmpp: {states: [{multiple: 1, dwell: 1 s}, {multiple: 2, dwell: 1 s}]}}}}
      bursts: {workload: {generator: {weibull: {cv: 2}}, system-prompt: 5 tokens}}
      turns: {workload: {sessions: {turns: {geometric: {mean: 2}}, think: {exponential: {mean: 1 s}}, max-context: 9 tokens}}}
      more-turns: {workload: {sessions: {turns: {quantiles: {p0: 1, p100: 5}}, think: {lognormal: {mean: 1 s, cv: 1}}}}}
      same-turns: {workload: {sessions: {turns: 3, think: {quantiles: {p0: 0 s, p100: 1 s}}}}}
      lengths: {workload: {lengths: {prompt: {quantiles: {p0: 1 tokens, p100: 9 tokens}}, output: {quantiles: {p0: 1 tokens, p100: 9 tokens}}}}}
      tenants: {workload: {tenants: {a: {share: 100 %, priority: 1, slo: {ttft: {p50: 1 s}, tpot: {p50: 2x}, itl: {p50: 1 s}, e2e: {p50: 1 s}, strict: true, attainment: 90 %}}, b: {workload: {generator: poisson}}}}}
      bounds: {workload: {tenants: {a: {share: 100 %, slo: {ttft: 1 s, tpot: 1 s, itl: 1 s, e2e: 1 s}}}}}
    claims:
      - {metric: hits, pool: a, over-pool: b, per: steps, times: watts, of: formats, over: users, as: ratio, mark: A, source: s, at-least: 1}
      - {metric: hits, path: a -> b, of: formats, mark: A, source: s, at-most: 1, reason: r, says: s, name: n}
      - {metric: hits, tenant: a, of: formats, mark: A, source: s, published: 1, within: 5 %}
      - {metric: goodput, of: [formats, users], take: crossing, at: [1, 2], level: 1.1x, mark: A, source: s, published: 1, also: [{value: 2, mark: P, source: s}]}
    """

  private func place(_ document: Document, _ path: String) -> String {
    let table = document == .scenario ? "ScenarioKeys, ClusterKeys or WorkloadKeys" : "HardwareKeys"
    return "'\(path)' of a \(document.rawValue), in \(table).swift of Sources/Scenario/Keys"
  }

  @Test func everyKeyThatIsReadIsInATable() {
    #expect(Self.askings.count > 300)
    for asking in Self.askings {
      let path = asking.path.split(separator: ".").map(String.init)
      let found = Shape.section(KeyTable.keys(asking.document)).find(path[...])
      let line = "Key(\"\(path.last ?? "")\", \(asking.expected.spelled), \"What it says.\")"
      let isKnown = found != nil
      #expect(isKnown, "add \(line) for \(place(asking.document, asking.path))")
      guard let found else { continue }
      let agrees = asking.expected.agrees(with: found.shape)
      #expect(
        agrees,
        "the reader expects \(asking.expected.spelled): correct \(place(asking.document, found.pattern))")
    }
  }

  @Test(arguments: Document.allCases) func everyKeyOfATableIsRead(_ document: Document) {
    let root = Shape.section(KeyTable.keys(document))
    let read = Set(
      Self.askings.filter { $0.document == document }.compactMap {
        root.find($0.path.split(separator: ".").map(String.init)[...])?.pattern
      })
    // Settings under variants and defaults are read where they are laid, those of a tenant's workload as the workload's.
    let elsewhere = ["variants.*.", "cluster.defaults.", "workload.tenants.*.workload."]
    let direct = root.patterns().filter { pattern in !elsewhere.contains(where: pattern.hasPrefix) }
    for pattern in direct where pattern != "extends" {
      let isRead = read.contains(pattern)
      #expect(
        isRead,
        "no file under scenarios, nor the rare settings above, make a reader ask for it: remove or use \(place(document, pattern))"
      )
    }
  }

  /// Every summary is one sentence.
  @Test(arguments: Document.allCases) func everyKeyIsExplained(_ document: Document) {
    func check(_ shape: Shape, _ path: String) {
      switch shape {
      case .section(let keys):
        #expect(Set(keys.map(\.name)).count == keys.count, "\(path) has a key twice")
        for key in keys {
          #expect(key.summary.count > 5 && key.summary.hasSuffix("."), "\(path).\(key.name)")
          check(key.shape, "\(path).\(key.name)")
        }
      case .entries(_, let value): check(value, path + ".*")
      case .list(let element): check(element, path + ".*")
      case .oneOf(let options):
        for option in options { check(option.shape, "\(path).\(option.name)") }
      case .either(let shapes): for shape in shapes { check(shape, path) }
      default: break
      }
    }
    check(.section(KeyTable.keys(document)), document.rawValue)
  }
}
