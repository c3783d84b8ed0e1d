public import Events
public import ServiceKit

/// What a manifest makes: a module with the database and the services that it works with.
public protocol ModuleInstance: Module {
  /// What the module tells about a person.
  var subjectAccess: any SubjectAccessSource { get }
  /// Values of rows that no answer can hold.
  var misfits: MisfitValues { get }
  /// The work that the module does by itself: for each ``JobDeclaration`` of the manifest one.
  var jobs: [ModuleJob] { get }
  /// Has the module hear of what others did.
  func subscribe(to bus: EventBus)
}

extension ModuleInstance {
  public var jobs: [ModuleJob] { [] }
  public func subscribe(to bus: EventBus) {}
}
