internal import EventLoops
internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import Time

extension Doctor {
  /// Whether topics and queues are there, set up as they must be, and not full of dead letters.
  func broker() async -> [Finding] {
    guard let first = configuration.modules.first else { return [] }
    do {
      // Where topics and queues may be.
      let database = try PostgresDatabase(
        configuration: first.database.postgres,
        group: group,
        logger: logger
      )
      if case .inProcess = configuration.messaging.provider, await !isReachable(database) {
        await database.shutdown()
        return [Self.withoutDatabase(of: first.name)]
      }
      let findings: [Finding]
      do {
        let messaging = try Messaging(
          configuration.messaging,
          database: database,
          upstreams: configuration.upstreams,
          group: group,
          clock: clock,
          logger: logger
        )
        var all = await names(of: messaging)
        for service in configuration.messaging.services { all += await look(at: service, on: messaging) }
        findings = all
        await messaging.stop()
      } catch {
        findings = [
          Finding(
            .fail,
            "queues",
            "\(error)",
            advice: "set AWS credentials or a web identity (gateway config lists AWS_…), or another "
              + Setting.brokerProvider.name
          )
        ]
      }
      await database.shutdown()
      return findings
    } catch {
      return [Self.withoutDatabase(of: first.name)]
    }
  }

  /// The database's own line says why.
  private static func withoutDatabase(of module: String) -> Finding {
    Finding(
      .fail,
      "queues",
      "cannot be checked without the database of \(module)",
      advice: "see database"
    )
  }

  /// What is wrong with the names of an emulator's topics. That it does not answer is told of each topic and queue.
  private func names(of messaging: Messaging) async -> [Finding] {
    let loop = group.any()
    let complaints = await withTaskExecutorPreference(loop) {
      try? await messaging.look(deadline: now() + Self.patience)
    }
    return (complaints ?? []).map {
      Finding(
        .fail,
        "topics",
        $0,
        advice: "the gateway starts all the same, and what is for that topic waits"
      )
    }
  }

  private func look(at service: MessagingConfiguration.Service, on messaging: Messaging) async -> [Finding] {
    var findings = [await topic(messaging.topic(service.topic), id: service.topicID)]
    for settings in service.queues {
      findings += await queue(messaging.queue(settings.name), id: settings.id)
      findings += await deadLetters(messaging.queue(settings.deadLetterQueue), id: settings.id)
    }
    if let audit = service.auditQueue {
      findings += await queue(messaging.queue(audit.name), id: audit.id, isConsumed: false)
    }
    return findings
  }

  private func topic(_ topic: any Topic, id: String) async -> Finding {
    do {
      let status = try await topic.status(deadline: now() + Self.patience)
      return Finding(
        .ok,
        "topics",
        "\(id): \(topic.name), \(status.confirmedSubscriptions) subscriptions"
      )
    } catch {
      return problem("topics", "\(id): \(topic.name)", error)
    }
  }

  private func queue(_ queue: any MessageQueue, id: String, isConsumed: Bool = true) async -> [Finding] {
    do {
      let status = try await queue.status(deadline: now() + Self.patience)
      let text =
        "\(id): \(queue.name), \(status.messagesOnQueue) waiting, \(status.messagesInFlight) in flight or put off"
      guard isConsumed, status.deadLetterQueueARN == nil else { return [Finding(.ok, "queues", text)] }
      return [
        Finding(
          .fail,
          "queues",
          "\(text); it has no redrive policy, so that a message that cannot be handled comes for ever",
          advice: "give it a redrive policy with its dead-letter queue"
        )
      ]
    } catch {
      return [problem("queues", "\(id): \(queue.name)", error)]
    }
  }

  private func deadLetters(_ queue: any MessageQueue, id: String) async -> [Finding] {
    do {
      let status = try await queue.status(deadline: now() + Self.patience)
      let count = status.messagesOnQueue + status.messagesInFlight
      guard count > 0 else { return [Finding(.ok, "queues", "\(id): \(queue.name), no dead letters")] }
      return [
        Finding(
          .warn,
          "queues",
          "\(id): \(queue.name), \(count) dead \(count == 1 ? "letter" : "letters")",
          advice: "look at them: GET /queue-admin/get-dlq-messages/\(queue.name); once the cause is gone, "
            + "PUT /queue-admin/retry-dlq/\(queue.name)"
        )
      ]
    } catch {
      return [problem("queues", "\(id): \(queue.name)", error)]
    }
  }

  private func problem(_ area: String, _ what: String, _ error: BrokerError) -> Finding {
    let isMadeAtStart: Bool
    let setting: String
    switch configuration.messaging.provider {
    case .aws: (isMadeAtStart, setting) = (false, "\(SettingsCatalog.queueRegion.name) and the network")
    case .emulator: (isMadeAtStart, setting) = (true, SettingsCatalog.queueEmulator.name)
    case .inProcess: (isMadeAtStart, setting) = (true, Setting.brokerProvider.name)
    }
    switch error.kind {
    case .notFound where isMadeAtStart:
      return Finding(
        .warn,
        area,
        "\(what) is not there yet",
        advice: "nothing: it is made when the server starts"
      )
    case .notFound:
      return Finding(.fail, area, "\(what) is not there", advice: "make it, or correct its name or ARN")
    case .denied:
      return Finding(
        .fail,
        area,
        "\(what): \(error)",
        advice: "check the credentials, and that their policy allows it"
      )
    case .misconfigured:
      return Finding(
        .fail,
        area,
        "\(what): \(error)",
        advice: "correct what the error names: it is neither rights nor network"
      )
    case .unavailable, .throttled, .refused:
      return Finding(
        .fail,
        area,
        "\(what): \(error)",
        advice: "check \(setting); the gateway starts without it, and goes on by itself once it is there"
      )
    }
  }
}
