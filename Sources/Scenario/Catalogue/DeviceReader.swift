import Hardware
import Units

/// Reads device files.
struct DeviceReader {
  /// Reads the links that a device names.
  let link: (_ name: String, _ place: Place) -> Link?

  /// The device that a file describes; nil with diagnostics where it describes none that can be.
  func device(_ root: Element, named name: String, _ reading: Reading) -> Device? {
    let fields = Fields(root, path: "", reading: reading)
    let errors = reading.diagnostics.errorCount
    let title = fields.text("name", default: name)
    _ = fields.element("like")
    if !fields.has("kind") { fields.missing("kind", example: "gpu") }
    let kind = fields.choice("kind", of: DeviceKind.allCases.map(\.rawValue)).flatMap(DeviceKind.init(rawValue:))
    let memory = fields.elements("memory").compactMap { tier($0.element, $0.path, reading) }
    let compute = compute(fields.fields("compute"))
    let interconnect = namedLink(fields, "interconnect")
    let hostLink = namedLink(fields, "host-link")
    let execution = execution(fields.fields("execution"))
    let efficiency = efficiency(fields.fields("efficiency"))
    let collective = collective(fields.fields("collective"))
    let power = power(fields.fields("power"))
    let price = price(fields)
    let forms = FormsReader(link: link).forms(fields.fields("forms"))
    fields.finish()
    guard reading.diagnostics.errorCount == errors, let title, let kind, let execution, let efficiency, let collective,
      let power
    else { return nil }
    let device = Device(
      name: title, kind: kind, memory: memory, compute: compute, interconnect: interconnect, hostLink: hostLink,
      execution: execution, efficiency: efficiency, collective: collective, power: power, price: price, forms: forms)
    for fault in device.faults {
      let place = place(of: fault.key, in: root)
      reading.diagnostics.error(at: place, "'\(fault.key)' cannot be", why: fault.why, fix: "correct the number")
    }
    return device.faults.isEmpty ? device : nil
  }

  /// The place of the longest part of a dotted key that the file has.
  private func place(of key: String, in root: Element) -> Place {
    var element = root
    for part in key.split(separator: ".") {
      guard let next = element[String(part)] else { break }
      element = next
    }
    return element.place
  }

  private func tier(_ element: Element, _ path: String, _ reading: Reading) -> MemoryTier? {
    let fields = Fields(element, path: path, reading: reading)
    if !fields.has("name") { fields.missing("name", example: "hbm") }
    let name = fields.text("name")
    let capacity = fields.sourced("capacity", Memory.self)
    let bandwidth = fields.sourced("bandwidth", Bandwidth.self)
    fields.finish()
    guard let name, let capacity, let bandwidth else { return nil }
    return MemoryTier(name: name, capacity: capacity, bandwidth: bandwidth)
  }

  private func compute(_ fields: Fields) -> [Format: ArithmeticRate] {
    var rates: [Format: ArithmeticRate] = [:]
    let names = Format.arithmetic.map(\.rawValue)
    for format in Format.arithmetic {
      guard let rate = fields.sourcedFields(format.rawValue, example: "312 TFLOP/s", required: false) else { continue }
      let value = rate.required("value", ComputeRate.self)
      if !rate.has("accumulator") { rate.missing("accumulator", example: "fp32") }
      let accumulator = rate.choice("accumulator", of: names).flatMap(Format.init(rawValue:))
      let source = rate.source()
      rate.finish()
      guard let value, let accumulator, let source else { continue }
      rates[format] = ArithmeticRate(rate: Sourced(value, source: source), accumulator: accumulator)
    }
    fields.finish()
    return rates
  }

  private func namedLink(_ fields: Fields, _ key: String) -> Link? {
    guard let name = fields.text(key) else { return nil }
    return link(name, fields.valuePlace(of: key))
  }

  private func execution(_ fields: Fields) -> Execution? {
    let launch = fields.sourced("launch", Seconds.self)
    let step = fields.sourced("host-per-step", Seconds.self)
    let sequence = fields.sourced("host-per-sequence", Seconds.self)
    let prefill = fields.sourced("prefill-dispatch", Seconds.self)
    let decode = fields.sourced("decode-dispatch", Seconds.self)
    let engine = fields.text("engine")
    fields.finish()
    guard let launch, let step, let sequence, let prefill, let decode else { return nil }
    var execution = Execution(
      launch: launch, hostPerStep: step, hostPerSequence: sequence, prefillDispatch: prefill, decodeDispatch: decode)
    execution.engine = engine
    return execution
  }

  private func efficiency(_ fields: Fields) -> Efficiency? {
    let compute = fields.sourcedShare("compute")
    let memory = fields.sourcedShare("memory")
    let attentionCompute = fields.sourcedShare("attention-compute")
    let attentionMemory = fields.sourcedShare("attention-memory")
    let link = fields.sourcedShare("link")
    fields.finish()
    guard let compute, let memory, let attentionCompute, let attentionMemory, let link else { return nil }
    return Efficiency(
      compute: compute, memory: memory, attentionCompute: attentionCompute, attentionMemory: attentionMemory,
      link: link)
  }

  private func collective(_ fields: Fields) -> Collective? {
    let latency = fields.sourced("latency", Seconds.self)
    var large: LargeMessages?
    if fields.has("large") {
      let messages = fields.fields("large")
      let from = messages.sourced("from", Memory.self)
      let efficiency = messages.sourcedShare("efficiency")
      messages.finish()
      if let from, let efficiency { large = LargeMessages(from: from, efficiency: efficiency) }
    }
    fields.finish()
    return latency.map { Collective(latency: $0, large: large) }
  }

  private func power(_ fields: Fields) -> DevicePower? {
    let idle = fields.sourced("idle", Power.self)
    let prefill = fields.sourced("prefill", Power.self)
    let decode = fields.sourced("decode", Power.self)
    let peak = fields.sourced("peak", Power.self)
    let cap = fields.sourced("cap", Power.self, required: false)
    fields.finish()
    guard let idle, let prefill, let decode, let peak else { return nil }
    return DevicePower(idle: idle, prefill: prefill, decode: decode, peak: peak, cap: cap)
  }

  private func price(_ fields: Fields) -> DatedPrice? {
    guard let price = fields.sourcedFields("price", example: "$2.50/h", required: false) else { return nil }
    let value = price.required("value", Price.self)
    if !price.has("date") { price.missing("date", example: "2023-11") }
    let date = price.text("date")
    let source = price.source()
    price.finish()
    guard let value, let date, let source else { return nil }
    return DatedPrice(price: Sourced(value, source: source), date: date)
  }
}

/// Reads link files.
enum LinkReader {
  /// The link that a file or a mapping describes; nil with diagnostics where it describes none.
  static func link(_ root: Element, named name: String, _ reading: Reading) -> Link? {
    let fields = Fields(root, path: "", reading: reading)
    let title = fields.text("name", default: name)
    let bandwidth = fields.sourced("bandwidth", Bandwidth.self)
    let latency = fields.sourced("latency", Seconds.self)
    fields.finish()
    guard let title, let bandwidth, let latency else { return nil }
    guard bandwidth.value.value > 0 else {
      reading.diagnostics.error(
        at: fields.valuePlace(of: "bandwidth"), "a link of 0 B/s carries nothing", why: "transfers would never end",
        fix: "write its bandwidth")
      return nil
    }
    return Link(name: title, bandwidth: bandwidth, latency: latency)
  }
}
