import ArgumentParser
import Cluster
import Hardware
import Models
import Report
import Scenario
import Study
import Units

/// `medley roofline`: where devices turn from memory-bound to compute-bound, and where a model's operators fall.
struct RooflineVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roofline",
    abstract: "Shows the ridge points of devices, and where a model's operators fall.",
    discussion: """
      An operator of few operations per byte waits for memory, one of many for
      arithmetic; a device's ridge point, in operations per byte (FLOP/B),
      stands between. It is given at the peaks of the data sheet, and at the
      shares of them that products with weights and attention reach.

      With a model, every operator of one prefill and one decode step is shown
      with its operations per byte, what bounds it, the rate it attains, and
      the share of its roof: the time its operations or bytes would take at
      the device's peak over the time it takes, launches included. Memory is
      not checked: medley explain does. Examples:

        medley roofline h100-sxm m2-ultra-gpu alveo-u280
        medley roofline a100-sxm --model llama-3.1-8b --batch 64 --context 4096
        medley roofline devices/mine.yaml --model llama-2-7b --weights int4
      """)

  @Argument(
    help: "Devices of the catalogue, or files below this folder that end in .yaml.", completion: Completion.device)
  var devices: [String]

  @Option(help: ArgumentHelp("The model whose operators are shown.", valueName: "name"), completion: Completion.model)
  var model: String?

  @OptionGroup(title: "Steps") var step: StepOptions

  @Option(help: ArgumentHelp("Devices that share every layer.", valueName: "n"))
  var tensorParallel = 1

  @Option(help: ArgumentHelp("The format of the weights; as published otherwise.", valueName: "format"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "The format of activations and arithmetic; the model's 16-bit format otherwise, or int8 where a device has none.",
      valueName: "format"))
  var activations: String?

  @Flag(help: "Write JSON.")
  var json = false

  func validate() throws {
    guard !devices.isEmpty, devices.count <= 1000 else { throw ValidationError("name a device") }
    guard 1...1024 ~= tensorParallel else { throw ValidationError("--tensor-parallel is from 1 to 1024") }
    guard model != nil || (weights == nil && activations == nil && tensorParallel == 1) else {
      throw ValidationError("--weights, --activations and --tensor-parallel are of a model: name it with --model")
    }
    for name in [weights, activations].compactMap({ $0 })
    where (try? StorageFormat(name: name)) == nil {
      let words = (StorageFormat.named.map(\.name) + StorageFormat.patterns).joined(separator: ", ")
      throw ValidationError("'\(name)' is no format; there are \(words)")
    }
  }

  func run() throws {
    let console = Session.current.console
    let catalogue = Catalogue.standard(for: ".")
    let found = try devices.map { (name: $0, thing: try catalogue.device(named: $0, beside: ".")) }
    let transformer = try model.map { try catalogue.model(named: $0, beside: ".") }
    let steps = try transformer.map { transformer in try found.flatMap { try self.steps(transformer, $0) } } ?? []
    if json {
      console.out(RooflineText.json(found, steps).text)
    } else {
      console.out(RooflineText.ridges(found, style: console.style))
      for step in steps { console.out("\n" + step.text(style: console.style)) }
    }
  }

  /// One prefill and one decode step of the model on a device.
  private func steps(_ transformer: Transformer, _ named: HardwareText.Named<Device>) throws -> [RooflineStep] {
    let formats = formats(transformer, named.thing)
    var plan = MemoryPlan()
    plan.blocks = 1  // whether it fits is another question
    plan.maxSequences = 1
    let layout = EngineLayout(tensorParallel: tensorParallel)
    let engine: EngineCost
    do {
      engine = try EngineCost(transformer, formats: formats, layout: layout, device: named.thing, plan: plan)
    } catch {
      let command = Place(source: SourceText(name: "command line", text: named.name), line: 1, column: 1)
      throw Diagnostic(
        .error, at: command, "\(named.name) cannot run \(model ?? "the model")", why: "\(error)",
        fix: "another device, --activations or --tensor-parallel")
    }
    let peak = DevicePeak(
      operations: formats.peakOperations(on: named.thing) ?? 0,
      bytes: named.thing.memory.first?.bandwidth.value.value ?? 0)
    let weights = formats.weights == formats.activations ? "" : ", weights in \(formats.weights)"
    let on = "on \(tensorParallel) x \(named.name) in \(formats.activations)\(weights)\(products(formats, named.thing))"
    return [
      RooflineStep(
        device: named.name, phase: "prefill", title: "\(step.prefillTitle) \(on)", peak: peak,
        operators: engine.cost.operators(of: step.prefill(window: engine.cost.window))),
      RooflineStep(
        device: named.name, phase: "decode",
        title: "\(step.decodeTitle) \(on)", peak: peak,
        operators: engine.cost.operators(of: step.decode(window: engine.cost.window))),
    ]
  }

  /// The formats of products whose inputs are narrower than activations; empty where none are.
  private func products(_ formats: ModelFormats, _ device: Device) -> String {
    var narrow: [String] = []
    for name in WeightClass.allCases {
      let format = formats.arithmetic(name, on: device)
      if format.bytes < formats.activations.bytes, !narrow.contains(format.rawValue) { narrow.append(format.rawValue) }
    }
    return narrow.isEmpty ? "" : ", products in \(wordList(narrow, or: "and"))"
  }

  private func formats(_ transformer: Transformer, _ device: Device) -> ModelFormats {
    var formats = ModelFormats(publishedOf: transformer)
    if let weights = weights.flatMap({ try? StorageFormat(name: $0) }) {
      formats.weights = weights
      formats.classes = [:]
      formats.inputs = [:]
    }
    if let activations = activations.flatMap({ try? StorageFormat(name: $0) }) {
      formats.activations = activations
      formats.inputs = [:]
    } else if device.arithmetic(formats.activations.element) == nil, device.arithmetic(.int8) != nil {
      formats.activations = StorageFormat(.int8)
    }
    formats.cache = formats.activations
    return formats
  }
}
