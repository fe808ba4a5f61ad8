using SensorDash.Data.Scrub;
using SensorDash.Data.Tests.Transfer;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Scrub;

/// <summary>Readings against the side path, row by row.</summary>
public sealed class SecondCopyTests : IAsyncLifetime
{
    private const string Month = "readings_202607"; // Of Noon.

    private ScrubSubject _subject = null!;
    private SidePathBeside _sidePath = null!;

    public async Task InitializeAsync()
    {
        _subject = await ScrubSubject.CreateAsync(TransferEngine.Sqlite);
        await _subject.AddAsync([.. Run(12, 40), .. Run(13, 30)]);
        _sidePath = await _subject.StartSidePathAsync();
    }

    public async Task DisposeAsync()
    {
        await _sidePath.DisposeAsync();
        await _subject.DisposeAsync();
    }

    [Fact]
    public async Task Pass_NothingHasRotted_FindsNothing()
    {
        var state = await _subject.ScrubAsync();

        Assert.Empty(state.Findings);
        Assert.Empty(state.Notes);
    }

    [Fact]
    public async Task Pass_ChangedInTheStore_NamesTheRowWithBothValuesAndThatTheSidePathIsRight()
    {
        await _subject.RotReadingAsync("UPDATE {0} SET temperature_centidegrees = 1, flags = 9", 12, Noon);

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.ReadingDiffers, false), (finding.Kind, finding.IsCopyWrong));
        Assert.StartsWith("node 12 at ", finding.Row, StringComparison.Ordinal);
        Assert.Equal(("temperature_centidegrees 1, flags 9", "temperature_centidegrees 2039, flags 0"), (finding.Stored, finding.Expected));
        Assert.Contains("correct the row in the database", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pass_ChangedInTheSidePath_SaysThatTheStoreIsRight()
    {
        _sidePath.Execute($"UPDATE {Month} SET humidity_centipercent = 7 WHERE node_address = 13 AND \"timestamp\" = {Noon}");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.ReadingDiffers, true), (finding.Kind, finding.IsCopyWrong));
        Assert.Contains("rebuild the side path", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pass_MissingAndExtraRows_AreNamedFromBothSides()
    {
        await _subject.RotReadingAsync("DELETE FROM {0}", 12, Noon);
        _sidePath.Execute($"DELETE FROM {Month} WHERE node_address = 13 AND \"timestamp\" = {Noon - 30}");
        _sidePath.Execute($"INSERT INTO {Month} VALUES (14, {Noon}, 1, 2, 3, 4, 1)");

        var findings = (await _subject.ScrubAsync(200)).Findings;

        Assert.Equal(
            [(ScrubKind.ReadingMissing, 12), (ScrubKind.CopyMissing, 13), (ScrubKind.ReadingMissing, 14), (ScrubKind.ReadingSum, 0)],
            findings.Select(f => (f.Kind, f.Row.StartsWith("node ", StringComparison.Ordinal) ? int.Parse(f.Row.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : 0)));
        Assert.All(findings.Take(3), f => Assert.Null(f.IsCopyWrong)); // Both have rotted.
    }

    [Fact]
    public async Task Pass_SidePathOfAnotherBatch_FindsNothing()
    {
        await _subject.AddAsync(Run(14, 5));
        await _subject.Fixture.NodeStore.DeleteAsync(13, default);

        // Whether it is behind or not.
        Assert.Empty((await _subject.ScrubAsync()).Findings);
        await _sidePath.UpToDateAsync();
        Assert.Empty((await _subject.ScrubAsync()).Findings);
    }
}
