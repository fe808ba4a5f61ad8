using SensorDash.Data.Nodes;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Nodes;

public sealed class NodeDirectoryTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    private NodeDirectory Nodes => _fixture.Nodes;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task List_SeveralNodes_EachHasItsOwnLatestMetadataAndZone()
    {
        await _fixture.Store.AddAsync(Run(7, 60));
        await _fixture.Store.AddAsync(Reading(3, Noon - 5000), Reading(3, Noon - 9000));
        var zones = _fixture.Zones;
        var zone = new Zone { Name = "Cellar" };
        await zones.AddAsync(zone, CancellationToken.None);
        await EditAsync(7, patch => { patch.SetName(" Wine "); patch.SetZone(zone.Id); });

        var views = await _fixture.NodeViews.ListAsync(0, 10, CancellationToken.None);

        Assert.Equal([3, 7], views.Select(v => v.Node.Address));
        Assert.Equal(("Node 3", NodeStatus.Stale, Noon - 5000, null), (views[0].DisplayName, views[0].Liveness.Status, views[0].Latest!.Value.Timestamp, views[0].Zone));
        Assert.Equal(("Wine", NodeStatus.Live, Noon, "Cellar"), (views[1].DisplayName, views[1].Liveness.Status, views[1].Latest!.Value.Timestamp, views[1].Zone!.Name));
        Assert.Equal(30, views[1].Liveness.ExpectedIntervalSeconds);
        Assert.Equal(Noon, views[1].Metadata!.UpdatedAt);
    }

    [Fact]
    public async Task EditMetadata_SetThenUnsetThenCleared_KeepsWhatIsNotSet()
    {
        await _fixture.Store.AddAsync(Reading());
        await EditAsync(12, patch => { patch.SetName("A"); patch.SetLocation("B"); patch.SetNotes("C"); patch.SetExpectedInterval(60); });

        await EditAsync(12, patch => { patch.SetLocation(null); patch.SetNotes(""); });

        var metadata = await Nodes.FindMetadataAsync(12, CancellationToken.None);
        Assert.Equal(("A", null, null, 60), (metadata!.Name, metadata.Location, metadata.Notes, metadata.ExpectedIntervalS));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2_592_000, true)]
    [InlineData(0, false)]
    [InlineData(2_592_001, false)]
    public void Patch_ExpectedInterval_HasItsLimits(long seconds, bool isValid)
    {
        var patch = new NodeMetadataPatch();
        patch.SetExpectedInterval(seconds);

        Assert.Equal(isValid, patch.Errors.Count == 0);
    }

    [Fact]
    public void Patch_TextsBeyondTheirLengths_AreAllNamed()
    {
        var patch = new NodeMetadataPatch();
        patch.SetName(new string('x', NodeMetadata.NameLength + 1));
        patch.SetLocation(new string('x', NodeMetadata.LocationLength + 1));
        patch.SetNotes(new string('x', NodeMetadata.NotesLength + 1));

        Assert.Equal(["location", "name", "notes"], patch.Errors.Keys.Order());
        Assert.Throws<InvalidOperationException>(() => patch.Apply(new NodeMetadata()));
    }

    [Fact]
    public async Task EditMetadata_ManyAtOnceForANodeWithoutAny_LosesNoEdit()
    {
        await _fixture.Store.AddAsync(Reading());

        await Task.WhenAll(
            Enumerable.Range(0, 4).SelectMany(_ => new Func<Task>[]
            {
                () => EditAsync(12, patch => patch.SetName("A")), () => EditAsync(12, patch => patch.SetLocation("B")), () => EditAsync(12, patch => patch.SetNotes("C")),
            }).Select(edit => Task.Run(() => WaitFor.RetryWhileUnavailableAsync("the edit is done", edit))));

        var metadata = await Nodes.FindMetadataAsync(12, CancellationToken.None);
        Assert.Equal(("A", "B", "C"), (metadata!.Name, metadata.Location, metadata.Notes));
    }

    [Fact]
    public async Task DeleteZone_WithNodes_LeavesThemWithoutAZoneAndItsIdIsNeverReused()
    {
        await _fixture.Store.AddAsync(Reading());
        var zones = _fixture.Zones;
        var (first, last) = (new Zone { Name = "B" }, new Zone { Name = "A" });
        await zones.AddAsync(first, CancellationToken.None);
        await zones.AddAsync(last, CancellationToken.None);
        await EditAsync(12, patch => patch.SetZone(last.Id));
        Assert.Equal(["A", "B"], (await zones.ListAsync(CancellationToken.None)).Select(z => z.Name));

        Assert.True(await zones.DeleteAsync(last.Id, CancellationToken.None));
        Assert.False(await zones.DeleteAsync(last.Id, CancellationToken.None));

        Assert.Null((await Nodes.FindMetadataAsync(12, CancellationToken.None))!.ZoneId);
        var next = new Zone { Name = "C" };
        await zones.AddAsync(next, CancellationToken.None);
        Assert.True(next.Id > last.Id);
    }

    private async Task EditAsync(int node, Action<NodeMetadataPatch> edit)
    {
        var patch = new NodeMetadataPatch();
        edit(patch);
        Assert.Equal(MetadataWrite.Done, (await Nodes.EditMetadataAsync(node, patch, CancellationToken.None)).Outcome);
    }

    [Fact]
    public void Patch_TextThatNotEveryEngineCanHold_IsAFault()
    {
        var (metadata, zone) = (new NodeMetadataPatch(), new ZonePatch());
        metadata.SetNotes("a\0b");
        zone.SetName("a\0b");
        zone.SetDescription("\0x");

        Assert.Equal(["notes"], metadata.Errors.Keys);
        Assert.Equal(["name", "description"], zone.Errors.Keys);
    }

    [Fact]
    public async Task Edit_WhileAWriterHoldsTheLock_WaitsForItAndIsNext()
    {
        await _fixture.Store.AddAsync(Reading());
        Task edit, zone;
        using (await _fixture.WriterLock.AcquireAsync(CancellationToken.None))
        {
            edit = EditAsync(12, patch => patch.SetName("A"));
            zone = _fixture.Zones.AddAsync(new Zone { Name = "Cellar" }, CancellationToken.None);
            await Task.Yield();
            Assert.False(edit.IsCompleted || zone.IsCompleted);
        }

        await Task.WhenAll(edit, zone);

        Assert.Equal("A", (await Nodes.FindMetadataAsync(12, CancellationToken.None))!.Name);
    }

    // Without the lock SQLite gives the edits hardly any turn.
    [Fact]
    public async Task Edits_DuringConstantIngest_AllSucceed()
    {
        await _fixture.Store.AddAsync(Reading());
        using var stop = new CancellationTokenSource();
        var ingest = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++) await _fixture.Store.AddAsync(Run(1, 200, Noon + i));
        });

        for (var i = 0; i < 20; i++) await EditAsync(12, patch => patch.SetName($"Name {i}"));
        await stop.CancelAsync();
        await ingest;

        Assert.Equal("Name 19", (await Nodes.FindMetadataAsync(12, CancellationToken.None))!.Name);
    }

    [Theory]
    [InlineData("a\u001b[31m", "U+001B")]
    [InlineData("a\u0007", "U+0007")]
    [InlineData("a\u202Ecod.exe", "U+202E")]
    [InlineData("a\u2069", "U+2069")]
    [InlineData("\uFEFFa", "U+FEFF")]
    public void Patch_NameThatMisleads_IsAnErrorThatNamesTheCharacter(string name, string character)
    {
        var (metadata, zone) = (new NodeMetadataPatch(), new ZonePatch());
        metadata.SetName(name);
        metadata.SetLocation(name);
        zone.SetName(name);

        Assert.All([.. metadata.Errors.Values, .. zone.Errors.Values], error => Assert.Equal([$"must not contain the character {character}"], error));
        Assert.Equal(3, metadata.Errors.Count + zone.Errors.Count);
    }

    [Fact]
    public void Patch_NameOfSeveralLines_IsAnError()
    {
        var (metadata, zone) = (new NodeMetadataPatch(), new ZonePatch());
        metadata.SetName("a\nb");
        zone.SetName("a\tb");

        Assert.Equal(["must not contain the character U+000A"], metadata.Errors["name"]);
        Assert.Equal(["must not contain the character U+0009"], zone.Errors["name"]);
    }

    [Fact]
    public void Patch_NotesInLinesAndNamesOfAnyScript_AreTaken()
    {
        var (metadata, zone) = (new NodeMetadataPatch(), new ZonePatch());
        metadata.SetNotes("a\r\n\tb");
        metadata.SetLocation("a\nb");
        metadata.SetName("שלום \u200Fم 👩‍🌾 é");
        zone.SetDescription("a\nb");

        Assert.Empty(metadata.Errors.Concat(zone.Errors));
    }
}
