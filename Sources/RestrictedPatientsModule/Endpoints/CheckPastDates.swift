import HTTPTypes
import ServiceKit
import SharedAuth

extension RestrictedPatientsModule {
  static let checkPastDates = Endpoint(
    .post,
    "/process-past-date-restricted-patients",
    .setting(.pastDateCheck),
    nil,
    takes: .path(.none),
    within: PastDateJob.timeout,
    answer: .empty("Everybody whose sentence is over is removed")
  ) { module, call in
    _ = try await module.checkPastDates(for: call.caller, before: call.deadline)
  }
}
