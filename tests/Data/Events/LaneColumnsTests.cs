using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Migrations.Sqlite;
using SensorDash.Migrations.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events;

/// <summary>The list of a lane's fields agrees with what cannot follow from it: the event's properties, the schemas, the page of the API.</summary>
public sealed partial class LaneColumnsTests
{
    private static readonly string[] _common = ["canonical_truth_time", "event_id", "scope_id", "source_truth_time", "source_text"];

    public static TheoryData<Lane> EveryLane => [.. Lanes.All];

    [Theory]
    [MemberData(nameof(EveryLane))]
    public void Columns_OfALane_AreThePropertiesOfItsEvent(Lane lane)
    {
        var table = LaneTable.Of(lane);
        var properties = PropertiesOf(table);

        Assert.Equal(properties.Select(p => p.Name).Order(), table.Own.Select(column => Capital(column.WireName)).Order());
        Assert.Equal(lane, Make(table).Lane);
        var nullability = new NullabilityInfoContext();
        foreach (var property in properties)
        {
            var isOptional = nullability.Create(property).ReadState == NullabilityState.Nullable;
            Assert.Equal(isOptional, table.Own.Single(column => Capital(column.WireName) == property.Name).IsOptional);
        }
    }

    [Theory]
    [MemberData(nameof(EveryLane))]
    public void Column_SetAndGet_IsThePropertyOfItsNameAndNoOther(Lane lane)
    {
        var table = LaneTable.Of(lane);
        foreach (var column in table.Own)
        {
            var (made, untouched) = (Make(table), Make(table));

            var value = SetSome(column, made);

            foreach (var property in PropertiesOf(table))
                Assert.Equal(property.Name == Capital(column.WireName) ? value : property.GetValue(untouched), property.GetValue(made));
            Assert.Equal(value, Get(column, made));
        }
    }

    [Fact]
    public void Fields_ToFilterBy_AreColumnsOfSomeLane()
        => Assert.All(EventFields.All, field => Assert.Contains(Lanes.All, lane => lane.Has(field)));

    [Fact]
    public void Schemas_OfTheEngines_HaveTheColumnsOfTheLanes()
    {
        using var sqlite = new SqliteContext(new DbContextOptionsBuilder<SqliteContext>().UseSqlite().Options);
        using var timescale = new TimescaleContext(new DbContextOptionsBuilder<TimescaleContext>().UseNpgsql().Options);
        foreach (var context in (SensorDashContext[])[sqlite, timescale])
        {
            foreach (var table in Lanes.All.Select(LaneTable.Of))
            {
                var mapped = context.Model.GetEntityTypes().Single(entity => entity.GetTableName() == table.Name).GetProperties().ToArray();

                string[] columns = [.. _common, table.Content, .. table.Own.Select(column => column.Name)];
                Assert.Equal(string.Join(", ", columns), table.Columns);
                Assert.Equal(columns.Append("batch_id").Order(), mapped.Select(property => property.GetColumnName()).Order());
                Assert.Equal(
                    table.Own.Where(column => column.IsOptional).Select(column => column.Name).Append("source_text").Order(),
                    mapped.Where(property => property.IsNullable).Select(property => property.GetColumnName()).Order());
            }
        }
    }

    [Fact]
    public void ApiPage_MembersAndFilters_AreThoseOfTheLanes()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/api.md"));
        foreach (var lane in Lanes.All)
        {
            var members = Regex.Match(page, $@"^\| `{lane.Name()}` \| (.+?) \|", RegexOptions.Multiline).Groups[1].Value;

            // Names begin with a small letter, values that are named too with a capital one.
            Assert.Equal(
                LaneTable.Of(lane).Own.Select(column => column.WireName).Append(LaneTable.Of(lane).Content).Order(),
                Name().Matches(members).Select(match => match.Groups[1].Value).Order());
        }
        var filters = Name().Matches(Regex.Match(page, @"^\*\*Filters\.\*\* .+?, and ", RegexOptions.Multiline | RegexOptions.Singleline).Value);
        Assert.Equal(["lanes", "scope", .. EventFields.All.Select(field => field.Name())], filters.Select(match => match.Groups[1].Value));
    }

    private static LaneEvent Make(LaneTable table) => table.Make("s", SomeEvents.Noon, null, []);

    // IdentityKey and Lane are computed.
    private static PropertyInfo[] PropertiesOf(LaneTable table)
        => [.. Make(table).GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).Where(property => property.CanWrite)];

    private static string Capital(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    private static object? Get(LaneColumn column, LaneEvent laneEvent) => column switch
    {
        TextColumn text => text.Get(laneEvent),
        WholeColumn whole => whole.Get(laneEvent),
        _ => ((TimeColumn)column).Get(laneEvent),
    };

    private static object SetSome(LaneColumn column, LaneEvent laneEvent)
    {
        switch (column)
        {
            case TextColumn text:
                text.Set(laneEvent, "some");
                return "some";
            case WholeColumn whole:
                whole.Set(laneEvent, 7);
                return 7L;
            default:
                ((TimeColumn)column).Set(laneEvent, 7);
                return 7L;
        }
    }

    [GeneratedRegex("`([a-z][A-Za-z]*)`")]
    private static partial Regex Name();
}
