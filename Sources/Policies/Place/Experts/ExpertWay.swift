import Cluster
import Models
import Timeline

/// The way of experts to the device: from a drive into host memory, over the link, and from their stored format into the
/// one they are computed in. What is issued first arrives first.
struct ExpertWay: Sendable {
  /// Reads of drives; nil where experts stand in host memory.
  var read: Way?
  /// Over the link; nil where the device computes in the host's memory.
  var copy: Way?
  /// The device's stream that converts; nil where experts come as they are kept.
  var convert: StreamID?
  /// Bytes of an expert as it is computed, and bytes a second of the device's memory.
  var expertBytes: Double
  var memoryRate: Double
  /// The last copies over the link.
  var copied: RingID
  /// Seconds that each fetch takes beyond its bytes.
  var overhead: Double
  /// Whether what an expert comes in place of goes back over the link before it can be used.
  var writesBack = false
  /// The queue of what gates miss, which shares the link's bytes with the others; nil where they come in turn.
  var beside: StreamID?

  /// Fetches so far, by which they are numbered from 1, and the first of this step's.
  private(set) var count = 0
  private var firstOfStep = 1
  /// The last that is known to have arrived: something that waited for it was issued.
  private var arrived = 0
  /// The ends of this step's, and of all before them.
  private var ends: [TaskRef] = []
  private var before = TaskRef.none
  /// This step's uses of the two buffers that experts without a slot pass through.
  private var uses: [TaskRef] = []
  private var readLabel = TaskLabel.unnamed
  private var copyLabel = TaskLabel.unnamed
  private var convertLabel = TaskLabel.unnamed
  private var backLabel = TaskLabel.unnamed

  init(
    read: Way?, copy: Way?, convert: StreamID?, expertBytes: Double, memoryRate: Double, copied: RingID,
    overhead: Double
  ) {
    self.read = read
    self.copy = copy
    self.convert = convert
    self.expertBytes = expertBytes
    self.memoryRate = memoryRate
    self.copied = copied
    self.overhead = overhead
  }

  /// Takes the labels of its tasks.
  mutating func label(_ plan: inout StepPlan) {
    readLabel = plan.label("read")
    copyLabel = plan.label("copy")
    convertLabel = plan.label("convert")
    backLabel = plan.label("write-back")
  }

  /// Seconds until `bytes` have come, nothing else being on its way.
  func seconds(_ bytes: Double) -> Double {
    overhead + max(read?.seconds(bytes) ?? 0, copy?.seconds(bytes) ?? 0)
  }

  /// Begins a step: what is still on its way from steps before ends with the first task of it.
  mutating func begin(_ plan: inout StepPlan) {
    firstOfStep = count + 1
    ends.removeAll(keepingCapacity: true)
    uses.removeAll(keepingCapacity: true)
    guard arrived < count, let stream = convert ?? copy?.stream ?? read?.stream else { return }
    before = plan.run(copyLabel, on: stream, for: 0, ahead: true)
  }

  /// Fetches `bytes` of `experts` experts once `known` has ended, `delay` later, through a buffer where they find no slot;
  /// returns its number.
  mutating func fetch(
    _ bytes: Double, experts: Int = 1, after known: TaskRef, delay: Double = 0, isBuffered: Bool = false,
    into plan: inout StepPlan
  ) -> Int {
    ends.append(
      carry(
        bytes, experts: experts, over: copy?.stream, after: known, delay: delay, isBuffered: isBuffered, into: &plan))
    count += 1
    return count
  }

  /// Fetches `bytes` of an expert in the queue `beside` the others; returns the task at whose end it has come.
  func fetch(
    _ bytes: Double, beside: StreamID, after known: TaskRef, delay: Double, isBuffered: Bool, into plan: inout StepPlan
  ) -> TaskRef {
    carry(bytes, experts: 1, over: beside, after: known, delay: delay, isBuffered: isBuffered, into: &plan)
  }

  /// The task that ends when what is fetched has come.
  private func carry(
    _ bytes: Double, experts: Int, over link: StreamID?, after known: TaskRef, delay: Double, isBuffered: Bool,
    into plan: inout StepPlan
  ) -> TaskRef {
    let buffer = isBuffered && uses.count > 1 ? uses[uses.count - 2] : .none
    let each = overhead * Double(experts)
    var end = TaskRef.none
    if let read {
      // Two buffers of the host lie between a drive and the link.
      end = plan.move(
        readLabel, over: read.stream, bytes: bytes, latency: read.latency * Double(experts) + each + delay,
        after: known, copy == nil ? buffer : .last(of: copied, back: 2), bound: PieceCost.linkBound, ahead: true)
    }
    if let copy, let link {
      end = plan.move(
        copyLabel, over: link, bytes: bytes,
        latency: copy.latency * Double(experts) + (read == nil ? each + delay : 0), after: known, buffer, end,
        into: copied, bound: PieceCost.linkBound, ahead: true)
      if writesBack {
        end = plan.move(
          backLabel, over: link, bytes: bytes, latency: copy.latency * Double(experts), after: end,
          bound: PieceCost.linkBound, ahead: true)
      }
    }
    if let convert {
      let moved = bytes + expertBytes * Double(experts)
      end = plan.run(convertLabel, on: convert, for: moved / memoryRate, after: end, ahead: true)
    }
    return end
  }

  /// A task has used an expert in a buffer.
  mutating func used(in task: TaskRef) { uses.append(task) }

  /// What to wait for until fetch `number` has arrived. Whoever asks is issued next.
  mutating func wait(for number: Int) -> TaskRef {
    guard number > arrived else { return .none }
    arrived = number
    return number < firstOfStep ? before : ends[number - firstOfStep]
  }

  /// Whether fetch `number` may still be under way.
  func isUnderWay(_ number: Int) -> Bool { number > arrived }
}
