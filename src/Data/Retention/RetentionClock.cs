using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>Retention waits, because the clock is far ahead.</summary>
/// <param name="LastRun">The last time that retention trusted, Unix seconds.</param>
/// <param name="Now">What the clock said when the wait began, Unix seconds.</param>
/// <param name="Until">When retention goes on by itself, if the clock stays as it is, Unix seconds.</param>
public sealed record RetentionWait(long LastRun, long Now, long Until);

/// <summary>Whether retention may delete by the clock: a clock that is far ahead would delete everything.</summary>
/// <remarks>The clock belongs to the machine, so the last run is noted in a file of the machine, beside the SQLite file or where it would be. A hub that was off for a month cannot be told from a clock
/// that is a month ahead: retention waits a day, in which people and time servers can set it right, and then goes on.</remarks>
public sealed partial class RetentionClock(IOptions<RetentionOptions> options, RetentionRules rules, TimeProvider clock, ILogger<RetentionClock> logger)
{
    /// <summary>The ending of the file.</summary>
    public const string Ending = ".retention";

    private static readonly TimeSpan _leap = TimeSpan.FromDays(7), _patience = TimeSpan.FromDays(1);

    private string Path => options.Value.ClockFile;

    // The last run of this process, and when the wait began, by the steady clock.
    private (long At, long Timestamp)? _last;
    private long _waitsSince;
    private volatile bool _isConfirmed;

    /// <summary>Looks at the clock, before each run and before ingest rejects rows as too old.</summary>
    /// <returns>Whether retention may delete.</returns>
    public bool Check()
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        if (!_isConfirmed && FindExpected() is { } expected && now - expected > _leap.TotalSeconds)
        {
            if (rules.Waiting is null)
            {
                _waitsSince = clock.GetTimestamp();
                rules.Waiting = new(expected, now, now + (long)_patience.TotalSeconds);
                Log.Waits(logger, Text(now), Text(expected), Text(rules.Waiting.Until));
            }
            if (clock.GetElapsedTime(_waitsSince) < _patience) return false;
        }
        (_last, _isConfirmed, rules.Waiting) = ((now, clock.GetTimestamp()), false, null);
        Note(now);
        return true;
    }

    /// <summary>Somebody has looked at the clock: the next run deletes.</summary>
    /// <returns>Whether retention waited.</returns>
    public bool Confirm() => _isConfirmed = rules.Waiting is not null;

    // What the clock should say at least, as far as known.
    private long? FindExpected()
    {
        if (_last is { } last) return last.At + (long)clock.GetElapsedTime(last.Timestamp).TotalSeconds;
        try
        {
            return File.Exists(Path) && long.TryParse(File.ReadAllText(Path), NumberStyles.None, CultureInfo.InvariantCulture, out var noted) ? noted : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Note(long now)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
            DurableFile.Write(Path, file => file.Write(System.Text.Encoding.ASCII.GetBytes(now.ToString(CultureInfo.InvariantCulture))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full or read-only disk: then the time before it counts.
        }
    }

    private static string Text(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(112, LogLevel.Warning, "Retention waits and deletes nothing: the clock says {Now}, and its last run was at {Last}. If the clock is wrong, set it right. If SensorDash did not run for so long, retention goes on by itself at {Until}, "
            + "or when you confirm the clock on the System page.")]
        public static partial void Waits(ILogger logger, string now, string last, string until);
    }
}
