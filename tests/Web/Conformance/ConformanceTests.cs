namespace SensorDash.Web.Tests.Conformance;

// A configuration is one engine in Engine.cs and one line here.

[Collection(ConformanceContract.Name)]
public sealed class SqliteConformanceTests(SqliteEngine engine) : ConformanceContract(engine, engine);

[Collection(ConformanceContract.Name)]
public sealed class SqliteWithDuckDbConformanceTests(SqliteWithDuckDbEngine engine, SqliteEngine reference)
    : ConformanceContract(engine, reference), IClassFixture<SqliteWithDuckDbEngine>;

[Collection(ConformanceContract.Name)]
public sealed class DuckDbConformanceTests(DuckDbEngine engine, SqliteEngine reference) : ConformanceContract(engine, reference), IClassFixture<DuckDbEngine>;

[Collection(ConformanceContract.Name)]
public sealed class PlainPostgresConformanceTests(PlainPostgresEngine engine, SqliteEngine reference)
    : ConformanceContract(engine, reference), IClassFixture<PlainPostgresEngine>;

[Collection(ConformanceContract.Name)]
public sealed class TimescaleConformanceTests(TimescaleEngine engine, SqliteEngine reference)
    : ConformanceContract(engine, reference), IClassFixture<TimescaleEngine>;

/// <summary>One reference for all.</summary>
[CollectionDefinition(ConformanceContract.Name)]
public sealed class OneReference : ICollectionFixture<SqliteEngine>;
