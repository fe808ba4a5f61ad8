using System.Globalization;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Cases;

/// <summary>A row of the table of faults: what the program does while a fault lasts, and when it is over.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="During">What it does and says.</param>
/// <param name="Afterwards">What it does when the fault is over, without a restart; of a damaged file, nothing is over.</param>
/// <param name="Rows">Where the acknowledged rows are.</param>
internal sealed record FaultCase(string Fault, string During, string Afterwards, string Rows)
{
    public string Line => $"| {Fault} | {During} | {Afterwards} | {Rows} |";
}

/// <summary>What clients see at a moment.</summary>
internal static partial class Seen
{
    /// <summary>What clients see of a program that works.</summary>
    public const string Healthy = "readings 200, queries 200, `/health/ready` 200";

    private static readonly TimeSpan _promised = TimeSpan.FromSeconds(10);

    /// <summary>Posts one reading and asks for the health.</summary>
    public static async Task<string> Async(HttpClient client, Sender sender)
    {
        var status = await sender.PostAsync(client, 1);
        using var health = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var read = await client.GetAsync(new Uri("/api/nodes", UriKind.Relative));
        return string.Create(CultureInfo.InvariantCulture, $"readings {(int?)status ?? 0}, queries {(int)read.StatusCode}, `/health/ready` {(int)health.StatusCode}");
    }

    /// <summary>Waits until clients see one of these; <c>full</c> runs allow ten seconds, others any time, because the machine may be busy.</summary>
    public static async Task<string> UntilAsync(string what, Func<Task<string>> see, Func<string, bool> isSo)
    {
        var (since, last) = (TimeProvider.System.GetTimestamp(), "");
        await WaitFor.TrueAsync(what, async () => isSo(last = await see()));
        var elapsed = TimeProvider.System.GetElapsedTime(since);
        if (AttackSize.IsFull && elapsed > _promised) throw new InvalidOperationException(FormattableString.Invariant($"{what}: {last} after {elapsed.TotalSeconds:0.0} s"));
        return last;
    }

    /// <summary>The acknowledged readings of a sender that are not stored. Whatever is stored fits together.</summary>
    public static async Task<IReadOnlyCollection<long>> MissingAsync(StoreFiles files, Sender sender)
    {
        var findings = new Findings(new Xunit.Sdk.TestOutputHelper());
        var stored = (await files.ReadReadingsAsync(findings)).Where(row => row.Node == sender.Node).Select(row => row.Time).ToHashSet();
        Assert.Equal(0, findings.FoundCount);
        return [.. sender.Acknowledged.Where(time => !stored.Contains(time))];
    }

    /// <summary>The same for the table.</summary>
    public static async Task<string> RowsAsync(StoreFiles files, Sender sender) => (await MissingAsync(files, sender)).Count == 0 ? "all there" : "missing";

    /// <summary>The first sentence of a log entry, without its category, folders, numbers and what DuckDB says.</summary>
    public static string Sentence(string entry, string folder)
    {
        var text = entry[(entry.IndexOf(": ", StringComparison.Ordinal) + 2)..].Replace(folder + "/", "", StringComparison.Ordinal).Replace(folder, "FOLDER", StringComparison.Ordinal);
        return Numbers().Replace(text.Split(['\r', '\n'])[0], "…").Split(". ")[0].Split(": IO Error")[0].TrimEnd('.', ' ');
    }

    [GeneratedRegex("[0-9]+(T[0-9]+Z?)?")]
    private static partial Regex Numbers();
}
