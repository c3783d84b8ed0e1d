import SharedAuth
import Testing

@testable import RestrictedPatientsModule

@Suite("What a record can hold, and whom it concerns")
struct PatientRuleTests {
  @Test(
    "a text that its column cannot hold is refused by name",
    arguments: [
      ("ABCDE", nil), ("ABCDEF", "x must have at most 5 characters"), ("", "x must not be blank"),
      (" \n", "x must not be blank"), ("A\u{1}", "x must not have control characters"),
      ("A\u{7F}", "x must not have control characters"),
      // Two code points each, which is how PostgreSQL counts.
      ("e\u{301}e\u{301}", nil), ("e\u{301}e\u{301}e\u{301}", "x must have at most 5 characters"),
    ] as [(String, String?)]
  )
  func columnLimit(text: String, message: String?) {
    do throws(RestrictedPatientsError) {
      try ColumnLimit.check(text, "x", 5)
      #expect(message == nil)
    } catch {
      #expect(message.map { .invalid($0) } == error)
    }
  }

  @Test("a user's name of 32 characters fits, one of 33 does not")
  func author() throws {
    func name(_ length: Int) throws -> String {
      let user = String(repeating: "U", count: length)
      return try Author.name(Principal(clientID: "C", userName: user, authorities: []))
    }
    #expect(try name(32).count == 32)
    #expect(throws: RestrictedPatientsError.invalid("the token's user name must have at most 32 characters"))
    {
      try name(33)
    }
    #expect(try Author.name(Principal(clientID: "C", userName: nil, authorities: [])) == "C")
  }

  @Test("prisons must be listed as prisons, hospitals as hospitals or secure hospitals")
  func knownAgencies() throws {
    let patient = try Patients.patient()
    func check(prisons: [Agency], hospitals: [Agency], secure: [Agency]) -> RestrictedPatientsError? {
      do throws(RestrictedPatientsError) {
        let lists = AgencyLists(prisons: prisons, hospitals: hospitals, secureHospitals: secure)
        try KnownAgencies.check(patient, in: lists)
        return nil
      } catch {
        return error
      }
    }
    let prisons = [Patients.prison, Patients.otherPrison]
    #expect(check(prisons: prisons, hospitals: [Patients.hospital], secure: []) == nil)
    #expect(check(prisons: prisons, hospitals: [], secure: [Patients.hospital]) == nil)
    #expect(
      check(prisons: [Patients.otherPrison], hospitals: [Patients.hospital], secure: [])
        == .invalid("fromLocationId must be a prison that prison API knows")
    )
    #expect(
      check(prisons: [Patients.prison], hospitals: [Patients.hospital], secure: [])
        == .invalid("supportingPrisonId must be a prison that prison API knows")
    )
    #expect(
      check(prisons: prisons + [Patients.hospital], hospitals: [], secure: [])
        == .invalid("hospitalLocationCode must be a hospital that prison API knows")
    )
  }

  @Test("42: of an agency in both lists of hospitals the entry among the hospitals counts")
  func bothLists() {
    var other = Patients.hospital
    other.description = "Another"
    let lists = AgencyLists(prisons: [], hospitals: [Patients.hospital], secureHospitals: [other])
    #expect(lists.hospitals.values.map(\.description) == ["Hazelwood House"])
  }

  @Test("76, 78: a review takes up whose sentence is over, and of whom too little or nothing is known")
  func review() {
    func facts(_ number: String, _ end: String?, recall: Bool? = false) -> SentenceFacts {
      SentenceFacts(
        prisonerNumber: number,
        conditionalReleaseDate: end,
        isRecall: recall,
        isIndeterminate: false,
        legalStatus: "SENTENCED"
      )
    }
    var review = PastDateReview()
    review.add(
      asked: ["A1", "B2", "C3", "D4"],
      found: [facts("C3", nil, recall: nil), facts("A1", "2020-10-08"), facts("B2", "2020-10-10")],
      today: "2020-10-09"
    )
    review.add(asked: ["E5"], found: [facts("E5", "2020-10-08")], today: "2020-10-09")
    #expect(review.past == ["A1", "E5"])
    #expect(review.undecided == ["C3", "D4"])
  }
}
