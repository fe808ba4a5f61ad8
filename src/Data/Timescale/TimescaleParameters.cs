using Npgsql;

namespace SensorDash.Data.Timescale;

/// <summary>Parameters of SQL that is put together piece by piece.</summary>
internal static class TimescaleParameters
{
    /// <summary>Adds a value and returns its placeholder.</summary>
    public static string Place<T>(this NpgsqlParameterCollection parameters, T value) => Add(parameters, new NpgsqlParameter<T> { TypedValue = value });

    /// <summary>Adds a time in Unix microseconds and returns its placeholder.</summary>
    public static string PlaceTime(this NpgsqlParameterCollection parameters, long time) => Add(parameters, PgTime.Microseconds(time));

    private static string Add(NpgsqlParameterCollection parameters, NpgsqlParameter parameter)
    {
        parameters.Add(parameter);
        return FormattableString.Invariant($"${parameters.Count}");
    }
}
