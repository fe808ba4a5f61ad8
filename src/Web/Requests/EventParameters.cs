using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>The parameters that select events, for reading and for exporting.</summary>
internal static class EventParameters
{
    private const string PayloadPrefix = "payload.";

    public static readonly ChoiceParameter<Timebase> Timebase = new("timebase", "Clock of times and order: the hub's or the producer's",
        ("canonical", Data.Events.Timebase.Canonical), ("source", Data.Events.Timebase.Source));

    public static readonly TextParameter Scope = new("scope", "Only these scopes, comma-separated.", "payload1,ground");

    private static readonly TimeParameter _from = new("from", "Start time, inclusive.");
    private static readonly TimeParameter _to = new("to", "End time, exclusive.");
    private static readonly ChoiceParameter<EventDirection> _order = new("order", "Time order; desc is the exact reverse of asc",
        ("asc", EventDirection.Forward), ("desc", EventDirection.Backward));
    private static readonly TextParameter _lanes = new("lanes",
        "Only these lanes, comma-separated: metadata, command, ui, parsed, raw. Default: all lanes that have the filter fields.", "raw,parsed");
    private static readonly TextParameter[] _fields = [.. EventFields.All.Select(f => new TextParameter(f.Name(),
        $"Only events with this {f.Name()}. Lanes: {string.Join(", ", Lanes.All.Where(l => l.Has(f)).Select(l => l.Name()))}.", "x"))];
    private static readonly PrefixParameter _payload = new(PayloadPrefix, "<path>",
        "Only events with this value in their JSON. The path consists of keys and array indices, joined by dots.", "12");

    /// <summary>The parameters of the filter.</summary>
    public static readonly QueryParameter[] OfFilter = [_lanes, Scope, .. _fields, _payload];

    /// <summary>All parameters.</summary>
    public static readonly QueryParameter[] All = [_from, _to, Timebase, _lanes, Scope, _order, .. _fields, _payload];

    public static EventQuery Read(QueryReader reader)
    {
        var (from, to) = (_from.Read(reader), _to.Read(reader));
        if (from > to) reader.Error("from", "must not be after to");
        return new EventQuery(ReadFilter(reader), Timebase.Read(reader), _order.Read(reader), from, to);
    }

    public static EventFilter ReadFilter(QueryReader reader)
    {
        var fields = EventFields.All.Select(f => (Field: f, Value: reader.Text(f.Name()))).Where(f => f.Value is not null)
            .Select(f => KeyValuePair.Create(f.Field, f.Value!)).ToArray();
        var payload = reader.NamesFrom(PayloadPrefix).Select(name => new PayloadCondition(name[PayloadPrefix.Length..], reader.Text(name) ?? "")).ToArray();
        return new EventFilter { Lanes = ReadLanes(reader, fields, payload.Length > 0), Scopes = reader.List(Scope.Name), Fields = fields, Payload = payload };
    }

    private static Lane[] ReadLanes(QueryReader reader, KeyValuePair<EventField, string>[] fields, bool needsJson)
    {
        var names = reader.List(_lanes.Name);
        // Without lanes: those that have all filter fields. A named lane without a filter field is an error.
        if (names.Length == 0)
        {
            Lane[] matching = [.. Lanes.All.Where(l => fields.All(f => l.Has(f.Key)) && (!needsJson || l.HoldsJson()))];
            if (matching.Length == 0) reader.Error(fields[0].Key.Name(), "cannot be combined: no lane has all these fields");
            return matching;
        }
        var lanes = new List<Lane>();
        foreach (var name in names)
        {
            if (Lanes.TryParse(name, out var lane)) lanes.Add(lane);
            else reader.Error(_lanes.Name, $"must be one of raw, parsed, ui, command, metadata, not '{OutsideText.Shown(name)}'");
        }
        foreach (var lane in lanes)
        {
            foreach (var field in fields)
                if (!lane.Has(field.Key)) reader.Error(field.Key.Name(), $"is not a field of lane {lane.Name()}");
            if (needsJson && !lane.HoldsJson()) reader.Error("payload", $"cannot filter lane {lane.Name()}, which has no JSON");
        }
        return [.. lanes.Distinct()];
    }
}
