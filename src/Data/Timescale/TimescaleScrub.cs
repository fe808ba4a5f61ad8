using Microsoft.Extensions.Options;
using SensorDash.Data.Scrub;

namespace SensorDash.Data.Timescale;

/// <summary>Databases of PostgreSQL in a scrub.</summary>
public static class TimescaleScrub
{
    /// <summary>Opens the database of the settings; the server refuses to write for these connections.</summary>
    public static OpenScrub Open(TimescaleOptions options, TimeProvider clock)
    {
        (options.IsReadOnly, options.Pool.MinSize) = (true, 0);
        var database = new TimescaleDatabase(Options.Create(options));
        var events = new TimescaleEventStore(database, new(), clock);
        return new(Of(database, events), new TimescaleScrubClaim(database), events, database);
    }

    /// <summary>The parts of a database.</summary>
    internal static ScrubSources Of(TimescaleDatabase database, TimescaleEventStore events)
        => new([new TimescaleCheck(database)], new TimescaleReadingScrub(database), null, events, new TimescaleEventScrub(database));
}
