import Hardware
import Models
import Support
import Testing
import Units

/// Operators as the separate kernels of an eager framework.
@Suite struct EagerTests {
  /// Seconds of the operators of a prompt of 1000 tokens of Llama-3.2-1B: 16 layers of 2048, with 32 heads of 64 over 8 of
  /// keys and a block of 8192, in 2 bytes. The device moves 1 TB/s, and a kernel takes 1 us to start.
  func seconds(eager: Bool) throws -> [String: Double] {
    var device = Device.ideal
    device.execution.launch = given(Seconds(1e-6))
    device.execution.eager = eager ? Set(EagerPart.allCases) : []
    let engine = try EngineCost(Catalogue.model("llama-3.2-1b"), device: device)
    var shape = StepShape()
    shape.addChunk(tokens: 1000, cached: 0, last: true)
    return Dictionary(
      engine.cost.operators(of: shape).map { ($0.name, $0.seconds) }, uniquingKeysWith: { $0 + $1 })
  }

  @Test("Norms, positions and activations are kernels that read and write memory, one after the other")
  func kernelsOfALayer() throws {
    let eager = try seconds(eager: true)
    func near(_ name: String, _ microseconds: Double) {
      #expect(abs((eager[name] ?? 0) - microseconds * 1e-6) < 1e-12, "\(name): \(eager[name] ?? 0)")
    }
    // To 4 bytes 6 bytes, square 8, mean 4, product 8, back 6, weights 4, and the residual sum 6: 42 of each of 2048
    // elements, in 9 kernels, twice a layer.
    near("norms", 32 * (9 + 2048 * 42 * 1e-3))
    near("norm.final", 8 + 2048 * 36 * 1e-3)
    // Of 2048 + 512 elements 20 bytes in 5 kernels each, and the 512 of keys and of values read, copies for 2048 written.
    near("attention.cache", 16 * (12 + (2560 * 20 + 2 * 2560 * 2) * 1e-3))
    // The function reads and writes 8192 elements, the product reads two and writes one.
    near("ffn.activation", 16 * (2 + 8192 * 10 * 1e-3))
  }

  @Test("Projections are a kernel each, attention and output as ever")
  func launches() throws {
    let (eager, fused) = (try seconds(eager: true), try seconds(eager: false))
    for (name, kernels) in [("attention.qkv", 2.0), ("ffn.up", 1), ("attention.prefill", 0), ("attention.output", 0)] {
      #expect(abs((eager[name] ?? 0) - (fused[name] ?? 1) - 16 * kernels * 1e-6) < 1e-12, "\(name)")
    }
  }

  @Test("A gate is 28 kernels in place of two, over 192 bytes of each expert's score")
  func gate() throws {
    func seconds(_ parts: Set<EagerPart>) throws -> Double {
      var device = Device.ideal
      device.execution.launch = given(Seconds(1e-6))
      device.execution.eager = parts
      let engine = try EngineCost(Catalogue.model("mixtral-8x7b"), device: device)
      var shape = StepShape()
      shape.addChunk(tokens: 1000, cached: 0, last: true)
      return engine.cost.operators(of: shape).filter { $0.name == "experts.router" }.reduce(0) { $0 + $1.seconds }
    }
    // 32 layers: 26 kernels more, and 1000 x 8 x 192 B at 1 TB/s.
    #expect(abs(try seconds([.gate]) - seconds([.norms]) - 32 * (26 + 1.536) * 1e-6) < 1e-12)
  }
}
