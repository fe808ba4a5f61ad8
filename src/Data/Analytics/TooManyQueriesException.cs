namespace SensorDash.Data.Analytics;

/// <summary>DuckDB runs as many queries as it may, and as many wait as may: the caller can retry in a moment.</summary>
public sealed class TooManyQueriesException() : Exception("too many analytics queries at once; retry");
