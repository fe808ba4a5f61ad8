using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Cases;

/// <summary>The table of faults in docs/reliability.md is what the program does.</summary>
/// <remarks>With <c>SENSORDASH_WRITE_DOCS=1</c> the test writes the table instead of comparing it.</remarks>
public sealed class FaultTableTests
{
    private const string Begin = "<!-- faults -->\n";
    private const string End = "<!-- end of faults -->";

    [SkippableFact]
    public async Task TableOfThePage_IsWhatHappens()
    {
        var cases = (await Task.WhenAll(FileCases.RunAsync(), DiskCases.RunAsync(), PostgresCases.RunAsync())).SelectMany(rows => rows);

        var table = string.Concat(((string[])["| fault | while it lasts | when it is over | acknowledged readings |", "|---|---|---|---|", .. cases.Select(@case => @case.Line)]).Select(line => line + "\n"));

        var path = Path.Combine(Repository.Root, "docs/reliability.md");
        var page = await File.ReadAllTextAsync(path);
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("SENSORDASH_WRITE_DOCS") == "1") await File.WriteAllTextAsync(path, page[..begin] + table + page[end..]);
        else Assert.Equal(page[begin..end], table);
    }
}
