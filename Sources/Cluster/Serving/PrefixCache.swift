import Kernel

/// The prefix cache of one replica: what its KV cache holds of the trace's blocks, as SERVING.md says.
///
/// An entry's key is its place in `entries`, used again when it leaves. The blocks of entries that sequences hold count
/// as in use by the replica, the others as free: their sum is `Replica.cachedBlocks`.
struct PrefixCache: ~Copyable {
  /// The whole KV blocks of one block of the trace.
  struct Entry: BitwiseCopyable {
    var id: Int32
    /// KV blocks, at least 1.
    var blocks: Int32
    /// Sequences that hold it; -1 where the key is unused.
    var holders: Int32
  }

  var policy: any EvictPolicy
  private var table = PrefixTable()
  private(set) var entries = GrowingList<Entry>()
  private var unused = GrowingList<Int32>()
  /// The keys that the last search found, in order of depth.
  var found = GrowingList<Int32>()
  var totals = PrefixTotals()

  init(policy: any EvictPolicy) { self.policy = policy }

  /// The key of the entry of block `id`; -1 where there is none.
  @inline(__always)
  func key(of id: Int32) -> Int32 { table.slot(of: id) }

  /// Adds an entry for block `id`, which has none; the sequence that computed it holds it.
  private mutating func insert(_ id: Int32, blocks: Int) -> Int32 {
    let entry = Entry(id: id, blocks: Int32(blocks), holders: 1)
    let key: Int32
    if unused.count > 0 {
      key = unused.removeLast()
      entries[Int(key)] = entry
    } else {
      key = Int32(entries.count)
      entries.append(entry)
    }
    table.insert(id, slot: key)
    policy.insert(key, of: id)
    return key
  }

  /// Adds an entry for block `index` of `blocks`, for the sequence that has computed it.
  /// - Returns: its key; nil where the block has an entry already or fills no KV block.
  @inline(__always)
  mutating func enter(_ blocks: PrefixBlocks, _ index: Int) -> Int32? {
    let size = blocks.size(index, within: blocks.known)
    guard size > 0, key(of: blocks.ids[index]) < 0 else { return nil }
    return insert(blocks.ids[index], blocks: size)
  }

  /// One more sequence holds the entry at `key`.
  /// - Returns: the KV blocks that are in use from now on, those of the entry where nobody held it.
  @inline(__always)
  mutating func hold(_ key: Int32) -> Int {
    entries[Int(key)].holders += 1
    guard entries[Int(key)].holders == 1 else { return 0 }
    policy.retain(key)
    return Int(entries[Int(key)].blocks)
  }

  /// A sequence no longer holds the entry at `key`.
  /// - Returns: the KV blocks that are free from now on, those of the entry where nobody holds it.
  @inline(__always)
  mutating func release(_ key: Int32) -> Int {
    entries[Int(key)].holders -= 1
    guard entries[Int(key)].holders == 0 else { return 0 }
    policy.release(key)
    return Int(entries[Int(key)].blocks)
  }

  /// Removes the entry that the policy chooses.
  /// - Returns: its KV blocks; nil where the policy's choice may not leave, which `choice` then holds.
  mutating func evict(_ choice: inout Int32?) -> Int? {
    choice = policy.evict()
    guard let key = choice, key >= 0, Int(key) < entries.count, entries[Int(key)].holders == 0 else { return nil }
    table.remove(entries[Int(key)].id)
    entries[Int(key)].holders = -1
    unused.append(key)
    totals.evictedBlocks += 1
    return Int(entries[Int(key)].blocks)
  }
}
