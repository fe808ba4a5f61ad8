using System.Text;
using FsCheck;
using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events;

/// <summary>Events for tests that care about only some of their fields.</summary>
internal static class SomeEvents
{
    public const long Noon = ManualTime.Noon * 1_000_000;

    public static RawEvent Raw(long time = Noon, string scope = "s", string connection = "c", long sequence = 0, string frame = "frame", string? text = null)
        => WithId(new RawEvent
        {
            ScopeId = scope,
            SourceTime = time,
            SourceText = text,
            ConnectionId = connection,
            Sequence = sequence,
            Content = Encoding.UTF8.GetBytes(frame),
        });

    public static ParsedEvent Parsed(long time = Noon, string scope = "s", string stream = "stream", string type = "nav.pvt", string payload = "{}")
        => WithId(new ParsedEvent { ScopeId = scope, SourceTime = time, StreamId = stream, StreamType = type, SchemaVersion = "1.0", Content = Json(payload) });

    public static UiEvent Ui(long time = Noon, string scope = "s", string view = "v", string type = UiEvent.Update, string data = "{}", string unique = "u")
        => WithId(new UiEvent
        {
            ScopeId = scope,
            SourceTime = time,
            MessageType = type,
            SystemId = "sys",
            ContainerId = "con",
            UniqueId = unique,
            ViewId = view,
            ManifestId = "m",
            ManifestVersion = "1",
            Content = Json(data),
        });

    public static CommandEvent Command(
        long time = Noon, string scope = "s", string? request = null, string type = CommandEvent.Progress, string id = "cmd", string payload = "{}")
        => WithId(new CommandEvent
        {
            ScopeId = scope,
            SourceTime = time,
            MessageType = request is null ? type : CommandEvent.Request,
            CommandId = id,
            RequestId = request,
            TargetId = "dev",
            CommandType = "setRate",
            TimelineMode = CommandEvent.LiveMode,
            Content = Json(payload),
        });

    public static MetadataEvent Metadata(
        long time = Noon, string scope = "s", string? stream = "stream", string? manifest = null, string type = "Descriptor", long? effective = null, string payload = "{}")
        => WithId(new MetadataEvent
        {
            ScopeId = scope,
            SourceTime = time,
            MessageType = type,
            EffectiveTime = effective,
            StreamId = stream,
            ManifestId = manifest,
            Content = Json(payload),
        });

    /// <summary>Events of every lane, few times, many ties.</summary>
    public static Gen<LaneEvent> Any =>
        from lane in Gen.Elements(Lanes.All.ToArray())
        from tick in Gen.Choose(0, 4)
        from name in Gen.Elements("a", "b", "B", "aa", "é", "\uffff", "😀")
        from scope in Gen.Elements("s", "t")
        from number in Gen.Choose(0, 9)
        select Make(lane, Noon + tick, scope, name, number);

    public static LaneEvent[] Many(int count, int seed)
    {
        var random = new Random(seed);
        string[] names = ["a", "b", "B", "aa", "é", "\uffff", "😀"];
        return [.. Enumerable.Range(0, count).Select(i
            => Make((Lane)random.Next(5), Noon + random.Next(4), random.Next(2) == 0 ? "s" : "t", names[random.Next(names.Length)], i))];
    }

    /// <summary>Filters of every sort that a page of one lane can have, one field of the lane each.</summary>
    public static IEnumerable<EventFilter> FiltersOf(Lane lane)
    {
        var of = new EventFilter { Lanes = [lane] };
        var scoped = of with { Scopes = ["s", "t"] };
        EventFilter[] further = lane.HoldsJson() ? [scoped with { Payload = [new PayloadCondition("a.b", "1")] }] : [];
        return [of, scoped, .. EventFields.All.Where(field => lane.Has(field)).Select(field => scoped with { Fields = [new(field, "c")] }), .. further];
    }

    /// <summary>What a query with this filter has to give, for an event at hand.</summary>
    public static bool Matches(this EventFilter filter, LaneEvent e)
        => filter.Lanes.Contains(e.Lane) && (filter.Scopes.Count == 0 || filter.Scopes.Contains(e.ScopeId))
            && filter.Fields.All(f => e.ValueOf(f.Key) == f.Value) && filter.MatchesPayload(e);

    /// <summary>Everything of an event but the store's time.</summary>
    public static string Describe(LaneEvent e)
        => FormattableString.Invariant($"{e.Lane.Name()} {e.Id} {e.ScopeId} {e.SourceTruthTime} {Encoding.UTF8.GetString(e.Content)} ")
            + string.Join(' ', LaneTable.Of(e.Lane).Own.Select(column => column switch
            {
                TextColumn text => text.Get(e) ?? "-",
                WholeColumn whole => $"{whole.Get(e)}",
                TimeColumn time => $"{time.Get(e)}",
                _ => throw new ArgumentOutOfRangeException(nameof(e)),
            }));

    private static LaneEvent Make(Lane lane, long time, string scope, string name, int number) => lane switch
    {
        Lane.Raw => Raw(time, scope, name, number % 3, $"frame {number}"),
        Lane.Parsed => Parsed(time, scope, name, payload: $"{{\"n\":{number}}}"),
        Lane.Ui => Ui(time, scope, name, data: $"{{\"n\":{number}}}"),
        Lane.Command => Command(time, scope, number % 4 == 0 ? $"{name}{number}" : null, payload: $"{{\"n\":{number}}}"),
        _ => Metadata(time, scope, name, payload: $"{{\"n\":{number}}}"),
    };

    private static TEvent WithId<TEvent>(TEvent made)
        where TEvent : LaneEvent
    {
        made.Id = made.ComputeId();
        return made;
    }

    private static byte[] Json(string json) => Encoding.UTF8.GetBytes(json);
}
