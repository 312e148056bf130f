import ArgumentParser
import Calibration
import Foundation
import Hardware
import Scenario
import Units

/// How `medley calibrate` fits kernels.
struct KernelCalibration: ParsableArguments {
  @Flag(help: "Write the fitted kernels into the device's file.")
  var write = false

  @Option(help: ArgumentHelp("Fit this framework's kernels only.", valueName: "name"))
  var framework: String?

  @Option(help: ArgumentHelp("Processors of a device that has no file of kernels yet.", valueName: "n"))
  var processors: Int?

  @Option(help: ArgumentHelp("Cache that they share, such as '50 MiB'.", valueName: "size"))
  var cache: String?

  @Option(
    name: .customLong("chip-source"), help: ArgumentHelp("Where those two numbers come from.", valueName: "text"))
  var chipSource: String?

  /// The median error on rows held out from which on a fit is no model of its kernels.
  static let worst = 0.25

  /// The change of the mean error on rows held out below which 20 % of a coefficient move nothing.
  static let least = 5e-5

  /// Fits all kernels of `device` in `file`, prints them, and writes them where that was asked for.
  func run(_ name: String, _ file: String) throws {
    let console = Session.current.console
    let catalogue = Catalogue.standard(for: ".")
    let device = try catalogue.device(named: name)
    var table = try startingTable(name, catalogue)
    let chip = table.chip(device)
    let groups: [KernelGroup]
    do { groups = try KernelGroup.read([file], device: name) } catch { throw Diagnostic(error) }
    let chosen = groups.filter { framework == nil || $0.key.framework == framework }
    guard !chosen.isEmpty else {
      throw Diagnostic(
        at: nil, "no row of '\(file)' is about '\(name)'\(framework.map { " and \($0)" } ?? "")",
        why: "the fit needs timings of its kernels", fix: "give the device by its name in the catalogue")
    }
    for group in chosen {
      console.out("\(KernelText.title(group)), \(group.count) rows\n")
      // At its best value a coefficient may move nothing either way, and yet be missed.
      func fitted(_ kernel: FittedKernel) -> Double {
        KernelAccuracy.table(group, kernel, on: chip, .fitted).first?.meanError ?? 0
      }
      do {
        let fit = try KernelFit(group, on: chip)
        var draft = fit.kernel(source: "")
        for row in Perturbation.table(group, draft, on: chip) where row.effect < Self.least {
          var fewer = draft
          fewer.values[row.parameter] = nil
          if fitted(fewer) <= fitted(draft) + Self.least { draft = fewer }
        }
        let heldOut = KernelAccuracy.table(group, draft, on: chip)
        console.out(KernelText.fit(fit, KernelAccuracy.table(group, draft, on: chip, .fitted), heldOut))
        guard let all = heldOut.first, all.medianError <= Self.worst else {
          console.out("  not kept: half of the rows held out are off by more than \(KernelText.percent(Self.worst))\n")
          continue
        }
        draft.source = KernelText.source(group, heldOut)
        table.put(draft)
      } catch { console.out("  not fitted: \(error)\n") }
    }
    guard write else { return }
    guard let root = catalogue.root else {
      throw Diagnostic(at: nil, "there is no catalogue to write to", why: "none was found", fix: "set MEDLEY_CATALOGUE")
    }
    let folder = "\(root)/kernels"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/\(name).yaml"
    try KernelFileText.of(table).write(toFile: path, atomically: true, encoding: .utf8)
    console.err("wrote \(path)\n")
  }

  /// What is known of the device's kernels before the fit.
  private func startingTable(_ name: String, _ catalogue: Catalogue) throws -> KernelTable {
    if processors == nil, cache == nil {
      guard catalogue.names(.kernel).contains(name) else {
        throw Diagnostic(
          at: nil, "'\(name)' has no file of kernels", why: "the fit needs its processors and their cache",
          fix: "give --processors, --cache and --chip-source, as its datasheet has them")
      }
      return try catalogue.kernels(of: name)
    }
    guard let processors, processors > 0, let cache, let size = try? Memory.parse(cache), size.value > 0,
      let chipSource
    else {
      throw Diagnostic(
        at: nil, "--processors, --cache and --chip-source go together", why: "a chip needs both numbers, with a source",
        fix: "give for example --processors 132 --cache '50 MiB' --chip-source 'NVIDIA H100 whitepaper, 2022'")
    }
    let known = catalogue.names(.kernel).contains(name) ? try catalogue.kernels(of: name).kernels : []
    return KernelTable(
      device: name, processors: Sourced(Double(processors), source: chipSource),
      cache: Sourced(size.value, source: chipSource), kernels: known)
  }
}

extension KernelTable {
  /// Puts a kernel in the place of the one it replaces, or else where the order of operator, framework, format and
  /// kernel has it.
  mutating func put(_ kernel: FittedKernel) {
    func order(_ kernel: FittedKernel) -> [String] {
      [kernel.operatorName, kernel.framework, kernel.format.name, kernel.kernel]
    }
    kernels.removeAll { order($0) == order(kernel) }
    let place = kernels.firstIndex { order(kernel).lexicographicallyPrecedes(order($0)) } ?? kernels.count
    kernels.insert(kernel, at: place)
  }
}

extension Diagnostic {
  /// What is wrong with a file of measurements.
  init(_ fault: MeasurementFault) {
    self.init(at: nil, "\(fault)", why: "measurements are read as they stand", fix: "correct the file")
  }
}
