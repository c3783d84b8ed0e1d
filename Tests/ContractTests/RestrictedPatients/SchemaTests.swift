import Testing

@Suite("docs/contract/restricted-patients.md §5: The schema")
struct PatientSchemaTests {
  @Test("108: columns, key, indexes and comment are those of the service replaced")
  func schema() async throws {
    let database = try await World.makeDatabase()
    #expect(
      try await database.row(
        """
        select string_agg(column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '')
          || case is_nullable when 'YES' then '?' else '' end, ', ' order by ordinal_position)
        from information_schema.columns where table_name = 'restricted_patients'
        """
      )
        == "from_location_id character varying(5), hospital_location_code character varying(10), "
        + "supporting_prison_id character varying(5), discharge_time timestamp without time zone, "
        + "comment_text character varying(240)?, create_user_id character varying(32)?, "
        + "create_datetime timestamp without time zone, modify_datetime timestamp without time zone?, "
        + "modify_user_id character varying(32)?, prisoner_number character varying(7)"
    )
    #expect(
      try await database.row(
        "select string_agg(indexname, ',' order by indexname) from pg_indexes where tablename = 'restricted_patients'"
      )
        == "restricted_patients_discharged_hospital_idx,restricted_patients_pkey,restricted_patients_prisoner_number_idx"
    )
    #expect(
      try await database.row("select obj_description('restricted_patients'::regclass)")
        == "Store information on prisoners currently in hospital"
    )
    World.drop(database)
  }

  @Test("108: what a user adds is read back whole, changed by whoever made it")
  func audit() async throws {
    try await withGateway(at: "2020-10-10T08:09:10.123456Z") { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      #expect(try await gateway.discharge(user: "user").status == 201)
      #expect(
        try await gateway.database.row(
          """
          select concat_ws('|', prisoner_number, from_location_id, hospital_location_code, supporting_prison_id,
            discharge_time, comment_text, create_user_id, create_datetime, modify_user_id, modify_datetime)
          from restricted_patients
          """
        ) == "A12345|MDI|HAZLWD|MDI|2020-10-10 00:00:00|Prisoner was released to hospital"
          + "|user|2020-10-10 09:09:10.123456|user|2020-10-10 09:09:10.123456"
      )
      let history = try await gateway.get(
        "/restricted-patient/prison-number/A12345/history",
        token: gateway.reader()
      ).json
      #expect(
        history["current"] == [
          "prisonerNumber": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD",
          "supportingPrisonId": "MDI", "dischargeTime": "2020-10-10T00:00:00",
          "commentText": "Prisoner was released to hospital", "createDateTime": "2020-10-10T09:09:10.123456",
          "createUserId": "user", "modifyDateTime": "2020-10-10T09:09:10.123456", "modifyUserId": "user",
        ]
      )
    }
  }

  @Test("a database that Flyway has migrated is taken over with its rows")
  func takenOver() async throws {
    let database = try await World.makeDatabase()
    let name = "contract_flyway_\(UInt64.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name)", url: try Psql.serverURL)
    let old = TestDatabase(url: try Psql.url(database: name))
    try await old.run(
      """
      create table restricted_patients (from_location_id varchar(5) not null,
        hospital_location_code varchar(10) not null, supporting_prison_id varchar(5) not null,
        discharge_time timestamp not null, comment_text varchar(240), create_user_id varchar(32),
        create_datetime timestamp not null, modify_datetime timestamp, modify_user_id varchar(32),
        prisoner_number varchar(7) not null primary key);
      create table flyway_schema_history (installed_rank int, version varchar(50), success boolean);
      insert into flyway_schema_history values (1, '1', true), (2, '2', true), (3, '3', true), (4, '4', true);
      """
    )
    try await old.insertPatient("A12345")
    try await withGateway(
      at: Patients.clock,
      on: database,
      settings: ["RESTRICTED_PATIENTS_DATABASE_URL": old.url]
    ) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      #expect(try await gateway.patient("A12345").status == 200)
      #expect(
        try await old.row(
          """
          select string_agg(version, ',' order by version) from gateway_schema_history
          where module = 'restricted-patients'
          """
        ) == "4,5.1,5.2,5.3,5.4,5.5"
      )
    }
    World.drop(old)
    World.drop(database)
  }
}
