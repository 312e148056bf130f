import ArgumentParser
import Foundation
import Ledger
import Report
import Scenario
import Study

/// `medley list`: what there is to name.
struct List: ParsableCommand {
  /// What can be listed.
  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case devices, links, tiers, models, policies, traces, runs
  }

  static let configuration = CommandConfiguration(
    abstract: "Lists devices, links, tiers, models, policies, traces or stored runs.",
    discussion: """
      Examples:

        medley list devices --wide                peaks, ridge points, watts, dollars
        medley list models --wide                 layers, experts, operations a token
        medley list tiers --json                  for other programs
        medley list policies
        medley list traces --data-root ../shared/data
        medley list runs --ledger medley.sqlite
      """)

  @Argument(help: "What to list: \(Subject.allCases.map(\.rawValue).joined(separator: ", ")).")
  var subject: Subject

  @Option(help: ArgumentHelp("The ledger that holds the runs.", valueName: "file"), completion: .file())
  var ledger = Defaults.ledger

  @Option(help: ArgumentHelp("List at most this many runs, the newest first.", valueName: "n"))
  var limit = 50

  @Option(
    name: .customLong("data-root"),
    help: ArgumentHelp("Look for traces in this folder too. May be given often.", valueName: "dir"),
    completion: .directory)
  var dataRoots: [String] = []

  @Flag(help: "Show the figures of devices, links and tiers, and all those of models.")
  var wide = false

  @Flag(help: "Write the figures of devices, links, tiers and models as JSON.")
  var json = false

  func validate() throws {
    guard !(json || wide) || [.devices, .links, .tiers, .models].contains(subject) else {
      throw ValidationError("--wide and --json are for devices, links, tiers and models")
    }
    guard limit >= 1 else { throw ValidationError("--limit is at least 1") }
  }

  func run() throws {
    let catalogue = Catalogue.standard(for: ".", dataRoots: dataRoots)
    let policies = Session.current.policies
    switch subject {
    case .devices where json || wide:
      try show(catalogue, .device, { try catalogue.device(named: $0) }, HardwareText.json, HardwareText.devices)
    case .links where json || wide: try show(catalogue, .link, catalogue.link, HardwareText.json, HardwareText.links)
    case .tiers where json || wide: try show(catalogue, .tier, catalogue.tier, HardwareText.json, HardwareText.tiers)
    case .devices: show(catalogue.devices)
    case .links: show(catalogue.links)
    case .tiers: show(catalogue.tiers)
    case .models:
      try show(catalogue, .model, { try? catalogue.model(named: $0) }, ModelText.json) {
        ModelText.models($0, wide: wide, style: $1)
      }
    case .traces: show(catalogue.traces)
    case .policies:
      let families = [
        policies.routes.values.map { ListedThing(name: "route: \($0.name)", summary: $0.summary) },
        policies.batches.values.map { ListedThing(name: "batch: \($0.name)", summary: $0.summary) },
        policies.evicts.values.map {
          ListedThing(name: "\($0.isForExperts ? "experts" : "prefix-cache"): \($0.name)", summary: $0.summary)
        },
        policies.places.values.map { ListedThing(name: "place: \($0.name)", summary: $0.summary) },
      ]
      show(families.flatMap { $0.sorted(by: \.name) })
    case .runs: try showRuns()
    }
  }

  /// Shows everything of a kind with its figures.
  private func show<Thing>(
    _ catalogue: Catalogue, _ kind: CatalogueKind, _ read: (String) throws -> Thing,
    _ document: ([HardwareText.Named<Thing>]) -> JSON, _ table: ([HardwareText.Named<Thing>], Style) -> String
  ) throws {
    let console = Session.current.console
    let things = try catalogue.names(kind).map { (name: $0, thing: try read($0)) }
    console.out(json ? document(things).text : table(things, console.style))
  }

  private func show(_ things: [ListedThing]) {
    let width = things.map(\.name.count).max() ?? 0
    for thing in things {
      let padding = String(repeating: " ", count: width - thing.name.count + 2)
      Session.current.console.out("\(thing.name)\(padding)\(thing.summary)\n")
    }
  }

  private func showRuns() throws {
    let stored = try Ledger(path: ledger, create: false).runs(limit: limit)
    var table = Table(
      ["run", "started", "scenario", "variant", "seed", "requests", "wall", "version"], leading: [0, 1, 2, 3])
    for run in stored {
      let header = run.header
      table.add([
        run.id, header.started.formatted(.iso8601), header.scenario, header.variant.isEmpty ? "-" : header.variant,
        String(header.seed), NumberText.count(header.requests), NumberText.time(header.wallSeconds), header.version,
      ])
    }
    Session.current.console.out(table.text(style: Session.current.console.style))
  }
}

extension Array {
  /// The elements in the order of a key.
  fileprivate func sorted(by key: KeyPath<Element, String>) -> [Element] {
    sorted { $0[keyPath: key] < $1[keyPath: key] }
  }
}
