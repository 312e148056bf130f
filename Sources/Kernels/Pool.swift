import CKernels
import Foundation

/// Threads that run kernels together; not to be used by two threads at once.
public final class Pool {
  let handle: OpaquePointer
  let scratch: OpaquePointer
  /// How many threads, the caller's among them.
  public let threads: Int

  /// Starts `threads` - 1 threads; nil where they cannot be started or the processor lacks `path`.
  public init?(threads: Int, path: Path) {
    guard let count = Int32(exactly: threads), let handle = ck_pool_create(count, path.index) else { return nil }
    guard let scratch = ck_scratch_create() else {
      ck_pool_free(handle)
      return nil
    }
    self.handle = handle
    self.scratch = scratch
    self.threads = threads
  }

  deinit {
    ck_pool_free(handle)
    ck_scratch_free(scratch)
  }
}

/// Floats in memory that vectors are aligned to.
public final class Floats {
  let base: UnsafeMutablePointer<Float>
  /// How many.
  public let count: Int

  /// `count` floats of `value`; nil without memory.
  public init?(_ count: Int, value: Float = 0) {
    guard count >= 0, let memory = ck_allocate(count * 4) else { return nil }
    base = memory.bindMemory(to: Float.self, capacity: count)
    base.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit { free(base) }
}

/// A matrix of weights in panels.
public final class Weights {
  var weights = ck_weights()

  /// Weights that are all alike, for timing; nil without memory. Integers have scales per `group` inputs.
  public init?(_ format: WeightFormat, outputs: Int, inputs: Int, group: Int = 128) {
    guard ck_weights_fill(&weights, format.code, outputs, inputs, group) else { return nil }
  }

  /// `values` [outputs][inputs] in `format`; nil without memory.
  public init?(_ format: WeightFormat, outputs: Int, inputs: Int, group: Int = 128, values: [Float]) {
    precondition(values.count == outputs * inputs)
    guard ck_weights_store(&weights, format.code, outputs, inputs, group, values) else { return nil }
  }

  deinit { ck_weights_free(&weights) }

  /// The value that a stored weight stands for.
  public subscript(output: Int, input: Int) -> Float { ck_weight(&weights, output, input) }

  /// Bytes that a product reads.
  public var bytes: Int { ck_weights_bytes(&weights) }
}

/// Cached keys and values.
public final class Cache {
  var cache = ck_cache()

  /// Room for `capacity` tokens, all zero; nil without memory, or where `size` is no multiple of 32.
  public init?(_ format: WeightFormat, sequences: Int, heads: Int, size: Int, capacity: Int) {
    guard ck_cache_create(&cache, format.code, sequences, heads, size, capacity) else { return nil }
  }

  deinit { ck_cache_free(&cache) }
}
